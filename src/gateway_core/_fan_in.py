"""Where the events of many shards wait for one consumer: fair, bounded, in batches.

Each shard has a `Lane`. The pump of the shard, on its thread, puts in what one burst of its socket
brought; the consumer, on another, takes slices of lanes in turn, and out of a slice event after
event without any lock. One lock guards what both touch, and is held for a few instructions, once a
burst and once a slice. A sleeping consumer is woken once, however much arrives until it runs.

Algorithm: round robin. Lanes that have something stand in a line; the first gives at most 32
events, and goes to the end if it has more. So a shard in a storm delays another's event by one
slice of every lane at most.

A lane is full from `Config.queue_size` events on, and every lane that gets something is while
`Config.queue_bytes` wait in all lanes together. It has room again when half is taken.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Final, Generic, Self, TypeVar

from .decoding import Payload
from .events import Event
from .sharding import ShardId

__all__ = ["ClusterStream", "Lane", "ShardStream", "Shared", "Stream"]

_ItemT = TypeVar("_ItemT")

_SLICE: Final = 32

_LONGEST_RUN: Final = 0.02
"""Seconds after which a consumer that never waits lets other tasks of its loop run."""


class Shared:
    """What all lanes of a cluster have in common.

    Args:
        max_bytes: of JSON text that may wait in all lanes together.
    """

    __slots__ = ("full", "lock", "max_bytes", "size", "waiting")

    def __init__(self, max_bytes: int) -> None:
        self.lock = threading.Lock()
        self.max_bytes = max_bytes
        self.size = 0
        """Bytes that wait."""
        self.full = False
        """Whether lanes wait because of the bytes."""
        self.waiting: set[Lane] = set()
        """The lanes that are full."""


class Lane:
    """The events of one shard that wait; a pump's outlet.

    Args:
        shared: of the cluster.
        shard_id: whose events these are.
        max_events: it is full from so many on.
    """

    __slots__ = (
        "_batches",
        "_finished",
        "_listed",
        "_max_events",
        "_shared",
        "_sink",
        "_stream",
        "consumed",
        "discarded",
        "events",
        "full",
        "on_room",
        "shard_id",
        "size",
    )

    consumed: Callable[[Payload], None]
    """Told each dispatch that the consumer has come back from."""
    on_room: Callable[[], None]
    """Called when it was full and no longer is, on the consumer's thread."""

    def __init__(self, shared: Shared, shard_id: ShardId, max_events: int) -> None:
        self.shard_id = shard_id
        self.events: deque[Event] = deque()
        self.size = 0
        self.full = False
        self.discarded = False
        """Whether what waited was dropped, so that it will never be consumed."""
        self._shared = shared
        self._max_events = max_events
        self._batches: deque[list[int]] = deque()
        """For each burst: how many of its events wait, and their size in bytes."""
        self._stream: Stream[Any] | None = None
        self._listed = False
        self._finished = False
        self._sink: Callable[[Event], object] | None = None

    def __len__(self) -> int:
        return len(self.events)

    # The pump's side

    def put(self, events: Sequence[Event], size: int) -> None:
        """Take events that came in `size` bytes of JSON text."""
        shared = self._shared
        wake = False
        with shared.lock:
            if self._finished:
                return
            if self._sink is not None:
                for event in events:
                    self._sink(event)
                    if isinstance(event, Payload):
                        self.consumed(event)
                return
            self.events.extend(events)
            self._batches.append([len(events), size])
            self.size += size
            if self._stream is not None:
                shared.size += size
                if shared.size >= shared.max_bytes:
                    shared.full = True
            if shared.full or len(self.events) >= self._max_events:
                self.full = True
                shared.waiting.add(self)
            stream = self._stream
            if stream is not None:
                wake = stream._list(self)
        if wake and stream is not None:
            stream._wake_threadsafe()

    # The consumer's side

    def attach(self, stream: Stream[Any] | None) -> None:
        """Let the events come out of a stream, or wait if it is None.

        What waits so has no part in the limit of bytes for all, which could never be met again.
        """
        shared = self._shared
        with shared.lock:
            if self._stream is not None:
                self._stream._unlist(self)
                shared.size -= self.size
            self._stream = stream
            if stream is not None:
                shared.size += self.size
            wake = stream is not None and bool(self.events) and stream._list(self)
        if wake and stream is not None:
            stream._wake_threadsafe()

    def drain(self, sink: Callable[[Event], object] | None) -> None:
        """Let events go to `sink` and count as consumed, instead of waiting; None to end this.

        The sink is called on the pump's thread.
        """
        with self._shared.lock:
            self._sink = sink

    def finish(self, *, discard: bool) -> None:
        """Take nothing any more; drop what waits too, if told so."""
        with self._shared.lock:
            self._finished = True
            self.discarded |= discard
            if discard:
                self._taken(len(self.events))
                self.events.clear()
                if self._stream is not None:
                    self._stream._unlist(self)
            room = self._make_room()
        for on_room in room:
            on_room()

    def _take(self, into: deque[Event]) -> list[Callable[[], None]]:
        """Move a slice; with the lock held. Give what is to be called without it."""
        events = self.events
        count = min(len(events), _SLICE)
        for _ in range(count):
            into.append(events.popleft())
        self._taken(count)
        return self._make_room()

    def _taken(self, count: int) -> None:
        batches = self._batches
        while count:
            batch = batches[0]
            taken = min(count, batch[0])
            batch[0] -= taken
            count -= taken
            if batch[0]:
                break
            self.size -= batch[1]
            if self._stream is not None:
                self._shared.size -= batch[1]
            batches.popleft()

    def _make_room(self) -> list[Callable[[], None]]:
        """Say who is to be told that there is room again; with the lock held."""
        shared = self._shared
        lanes: Sequence[Lane] = (self,)
        if shared.full and 2 * shared.size <= shared.max_bytes:
            shared.full = False
            lanes = tuple(shared.waiting)
        room = []
        for lane in lanes:
            if lane.full and lane._has_room():
                lane.full = False
                shared.waiting.discard(lane)
                room.append(lane.on_room)
        return room

    def _has_room(self) -> bool:
        if self._finished:
            return True
        return not self._shared.full and 2 * len(self.events) <= self._max_events


