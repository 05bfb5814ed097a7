"""The server's end of a websocket to which messages are poured that were compressed beforehand."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

from websockets.frames import DATA_OPCODES, Frame
from websockets.http11 import Request
from websockets.server import ServerProtocol

__all__ = ["Guest", "websocket_frame"]

_READ = 64 * 1024
_WRITE = 64 * 1024


def websocket_frame(payload: bytes) -> bytes:
    """Return a server's binary frame (RFC 6455, 5.2)."""
    size = len(payload)
    if size < 126:
        return bytes((0x82, size)) + payload
    if size < 65_536:
        return b"\x82\x7e" + size.to_bytes(2, "big") + payload
    return b"\x82\x7f" + size.to_bytes(8, "big") + payload


class Guest:
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

    async def messages(self) -> AsyncIterator[Any]:
        """Yield what the client sends until it has closed; its closing handshake is answered."""
        protocol = self._protocol
        while not protocol.close_expected():
            data = await self._reader.read(_READ)
            if not data:
                break
            protocol.receive_data(data)
            for frame in protocol.events_received():
                if isinstance(frame, Frame) and frame.opcode in DATA_OPCODES:
                    yield json.loads(bytes(frame.data))
            self._writer.write(b"".join(protocol.data_to_send()))
        self._writer.close()

    async def pour(self, frames: bytes) -> None:
        """Send frames as fast as they are taken."""
        for start in range(0, len(frames), _WRITE):
            self._writer.write(frames[start : start + _WRITE])
            await self._writer.drain()
