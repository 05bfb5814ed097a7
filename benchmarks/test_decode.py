"""How fast does a zlib-stream connection decode, against loops of other libraries?"""

from __future__ import annotations

from functools import cache, partial
from typing import Any

import pytest

from contestants import BASELINE, Work, ours_built, ours_untouched, ours_unwanted, pairs
from race import Race, replay
from streams import MIXES, stream

CONTESTANTS: dict[str, Work] = {
    **dict(pairs()),
    "gateway-core, all built": ours_built,
    "gateway-core, untouched": ours_untouched,
    "gateway-core, unwanted": ours_unwanted,
}


@cache
def race(mix: str) -> Race:
    frames = stream(mix).zlib_frames
    return Race({name: partial(work, frames) for name, work in CONTESTANTS.items()})


@pytest.mark.parametrize("mix", MIXES)
@pytest.mark.parametrize("name", CONTESTANTS)
@pytest.mark.benchmark(timer=replay)
def test_decode(benchmark: Any, name: str, mix: str) -> None:
    benchmark.group = f"decode, {mix}"
    race(mix).report(benchmark, name, baseline=BASELINE, messages=len(stream(mix).texts))
