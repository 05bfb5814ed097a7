"""Where events wait for their consumer: bounded, and handed over in batches.

The pump puts in what one burst of the socket brought; the consumer is woken once for it, and then
takes event after event without waiting. A count of messages and one of bytes say when it is full;
the pump then leaves the socket alone until the consumer has taken everything.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable

from .events import Event

__all__ = ["Inbox"]


class Inbox:
    """Events between one pump and one consumer, on one event loop.

    Args:
        max_events: it is full from so many events on. One burst may go beyond.
        max_bytes: likewise for the JSON text that the events came in.
        on_room: called when it was full and no longer is.
    """

    __slots__ = (
        "_arrived",
        "_arrived_bytes",
        "_error",
        "_finished",
        "_max_bytes",
        "_max_events",
        "_on_room",
        "_taken_bytes",
        "_waiter",
        "events",
        "full",
    )

    def __init__(self, max_events: int, max_bytes: int, on_room: Callable[[], None]) -> None:
        self.events: deque[Event] = deque()
        """The batch that the consumer is at: it pops from the left as long as there are any."""
        self._arrived: list[Event] = []
        self._arrived_bytes = 0
        self._taken_bytes = 0
        self._max_events = max_events
        self._max_bytes = max_bytes
        self._on_room = on_room
        self.full = False
        """Whether nothing should be put in until `on_room` is called."""
        self._waiter: asyncio.Future[None] | None = None
        self._finished = False
        self._error: BaseException | None = None

    def __len__(self) -> int:
        return len(self._arrived) + len(self.events)

    @property
    def size(self) -> int:
        """Bytes of JSON text that wait; a batch counts until it is all taken."""
        return self._arrived_bytes + self._taken_bytes

    @property
    def finished(self) -> bool:
        """Whether nothing will ever be put in again."""
        return self._finished

    def put(self, events: Iterable[Event], size: int) -> None:
        """Add events that came in `size` bytes of JSON text, and wake the consumer."""
        if self._finished:
            return
        self._arrived.extend(events)
        self._arrived_bytes += size
        self.full = len(self) >= self._max_events or self.size >= self._max_bytes
        self._wake()

    def discard(self) -> None:
        """Drop everything that waits and finish."""
        self.events.clear()
        self._arrived.clear()
        self._arrived_bytes = self._taken_bytes = 0
        self.finish(None)

    def finish(self, error: BaseException | None) -> None:
        """Say that nothing more comes; `error` is raised once all is taken."""
        if self._finished:
            return
        self._finished = True
        self._error = error
        self._make_room()
        self._wake()

    def take_error(self) -> BaseException | None:
        """Give the error that nobody has seen yet, once."""
        error, self._error = self._error, None
        return error

    async def fill(self) -> bool:
        """Wait until `events` has something; False when nothing will ever come again.

        Raises:
            BaseException: what `finish` was given, once.
            RuntimeError: another task waits already.
        """
        while not self._next_batch():
            if self._finished:
                error = self.take_error()
                if error is not None:
                    raise error
                return False
            if self._waiter is not None:
                raise RuntimeError("two tasks iterate over one Shard: its events go to one only")
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        return True

    def _next_batch(self) -> bool:
        """Make what has arrived the batch to take; the one before is all taken."""
        arrived = bool(self._arrived)
        if arrived:
            self.events.extend(self._arrived)
            self._arrived.clear()
        self._taken_bytes, self._arrived_bytes = self._arrived_bytes, 0
        if self.full and not arrived:
            self._make_room()
        return arrived

    def _make_room(self) -> None:
        if self.full:
            self.full = False
            self._on_room()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
