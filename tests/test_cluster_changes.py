"""Shards that come and go while the others run; another total under traffic."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

import pytest

from cluster_driver import (
    MARKED,
    begun,
    cluster_at,
    mark_all,
    number_of,
    repeated,
    take_marked,
    take_until_all,
)
from gateway_core.cluster import Cluster
from gateway_core.commands import UpdatePresence, encode
from gateway_core.decoding import Payload
from gateway_core.errors import (
    FatalClose,
    SessionStartLimitReached,
    ShardClosed,
    ShardNotHere,
)
from gateway_core.intents import Intents
from gateway_core.session import Session
from gateway_core.session_store import MemorySessionStore
from gateway_core.sharding import ShardId, ShardState
from gateway_core.testing import Connection, FakeGateway, Limits
from shard_driver import ALL, TOKEN, config, no_leaks, simulator, until


def numbers_sent(connection: Connection) -> list[int]:
    """Give the numbers of the presences that came in."""
    return [message.d["since"] for message in connection.received if message.op == 3]


class TestSingleShards:
    async def test_added(self) -> None:
        async with simulator() as gateway, cluster_at(gateway, [ShardId(0, 3)]) as cluster:
            await cluster.wait_ready()
            await cluster.add(2)
            await cluster.wait_ready()
            assert list(cluster.shards) == [0, 2]
            gateway.dispatch(MARKED, {"number": 1}, shard=2)
            assert await take_marked(cluster, 1) == [(ShardId(2, 3), 1)]
            with pytest.raises(ValueError, match="runs already"):
                await cluster.add(2)
            with pytest.raises(ValueError, match="from 0 to 2"):
                await cluster.add(3)

    async def test_removed_and_moved_to_another_cluster(self) -> None:
        async with simulator() as gateway, cluster_at(gateway, 2) as cluster:
            await cluster.wait_ready()
            mark_all(gateway, range(200), 2)
            handled = [number for _, number in await take_marked(cluster, 50)]
            session = await cluster.remove(1, resumable=True)
            assert session is not None
            with pytest.raises(ShardNotHere):
                cluster.send(1, UpdatePresence())
            with pytest.raises(ShardNotHere):
                await cluster.remove(1)
            moved = {"1/2": session}
            async with cluster_at(gateway, [ShardId(1, 2)], sessions=moved) as other:
                await take_until_all(other, set(range(1, 200, 2)), handled)
            await take_until_all(cluster, set(range(0, 200, 2)), handled)
            assert len(repeated(handled)) <= 1
            assert len(gateway.identifies) == 2

    async def test_removed_for_good(self) -> None:
        """What it has received can still be taken; nothing disturbs the other one."""
        async with simulator() as gateway, cluster_at(gateway, 2) as cluster:
            await cluster.wait_ready()
            mark_all(gateway, range(100), 2)
            await until(lambda: all(s.stats.events >= 50 for s in cluster.shards.values()))
            await until(lambda: sum(s.stats.queued for s in cluster.shards.values()) >= 104)
            assert await cluster.remove(0) is None
            assert len({n for _, n in await take_marked(cluster, 100)}) == 100
            assert len(gateway.sessions) == 1
            assert cluster.shards[1].stats.reconnects == 0

    @pytest.mark.parametrize("resume", [True, False])
    async def test_restarted(self, resume: bool) -> None:
        async with simulator() as gateway, cluster_at(gateway, 2) as cluster:
            await cluster.wait_ready()
            mark_all(gateway, range(100), 2)
            handled = [number for _, number in await take_marked(cluster, 70)]
            before = cluster.shards[1]
            await cluster.restart(0, resume=resume)
            await cluster.wait_ready()
            if resume:
                await take_until_all(cluster, set(range(100)), handled)
                assert len(repeated(handled)) <= 1
            mark_all(gateway, range(100, 102), 2)
            await take_until_all(cluster, {100, 101}, handled)
            assert len(gateway.identifies) == (2 if resume else 3)
            assert len(gateway.resumes) == (1 if resume else 0)
            assert cluster.shards[1] is before

    async def test_a_stream_of_one_shard_goes_on_over_a_restart(self) -> None:
        async with simulator() as gateway, cluster_at(gateway, 2) as cluster:
            stream = aiter(cluster.shards[0])
            await cluster.wait_ready()
            mark_all(gateway, range(10), 1)
            numbers: list[int | None] = []
            async for event in stream:
                numbers.append(number_of(event))
                if numbers[-1] == 4:
                    break
            await cluster.restart(0)
            async for event in stream:
                numbers.append(number_of(event))
                if numbers[-1] == 9:
                    break
            assert [n for n in numbers if n is not None] == [0, 1, 2, 3, 4, 4, 5, 6, 7, 8, 9]
            await cluster.remove(0)
            assert [event async for event in stream if number_of(event) is not None] == []

    async def test_commands_are_sent_over_a_restart(self) -> None:
        """Those that wait for the rate limit, and those given while there is no connection."""
        silence = {"close_timeout": 0.2}
        async with simulator() as gateway, cluster_at(gateway, 1, options=silence) as cluster:
            await cluster.wait_ready()
            old = cluster.shards[0]
            for number in range(150):
                cluster.send(0, UpdatePresence("idle", since=number))
            await until(lambda: 0 < old.info().stats.commands_queued < 150)
            gateway.connections[0].stall()  # so that closing takes a while
            restart = asyncio.ensure_future(cluster.restart(0))
            await until(lambda: old.state is ShardState.STOPPING)
            cluster.broadcast(UpdatePresence("idle", since=150))
            cluster.send_to_guild(0, encode(UpdatePresence("idle", since=151)))
            await restart
            assert cluster.shards[0] is not old
            cluster.send(0, UpdatePresence("idle", since=152))
            connection = await gateway.wait_for_identify(2)
            await gateway.wait_for(lambda: 152 in numbers_sent(connection))
            sent = numbers_sent(connection)
            assert sent == list(range(sent[0], 153))
            assert 0 < sent[0] < 150
            with pytest.raises(ShardClosed):
                old.send(UpdatePresence())

    async def test_commands_of_a_restart_that_fails_are_told(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        silence = {"close_timeout": 5.0}
        async with simulator() as gateway, cluster_at(gateway, 1, options=silence) as cluster:
            await cluster.wait_ready()
            restart = await begun(cluster, gateway, "restart")
            cluster.broadcast(UpdatePresence())
            restart.cancel()
            with pytest.raises(asyncio.CancelledError):
                await restart
            await until(lambda: "a command of another thread was dropped" in caplog.text)
            with pytest.raises(ShardClosed):
                cluster.broadcast(UpdatePresence())

    async def test_a_restart_that_the_end_overtakes_takes_no_more_commands(self) -> None:
        silence = {"close_timeout": 0.2}
        async with simulator() as gateway, cluster_at(gateway, 1, options=silence) as cluster:
            await cluster.wait_ready()
            restart = await begun(cluster, gateway, "restart")
            await cluster.close()
            with pytest.raises(ShardClosed):
                await restart
            with pytest.raises(ShardClosed):
                cluster.broadcast(UpdatePresence())

    async def test_not_after_the_end(self) -> None:
        async with simulator() as gateway, cluster_at(gateway, 2) as cluster:
            await cluster.wait_ready()
            await cluster.close()
            for change in (cluster.add(2), cluster.remove(0), cluster.restart(0)):
                with pytest.raises(ShardClosed):
                    await change
            with pytest.raises(ShardClosed):
                await cluster.reshard(3)


class TestAfterAllWereRefused:
    """The stream has ended, and goes on with what is run then."""

    @staticmethod
    async def refused(cluster: Cluster[Payload], gateway: FakeGateway, code: int) -> None:
        """Have Discord refuse every shard, and hear of it."""
        await cluster.wait_ready()
        mark_all(gateway, range(10), 2)
        await until(lambda: sum(s.stats.queued for s in cluster.shards.values()) >= 12)
        for connection in gateway.connections:
            connection.close(code)
        await until(lambda: cluster._running.stream.over)
        for _ in cluster.shards:
            with pytest.raises(FatalClose, match=str(code)):
                await anext(aiter(cluster))

    async def test_restarted(self) -> None:
        async with simulator() as gateway, cluster_at(gateway, 2) as cluster:
            await self.refused(cluster, gateway, 4010)
            await cluster.restart(1)
            # What had come before it was refused is still there.
            assert len({number for _, number in await take_marked(cluster, 10)}) == 10
            await cluster.shards[1].wait_ready()
            mark_all(gateway, range(10, 12), 2)
            assert await take_marked(cluster, 1) == [(ShardId(1, 2), 11)]
            assert cluster.shards[0].state is ShardState.FATALLY_CLOSED

    async def test_added(self) -> None:
        async with simulator() as gateway, cluster_at(gateway, [ShardId(0, 2)]) as cluster:
            await cluster.wait_ready()
            gateway.connections[0].close(4010)
            with pytest.raises(FatalClose):
                await take_marked(cluster, 1)
            assert await take_marked(cluster, 1) == []
            await cluster.add(1)
            await cluster.shards[1].wait_ready()
            mark_all(gateway, range(2), 2)
            assert await take_marked(cluster, 1) == [(ShardId(1, 2), 1)]

    async def test_resharded_because_discord_demands_it(self) -> None:
        """As a bot does that handles one thing after another; nobody iterates meanwhile."""
        async with simulator(guilds=4) as gateway, cluster_at(gateway, 2) as cluster:
            await self.refused(cluster, gateway, 4011)
            done = await cluster.reshard(4)
            assert done.total == 4
            mark_all(gateway, range(100, 104), 4)
            marked = await take_marked(cluster, 14)
            assert sorted(n for _, n in marked) == [*range(10), *range(100, 104)]
            assert {i.state for i in cluster.info().values()} == {ShardState.ACTIVE}

    async def test_closed_while_a_shard_is_added(self) -> None:
        """The store takes its time, and the cluster is over when it has."""

        class Slow(MemorySessionStore):
            asked = 0
            answer = asyncio.Event()

            async def load(self, shard_id: ShardId, /) -> Session | None:
                self.asked += 1
                if self.asked > 1:
                    await self.answer.wait()
                return None

        store = Slow()
        async with simulator() as gateway:
            async with cluster_at(gateway, [ShardId(0, 2)], store=store) as cluster:
                await cluster.wait_ready()
                adding = asyncio.create_task(cluster.add(1))
                await until(lambda: store.asked == 2)
                await cluster.close()
                store.answer.set()
                with pytest.raises(ShardClosed):
                    await adding
            assert len(gateway.history) == 1
        no_leaks()


class Bot:
    """Takes everything, and notes the marked events and who brought them."""

    def __init__(self, cluster: Cluster[Payload]) -> None:
        self.numbers: list[int] = []
        self.totals: list[int] = []
        self._cluster = cluster
        self._task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        async for shard_id, event in self._cluster:
            number = number_of(event)
            if number is not None:
                self.numbers.append(number)
                self.totals.append(shard_id.total)

    async def until(self, number: int) -> None:
        await until(lambda: number in self.numbers[-50:] or self._task.done())
        assert number in self.numbers


class Traffic:
    """Marked events in guilds, so that each total of shards has its own way with them."""

    def __init__(self, gateway: FakeGateway) -> None:
        self.made = 0
        self._gateway = gateway
        self._task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        guilds = itertools.cycle(self._gateway.guilds)
        while True:
            for _ in range(5):
                data = {"number": self.made, "guild_id": next(guilds)}
                self._gateway.dispatch(MARKED, data)
                self.made += 1
            await asyncio.sleep(0.005)

    async def some(self, count: int = 200) -> None:
        wanted = self.made + count
        await until(lambda: self.made >= wanted)

    def stop(self) -> int:
        self._task.cancel()
        return self.made


class TestResharding:
    @pytest.mark.parametrize("totals", [(2, 4), (4, 3), (1, 2)])
    async def test_under_traffic(self, totals: tuple[int, int], record_property: Any) -> None:
        """No event is lost; those of one round trip come twice."""
        old, new = totals
        async with (
            simulator(guilds=12) as gateway,
            cluster_at(gateway, old, options={"queue_size": 100_000}) as cluster,
        ):
            await cluster.wait_ready()
            bot, traffic = Bot(cluster), Traffic(gateway)
            await traffic.some()
            done = await cluster.reshard(new)
            await traffic.some()
            made = traffic.stop()
            await bot.until(made - 1)
            await until(lambda: len(set(bot.numbers)) == made)
            assert done.total == new
            assert list(cluster.shards) == list(range(new))
            # The old ones' come first, then the new ones'.
            assert bot.totals == sorted(bot.totals, key=lambda total: total != old)
            assert set(bot.totals) == set(totals)
            again = repeated(bot.numbers)
            print(f"{old} to {new}: {len(again)} of {made} twice, overlap {done.overlap:.4f} s")
            # 1,000 events a second happen.
            assert len(again) < made // 2  # those around the switch, however slow the machine is
            assert sorted(session.shard for session in gateway.sessions) == [
                (number, new) for number in range(new)
            ]
            guild = int(gateway.guilds_of((new - 1, new))[0])
            cluster.send_to_guild(guild, UpdatePresence(status="idle"))
            (connection,) = (c for c in gateway.connections if c.shard == (new - 1, new))
            await gateway.wait_for(lambda: any(m.op == 3 for m in connection.received))

    async def test_with_an_old_connection_that_is_lost_meanwhile(self) -> None:
        async with simulator(guilds=12) as gateway, cluster_at(gateway, 2) as cluster:
            await cluster.wait_ready()
            bot, traffic = Bot(cluster), Traffic(gateway)
            await traffic.some()
            identified = len(gateway.identifies)
            resharding = asyncio.create_task(cluster.reshard(3))
            await gateway.wait_for(lambda: len(gateway.identifies) > identified)
            for connection in gateway.connections[:2]:
                connection.cut()
            await resharding
            await traffic.some()
            made = traffic.stop()
            await bot.until(made - 1)
            await until(lambda: len(set(bot.numbers)) == made)

    async def test_commands_that_wait_are_not_lost(self) -> None:
        async with simulator() as gateway, cluster_at(gateway, 1) as cluster:
            await cluster.wait_ready()
            (connection,) = gateway.connections
            for _ in range(20):
                cluster.send(0, UpdatePresence(status="idle"))
            bot = Bot(cluster)
            await cluster.reshard(2)
            assert sum(message.op == 3 for message in connection.received) == 20
            await cluster.close()
            await bot._task

    async def test_a_new_set_that_is_refused_changes_nothing(self) -> None:
        async with simulator() as gateway, cluster_at(gateway, 2) as cluster:
            await cluster.wait_ready()
            bot = Bot(cluster)
            gateway.allowed_intents = Intents.none()
            with pytest.raises(FatalClose, match="4014"):
                await cluster.reshard(3)
            assert list(cluster.shards) == [0, 1]
            mark_all(gateway, range(10), 2)
            await until(lambda: len(bot.numbers) == 10)
            assert sorted(c.shard or () for c in gateway.connections) == [(0, 2), (1, 2)]

    async def test_cancelled_before_the_new_set_is_complete(self) -> None:
        async with simulator() as gateway, cluster_at(gateway, 2) as cluster:
            await cluster.wait_ready()
            gateway.delay_hello(3600)
            resharding = asyncio.create_task(cluster.reshard(3))
            await gateway.wait_for(lambda: len(gateway.connections) > 2)
            resharding.cancel()
            with pytest.raises(asyncio.CancelledError):
                await resharding
            assert list(cluster.shards) == [0, 1]
            await gateway.wait_for(lambda: len(gateway.connections) == 2)

    async def test_closed_meanwhile(self) -> None:
        async with simulator() as gateway, cluster_at(gateway, 2) as cluster:
            await cluster.wait_ready()
            gateway.delay_hello(3600)
            resharding = asyncio.create_task(cluster.reshard(3))
            await gateway.wait_for(lambda: len(gateway.connections) > 2)
            await cluster.close()
            with pytest.raises(ShardClosed):
                await resharding
            await gateway.wait_for(lambda: not gateway.connections)
        no_leaks()

    async def test_closed_resumably_before_the_old_set_is_consumed(self) -> None:
        """Whoever goes on is told the old sessions, and loses nothing."""
        async with simulator(guilds=12) as gateway, cluster_at(gateway, 1) as cluster:
            await cluster.wait_ready()
            mark_all(gateway, range(100), 1)
            numbers = [number for _, number in await take_marked(cluster, 10)]
            resharding = asyncio.create_task(cluster.reshard(2))
            await until(lambda: len(cluster.shards) == 2)
            sessions = await cluster.close_resumable()
            with pytest.raises(ShardClosed):
                await resharding
            assert list(sessions) == ["0/1"]
            async with cluster_at(gateway, 1, sessions=sessions) as next_one:
                await take_until_all(next_one, set(range(100)), numbers)
            assert len(repeated(numbers)) <= 1

    async def test_no_more_sessions_than_may_be_started(self) -> None:
        limits = Limits(identify_interval=0, session_starts=3, max_concurrency=16)
        async with simulator(shards=2, limits=limits) as gateway:
            settings = config(gateway.url, identify_queue=None)
            async with Cluster(TOKEN, ALL, config=settings, api_url=gateway.http_url) as cluster:
                await cluster.wait_ready()
                with pytest.raises(SessionStartLimitReached, match=r"2 sessions .* 1 may be"):
                    await cluster.reshard(2)
                assert {info.state for info in cluster.info().values()} == {ShardState.ACTIVE}

    async def test_a_part_of_the_shards(self) -> None:
        async with simulator() as gateway, cluster_at(gateway, [ShardId(0, 2)]) as cluster:
            await cluster.wait_ready()
            with pytest.raises(ValueError, match="part of the shards"):
                await cluster.reshard(4)
            bot = Bot(cluster)
            await cluster.reshard([ShardId(0, 4), ShardId(2, 4)])
            assert list(cluster.shards) == [0, 2]
            await cluster.close()
            await bot._task
