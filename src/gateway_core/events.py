"""What a `GatewayConnection` tells its user beside the dispatches: how the connection fares.

`GatewayConnection.events` hands out dispatches (`Payload`) and these control events in the order
in which they happened.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from .decoding import Payload
from .errors import GatewayError, RemoteProtocolError
from .session import Session

__all__ = [
    "Closed",
    "CommandRefused",
    "Connected",
    "Connecting",
    "ControlEvent",
    "Disconnected",
    "Event",
    "FatallyClosed",
    "IdentifyDenied",
    "Identifying",
    "ProbeConfirmed",
    "ProtocolViolation",
    "Ready",
    "Reconnecting",
    "ResumeUrlAbandoned",
    "Resumed",
    "Resuming",
    "SequenceGap",
    "SessionInvalidated",
    "UnknownOpcode",
]


@dataclass(frozen=True, slots=True)
class Connecting:
    """An attempt to connect begins.

    Attributes:
        url: where to, query included.
    """

    url: str


@dataclass(frozen=True, slots=True)
class Connected:
    """The websocket connection is open; Discord's hello is to come."""


@dataclass(frozen=True, slots=True)
class Identifying:
    """Identify has been sent: a new session begins."""


@dataclass(frozen=True, slots=True)
class Resuming:
    """Resume has been sent.

    Attributes:
        session: what is resumed; events after its sequence come again.
    """

    session: Session


@dataclass(frozen=True, slots=True)
class Ready:
    """READY has come: a new session is active.

    Attributes:
        session: the new session; None if READY named none, so that it can never be resumed.
    """

    session: Session | None


@dataclass(frozen=True, slots=True)
class Resumed:
    """RESUMED has come: the session goes on, and all that was missed has been delivered.

    Attributes:
        replayed: how many dispatches came between Resume and RESUMED.
    """

    replayed: int


@dataclass(frozen=True, slots=True)
class Disconnected:
    """A connection has ended, or an attempt to connect has failed.

    Attributes:
        code: the close code, None where there was none. Where this side closed, its own code.
        reason: why, in words.
        resumable: whether there still is a session to resume.
    """

    code: int | None
    reason: str
    resumable: bool


@dataclass(frozen=True, slots=True)
class Reconnecting:
    """The next attempt to connect is planned.

    Attributes:
        delay: seconds until then.
    """

    delay: float


@dataclass(frozen=True, slots=True)
class SessionInvalidated:
    """Discord refuses the session (opcode 9, or a close code), or it could not be resumed.

    The second is so as well when two resumes in a row failed at the same message.

    Attributes:
        resumable: whether another attempt to resume may succeed. If not, the session is forgotten,
            and events that were not received are lost.
    """

    resumable: bool


@dataclass(frozen=True, slots=True)
class ResumeUrlAbandoned:
    """The session's resume URL did not work several times; the gateway URL is used from now on.

    Attributes:
        url: the URL that is given up.
    """

    url: str


@dataclass(frozen=True, slots=True)
class SequenceGap:
    """A dispatch carries another sequence number than the one that was due.

    Attributes:
        expected: the number that was due.
        received: the number that came. If it is higher, numbers were skipped, and the dispatch has
            been handed on. If it is lower, the dispatch is a repetition and has been dropped.
    """

    expected: int
    received: int


@dataclass(frozen=True, slots=True)
class UnknownOpcode:
    """A message came with an opcode that a client does not receive; it is otherwise ignored.

    Attributes:
        op: the opcode.
        payload: the message.
    """

    op: int
    payload: Payload


@dataclass(frozen=True, slots=True)
class ProtocolViolation:
    """Discord, or what answers in its place, sent something that the protocol does not allow.

    Attributes:
        error: what was wrong, and what is done about it.
    """

    error: RemoteProtocolError


@dataclass(frozen=True, slots=True)
class IdentifyDenied:
    """The identify queue gave no permit: the session start limit is reached.

    Attributes:
        retry_after: seconds until the next attempt.
    """

    retry_after: float


@dataclass(frozen=True, slots=True)
class ProbeConfirmed:
    """Everything has come that Discord had sent before `GatewayConnection.probe`."""


@dataclass(frozen=True, slots=True)
class CommandRefused:
    """Discord refused a command because too many of its kind came (dispatch RATE_LIMITED).

    Attributes:
        op: the opcode of the command.
        retry_after: seconds for which commands of this kind (for this guild) are held.
        requeued: whether the refused command was found among those sent, and will be sent again.
    """

    op: int
    retry_after: float
    requeued: bool


@dataclass(frozen=True, slots=True)
class Closed:
    """The connection is over, as the user asked."""


@dataclass(frozen=True, slots=True)
class FatallyClosed:
    """The connection is over, and trying again would not help.

    Attributes:
        error: names the cause and what to do about it.
    """

    error: GatewayError


ControlEvent: TypeAlias = (
    Connecting
    | Connected
    | Identifying
    | Resuming
    | Ready
    | Resumed
    | Disconnected
    | Reconnecting
    | SessionInvalidated
    | ResumeUrlAbandoned
    | SequenceGap
    | UnknownOpcode
    | ProtocolViolation
    | IdentifyDenied
    | CommandRefused
    | ProbeConfirmed
    | Closed
    | FatallyClosed
)
"""Any of the above."""

Event: TypeAlias = Payload | ControlEvent
"""A dispatch or a control event."""
