"""Where sessions are kept, so that another process, or the next one, can go on with them.

What is stored carries the sequence of the last event that was consumed. A process that dies loses
nothing by it: whoever resumes is sent all events after that one, those that were handled between
the last save and the death once more.
"""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from .session import Session

if TYPE_CHECKING:
    from .sharding import ShardId

__all__ = ["FileSessionStore", "MemorySessionStore", "SessionStore"]


@runtime_checkable
class SessionStore(Protocol):
    """Keeps the sessions of shards.

    It is awaited on the event loop on which the user entered the Cluster. Calls for different
    shards may overlap, calls for one shard do not.
    """

    async def load(self, shard_id: ShardId, /) -> Session | None:
        """Give a shard's session, None if there is none."""

    async def save(self, shard_id: ShardId, session: Session, /) -> None:
        """Keep a shard's session in place of the one before."""

    async def forget(self, shard_id: ShardId, /) -> None:
        """Drop a shard's session: it has ended."""


class MemorySessionStore:
    """Sessions for clusters of the same process, one after another."""

    def __init__(self) -> None:
        self._sessions: dict[ShardId, Session] = {}

    def __repr__(self) -> str:
        return f"<MemorySessionStore of {len(self._sessions)} sessions>"

    async def load(self, shard_id: ShardId, /) -> Session | None:
        """Give a shard's session, None if there is none."""
        return self._sessions.get(shard_id)

    async def save(self, shard_id: ShardId, session: Session, /) -> None:
        """Keep a shard's session."""
        self._sessions[shard_id] = session

    async def forget(self, shard_id: ShardId, /) -> None:
        """Drop a shard's session."""
        self._sessions.pop(shard_id, None)


class FileSessionStore:
    """Sessions in files, one a shard: ``shard-3-of-16.json``.

    A file is replaced as a whole or not at all: it is written beside, forced to the disk and then
    renamed. So a crash at any moment leaves the session before or the session after. Files work in
    threads; the event loop does not wait for the disk. Several processes may share a directory as
    long as each runs other shards. The files are readable by their owner only: who has one and the
    token can resume the session.

    Args:
        directory: where; made if it is not there.

    A file that cannot be read or understood raises `ValueError` or `OSError` from `load`, and with
    it from entering the cluster: remove the file to begin with a new session.
    """

    def __init__(self, directory: str | os.PathLike[str]) -> None:
        self._directory = Path(directory)

    def __repr__(self) -> str:
        return f"FileSessionStore({str(self._directory)!r})"

    async def load(self, shard_id: ShardId, /) -> Session | None:
        """Read a shard's session, None if there is none.

        Raises:
            OSError: the file cannot be read.
            ValueError: the file holds no session.
        """
        return await asyncio.to_thread(self._load, self._path(shard_id))

    async def save(self, shard_id: ShardId, session: Session, /) -> None:
        """Write a shard's session.

        Raises:
            OSError: the file cannot be written.
        """
        await asyncio.to_thread(self._save, self._path(shard_id), session)

    async def forget(self, shard_id: ShardId, /) -> None:
        """Remove a shard's file.

        Raises:
            OSError: the file cannot be removed.
        """
        await asyncio.to_thread(self._path(shard_id).unlink, missing_ok=True)

    def _path(self, shard_id: ShardId) -> Path:
        return self._directory / f"shard-{shard_id.number}-of-{shard_id.total}.json"

    def _load(self, path: Path) -> Session | None:
        try:
            text = path.read_bytes()
        except FileNotFoundError:
            return None
        try:
            data = json.loads(text)
            if not isinstance(data, dict):
                raise TypeError("it is not an object")
            return Session.from_dict(data)
        except (ValueError, TypeError) as error:
            raise ValueError(
                f"{path} holds no session ({error}); remove it to begin with a new one"
            ) from error

    def _save(self, path: Path, session: Session) -> None:
        self._directory.mkdir(parents=True, exist_ok=True)
        # Calls for one shard do not overlap; what a crash left behind is written over.
        beside = path.with_suffix(".tmp")
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(descriptor, "w", encoding="utf-8") as file:  # noqa: PTH123 - a descriptor
            json.dump(session.to_dict(), file)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
