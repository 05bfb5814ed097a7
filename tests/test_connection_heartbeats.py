"""Heartbeats of a connection, and what their silence means."""

from __future__ import annotations

import pytest

from core_driver import (
    INTERVAL,
    RESUME_URL,
    Close,
    Driver,
    active,
)
from gateway_core.errors import (
    LocalProtocolError,
)
from gateway_core.events import (
    Disconnected,
    ProbeConfirmed,
    Resuming,
)
from gateway_core.session import Session
from gateway_core.sharding import ShardState


class TestHeartbeats:
    @pytest.mark.parametrize("jitter", [0.0, 0.25, 0.999])
    def test_the_first_is_jittered_and_the_others_are_regular(self, jitter: float) -> None:
        driver = Driver(random=jitter)
        driver.reach(ShardState.AWAITING_PERMIT)
        begin = driver.now
        driver.pass_time(INTERVAL * jitter)
        for beat in range(4):
            assert driver.take_sent() == [{"op": 1, "d": None}]
            driver.acknowledge()
            driver.pass_time(INTERVAL - 0.01)
            assert driver.take_sent() == []
            driver.pass_time(0.01)
            assert driver.now == pytest.approx(begin + INTERVAL * (jitter + beat + 1))

    def test_carry_the_last_sequence(self) -> None:
        driver = active()
        driver.dispatch()
        driver.pass_time(INTERVAL)
        assert driver.take_sent() == [{"op": 1, "d": 2}]

    def test_of_a_new_session_do_not_carry_the_old_sequence(self) -> None:
        driver = active()
        driver.lose(4009)
        driver.reconnect()
        driver.hello()
        driver.forget()
        driver.pass_time(INTERVAL / 2)
        assert driver.take_sent() == [{"op": 1, "d": None}]

    def test_go_on_while_the_permit_is_long_in_coming(self) -> None:
        driver = Driver()
        driver.reach(ShardState.AWAITING_PERMIT)
        for _ in range(90):
            driver.pass_time(INTERVAL)
            assert len(driver.take_sent()) == 1
            driver.acknowledge()
        assert driver.is_in(ShardState.AWAITING_PERMIT)

    def test_on_request_are_sent_at_once_and_shift_nothing(self) -> None:
        driver = active()
        driver.acknowledge()
        driver.pass_time(INTERVAL / 2 - 1)
        driver.serve(1)
        assert driver.take_sent() == [{"op": 1, "d": 1}]
        driver.pass_time(1)
        assert driver.take_sent() == [{"op": 1, "d": 1}]

    def test_a_requested_one_just_before_the_interval_is_no_zombie(self) -> None:
        driver = active()
        driver.pass_time(INTERVAL / 2)
        driver.acknowledge()
        driver.pass_time(INTERVAL - 0.1)
        driver.serve(1)
        driver.pass_time(0.2)
        assert driver.is_in(ShardState.ACTIVE)
        assert len(driver.take_sent()) == 3

    def test_a_flood_of_requests_is_answered_within_the_limit_and_merged(self) -> None:
        driver = active(random=0.25)
        for _ in range(1000):
            driver.serve(1)
        at_once = len(driver.take_sent())
        assert 100 < at_once < 118
        driver.pass_time(INTERVAL / 4)
        assert len(driver.take_sent()) == 1  # of the interval; it also answers the requests
        driver.acknowledge()
        driver.pass_time(INTERVAL - 1)
        for _ in range(1000):
            driver.serve(1)
        assert driver.take_sent() == []
        driver.pass_time(1)
        assert len(driver.take_sent()) == 1  # of the interval again
        driver.acknowledge()
        for _ in range(1000):
            driver.serve(1)
        driver.pass_time(60 - INTERVAL * 1.25 - 0.1)
        assert driver.take_sent() == []
        driver.pass_time(0.1)
        assert len(driver.take_sent()) == 1  # on request, when room came
        driver.pass_time(20)
        assert driver.take_sent() == []
        assert driver.is_in(ShardState.ACTIVE)

    def test_a_connection_that_confirms_nothing_is_left_and_resumed(self) -> None:
        driver = active()
        driver.pass_time(INTERVAL * 1.5 - 0.01)
        assert driver.is_in(ShardState.ACTIVE)
        driver.forget()
        driver.pass_time(0.01)
        assert driver.take_effects() == [Close(4000, "")]
        driver.lose(4000)
        reason = "no heartbeat was confirmed between two of them"
        assert driver.take(Disconnected) == [Disconnected(4000, reason, True)]
        driver.reconnect()
        driver.hello()
        assert driver.take(Resuming) == [Resuming(Session("fresh", 1, RESUME_URL))]

    def test_a_wake_up_that_comes_late_is_not_the_servers_fault(self) -> None:
        driver = active()
        driver.pass_time(INTERVAL / 2)
        driver.now += INTERVAL * 3
        driver.connection.wake(driver.now)
        assert len(driver.take_sent()) == 2
        assert driver.is_in(ShardState.ACTIVE)
        driver.pass_time(INTERVAL)
        assert driver.is_in(ShardState.CLOSING)

    def test_while_reading_is_paused_nothing_is_judged(self) -> None:
        driver = active()
        driver.connection.reading_paused(driver.now)
        driver.pass_time(INTERVAL * 10)
        assert len(driver.take_sent()) == 10
        driver.connection.reading_resumed(driver.now)
        driver.pass_time(INTERVAL)
        assert driver.is_in(ShardState.ACTIVE)
        driver.pass_time(INTERVAL / 2)
        assert driver.is_in(ShardState.CLOSING)
        assert driver.connection.latency.measured == 0

    def test_while_reading_is_paused_nothing_is_measured(self) -> None:
        driver = active()
        driver.connection.reading_paused(driver.now)
        driver.pass_time(INTERVAL)
        driver.connection.reading_resumed(driver.now)
        driver.acknowledge()
        assert driver.connection.latency.measured == 0

    def test_reading_that_was_paused_before_hello_stays_paused(self) -> None:
        driver = Driver()
        driver.reach(ShardState.AWAITING_HELLO)
        driver.connection.reading_paused(driver.now)
        driver.hello()
        driver.pass_time(INTERVAL * 5)
        assert driver.is_in(ShardState.AWAITING_PERMIT)

    def test_a_new_connection_is_read_again(self) -> None:
        driver = active()
        driver.connection.reading_paused(driver.now)
        driver.lose()
        driver.reconnect()
        driver.hello()
        driver.pass_time(INTERVAL * 1.4)
        driver.connection.reading_resumed(driver.now)  # not paused: nothing happens
        driver.pass_time(INTERVAL * 0.1)
        assert driver.is_in(ShardState.CLOSING)

    def test_latency(self) -> None:
        driver = active()
        driver.pass_time(INTERVAL / 2)
        driver.pass_time(0.25)
        driver.acknowledge()
        assert driver.connection.latency.recent == (0.25,)
        assert driver.connection.latency.average == 0.25

    def test_confirmations_that_nobody_asked_for_are_harmless(self) -> None:
        driver = active()
        driver.acknowledge()
        driver.acknowledge()
        assert driver.connection.latency.measured == 0
        assert driver.take_events() == []


