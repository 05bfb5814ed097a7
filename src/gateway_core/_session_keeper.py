"""Keeps a store of sessions in step with a cluster."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, TypeVar

from .session import Session
from .session_store import SessionStore
from .sharding import ShardId

__all__ = ["SessionKeeper"]

_T = TypeVar("_T")


class SessionKeeper:
    """Saves what has changed, forgets what has ended; one round at a time.

    Who is cancelled does not take the store's calls along: a thread that writes a file cannot be
    stopped. The shard's next call waits for them, since calls for one shard must not overlap.

    Args:
        store: the user's.
    """

    def __init__(self, store: SessionStore) -> None:
        self._store = store
        self._kept: dict[ShardId, Session] = {}
        self._unsure: set[ShardId] = set()
        """Shards of which the store has not said that it has done what it was told."""
        self._calls: dict[ShardId, asyncio.Task[Any]] = {}
        """The last call for each shard; a cancellation may have left it behind."""
        self._lock = asyncio.Lock()

    async def load(self, shard_ids: Iterable[ShardId]) -> dict[ShardId, Session]:
        """Give the stored sessions of these shards.

        Raises:
            Exception: what the store raises.
        """
        shard_ids = tuple(shard_ids)
        found = await asyncio.gather(*(self._call(self._store.load, s) for s in shard_ids))
        sessions = {
            shard_id: session
            for shard_id, session in zip(shard_ids, found, strict=True)
            if session is not None
        }
        self._kept |= sessions
        return sessions

    async def keep(self, sessions: Mapping[ShardId, Session | None]) -> None:
        """Bring the store to this state; shards that are not named stay as they are.

        Raises:
            Exception: what the store raises; what could not be saved is tried again next time.
        """
        async with self._lock:
            await self._bring(sessions)

    async def keep_up(
        self, look: Callable[[], Awaitable[Mapping[ShardId, Session | None]]]
    ) -> None:
        """Bring the store to the state that `look` gives; nothing newer is kept before it.

        Raises:
            Exception: as `keep` does.
        """
        async with self._lock:
            await self._bring(await look())

    async def _bring(self, sessions: Mapping[ShardId, Session | None]) -> None:
        # One that fails does not leave the others behind: they would overtake the next round.
        results = await asyncio.gather(
            *(
                self._keep(shard_id, session)
                for shard_id, session in sessions.items()
                if session != self._kept.get(shard_id) or shard_id in self._unsure
            ),
            return_exceptions=True,
        )
        for result in results:
            if result is not None:
                raise result

    async def _keep(self, shard_id: ShardId, session: Session | None) -> None:
        self._unsure.add(shard_id)
        if session is None:
            await self._call(self._store.forget, shard_id)
            self._kept.pop(shard_id, None)
        else:
            await self._call(self._store.save, shard_id, session)
            self._kept[shard_id] = session
        self._unsure.discard(shard_id)

    async def _call(
        self, call: Callable[..., Awaitable[_T]], shard_id: ShardId, *arguments: Session
    ) -> _T:
        before = self._calls.get(shard_id)

        async def in_turn() -> _T:
            if before is not None:
                await asyncio.wait((before,))
            return await call(shard_id, *arguments)

        self._calls[shard_id] = task = asyncio.create_task(in_turn())
        return await asyncio.shield(task)
