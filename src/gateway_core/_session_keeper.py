"""Keeps a store of sessions in step with a cluster."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping

from .session import Session
from .session_store import SessionStore
from .sharding import ShardId

__all__ = ["SessionKeeper"]


class SessionKeeper:
    """Saves what has changed, forgets what has ended; one round at a time.

    Args:
        store: the user's.
    """

    def __init__(self, store: SessionStore) -> None:
        self._store = store
        self._kept: dict[ShardId, Session] = {}
        self._lock = asyncio.Lock()

    async def load(self, shard_ids: Iterable[ShardId]) -> dict[ShardId, Session]:
        """Give the stored sessions of these shards.

        Raises:
            Exception: what the store raises.
        """
        shard_ids = tuple(shard_ids)
        found = await asyncio.gather(*map(self._store.load, shard_ids))
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
            kept = self._kept.get
            changed = [item for item in sessions.items() if item[1] != kept(item[0])]
            await asyncio.gather(*(self._keep(*item) for item in changed))

    async def _keep(self, shard_id: ShardId, session: Session | None) -> None:
        if session is None:
            await self._store.forget(shard_id)
            del self._kept[shard_id]
        else:
            await self._store.save(shard_id, session)
            self._kept[shard_id] = session
