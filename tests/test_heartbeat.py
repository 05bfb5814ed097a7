"""When heartbeats are due, and when they say that a connection is dead."""

from __future__ import annotations

import pytest

from gateway_core.heartbeat import Heartbeat


def test_the_first_is_jittered_and_later_ones_follow_what_was_sent() -> None:
    heartbeat = Heartbeat(40.0, 100.0, 0.25)
    assert heartbeat.next_at == 110.0
    heartbeat.sent(111.0, interval=True)
    assert heartbeat.next_at == 151.0


def test_one_on_request_changes_no_plan() -> None:
    heartbeat = Heartbeat(40.0, 0.0, 0.5)
    heartbeat.requested = True
    heartbeat.sent(5.0, interval=False)
    assert heartbeat.next_at == 20.0
    assert not heartbeat.requested
    assert not heartbeat.is_zombie(20.0)


def test_zombie() -> None:
    heartbeat = Heartbeat(40.0, 0.0, 0.0)
    assert not heartbeat.is_zombie(0.0)
    heartbeat.sent(0.0, interval=True)
    assert heartbeat.is_zombie(40.0)
    heartbeat.acknowledged()
    assert not heartbeat.is_zombie(40.0)


@pytest.mark.parametrize(("interval", "late"), [(41.25, 4.125), (5.0, 1.0), (0.1, 1.0)])
def test_a_late_wake_up_is_not_judged(interval: float, late: float) -> None:
    heartbeat = Heartbeat(interval, 0.0, 0.0)
    heartbeat.sent(0.0, interval=True)
    assert heartbeat.is_zombie(interval + late)
    assert not heartbeat.is_zombie(interval + late + 0.001)


def test_paused() -> None:
    heartbeat = Heartbeat(40.0, 0.0, 0.0)
    heartbeat.sent(0.0, interval=True)
    heartbeat.pause()
    assert not heartbeat.is_zombie(40.0)
    heartbeat.sent(40.0, interval=True)
    heartbeat.resume()
    assert not heartbeat.is_zombie(80.0)
    heartbeat.sent(80.0, interval=True)
    assert heartbeat.is_zombie(120.0)


@pytest.mark.parametrize(("interval", "most"), [(60.0, 2), (41.25, 2), (30.0, 3), (1.0, 61)])
def test_how_many_a_minute_can_hold(interval: float, most: int) -> None:
    assert Heartbeat(interval, 0.0, 0.0).most_within(60.0) == most
