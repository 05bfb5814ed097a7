"""Delays between attempts."""

from __future__ import annotations

import random

from gateway_core.backoff import Backoff


def test_grow_within_their_spans_up_to_the_cap() -> None:
    backoff = Backoff(1.0, 120.0, random.Random(7).random)
    spans = [(0.0, 1.0), (1, 2), (2, 4), (4, 8), (8, 16), (16, 32), (32, 64), (60, 120), (60, 120)]
    for low, high in spans:
        assert low <= backoff.next_delay() <= high
    for _ in range(2000):
        assert 60.0 <= backoff.next_delay() <= 120.0


def test_use_their_whole_spans() -> None:
    for value, expected in ((0.0, [0.0, 1.0, 2.0]), (0.999, [0.999, 1.999, 3.998])):
        backoff = Backoff(1.0, 120.0, lambda value=value: value)  # type: ignore[misc]
        assert [round(backoff.next_delay(), 3) for _ in range(3)] == expected


def test_begin_anew() -> None:
    backoff = Backoff(2.0, 100.0, lambda: 0.5)
    before = [backoff.next_delay() for _ in range(4)]
    assert backoff.attempts == 4
    backoff.reset()
    assert backoff.attempts == 0
    assert [backoff.next_delay() for _ in range(4)] == before == [1.0, 3.0, 6.0, 12.0]
