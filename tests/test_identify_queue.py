"""The identify queue, on a clock that jumps."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

import pytest

from gateway_core.errors import SessionStartLimitReached
from gateway_core.http import SessionStartLimit
from gateway_core.identify_queue import IdentifyQueue, LocalIdentifyQueue, NoQueue
from gateway_core.sharding import ShardId
from virtual_time import run_virtual


def turns(queue: IdentifyQueue, shards: list[int], total: int = 64) -> dict[int, float]:
    """Let all shards ask at once, in order, and give the second of each one's turn."""

    async def ask(shard: int, start: float, when: dict[int, float]) -> None:
        await queue.acquire(ShardId(shard, total))
        when[shard] = asyncio.get_running_loop().time() - start

    async def main() -> dict[int, float]:
        when: dict[int, float] = {}
        start = asyncio.get_running_loop().time()
        async with asyncio.TaskGroup() as group:
            for shard in shards:
                group.create_task(ask(shard, start, when))
        return when

    return run_virtual(main())


class TestLocalIdentifyQueue:
    def test_the_first_turn_comes_at_once(self) -> None:
        assert turns(LocalIdentifyQueue(1), [0]) == {0: 0.0}

    def test_one_turn_in_five_seconds_the_lowest_shard_first(self) -> None:
        """The first to ask is there alone, and need not wait for lower ones."""
        when = turns(LocalIdentifyQueue(1), [3, 0, 2, 1])
        assert list(when) == [3, 0, 1, 2]
        times = list(when.values())
        for before, after in itertools.pairwise(times):
            assert 5.0 <= after - before < 5.5

    def test_buckets_are_remainders_of_the_shard_number(self) -> None:
        when = turns(LocalIdentifyQueue(16), list(range(32)))
        assert {when[shard] for shard in range(16)} == {0.0}
        assert all(5.0 <= when[shard] < 5.5 for shard in range(16, 32))

    def test_shards_of_one_bucket_wait_for_each_other_alone(self) -> None:
        when = turns(LocalIdentifyQueue(2), [0, 2, 4, 1])
        assert when[0] == when[1] == 0.0
        assert when[2] >= 5.0
        assert when[4] >= 10.0

    def test_a_pause_that_passed_by_itself_is_not_waited_for(self) -> None:
        async def main() -> float:
            loop = asyncio.get_running_loop()
            queue = LocalIdentifyQueue(1)
            await queue.acquire(ShardId(0, 1))
            await asyncio.sleep(3600)
            start = loop.time()
            await queue.acquire(ShardId(0, 1))
            return loop.time() - start

        assert run_virtual(main()) == 0.0

    @pytest.mark.parametrize("moment", [0.0, 2.0, 4.9], ids=["at once", "early", "late"])
    def test_who_gives_up_costs_nobody_a_turn(self, moment: float) -> None:
        async def main() -> list[float]:
            loop = asyncio.get_running_loop()
            queue = LocalIdentifyQueue(1)
            start = loop.time()
            await queue.acquire(ShardId(0, 8))
            quitter = asyncio.create_task(queue.acquire(ShardId(1, 8)))
            heirs = [asyncio.create_task(queue.acquire(ShardId(n, 8))) for n in (2, 3)]
            times = []
            await asyncio.sleep(moment)
            quitter.cancel()
            for heir in heirs:
                await heir
                times.append(loop.time() - start)
            assert quitter.cancelled()
            return times

        second, third = run_virtual(main())
        assert 5.0 <= second < 5.5
        assert 10.0 <= third < 11.0

    @pytest.mark.parametrize("when", ["with the one before", "as its turn comes"])
    def test_who_leaves_the_line_holds_nobody_up(self, when: str) -> None:
        async def main() -> float:
            loop = asyncio.get_running_loop()
            queue = LocalIdentifyQueue(1)
            await queue.acquire(ShardId(0, 8))
            start = loop.time()
            holder, quitter, heir = (
                asyncio.create_task(queue.acquire(ShardId(n, 8))) for n in (1, 2, 3)
            )
            await asyncio.sleep(1)
            holder.cancel()  # when it runs next, it gives the turn to the quitter
            if when == "as its turn comes":
                loop.call_soon(quitter.cancel)
            else:
                quitter.cancel()
            await heir
            assert quitter.cancelled()
            return loop.time() - start

        assert 5.0 <= run_virtual(main()) < 5.5

    def test_can_be_made_before_there_is_a_loop(self) -> None:
        assert LocalIdentifyQueue.of(limit(7)).remaining == 7

    @pytest.mark.parametrize("number", [0, -1])
    def test_refuses_a_concurrency_below_one(self, number: int) -> None:
        with pytest.raises(ValueError, match="at least 1"):
            LocalIdentifyQueue(number)

    def test_is_an_identify_queue(self) -> None:
        assert isinstance(LocalIdentifyQueue(1), IdentifyQueue)
        assert repr(LocalIdentifyQueue(16)) == "LocalIdentifyQueue(max_concurrency=16)"


