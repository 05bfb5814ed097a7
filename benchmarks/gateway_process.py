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
import json
import sys
from contextlib import suppress
from functools import partial
from typing import Any
from urllib.parse import parse_qs, urlsplit

from websockets.frames import Frame
from websockets.http11 import Request
from websockets.server import ServerProtocol

from end_to_end import LAST
from gateway_core.testing import FakeGateway
from gateway_core.testing.traffic import Traffic, encode
from streams import Stream

_READ = 64 * 1024
_WRITE = 64 * 1024
_SEED = 11


class Api(FakeGateway):
    """The HTTP API; Get Gateway Bot names another gateway than this one."""

    gateway_url = ""

    def describe(self) -> dict[str, Any]:
        return {**super().describe(), "url": self.gateway_url}


class Client:
    """One client's connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._protocol = ServerProtocol(max_size=None)

    async def shake_hands(self) -> str:
        """Open the websocket; return the compression that the client asks for."""
        protocol = self._protocol
        protocol.receive_data(await self._reader.readuntil(b"\r\n\r\n"))
        (request,) = protocol.events_received()
        assert isinstance(request, Request)
        protocol.send_response(protocol.accept(request))
        self._writer.write(b"".join(protocol.data_to_send()))
        (compression,) = parse_qs(urlsplit(request.path).query)["compress"]
        return compression

    async def identify(self) -> None:
        """Wait for the identify; a heartbeat may come before."""
        while True:
            self._protocol.receive_data(await self._reader.read(_READ))
            for frame in self._protocol.events_received():
                assert isinstance(frame, Frame)
                if json.loads(bytes(frame.data))["op"] == 2:
                    return

    async def pour(self, frames: bytes) -> None:
        """Send frames as fast as they are taken."""
        for start in range(0, len(frames), _WRITE):
            self._writer.write(frames[start : start + _WRITE])
            await self._writer.drain()

    async def end(self) -> None:
        """Answer the closing handshake when the client begins it, and hang up."""
        protocol = self._protocol
        while not protocol.close_expected():
            data = await self._reader.read(_READ)
            if not data:
                break
            protocol.receive_data(data)
            self._writer.write(b"".join(protocol.data_to_send()))
        self._writer.close()


def make_stream(messages: int) -> Stream:
    traffic = Traffic(seed=_SEED)
    hello = encode(10, None, None, {"heartbeat_interval": 600_000})
    small = itertools.islice(traffic.steady(), messages)
    events = itertools.chain(traffic.startup(), small, ((LAST, {}),))
    return Stream("all", (hello, *(encode(0, s, t, d) for s, (t, d) in enumerate(events, 1))))


def websocket_frame(payload: bytes) -> bytes:
    size = len(payload)
    if size < 126:
        return bytes((0x82, size)) + payload
    if size < 65_536:
        return b"\x82\x7e" + size.to_bytes(2, "big") + payload
    return b"\x82\x7f" + size.to_bytes(8, "big") + payload


async def serve(
    frames: dict[str, tuple[bytes, bytes]],
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
) -> None:
    client = Client(reader, writer)
    with suppress(ConnectionError):  # of a client that has crashed, which tells so itself
        hello, rest = frames[await client.shake_hands()]
        await client.pour(hello)
        await client.identify()
        await client.pour(rest)
        await client.end()


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
