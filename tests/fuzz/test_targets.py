"""The fuzzers' targets: they hold on their seeds and near them, and they see what differs."""

from __future__ import annotations

import importlib
import random
from typing import Any

import pytest

pytest.importorskip("gateway_core._fastpath")

from fuzz import fuzz_feed, fuzz_loads, seeds
from fuzz.agreement import Disagreement, Outcome, agree, depth_of, same
from gateway_core import InflateError, JSONError, _fastpath, _purepath


@pytest.mark.parametrize("name", ["loads", "feed", "frames"])
def test_the_backends_agree_on_the_seeds_and_near_them(name: str) -> None:
    target = importlib.import_module(f"fuzz.fuzz_{name}")
    chance = random.Random(name)
    for seed in getattr(seeds, name)():
        target.run(seed)
        for _ in range(3):
            spoiled = bytearray(seed)
            place = chance.randrange(len(seed) + 1)
            spoiled[place : place + chance.randrange(4)] = chance.randbytes(chance.randrange(4))
            target.run(bytes(spoiled))


def test_the_seeds_reach_every_kind_of_stream() -> None:
    kinds = {seed[0] % len(fuzz_feed.KINDS) for seed in seeds.feed()}
    assert kinds == set(range(len(fuzz_feed.KINDS)))


@pytest.mark.parametrize("wrong", [lambda _: 2, lambda _: 1 / 0, lambda _: [1.0]])
def test_a_wrong_backend_is_seen(monkeypatch: pytest.MonkeyPatch, wrong: Any) -> None:
    for backend in (_fastpath, _purepath):
        with monkeypatch.context() as patch:
            patch.setattr(backend, "loads", wrong)
            with pytest.raises(Disagreement):
                fuzz_loads.run(b"[1]")


def test_backends_that_are_wrong_alike_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    for backend in (_fastpath, _purepath):
        monkeypatch.setattr(backend, "loads", lambda _: [2])
    for text in (b"[1]", b"[2"):
        with pytest.raises(Disagreement):
            fuzz_loads.run(text)


def test_what_counts_as_the_same() -> None:
    assert same({"a": [1, -0.0, None]}, {"a": [1, -0.0, None]})
    for one, other in ((1, True), (1, 1.0), (0.0, -0.0), ([1], [1, 2]), ({"a": 1}, {"b": 1})):
        assert not same(one, other)
    assert not same({"a": 1, "b": 2}, {"b": 2, "a": 1})
    refused = Outcome(error=JSONError("no"))
    assert not agree(refused, Outcome(error=InflateError("no")), b"")
    assert not agree(Outcome(value=1), refused, b"[" * 500)
    assert agree(Outcome(value=1), refused, b"[" * 501)
    assert not agree(refused, Outcome(value=1), b"[" * 501)
    assert depth_of(b'{"[[":["]"]}') == 2
