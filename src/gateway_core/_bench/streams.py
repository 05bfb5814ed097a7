"""The streams that all benchmarks decode: one seed, two mixes.

steady    3,000 small events as they come in a quiet hour: messages, presences, typing, ...
startup   READY and the GUILD_CREATEs that follow it: few and large
"""

from __future__ import annotations

import itertools
import json
from collections import defaultdict
from dataclasses import dataclass
from functools import cache, cached_property

from gateway_core._compressing import Compress, can_compress, compressor_for
from gateway_core.recording import Recording, RecordingError
from gateway_core.testing.traffic import Traffic, encode

__all__ = ["MIXES", "Stream", "recorded", "stream"]

MIXES = ("steady", "startup")
"""The names of the generated streams."""

_SEED = 11
_STEADY_MESSAGES = 3000
_MOST_BYTES = 32 * 1024 * 1024


@dataclass(frozen=True)
class Stream:
    """One connection's messages, as text and as compressed frames."""

    name: str
    texts: tuple[bytes, ...]

    @cached_property
    def zlib_frames(self) -> tuple[bytes, ...]:
        """The messages as Discord's zlib-stream sends them (level 6)."""
        return self._compressed(compressor_for("zlib-stream"))

    @cached_property
    def zstd_frames(self) -> tuple[bytes, ...]:
        """The messages as a zstd-stream with a window of 2^18 bytes (level 3).

        Raises:
            GatewayError: no library for zstd is installed.
        """
        return self._compressed(compressor_for("zstd-stream"))

    def _compressed(self, compress: Compress) -> tuple[bytes, ...]:
        return tuple(map(compress, self.texts))

    def by_event(self) -> dict[str, tuple[bytes, ...]]:
        """Return the texts sorted by the name of their dispatch."""
        found: defaultdict[str, list[bytes]] = defaultdict(list)
        for text in self.texts:
            found[json.loads(text)["t"]].append(text)
        return {name: tuple(texts) for name, texts in sorted(found.items())}

    def __str__(self) -> str:
        sizes = sorted(map(len, self.texts))
        words = (
            f"{self.name}: {len(sizes):,} messages, median {sizes[len(sizes) // 2]:,} bytes, "
            f"{sum(sizes):,} bytes in all; {sum(map(len, self.zlib_frames)):,} as zlib"
        )
        if can_compress("zstd-stream"):
            words += f", {sum(map(len, self.zstd_frames)):,} as zstd"
        return words


@cache
def stream(mix: str) -> Stream:
    """Return one of `MIXES`; the same on every machine."""
    traffic = Traffic(seed=_SEED)
    events = traffic.startup()
    if mix == "steady":
        events = itertools.islice(traffic.steady(), _STEADY_MESSAGES)
    return Stream(mix, tuple(encode(0, s, t, d) for s, (t, d) in enumerate(events, 1)))


def recorded(recording: Recording) -> Stream:
    """Return what was recorded, its first 32 MiB if it is longer.

    Raises:
        OSError: the file cannot be read.
        RecordingError: it is damaged, or there is nothing in it.
        DecodeError: a frame cannot be decoded.
    """
    texts: list[bytes] = []
    size = 0
    for _, payload in recording.payloads():
        assert payload.raw is not None
        size += len(payload.raw)
        if texts and size > _MOST_BYTES:
            break
        texts.append(payload.raw)
    if not texts:
        raise RecordingError(f"there is no message in {recording.path}")
    return Stream(recording.path.name, tuple(texts))
