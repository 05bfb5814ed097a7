"""How fast is `loads` on the texts alone, over each mix and for each kind of event?"""

from __future__ import annotations

from functools import cache, partial
from typing import Any

import pytest

import gateway_core
from gateway_core._bench.contestants import Bytes, Work, parsing
from gateway_core._bench.streams import MIXES, stream
from race import Race, replay


def loads(texts: Bytes) -> None:
    parse = gateway_core.loads
    for text in texts:
        parse(text)


CONTESTANTS: dict[str, Work] = {**parsing(), "gateway-core": loads}
TEXTS: dict[str, Bytes] = {
    **{mix: stream(mix).texts for mix in MIXES},
    **stream("startup").by_event(),
    **stream("steady").by_event(),
}


@cache
def race(kind: str) -> Race:
    texts = TEXTS[kind]
    texts *= max(1, 200 // len(texts)) if len(texts[0]) < 10_000 else 1
    contestants = {name: partial(work, texts) for name, work in CONTESTANTS.items()}
    return Race(contestants, "orjson", len(texts))


@pytest.mark.parametrize("kind", TEXTS)
@pytest.mark.parametrize("name", CONTESTANTS)
@pytest.mark.benchmark(timer=replay)
def test_loads(benchmark: Any, name: str, kind: str) -> None:
    benchmark.group = f"loads, {kind}"
    race(kind).report(benchmark, name)