class Stream(Generic[_ItemT]):
    """A consumer's view of some lanes. Everything public is for the consumer's thread.

    Args:
        shared: of the cluster.
    """

    _errors_come_last = False
    """Whether an error waits until everything before it is taken."""

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._loop = asyncio.get_running_loop()
        self._line: deque[Lane] = deque()
        self._slice: deque[Event] = deque()
        self._lane: Lane | None = None
        """Whose slice it is."""
        self._taken: Payload | None = None
        """What the consumer is at."""
        self._waiter: asyncio.Future[None] | None = None
        self._asleep = False
        self._errors: deque[BaseException] = deque()
        self._over = False
        self._ran_since = 0.0

    def __aiter__(self) -> Self:
        """Give the stream itself."""
        return self

    async def __anext__(self) -> _ItemT:
        """Give the next item."""
        raise NotImplementedError

    def drop(self, lane: Lane) -> None:
        """Forget what was sliced off a lane and not yet taken."""
        if self._lane is lane:
            self._slice.clear()

    def finish(self) -> None:
        """End once everything is taken."""
        with self._shared.lock:
            self._over = True
            self._asleep = False
        self._wake()

    def reopen(self) -> None:
        """Go on after `finish`: something new will come after all."""
        with self._shared.lock:
            self._over = False

    @property
    def over(self) -> bool:
        """Whether nothing new will come."""
        return self._over

    def fail(self, error: BaseException) -> None:
        """Raise an error at the next opportunity; callable on any thread."""
        with self._shared.lock:
            self._errors.append(error)
            wake, self._asleep = self._asleep, False
        if wake:
            self._wake_threadsafe()

    def take_error(self) -> BaseException | None:
        """Give the first error that nobody has seen, and forget the others."""
        with self._shared.lock:
            error = self._errors[0] if self._errors else None
            self._errors.clear()
        return error

    async def _fill(self) -> bool:
        """Wait until there is a slice; False when nothing will ever come again.

        Raises:
            BaseException: what `fail` was given, once.
            RuntimeError: another task waits already.
        """
        if self._loop.time() - self._ran_since > _LONGEST_RUN:
            await asyncio.sleep(0)
            self._ran_since = self._loop.time()
        while not self._next_slice():
            if self._over:
                return False
            if self._waiter is not None:
                raise RuntimeError("two tasks iterate over one stream: its events go to one only")
            self._waiter = self._loop.create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
            self._ran_since = self._loop.time()
        return True

    def _next_slice(self) -> bool:
        line = self._line
        with self._shared.lock:
            if self._errors and not (self._errors_come_last and line):
                raise self._errors.popleft()
            while line:
                lane = line.popleft()
                room = lane._take(self._slice)
                lane._listed = bool(lane.events)
                if lane._listed:
                    line.append(lane)
                if self._slice:
                    break
            else:
                self._asleep = not self._over
                return False
        self._turn_to(lane)
        for on_room in room:
            on_room()
        return True

    def _turn_to(self, lane: Lane) -> None:
        """Note whose events come next."""
        self._lane = lane
        self._consumed = lane.consumed

    # With the lock held, on any thread

    def _list(self, lane: Lane) -> bool:
        """Put a lane that has something in the line; say whether to wake the consumer."""
        if not lane._listed:
            lane._listed = True
            self._line.append(lane)
        wake, self._asleep = self._asleep, False
        return wake

    def _unlist(self, lane: Lane) -> None:
        if lane._listed:
            lane._listed = False
            self._line.remove(lane)

    # Waking

    def _wake_threadsafe(self) -> None:
        # A closed loop has no consumer any more.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


class ClusterStream(Stream[tuple[ShardId, _ItemT]]):
    """Events of many shards, each with its shard."""

    async def __anext__(self) -> tuple[ShardId, _ItemT]:
        """Give the next event."""
        taken = self._taken
        if taken is not None:
            self._consumed(taken)
        events = self._slice
        if not events:
            self._taken = None
            if not await self._fill():
                raise StopAsyncIteration
        event = events.popleft()
        self._taken = event if isinstance(event, Payload) else None
        return self._shard_id, event  # type: ignore[return-value]

    def _turn_to(self, lane: Lane) -> None:
        super()._turn_to(lane)
        self._shard_id = lane.shard_id


class ShardStream(Stream[_ItemT]):
    """Events of one shard."""

    _errors_come_last = True

    async def __anext__(self) -> _ItemT:
        """Give the next event."""
        taken = self._taken
        if taken is not None:
            self._consumed(taken)
        events = self._slice
        if not events:
            self._taken = None
            if not await self._fill():
                raise StopAsyncIteration
        event = events.popleft()
        self._taken = event if isinstance(event, Payload) else None
        return event  # type: ignore[return-value]
