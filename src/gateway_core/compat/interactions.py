"""interactions.py decodes with gateway-core: ``gateway_core.compat.interactions.install()``.

zlib-stream, which is all that interactions.py speaks. Connections to voice servers, which are not
compressed, stay as they are.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps
from importlib import import_module
from typing import Any

from ..decoding import loads
from ..errors import DecodeError
from ._patching import DropIn, Guard, Replacement
from ._stream import TextStream

__all__ = ["SUPPORTED", "install", "installed", "uninstall"]

SUPPORTED = ("5.16.0",)
"""The versions that the drop-in is tested with."""

_log = logging.getLogger("gateway_core.compat")


class _Message:
    """A message on its way through ``FastJson.loads(zlib.decompress(...).decode("utf-8"))``."""

    __slots__ = ("content",)

    def __init__(self, content: Any) -> None:
        self.content = content

    def decode(self, encoding: str) -> _Message:
        return self


class _ZlibObject(TextStream):
    """Stands for ``zlib.decompressobj()``."""

    __slots__ = ()

    def decompress(self, data: bytearray, /) -> bytes | _Message:
        text = self.text(data) or b""
        return _Message(loads(text)) if _DROP_IN.is_installed else text


def _plan() -> list[Replacement]:
    guard = Guard.of("interactions.py", import_module("interactions"), SUPPORTED)
    websocket = guard.module("interactions.api.gateway.websocket")
    client = guard.attribute(guard.module("interactions.api.gateway.gateway"), "GatewayClient")
    parser = guard.attribute(websocket, "FastJson")
    guard.function(parser, "loads", "*args, **kwargs")
    receive = guard.function(
        client, "receive", "self, force", uses=("_zlib", "decompress", "decode", "FastJson")
    )
    # A connection's first message, and no other, is received with force.
    guard.function(client, "__aenter__", "self", uses=("_zlib", "receive"))
    guard.function(client, "reconnect", "self, *, resume, code, url")
    base = guard.attribute(websocket, "WebsocketClient")
    guard.function(base, "reconnect", "self, *, resume, code, url", uses=("_zlib", "receive"))
    return [
        Replacement(client, "receive", _receive(receive)),
        Replacement(websocket, "FastJson", _parser(parser)),
    ]


def _receive(original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    async def receive(client: Any, force: bool = False) -> Any:
        if force:
            client._zlib = _ZlibObject("zlib-stream")
        while True:
            try:
                return await original(client, force)
            except DecodeError as error:
                if force:
                    raise
                _log.warning(
                    "Shard ID %s: cannot decode a message, reconnecting: %s", client.shard[0], error
                )
                await client.reconnect(resume=True)

    return receive


def _parser(original: Any) -> type:
    class FastJson(original):  # type: ignore[misc]
        """Lets messages pass that are built already."""

        @staticmethod
        def loads(*args: Any, **kwargs: Any) -> Any:
            if type(args[0]) is _Message:
                return args[0].content
            return original.loads(*args, **kwargs)

    return FastJson


_DROP_IN = DropIn("interactions.py", _plan)

install = _DROP_IN.install
uninstall = _DROP_IN.uninstall
installed = _DROP_IN.installed
