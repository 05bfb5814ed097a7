"""Commands on their way to Discord.

They wait here until the session is active and the limit has room, first in, first out, across
reconnects. A command is taken out when it is handed to the adapter for sending; if the connection
breaks then, it may or may not have arrived, and it is not sent again: commands are delivered at
most once.

Discord may refuse a command with the dispatch RATE_LIMITED, which names the opcode, the guild and
the seconds to wait. Then the commands of that opcode for that guild (for all guilds, if none is
named) are held for that long, the refused one first; others overtake them.
"""

from __future__ import annotations

import json
from collections import deque
from dataclasses import dataclass, field
from typing import NoReturn

from .commands import Command, Heartbeat, Identify, Resume, check_size, encode
from .errors import CommandError, CommandQueueFull
from .opcodes import OpCode
from .ratelimit import CommandRateLimiter
from .received import Refusal

__all__ = ["CommandQueue", "check_command"]

_SENT_BY_CONNECTION = {
    Identify.op: "Identify",
    Resume.op: "Resume",
    Heartbeat.op: "Heartbeat",
}

_REMEMBERED = 128
"""How many sent commands are remembered, in case Discord refuses one."""


@dataclass(frozen=True, slots=True)
class _Entry:
    op: int
    text: str = field(repr=False)
    guild_id: str | None
    nonce: str | None


@dataclass(slots=True)
class _Held:
    """Commands that Discord does not want yet."""

    until: float
    entries: deque[_Entry] = field(default_factory=deque)


class CommandQueue:
    """Commands that wait for their turn.

    Args:
        limiter: says when there is room; counts what is taken.
        max_size: how many commands may wait.
        limited: whether commands wait for the limiter.
    """

    __slots__ = ("_held", "_limited", "_limiter", "_max_size", "_ready", "_sent", "reserve")

    reserve: int
    """Room in the limit that commands leave to heartbeats."""

    def __init__(self, limiter: CommandRateLimiter, max_size: int, *, limited: bool) -> None:
        self._limiter = limiter
        self._max_size = max_size
        self._limited = limited
        self._ready: deque[_Entry] = deque()
        self._held: dict[tuple[int, str | None], _Held] = {}
        self._sent: dict[tuple[int, str, str | None], _Entry] = {}
        self.reserve = 0

    def __len__(self) -> int:
        return len(self._ready) + sum(len(held.entries) for held in self._held.values())

    def put(self, command: Command | str) -> None:
        """Queue a command, or the JSON text of one.

        Raises:
            CommandTooLarge: it takes more than 4,096 bytes.
            CommandError: it cannot be sent, or is one that the connection sends itself.
            CommandQueueFull: too many wait.
        """
        entry = _entry_of(command)
        if len(self) >= self._max_size:
            raise CommandQueueFull(
                f"{self._max_size} commands wait to be sent already: send less, or wait"
            )
        held = self._held_for(entry)
        (self._ready if held is None else held.entries).append(entry)

    def take(self, now: float) -> str | None:
        """Take the text of the next command that may be sent now, None if none may."""
        self._release(now)
        if not self._ready:
            return None
        if self._limited and self._limiter.next_free(now, self.reserve) > now:
            return None
        entry = self._ready.popleft()
        self._limiter.record(now)
        if entry.guild_id is not None:
            key = (entry.op, entry.guild_id, entry.nonce)
            self._sent.pop(key, None)
            self._sent[key] = entry
            if len(self._sent) > _REMEMBERED:
                del self._sent[next(iter(self._sent))]
        return entry.text

    def take_all(self) -> list[str]:
        """Take the texts of all that wait, those first that Discord does not want yet."""
        entries = [entry for held in self._held.values() for entry in held.entries]
        entries += self._ready
        self._held.clear()
        self._ready.clear()
        return [entry.text for entry in entries]

    def next_at(self, now: float) -> float | None:
        """Say when `take` is worth a call again, None if nothing waits."""
        times = [held.until for held in self._held.values()]
        if self._ready:
            times.append(self._limiter.next_free(now, self.reserve) if self._limited else now)
        return min(times, default=None)

    def refused(self, refusal: Refusal, now: float) -> bool:
        """Hold the commands of a kind that Discord has just refused one of.

        Returns:
            Whether the refused command is known, and will be sent again.
        """
        op, guild_id, nonce, retry_after = refusal
        held = self._held.setdefault((op, guild_id), _Held(now))
        held.until = max(held.until, now + retry_after)
        waiting = self._ready
        self._ready = deque()
        for entry in waiting:
            is_kind = entry.op == op and guild_id in (None, entry.guild_id)
            (held.entries if is_kind else self._ready).append(entry)
        if guild_id is None:
            return False
        refused = self._sent.pop((op, guild_id, nonce), None)
        if refused is None:
            return False
        held.entries.appendleft(refused)
        return True

    def _held_for(self, entry: _Entry) -> _Held | None:
        return self._held.get((entry.op, entry.guild_id)) or self._held.get((entry.op, None))

    def _release(self, now: float) -> None:
        for key in [key for key, held in self._held.items() if held.until <= now]:
            self._ready.extendleft(reversed(self._held.pop(key).entries))


_OPCODES = frozenset(OpCode)


def check_command(command: Command | str) -> None:
    """Refuse a command, or the text of one, as `CommandQueue.put` does, but for lack of room.

    Raises:
        CommandTooLarge: it takes more than 4,096 bytes.
        CommandError: it cannot be sent, or is one that the connection sends itself.
    """
    _entry_of(command)


def _entry_of(command: Command | str) -> _Entry:
    entry = _from_text(command) if isinstance(command, str) else _from_command(command)
    name = _SENT_BY_CONNECTION.get(OpCode(entry.op)) if entry.op in _OPCODES else None
    if name is not None:
        raise CommandError(f"{name} is sent by the connection itself, never through send()")
    return entry


def _from_command(command: Command) -> _Entry:
    guild_id = getattr(command, "guild_id", None)
    return _Entry(command.op, encode(command), guild_id, getattr(command, "nonce", None))


def _from_text(text: str) -> _Entry:
    check_size(text, "the command")
    try:
        message = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise CommandError(f"the command is not JSON: {error}") from None
    op = message.get("op") if isinstance(message, dict) else None
    if not isinstance(op, int) or isinstance(op, bool) or "d" not in message:
        raise CommandError('a command is a JSON object with an integer "op" and a "d"')
    data = message["d"]
    guild_id = nonce = None
    if isinstance(data, dict):
        nonce = data.get("nonce")
        if isinstance(data.get("guild_id"), int | str):
            guild_id = str(data["guild_id"])
        if not isinstance(nonce, str):
            nonce = None
    return _Entry(op, text, guild_id, nonce)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
