"""One shard at work: the core, the pump that serves it, and what both have to tell.

A `Runner` belongs to the event loop on which it is started; `send` and reading its state are all
that other threads may do. What events go to, and who consumes them, is another's business.
"""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, Protocol

from ._deadlines import Deadlines
from ._log import ShardLogger
from ._measure import DecodeTimes, Measurements
from ._pump import Outlet, Pump
from .command_queue import check_command
from .commands import Command, RequestGuildMembers
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
from .member_requests import Chunks, MemberRequests
from .sharding import ShardId, ShardState

__all__ = ["Queue", "Runner", "ShardInfo", "ShardStats"]

_OVER: Final = (ShardState.CLOSED, ShardState.FATALLY_CLOSED)

_MEMBERS_CHUNK: Final = "GUILD_MEMBERS_CHUNK"


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
    shed: int
    """Dispatches that were dropped, see `Config.shed`."""
    commands_queued: int
    """Commands that wait to be sent."""
    commands_available: int
    """Messages that Discord's limit would let through now; heartbeats count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardInfo:
    """How a shard fares."""

    shard_id: ShardId
    """Which one."""
    state: ShardState
    """Where its connection stands."""
    latency: float | None
    """Seconds that the last confirmed heartbeat took, None before the first."""
    average_latency: float | None
    """The mean of all of them."""
    measured: int
    """How many heartbeats were confirmed and measured."""
    stats: ShardStats
    """What it has done so far."""
    shed: Mapping[str, int]
    """Dispatches that were dropped, by name; see `Config.shed`."""
    events: Mapping[str, int]
    """Dispatches handed to the consumer's queue, by name; empty without `Config.measure`."""
    decoding: DecodeTimes | None
    """How long frames took; None without `Config.measure`."""


class Queue(Outlet, Protocol):
    """Where events wait for their consumer."""

    @property
    def size(self) -> int:
        """Bytes of JSON text that wait, at most."""

    def __len__(self) -> int:
        """Give the number of events that wait."""