def limit(remaining: int, *, max_concurrency: int = 1, reset_after: float = 600.0) -> Any:
    return SessionStartLimit(
        total=3,
        remaining=remaining,
        reset_after=reset_after,
        max_concurrency=max_concurrency,
    )


class TestSessionStartLimit:
    def test_nobody_waits_for_what_is_used_up(self) -> None:
        async def main() -> None:
            queue = LocalIdentifyQueue.of(limit(2))
            assert queue.remaining == 2
            await queue.acquire(ShardId(0, 9))
            await queue.acquire(ShardId(1, 9))
            with pytest.raises(SessionStartLimitReached, match="all of the 3") as caught:
                await queue.acquire(ShardId(2, 9))
            assert caught.value.retry_after == pytest.approx(600.0 - 5.1)
            await asyncio.sleep(caught.value.retry_after or 0.0)
            for shard in range(3):
                await queue.acquire(ShardId(shard, 9))
            with pytest.raises(SessionStartLimitReached) as caught:
                await queue.acquire(ShardId(2, 9))
            assert caught.value.retry_after == pytest.approx(24 * 3600, abs=60)

        run_virtual(main())

    def test_those_in_line_learn_of_it_too(self) -> None:
        async def main() -> list[type | None]:
            queue = LocalIdentifyQueue.of(limit(1))
            asked = (queue.acquire(ShardId(shard, 9)) for shard in range(3))
            return [
                None if error is None else type(error)
                for error in await asyncio.gather(*asked, return_exceptions=True)
            ]

        assert run_virtual(main()) == [None, SessionStartLimitReached, SessionStartLimitReached]

    def test_what_discord_says_now_counts(self) -> None:
        async def main() -> float:
            queue = LocalIdentifyQueue.of(limit(0))
            queue.update(limit(3, max_concurrency=2))
            loop = asyncio.get_running_loop()
            start = loop.time()
            await asyncio.gather(*(queue.acquire(ShardId(shard, 2)) for shard in range(2)))
            assert queue.remaining == 1
            return loop.time() - start

        assert run_virtual(main()) == 0.0

    @pytest.mark.parametrize(("before", "after"), [(1, 16), (16, 1), (16, 8)])
    def test_the_spacing_holds_over_a_change_of_the_lines(self, before: int, after: int) -> None:
        """All are of one line, before and after."""

        async def main() -> list[float]:
            loop = asyncio.get_running_loop()
            queue = LocalIdentifyQueue.of(limit(9, max_concurrency=before))
            times: list[float] = []

            async def ask(shard: int) -> None:
                await queue.acquire(ShardId(shard, 64))
                times.append(loop.time())

            async with asyncio.TaskGroup() as group:
                for shard in (0, 16, 32):
                    group.create_task(ask(shard))
                await asyncio.sleep(0.5)
                queue.update(limit(9, max_concurrency=after))
                for shard in (0, 16):
                    group.create_task(ask(shard))
            return times

        times = run_virtual(main())
        assert len(times) == 5
        for one, other in itertools.pairwise(times):
            assert 5.0 <= other - one < 5.5

    def test_those_in_line_have_the_new_lines_turns(self) -> None:
        async def main() -> float:
            loop = asyncio.get_running_loop()
            queue = LocalIdentifyQueue.of(limit(9))
            async with asyncio.TaskGroup() as group:
                for shard in range(9):
                    group.create_task(queue.acquire(ShardId(shard, 64)))
                await asyncio.sleep(0.5)
                start = loop.time()
                queue.update(limit(8, max_concurrency=16))
            return loop.time() - start

        assert run_virtual(main()) < 5.0

    def test_without_a_limit_nothing_is_counted(self) -> None:
        assert LocalIdentifyQueue(1).remaining is None


class TestNoQueue:
    def test_never_waits(self) -> None:
        assert set(turns(NoQueue(), list(range(32))).values()) == {0.0}

    def test_is_an_identify_queue(self) -> None:
        assert isinstance(NoQueue(), IdentifyQueue)
        assert repr(NoQueue()) == "NoQueue()"
