"""The gateways of the scale benchmark, in a process of its own.

    python benchmarks/scale_server.py SHARDS MESSAGES

prints JSON with the URLs of three:

all_at_once   the simulator, with as many guilds as shards, which lets all shards identify at once
in_rounds     the simulator, with one guild, so that it has little to do, which lets a quarter of
              the shards identify at once, every five seconds
pouring       sends each shard READY and three guilds, confirms heartbeats, and when told to go
              (any presence will do) sends every shard so many messages, compressed beforehand,
              as fast as it takes them

It ends when its standard input does.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from end_to_end import LAST
from gateway_core._bench.streams import Stream
from gateway_core.testing import FakeGateway, Limits
from gateway_core.testing.traffic import Traffic, encode
from pouring import Guest, websocket_frame

ROUNDS = 4
"""Of identifying, where Discord's limit is kept: 5 seconds lie between two."""

_SEED = 11
_GUILDS = 3
_ACKS_BEFORE = 40
"""Confirmations of heartbeats that a shard can be sent while it waits for the traffic. They stand
in its compressed stream, so that those that are left come at once when the traffic does."""
_EVERY = 200
"""Messages after which the traffic has one more confirmation."""

_ACK = encode(11, None, None, None)


def _traffic(messages: int) -> Iterator[bytes]:
    """Give the texts of one shard after hello: first what comes unasked, then confirmations."""
    traffic = Traffic(_SEED, guilds=_GUILDS)
    sequences = itertools.count(1)
    for t, d in traffic.startup():
        yield encode(0, next(sequences), t, d)
    yield from itertools.repeat(_ACK, _ACKS_BEFORE)
    for number, (t, d) in enumerate(itertools.islice(traffic.steady(), messages)):
        if number % _EVERY == 0:
            yield _ACK
        yield encode(0, next(sequences), t, d)
    yield encode(0, next(sequences), LAST, {})


@dataclass(frozen=True)
class Served:
    """What one shard is sent, as websocket frames."""

    hello: bytes
    startup: bytes
    acks: list[bytes]
    rest: bytes

    @classmethod
    def of(cls, compressed: Sequence[bytes]) -> Served:
        frames = [websocket_frame(frame) for frame in compressed]
        unasked = 2 + _GUILDS
        return cls(
            hello=frames[0],
            startup=b"".join(frames[1:unasked]),
            acks=frames[unasked : unasked + _ACKS_BEFORE],
            rest=b"".join(frames[unasked + _ACKS_BEFORE :]),
        )


class Pouring:
    """A gateway that pours."""

    def __init__(self, shards: int, messages: int) -> None:
        # Zombies are found by a heartbeat that is due before the confirmation of the one before
        # was read, which takes long when all shards have much to read. Discord's is 41.25.
        interval = min(41.25, max(2.0, shards * 0.04))
        hello = encode(10, None, None, {"heartbeat_interval": int(interval * 1000)})
        stream = Stream("shard", (hello, *_traffic(messages)))
        self._served = {
            "zlib-stream": Served.of(stream.zlib_frames),
            "zstd-stream": Served.of(stream.zstd_frames),
        }
        self._go = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        guest = Guest(reader, writer)
        go = self._go
        async with asyncio.TaskGroup() as tasks:
            with suppress(ConnectionError):
                served = self._served[await guest.shake_hands()]
                acks = iter(served.acks)
                identified = early = False
                await guest.pour(served.hello)
                async for message in guest.messages():
                    match message["op"]:
                        case 1 if not identified:  # the stream's order is fixed
                            early = True
                        case 1 if not go.is_set():
                            await guest.pour(next(acks))
                        case 2:
                            identified = True
                            await guest.pour(served.startup + (next(acks) if early else b""))
                            pouring = tasks.create_task(_pour(guest, go, acks, served.rest))
                        case 3:
                            self._go = asyncio.Event()  # for the cluster that comes next
                            go.set()
                if identified:
                    pouring.cancel()


async def _pour(guest: Guest, go: asyncio.Event, acks: Iterator[bytes], rest: bytes) -> None:
    await go.wait()
    with suppress(ConnectionError):
        await guest.pour(b"".join(acks))
        await guest.pour(rest)


def simulator(shards: int, guilds: int, **limited: float) -> FakeGateway:
    limits = Limits(session_starts=100_000, **limited)  # type: ignore[arg-type]
    return FakeGateway(seed=_SEED, guilds=guilds, shards=shards, limits=limits)


async def main(shards: int, messages: int) -> None:
    pouring = Pouring(shards, messages)
    server = await asyncio.start_server(pouring.serve, "127.0.0.1", 0, backlog=4096)
    async with (
        simulator(shards, shards, max_concurrency=shards, identify_interval=0) as all_at_once,
        # It takes identifies late while it has hundreds of handshakes to do, and so would take the
        # next ones of the same buckets for early.
        simulator(
            shards, 1, max_concurrency=-(-shards // ROUNDS), identify_interval=4.5
        ) as in_rounds,
    ):
        addresses = {
            "all_at_once": all_at_once.http_url,
            "in_rounds": in_rounds.http_url,
            "pouring": f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}",
        }
        print(json.dumps(addresses), flush=True)
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))