class TestProbe:
    def test_is_confirmed_behind_what_was_sent_before(self) -> None:
        driver = active()
        driver.connection.probe(driver.now)
        assert driver.take_sent() == [{"op": 1, "d": 1}]
        driver.dispatch()
        assert driver.take(ProbeConfirmed) == []
        driver.acknowledge()
        assert driver.take_events() == [ProbeConfirmed()]
        driver.acknowledge()
        assert driver.take_events() == []

    def test_is_not_confirmed_by_what_an_earlier_heartbeat_asked_for(self) -> None:
        driver = active()
        driver.serve(1)
        driver.connection.probe(driver.now)
        driver.acknowledge()
        assert driver.take(ProbeConfirmed) == []
        driver.acknowledge()
        assert driver.take(ProbeConfirmed) == [ProbeConfirmed()]

    def test_waits_for_room(self) -> None:
        driver = active()
        for _ in range(200):
            driver.serve(1)
        sent = len(driver.take_sent())
        driver.connection.probe(driver.now)
        assert driver.take_sent() == []
        for _ in range(sent):
            driver.acknowledge()
        assert driver.take(ProbeConfirmed) == []
        driver.pass_time(INTERVAL / 2)
        driver.acknowledge()
        assert driver.take(ProbeConfirmed) == [ProbeConfirmed()]

    def test_is_forgotten_with_the_connection(self) -> None:
        driver = active()
        driver.connection.probe(driver.now)
        driver.lose()
        driver.reconnect()
        driver.hello()
        driver.dispatch("RESUMED")
        driver.serve(1)
        driver.acknowledge()
        assert driver.take(ProbeConfirmed) == []

    def test_needs_an_active_session(self) -> None:
        driver = Driver()
        driver.reach(ShardState.IDENTIFYING)
        with pytest.raises(LocalProtocolError, match="identifying: nothing to ask"):
            driver.connection.probe(driver.now)
