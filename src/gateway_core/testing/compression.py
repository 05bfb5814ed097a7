"""How the simulator compresses what it sends: one object per connection, one call per message.

Source: Discord documentation, "Gateway", section "Encoding and Compression".
"""

from __future__ import annotations

from typing import Literal, Protocol

from websockets.frames import Opcode

from gateway_core._compressing import can_compress, compressor_for

from .wire import frame

__all__ = ["COMPRESSIONS", "Framer", "PayloadCompression", "Plain", "framer_for"]


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

    def __init__(self) -> None:
        self._compress = compressor_for("zlib-payload")

    def frame(self, text: bytes) -> bytes:
        """Compress and frame one message."""
        data = self._compress(text)
        return frame(Opcode.TEXT if data is text else Opcode.BINARY, data)

    def corrupt(self) -> bytes:
        """Return a binary frame that is not zlib."""
        return frame(Opcode.BINARY, b"\x78\x9c\xff\xff\xff\xff")


class _Stream:
    """``compress=zlib-stream`` or ``zstd-stream``: one context, flushed after every message."""

    def __init__(self, compression: Literal["zlib-stream", "zstd-stream"]) -> None:
        self._compress = compressor_for(compression)
        self._corrupt = _CORRUPT[compression]

    def frame(self, text: bytes) -> bytes:
        return frame(Opcode.BINARY, self._compress(text))

    def corrupt(self) -> bytes:
        return frame(Opcode.BINARY, self._corrupt)


_CORRUPT = {
    # Block type 3 does not exist (RFC 1951, 3.2.3); the ending is a proper one, so that a client
    # that waits for it does not wait for ever.
    "zlib-stream": b"\xff\xff\xff\xff\x00\x00\xff\xff",
    # Block type 3 is reserved (RFC 8878, 3.1.1.2.2).
    "zstd-stream": b"\xff\xff\xff\xff\xff\xff\xff\xff",
}

COMPRESSIONS: frozenset[str] = frozenset(
    {"zlib-stream", "zstd-stream"} if can_compress("zstd-stream") else {"zlib-stream"}
)
"""The transport compressions that can be served by this Python."""


def framer_for(compression: str | None) -> Framer:
    """Return a new context for a transport compression; None and unknown names are plain."""
    if compression == "zlib-stream":
        return _Stream("zlib-stream")
    if compression == "zstd-stream" and compression in COMPRESSIONS:
        return _Stream("zstd-stream")
    return Plain()
