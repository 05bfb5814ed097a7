"""The streams that all benchmarks decode: one seed, two mixes.

steady    3,000 small events as they come in a quiet hour: messages, presences, typing, ...
startup   READY and the GUILD_CREATEs that follow it: few and large
"""

from __future__ import annotations

import itertools
import zlib
from dataclasses import dataclass
from functools import cache

from gateway_core.testing.traffic import Traffic, encode

MIXES = ("steady", "startup")

_SEED = 11
_STEADY_MESSAGES = 3000


@dataclass(frozen=True)
class Stream:
    """One connection's messages, as text and as compressed frames."""

    name: str
    texts: tuple[bytes, ...]
    zlib_frames: tuple[bytes, ...]

    def __str__(self) -> str:
        sizes = sorted(map(len, self.texts))
        return (
            f"{self.name}: {len(sizes):,} messages of {sizes[len(sizes) // 2]:,} bytes (median), "
            f"{sum(sizes):,} bytes, as zlib {sum(map(len, self.zlib_frames)):,}"
        )


@cache
def stream(mix: str) -> Stream:
    """Return one of `MIXES`; the same on every machine."""
    traffic = Traffic(seed=_SEED)
    events = traffic.startup()
    if mix == "steady":
        events = itertools.islice(traffic.steady(), _STEADY_MESSAGES)
    texts = tuple(encode(0, s, t, d) for s, (t, d) in enumerate(events, 1))
    return Stream(mix, texts, _zlib_stream(texts))


def _zlib_stream(texts: tuple[bytes, ...]) -> tuple[bytes, ...]:
    deflate = zlib.compressobj()
    return tuple(deflate.compress(text) + deflate.flush(zlib.Z_SYNC_FLUSH) for text in texts)
