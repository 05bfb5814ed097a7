"""How the simulator compresses what it sends: one object per connection, one call per message.

Source: Discord documentation, "Gateway", section "Encoding and Compression".
"""

from __future__ import annotations

import sys
import zlib
from typing import Any, Protocol

from websockets.frames import Opcode

from .wire import frame

__all__ = ["COMPRESSIONS", "Framer", "PayloadCompression", "Plain", "framer_for"]

# Below this, Discord's "not all payloads will be compressed" is taken at its word.
_WORTH_COMPRESSING = 256


class Framer(Protocol):
    """Turns the JSON text of a message into a websocket frame; keeps the connection's context."""

    def frame(self, text: bytes) -> bytes:
        """Compress and frame one message."""

    def corrupt(self) -> bytes:
        """Return a sound websocket frame whose message cannot be decoded."""


class Plain:
    """No compression: text frames."""

    def frame(self, text: bytes) -> bytes:
        """Frame one message."""
        return frame(Opcode.TEXT, text)

    def corrupt(self) -> bytes:
        """Return a text frame that is not JSON."""
        return frame(Opcode.TEXT, b'{"t":null,"s":null,"op":')


class PayloadCompression:
    """Identify with ``compress``: each large enough message is a zlib stream of its own."""

    def frame(self, text: bytes) -> bytes:
        """Compress and frame one message."""
        if len(text) < _WORTH_COMPRESSING:
            return frame(Opcode.TEXT, text)
        return frame(Opcode.BINARY, zlib.compress(text, 6))

    def corrupt(self) -> bytes:
        """Return a binary frame that is not zlib."""
        return frame(Opcode.BINARY, b"\x78\x9c\xff\xff\xff\xff")


class _ZlibStream:
    """``compress=zlib-stream``: one deflate context, flushed after every message."""

    def __init__(self) -> None:
        context = zlib.compressobj(6)
        self._compress, self._flush = context.compress, context.flush

    def frame(self, text: bytes) -> bytes:
        return frame(Opcode.BINARY, self._compress(text) + self._flush(zlib.Z_SYNC_FLUSH))

    def corrupt(self) -> bytes:
        # Block type 3 does not exist (RFC 1951, 3.2.3); the ending is a proper one, so that a
        # client that waits for it does not wait for ever.
        return frame(Opcode.BINARY, b"\xff\xff\xff\xff\x00\x00\xff\xff")


class _ZstdStream:
    """``compress=zstd-stream``: one zstd frame, a block flushed after every message."""

    def __init__(self) -> None:
        zstd = _zstd()
        assert zstd is not None
        self._compressor = zstd.ZstdCompressor()
        self._flush = zstd.ZstdCompressor.FLUSH_BLOCK

    def frame(self, text: bytes) -> bytes:
        data: bytes = self._compressor.compress(text, self._flush)
        return frame(Opcode.BINARY, data)

    def corrupt(self) -> bytes:
        # Block type 3 is reserved (RFC 8878, 3.1.1.2.2).
        return frame(Opcode.BINARY, b"\xff\xff\xff\xff\xff\xff\xff\xff")


def _zstd() -> Any:
    """Import the standard library's zstd (3.14), or its backport; None where there is neither."""
    try:
        if sys.version_info >= (3, 14):
            from compression import zstd
        else:
            from backports import zstd
    except ImportError:
        return None
    return zstd


COMPRESSIONS: frozenset[str] = frozenset(
    {"zlib-stream"} if _zstd() is None else {"zlib-stream", "zstd-stream"}
)
"""The transport compressions that can be served by this Python."""


def framer_for(compression: str | None) -> Framer:
    """Return a new context for a transport compression; None and unknown names are plain."""
    if compression == "zlib-stream":
        return _ZlibStream()
    if compression == "zstd-stream" and compression in COMPRESSIONS:
        return _ZstdStream()
    return Plain()
