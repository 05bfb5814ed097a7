"""Compressing as Discord does: one object a connection, one call a message.

What serves or writes gateway streams needs it (the simulator, recordings, benchmarks); clients
only inflate.

Source: Discord documentation, "Gateway", section "Encoding and Compression".
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Final, TypeAlias

from ._purepath import zstd_module
from .errors import GatewayError

if TYPE_CHECKING:
    from .config import Compression

__all__ = ["Compress", "can_compress", "compressor_for"]

Compress: TypeAlias = Callable[[bytes], bytes]
"""Makes of a message's text what the next websocket message carries."""

_LEVEL: Final = 6
_ZSTD_WINDOW_LOG: Final = 18
# Below this, Discord's "not all payloads will be compressed" is taken at its word.
_WORTH_COMPRESSING: Final = 256

_zstd_module = cache(zstd_module)  # looking for a module that is not there takes long


def compressor_for(compression: Compression | None) -> Compress:
    """Give the compressor of a new connection.

    With ``"zlib-payload"`` a small text comes back as it is: it goes into a text frame.

    Raises:
        GatewayError: no library for zstd is installed.
    """
    match compression:
        case "zlib-stream":
            return _zlib_stream()
        case "zstd-stream":
            return _zstd_stream()
        case "zlib-payload":
            return _payload
    return _unchanged


def can_compress(compression: Compression | None) -> bool:
    """Say whether `compressor_for` works here."""
    try:
        compressor_for(compression)
    except GatewayError:
        return False
    return True


def _zlib_stream() -> Compress:
    context = zlib.compressobj(_LEVEL)

    def compress(text: bytes) -> bytes:
        return context.compress(text) + context.flush(zlib.Z_SYNC_FLUSH)

    return compress


def _zstd_stream() -> Compress:
    try:
        zstd = _zstd_module()
    except GatewayError:
        raise GatewayError(
            "compressing as zstd-stream needs Python 3.14 or the package backports.zstd: "
            "install gateway-core[zstd], or use zlib-stream"
        ) from None
    context = zstd.ZstdCompressor(options={zstd.CompressionParameter.window_log: _ZSTD_WINDOW_LOG})

    def compress(text: bytes) -> bytes:
        data: bytes = context.compress(text, context.FLUSH_BLOCK)
        return data

    return compress


def _payload(text: bytes) -> bytes:
    return text if len(text) < _WORTH_COMPRESSING else zlib.compress(text, _LEVEL)


def _unchanged(text: bytes) -> bytes:
    return text
