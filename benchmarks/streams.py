"""The streams that all benchmarks decode: one seed, two mixes.

steady    3,000 small events as they come in a quiet hour: messages, presences, typing, ...
startup   READY and the GUILD_CREATEs that follow it: few and large
"""

from __future__ import annotations

import itertools
import json
import sys
import zlib
from collections import defaultdict
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import import_module

from gateway_core.testing.traffic import Traffic, encode

MIXES = ("steady", "startup")

_SEED = 11
_STEADY_MESSAGES = 3000
_ZSTD_WINDOW_LOG = 18


@dataclass(frozen=True)
class Stream:
    """One connection's messages, as text and as compressed frames."""

    name: str
    texts: tuple[bytes, ...]

    @cached_property
    def zlib_frames(self) -> tuple[bytes, ...]:
        """The messages as Discord's zlib-stream sends them (level 6)."""
        deflate = zlib.compressobj()
        return tuple(
            deflate.compress(text) + deflate.flush(zlib.Z_SYNC_FLUSH) for text in self.texts
        )

    @cached_property
    def zstd_frames(self) -> tuple[bytes, ...]:
        """The messages as a zstd-stream with a window of 2^18 bytes (level 3)."""
        zstd = import_module(
            "compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd"
        )
        compressor = zstd.ZstdCompressor(
            options={zstd.CompressionParameter.window_log: _ZSTD_WINDOW_LOG}
        )
        return tuple(compressor.compress(text, compressor.FLUSH_BLOCK) for text in self.texts)

    def by_event(self) -> dict[str, tuple[bytes, ...]]:
        """Return the texts sorted by the name of their dispatch."""
        found: defaultdict[str, list[bytes]] = defaultdict(list)
        for text in self.texts:
            found[json.loads(text)["t"]].append(text)
        return {name: tuple(texts) for name, texts in sorted(found.items())}

    def __str__(self) -> str:
        sizes = sorted(map(len, self.texts))
        return (
            f"{self.name}: {len(sizes):,} messages, median {sizes[len(sizes) // 2]:,} bytes, "
            f"{sum(sizes):,} bytes in all; {sum(map(len, self.zlib_frames)):,} as zlib, "
            f"{sum(map(len, self.zstd_frames)):,} as zstd"
        )


@cache
def stream(mix: str) -> Stream:
    """Return one of `MIXES`; the same on every machine."""
    traffic = Traffic(seed=_SEED)
    events = traffic.startup()
    if mix == "steady":
        events = itertools.islice(traffic.steady(), _STEADY_MESSAGES)
    return Stream(mix, tuple(encode(0, s, t, d) for s, (t, d) in enumerate(events, 1)))
