"""How long to wait before the next attempt to connect.

Algorithm: exponential backoff with "equal jitter". The first delay after a success is random
between 0 and the base, so that the shards of a cluster that lost their connections together do
not come back together. Each delay after is random within the upper half of a span that doubles up
to the cap: half of it is certain, so that a server that accepts and drops at once is not hammered,
and half is random, so that clients spread.

Source:
    Marc Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
"""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["Backoff"]


class Backoff:
    """Delays that grow until `reset`.

    Args:
        base: the scale of the delays, in seconds.
        cap: the longest delay, in seconds.
        random: gives a float from 0 up to 1.
    """

    __slots__ = ("_base", "_cap", "_random", "attempts")

    attempts: int
    """How many delays were given since the last reset."""

    def __init__(self, base: float, cap: float, random: Callable[[], float]) -> None:
        self._base = base
        self._cap = cap
        self._random = random
        self.attempts = 0

    def next_delay(self) -> float:
        """Give the next delay, in seconds."""
        attempts = self.attempts
        self.attempts = attempts + 1
        if attempts == 0:
            return self._base * self._random()
        # The exponent is bounded, since a shard may try for weeks.
        span = min(self._cap, self._base * 2.0 ** min(attempts, 64))
        return span / 2 + span / 2 * self._random()

    def reset(self) -> None:
        """Begin anew, after a success."""
        self.attempts = 0
