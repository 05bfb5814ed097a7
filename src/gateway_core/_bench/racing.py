"""Interleaved timing: every contestant once a round, so that a machine's moods hit all alike."""

from __future__ import annotations

import gc
import itertools
import statistics
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypedDict

__all__ = ["Durations", "Row", "groups", "measure", "race", "ratio_lines"]

Durations = Mapping[str, list[float]]
"""Seconds of CPU time of each contestant, a round after another."""


class Row(TypedDict):
    """A contestant's result in one group of contestants."""

    group: str
    contestant: str
    baseline: str
    ratio: float
    """How many times faster than the baseline, of medians."""
    us_per_message: float
    """Median microseconds of CPU time a message."""


def race(
    contestants: Mapping[str, Callable[[], object]],
    rounds: int,
    on_turn: Callable[[], None] = lambda: None,
) -> Durations:
    """Time all contestants in turn.

    Args:
        contestants: the work of each. One that returns a float has measured itself, in a process
            of its own.
        rounds: how many are measured; one more goes before, to warm caches and allocators.
        on_turn: called after each turn of a contestant, outside of what is timed.
    """
    durations: dict[str, list[float]] = {name: [] for name in contestants}
    for round_number in range(rounds + 1):
        for name, contestant in contestants.items():
            gc.collect()
            start = time.process_time_ns()
            measured = contestant()
            duration = (time.process_time_ns() - start) / 1e9
            if round_number:
                durations[name].append(measured if isinstance(measured, float) else duration)
            on_turn()
    return durations


def measure(group: str, name: str, baseline: str, messages: int, durations: Durations) -> Row:
    """Compare a contestant with the baseline.

    Args:
        group: what all of them did.
        name: the contestant.
        baseline: the contestant that counts as 1.
        messages: how many messages the work was.
        durations: what `race` gave.
    """
    median = statistics.median(durations[name])
    return Row(
        group=group,
        contestant=name,
        baseline=baseline,
        ratio=round(statistics.median(durations[baseline]) / median, 3),
        us_per_message=round(median / messages * 1e6, 3),
    )


def groups(rows: Iterable[Row]) -> Iterator[tuple[str, list[Row]]]:
    """Yield each group with its rows, the slowest first."""
    ordered = sorted(rows, key=lambda row: (row["group"], row["ratio"]))
    for group, members in itertools.groupby(ordered, key=lambda row: row["group"]):
        yield group, list(members)


def ratio_lines(rows: Iterable[Row]) -> Iterator[str]:
    """Yield the lines of a table for a terminal."""
    for group, members in groups(rows):
        yield ""
        yield f"{group} ({members[0]['baseline']} = 1.00)"
        for row in members:
            yield (
                f"  {row['contestant']:42} {row['ratio']:6.2f} x "
                f"{row['us_per_message']:10.2f} µs a message"
            )
