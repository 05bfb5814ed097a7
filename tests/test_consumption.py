"""What has come back from the user, and of which session."""

from __future__ import annotations

from core_driver import message
from gateway_core.consumption import Consumption, LiveSession
from gateway_core.decoding import Payload
from gateway_core.session import Session


def dispatch(sequence: int | None) -> Payload:
    return message(0, {}, sequence, "A")


def test_nothing_yet() -> None:
    consumption = Consumption()
    assert consumption.session() is None
    consumption.begin(1, 1, LiveSession("a", None))
    assert consumption.session() is None


def test_follows_what_comes_back() -> None:
    consumption = Consumption()
    consumption.begin(0, 50, LiveSession("a", "wss://r"))
    assert consumption.session() == Session("a", 50, "wss://r")
    consumption.advance(dispatch(53))
    assert consumption.session() == Session("a", 53, "wss://r")
    consumption.advance(dispatch(None))
    assert consumption.session() == Session("a", 53, "wss://r")
    assert consumption.count == 2


def test_changes_sessions_when_all_of_the_old_one_has_come_back() -> None:
    old, new = LiveSession("old", None), LiveSession("new", None)
    consumption = Consumption()
    consumption.begin(0, 10, old)
    consumption.begin(3, 1, new)  # two events of the old session, and READY of the new one
    for sequence in (11, 12):
        consumption.advance(dispatch(sequence))
        assert consumption.session() == Session("old", sequence)
    consumption.advance(dispatch(1))
    assert consumption.session() == Session("new", 1)
    consumption.advance(dispatch(2))
    assert consumption.session() == Session("new", 2)


def test_a_ready_that_is_filtered_out_is_not_waited_for() -> None:
    consumption = Consumption()
    consumption.begin(0, 10, LiveSession("old", None))
    consumption.begin(1, 1, LiveSession("new", None))
    assert consumption.session() == Session("old", 10)
    consumption.advance(dispatch(11))
    assert consumption.session() == Session("new", 1)


def test_odd_numbers() -> None:
    consumption = Consumption()
    consumption.begin(0, 500, LiveSession("old", None))
    consumption.begin(2, 1, LiveSession("new", None))
    consumption.advance(dispatch(501))
    consumption.advance(dispatch(-5))  # READY
    assert consumption.session() == Session("new", 1)
    consumption.advance(dispatch(None))
    assert consumption.session() == Session("new", 1)
    consumption.advance(dispatch(-7))
    assert consumption.session() == Session("new", 1)
    consumption.advance(dispatch(2))
    consumption.advance(dispatch(None))
    assert consumption.session() == Session("new", 2)


def test_the_number_of_another_session_means_nothing() -> None:
    consumption = Consumption()
    consumption.begin(0, 500, LiveSession("old", None))
    consumption.begin(1, 1, LiveSession("new", None))
    consumption.advance(dispatch(501))
    consumption.advance(dispatch(None))
    assert consumption.session() == Session("new", 1)


def test_sessions_that_are_over_or_cannot_be_resumed_are_not_exported() -> None:
    over = LiveSession("over", None, alive=False)
    consumption = Consumption()
    consumption.begin(0, 10, over)
    assert consumption.session() is None
    consumption.begin(0, 1, None)
    assert consumption.session() is None


def test_a_changed_resume_url_is_exported_at_once() -> None:
    live = LiveSession("a", "wss://dead")
    consumption = Consumption()
    consumption.begin(0, 1, live)
    live.resume_url = None
    assert consumption.session() == Session("a", 1, None)
