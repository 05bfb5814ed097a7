"""Serving a gateway: its URLs, then a line for whatever happens, until it is to end."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from gateway_core.testing import FakeGateway

from .gist import printable
from .output import Output
from .process import cancelled_by_sigterm, raw_stdout

__all__ = ["serve", "server_tls"]

_MOST_LINES = 10_000
"""Lines that wait for a slow reader of standard output."""
_PATIENCE = 1.0
"""Seconds that a reader of standard output is given to catch up at the end."""


async def serve(gateway: FakeGateway) -> str:
    """Serve until Ctrl-C, or until nobody reads; give the first lines of a summary.

    Raises:
        OSError: the port cannot be listened on.
    """
    task = asyncio.current_task()
    assert task is not None
    output = Output(raw_stdout())
    diary = _Diary()
    start = time.monotonic()
    try:
        async with cancelled_by_sigterm(task), gateway:
            try:
                async with asyncio.timeout(None) as never:
                    output.on_error = partial(never.reschedule, 0.0)
                    await _print(gateway, diary, output)
            except (BrokenPipeError, TimeoutError):
                pass  # standard output is gone
            except asyncio.CancelledError:
                task.uncancel()
            output.on_error = None
            seconds = time.monotonic() - start
    finally:
        with contextlib.suppress(BrokenPipeError, TimeoutError):
            async with asyncio.timeout(_PATIENCE):
                await output.close()
    return _summary(gateway, seconds)


def server_tls(certificate: Path | None) -> ssl.SSLContext | None:
    """Give the TLS context of a server; None without a certificate.

    Raises:
        OSError: the certificate cannot be read.
    """
    if certificate is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


async def _print(gateway: FakeGateway, diary: _Diary, output: Output) -> None:
    await output.line(f"gateway   {gateway.url}")
    await output.line(f"HTTP API  {gateway.http_url}")
    with diary.kept():
        while True:
            await output.line(await diary.line())


def _summary(gateway: FakeGateway, seconds: float) -> str:
    sent = sum(connection.sent for connection in gateway.history)
    return (
        f"time         {seconds:.1f} s\n"
        f"connections  {len(gateway.history)}\n"
        f"identifies   {len(gateway.identifies)}\n"
        f"resumes      {len(gateway.resumes)}\n"
        f"dispatches   {sent:,} sent\n"
        f"HTTP         {len(gateway.requests)} requests"
    )


class _Diary(logging.Handler):
    """Turns what the simulator logs into lines, to be taken with `line`.

    When nobody takes them and too many wait, what comes is left out until those are taken.
    """

    def __init__(self) -> None:
        super().__init__()
        self._lines: asyncio.Queue[str] = asyncio.Queue(_MOST_LINES)
        self._left_out = 0

    async def line(self) -> str:
        """Give the next line; one says how many are missing in its place."""
        if self._left_out and self._lines.empty():
            count, self._left_out = self._left_out, 0
            return f"({count:,} lines were left out: the reader is too slow)"
        return await self._lines.get()

    def emit(self, record: logging.LogRecord) -> None:
        """Add a line, with the time of day."""
        if self._left_out or self._lines.full():
            self._left_out += 1
            return
        clock = time.strftime("%H:%M:%S", time.localtime(record.created))
        text = printable(record.getMessage())
        self._lines.put_nowait(f"{clock}.{int(record.msecs):03} {text}")

    @contextlib.contextmanager
    def kept(self) -> Iterator[None]:
        """Hear what the simulator logs."""
        log = logging.getLogger("gateway_core.testing")
        level = log.level
        log.setLevel(logging.INFO)
        log.addHandler(self)
        try:
            yield
        finally:
            log.removeHandler(self)
            log.setLevel(level)
