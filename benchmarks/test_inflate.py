"""How fast is a connection inflated to texts?"""

from __future__ import annotations

from functools import cache, partial
from typing import Any

import pytest

import gateway_core
from gateway_core._bench.contestants import ZLIB_INFLATERS, ZSTD_INFLATERS, Bytes, Work, inflating
from gateway_core._bench.streams import MIXES, stream
from race import Race, replay


def inflator(frames: Bytes) -> None:
    inflate = gateway_core.Inflator().decompress
    for frame in frames:
        inflate(frame)


def zstd_raw(frames: Bytes) -> None:
    feed = gateway_core.ZstdStreamDecoder().feed
    for frame in frames:
        payload = feed(frame)
        assert payload is not None
        payload.raw


ZLIB: dict[str, Work] = {**inflating(ZLIB_INFLATERS), "gateway-core, Inflator": inflator}
ZSTD: dict[str, Work] = {**inflating(ZSTD_INFLATERS), "gateway-core, raw": zstd_raw}


@cache
def zlib_race(mix: str) -> Race:
    frames = stream(mix).zlib_frames
    return Race({name: partial(work, frames) for name, work in ZLIB.items()}, "zlib", len(frames))


@cache
def zstd_race(mix: str) -> Race:
    frames = stream(mix).zstd_frames
    contestants = {name: partial(work, frames) for name, work in ZSTD.items()}
    return Race(contestants, "zstandard", len(frames))


@pytest.mark.parametrize("mix", MIXES)
@pytest.mark.parametrize("name", ZLIB)
@pytest.mark.benchmark(timer=replay)
def test_inflate_zlib(benchmark: Any, name: str, mix: str) -> None:
    benchmark.group = f"inflate zlib-stream, {mix}"
    zlib_race(mix).report(benchmark, name)


@pytest.mark.parametrize("mix", MIXES)
@pytest.mark.parametrize("name", ZSTD)
@pytest.mark.benchmark(timer=replay)
def test_inflate_zstd(benchmark: Any, name: str, mix: str) -> None:
    benchmark.group = f"inflate zstd-stream, {mix}"
    zstd_race(mix).report(benchmark, name)
