"""Finding out that everything has come, and taking dispatches away from the user."""

from __future__ import annotations

import pytest

from core_driver import INTERVAL, STORED, Driver, active
from gateway_core.decoding import Payload
from gateway_core.errors import LocalProtocolError
from gateway_core.events import ProbeConfirmed
from gateway_core.sharding import ShardState


def sent_heartbeats(driver: Driver) -> int:
    return sum(message["op"] == 1 for message in driver.take_sent())


class TestProbe:
    def test_confirmed_behind_what_came_before(self) -> None:
        driver = active()
        driver.connection.probe(driver.now)
        assert sent_heartbeats(driver) == 1
        driver.dispatch()
        driver.acknowledge()
        driver.dispatch()
        kinds = [type(event) for event in driver.take_events()]
        assert kinds == [Payload, ProbeConfirmed, Payload]

    def test_by_its_own_confirmation_not_an_earlier_heartbeat_s(self) -> None:
        driver = active()
        driver.pass_time(INTERVAL)
        assert sent_heartbeats(driver) == 1
        driver.connection.probe(driver.now)
        driver.acknowledge()
        assert driver.take(ProbeConfirmed) == []
        driver.acknowledge()
        assert driver.take(ProbeConfirmed) == [ProbeConfirmed()]
        driver.acknowledge()
        assert driver.take(ProbeConfirmed) == []

    def test_forgotten_with_its_connection(self) -> None:
        driver = active()
        driver.connection.probe(driver.now)
        driver.lose()
        driver.reconnect()
        driver.hello()
        driver.dispatch("RESUMED")
        driver.pass_time(INTERVAL)
        driver.acknowledge()
        assert driver.take(ProbeConfirmed) == []

    def test_waits_for_the_command_limit(self) -> None:
        driver = active()
        while driver.connection.rate_limiter.available(driver.now) > 2:
            driver.serve(1)
            if not sent_heartbeats(driver):
                break
            driver.acknowledge()
        driver.forget()
        driver.connection.probe(driver.now)
        assert sent_heartbeats(driver) == 0
        for _ in range(61):
            driver.pass_time(1)
            for _ in range(sent_heartbeats(driver)):
                driver.acknowledge()
        assert driver.take(ProbeConfirmed) == [ProbeConfirmed()]

    def test_needs_a_session(self) -> None:
        driver = Driver()
        driver.reach(ShardState.IDENTIFYING)
        with pytest.raises(LocalProtocolError, match="nothing to ask"):
            driver.connection.probe(driver.now)


class TestDivert:
    def test_what_is_taken_goes_no_further(self) -> None:
        driver = active()
        driver.forget()
        driver.connection.divert({"TYPING_START"}, lambda payload: payload.at("/user_id") == "1")
        driver.dispatch("TYPING_START", {"user_id": "1"})
        driver.dispatch("TYPING_START", {"user_id": "2"})
        driver.dispatch("MESSAGE_CREATE", {})
        assert [p.s for p in driver.take(Payload)] == [3, 4]
        assert driver.connection.sequence == 4

    def test_it_counts_as_received_and_not_as_on_its_way(self) -> None:
        driver = Driver()
        driver.reach(ShardState.IDENTIFYING)
        driver.ready()
        (ready,) = driver.take(Payload)
        driver.connection.consumed(ready)
        driver.connection.divert({"TYPING_START"}, lambda payload: True)
        driver.dispatch("TYPING_START")
        assert driver.connection.pending == 0
        session = driver.connection.consumed_session
        assert session is not None
        assert session.sequence == 2

    def test_while_resuming_too(self) -> None:
        driver = Driver(session=STORED)
        driver.connection.divert({"TYPING_START"}, lambda payload: True)
        driver.reach(ShardState.RESUMING)
        driver.sequence = STORED.sequence
        driver.dispatch("TYPING_START")
        driver.dispatch("RESUMED")
        assert driver.take_names() == ["RESUMED"]

    def test_members_can_be_read_wanted_or_not(self) -> None:
        driver = Driver(wanted={"READY"})
        driver.reach(ShardState.ACTIVE)
        driver.forget()
        driver.connection.divert(
            {"GUILD_MEMBERS_CHUNK"}, lambda payload: payload.at("/nonce") == "1"
        )
        driver.dispatch("GUILD_MEMBERS_CHUNK", {"nonce": "1"})
        driver.dispatch("GUILD_MEMBERS_CHUNK", {"nonce": "2"})
        assert driver.take(Payload) == []

    def test_the_last_call_counts(self) -> None:
        driver = active()
        driver.forget()
        driver.connection.divert({"TYPING_START"}, lambda payload: True)
        driver.connection.divert(set(), lambda payload: True)
        driver.dispatch("TYPING_START")
        assert driver.take_names() == ["TYPING_START"]
