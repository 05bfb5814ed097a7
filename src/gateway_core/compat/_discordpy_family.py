"""The seam that discord.py and its descendants share.

Their `DiscordWebSocket` keeps a decompressor for each connection. `received_message` takes a frame,
makes text of it, hands the text to whoever listens to raw events, parses it with a function that is
shared with the HTTP client, and acts on the message. Three replacements serve all of them: a new
connection's decompressor is a stream of ours, `received_message` takes messages out of it, and the
parsing function lets those pass.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from importlib import import_module
from typing import Any

from ..decoding import loads, make_decoder
from ..errors import DecodeError
from ._patching import Guard, Replacement
from ._stream import TextStream

__all__ = ["Family"]

_log = logging.getLogger("gateway_core.compat")


class _ZlibObject(TextStream):
    """Stands for ``zlib.decompressobj()``."""

    __slots__ = ()

    def decompress(self, data: bytearray, /) -> bytes:
        return self.text(data) or b""


class _DecompressionContext(TextStream):
    """Stands for discord.py's contexts."""

    __slots__ = ()

    def decompress(self, data: bytes, /) -> str | None:
        text = self.text(data)
        return None if text is None else text.decode()


@dataclass(frozen=True, slots=True)
class Family:
    """How one of the libraries calls things.

    Attributes:
        package: the package to import.
        title: its ``__title__``, which tells apart those that share a package's name.
        library: its name on the index.
        supported: the versions that are tested.
        frame: how `received_message` calls its argument.
        from_json: the name of the parsing function in its ``utils``.
        contexts: whether ``utils._ActiveDecompressionContext`` makes the decompressors.
    """

    package: str
    title: str
    library: str
    supported: Sequence[str]
    frame: str
    from_json: str
    contexts: bool = False

    def plan(self) -> list[Replacement]:
        """Look whether everything is in its place, and return what to replace.

        Raises UnsupportedVersion; GatewayError where the library speaks zstd-stream and there is
        no zstd for us; ModuleNotFoundError.
        """
        package = import_module(self.package)
        guard = Guard.of(self.library, package, self.supported)
        title = guard.attribute(package, "__title__")
        if title != self.title:
            guard = Guard(self.library, f"{title} {guard.found}", self.supported)
            raise guard.refuse(f"the package {self.package} is another library's")
        gateway = guard.module(f"{self.package}.gateway")
        utils = guard.module(f"{self.package}.utils")
        websocket = guard.attribute(gateway, "DiscordWebSocket")
        slot, buffers = ("_decompressor", ()) if self.contexts else ("_zlib", ("_buffer",))
        new_stream = self._contexts(guard, utils) if self.contexts else _new_zlib_object
        initialise = guard.function(
            websocket, "__init__", "self, socket, *, loop", uses=(slot, *buffers)
        )
        receive = guard.function(
            websocket,
            "received_message",
            f"self, {self.frame}, /",
            uses=(slot, "decompress", *buffers, "log_receive", self.from_json),
        )
        guard.function(websocket, "poll_event", "self", uses=("received_message",))
        guard.function(websocket, "close", "self, code", uses=("_keep_alive", "socket"))
        reconnect = guard.attribute(gateway, "ReconnectWebSocket")
        guard.function(reconnect, "__init__", "self, shard_id, *, resume")
        silent = guard.attribute(websocket, "log_receive")
        parse = guard.attribute(utils, self.from_json)
        return [
            Replacement(websocket, "__init__", _initialise(initialise, slot, new_stream)),
            Replacement(websocket, "received_message", _receive(receive, slot, silent, reconnect)),
            Replacement(utils, self.from_json, _parse(parse)),
        ]

    def _contexts(self, guard: Guard, utils: Any) -> Callable[[], TextStream]:
        context = guard.attribute(utils, "_ActiveDecompressionContext")
        guard.function(context, "decompress", "self, data, /")
        compression = guard.attribute(context, "COMPRESSION_TYPE")
        if compression not in ("zlib-stream", "zstd-stream"):
            raise guard.refuse(f"it asks for the compression {compression!r}")
        make_decoder(compression)

        def new_stream() -> TextStream:
            # Asked anew, as the library does for the URL of each connection.
            return _DecompressionContext(utils._ActiveDecompressionContext.COMPRESSION_TYPE)

        return new_stream


def _new_zlib_object() -> TextStream:
    return _ZlibObject("zlib-stream")


def _initialise(
    original: Callable[..., None], slot: str, new_stream: Callable[[], TextStream]
) -> Callable[..., None]:
    @wraps(original)
    def initialise(websocket: Any, *args: Any, **kwargs: Any) -> None:
        original(websocket, *args, **kwargs)
        setattr(websocket, slot, new_stream())

    return initialise


def _receive(
    original: Callable[..., Any],
    slot: str,
    silent: object,
    reconnect: Callable[[Any], BaseException],
) -> Callable[..., Any]:
    @wraps(original)
    async def receive(websocket: Any, frame: Any, /) -> None:
        stream = getattr(websocket, slot)
        if type(frame) is bytes and isinstance(stream, TextStream):
            try:
                text = stream.text(frame)
                if text is None:
                    return
                message = loads(text)
            except DecodeError as error:
                _log.warning(
                    "Shard ID %s: cannot decode a message, reconnecting: %s",
                    websocket.shard_id,
                    error,
                )
                # What the library itself does when Discord asks it to reconnect.
                await websocket.close()
                raise reconnect(websocket.shard_id) from None
            listening = getattr(websocket.log_receive, "__func__", None) is not silent
            frame = text.decode() if listening else message
        await original(websocket, frame)

    return receive


def _parse(original: Callable[..., Any]) -> Callable[..., Any]:
    def parse(text: Any, /, **options: Any) -> Any:
        return text if type(text) is dict else original(text, **options)

    return parse
