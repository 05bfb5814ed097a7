"""The server of the end-to-end benchmarks, a process of its own: a gateway that only pours.

    python benchmarks/gateway_process.py MESSAGES

prints the gateway's URL, that of the HTTP API (the simulator's, for libraries that log in there
first), and the number of dispatches. Every connection gets hello and, after its identify, READY,
GUILD_CREATEs, so many small dispatches, and one that no library knows, all compressed beforehand,
as fast as the client takes them. Nothing else is sent until the client closes: no confirmation of
a heartbeat either, which is not missed before the next one is due in ten minutes.
"""

from __future__ import annotations

import asyncio
import itertools
import sys
from contextlib import suppress
from functools import partial
from typing import Any

from end_to_end import LAST
from gateway_core._bench.streams import Stream
from gateway_core.testing import FakeGateway
from gateway_core.testing.traffic import Traffic, encode
from pouring import Guest, websocket_frame

_SEED = 11


class Api(FakeGateway):
    """The HTTP API; Get Gateway Bot names another gateway than this one."""

    gateway_url = ""

    def describe(self) -> dict[str, Any]:
        return {**super().describe(), "url": self.gateway_url}


def make_stream(messages: int) -> Stream:
    traffic = Traffic(seed=_SEED)
    hello = encode(10, None, None, {"heartbeat_interval": 600_000})
    small = itertools.islice(traffic.steady(), messages)
    events = itertools.chain(traffic.startup(), small, ((LAST, {}),))
    return Stream("all", (hello, *(encode(0, s, t, d) for s, (t, d) in enumerate(events, 1))))


async def serve(
    frames: dict[str, tuple[bytes, bytes]],
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
) -> None:
    guest = Guest(reader, writer)
    with suppress(ConnectionError):  # of a client that has crashed, which tells so itself
        hello, rest = frames[await guest.shake_hands()]
        await guest.pour(hello)
        async for message in guest.messages():
            if message["op"] == 2:
                await guest.pour(rest)


async def main(messages: int) -> None:
    stream = make_stream(messages)
    frames = {
        name: (websocket_frame(hello), b"".join(map(websocket_frame, rest)))
        for name, (hello, *rest) in (
            ("zlib-stream", stream.zlib_frames),
            ("zstd-stream", stream.zstd_frames),
        )
    }
    server = await asyncio.start_server(partial(serve, frames), "127.0.0.1", 0)
    async with Api(seed=_SEED) as api:
        api.gateway_url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        print(api.gateway_url, api.http_url, len(stream.texts) - 1, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
