"""Interleaved timing for pytest-benchmark, which times one contestant after the other.

`Race` times them in turn, once, and then lets pytest-benchmark see each contestant's recorded
durations through its `timer` option: its tables, JSON and comparisons work as ever.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal

from gateway_core._bench.racing import Durations, measure, race

ROUNDS = int(os.environ.get("GATEWAY_CORE_BENCH_ROUNDS", "25"))
"""Of contestants in this process; those in processes of their own run a third as often."""


class ReplayTimer:
    """A timer whose successive differences are durations that were measured before."""

    def __init__(self) -> None:
        self._readings: Iterator[float] = iter(())

    def load(self, durations: list[float]) -> None:
        self._readings = iter([edge for duration in durations for edge in (0.0, duration)])

    def __call__(self) -> float:
        return next(self._readings)


replay = ReplayTimer()


class Race:
    """The durations, in seconds of CPU time, of all contestants over the same work.

    A contestant that returns a float has measured itself, in a process of its own.
    """

    def __init__(
        self,
        contestants: Mapping[str, Callable[[], object]],
        baseline: str,
        messages: int,
        processes: Literal["shared", "own"] = "shared",
    ) -> None:
        self._baseline = baseline
        self._messages = messages
        rounds = ROUNDS if processes == "shared" else ROUNDS // 3
        self._durations: Durations = race(contestants, rounds)

    def report(self, benchmark: Any, name: str) -> None:
        """Hand a contestant's durations to pytest-benchmark, with its ratio as extra info."""
        durations = self._durations[name]
        row = measure(benchmark.group, name, self._baseline, self._messages, self._durations)
        benchmark.extra_info.update(row)
        replay.load(durations)
        benchmark.pedantic(_nothing, rounds=len(durations), iterations=1)


def _nothing() -> None:
    """Stands where pytest-benchmark calls the work, which is done and timed already."""
