"""Reading what the connection itself must know from Discord's messages.

Whoever is at the other end may send anything, so nothing is taken for granted here.

Source:
    Discord documentation, "Gateway Events", sections "Hello", "Ready" and "Rate Limited".
"""

from __future__ import annotations

import math
from typing import NamedTuple

from .decoding import Payload
from .errors import RemoteProtocolError

__all__ = ["Offer", "Refusal", "interval_of", "offer_of", "refusal_of"]

_SHORTEST = 10
_LONGEST = 3_600_000
"""What a heartbeat interval may be, in milliseconds."""
_DEFAULT_RETRY_AFTER = 30.0
"""Seconds to hold commands for where RATE_LIMITED does not say it: the one limit documented."""


class Offer(NamedTuple):
    """What READY says about resuming; None for what it does not say."""

    session_id: str | None
    resume_url: str | None


class Refusal(NamedTuple):
    """What RATE_LIMITED says."""

    op: int
    guild_id: str | None
    nonce: str | None
    retry_after: float


def interval_of(hello: Payload) -> float:
    """Read the heartbeat interval of a hello, in seconds.

    Raises:
        RemoteProtocolError: there is none, or one that cannot be meant.
        DecodeError: the message is malformed.
    """
    data = hello.d
    milliseconds = data.get("heartbeat_interval") if isinstance(data, dict) else None
    if isinstance(milliseconds, int | float) and _SHORTEST <= milliseconds <= _LONGEST:
        return milliseconds / 1000
    raise RemoteProtocolError(
        f"hello (opcode 10) has no usable heartbeat_interval but {milliseconds!r:.50}"
    )


def offer_of(ready: Payload) -> Offer:
    """Read a READY.

    Raises:
        DecodeError: the message is malformed.
    """
    data = ready.d
    if not isinstance(data, dict):
        return Offer(None, None)
    session_id = data.get("session_id")
    resume_url = data.get("resume_gateway_url")
    return Offer(
        session_id if isinstance(session_id, str) and session_id else None,
        resume_url if isinstance(resume_url, str) else None,
    )


def refusal_of(rate_limited: Payload) -> Refusal | None:
    """Read a RATE_LIMITED; None if it names no opcode.

    Raises:
        DecodeError: the message is malformed.
    """
    data = rate_limited.d
    if not isinstance(data, dict) or not isinstance(op := data.get("opcode"), int):
        return None
    retry_after = data.get("retry_after")
    if not isinstance(retry_after, int | float) or not 0 <= retry_after < math.inf:
        retry_after = _DEFAULT_RETRY_AFTER
    guild_id = nonce = None
    meta = data.get("meta")
    if isinstance(meta, dict):
        if isinstance(meta.get("guild_id"), int | str):
            guild_id = str(meta["guild_id"])
        if isinstance(meta.get("nonce"), str):
            nonce = meta["nonce"]
    return Refusal(op, guild_id, nonce, retry_after)
