"""When the shards on one event loop may have to send a heartbeat, for whoever keeps it busy.

An event loop looks at its timers only between two rounds of what is ready. With hundreds of sockets
that all have something, and a consumer on another thread from which each read must win the GIL
back, a round takes seconds, and heartbeats would be late by as much. So whoever has worked for a
moment checks here. Everything else waits for the loop's own timers, which also see what was read
in the round.
"""

from __future__ import annotations

import math
from typing import Protocol

__all__ = ["Deadlines"]


class Beating(Protocol):
    """What sends heartbeats."""

    def beat_meanwhile(self) -> None:
        """Send a heartbeat if one is due."""


class Deadlines:
    """The deadlines of one event loop's shards; to be used on its thread only."""

    __slots__ = ("_at", "_earliest")

    def __init__(self) -> None:
        self._at: dict[Beating, float] = {}
        self._earliest = math.inf  # or earlier

    def set(self, shard: Beating, at: float | None) -> None:
        """Note when something is due, in place of what was noted before; None for never."""
        if at is None:
            self._at.pop(shard, None)
            return
        self._at[shard] = at
        if at < self._earliest:
            self._earliest = at

    def check(self, now: float) -> None:
        """Let those beat whose time has come, each once for every time that it has set."""
        if now < self._earliest:
            return
        due = [shard for shard, at in self._at.items() if at <= now]
        for shard in due:
            self._at[shard] = math.inf
        self._earliest = min(self._at.values(), default=math.inf)
        for shard in due:
            shard.beat_meanwhile()
