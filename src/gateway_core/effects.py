"""What a `GatewayConnection` asks of its adapter.

`GatewayConnection.effects` hands these out in the order in which they must be done. An adapter
that does these six things, and reports what comes of them, is a complete one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

__all__ = [
    "Abort",
    "CancelIdentifyPermit",
    "Close",
    "Connect",
    "Effect",
    "RequestIdentifyPermit",
    "SendText",
]


@dataclass(frozen=True, slots=True)
class Connect:
    """Open a websocket connection, then call ``connected`` or ``connect_failed``.

    The core keeps the time limit: when it passes, `Abort` follows and nothing is to be reported.

    Attributes:
        url: the full URL, query included.
    """

    url: str


@dataclass(frozen=True, slots=True)
class SendText:
    """Send one text frame.

    If it cannot be sent, drop it: ``disconnected`` will be called anyway.

    Attributes:
        text: JSON. Hidden in the repr, since it may hold the token.
    """

    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Close:
    """Send a close frame, then call ``disconnected`` when the connection has ended.

    The core keeps the time limit: when it passes, `Abort` follows.

    Attributes:
        code: the close code; 1000 ends the session, any other that is used here keeps it.
        reason: what the other side may read, at most 123 bytes.
    """

    code: int
    reason: str


@dataclass(frozen=True, slots=True)
class Abort:
    """Drop the transport, or the attempt to connect, at once; report nothing more of it."""


@dataclass(frozen=True, slots=True)
class RequestIdentifyPermit:
    """Ask the identify queue for a turn; report ``identify_permitted`` or ``identify_denied``."""


@dataclass(frozen=True, slots=True)
class CancelIdentifyPermit:
    """Give the place in the identify queue up; the connection that waited for it is gone."""


Effect: TypeAlias = (
    Connect | SendText | Close | Abort | RequestIdentifyPermit | CancelIdentifyPermit
)
"""Any of the above."""
