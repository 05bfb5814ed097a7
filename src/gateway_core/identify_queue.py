"""Whose turn it is to identify.

Discord lets a bot start one session per 5 seconds for each remainder of shard number by
``max_concurrency``; who identifies sooner is refused. A queue hands out the turns. Shards of one
process share a `LocalIdentifyQueue`; several processes of one bot need a queue of their own making
that all of them ask.

Algorithm: one line a remainder ("bucket"), lowest shard number first, since shards are to start in
order. Whoever is at the head waits until 5 seconds after the turn before. Who is cancelled while
waiting leaves the line and costs nobody a turn. When ``max_concurrency`` changes, those in line go
over to the new lines, whose first turn is 5 seconds after the last one of the old. The session
start limit is counted beside it: when nothing is left, nobody waits in line, but is told when to
come again.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from typing import TYPE_CHECKING, Final, Protocol, runtime_checkable

from .errors import SessionStartLimitReached

if TYPE_CHECKING:
    from .http import SessionStartLimit
    from .sharding import ShardId

__all__ = ["IdentifyQueue", "LocalIdentifyQueue", "NoQueue"]

_INTERVAL: Final = 5.0
_PERIOD: Final = 24 * 3600.0
_MARGIN: Final = 0.1
"""Seconds added, since a turn taken late on the way to Discord brings the next one closer."""


@runtime_checkable
class IdentifyQueue(Protocol):
    """Hands out turns to identify.

    It is awaited on the event loop on which the user entered the Shard or Cluster.

    Source:
        Discord documentation, "Gateway", sections "Rate Limiting" and "Max Concurrency".
    """

    async def acquire(self, shard_id: ShardId, /) -> None:
        """Return when this shard may identify.

        A shard that no longer wants its turn cancels the call: its place must then go to the next.
        An exception ends the shard, which raises it from its iteration, but for
        `SessionStartLimitReached` with a `retry_after`: then the shard asks again after so long.
        """


class LocalIdentifyQueue:
    """Turns for the shards of one process.

    Args:
        max_concurrency: of the session start limit, see `gateway_core.http.fetch_gateway_bot`.

    Raises:
        ValueError: `max_concurrency` is less than 1.

    Source:
        Discord documentation, "Gateway", sections "Rate Limiting", "Max Concurrency" and "Session
        Start Limit Object".
    """

    def __init__(self, max_concurrency: int = 1) -> None:
        if max_concurrency < 1:
            raise ValueError(f"max_concurrency must be at least 1, not {max_concurrency}")
        self._buckets = [_Bucket(0.0) for _ in range(max_concurrency)]
        self._total: int | None = None
        self._remaining = 0
        self._reset_at = 0.0

    @classmethod
    def of(cls, limit: SessionStartLimit) -> LocalIdentifyQueue:
        """Make a queue that keeps a session start limit."""
        queue = cls(limit.max_concurrency)
        queue.update(limit)
        return queue

    def __repr__(self) -> str:
        left = "" if self._total is None else f", {self._remaining} of {self._total} left"
        return f"LocalIdentifyQueue(max_concurrency={len(self._buckets)}{left})"

    @property
    def remaining(self) -> int | None:
        """How many identifies are left in this period, None where no limit was given."""
        if self._total is None:
            return None
        self._renew(_now())
        return self._remaining

    def update(self, limit: SessionStartLimit) -> None:
        """Go by what Discord says now; other processes may have identified too."""
        self._total = limit.total
        self._remaining = limit.remaining
        self._reset_at = _now() + limit.reset_after
        if limit.max_concurrency != len(self._buckets):
            last = max(bucket.next_turn for bucket in self._buckets)
            for bucket in self._buckets:
                bucket.over = True
            self._buckets = [_Bucket(last) for _ in range(limit.max_concurrency)]

    async def acquire(self, shard_id: ShardId, /) -> None:
        """Return when 5 seconds have passed since the bucket's turn before.

        Raises:
            SessionStartLimitReached: none is left; `retry_after` says for how long.
        """
        self._check()
        while True:
            bucket = self._buckets[shard_id.number % len(self._buckets)]
            await bucket.acquire(shard_id.number)
            if not bucket.over:
                break
        self._check()
        self._remaining -= 1

    def _check(self) -> None:
        now = _now()
        self._renew(now)
        if self._total is not None and self._remaining < 1:
            raise SessionStartLimitReached(
                f"all of the {self._total} sessions that may be started in 24 hours are: find out "
                "what identifies so often",
                retry_after=self._reset_at - now,
            )

    def _renew(self, now: float) -> None:
        if self._total is not None and now >= self._reset_at:
            self._remaining = self._total
            self._reset_at = now + _PERIOD


def _now() -> float:
    try:
        return asyncio.get_running_loop().time()
    except RuntimeError:
        return time.monotonic()


class _Bucket:
    """The line of those who share one remainder."""

    __slots__ = ("_arrivals", "_held", "_line", "next_turn", "over")

    def __init__(self, next_turn: float) -> None:
        self.next_turn = next_turn
        self.over = False
        """Whether other lines are in its place: then it gives no turns, and empties at once."""
        self._held = False
        self._line: list[tuple[int, int, asyncio.Future[None]]] = []
        self._arrivals = itertools.count()

    async def acquire(self, number: int) -> None:
        loop = asyncio.get_running_loop()
        if self._held:
            turn = loop.create_future()
            place = (number, next(self._arrivals), turn)
            heapq.heappush(self._line, place)
            try:
                await turn
            except asyncio.CancelledError:
                if turn.cancelled():
                    self._line = [other for other in self._line if other is not place]
                    heapq.heapify(self._line)
                else:
                    self._pass_on()
                raise
        self._held = True
        try:
            pause = self.next_turn - loop.time()
            if pause > 0:
                await asyncio.sleep(pause)
            if not self.over:
                self.next_turn = loop.time() + _INTERVAL + _MARGIN
        finally:
            self._pass_on()

    def _pass_on(self) -> None:
        """Let the next one come to the head of the line."""
        while self._line:
            turn = heapq.heappop(self._line)[2]
            if not turn.done():
                turn.set_result(None)
                return
        self._held = False


class NoQueue:
    """Every shard may identify at once: for a gateway proxy that keeps the limits itself."""

    def __repr__(self) -> str:
        return "NoQueue()"

    async def acquire(self, shard_id: ShardId, /) -> None:
        """Return at once."""
