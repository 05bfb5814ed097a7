"""When the shards on one event loop may have to send a heartbeat, for whoever keeps it busy.

An event loop looks at its timers only between two rounds of what is ready. With hundreds of sockets
that all have something, and a consumer on another thread from which each read must win the GIL
back, a round takes seconds, and heartbeats would be late by as much. So whoever has worked for a
moment checks here. Everything else waits for the loop's own timers, which also see what was read
in the round.
"""

from __future__ import annotations

import heapq
import itertools
from typing import Protocol

__all__ = ["Deadlines"]


class Beating(Protocol):
    """What sends heartbeats."""

    def beat_meanwhile(self) -> None:
        """Send a heartbeat if one is due."""


class Deadlines:
    """The deadlines of one event loop's shards; to be used on its thread only.

    Algorithm: a heap of the times that were noted. Those that are no longer meant are passed over
    when they come, and dropped when they are the most.
    """

    __slots__ = ("_heap", "_meant", "_noted")

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Beating]] = []
        self._meant: dict[Beating, tuple[float, int]] = {}
        self._noted = itertools.count()

    def set(self, shard: Beating, at: float | None) -> None:
        """Note when something is due, in place of what was noted before; None for never."""
        if at is None:
            self._meant.pop(shard, None)
            return
        number = next(self._noted)
        self._meant[shard] = (at, number)
        heap = self._heap
        heapq.heappush(heap, (at, number, shard))
        if len(heap) > 64 + 4 * len(self._meant):
            heap[:] = [(*meant, each) for each, meant in self._meant.items()]
            heapq.heapify(heap)

    def check(self, now: float) -> None:
        """Let those beat whose time has come, each once for every time that it has set."""
        heap = self._heap
        while heap and heap[0][0] <= now:
            at, number, shard = heapq.heappop(heap)
            if self._meant.get(shard) == (at, number):
                del self._meant[shard]
                shard.beat_meanwhile()
