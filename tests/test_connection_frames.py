"""Frames that come many at once are taken as they are one by one."""

from __future__ import annotations

from core_driver import SendText, active, text
from gateway_core.events import SequenceGap


def test_frames_are_taken_up_to_one_that_has_effects() -> None:
    driver = active()
    frames = iter(
        [
            text(0, {}, 2, "TYPING_START"),
            text(1),
            text(0, {}, 3, "MESSAGE_CREATE"),
            text(11),
            text(0, {}, 4, "MESSAGE_DELETE"),
        ]
    )
    receive = driver.connection.receive_frames
    assert receive(frames, driver.now)
    (beat,) = driver.connection.effects()
    assert isinstance(beat, SendText)
    assert driver.take_names() == ["TYPING_START"]
    assert not receive(frames, driver.now)
    assert driver.take_names() == ["MESSAGE_CREATE", "MESSAGE_DELETE"]
    assert next(frames, None) is None


def test_frames_after_a_lost_one_are_handed_out_with_a_gap() -> None:
    driver = active()
    frames = [text(0, {}, sequence, "TYPING_START") for sequence in (2, 4, 5)]
    assert not driver.connection.receive_frames(iter(frames), driver.now)
    events = driver.take_events()
    assert [getattr(event, "s", None) for event in events] == [2, None, 4, 5]
    assert isinstance(events[1], SequenceGap)


def test_frames_behind_one_that_cannot_be_understood_are_not_decoded() -> None:
    driver = active()
    frames = iter([text(0, {}, 2, "TYPING_START"), "no JSON", text(0, {}, 3, "TYPING_START")])
    receive = driver.connection.receive_frames
    assert receive(frames, driver.now)
    driver.take_effects()
    assert driver.take_names() == ["TYPING_START"]
    assert not receive(frames, driver.now)
    assert driver.take_names() == []