class Runner:
    """Keeps one shard connected.

    Args:
        config: how, token and intents included.
        core: the protocol; nobody else may drive it.
        queue: where its events go.
        acquire: waits for the shard's turn to identify, on the runner's loop.
        keep_control: whether control events go to the queue too.
        on_end: called with the error that ended the shard, if there is one, on the runner's loop.
        on_control: told every control event, on the runner's loop.
        deadlines: of all shards on the runner's loop, None if it is the only one.

    Raises:
        ValueError: the token is empty.
    """

    def __init__(
        self,
        config: Config,
        core: GatewayConnection,
        queue: Queue,
        acquire: Callable[[], Awaitable[None]],
        *,
        keep_control: bool,
        on_end: Callable[[BaseException | None], None],
        on_control: Callable[[ControlEvent], None] | None = None,
        deadlines: Deadlines | None = None,
    ) -> None:
        self.shard_id = core.shard_id
        self.core = core
        self._queue = queue
        self._on_end = on_end
        self._on_control = on_control
        self._log = ShardLogger(config.logger, core.shard_id)
        self._measure = Measurements() if config.measure else None
        self._pump = Pump(
            core,
            core.shard_id,
            config,
            self if config.shed else queue,
            acquire,
            self._take_control,
            keep_control,
            self._log,
            self._measure,
            deadlines or Deadlines(),
        )
        self._owner: asyncio.Task[None] | None = None
        self._fatal: GatewayError | None = None
        self._identifies = 0
        self._resumes = 0
        self._reconnects = 0
        self._shed_names = config.shed
        self._shed_from = -(-config.queue_size // 2)
        self._shedding = False
        self._member_requests = MemberRequests()
        self.shed: Counter[str] = Counter()
        """Dispatches that were dropped, by name."""

    # What it is; to be read on any thread

    @property
    def state(self) -> ShardState:
        """Where the connection stands."""
        state = self.core.state
        if self._owner is not None and self._owner.done() and state not in _OVER:
            return ShardState.CLOSED  # cancelled, or ended by an error of the identify queue
        return state

    @property
    def stats(self) -> ShardStats:
        """What the shard has done so far."""
        core = self.core
        decoder = core.decoder
        now = 0.0 if self._owner is None else self._loop.time()
        return ShardStats(
            messages=decoder.messages,
            events=self._pump.events,
            bytes_in=decoder.bytes_in,
            bytes_out=decoder.bytes_out,
            identifies=self._identifies,
            resumes=self._resumes,
            reconnects=self._reconnects,
            queued=len(self._queue),
            queued_bytes=self._queue.size,
            pauses=self._pump.pauses,
            shed=self.shed.total(),
            commands_queued=core.queued_commands,
            commands_available=core.rate_limiter.available(now),
        )

    def info(self) -> ShardInfo:
        """Tell how the shard fares."""
        latency, measure = self.core.latency, self._measure
        recent = latency.recent
        return ShardInfo(
            shard_id=self.shard_id,
            state=self.state,
            latency=recent[0] if recent else None,
            average_latency=latency.average,
            measured=latency.measured,
            stats=self.stats,
            shed=dict(self.shed),
            events={} if measure is None else dict(measure.events),
            decoding=None if measure is None else measure.decoding,
        )

    @property
    def handed_over(self) -> int:
        """How many dispatches were put into the queue."""
        return self._pump.events

    @property
    def started(self) -> bool:
        """Whether it was ever started."""
        return self._owner is not None

    # Life

    def start(self) -> None:
        """Start connecting, on the current loop."""
        self._thread = threading.get_ident()
        self._loop = asyncio.get_running_loop()
        self._pump.start()
        self._owner = self._loop.create_task(
            self._pump.run(), name=f"gateway-core shard {self.shard_id}"
        )
        self._owner.add_done_callback(self._ended)

    async def close(self, *, resumable: bool) -> None:
        """Close and wait for the end; when cancelled, drop the connection without a goodbye."""
        owner = self._owner
        if owner is None or owner.done():
            return
        self._pump.tell(partial(self.core.close, resumable=resumable))
        try:
            await asyncio.wait((owner,))
        except asyncio.CancelledError:
            owner.cancel()
            await asyncio.wait((owner,))
            raise

    def send(self, command: Command | str) -> None:
        """Send a command; callable on any thread.

        Raises:
            CommandError: it cannot be sent.
            CommandQueueFull: too many commands wait. From another thread this is logged instead.
            ShardClosed: the shard is closed, or was never started.
        """
        if self._owner is None:
            raise ShardClosed(f"shard {self.shard_id} has not been started: use async with")
        if self._owner.done():
            raise ShardClosed(f"shard {self.shard_id} is closed")
        if threading.get_ident() == self._thread:
            self._pump.tell(partial(self.core.send, command))
            return
        check_command(command)
        try:
            self._loop.call_soon_threadsafe(self.send_for_another, command)
        except RuntimeError:
            raise ShardClosed("the shard's event loop is closed") from None

    def probe(self) -> bool:
        """Ask for the event `ProbeConfirmed`; False if there is no active session to ask."""
        if self.core.state is not ShardState.ACTIVE:
            return False
        self._pump.tell(self.core.probe)
        return True

    def resume_reading(self) -> None:
        """Go on reading: the queue has room again."""
        self._pump.resume_reading()

    async def request_members(self, command: RequestGuildMembers, patience: float) -> Chunks:
        """Ask for members and gather the answers; see `MemberRequests.request`."""
        waiting = self._member_requests
        if not waiting:
            self._set_diversions(gathering=True)
        try:
            return await waiting.request(self, command, patience)
        finally:
            if not waiting:
                self._set_diversions(gathering=False)

    # Shedding: the runner stands between pump and queue

    @property
    def full(self) -> bool:
        """Whether the queue is full."""
        return self._queue.full

    def put(self, events: Sequence[Event], size: int) -> None:
        """Put events into the queue; shed those that come next if it is half full."""
        self._queue.put(events, size)
        shedding = len(self._queue) >= self._shed_from
        if shedding != self._shedding:
            self._shedding = shedding
            self._log.info("shedding %s", "begins" if shedding else "ends")
            self._set_diversions(gathering=bool(self._member_requests))

    def _set_diversions(self, *, gathering: bool) -> None:
        names = set(self._shed_names) if self._shedding else set()
        if gathering:
            names.add(_MEMBERS_CHUNK)
        self.core.divert(names, self._divert)

    def _divert(self, payload: Payload) -> bool:
        """Take a dispatch away from the consumer: someone waits for it, or it is shed."""
        name = payload.t
        if name == _MEMBERS_CHUNK and self._member_requests.take(payload):
            return True
        if name is None or name not in self._shed_names or len(self._queue) < self._shed_from:
            return False
        self.shed[name] += 1
        return True

    # Inside

    def _ended(self, owner: asyncio.Task[None]) -> None:
        error = None if owner.cancelled() else owner.exception()
        self._member_requests.end()
        self._on_end(error or self._fatal)

    def send_for_another(self, command: Command | str) -> None:
        """Send for another thread, which has gone on meanwhile; errors are logged."""
        try:
            if self._owner is None:
                self.core.send(command, 0.0)  # to wait there; the time does not matter yet
            else:
                self.send(command)
        except GatewayError as error:
            self._log.warning("a command of another thread was dropped: %s", error)

    def _take_control(self, event: ControlEvent) -> None:
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
                    "Discord refused the session for now; resuming again"
                    if resumable
                    else "the session is over: a new one begins, events may be lost"
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
        if self._on_control is not None:
            self._on_control(event)
