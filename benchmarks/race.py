"""Interleaved timing: every contestant once a round, so that a machine's moods hit all alike.

pytest-benchmark times one contestant after the other. `Race` times them in turn, once, and then
lets pytest-benchmark see each contestant's recorded durations through its `timer` option: its
tables, JSON and comparisons work as ever.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

ROUNDS = 15


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
    """The durations, in seconds, of all contestants over the same work."""

    def __init__(
        self, contestants: Mapping[str, Callable[[], object]], rounds: int = ROUNDS
    ) -> None:
        self.durations: dict[str, list[float]] = {name: [] for name in contestants}
        for round_number in range(rounds + 1):
            for name, contestant in contestants.items():
                gc.collect()
                start = time.perf_counter()
                contestant()
                duration = time.perf_counter() - start
                if round_number:  # the first warms caches and allocators
                    self.durations[name].append(duration)

    def ratio(self, name: str, to: str) -> float:
        """How many times faster `name` is than `to`, by medians."""
        return statistics.median(self.durations[to]) / statistics.median(self.durations[name])

    def report(self, benchmark: Any, name: str, *, baseline: str, messages: int) -> None:
        """Hand a contestant's durations to pytest-benchmark, with its ratio as extra info."""
        durations = self.durations[name]
        replay.load(durations)
        benchmark.extra_info["ratio"] = round(self.ratio(name, baseline), 3)
        benchmark.extra_info["baseline"] = baseline
        benchmark.extra_info["us_per_message"] = round(
            statistics.median(durations) / messages * 1e6, 3
        )
        benchmark.pedantic(_nothing, rounds=len(durations), iterations=1)


def _nothing() -> None:
    """Stands where pytest-benchmark calls the work, which is done and timed already."""
