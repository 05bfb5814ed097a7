"""Standard output, written from a thread.

A reader that is slow or stopped (``| less``) must not stop the event loop, or heartbeats would
stop with it. The thread is a daemon and writes without Python's buffers, so that a reader that
never comes back does not keep the program from ending.
"""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Callable
from typing import Final, Protocol

__all__ = ["Output", "RawWriter"]

_MAX_WAITING: Final = 1 << 20


class RawWriter(Protocol):
    """An unbuffered binary file."""

    def write(self, data: memoryview, /) -> int | None:
        """Write some of `data` and say how many bytes that was."""


class Output:
    """Takes lines on the event loop and writes them from a thread, in order.

    Args:
        raw: where to write; `write` may block.

    Attributes:
        on_error: called on the event loop when a write has failed, None for nobody.
    """

    def __init__(self, raw: RawWriter) -> None:
        self.on_error: Callable[[], None] | None = None
        self._raw = raw
        self._loop = asyncio.get_running_loop()
        self._lines: list[str] = []
        self._waiting = 0
        self._progress = asyncio.Event()
        self._error: OSError | None = None
        self._busy = False
        self._chunks: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write_all, name="stdout", daemon=True)
        self._thread.start()

    async def line(self, text: str) -> None:
        """Write one line; wait while the reader is more than a mebibyte behind.

        Raises:
            OSError: an earlier write failed; `BrokenPipeError` when the reader has gone.
        """
        if self._error is not None:
            raise self._error
        self._lines.append(text)
        self._waiting += len(text) + 1
        if not self._busy:
            self._send()
        if self._waiting > _MAX_WAITING:
            await self._until_below(_MAX_WAITING)

    async def close(self) -> None:
        """Wait until everything is written, and end the thread.

        Raises:
            OSError: a write failed.
        """
        try:
            await self._until_below(0)
        finally:
            self._chunks.put(None)

    async def _until_below(self, limit: int) -> None:
        while self._waiting > limit and self._error is None:
            self._progress.clear()
            await self._progress.wait()
        if self._error is not None:
            raise self._error

    def _send(self) -> None:
        """Hand what has gathered to the thread, as one chunk."""
        if not self._lines:
            return
        # An unpaired surrogate of JSON comes out as the escape that it was.
        text = "\n".join(self._lines) + "\n"
        self._sent = self._waiting
        self._lines.clear()
        self._busy = True
        self._chunks.put(text.encode("utf-8", "backslashreplace"))

    def _sent_done(self, error: OSError | None) -> None:
        """Go on after a chunk was written; runs on the loop."""
        self._busy = False
        self._waiting -= self._sent
        self._error = error
        self._progress.set()
        if error is None:
            self._send()
        elif self.on_error is not None:
            self.on_error()

    def _write_all(self) -> None:
        """Write chunks until told to end; runs in the thread."""
        while (chunk := self._chunks.get()) is not None:
            error: OSError | None = None
            try:
                rest = memoryview(chunk)
                while rest:
                    written = self._raw.write(rest)
                    if written is None:  # somebody made the file non-blocking, and it is full
                        time.sleep(0.01)
                    else:
                        rest = rest[written:]
            except OSError as problem:
                error = problem
            try:
                self._loop.call_soon_threadsafe(self._sent_done, error)
            except RuntimeError:  # the loop has ended without waiting for us
                return
