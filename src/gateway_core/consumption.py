"""The second of the two sequences: what the user has taken and come back from.

The connection counts what it hands to the user, this counts what comes back. When nothing is on
the way, the consumed sequence is the received one, whatever was filtered out. While something is
on the way, it is the sequence of the last event that came back, so that a process which goes on
with the session is sent everything after it again.

An event belongs to the session in which it was received, and a sequence means nothing in another.
So each session's events are one stretch of the count of deliveries, and a session is the consumed
one from the moment its READY has come back (or, if READY is filtered out, everything before it).
"""

from __future__ import annotations

from dataclasses import dataclass

from .decoding import Payload
from .session import Session

__all__ = ["Consumption", "LiveSession"]


@dataclass(slots=True, eq=False)
class LiveSession:
    """A session as the connection knows it now.

    Attributes:
        id: its id.
        resume_url: where to resume it, None for the gateway URL.
        alive: whether Discord may still know it.
    """

    id: str
    resume_url: str | None
    alive: bool = True

    def at(self, sequence: int) -> Session | None:
        """Give the session for export, None if it is over."""
        return Session(self.id, sequence, self.resume_url) if self.alive else None


@dataclass(frozen=True, slots=True)
class _Stretch:
    """A session's events among all that were delivered."""

    first: int
    """How many deliveries must have come back for the session to be the consumed one."""
    sequence: int
    """The session's sequence at that moment."""
    session: LiveSession | None


class Consumption:
    """Counts what the user has come back from.

    `advance` may be called on another thread than everything else: it writes what nothing else
    writes.
    """

    __slots__ = ("_numbered", "_sequence", "_stretches", "count")

    count: int
    """How many deliveries have come back."""

    def __init__(self) -> None:
        self.count = 0
        self._sequence = 0
        self._numbered = 0  # the count when the sequence was noted
        self._stretches: tuple[_Stretch, ...] = ()

    def begin(self, first: int, sequence: int, session: LiveSession | None) -> None:
        """Note that a session's events begin.

        Args:
            first: how many deliveries there were up to and including the session's READY.
            sequence: the session's sequence after READY.
            session: the session, None if it cannot be resumed.
        """
        present = self._present(self._stretches)
        self._stretches = (*present, _Stretch(first, sequence, session))

    def advance(self, payload: Payload) -> None:
        """Note that the user has come back from a dispatch, the oldest on its way."""
        if payload.s is not None:
            self._sequence = payload.s
            self._numbered = self.count + 1
        self.count += 1

    def session(self) -> Session | None:
        """Give the consumed session, where something is still on the way."""
        present = self._present(self._stretches)
        if not present:
            return None
        stretch = present[0]
        if stretch.session is None or self.count < stretch.first:
            return None
        sequence = stretch.sequence
        if self._numbered > stretch.first:
            # Neither READY nor RESUMED need have a sensible number.
            sequence = max(sequence, self._sequence)
        return stretch.session.at(sequence)

    def _present(self, stretches: tuple[_Stretch, ...]) -> tuple[_Stretch, ...]:
        """Leave out the stretches before the one that the count is in."""
        past = sum(stretch.first <= self.count for stretch in stretches[1:])
        return stretches[past:]
