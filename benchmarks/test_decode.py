"""How fast is a connection decoded, against loops of other libraries?"""

from __future__ import annotations

from functools import cache, partial
from typing import Any

import pytest

import gateway_core
from gateway_core._bench.contestants import (
    PARSERS,
    ZLIB_INFLATERS,
    ZSTD_INFLATERS,
    Ours,
    Work,
    look_ups_in_dicts,
    pairs,
)
from gateway_core._bench.streams import MIXES, stream
from race import Race, replay

ZLIB: dict[str, Work] = {
    **pairs(ZLIB_INFLATERS),
    **Ours(gateway_core.ZlibStreamDecoder).everything(),
}
ZSTD: dict[str, Work] = {
    **pairs(ZSTD_INFLATERS),
    **Ours(gateway_core.ZstdStreamDecoder).everything(),
}
LOOK_UPS: dict[str, Work] = {
    "zlib + orjson, 3 look-ups": look_ups_in_dicts(ZLIB_INFLATERS["zlib"], PARSERS["orjson"]),
    "gateway-core, 3 look-ups with at()": Ours(gateway_core.ZlibStreamDecoder).look_ups,
}


@cache
def zlib_race(mix: str) -> Race:
    frames = stream(mix).zlib_frames
    contestants = {name: partial(work, frames) for name, work in ZLIB.items()}
    return Race(contestants, "zlib + orjson", len(frames))


@cache
def zstd_race(mix: str) -> Race:
    frames = stream(mix).zstd_frames
    contestants = {name: partial(work, frames) for name, work in ZSTD.items()}
    return Race(contestants, "zstandard + orjson", len(frames))


@cache
def look_up_race() -> Race:
    frames = stream("steady").zlib_frames
    contestants = {name: partial(work, frames) for name, work in LOOK_UPS.items()}
    return Race(contestants, "zlib + orjson, 3 look-ups", len(frames))


@pytest.mark.parametrize("mix", MIXES)
@pytest.mark.parametrize("name", ZLIB)
@pytest.mark.benchmark(timer=replay)
def test_decode_zlib(benchmark: Any, name: str, mix: str) -> None:
    benchmark.group = f"decode zlib-stream, {mix}"
    zlib_race(mix).report(benchmark, name)


@pytest.mark.parametrize("mix", MIXES)
@pytest.mark.parametrize("name", ZSTD)
@pytest.mark.benchmark(timer=replay)
def test_decode_zstd(benchmark: Any, name: str, mix: str) -> None:
    benchmark.group = f"decode zstd-stream, {mix}"
    zstd_race(mix).report(benchmark, name)


@pytest.mark.parametrize("name", LOOK_UPS)
@pytest.mark.benchmark(timer=replay)
def test_look_ups(benchmark: Any, name: str) -> None:
    benchmark.group = "decode zlib-stream, steady, three fields of MESSAGE_CREATE"
    look_up_race().report(benchmark, name)
