"""A cluster of the scale benchmark, in a process of its own, so that its memory is only its own.

    python benchmarks/scale_client.py PHASE SHARDS URL

prints JSON with what was measured:

rest          start-up against the simulator, all shards at once; memory and CPU time at rest
rounds        start-up against the simulator that keeps Discord's limit
zstd-stream   events that every shard is sent as fast as it takes them, each built
zlib-stream   the same in the other compression
"""

from __future__ import annotations

import asyncio
import gc
import json
import resource
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

from end_to_end import LAST
from gateway_core import Cluster, Config, Intents, NoQueue, ShardRange, ShardState, UpdatePresence
from gateway_core.config import Compression
from gateway_core.decoding import Payload
from gateway_core.heartbeat import Heartbeat

Measured = dict[str, Any]

REST = 10.0
"""Seconds at rest: a quarter of the heartbeat interval, about."""
_SETTLING = 1.0


def resident() -> int:
    """Bytes of memory that the process has."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * resource.getpagesize()


class Watch:
    """Reads both clocks."""

    def __init__(self) -> None:
        self.start()

    def start(self) -> None:
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self._wall

    @property
    def cpu(self) -> float:
        return time.process_time() - self._cpu


@asynccontextmanager
async def consumed(
    cluster: Cluster[Payload], consume: Callable[[Payload], object]
) -> AsyncIterator[None]:
    """Run a cluster whose events are taken by a task."""

    async def work() -> None:
        async for _, event in cluster:
            consume(event)

    async with cluster:
        task = asyncio.create_task(work())
        yield
    await task


def undisturbed(cluster: Cluster[Payload]) -> None:
    """Refuse to measure anything but shards of one connection each."""
    for shard_id, info in cluster.info().items():
        if info.state is not ShardState.ACTIVE or info.stats.reconnects:
            raise RuntimeError(f"shard {shard_id} did not stay connected: {info}")


def simulated(shards: ShardRange, api_url: str) -> Cluster[Payload]:
    return Cluster(
        "t",
        Intents.all(),
        shards=shards,
        config=Config(proxy=None),
        api_url=api_url,
    )


async def rest(shards: int, api_url: str) -> Measured:
    one = simulated(ShardRange(0, 1, shards), api_url)
    async with consumed(one, _drop):  # warms imports and allocator
        await one.wait_ready()
        await asyncio.sleep(_SETTLING)
    before = resident()
    watch = Watch()
    cluster = simulated(ShardRange(0, shards, shards), api_url)
    async with consumed(cluster, _drop):
        await cluster.wait_ready()
        seconds, cpu = watch.seconds, watch.cpu
        await asyncio.sleep(_SETTLING)
        memory = resident() - before
        watch.start()
        await asyncio.sleep(REST)
        cpu_at_rest = watch.cpu / watch.seconds
        undisturbed(cluster)
        watch.start()
    return {
        "startup_s": seconds,
        "startup_cpu_ms_per_shard": cpu / shards * 1000,
        "memory_kib_per_shard": memory / shards / 1024,
        "rest_cpu_percent": cpu_at_rest * 100,
        "rest_cpu_us_per_shard_and_second": cpu_at_rest / shards * 1e6,
        "close_s": watch.seconds,
    }


async def rounds(shards: int, api_url: str) -> Measured:
    watch = Watch()
    cluster = simulated(ShardRange(0, shards, shards), api_url)
    async with consumed(cluster, _drop):
        await cluster.wait_ready()
        seconds = watch.seconds
        identifies = sum(info.stats.identifies for info in cluster.info().values())
        return {"startup_in_rounds_s": seconds, "refused_identifies": identifies - shards}


async def traffic(shards: int, url: str, *, compression: Compression) -> Measured:
    lateness = note_lateness()
    events, left, over = 0, shards, asyncio.Event()

    def consume(event: Payload) -> None:
        nonlocal events, left
        event.d
        events += 1
        if event.t == LAST:
            left -= 1
            if not left:
                over.set()

    config = Config(gateway_url=url, compression=compression, proxy=None, identify_queue=NoQueue())
    one = Cluster("t", Intents.all(), shards=ShardRange(0, 1, shards), config=config)
    async with consumed(one, consume):  # warms imports and allocator
        await one.wait_ready()
        await asyncio.sleep(_SETTLING)
    cluster = Cluster("t", Intents.all(), shards=ShardRange(0, shards, shards), config=config)
    before = resident()
    async with consumed(cluster, consume):
        await cluster.wait_ready()
        await asyncio.sleep(_SETTLING)
        events = 0
        lateness.clear()
        watch = Watch()
        cluster.send(0, UpdatePresence())
        await over.wait()
        seconds, cpu = watch.seconds, watch.cpu
        beats = tuple(lateness)
        memory = resident() - before
        undisturbed(cluster)
    return {
        "events": events,
        "events_per_s": events / seconds,
        "cpu_us_per_event": cpu / events * 1e6,
        "busy_percent": cpu / seconds * 100,
        "heartbeats": len(beats),
        "latest_heartbeat_ms": max(beats) * 1000 if beats else None,
        "memory_after_traffic_kib_per_shard": memory / shards / 1024,
    }


def _drop(event: Payload) -> None:
    pass


def note_lateness() -> list[float]:
    """Give a list to which every interval heartbeat adds by how many seconds it is late."""
    lateness: list[float] = []
    sent = Heartbeat.sent

    def sent_and_noted(self: Heartbeat, now: float, *, interval: bool) -> None:
        if interval:
            lateness.append(now - self.next_at)
        sent(self, now, interval=interval)

    Heartbeat.sent = sent_and_noted  # type: ignore[method-assign]
    return lateness


PHASES: dict[str, Callable[[int, str], Awaitable[Measured]]] = {
    "rest": rest,
    "rounds": rounds,
    "zstd-stream": partial(traffic, compression="zstd-stream"),
    "zlib-stream": partial(traffic, compression="zlib-stream"),
}


async def main() -> None:
    phase, shards, url = sys.argv[1:]
    print(json.dumps(await PHASES[phase](int(shards), url)))


if __name__ == "__main__":
    asyncio.run(main())
