"""One connection of a bot to Discord's gateway, kept up for as long as it is wanted.

    async with Shard(token, Intents.default()) as shard:
        async for event in shard:
            print(event.t, event.d)

`Shard` is the consumer's face; `gateway_core._pump` moves the bytes and
`gateway_core.connection` decides what is done.
"""

from __future__ import annotations

import asyncio
import dataclasses
import random
import threading
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import Final, Generic, Literal, Self, TypeVar, overload

from ._inbox import Inbox
from ._log import ShardLogger
from ._pump import Pump
from .commands import Command, check_size, encode
from .config import Config
from .connection import GatewayConnection
from .decoding import Payload
from .errors import GatewayError, ShardClosed
from .events import (
    CommandRefused,
    ControlEvent,
    Disconnected,
    Event,
    FatallyClosed,
    IdentifyDenied,
    Identifying,
    ProtocolViolation,
    Ready,
    Reconnecting,
    Resumed,
    ResumeUrlAbandoned,
    SequenceGap,
    SessionInvalidated,
    UnknownOpcode,
)
from .identify_queue import IdentifyQueue, LocalIdentifyQueue
from .intents import Intents
from .latency import Latency
from .session import Session
from .sharding import ShardId, ShardState

__all__ = ["Shard", "ShardStats"]

_EventT = TypeVar("_EventT")

