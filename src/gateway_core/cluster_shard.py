"""One shard of a cluster, as its user sees it from another thread than the one it lives on."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import Any, Final, Generic, TypeVar

from ._fan_in import Lane, ShardStream, Shared, Stream
from ._io_thread import IOThread
from ._runner import Runner, ShardInfo, ShardStats
from .command_queue import check_command
from .commands import Command, RequestGuildMembers
from .config import Config
from .connection import GatewayConnection
from .errors import ShardClosed
from .events import ControlEvent, Identifying, Ready, Reconnecting, Resumed, Resuming
from .latency import Latency
from .member_requests import GuildMembers
from .session import Session
from .sharding import ShardId, ShardState

__all__ = ["ClusterShard"]

_EventT = TypeVar("_EventT")

_OVER: Final = (ShardState.CLOSED, ShardState.FATALLY_CLOSED)

_SETTLING: Final = (Identifying, Resuming, Reconnecting)
"""After any of these, a shard that was started needs no more care of whoever starts them all."""


class ClusterShard(Generic[_EventT]):
    """A shard of a `Cluster`, from `Cluster.shards`; not to be made by users.

    Everything but `send` belongs to the event loop on which the cluster was entered.

    Iterating over it takes its events out of the cluster's common stream and gives them here, from
    then on. Begin with that before events come, or the two consumers share them.
    """

    def __init__(
        self,
        config: Config,
        shard_id: ShardId,
        session: Session | None,
        io: IOThread,
        shared: Shared,
        acquire: Callable[[], Awaitable[None]],
        on_over: Callable[[ClusterShard[_EventT]], None],
        *,
        control_events: bool,
    ) -> None:
        self._io = io
        self._loop = asyncio.get_running_loop()
        self._on_over = on_over
        self._core = GatewayConnection(config, shard_id, session=session, random=random.random)
        self._lane = Lane(shared, shard_id, config.queue_size)
        self._shared = shared
        self._runner = Runner(
            config,
            self._core,
            self._lane,
            acquire,
            keep_control=control_events,
            on_end=self._ended,
            on_control=self._control,
            deadlines=io.deadlines,
        )
        self._lane.consumed = self._core.consumed
        self._lane.on_room = partial(io.call, self._runner.resume_reading)
        self._stream: Stream[Any] | None = None
        self._over = False
        self._error: BaseException | None = None
        """What ended it."""
        self._ready: asyncio.Future[None] = self._loop.create_future()
        self._kept: list[Command | str] | None = None
        """Commands for the shard that comes after it; None if there will be none."""
        # For the thread it lives on alone:
        self._stopped = False
        self._successor: ClusterShard[_EventT] | None = None
        self._on_settled: Callable[[], None] | None = None
        self._watchers: list[Callable[[ControlEvent | None], None]] = []

    def __repr__(self) -> str:
        return f"<ClusterShard {self.shard_id} {self.state.value}>"

    # For users

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
    def stats(self) -> ShardStats:
        """What the shard has done so far."""
        return self._runner.stats

    def info(self) -> ShardInfo:
        """Tell how the shard fares."""
        return self._runner.info()

    async def wait_ready(self) -> None:
        """Wait until the shard has a session for the first time, new or resumed.

        Raises:
            GatewayError: Discord refuses the shard; `ShardClosed` when it was closed before.
        """
        await asyncio.shield(self._ready)

    def send(self, command: Command | str) -> None:
        """Send a command to this shard, from any thread; see `Shard.send`.

        Raises:
            CommandError: it cannot be sent, for instance because it is over 4,096 bytes.
            ShardClosed: the shard is closed, and is not being restarted.

        That too many commands wait is logged, since the caller has gone on when it is found.
        """
        if (self._stopped or self.state in _OVER) and self._kept is None:
            raise ShardClosed(f"shard {self.shard_id} is closed")
        check_command(command)
        self._io.call(self._send, command)

    async def request_guild_members(
        self, request: RequestGuildMembers, *, patience: float = 60.0
    ) -> GuildMembers:
        """Ask for members of a guild and gather the answers; see `Shard.request_guild_members`.

        Where the shard has not had a session yet, that is waited for, however long.
        """
        await self.wait_ready()
        chunks = await self._io.run(partial(self._runner.request_members, request, patience))
        return GuildMembers.of(str(request.guild_id), chunks)

    def __aiter__(self) -> AsyncIterator[_EventT]:
        """Take the shard out of the common stream; give a stream of its events alone."""
        if not isinstance(self._stream, ShardStream):
            self._attach(ShardStream[_EventT](self._shared))
            if self._over:
                self._end_stream()
        stream = self._stream
        assert isinstance(stream, ShardStream)
        return stream

    # For the cluster, on its loop

    def _attach(self, stream: Stream[Any] | None) -> None:
        """Let the events come out of a stream; None keeps them for later."""
        self._stream = stream
        self._lane.attach(stream)
        if stream is not None and self._error is not None:
            stream.fail(self._error)

    async def _close(self, *, resumable: bool) -> Session | None:
        """Close, and wait for it; where it is resumable, what was not taken is dropped."""
        resumable = resumable and self.state not in _OVER  # else nothing would bring it again
        if resumable:
            self._lane.finish(discard=True)
            if self._stream is not None:
                self._stream.drop(self._lane)
        try:
            await self._io.run(partial(self._stop, resumable=resumable))
        finally:
            self._give_up(discard=resumable)
        return self._core.consumed_session

    def _give_up(self, *, discard: bool) -> None:
        """Note that nothing more comes, whether or not it was ever started."""
        self._over = True
        self._lane.finish(discard=discard)
        if not self._ready.done():
            self._fail_ready(ShardClosed(f"shard {self.shard_id} was closed before it was ready"))
        self._on_over(self)

    def _keep_commands(self) -> None:
        """Keep commands that come once it is stopped, until `_hand_on` is called."""
        self._kept = []

    def _hand_on(self, successor: ClusterShard[_EventT] | None) -> None:
        """Leave what was not sent to a shard on the same thread; without one, it is dropped."""
        kept = [] if self._kept is None else self._kept  # that list: more may come on the way
        if successor is None:
            self._kept = None  # here, since the thread may have ended: `send` is to raise again
        self._io.call(self._succeed, successor, kept)

    def _end_stream(self) -> None:
        """Let the stream of this shard alone end, if there is one."""
        if isinstance(self._stream, ShardStream):
            self._stream.finish()

    def _is_consumed_up_to(self, count: int) -> bool:
        """Whether the consumer has come back from so many dispatches, or never will."""
        if self._lane.discarded or (self._stream is not None and self._stream.over):
            return True
        return self._core.consumed_count >= count

    # On the thread it lives on

    def _start(self, on_settled: Callable[[], None]) -> None:
        """Start, unless it was closed meanwhile."""
        if self._stopped:
            on_settled()
            return
        self._on_settled = on_settled
        self._runner.start()

    async def _stop(self, *, resumable: bool) -> None:
        self._stopped = True
        await self._runner.close(resumable=resumable)

    def _send(self, command: Command | str) -> None:
        if self._successor is not None:
            self._successor._send(command)
        elif self._stopped and self._kept is not None:
            self._kept.append(command)
        else:
            self._runner.send_for_another(command)

    def _succeed(self, successor: ClusterShard[_EventT] | None, kept: list[Command | str]) -> None:
        waiting = [*self._core.take_commands(), *kept]
        self._kept = None
        self._successor = successor
        for command in waiting:
            self._send(command)

    def _control(self, event: ControlEvent) -> None:
        if isinstance(event, _SETTLING):
            self._settle()
        elif isinstance(event, Ready | Resumed) and not self._ready.done():
            self._tell(self._set_ready)
        for watch in tuple(self._watchers):
            watch(event)

    def _ended(self, error: BaseException | None) -> None:
        self._settle()
        for watch in tuple(self._watchers):
            watch(None)
        self._tell(self._end, error)

    def _settle(self) -> None:
        on_settled, self._on_settled = self._on_settled, None
        if on_settled is not None:
            on_settled()

    def _tell(self, method: Callable[..., None], *arguments: object) -> None:
        """Call a method on the user's loop, if there still is one."""
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(method, *arguments)

    # On the user's loop again

    def _set_ready(self) -> None:
        if not self._ready.done():
            self._ready.set_result(None)

    def _fail_ready(self, error: BaseException) -> None:
        self._ready.set_exception(error)
        self._ready.exception()  # whoever waits sees it; else the stream tells

    def _end(self, error: BaseException | None) -> None:
        if not self._ready.done() and error is not None:
            self._fail_ready(error)
        self._over = True
        if error is not None:
            error.add_note(f"in shard {self.shard_id}")
            self._error = error
            if self._stream is not None:
                self._stream.fail(error)
                self._end_stream()
        self._on_over(self)
