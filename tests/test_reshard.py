"""A change of the total where something else is under way."""

from __future__ import annotations

import asyncio

import pytest

from cluster_driver import MARKED, cancelled, cluster_at, numbers_of, take_marked
from gateway_core.cluster import Cluster
from gateway_core.decoding import Payload
from gateway_core.errors import ShardClosed
from gateway_core.session_store import MemorySessionStore
from gateway_core.sharding import ShardId, ShardState
from shard_driver import simulator, until


async def take_all(cluster: Cluster[Payload]) -> None:
    async for _ in cluster:
        pass


async def test_after_a_restart_that_was_cancelled() -> None:
    """What the closed shard had not given out comes never, and is not waited for."""
    async with simulator() as gateway, cluster_at(gateway) as cluster:
        await cluster.wait_ready()
        await until(lambda: cluster.shards[0].stats.events)
        await cancelled(cluster, gateway, "restart")
        taking = asyncio.create_task(take_all(cluster))
        assert (await cluster.reshard(3)).total == 3
        await cluster.close()
        await taking


async def test_cancelled_after_the_new_set_is_complete() -> None:
    """It is carried through all the same: the old set is closed, and its sessions are forgotten."""
    store = MemorySessionStore()
    async with simulator() as gateway, cluster_at(gateway, store=store) as cluster:
        await cluster.wait_ready()
        old = list(cluster.shards.values())
        own = asyncio.create_task(numbers_of(old[0]))
        taking = asyncio.create_task(take_all(cluster))
        connections = gateway.connections
        resharding = asyncio.create_task(cluster.reshard(3))
        await until(lambda: len(cluster.shards) == 3 and cluster._running.exported is None)
        for connection in connections:
            connection.stall()
        await until(lambda: all(s.state is ShardState.STOPPING for s in old))
        resharding.cancel()
        with pytest.raises(asyncio.CancelledError):
            await resharding
        for connection in connections:
            connection.unstall()
        assert await own == []
        await until(lambda: all(s.state is ShardState.CLOSED for s in old))
        async with cluster._changing:  # it is over
            assert [await store.load(ShardId(n, 2)) for n in range(2)] == [None, None]
        await cluster.close()
        await taking


async def test_closed_while_the_old_set_is_not_consumed() -> None:
    """Streams of single shards end too, those of the old set included."""
    async with simulator() as gateway, cluster_at(gateway) as cluster:
        own = aiter(cluster.shards[0])
        await cluster.wait_ready()
        resharding = asyncio.create_task(cluster.reshard(3))
        await until(lambda: len(cluster.shards) == 3)
        await cluster.close()
        with pytest.raises(ShardClosed):
            await resharding
        assert [event.t async for event in own][:1] == ["READY"]


async def test_the_new_sessions_are_stored_when_it_is_done() -> None:
    """A process that dies right afterwards goes on with them."""
    store = MemorySessionStore()
    async with (
        simulator() as gateway,
        cluster_at(gateway, store=store, save_interval=3600) as cluster,
    ):
        await cluster.wait_ready()
        taking = asyncio.create_task(take_all(cluster))
        await cluster.reshard(3)
        stored = [await store.load(ShardId(number, 3)) for number in range(3)]
        assert all(session is not None for session in stored)
        await cluster.close()
        await taking


async def test_sessions_are_asked_for_while_the_cluster_closes() -> None:
    async with simulator() as gateway, cluster_at(gateway) as cluster:
        await cluster.wait_ready()
        gateway.dispatch(MARKED, {"number": 1}, shard=0)
        gateway.dispatch(MARKED, {"number": 2}, shard=1)
        await take_marked(cluster, 2)
        closing = asyncio.create_task(cluster.close_resumable())
        asked = [asyncio.create_task(cluster.sessions()) for _ in range(3)]
        sessions = await closing
        assert [await task for task in asked] == [sessions] * 3
