"""Discord's limits, on a clock of the test's own."""

from __future__ import annotations

from typing import Any

import pytest

from gateway_core.testing import Limits
from gateway_core.testing.limits import (
    CommandLimit,
    IdentifyLimit,
    MemberRequests,
    SessionStarts,
)


def test_120_commands_in_any_60_seconds() -> None:
    limit = CommandLimit(Limits())
    assert all(limit.allow(30.0) for _ in range(120))
    assert not limit.allow(89.0)  # 59 s after: one too many in the window that ends now


def test_the_window_of_commands_slides() -> None:
    limit = CommandLimit(Limits())
    now = 0.0
    for _ in range(1000):
        assert limit.allow(now)
        now += 0.5
    assert all(limit.allow(now) for _ in range(1))
    assert not all(limit.allow(now) for _ in range(3))


def test_a_burst_over_the_edge_of_a_minute_is_too_much() -> None:
    limit = CommandLimit(Limits())
    assert all(limit.allow(59.0) for _ in range(70))
    assert all(limit.allow(61.0) for _ in range(50))
    assert not limit.allow(61.0)


def test_identifies_wait_for_their_bucket_only() -> None:
    limit = IdentifyLimit(Limits(max_concurrency=16))
    assert limit.allow(0, 0.0)
    assert limit.allow(15, 0.0)
    assert not limit.allow(16, 4.5)
    assert limit.allow(17, 4.5)
    assert limit.allow(16, 5.0)
    assert not limit.allow(0, 9.0)  # since the last that was let through, not since the first


def test_session_starts_are_counted_and_come_back_after_a_day() -> None:
    starts = SessionStarts(Limits(session_starts=2), now=100.0)
    assert [starts.take(100.0) for _ in range(3)] == [True, True, False]
    assert starts.describe(3700.0, 4) == {
        "total": 2,
        "remaining": 0,
        "reset_after": 82_800_000,
        "max_concurrency": 4,
    }
    assert not starts.take(86_499.9)
    assert starts.take(86_500.0)
    assert starts.describe(86_500.0, 1)["reset_after"] == 86_400_000


def test_all_members_of_a_guild_can_be_asked_for_every_30_seconds() -> None:
    requests = MemberRequests(Limits())
    assert requests.wait("1", 0.0) == 0
    assert requests.wait("2", 1.0) == 0
    assert requests.wait("1", 10.0) == 20.0
    assert requests.wait("1", 30.0) == 0


@pytest.mark.parametrize(
    "wrong",
    [{"commands": 0}, {"max_concurrency": 0}, {"identify_interval": -1.0}, {"replay": 0}],
)
def test_limits_without_sense_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Limits(**wrong)
