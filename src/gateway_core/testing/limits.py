"""Discord's limits as the simulator enforces them: pure, told the time.

Both rate limits are sliding-window logs: the instants of what was let through are kept for as long
as the window is, and counted. It is the strictest reading of "120 in 60 seconds": a client that
satisfies it satisfies a fixed window and a token bucket too.

Source: Discord documentation, "Gateway", sections "Rate Limiting", "Identifying" and "Max
Concurrency".
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

__all__ = ["CommandLimit", "IdentifyLimit", "Limits", "MemberRequests", "SessionStarts"]

# How much earlier than allowed a command may arrive: the network squeezes what was sent apart.
_TOLERANCE = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What Discord allows; the defaults are its documented figures.

    Attributes:
        commands: messages that a connection may send in each `command_window`.
        command_window: seconds.
        payload_size: bytes of a message that a client may send.
        max_concurrency: identifies allowed at once, one in each bucket ``shard % max_concurrency``.
        identify_interval: seconds between two identifies of one bucket; 0 lifts the limit.
        session_starts: identifies a day; after them the token is reset.
        session_lifetime: seconds for which a session without a connection can be resumed.
        replay: dispatches kept for replay by each session; one who missed more cannot resume.
        guilds_per_shard: guilds that one session may carry.
        member_requests_interval: seconds between two requests for all members of one guild.
    """

    commands: int = 120
    command_window: float = 60.0
    payload_size: int = 4096
    max_concurrency: int = 1
    identify_interval: float = 5.0
    session_starts: int = 1000
    session_lifetime: float = 180.0
    replay: int = 100_000
    guilds_per_shard: int = 2500
    member_requests_interval: float = 30.0

    def __post_init__(self) -> None:
        for name in ("commands", "payload_size", "max_concurrency", "replay", "guilds_per_shard"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, not {getattr(self, name)}")
        for name in (
            "command_window",
            "identify_interval",
            "session_starts",
            "session_lifetime",
            "member_requests_interval",
        ):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} must not be negative, not {getattr(self, name)}")


class CommandLimit:
    """The messages of one connection."""

    __slots__ = ("_limit", "_sent", "_window")

    def __init__(self, limits: Limits) -> None:
        self._limit = limits.commands
        self._window = limits.command_window - _TOLERANCE
        self._sent: deque[float] = deque()

    def allow(self, now: float) -> bool:
        """Count a message; False when it is one too many."""
        sent = self._sent
        while sent and sent[0] <= now - self._window:
            sent.popleft()
        sent.append(now)
        return len(sent) <= self._limit


class IdentifyLimit:
    """The identifies of all connections, by bucket."""

    __slots__ = ("_interval", "_last", "_max_concurrency")

    def __init__(self, limits: Limits) -> None:
        self._max_concurrency = limits.max_concurrency
        self._interval = limits.identify_interval - _TOLERANCE
        self._last: dict[int, float] = {}

    def allow(self, shard: int, now: float) -> bool:
        """Let the identify of a shard through, or not; only those let through count."""
        bucket = shard % self._max_concurrency
        last = self._last.get(bucket)
        if last is not None and now - last < self._interval:
            return False
        self._last[bucket] = now
        return True


class MemberRequests:
    """The requests for all members of a guild."""

    __slots__ = ("_interval", "_last")

    def __init__(self, limits: Limits) -> None:
        self._interval = limits.member_requests_interval
        self._last: dict[str, float] = {}

    def wait(self, guild_id: str, now: float) -> float:
        """Let a request through and return 0, or return the seconds after which to ask again."""
        last = self._last.get(guild_id)
        if last is not None and now - last < self._interval:
            return round(self._interval - (now - last), 3)
        self._last[guild_id] = now
        return 0.0


class SessionStarts:
    """The identifies of a day."""

    __slots__ = ("_reset_at", "_total", "remaining")

    def __init__(self, limits: Limits, now: float) -> None:
        self._total = self.remaining = limits.session_starts
        self._reset_at = now + 86400.0

    def take(self, now: float) -> bool:
        """Use one up; False when there is none left."""
        self._renew(now)
        if self.remaining == 0:
            return False
        self.remaining -= 1
        return True

    def describe(self, now: float, max_concurrency: int) -> dict[str, int]:
        """Return the session start limit object of Get Gateway Bot (``reset_after`` in ms)."""
        self._renew(now)
        return {
            "total": self._total,
            "remaining": self.remaining,
            "reset_after": int((self._reset_at - now) * 1000),
            "max_concurrency": max_concurrency,
        }

    def _renew(self, now: float) -> None:
        if now >= self._reset_at:
            self._reset_at += 86400.0 * ((now - self._reset_at) // 86400.0 + 1)
            self.remaining = self._total
