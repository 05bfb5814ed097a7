"""What a command shares with its surroundings: standard streams and requests to end."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections.abc import AsyncIterator

from .gist import printable
from .output import RawWriter

__all__ = ["cancelled_by_sigterm", "raw_stdout", "say"]


def raw_stdout() -> RawWriter:
    """Give standard output without Python's buffers."""
    if sys.stdout is None:
        raise OSError("standard output is closed")
    buffer = sys.stdout.buffer
    raw: RawWriter = getattr(buffer, "raw", buffer)
    return raw


@contextlib.asynccontextmanager
async def cancelled_by_sigterm(task: asyncio.Task[object]) -> AsyncIterator[None]:
    """Treat a polite request to end as Ctrl-C is treated, where there are such requests."""
    loop = asyncio.get_running_loop()
    with contextlib.suppress(NotImplementedError):
        loop.add_signal_handler(signal.SIGTERM, task.cancel)
    try:
        yield
    finally:
        with contextlib.suppress(NotImplementedError):
            loop.remove_signal_handler(signal.SIGTERM)


def say(text: str) -> None:
    """Tell the person in one line, beside what goes to standard output."""
    print(f"gateway-core: {printable(text)}", file=sys.stderr)
