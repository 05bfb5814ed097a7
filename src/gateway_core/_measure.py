"""What is measured on request alone, because it costs something for every message.

Algorithm: a histogram of fixed buckets, each measurement counted in the first that holds it; one
bisection and two readings of the clock a frame.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from time import perf_counter
from typing import Final

from .events import Event

__all__ = ["DecodeTimes", "Measurements"]

_BOUNDS: Final = (
    *(1e-5, 2.5e-5, 5e-5),
    *(1e-4, 2.5e-4, 5e-4),
    *(1e-3, 2.5e-3, 5e-3),
    *(1e-2, 2.5e-2, 5e-2),
    *(0.1, 0.25, 0.5),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodeTimes:
    """How long frames took from their arrival to their event.

    Objects are built later, when the consumer asks for `d`; that is not in it.

    Attributes:
        buckets: upper bounds in seconds, with the number of frames that took at most so long and
            longer than the bound before.
        slower: frames that took longer than the last bound.
        total: seconds of all frames together.
    """

    buckets: tuple[tuple[float, int], ...]
    slower: int
    total: float


class Measurements:
    """Counts the events of one shard by name, and times its frames."""

    __slots__ = ("_counts", "_total", "events")

    def __init__(self) -> None:
        self.events: dict[str, int] = {}
        """How many dispatches were handed over, by name."""
        self._counts = [0] * (len(_BOUNDS) + 1)
        self._total = 0.0

    @property
    def decoding(self) -> DecodeTimes:
        """How long frames have taken so far."""
        *counts, slower = self._counts
        return DecodeTimes(
            buckets=tuple(zip(_BOUNDS, counts, strict=True)), slower=slower, total=self._total
        )

    def count(self, events: Iterable[Event]) -> None:
        """Count dispatches; control events go by the name that they have not."""
        counts = self.events
        for event in events:
            name = getattr(event, "t", None)
            if name is not None:
                counts[name] = counts.get(name, 0) + 1

    def timed(
        self, receive: Callable[[bytes | str, float], None]
    ) -> Callable[[bytes | str, float], None]:
        """Give a function that does the same and is timed."""
        counts = self._counts

        def receive_timed(frame: bytes | str, now: float) -> None:
            start = perf_counter()
            receive(frame, now)
            seconds = perf_counter() - start
            counts[bisect_left(_BOUNDS, seconds)] += 1
            self._total += seconds

        return receive_timed
