"""Small libraries with the seams of the real ones: they inflate and parse, and do no more.

The drop-ins meet the real libraries in tests/peers. These are here for what a real one cannot be
asked to do: to lack a part, or to have another.
"""

from __future__ import annotations

import json
import logging
import sys
import zlib
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

_SYNC_FLUSH = b"\x00\x00\xff\xff"


def _modules(monkeypatch: pytest.MonkeyPatch, *names: str) -> list[Any]:
    """Put empty modules where ``import`` finds them, for the time of a test."""
    made = []
    for name in names:
        module = ModuleType(name)
        monkeypatch.setitem(sys.modules, name, module)
        made.append(module)
    return made


def deflate(*texts: bytes) -> list[bytes]:
    """Compress texts as one zlib-stream."""
    stream = zlib.compressobj()
    return [stream.compress(text) + stream.flush(zlib.Z_SYNC_FLUSH) for text in texts]


def frames(*messages: Any) -> list[bytes]:
    """Compress messages as one zlib-stream."""
    return deflate(*(json.dumps(message).encode() for message in messages))


def discordpy(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a library as discord.py is built."""
    package, gateway, utils = _modules(monkeypatch, "discord", "discord.gateway", "discord.utils")
    package.__title__ = "discord"
    package.__version__ = "2.7.1"
    utils._from_json = json.loads

    class Context:
        COMPRESSION_TYPE = "zlib-stream"

        def __init__(self) -> None:
            self._inflate = zlib.decompressobj().decompress

        def decompress(self, data: bytes, /) -> str | None:
            return self._inflate(data).decode() or None

    class ReconnectWebSocket(Exception):
        def __init__(self, shard_id: int | None, *, resume: bool = True) -> None:
            self.shard_id = shard_id
            self.resume = resume

    class DiscordWebSocket:
        def __init__(self, socket: Any, *, loop: Any) -> None:
            self.socket = socket
            self._decompressor: Any = utils._ActiveDecompressionContext()
            self._keep_alive: object = None
            self.shard_id = 7
            self.received: list[Any] = []
            self.raw: list[Any] = []

        def debug_log_receive(self, data: Any, /) -> None:
            self.raw.append(data)

        def log_receive(self, data: Any, /) -> None:
            pass

        async def received_message(self, msg: Any, /) -> None:
            if type(msg) is bytes:
                msg = self._decompressor.decompress(msg)
                if msg is None:
                    return
            self.log_receive(msg)
            self.received.append(utils._from_json(msg))

        async def poll_event(self) -> None:
            await self.received_message(self.socket.pop(0))

        async def close(self, code: int = 4000) -> None:
            self._keep_alive = None
            self.socket = None

    utils._ActiveDecompressionContext = Context
    gateway.DiscordWebSocket = DiscordWebSocket
    gateway.ReconnectWebSocket = ReconnectWebSocket
    return SimpleNamespace(package=package, gateway=gateway, utils=utils)


def nextcord(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a library as nextcord is built; disnake and py-cord differ in names."""
    package, gateway, utils = _modules(
        monkeypatch, "nextcord", "nextcord.gateway", "nextcord.utils"
    )
    base = discordpy(monkeypatch).gateway
    package.__title__ = "nextcord"
    package.__version__ = "2.6.0"
    utils.from_json = json.loads

    class DiscordWebSocket(base.DiscordWebSocket):  # type: ignore[misc, name-defined]
        def __init__(self, socket: Any, *, loop: Any) -> None:
            super().__init__(socket, loop=loop)
            self._zlib: Any = zlib.decompressobj()
            self._buffer = bytearray()

        async def received_message(self, msg: Any, /) -> None:
            if type(msg) is bytes:
                self._buffer.extend(msg)
                if not msg.endswith(_SYNC_FLUSH):
                    return
                msg = self._zlib.decompress(self._buffer).decode()
                self._buffer = bytearray()
            self.log_receive(msg)
            self.received.append(utils.from_json(msg))

    gateway.DiscordWebSocket = DiscordWebSocket
    gateway.ReconnectWebSocket = base.ReconnectWebSocket
    return SimpleNamespace(package=package, gateway=gateway, utils=utils)


def hikari(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a library as hikari is built."""
    package, _, shard, errors, _, binding, ux = _modules(
        monkeypatch,
        "hikari",
        "hikari.impl",
        "hikari.impl.shard",
        "hikari.errors",
        "hikari.internal",
        "hikari.internal.data_binding",
        "hikari.internal.ux",
    )
    ux.TRACE = 5
    package.__version__ = "2.7.0"
    binding.default_json_loads = json.loads

    class GatewayTransportError(Exception):
        pass

    class Transport:
        def __init__(
            self,
            *,
            ws: Any,
            exit_stack: Any,
            logger: Any,
            log_filterer: Any,
            dumps: Any,
            loads: Any,
        ) -> None:
            self._ws = ws
            self._loads = loads
            self._logger = logger
            self._log_filterer = log_filterer

        async def receive_json(self) -> Any:
            return self._loads(await self._receive_and_check())

        async def _receive_and_check(self) -> bytes:
            raise NotImplementedError

        def _handle_other_message(self, message: Any, /) -> None:
            raise ConnectionError(message.type)

        @classmethod
        async def connect(cls, ws: Any, loads: Any, *, zstd: bool = False) -> Any:
            transport: Any = shard._GatewayZlibStreamTransport
            if zstd:
                transport = shard._GatewayZstdStreamTransport
            return transport(
                ws=ws,
                exit_stack=None,
                logger=logging.getLogger("hikari"),
                log_filterer=lambda text: text.replace(b"secret", b"..."),
                dumps=None,
                loads=loads,
            )

    class ZlibTransport(Transport):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self._inflator = zlib.decompressobj()

        async def _receive_and_check(self) -> bytes:
            message = await self._ws.receive()
            if message.type != 2:
                self._handle_other_message(message)
            return self._inflator.decompress(message.data)

    errors.GatewayTransportError = GatewayTransportError
    shard._GatewayTransport = Transport
    shard._GatewayZlibStreamTransport = ZlibTransport
    shard._GatewayZstdStreamTransport = type("ZstdTransport", (ZlibTransport,), {})
    return SimpleNamespace(package=package, shard=shard, errors=errors, binding=binding)


def interactions(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a library as interactions.py is built."""
    package, _, _, websocket, gateway = _modules(
        monkeypatch,
        "interactions",
        "interactions.api",
        "interactions.api.gateway",
        "interactions.api.gateway.websocket",
        "interactions.api.gateway.gateway",
    )
    package.__version__ = "5.16.0"

    class FastJson:
        @staticmethod
        def loads(*args: Any, **kwargs: Any) -> Any:
            return json.loads(*args, **kwargs)

    class WebsocketClient:
        def __init__(self, connections: list[list[Any]]) -> None:
            self.connections = connections
            self.shard = (7, 8)
            self._zlib: Any = None
            self.ws: list[Any] = []

        async def __aenter__(self) -> Any:
            await self.reconnect()
            return self

        async def receive(self, force: bool = False) -> Any:
            buffer = bytearray()
            while True:
                frame = self.ws.pop(0)
                text = frame
                if isinstance(frame, bytes):
                    buffer.extend(frame)
                    if not frame.endswith(_SYNC_FLUSH):
                        continue
                    text = self._zlib.decompress(buffer).decode("utf-8")
                return websocket.FastJson.loads(text)

        async def reconnect(
            self, *, resume: bool = False, code: int = 1012, url: str | None = None
        ) -> None:
            self._zlib = zlib.decompressobj()
            self.ws = self.connections.pop(0)
            await self.receive(force=True)

    class GatewayClient(WebsocketClient):
        async def __aenter__(self) -> Any:
            self._zlib = zlib.decompressobj()
            self.ws = self.connections.pop(0)
            await self.receive(force=True)
            return self

    websocket.FastJson = FastJson
    websocket.WebsocketClient = WebsocketClient
    gateway.GatewayClient = GatewayClient
    return SimpleNamespace(package=package, websocket=websocket, gateway=gateway)
