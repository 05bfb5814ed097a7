"""The sliding window."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway_core.ratelimit import CommandRateLimiter


def test_a_burst_then_one_for_each_that_expires() -> None:
    limiter = CommandRateLimiter(limit=3, period=10.0)
    for now in (0.0, 1.0, 2.0):
        assert limiter.next_free(now, 0) == now
        limiter.record(now)
    assert limiter.available(2.0) == 0
    assert limiter.next_free(2.0, 0) == 10.0
    assert limiter.next_free(9.999, 0) == 10.0
    assert limiter.next_free(10.0, 0) == 10.0
    assert limiter.available(10.0) == 1
    limiter.record(10.0)
    assert limiter.next_free(10.0, 0) == 11.0


def test_reserved_room() -> None:
    limiter = CommandRateLimiter(limit=5, period=10.0)
    limiter.record(0.0)
    limiter.record(1.0)
    assert limiter.next_free(2.0, 2) == 2.0
    limiter.record(2.0)
    assert limiter.next_free(2.0, 2) == 10.0
    assert limiter.next_free(2.0, 3) == 11.0
    assert limiter.next_free(2.0, 1) == 2.0


def test_more_than_the_limit_may_be_recorded() -> None:
    limiter = CommandRateLimiter(limit=2, period=10.0)
    for now in (0.0, 1.0, 2.0, 3.0):
        limiter.record(now)
    assert limiter.available(3.0) == 0
    assert limiter.next_free(3.0, 0) == 12.0


def test_a_new_connection_begins_anew() -> None:
    limiter = CommandRateLimiter()
    for _ in range(120):
        limiter.record(0.0)
    assert limiter.available(0.0) == 0
    limiter.reset()
    assert limiter.available(0.0) == 120


@given(st.lists(st.floats(0.0, 30.0), max_size=60), st.integers(1, 8), st.integers(0, 3))
def test_no_window_holds_more_than_the_limit(gaps: list[float], limit: int, reserve: int) -> None:
    limiter = CommandRateLimiter(limit + reserve, 60.0)
    now = 0.0
    times = []
    for gap in gaps:
        now = limiter.next_free(now + gap, reserve)
        limiter.record(now)
        times.append(now)
    for at in times:
        assert sum(at <= other < at + 59.999 for other in times) <= limit
