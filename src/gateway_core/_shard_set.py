"""The shards that a cluster runs: made, started in order, ended together.

They live on a few I/O threads; everything here belongs to the user's event loop.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import Any, Generic, TypeVar

from ._fan_in import ClusterStream, Shared, Stream
from ._io_thread import IOThread, on_loop
from .cluster_shard import ClusterShard
from .commands import UpdatePresence
from .config import Config
from .errors import ShardClosed, ShardNotHere
from .identify_queue import IdentifyQueue
from .session import Session
from .sharding import ShardId

__all__ = ["ShardSet"]

_EventT = TypeVar("_EventT")
_T = TypeVar("_T")


class ShardSet(Generic[_EventT]):
    """What a cluster runs.

    Args:
        config: of every shard, but for its presence.
        presence: gives the presence of each shard; None for that of `config`.
        control_events: whether control events are given to the consumer.
        queue: says whose turn it is to identify.
        queue_loop: where to await it, None for the first I/O thread.
        total: how many shards share the bot's guilds.
        io_threads: how many threads serve the connections; they are started.
        at_once: how many shards may be between their start and their turn to identify.
    """

    def __init__(
        self,
        config: Config,
        presence: Callable[[ShardId], UpdatePresence | None] | None,
        queue: IdentifyQueue,
        queue_loop: asyncio.AbstractEventLoop | None,
        total: int,
        *,
        control_events: bool,
        io_threads: int,
        at_once: int,
    ) -> None:
        self._config = config
        self._presence = presence
        self._control_events = control_events
        self._queue = queue
        self._at_once = at_once
        self._loop = asyncio.get_running_loop()
        self._shared = Shared(config.queue_bytes)
        self._tasks: set[asyncio.Task[Any]] = set()
        self.stream: ClusterStream[_EventT] = ClusterStream(self._shared)
        """Where all events come together."""
        self.total = total
        """The total of the shards that are shown."""
        self.shards: dict[int, ClusterShard[_EventT]] = {}
        """The shards that are shown, by number."""
        self.running: set[ClusterShard[_EventT]] = set()
        """Every shard that is not over, those that are not shown included."""
        self.known: set[ShardId] = set()
        """All that ever were."""
        self.exported: Sequence[ClusterShard[_EventT]] | None = None
        """The shards whose sessions are those to resume, where they are not those shown."""
        self.closing = asyncio.Event()
        self.closed = asyncio.Event()
        self.io = [IOThread(f"gateway-core {number}") for number in range(io_threads)]
        self._queue_loop = queue_loop or self.io[0].loop
        for io in self.io:
            io.start()

    def make(self, shard_id: ShardId, session: Session | None) -> ClusterShard[_EventT]:
        """Make a shard that is neither started nor shown."""
        config = self._config
        if self._presence is not None:
            config = dataclasses.replace(config, presence=self._presence(shard_id))
        queue = self._queue

        async def acquire() -> None:
            await queue.acquire(shard_id)

        shard: ClusterShard[_EventT] = ClusterShard(
            config,
            shard_id,
            session,
            self.io[shard_id.number % len(self.io)],
            self._shared,
            partial(on_loop, self._queue_loop, acquire),
            self._on_over,
            control_events=self._control_events,
        )
        self.running.add(shard)
        self.known.add(shard_id)
        return shard

    def add(
        self, shard_id: ShardId, session: Session | None, stream: Stream[Any]
    ) -> ClusterShard[_EventT]:
        """Show and start one more shard.

        Raises:
            ShardClosed: all are being closed.
        """
        if self.closing.is_set():
            raise ShardClosed("the cluster is closed")
        shard = self.make(shard_id, session)
        stream.reopen()
        shard._attach(stream)
        self.shards[shard_id.number] = shard
        self.start([shard])
        return shard

    def start(self, shards: Sequence[ClusterShard[_EventT]]) -> None:
        """Start shards in this order, not too many at once."""
        self.spawn(self.io[0].run(partial(_start_all, self.io[0], shards, self._at_once)))

    def get(self, number: int) -> ClusterShard[_EventT]:
        """Give a shard that is shown.

        Raises:
            ShardNotHere: there is none of that number.
        """
        try:
            return self.shards[number]
        except KeyError:
            raise ShardNotHere(
                f"this cluster does not run shard {number} of {self.total}"
            ) from None

    def of_guild(self, guild_id: int) -> ClusterShard[_EventT]:
        """Give the shard that has a guild.

        Raises:
            ShardNotHere: this cluster does not run it.
        """
        return self.get((guild_id >> 22) % self.total)

    async def sessions(self) -> dict[ShardId, Session | None]:
        """Read the consumed sessions, each on the thread that also writes it."""
        if not self.closing.is_set():
            try:
                return await self._sessions_of_running()
            except ShardClosed:
                pass  # closed meanwhile
        await self.closed.wait()
        return {shard.shard_id: shard._core.consumed_session for shard in self._exported()}

    def _exported(self) -> Sequence[ClusterShard[_EventT]]:
        return self.exported or tuple(self.shards.values())

    async def _sessions_of_running(self) -> dict[ShardId, Session | None]:
        by_thread: dict[IOThread, list[ClusterShard[_EventT]]] = {}
        for shard in self._exported():
            by_thread.setdefault(shard._io, []).append(shard)

        async def read(shards: list[ClusterShard[_EventT]]) -> dict[ShardId, Session | None]:
            return {shard.shard_id: shard._core.consumed_session for shard in shards}

        sessions: dict[ShardId, Session | None] = {}
        for io, shards in by_thread.items():
            sessions |= await io.run(partial(read, shards))
        return sessions

    async def close(self, *, resumable: bool) -> None:
        """Close all, and end the threads; when cancelled, drop the connections."""
        if self.closing.is_set():
            await self.closed.wait()
            return
        self.closing.set()
        concerned = {*self.running, *self.shards.values()}
        try:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await asyncio.gather(
                *(shard._close(resumable=resumable) for shard in tuple(self.running))
            )
        finally:
            self.stream.finish()
            for shard in concerned:
                shard._give_up(discard=False)
                shard._end_stream()
            await _in_any_case(asyncio.gather(*(io.stop() for io in self.io)))
            self.closed.set()

    def spawn(self, work: Coroutine[Any, Any, _T]) -> asyncio.Task[_T]:
        """Do work until it is done or the shards are closed."""
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _on_over(self, shard: ClusterShard[_EventT]) -> None:
        """Note that a shard is over; its consumer has its error, if there is one."""
        self.running.discard(shard)
        shown = self.shards.values()
        if shown and not self.running and all(shard._error is not None for shard in shown):
            self.stream.finish()  # nobody is left, and nobody was closed to make room for another


async def _start_all(home: IOThread, shards: Sequence[ClusterShard[Any]], at_once: int) -> None:
    """Start shards in order; so many may be on their way to their turn to identify."""
    places = asyncio.Semaphore(at_once)
    for shard in shards:
        await places.acquire()
        shard._io.call(shard._start, partial(home.call, places.release))


async def _in_any_case(work: asyncio.Future[Any]) -> None:
    """Wait to the end, cancelled or not."""
    cancelled = False
    while not work.done():
        try:
            await asyncio.wait((work,))
        except asyncio.CancelledError:
            cancelled = True
    if cancelled:
        raise asyncio.CancelledError
