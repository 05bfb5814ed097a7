"""Whose turn it is to identify.

Discord lets a bot start one session per 5 seconds for each remainder of shard number by
``max_concurrency``; who identifies sooner is refused. A queue hands out the turns. Shards of one
process share a `LocalIdentifyQueue`; several processes of one bot need a queue of their own making
that all of them ask.

Algorithm: one fair lock a remainder ("bucket"), held while its holder sleeps until 5 seconds after
the turn before. Who is cancelled while waiting leaves the line and costs nobody a turn.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, Protocol, runtime_checkable

if TYPE_CHECKING:
    from .sharding import ShardId

__all__ = ["IdentifyQueue", "LocalIdentifyQueue", "NoQueue"]

_INTERVAL: Final = 5.0
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
        An exception ends the shard, which raises it from its iteration.
        """


class LocalIdentifyQueue:
    """Turns for the shards of one process.

    Args:
        max_concurrency: of the session start limit, see `gateway_core.http.fetch_gateway_bot`.

    Raises:
        ValueError: `max_concurrency` is less than 1.

    Source:
        Discord documentation, "Gateway", sections "Rate Limiting" and "Max Concurrency".
    """

    def __init__(self, max_concurrency: int = 1) -> None:
        if max_concurrency < 1:
            raise ValueError(f"max_concurrency must be at least 1, not {max_concurrency}")
        self._buckets = [_Bucket() for _ in range(max_concurrency)]

    def __repr__(self) -> str:
        return f"LocalIdentifyQueue(max_concurrency={len(self._buckets)})"

    async def acquire(self, shard_id: ShardId, /) -> None:
        """Return when 5 seconds have passed since the bucket's turn before."""
        await self._buckets[shard_id.number % len(self._buckets)].acquire()


class _Bucket:
    """The line of those who share one remainder."""

    __slots__ = ("_lock", "_next_turn")

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._next_turn = 0.0

    async def acquire(self) -> None:
        loop = asyncio.get_running_loop()
        async with self._lock:
            pause = self._next_turn - loop.time()
            if pause > 0:
                await asyncio.sleep(pause)
            self._next_turn = loop.time() + _INTERVAL + _MARGIN


class NoQueue:
    """Every shard may identify at once: for a gateway proxy that keeps the limits itself."""

    def __repr__(self) -> str:
        return "NoQueue()"

    async def acquire(self, shard_id: ShardId, /) -> None:
        """Return at once."""
