"""What a connection of another library decodes with."""

from __future__ import annotations

from ..decoding import Compression, make_decoder

__all__ = ["TextStream"]


class TextStream:
    """The messages of one connection as text, checked to be envelopes of the gateway.

    Subclasses stand where a library keeps its decompressor, and have that one's methods too, so
    that a connection survives it when the drop-in is uninstalled.
    """

    __slots__ = ("_feed",)

    def __init__(self, compression: Compression) -> None:
        self._feed = make_decoder(compression).feed

    def text(self, frame: bytes | bytearray, /) -> bytes | None:
        """Return a message's text, None until it is complete. Raises DecodeError."""
        payload = self._feed(frame)
        return None if payload is None else payload.raw
