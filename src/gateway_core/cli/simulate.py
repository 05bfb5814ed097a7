"""``gateway-core simulate``: a gateway for bots to be tested with."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
import sys
import time
from collections.abc import Iterator
from functools import partial

from gateway_core.testing import FakeGateway, FaultSchedule

from .arguments import SimulateOptions
from .gist import printable
from .output import Output
from .process import cancelled_by_sigterm, raw_stdout

__all__ = ["simulate"]

_PATIENCE = 1.0
"""Seconds that a reader of standard output is given to catch up at the end."""


async def simulate(options: SimulateOptions) -> int:
    """Serve until Ctrl-C, or until nobody reads; give the exit status.

    Raises:
        OSError: the port cannot be listened on, or the certificate cannot be read.
        ValueError: the options cannot be used together.
    """
    task = asyncio.current_task()
    assert task is not None
    faults = None
    if options.chaos is not None:
        faults = FaultSchedule(options.chaos, options.faults)
    gateway = FakeGateway(
        seed=options.seed,
        guilds=options.guilds,
        members=options.members,
        rate=options.rate or None,
        token=options.token,
        heartbeat_interval=options.heartbeat_interval,
        shards=options.shards,
        faults=faults,
        host=options.host,
        port=options.port,
        ssl=_tls(options),
    )
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
    print(_summary(gateway, faults, seconds), file=sys.stderr)
    return 0


async def _print(gateway: FakeGateway, diary: _Diary, output: Output) -> None:
    await output.line(f"gateway   {gateway.url}")
    await output.line(f"HTTP API  {gateway.http_url}")
    with diary.kept():
        while True:
            await output.line(await diary.lines.get())


def _tls(options: SimulateOptions) -> ssl.SSLContext | None:
    if options.certificate is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(options.certificate)
    return context


def _summary(gateway: FakeGateway, faults: FaultSchedule | None, seconds: float) -> str:
    sent = sum(connection.sent for connection in gateway.history)
    lines = [
        f"time         {seconds:.1f} s",
        f"connections  {len(gateway.history)}",
        f"identifies   {len(gateway.identifies)}",
        f"resumes      {len(gateway.resumes)}",
        f"dispatches   {sent:,} sent",
        f"HTTP         {len(gateway.requests)} requests",
    ]
    if faults is not None:
        lines.append(f"faults       {len(faults.struck)}")
    return "\n".join(lines)


class _Diary(logging.Handler):
    """Turns what the simulator logs into lines, to be taken from `lines`."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: asyncio.Queue[str] = asyncio.Queue()

    def emit(self, record: logging.LogRecord) -> None:
        """Add a line, with the time of day."""
        clock = time.strftime("%H:%M:%S", time.localtime(record.created))
        text = printable(record.getMessage())
        self.lines.put_nowait(f"{clock}.{int(record.msecs):03} {text}")

    @contextlib.contextmanager
    def kept(self) -> Iterator[None]:
        """Hear what the simulator logs."""
        log = logging.getLogger("gateway_core.testing")
        log.setLevel(logging.INFO)
        log.addHandler(self)
        try:
            yield
        finally:
            log.removeHandler(self)
