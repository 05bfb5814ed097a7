"""Interleaved timing: every contestant once a round, so that a machine's moods hit all alike.

pytest-benchmark times one contestant after the other. `Race` times them in turn, once, and then
lets pytest-benchmark see each contestant's recorded durations through its `timer` option: its
tables, JSON and comparisons work as ever.
"""

from __future__ import annotations

import gc
import os
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal

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
        self._durations: dict[str, list[float]] = {name: [] for name in contestants}
        rounds = ROUNDS if processes == "shared" else ROUNDS // 3
        for round_number in range(rounds + 1):
            for name, contestant in contestants.items():
                gc.collect()
                start = time.process_time_ns()
                measured = contestant()
                duration = (time.process_time_ns() - start) / 1e9
                if round_number:  # the first warms caches and allocators
                    self._durations[name].append(
                        measured if isinstance(measured, float) else duration
                    )

    def report(self, benchmark: Any, name: str) -> None:
        """Hand a contestant's durations to pytest-benchmark, with its ratio as extra info."""
        durations = self._durations[name]
        median = statistics.median(durations)
        benchmark.extra_info.update(
            contestant=name,
            baseline=self._baseline,
            ratio=round(statistics.median(self._durations[self._baseline]) / median, 3),
            us_per_message=round(median / self._messages * 1e6, 3),
        )
        replay.load(durations)
        benchmark.pedantic(_nothing, rounds=len(durations), iterations=1)


def _nothing() -> None:
    """Stands where pytest-benchmark calls the work, which is done and timed already."""
