"""One connection of a bot to Discord's gateway, kept up for as long as it is wanted.

    async with Shard(token, Intents.default()) as shard:
        async for event in shard:
            print(event.t, event.d)

`Shard` is the consumer's face; `gateway_core._runner` keeps the connection up.
"""

from __future__ import annotations

import dataclasses
import random
from collections.abc import AsyncIterator
from functools import partial
from types import TracebackType
from typing import Final, Generic, Literal, Self, TypeVar, overload

from ._inbox import Inbox
from ._runner import Runner, ShardInfo, ShardStats
from .commands import Command, RequestGuildMembers
from .config import Config
from .connection import GatewayConnection
from .decoding import Payload
from .events import Event
from .identify_queue import IdentifyQueue, LocalIdentifyQueue
from .intents import Intents
from .latency import Latency
from .member_requests import GuildMembers
from .session import Session
from .sharding import ShardId, ShardState

__all__ = ["Shard", "ShardInfo", "ShardStats"]

_EventT = TypeVar("_EventT")

_UNSHARDED: Final = ShardId(0, 1)


class Shard(Generic[_EventT]):
    """One gateway connection; an asynchronous context manager, and an asynchronous iterator.

    Entering it starts the connection and returns at once, without waiting for the network: READY,
    and whatever else happens, comes out of the iteration. It reconnects, resumes and identifies by
    itself. The iteration ends after `close` or `close_resumable`. It raises when Discord refuses
    the shard for good, or what the identify queue raises. Leaving the context closes it with the
    code that ends the session, unless it is closed already, and raises such an error if the
    iteration did not.

    An event counts as consumed when the consumer comes back for the next one. `session` carries the
    sequence of the last consumed event, so that what was read ahead comes again after a resume in
    another process: delivery across processes is at least once.

    A consumer that is slower than Discord fills a queue (`Config.queue_size` events, or
    `Config.queue_bytes` of JSON text); then the socket is not read until it has caught up. Nothing
    is dropped, save what `Config.shed` names. Discord drops a connection that is not read for too
    long; the shard then resumes.

    Everything but `send` must be called on the event loop on which the shard was entered. One task
    may iterate at a time. A shard runs once.

    Args:
        token: the bot's token.
        intents: which events Discord shall send.
        shard_id: which shard of how many this is.
        config: everything else; its token and intents are replaced by those given here.
        session: a session to resume, from `close_resumable` or `session` of an earlier shard.
        control_events: whether the iteration also gives the events of `gateway_core.events`
            (`Disconnected`, `Resumed`...), in their place among the dispatches.

    Raises:
        ValueError: the token is empty, or another value is out of range.

    Source:
        Discord documentation, "Gateway", section "Connection Lifecycle".
    """

    @overload
    def __init__(
        self: Shard[Payload],
        token: str,
        intents: Intents,
        *,
        shard_id: ShardId = ...,
        config: Config | None = ...,
        session: Session | None = ...,
        control_events: Literal[False] = ...,
    ) -> None: ...

    @overload
    def __init__(
        self: Shard[Event],
        token: str,
        intents: Intents,
        *,
        shard_id: ShardId = ...,
        config: Config | None = ...,
        session: Session | None = ...,
        control_events: Literal[True],
    ) -> None: ...

    def __init__(
        self,
        token: str,
        intents: Intents,
        *,
        shard_id: ShardId = _UNSHARDED,
        config: Config | None = None,
        session: Session | None = None,
        control_events: bool = False,
    ) -> None:
        if not token:
            raise ValueError("the token is empty: pass the bot's token from the Developer Portal")
        config = dataclasses.replace(config or Config(), token=token, intents=intents)
        core = GatewayConnection(config, shard_id, session=session, random=random.random)
        queue: IdentifyQueue = config.identify_queue or LocalIdentifyQueue(1)
        self._inbox = Inbox(config.queue_size, config.queue_bytes, self._on_room)
        self._runner = Runner(
            config,
            core,
            self._inbox,
            partial(queue.acquire, shard_id),
            keep_control=control_events,
            on_end=self._inbox.finish,
        )
        self._consumed = core.consumed
        self._core = core
        self._events = self._inbox.events
        self._taken: Payload | None = None

    def __repr__(self) -> str:
        return f"<Shard {self.shard_id} {self.state.value}>"

    # What it is

    @property
    def shard_id(self) -> ShardId:
        """Which shard of how many this is."""
        return self._core.shard_id

    @property
    def state(self) -> ShardState:
        """Where the connection stands."""
        return self._runner.state

    @property
    def latency(self) -> Latency:
        """How long Discord takes to confirm heartbeats."""
        return self._core.latency

    @property
    def session(self) -> Session | None:
        """The session with the sequence of the last consumed event; None where there is none.

        What can be stored while the shard runs, to be resumed by another one later.
        """
        return self._core.consumed_session

    @property
    def stats(self) -> ShardStats:
        """What the shard has done so far."""
        return self._runner.stats

    def info(self) -> dict[ShardId, ShardInfo]:
        """Tell how the shard fares, in the form of `Cluster.info`; callable on any thread."""
        return {self.shard_id: self._runner.info()}

    # Life

    async def __aenter__(self) -> Self:
        """Start connecting."""
        if self._runner.started:
            raise RuntimeError("a Shard runs once: make a new one")
        self._runner.start()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close, and raise the error that ended the shard if nobody has seen it."""
        await self.close()
        error = self._inbox.take_error()
        if error is not None and exc is None:
            raise error

    async def close(self) -> None:
        """Close so that the session ends (code 1000): the bot goes offline.

        Events that have arrived can still be taken; then the iteration ends. Does nothing when the
        shard is closed already. When cancelled, it drops the connection without a goodbye.
        """
        await self._runner.close(resumable=False)

    async def close_resumable(self) -> Session | None:
        """Close so that the session can be resumed, in this process or another.

        Events that have not been taken are dropped, since resuming brings them again, and the
        iteration ends. The event that the consumer is at, if it has not come back from it, comes
        again too.

        Returns:
            The session, for `Shard`'s argument; None where there is none to resume.
        """
        if self._runner.started:
            self._inbox.discard()
        await self._runner.close(resumable=True)
        return self.session

    def send(self, command: Command | str) -> None:
        """Send a command as soon as Discord's rate limit and the connection allow.

        Callable from any task or thread; it never waits. Commands given while there is no session
        wait for one.

        Args:
            command: one of `gateway_core.commands`, or the JSON text of a whole message.

        Raises:
            CommandError: it cannot be sent, for instance because it is over 4,096 bytes.
            CommandQueueFull: too many commands wait. From another thread this is logged instead.
            ShardClosed: the shard is closed, or was never entered.
        """
        self._runner.send(command)

    async def request_guild_members(
        self, request: RequestGuildMembers, *, patience: float = 60.0
    ) -> GuildMembers:
        """Ask for members of a guild and gather Discord's answers.

        The answers come here and not out of the iteration. Where `Config.queue_size` events wait
        there, nothing is read, and so nothing comes here either.

        Args:
            request: what to ask for; a nonce is added if there is none.
            patience: seconds to wait for each chunk of the answer, and for the request's turn to
                be sent. More than 30, since Discord may hold a request back for so long.

        Returns:
            The members; if `complete` is False, those that came before nothing more did.

        Raises:
            CommandError: the request cannot be sent.
            CommandQueueFull: too many commands wait to be sent.
            ShardClosed: the shard is closed, or was never entered.
            JSONError: an answer is malformed.
            ValueError: a request with the same nonce is under way.

        Source:
            Discord documentation, "Gateway Events", section "Request Guild Members".
        """
        chunks = await self._runner.request_members(request, patience)
        return GuildMembers.of(str(request.guild_id), chunks)

    # Iteration

    def __aiter__(self) -> AsyncIterator[_EventT]:
        """Give the shard itself."""
        return self

    async def __anext__(self) -> _EventT:
        """Give the next event: a `Payload`, or a control event where these were asked for.

        Raises:
            GatewayError: Discord refuses the shard; the message says why and what to do.
            StopAsyncIteration: the shard is closed.
        """
        taken = self._taken
        if taken is not None:
            self._consumed(taken)
        events = self._events
        if not events:
            self._taken = None
            if not await self._inbox.fill():
                raise StopAsyncIteration
        event = events.popleft()
        self._taken = event if isinstance(event, Payload) else None
        return event  # type: ignore[return-value]

    async def raw(self) -> AsyncIterator[bytes]:
        """Iterate over the dispatches as the JSON text that came, for instance for a broker.

        The same iteration in another form: nothing is built, and control events are left out. The
        text is the whole message, with ``op``, ``s`` and ``t``.
        """
        async for event in self:
            if isinstance(event, Payload) and event.raw is not None:
                yield event.raw

    def _on_room(self) -> None:
        self._runner.resume_reading()
