"""When to send heartbeats, and when their silence means that the connection is dead.

The first interval heartbeat comes at a random point of the first interval, every other one an
interval after the one before was really sent: a late wake-up shifts those after it, and never
makes two of them close.

A connection is a zombie if, when an interval heartbeat is due, nothing was confirmed since the
one before. Two things can hide a confirmation that did arrive, and suspend the rule:

- Reading is paused because the user is slow. While it is, nothing is judged; afterwards the rule
  begins anew with the next heartbeat.
- The process itself did not run (a blocked loop, a sleeping laptop). It shows as a heartbeat that
  is sent long after it was due: the confirmation may lie unread in the socket, so this once
  nothing is judged.

Heartbeats that Discord asks for are sent beside these and do not shift them. Those that cannot be
sent at once for the command limit's sake are merged into one, and any heartbeat sent answers them.

Source:
    Discord documentation, "Gateway", section "Sending Heartbeats".
"""

from __future__ import annotations

import math

__all__ = ["Heartbeat"]


class Heartbeat:
    """The heartbeats of one connection.

    Args:
        interval: seconds between heartbeats, from hello.
        now: when hello came.
        jitter: where in the first interval the first heartbeat comes, from 0 to 1.
    """

    __slots__ = ("_acknowledged", "_paused", "interval", "next_at", "requested")

    interval: float
    """Seconds between interval heartbeats."""
    next_at: float
    """When the next interval heartbeat is due."""
    requested: bool
    """Whether Discord has asked for a heartbeat that is not yet sent."""

    def __init__(self, interval: float, now: float, jitter: float) -> None:
        self.interval = interval
        self.next_at = now + interval * jitter
        self.requested = False
        self._acknowledged = True
        self._paused = False

    @property
    def late(self) -> float:
        """How many seconds after its time a heartbeat says that the process did not run."""
        return max(1.0, self.interval / 10)

    def most_within(self, period: float) -> int:
        """Say how many interval heartbeats a period (seconds) can hold."""
        return math.floor(period / self.interval) + 1

    @property
    def awaits_confirmation(self) -> bool:
        """Whether the last one is unconfirmed, and that says something."""
        return not (self._acknowledged or self._paused)

    def is_zombie(self, now: float) -> bool:
        """Say whether the connection is dead; asked when an interval heartbeat is due."""
        return self.awaits_confirmation and now - self.next_at <= self.late

    def sent(self, now: float, *, interval: bool) -> None:
        """Note that a heartbeat is sent: because the interval is over, or on request."""
        self.requested = False
        if interval:
            self.next_at = now + self.interval
            self._acknowledged = False

    def acknowledged(self) -> None:
        """Note a confirmation."""
        self._acknowledged = True

    def pause(self) -> None:
        """Suspend the zombie rule: confirmations cannot be seen."""
        self._paused = True

    def resume(self) -> None:
        """Let the zombie rule begin anew."""
        self._paused = False
        self._acknowledged = True
