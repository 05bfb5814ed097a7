"""hikari decodes with gateway-core: ``gateway_core.compat.hikari.install()``.

zlib-stream, and zstd-stream where hikari asks for it: where `backports.zstd` is installed, or on
Python 3.14.

Where only public ways shall be taken, `loads` is for ``hikari.GatewayBot(token, loads=loads)``. It
parses what hikari has inflated, and the bodies of its HTTP API. A parser that a bot was given, this
or any other, is used with the drop-in too.
"""

from __future__ import annotations

import inspect
from importlib import import_module
from typing import Any

from ..decoding import Compression, loads
from ..errors import DecodeError
from ._patching import DropIn, Guard, Replacement
from ._stream import TextStream

__all__ = ["SUPPORTED", "install", "installed", "loads", "uninstall"]

SUPPORTED = ("2.7.0",)
"""The versions that the drop-in is tested with."""

_TRANSPORTS: dict[str, Compression] = {
    "_GatewayZlibStreamTransport": "zlib-stream",
    "_GatewayZstdStreamTransport": "zstd-stream",
}
_BINARY = 2  # of RFC 6455, and of aiohttp's enum


def _plan() -> list[Replacement]:
    guard = Guard.of("hikari", import_module("hikari"), SUPPORTED)
    shard = guard.module("hikari.impl.shard")
    binding = guard.module("hikari.internal.data_binding")
    error = guard.attribute(guard.module("hikari.errors"), "GatewayTransportError")
    default_loads = guard.attribute(binding, "default_json_loads")
    trace = guard.attribute(guard.module("hikari.internal.ux"), "TRACE")
    base = guard.attribute(shard, "_GatewayTransport")
    guard.function(
        base,
        "__init__",
        "self, *, ws, exit_stack, logger, log_filterer, dumps, loads",
        uses=("_ws", "_loads", "_logger", "_log_filterer"),
    )
    guard.function(base, "receive_json", "self", uses=("_receive_and_check", "_loads"))
    guard.function(base, "_handle_other_message", "self, message, /")
    connect = getattr(guard.attribute(base, "connect"), "__func__", None)
    if not inspect.isfunction(connect):
        raise guard.refuse("_GatewayTransport.connect is no classmethod")
    replacements = []
    for name, compression in _TRANSPORTS.items():
        if name not in connect.__code__.co_names:
            raise guard.refuse(f"_GatewayTransport.connect does not use {name}")
        transport = guard.attribute(shard, name)
        guard.function(transport, "__init__", "self, *args, **kwargs", uses=("_inflator",))
        guard.function(
            transport,
            "_receive_and_check",
            "self",
            uses=("_ws", "receive", "_inflator", "_handle_other_message"),
        )
        replacements.append(
            Replacement(shard, name, _derive(transport, compression, default_loads, error, trace))
        )
    return replacements


def _derive(
    transport: Any, compression: Compression, default_loads: object, error: Any, trace: int
) -> Any:
    class Transport(transport):  # type: ignore[misc]
        """Receives with gateway-core; all else is hikari's."""

        __slots__ = ("_stream",)

        def __init__(self, **kwargs: Any) -> None:
            if kwargs["loads"] is default_loads:
                kwargs["loads"] = loads
            super().__init__(**kwargs)
            self._stream = TextStream(compression)

        async def receive_json(self) -> Any:
            text = None
            try:
                while text is None:
                    message = await self._ws.receive()
                    if message.type != _BINARY:
                        self._handle_other_message(message)
                    text = self._stream.text(message.data)
                if self._logger.isEnabledFor(trace):
                    shown = self._log_filterer(text)
                    self._logger.log(trace, "received %s bytes:\n    %s", len(text), shown)
                return self._loads(text)
            except DecodeError as reason:
                # The shard reconnects and resumes after an error of the transport.
                raise error(f"cannot decode a message: {reason}") from reason

    Transport.__name__ = Transport.__qualname__ = transport.__name__
    return Transport


_DROP_IN = DropIn("hikari", _plan)

install = _DROP_IN.install
uninstall = _DROP_IN.uninstall
installed = _DROP_IN.installed
