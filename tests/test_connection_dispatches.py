"""Dispatches, from Discord to the user and back: the two sequences."""

from __future__ import annotations

from core_driver import (
    RESUME_URL,
    STORED,
    Driver,
    active,
    message,
)
from gateway_core.decoding import Payload
from gateway_core.events import (
    SequenceGap,
    UnknownOpcode,
)
from gateway_core.session import Session
from gateway_core.sharding import ShardState


class TestDispatches:
    def test_are_handed_on_in_order(self) -> None:
        driver = active()
        for name in "ABC":
            driver.dispatch(name)
        assert driver.take_names() == ["A", "B", "C"]
        assert driver.connection.sequence == 4

    def test_unwanted_ones_only_move_the_sequence(self) -> None:
        driver = active(wanted=frozenset({"A", "RESUMED"}))
        for name in "ABA":
            driver.dispatch(name)
        assert driver.take_names() == ["A", "A"]
        assert driver.connection.sequence == 4
        driver.dispatch("RATE_LIMITED", {"opcode": 8, "retry_after": 1, "meta": {}})
        assert driver.take_names() == []

    def test_ready_and_resumed_are_filtered_as_others_are(self) -> None:
        driver = Driver(wanted={"RESUMED"})
        driver.reach(ShardState.IDENTIFYING)
        driver.ready()
        assert driver.take_names() == []
        driver.lose()
        driver.reconnect()
        driver.hello()
        driver.dispatch("RESUMED")
        assert driver.take_names() == ["RESUMED"]

    def test_skipped_numbers_are_reported(self) -> None:
        driver = active()
        driver.sequence = 10
        driver.dispatch("LATER")
        gap, payload = driver.take_events()
        assert gap == SequenceGap(expected=2, received=11)
        assert isinstance(payload, Payload)
        assert driver.connection.sequence == 11

    def test_repetitions_are_dropped_and_reported(self) -> None:
        driver = active()
        driver.dispatch()
        driver.forget()
        driver.serve(0, {}, 2, "MESSAGE_CREATE")
        driver.serve(0, {}, -1, "MESSAGE_CREATE")
        assert driver.take_events() == [SequenceGap(3, 2), SequenceGap(3, -1)]
        assert driver.connection.sequence == 2

    def test_without_a_number_are_handed_on(self) -> None:
        driver = active()
        driver.serve(0, {}, None, "ODD")
        assert driver.take_names() == ["ODD"]
        assert driver.connection.sequence == 1

    def test_decoded_elsewhere(self) -> None:
        driver = active()
        driver.connection.receive(message(0, {}, 2, "ELSEWHERE"), driver.now)
        assert driver.take_names() == ["ELSEWHERE"]

    def test_an_unknown_opcode_is_reported_and_survived(self) -> None:
        driver = active()
        for op in (2, 99):
            driver.serve(op, "what?")
            (event,) = driver.take_events()
            assert isinstance(event, UnknownOpcode)
            assert event.op == event.payload.op == op
        assert driver.is_in(ShardState.ACTIVE)

    def test_resumed_out_of_place_is_a_dispatch_like_others(self) -> None:
        driver = active()
        driver.dispatch("RESUMED")
        assert driver.take_names() == ["RESUMED"]


class TestDivert:
    def test_some_are_taken_from_the_user(self) -> None:
        driver = active(wanted=frozenset({"A", "B"}))
        offered: list[str | None] = []

        def take(payload: Payload) -> bool:
            offered.append(payload.t)
            return bool(payload.d == {"mine": True})

        driver.connection.divert({"A", "C"}, take)
        driver.dispatch("A", {"mine": True})
        driver.dispatch("A")
        driver.dispatch("B", {"mine": True})
        driver.dispatch("C", {"mine": True})
        driver.dispatch("C")
        assert offered == ["A", "A", "C", "C"]
        assert driver.take_names() == ["A", "B"]
        assert driver.connection.sequence == 6
        assert driver.connection.pending == 2  # READY was filtered out

    def test_the_last_call_counts(self) -> None:
        driver = active()
        driver.connection.divert({"A"}, lambda payload: True)
        driver.connection.divert({"B"}, lambda payload: True)
        driver.dispatch("A")
        driver.dispatch("B")
        assert driver.take_names() == ["A"]


class TestConsumedSession:
    def test_is_none_before_any(self) -> None:
        assert Driver().connection.consumed_session is None

    def test_is_the_stored_one_to_begin_with(self) -> None:
        assert Driver(session=STORED).connection.consumed_session == STORED

    def test_follows_the_user_and_not_the_network(self) -> None:
        driver = active()
        ready = driver.connection
        assert ready.pending == 1
        assert ready.consumed_session is None
        payload = message(0, {}, 1, "READY")
        ready.consumed(payload)
        assert ready.consumed_session == Session("fresh", 1, RESUME_URL)
        driver.dispatch()
        driver.dispatch()
        assert ready.consumed_session == Session("fresh", 1, RESUME_URL)
        ready.consumed(message(0, {}, 2, "A"))
        assert ready.consumed_session == Session("fresh", 2, RESUME_URL)
        ready.consumed(message(0, {}, 3, "A"))
        assert ready.consumed_session == ready.session == Session("fresh", 3, RESUME_URL)
        assert ready.pending == 0
        assert ready.consumed_count == 3

    def test_is_not_held_back_by_what_was_filtered_out(self) -> None:
        driver = active(wanted=frozenset({"A"}))
        for _ in range(5):
            driver.dispatch("B")
        assert driver.connection.consumed_session == Session("fresh", 6, RESUME_URL)
        driver.dispatch("A")
        driver.dispatch("B")
        assert driver.connection.consumed_session == Session("fresh", 1, RESUME_URL)
        for payload in driver.take(Payload):
            driver.connection.consumed(payload)
        assert driver.connection.consumed_session == Session("fresh", 8, RESUME_URL)

    def test_of_a_lost_session_is_not_exported(self) -> None:
        driver = active()
        driver.dispatch()
        driver.connection.consumed(message(0, {}, 1, "READY"))
        driver.serve(9, False)
        assert driver.connection.consumed_session is None

    def test_changes_when_ready_of_the_new_session_has_come_back(self) -> None:
        driver = active()
        driver.lose(4009)
        driver.reconnect()
        driver.hello()
        driver.connection.identify_permitted(driver.now)
        driver.ready("second")
        driver.dispatch()
        second, third = driver.take(Payload)
        driver.connection.consumed(message(0, {}, 1, "READY"))
        assert driver.connection.consumed_session is None
        driver.connection.consumed(second)
        assert driver.connection.consumed_session == Session("second", 1, RESUME_URL)
        driver.connection.consumed(third)
        assert driver.connection.consumed_session == Session("second", 2, RESUME_URL)

    def test_survives_closing(self) -> None:
        driver = active()
        driver.dispatch()
        driver.connection.close(driver.now, resumable=True)
        driver.lose(4000)
        driver.connection.consumed(message(0, {}, 1, "READY"))
        assert driver.connection.consumed_session == Session("fresh", 1, RESUME_URL)
