"""Members of a guild, asked for and gathered.

Discord answers Request Guild Members with a number of GUILD_MEMBERS_CHUNK dispatches. Those that
carry the nonce of a request that is waited for go to whoever waits, and not into the stream of
events: its consumer may be the one that waits.

Source:
    Discord documentation, "Gateway Events", sections "Request Guild Members" and "Guild Members
    Chunk".
"""

from __future__ import annotations

import asyncio
import dataclasses
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from .commands import Command, RequestGuildMembers
from .decoding import Payload
from .errors import DecodeError

__all__ = ["Chunks", "GuildMembers", "MemberRequests"]

Chunks: TypeAlias = tuple[Sequence[Payload], bool]
"""What came, in order, and whether that is all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GuildMembers:
    """What came in answer to a request.

    Attributes:
        guild_id: the guild.
        members: guild member objects, as Discord sent them.
        presences: presence objects, where they were asked for.
        not_found: ids that were asked for and are no members.
        complete: whether every chunk came. If not, the rest did not come in time, or the shard was
            closed.
    """

    guild_id: str
    members: list[Any]
    presences: list[Any]
    not_found: list[Any]
    complete: bool

    @classmethod
    def of(cls, guild_id: str, chunks: Chunks) -> GuildMembers:
        """Build it from the chunks.

        Raises:
            JSONError: a chunk is malformed.
        """
        payloads, complete = chunks
        members: list[Any] = []
        presences: list[Any] = []
        not_found: list[Any] = []
        for payload in payloads:
            data: Any = payload.d
            members += data.get("members", ())
            presences += data.get("presences", ())
            not_found += data.get("not_found", ())
        return cls(
            guild_id=guild_id,
            members=members,
            presences=presences,
            not_found=not_found,
            complete=complete,
        )


class _Answers:
    """The chunks of one request, as they come."""

    __slots__ = ("arrived", "chunks", "complete")

    def __init__(self) -> None:
        self.chunks: list[Payload] = []
        self.complete = False
        self.arrived = asyncio.Event()


class Sender(Protocol):
    """A shard, as far as it is needed here."""

    def send(self, command: Command | str, /) -> None:
        """Send a command."""


class MemberRequests:
    """The requests of one shard that are waited for. Lives on the shard's event loop."""

    __slots__ = ("_over", "_pending")

    def __init__(self) -> None:
        self._pending: dict[str, _Answers] = {}
        self._over = False

    def __bool__(self) -> bool:
        return bool(self._pending)

    def take(self, payload: Payload) -> bool:
        """Take a chunk, if a request waits for it."""
        try:
            answers = self._pending.get(payload.at("/nonce"))
            if answers is None:
                return False
            count = payload.at("/chunk_count")
        except (KeyError, TypeError, DecodeError):
            return False
        if not isinstance(count, int):
            return False
        answers.chunks.append(payload)
        answers.complete = len(answers.chunks) >= count
        answers.arrived.set()
        return True

    def end(self) -> None:
        """Say that nothing will come any more."""
        self._over = True
        for answers in self._pending.values():
            answers.arrived.set()

    async def request(
        self, sender: Sender, command: RequestGuildMembers, patience: float
    ) -> Chunks:
        """Ask, and wait for the answers, `patience` seconds for each chunk.

        Raises:
            CommandError: the request cannot be sent.
            CommandQueueFull: too many commands wait to be sent.
            ShardClosed: the shard is closed.
        """
        nonce = command.nonce or secrets.token_hex(16)
        if nonce in self._pending:
            raise ValueError(f"a request with the nonce {nonce!r} is under way: use another one")
        self._pending[nonce] = answers = _Answers()
        try:
            sender.send(dataclasses.replace(command, nonce=nonce))
            while not (answers.complete or self._over):
                answers.arrived.clear()
                try:
                    async with asyncio.timeout(patience):
                        await answers.arrived.wait()
                except TimeoutError:
                    break
        finally:
            del self._pending[nonce]
        return answers.chunks, answers.complete
