"""Close codes of a gateway connection: what each means, what follows from it, what to do.

All of it is one table, `CLOSE_CODES`. Three rules made the consequences:

- FATAL where Discord says not to reconnect: trying again would be refused in the same way.
- REIDENTIFY where Discord says that the session is over.
- RESUME everywhere else, unknown codes and connections that just broke included. An attempt to
  resume costs one round trip: if the session is gone, Discord answers with Invalid Session. A
  needless identify costs events that are never replayed, and one of the day's few identifies.

1000 and 1001 end a session when the *client* closes with them. Received from the server they mean
that the server goes away (a deploy, a rebalanced node) and say nothing of the session: RESUME.

Source:
    Discord documentation, "Opcodes and Status Codes", section "Gateway Close Event Codes", and
    "Gateway", section "Disconnecting" (as of 2026-06-16); RFC 6455, section 7.4.1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, IntEnum
from types import MappingProxyType

__all__ = [
    "CLOSE_CODES",
    "CloseCode",
    "CloseMeaning",
    "Consequence",
    "consequence_of",
    "describe",
    "meaning_of",
]


class CloseCode(IntEnum):
    """The close codes that Discord's gateway defines.

    Source:
        Discord documentation, "Opcodes and Status Codes", section "Gateway Close Event Codes".
    """

    UNKNOWN_ERROR = 4000
    UNKNOWN_OPCODE = 4001
    DECODE_ERROR = 4002
    NOT_AUTHENTICATED = 4003
    AUTHENTICATION_FAILED = 4004
    ALREADY_AUTHENTICATED = 4005
    INVALID_SEQ = 4007
    RATE_LIMITED = 4008
    SESSION_TIMED_OUT = 4009
    INVALID_SHARD = 4010
    SHARDING_REQUIRED = 4011
    INVALID_API_VERSION = 4012
    INVALID_INTENTS = 4013
    DISALLOWED_INTENTS = 4014


class Consequence(Enum):
    """What a client does after a connection has closed."""

    RESUME = "resume"
    """Connect to the resume URL and go on with the session."""
    REIDENTIFY = "reidentify"
    """Forget the session, connect to the gateway URL and identify."""
    FATAL = "fatal"
    """Do not reconnect: a person must change something first."""


@dataclass(frozen=True, slots=True)
class CloseMeaning:
    """One row of `CLOSE_CODES`."""

    meaning: str
    """What the code says, in words."""
    consequence: Consequence
    """What the client does next."""
    remedy: str
    """What the bot's author can do about it."""

    def __post_init__(self) -> None:
        if not self.meaning or not self.remedy:
            raise ValueError("a close code needs a meaning and a remedy")


_NO_REMEDY = "Nothing to do: the connection comes back by itself."

CLOSE_CODES: Mapping[int, CloseMeaning] = MappingProxyType(
    {
        1000: CloseMeaning("the server closed the connection", Consequence.RESUME, _NO_REMEDY),
        1001: CloseMeaning("the server is going away", Consequence.RESUME, _NO_REMEDY),
        1006: CloseMeaning(
            "the connection broke without a close code", Consequence.RESUME, _NO_REMEDY
        ),
        CloseCode.UNKNOWN_ERROR: CloseMeaning(
            "Discord met an error that it does not name", Consequence.RESUME, _NO_REMEDY
        ),
        CloseCode.UNKNOWN_OPCODE: CloseMeaning(
            "a message was sent with an opcode, or data for it, that Discord does not accept",
            Consequence.RESUME,
            "Check hand-written payloads passed to send().",
        ),
        CloseCode.DECODE_ERROR: CloseMeaning(
            "a message was sent that Discord cannot decode, or that is over 4,096 bytes",
            Consequence.RESUME,
            "Check hand-written payloads passed to send().",
        ),
        CloseCode.NOT_AUTHENTICATED: CloseMeaning(
            "a message was sent before identifying, or the session has been invalidated",
            Consequence.REIDENTIFY,
            _NO_REMEDY,
        ),
        CloseCode.AUTHENTICATION_FAILED: CloseMeaning(
            "the token was refused",
            Consequence.FATAL,
            "Check the token, or reset it in the Developer Portal (Bot page).",
        ),
        CloseCode.ALREADY_AUTHENTICATED: CloseMeaning(
            "identify was sent twice on one connection",
            Consequence.RESUME,
            "Do not pass identify payloads to send(): the shard identifies by itself.",
        ),
        CloseCode.INVALID_SEQ: CloseMeaning(
            "the sequence given when resuming is not one of the session's",
            Consequence.REIDENTIFY,
            "If the session came from a store, check that it was stored whole and last.",
        ),
        CloseCode.RATE_LIMITED: CloseMeaning(
            "messages were sent too fast (the limit is 120 in 60 seconds)",
            Consequence.RESUME,
            "Send fewer commands, and keep the command rate limiter on.",
        ),
        CloseCode.SESSION_TIMED_OUT: CloseMeaning(
            "the session timed out", Consequence.REIDENTIFY, _NO_REMEDY
        ),
        CloseCode.INVALID_SHARD: CloseMeaning(
            "the shard number or the total of shards is not valid",
            Consequence.FATAL,
            "Use a shard number from 0 to total - 1.",
        ),
        CloseCode.SHARDING_REQUIRED: CloseMeaning(
            "one connection would carry too many guilds (the limit is 2,500)",
            Consequence.FATAL,
            "Use more shards: GET /gateway/bot recommends how many.",
        ),
        CloseCode.INVALID_API_VERSION: CloseMeaning(
            "the gateway URL asks for an API version that is not served",
            Consequence.FATAL,
            "Use version 10 of the API; update gateway-core if it already is the newest.",
        ),
        CloseCode.INVALID_INTENTS: CloseMeaning(
            "the intents contain a bit that Discord does not know",
            Consequence.FATAL,
            "Build the value from Intents members rather than from numbers.",
        ),
        CloseCode.DISALLOWED_INTENTS: CloseMeaning(
            "an intent was asked for that the application may not use",
            Consequence.FATAL,
            "Enable the privileged intents in the Developer Portal (Bot page), or leave out "
            "GUILD_MEMBERS, GUILD_PRESENCES and MESSAGE_CONTENT.",
        ),
    }
)
"""For every code: meaning, consequence and remedy. Codes that are not here mean RESUME."""


def meaning_of(code: int | None) -> CloseMeaning:
    """Give the row of `CLOSE_CODES` for a code.

    Args:
        code: the close code received, or None where the connection broke without one.

    Returns:
        The row; for a code that is not in the table, one whose consequence is RESUME.
    """
    if code is None:
        code = 1006
    known = CLOSE_CODES.get(code)
    if known is not None:
        return known
    return CloseMeaning("a close code that is not documented", Consequence.RESUME, _NO_REMEDY)


def consequence_of(code: int | None) -> Consequence:
    """Say what to do after a connection closed with `code` (None: it broke without a code)."""
    return meaning_of(code).consequence


def describe(code: int | None) -> str:
    """Say in words what a close code means.

    Args:
        code: the close code received, or None where the connection broke without one.

    Returns:
        One line such as ``"4004 AUTHENTICATION_FAILED: the token was refused"``.
    """
    meaning = meaning_of(code).meaning
    if code is None:
        return meaning
    try:
        return f"{code} {CloseCode(code).name}: {meaning}"
    except ValueError:
        return f"{code}: {meaning}"
