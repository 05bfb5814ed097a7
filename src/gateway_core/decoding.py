"""Compressed frames in, Python objects out: the decoders, and which backend does the work.

The extension (`gateway_core._fastpath`) and its pure-Python twin (`gateway_core._purepath`) have
the same names, results and errors; the choice is made once, when this module is imported. The
environment variable ``GATEWAY_CORE_PURE=1`` forces the twin.

All decoders are made with these keyword arguments:

    wanted              a set of dispatch names: others come with op, s and t, but with d and raw
                        None. None (the default) wants all.
    max_message_size    bytes of JSON text that one message may have; 64 MiB by default
    loads               another parser of JSON (`json.loads`, `orjson.loads`) for `d`

and have ``feed(frame)``, which returns a Payload or None until the message is complete,
``reset()`` for a new connection, and the counters ``bytes_in``, ``bytes_out`` and ``messages``.

Source: Discord, Gateway, "Encoding and Compression".
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from ._purepath import DEFAULT_MAX_MESSAGE_SIZE

__all__ = [
    "DEFAULT_COMPRESSION",
    "DEFAULT_MAX_MESSAGE_SIZE",
    "Backend",
    "Compression",
    "Decoder",
    "Inflator",
    "Payload",
    "PlainDecoder",
    "ZlibStreamDecoder",
    "ZstdStreamDecoder",
    "backend",
    "loads",
    "make_decoder",
]


def _use_twin() -> bool:
    if os.environ.get("GATEWAY_CORE_PURE", "0") not in ("", "0"):
        return True
    return importlib.util.find_spec("gateway_core._fastpath") is None


_NATIVE = not _use_twin()

if TYPE_CHECKING:
    from ._purepath import (
        Inflator,
        Payload,
        PlainDecoder,
        ZlibStreamDecoder,
        ZstdStreamDecoder,
        backend_details,
        loads,
    )
else:
    if _NATIVE:
        from ._fastpath import (
            Inflator,
            Payload,
            PlainDecoder,
            ZlibStreamDecoder,
            ZstdStreamDecoder,
            backend_details,
            loads,
        )
    else:
        from ._purepath import (
            Inflator,
            Payload,
            PlainDecoder,
            ZlibStreamDecoder,
            ZstdStreamDecoder,
            backend_details,
            loads,
        )

Compression = Literal["zlib-stream", "zstd-stream"]
Decoder = ZlibStreamDecoder | ZstdStreamDecoder | PlainDecoder


@dataclass(frozen=True, slots=True)
class Backend:
    """Which backend decodes, and what it is made of.

    Attributes:
        name: ``"native"`` (the extension) or ``"pure"`` (the twin).
        zlib: The inflater of zlib streams and its version.
        zstd: The inflater of zstd streams and its version, "no zstd" where there is none.
        json: The parser, its version and the CPU kernel that it chose.
    """

    name: str
    zlib: str
    zstd: str
    json: str

    def __str__(self) -> str:
        return f"{self.name}: {self.zlib}, {self.zstd}, {self.json}"


DEFAULT_COMPRESSION: Compression = "zstd-stream" if _NATIVE else "zlib-stream"
"""What a connection asks for: zstd is smaller and faster, where the extension brings it along."""


def backend() -> Backend:
    """Return which backend is in use, with the versions of its parts."""
    return Backend(**backend_details())


def make_decoder(
    compression: Compression | None,
    *,
    wanted: Collection[str] | None = None,
    max_message_size: int = DEFAULT_MAX_MESSAGE_SIZE,
    loads: Callable[[bytes], Any] | None = None,
) -> Decoder:
    """Return a decoder for a connection with that transport compression.

    `compression` is the value of the connection URL's ``compress`` parameter, or None for text
    frames and payload compression. Raises ValueError for any other, GatewayError for zstd-stream
    where no zstd library is installed.
    """
    decoder: type[ZlibStreamDecoder] | type[ZstdStreamDecoder] | type[PlainDecoder]
    match compression:
        case "zlib-stream":
            decoder = ZlibStreamDecoder
        case "zstd-stream":
            decoder = ZstdStreamDecoder
        case None:
            decoder = PlainDecoder
        case _:
            raise ValueError(
                f"unknown compression {compression!r}: use 'zlib-stream', 'zstd-stream' or None"
            )
    return decoder(wanted=wanted, max_message_size=max_message_size, loads=loads)