_OVER: Final = (ShardState.CLOSED, ShardState.FATALLY_CLOSED)
_UNSHARDED: Final = ShardId(0, 1)
_QUEUE_BYTES: Final = 64 * 1024 * 1024
"""Bytes of JSON text that may wait for the consumer before the socket is no longer read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardStats:
    """What a shard has done since it was entered."""

    messages: int
    """Gateway messages received, of every opcode."""
    events: int
    """Dispatches handed to the consumer's queue."""
    bytes_in: int
    """Bytes of frames received, as compressed by Discord."""
    bytes_out: int
    """Bytes of JSON text that they held."""
    identifies: int
    """Sessions begun."""
    resumes: int
    """Sessions that went on after a lost connection."""
    reconnects: int
    """How often a connection was lost, or could not be made, and another attempt followed."""
    queued: int
    """Events that wait for the consumer now."""
    queued_bytes: int
    """Bytes of JSON text that they came in, at most."""
    pauses: int
    """How often the socket was not read because the consumer was behind."""


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

    A consumer that is slower than Discord fills a queue (`Config.queue_size` events, or 64 MiB of
    JSON text); then the socket is not read until it has caught up. Nothing is dropped. Discord
    drops a connection that is not read for too long; the shard then resumes.

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
        self._shard_id = shard_id
        self._log = ShardLogger(config.logger, shard_id)
        self._core = GatewayConnection(config, shard_id, session=session, random=random.random)
        self._queue: IdentifyQueue = config.identify_queue or LocalIdentifyQueue(1)
        self._inbox = Inbox(config.queue_size, _QUEUE_BYTES, self._on_room)
        self._pump = Pump(
            self._core,
            shard_id,
            config,
            self._inbox,
            partial(self._queue.acquire, shard_id),
            self._on_control,
            control_events,
            self._log,
        )
        self._events = self._inbox.events
        self._taken: Payload | None = None
        self._owner: asyncio.Task[None] | None = None
        self._fatal: GatewayError | None = None
        self._identifies = 0
        self._resumes = 0
        self._reconnects = 0

    def __repr__(self) -> str:
        return f"<Shard {self._shard_id} {self.state.value}>"

    # What it is

    @property
    def shard_id(self) -> ShardId:
        """Which shard of how many this is."""
        return self._shard_id

    @property
    def state(self) -> ShardState:
        """Where the connection stands."""
        state = self._core.state
        if self._owner is not None and self._owner.done() and state not in _OVER:
            return ShardState.CLOSED  # cancelled, or ended by an error of the identify queue
        return state

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
        decoder = self._core.decoder
        return ShardStats(
            messages=decoder.messages,
            events=self._pump.events,
            bytes_in=decoder.bytes_in,
            bytes_out=decoder.bytes_out,
            identifies=self._identifies,
            resumes=self._resumes,
            reconnects=self._reconnects,
            queued=len(self._inbox),
            queued_bytes=self._inbox.size,
            pauses=self._pump.pauses,
        )

    # Life

    async def __aenter__(self) -> Self:
        """Start connecting."""
        if self._owner is not None:
            raise RuntimeError("a Shard runs once: make a new one")
        self._thread = threading.get_ident()
        self._loop = asyncio.get_running_loop()
        self._pump.start()
        self._owner = self._loop.create_task(
            self._pump.run(), name=f"gateway-core shard {self._shard_id}"
        )
        self._owner.add_done_callback(self._on_end)
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
        await self._close(resumable=False)

    async def close_resumable(self) -> Session | None:
        """Close so that the session can be resumed, in this process or another.

        Events that have not been taken are dropped, since resuming brings them again, and the
        iteration ends. The event that the consumer is at, if it has not come back from it, comes
        again too.

        Returns:
            The session, for `Shard`'s argument; None where there is none to resume.
        """
        if self._owner is not None:
            self._inbox.discard()
        await self._close(resumable=True)
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
        if self._owner is None:
            raise ShardClosed("the shard has not been entered: use async with")
        if self._owner.done():
            raise ShardClosed("the shard is closed")
        if threading.get_ident() == self._thread:
            self._pump.tell(partial(self._core.send, command))
            return
        if isinstance(command, str):
            check_size(command, "the text")
        else:
            encode(command)
        try:
            self._loop.call_soon_threadsafe(self._send_here, command)
        except RuntimeError:
            raise ShardClosed("the shard's event loop is closed") from None

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
            self._core.consumed(taken)
        events = self._events
        if not events:
            self._taken = None
            if not await self._inbox.fill():
                raise StopAsyncIteration
        event = events.popleft()
        self._taken = event if isinstance(event, Payload) else None
        return event  # type: ignore[return-value]

    # Inside

    def _on_end(self, owner: asyncio.Task[None]) -> None:
        """Let the iteration end, with the error if there is one."""
        error = None if owner.cancelled() else owner.exception()
        self._inbox.finish(error or self._fatal)

    async def _close(self, *, resumable: bool) -> None:
        owner = self._owner
        if owner is None or owner.done():
            return
        self._pump.tell(partial(self._core.close, resumable=resumable))
        try:
            await asyncio.wait((owner,))
        except asyncio.CancelledError:
            owner.cancel()
            await asyncio.wait((owner,))
            raise

    def _on_room(self) -> None:
        self._pump.resume_reading()

    def _send_here(self, command: Command | str) -> None:
        """Send for another thread, which has gone on meanwhile."""
        try:
            self.send(command)
        except GatewayError as error:
            self._log.warning("a command of another thread was dropped: %s", error)

    def _on_control(self, event: ControlEvent) -> None:
        """Count and log what the connection goes through."""
        log = self._log
        match event:
            case Identifying():
                self._identifies += 1
                log.debug("identifying")
            case Ready():
                log.info("a new session is ready")
            case Resumed(replayed):
                self._resumes += 1
                log.info("resumed, with %d events that were missed", replayed)
            case Disconnected(reason=reason, resumable=resumable):
                log.info("disconnected%s: %s", ", to resume" if resumable else "", reason)
            case Reconnecting(delay):
                self._reconnects += 1
                log.info("reconnecting in %.1f s", delay)
            case SessionInvalidated(resumable):
                log.warning(
                    "Discord refused the session%s",
                    "; resuming again" if resumable else ": a new one begins, events may be lost",
                )
            case SequenceGap(expected, received):
                log.warning("event %d came where %d was due", received, expected)
            case ResumeUrlAbandoned(url):
                log.warning("%s does not answer; resuming at the gateway URL", url)
            case ProtocolViolation(error):
                log.warning("%s", error)
            case IdentifyDenied(retry_after):
                log.warning("no identify is left; the next try is in %.0f s", retry_after)
            case CommandRefused(op, retry_after):
                log.warning("opcode %d was rate limited for %.1f s", op, retry_after)
            case UnknownOpcode(op):
                log.warning("a message with the unknown opcode %d was ignored", op)
            case FatallyClosed(error):
                self._fatal = error
                log.error("%s", error)
            case _:
                log.debug("%s", event)
