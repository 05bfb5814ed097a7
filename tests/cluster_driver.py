"""Clusters, simulators on threads of their own, and what tests do with both."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import pytest

from gateway_core._io_thread import IOThread
from gateway_core.cluster import Cluster
from gateway_core.cluster_shard import ClusterShard
from gateway_core.decoding import Payload
from gateway_core.sharding import ShardId, ShardRange, ShardState
from gateway_core.testing import FakeGateway, Limits
from shard_driver import ALL, TOKEN, config, until

_T = TypeVar("_T")

MARKED = "NOT_DOCUMENTED"
"""An event that does not come by itself; its data say which one it is."""


def cluster_at(
    gateway: FakeGateway,
    shards: int | Iterable[ShardId] = 2,
    *,
    options: Any = None,
    **settings: Any,
) -> Cluster[Payload]:
    """These shards, or all of that total, on the simulator."""
    if isinstance(shards, int):
        shards = ShardRange(0, shards, shards)
    settings["config"] = config(gateway.url, **(options or {}))
    return Cluster(TOKEN, ALL, shards=shards, **settings)


class Elsewhere:
    """A simulator on another thread, for tests that block their own."""

    def __init__(self, io: IOThread, gateway: FakeGateway) -> None:
        self._io = io
        self.gateway = gateway
        """Its constants may be read at any time; all else goes through `do`."""

    async def do(self, work: Callable[[FakeGateway], _T]) -> _T:
        """Do something with the simulator on its thread, and give what comes of it."""

        async def run() -> _T:
            return work(self.gateway)

        return await self._io.run(run)

    async def until(self, predicate: Callable[[FakeGateway], object]) -> None:
        """Wait until something is so."""
        await self._io.run(lambda: self.gateway.wait_for(lambda: bool(predicate(self.gateway))))


@asynccontextmanager
async def simulator_elsewhere(**options: Any) -> AsyncIterator[Elsewhere]:
    options.setdefault("limits", Limits(identify_interval=0, commands=100_000))
    io = IOThread("simulator")
    io.start()
    gateway = FakeGateway(**options)
    try:
        async with asyncio.timeout(30):
            await io.run(gateway.__aenter__)
            try:
                yield Elsewhere(io, gateway)
            finally:
                await io.run(gateway.__aexit__)
    finally:
        await io.stop()


def mark(gateway: FakeGateway, number: int, shard: int) -> None:
    """Let an event happen that can be told from all others."""
    gateway.dispatch(MARKED, {"number": number}, shard=shard)


def mark_all(gateway: FakeGateway, numbers: range, shards: int) -> None:
    """Let events of these numbers happen, in the shards in turn."""
    for number in numbers:
        mark(gateway, number, number % shards)


def number_of(event: Payload) -> int | None:
    """Which marked event this is, None if it is none."""
    return event.at("/number") if event.t == MARKED else None


async def take_marked(cluster: Cluster[Payload], count: int) -> list[tuple[ShardId, int]]:
    """Take events until so many marked ones have come."""
    marked = []
    async for shard_id, event in cluster:
        number = number_of(event)
        if number is not None:
            marked.append((shard_id, number))
            if len(marked) == count:
                break
    return marked


async def take_until_all(cluster: Cluster[Payload], wanted: set[int], taken: list[int]) -> None:
    """Take events until all the marked ones that are wanted have come; add them to `taken`."""
    missing = wanted.difference(taken)
    while missing:
        ((_, number),) = await take_marked(cluster, 1)
        taken.append(number)
        missing.discard(number)


def repeated(numbers: list[int]) -> list[int]:
    """Which numbers come more than once."""
    return [number for number, count in Counter(numbers).items() if count > 1]


async def numbers_of(shard: ClusterShard[Payload]) -> list[int]:
    """Take everything from a shard's own stream, to its end; give the marked events."""
    taken = [number_of(event) async for event in shard]
    return [number for number in taken if number is not None]


async def begun(cluster: Cluster[Payload], gateway: FakeGateway, change: str) -> asyncio.Task[Any]:
    """Begin `remove` or `restart` of shard 0, up to where it waits for a Discord that is silent."""
    shard = cluster.shards[0]
    for connection in gateway.connections:
        connection.stall()
    work = asyncio.create_task(getattr(cluster, change)(0))
    await until(lambda: shard.state is ShardState.STOPPING)
    return work


async def cancelled(cluster: Cluster[Payload], gateway: FakeGateway, change: str) -> None:
    """Cancel `remove` or `restart` of shard 0 in the middle."""
    work = await begun(cluster, gateway, change)
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    for connection in gateway.connections:
        connection.unstall()
