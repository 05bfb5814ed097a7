"""One shard of a cluster: its own stream's end, and what it is told while it changes hands."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from cluster_driver import cancelled, cluster_at, mark, number_of, numbers_of, take_marked
from gateway_core.commands import RequestGuildMembers, UpdatePresence
from gateway_core.decoding import Payload
from gateway_core.errors import FatalClose, ShardClosed
from gateway_core.session_store import FileSessionStore
from gateway_core.sharding import ShardId, ShardState
from shard_driver import simulator, until


class TestStream:
    async def test_of_a_shard_that_was_refused(self) -> None:
        """What came before is given first, then the error, then nothing."""
        async with simulator() as gateway, cluster_at(gateway) as cluster:
            stream = aiter(cluster.shards[0])
            await cluster.wait_ready()
            for number in range(100):
                mark(gateway, number, 0)
            await until(lambda: cluster.shards[0].stats.events >= 100)
            (connection,) = (c for c in gateway.connections if c.shard == (0, 2))
            connection.close(4010)
            await until(lambda: cluster.shards[0].state is ShardState.FATALLY_CLOSED)
            taken = [number_of(await anext(stream)) for _ in range(cluster.shards[0].stats.queued)]
            assert [number for number in taken if number is not None] == list(range(100))
            with pytest.raises(FatalClose):
                await anext(stream)
            assert await numbers_of(cluster.shards[0]) == []

    async def test_begun_after_the_end(self) -> None:
        async with simulator() as gateway, cluster_at(gateway) as cluster:
            await cluster.wait_ready()
            (connection,) = (c for c in gateway.connections if c.shard == (0, 2))
            connection.close(4010)
            with pytest.raises(FatalClose):
                await take_marked(cluster, 1)
            with pytest.raises(FatalClose):
                await numbers_of(cluster.shards[0])
            lane = cluster.shards[1]._lane
            mark(gateway, 7, 1)
            await until(
                lambda: any(
                    isinstance(event, Payload) and number_of(event) == 7
                    for event in tuple(lane.events)
                )
            )
            await cluster.close()
            assert await numbers_of(cluster.shards[1]) == [7]

    async def test_of_a_shard_whose_removal_was_cancelled(self) -> None:
        async with simulator() as gateway, cluster_at(gateway) as cluster:
            taking = asyncio.create_task(numbers_of(cluster.shards[0]))
            await cluster.wait_ready()
            await cancelled(cluster, gateway, "remove")
            assert await taking == []


class TestRemove:
    async def test_a_session_that_was_moved_away_is_not_forgotten(self, tmp_path: Path) -> None:
        """Another cluster goes on with it, at the same store."""
        store = FileSessionStore(tmp_path)
        async with simulator() as gateway, cluster_at(gateway, store=store) as cluster:
            await cluster.wait_ready()
            for number in range(2):
                mark(gateway, number, number)
            await take_marked(cluster, 2)
            assert await cluster.remove(1, resumable=True) is not None
            await cluster.close()
        assert await store.load(ShardId(0, 2)) is None
        assert await store.load(ShardId(1, 2)) is not None

    async def test_shards_that_wait_to_be_started_leave_nothing_behind(self) -> None:
        async with simulator(silent=True) as gateway, cluster_at(gateway, 80) as cluster:
            await until(lambda: cluster.shards[0].state is not ShardState.IDLE)
            assert cluster.shards[79].state is ShardState.IDLE
            await cluster.remove(79)
            await cluster.restart(78)
            assert cluster._running.running == set(cluster.shards.values())


class TestCommands:
    async def test_on_their_way_while_the_shard_is_handed_on(self) -> None:
        """Taken before the next shard was named, they are found by its thread afterwards."""
        async with simulator() as gateway, cluster_at(gateway, 1) as cluster:
            await cluster.wait_ready()
            old = cluster.shards[0]
            old._keep_commands()
            session = await old._close(resumable=True)
            new = cluster._running.add(old.shard_id, session, cluster._running.stream)
            busy = threading.Event()
            old._io.call(busy.wait)
            old.send(UpdatePresence("idle", since=1))
            old._hand_on(new)
            busy.set()
            await new.wait_ready()
            new.send(UpdatePresence("idle", since=2))

            def sent() -> list[int]:
                received = [m for c in gateway.connections for m in c.received if m.op == 3]
                return [message.d["since"] for message in received]

            await gateway.wait_for(lambda: 2 in sent())
            assert sent() == [1, 2]

    async def test_members_of_a_shard_that_is_not_there_yet_or_any_more(self) -> None:
        request = RequestGuildMembers(guild_id=0, query="", limit=0)
        async with simulator(silent=True) as gateway, cluster_at(gateway, 1) as cluster:
            asking = asyncio.create_task(cluster.request_guild_members(request))
            await until(lambda: cluster.shards[0].state is ShardState.AWAITING_HELLO)
            assert not asking.done()
            await cluster.close()
            with pytest.raises(ShardClosed, match="closed"):
                await asking
            with pytest.raises(ShardClosed, match="closed"):
                await cluster.request_guild_members(request)
