"""The server of the end-to-end benchmarks, a process of its own: a gateway that only pours.

    python benchmarks/gateway_process.py MESSAGES

prints its port. Every connection gets hello and, after its identify, READY, GUILD_CREATEs and so
many small dispatches, all compressed beforehand, as fast as the client takes them. Then it waits to
be closed.
"""

from __future__ import annotations

import asyncio
import itertools
import sys
from urllib.parse import parse_qs, urlsplit

from websockets.http11 import Request
from websockets.server import ServerProtocol

from gateway_core.testing.traffic import Traffic, encode
from streams import Stream

_WRITE = 64 * 1024


def make_stream(messages: int) -> Stream:
    traffic = Traffic(seed=11)
    hello = encode(10, None, None, {"heartbeat_interval": 600_000})
    events = itertools.chain(traffic.startup(), itertools.islice(traffic.steady(), messages))
    return Stream("all", (hello, *(encode(0, s, t, d) for s, (t, d) in enumerate(events, 1))))


def websocket_frame(payload: bytes) -> bytes:
    size = len(payload)
    if size < 126:
        return bytes((0x82, size)) + payload
    if size < 65_536:
        return b"\x82\x7e" + size.to_bytes(2, "big") + payload
    return b"\x82\x7f" + size.to_bytes(8, "big") + payload


async def main(messages: int) -> None:
    stream = make_stream(messages)
    frames = {
        "zlib-stream": [websocket_frame(frame) for frame in stream.zlib_frames],
        "zstd-stream": [websocket_frame(frame) for frame in stream.zstd_frames],
    }

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        protocol = ServerProtocol()
        protocol.receive_data(await reader.readuntil(b"\r\n\r\n"))
        (request,) = protocol.events_received()
        assert isinstance(request, Request)
        protocol.send_response(protocol.accept(request))
        (compression,) = parse_qs(urlsplit(request.path).query)["compress"]
        hello, *rest = frames[compression]
        writer.write(b"".join(protocol.data_to_send()) + hello)
        await reader.read(65_536)  # the identify
        pour = b"".join(rest)
        for start in range(0, len(pour), _WRITE):
            writer.write(pour[start : start + _WRITE])
            await writer.drain()
        while await reader.read(65_536):
            pass
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], len(stream.texts) - 1, flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
