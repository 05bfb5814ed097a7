"""Sessions as Discord keeps them: who they belong to, what they are owed, when they end.

A session outlives its connections. Every dispatch gets its sequence here and stays here, so that a
connection is only a cursor into it: what is sent live and what is replayed after a resume is the
same list, and nothing can be lost between the two.

Source: Discord documentation, "Gateway", sections "Resuming" and "Sharding".
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .connection import Connection
    from .limits import Limits
    from .requests import Identify

__all__ = ["TRACE", "Session", "Sessions", "dumps"]

TRACE = ['["gateway-core-simulator",{"micros":0.0}]']
"""What Discord adds to some messages for its own debugging."""


_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode


def dumps(value: object) -> bytes:
    """Serialise as Discord does: compact, UTF-8 rather than escapes."""
    return _encode(value).encode()


class Session:
    """One session; public attributes are for reading.

    Attributes:
        id: the session's id.
        shard: shard number and total of shards, as identified.
        intents: the intents, as identified (a plain number).
        compress: whether payload compression was asked for.
        large_threshold: members above which offline ones are left out of GUILD_CREATE.
        sequence: that of the latest dispatch.
        connection: the connection that carries the session, None between two.
    """

    __slots__ = (
        "_events",
        "_first",
        "_replay",
        "compress",
        "connection",
        "expires_at",
        "id",
        "intents",
        "large_threshold",
        "sequence",
        "shard",
    )

    def __init__(self, id_: str, identify: Identify, replay: int) -> None:
        self.id = id_
        self.shard = identify.shard
        self.intents = identify.intents or 0
        self.compress = identify.compress
        self.large_threshold = identify.large_threshold
        self.sequence = 0
        self.connection: Connection | None = None
        self.expires_at: float | None = None
        self._replay = replay
        self._events: list[bytes | None] = []
        self._first = 1

    def __repr__(self) -> str:
        return f"<Session {self.id} shard={self.shard} sequence={self.sequence}>"

    @property
    def first(self) -> int:
        """The earliest sequence that can still be replayed."""
        return self._first

    def append(self, name: str, data: bytes) -> None:
        """Dispatch an event: give it the next sequence and keep it; `data` is JSON."""
        self.sequence += 1
        self._keep(b'{"t":"%b","s":%d,"op":0,"d":%b}' % (name.encode(), self.sequence, data))

    def append_message(self, message: bytes) -> None:
        """Dispatch an event that is a message already, with the next sequence in it."""
        self.sequence += 1
        self._keep(message)

    def skip(self) -> None:
        """Use up a sequence without an event, which Discord should not do."""
        self.sequence += 1
        self._keep(None)

    def event(self, sequence: int) -> bytes | None:
        """Return the message of a sequence in ``first .. sequence``; None where it was skipped."""
        return self._events[sequence - self._first]

    def _keep(self, event: bytes | None) -> None:
        self._events.append(event)
        if len(self._events) > self._replay + self._replay // 4:
            surplus = len(self._events) - self._replay
            del self._events[:surplus]
            self._first += surplus


class Sessions:
    """All sessions that can still be resumed."""

    def __init__(self, limits: Limits) -> None:
        self._lifetime = limits.session_lifetime
        self._sessions: dict[str, Session] = {}

    def __iter__(self) -> Iterator[Session]:
        return iter(tuple(self._sessions.values()))

    def __len__(self) -> int:
        return len(self._sessions)

    def add(self, session: Session) -> None:
        """Begin a session."""
        self._sessions[session.id] = session

    def get(self, id_: str, now: float) -> Session | None:
        """Return a session that has not ended and not expired."""
        self.purge(now)
        return self._sessions.get(id_)

    def end(self, session: Session) -> None:
        """End a session: it can no longer be resumed and gets no more events."""
        self._sessions.pop(session.id, None)

    def detach(self, session: Session, now: float) -> None:
        """Note that a session has lost its connection."""
        session.connection = None
        session.expires_at = now + self._lifetime

    def purge(self, now: float) -> None:
        """End the sessions that have been without a connection for too long."""
        for session in self:
            if session.expires_at is not None and session.expires_at <= now:
                self.end(session)
