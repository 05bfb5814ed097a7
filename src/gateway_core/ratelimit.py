"""Discord's limit of 120 messages in 60 seconds for what a connection sends.

Algorithm: sliding-window log. The times of the messages of the last 60 seconds are kept; another
may go if fewer than 120 are. It needs one float a message, and is exact for every window, which
the cheaper fixed window (twice the limit around its edge) and token bucket (burst plus refill
within one window) are not; and going over the limit costs the connection, so exactness is worth
120 floats.

Room is reserved: each kind of message says how many more must still fit after it. Interval
heartbeats go whenever they are due, so every other kind leaves room for as many of them as a
window can hold; commands leave a little more, for heartbeats that Discord asks for.

Source:
    Discord documentation, "Gateway", section "Rate Limiting".
"""

from __future__ import annotations

from collections import deque

__all__ = ["CommandRateLimiter"]


class CommandRateLimiter:
    """Counts what one connection sends.

    Attributes:
        limit: how many messages a period may hold.
        period: in seconds.
    """

    __slots__ = ("_log", "limit", "period")

    def __init__(self, limit: int = 120, period: float = 60.0) -> None:
        self.limit = limit
        self.period = period
        self._log: deque[float] = deque()

    def reset(self) -> None:
        """Begin anew: the limit is for each connection."""
        self._log.clear()

    def record(self, now: float) -> None:
        """Count a message that is sent now."""
        self._expire(now)
        self._log.append(now)

    def available(self, now: float) -> int:
        """Say how many messages may still be sent now, reserved room included.

        Callable from any thread: it changes nothing.
        """
        recent = sum(at + self.period > now for at in tuple(self._log))
        return max(0, self.limit - recent)

    def next_free(self, now: float, reserve: int) -> float:
        """Say when a message may be sent after which `reserve` more would still fit.

        Returns:
            `now` if it may be sent at once, else a later time.
        """
        self._expire(now)
        surplus = len(self._log) - (self.limit - reserve - 1)
        return now if surplus <= 0 else self._log[surplus - 1] + self.period

    def _expire(self, now: float) -> None:
        log = self._log
        while log and log[0] + self.period <= now:
            log.popleft()
