"""A gateway client of a few lines, for tests of the simulator: websockets, zlib and json only."""

from __future__ import annotations

import contextlib
import json
import sys
import zlib
from types import TracebackType
from typing import Any, Self

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from gateway_core.intents import Intents
from gateway_core.testing import Connection, FakeGateway

zstd: Any
if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

ALL = int(Intents.all())

Message = dict[str, Any]


class BareClient:
    """Connects when entered; `receive` gives message after message and remembers the session."""

    def __init__(
        self,
        gateway: FakeGateway,
        url: str | None = None,
        *,
        compress: str | None = "zlib-stream",
        version: str = "10",
    ) -> None:
        self.gateway = gateway
        query = f"?v={version}&encoding=json" + (f"&compress={compress}" if compress else "")
        self.url = (url or gateway.url) + query
        self.compress = compress
        self.session_id = ""
        self.sequence: int | None = None
        self.ready: Message = {}
        self.socket: ClientConnection
        self._inflate = zlib.decompressobj()
        if compress == "zstd-stream":
            self._unzstd = zstd.ZstdDecompressor()

    async def __aenter__(self) -> Self:
        self.socket = await connect(
            self.url, compression=None, max_size=None, ping_interval=None, close_timeout=1
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.socket.close(4900)

    @property
    def connection(self) -> Connection:
        """The latest connection at the gateway."""
        return self.gateway.history[-1]

    def decode(self, frame: str | bytes) -> Message:
        if isinstance(frame, str):
            text: str | bytes = frame
        elif self.compress == "zlib-stream":
            assert frame.endswith(b"\x00\x00\xff\xff")
            text = self._inflate.decompress(frame)
        elif self.compress == "zstd-stream":
            text = self._unzstd.decompress(frame)
        else:
            text = zlib.decompress(frame)
        message: Message = json.loads(text)
        return message

    async def receive(self) -> Message:
        message = self.decode(await self.socket.recv())
        if message["s"] is not None:
            self.sequence = message["s"]
        if message["t"] == "READY":
            self.ready = message["d"]
            self.session_id = message["d"]["session_id"]
        return message

    async def receive_until(self, name: str) -> list[Message]:
        """Receive up to and with the next dispatch of a name."""
        messages: list[Message] = []
        while not messages or messages[-1]["t"] != name:
            messages.append(await self.receive())
        return messages

    async def send(self, op: int, d: Any) -> None:
        await self.socket.send(json.dumps({"op": op, "d": d}))

    async def hello(self) -> Message:
        message = await self.receive()
        assert message["op"] == 10
        return message

    async def identify(self, **changes: Any) -> None:
        data = {"token": "a token", "intents": ALL, "properties": {}, **changes}
        await self.send(2, data)

    async def log_in(self, **changes: Any) -> Message:
        """Take the hello, identify, and return READY's data."""
        await self.hello()
        await self.identify(**changes)
        message = await self.receive()
        assert message["t"] == "READY", message
        return self.ready

    async def resume(self, session_id: str, sequence: int | None, token: str = "a token") -> None:
        await self.hello()
        await self.send(6, {"token": token, "session_id": session_id, "seq": sequence})

    async def close_code(self) -> int:
        """Read to the end and return the code that the server closed with; 1006 without one."""
        await self.drain()
        code = self.socket.close_code
        assert code is not None
        return code

    async def drain(self) -> list[Message]:
        """Receive all that comes until the connection is gone, however it goes."""
        messages = []
        with contextlib.suppress(ConnectionClosed):
            while True:
                messages.append(await self.receive())
        return messages
