"""Latency of heartbeats."""

from __future__ import annotations

import pytest

from gateway_core.latency import Latency


def test_nothing_measured() -> None:
    latency = Latency()
    assert latency.recent == ()
    assert latency.average is None
    assert repr(latency) == "Latency(recent=(), average=None, measured=0)"


def test_keeps_five_and_averages_all() -> None:
    latency = Latency()
    for beat in range(1, 8):
        latency.heartbeat_sent(beat * 100.0)
        latency.heartbeat_acknowledged(beat * 100.0 + beat)
    assert latency.recent == (7.0, 6.0, 5.0, 4.0, 3.0)
    assert latency.average == pytest.approx(4.0)
    assert latency.measured == 7


def test_two_on_their_way_are_measured_once() -> None:
    latency = Latency()
    latency.heartbeat_sent(0.0)
    latency.heartbeat_sent(1.0)
    latency.heartbeat_acknowledged(2.0)
    latency.heartbeat_acknowledged(3.0)
    assert latency.recent == (2.0,)


def test_what_was_not_asked_for_or_was_given_up_does_not_count() -> None:
    latency = Latency()
    latency.heartbeat_acknowledged(1.0)
    latency.heartbeat_sent(2.0)
    latency.discard()
    latency.heartbeat_acknowledged(3.0)
    assert latency.measured == 0
