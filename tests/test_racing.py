"""Races: contestants take turns, medians are compared."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from gateway_core import ZlibStreamDecoder, ZstdStreamDecoder
from gateway_core._bench.racing import Row, groups, measure, race, ratio_lines
from gateway_core._bench.streams import MIXES, recorded, stream
from gateway_core.recording import Recording
from recording_driver import Message, record


def test_contestants_take_turns() -> None:
    turns: list[str] = []
    contestants = {name: partial(turns.append, name) for name in "abc"}
    durations = race(contestants, 3, lambda: turns.append("."))
    assert "".join(turns) == "a.b.c." * 4
    assert {name: len(found) for name, found in durations.items()} == {"a": 3, "b": 3, "c": 3}


def test_a_contestant_may_measure_itself() -> None:
    results = iter([99.0, 1.0, 3.0, 2.0])
    durations = race({"a": lambda: next(results)}, 3)
    assert durations == {"a": [1.0, 3.0, 2.0]}  # what warmed it up does not count


def test_work_takes_time() -> None:
    durations = race({"little": lambda: None, "much": lambda: sum(range(300_000))}, 3)
    assert min(durations["much"]) > max(durations["little"])


def test_medians_are_compared() -> None:
    durations = {"base": [3.0, 1.0, 2.0], "fast": [0.5, 9.0, 0.25]}
    row = measure("g", "fast", "base", 1000, durations)
    assert row == {
        "group": "g",
        "contestant": "fast",
        "baseline": "base",
        "ratio": 4.0,
        "us_per_message": 500.0,
    }


def test_the_slowest_comes_first() -> None:
    def row(group: str, name: str, ratio: float) -> Row:
        return Row(
            group=group, contestant=name, baseline="b", ratio=ratio, us_per_message=1 / ratio
        )

    rows = [row("y", "one", 2.0), row("x", "two", 3.0), row("x", "three", 0.5)]
    assert [
        (group, [found["contestant"] for found in members]) for group, members in groups(rows)
    ] == [("x", ["three", "two"]), ("y", ["one"])]
    lines = list(ratio_lines(rows))
    assert lines[1] == "x (b = 1.00)"
    assert lines[2].split() == ["three", "0.50", "x", "2.00", "µs", "a", "message"]


@pytest.mark.parametrize("mix", MIXES)
def test_streams_decode_to_their_texts(mix: str) -> None:

    found = stream(mix)
    for decoder, frames in (
        (ZlibStreamDecoder(), found.zlib_frames),
        (ZstdStreamDecoder(), found.zstd_frames),
    ):
        payloads = [decoder.feed(frame) for frame in frames]
        assert [payload and payload.raw for payload in payloads] == list(found.texts)


def test_of_a_long_recording_the_beginning_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:

    monkeypatch.setattr("gateway_core._bench.streams._MOST_BYTES", 100)
    messages: list[Message] = [(0.0, b'{"op":0,"d":%d}' % number) for number in range(10, 99)]
    path = record(tmp_path / "r", messages).path
    assert recorded(Recording(path)).texts == tuple(text for _, text in messages[:6])
