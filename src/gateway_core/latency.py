"""How long Discord takes to confirm heartbeats.

One measurement runs at a time: it begins with a heartbeat and ends with the next confirmation. A
heartbeat that Discord asked for while another is on its way is not measured, since confirmations
do not say which heartbeat they are for, but come in order.
"""

from __future__ import annotations

__all__ = ["Latency"]


class Latency:
    """The latency of a shard's connection, over all its connections."""

    __slots__ = ("_recent", "_sent_at", "_total", "measured")

    KEPT = 5
    """How many measurements `recent` holds."""

    measured: int
    """How many heartbeats were measured."""

    def __init__(self) -> None:
        self._recent: tuple[float, ...] = ()
        self._sent_at: float | None = None
        self._total = 0.0
        self.measured = 0

    def __repr__(self) -> str:
        return f"Latency(recent={self.recent}, average={self.average}, measured={self.measured})"

    @property
    def recent(self) -> tuple[float, ...]:
        """The last five measurements in seconds, the newest first."""
        return self._recent

    @property
    def average(self) -> float | None:
        """The mean of all measurements in seconds, None before the first."""
        return self._total / self.measured if self.measured else None

    def heartbeat_sent(self, now: float) -> None:
        """Begin a measurement, unless one runs."""
        if self._sent_at is None:
            self._sent_at = now

    def heartbeat_acknowledged(self, now: float) -> None:
        """End the measurement, if one runs."""
        if self._sent_at is None:
            return
        seconds = now - self._sent_at
        self._sent_at = None
        self._recent = (seconds, *self._recent[: self.KEPT - 1])
        self._total += seconds
        self.measured += 1

    def discard(self) -> None:
        """Give the running measurement up: its confirmation will not be seen in time."""
        self._sent_at = None
