"""``gateway-core record``: write what a bot receives into a file."""

from __future__ import annotations

import asyncio
import dataclasses
import sys
import time

from gateway_core._compressing import can_compress
from gateway_core.config import Compression
from gateway_core.decoding import DEFAULT_COMPRESSION, Payload
from gateway_core.events import Event
from gateway_core.recording import Recorder
from gateway_core.shard import Shard

from .arguments import RecordOptions
from .news import News
from .process import cancelled_by_sigterm
from .target import connect_to

__all__ = ["record"]

_REFRESH = 0.5
"""Seconds between two states of the line that shows how it goes."""


async def record(options: RecordOptions, token: str) -> int:
    """Record until the count, the time or Ctrl-C ends it; give the exit status.

    Args:
        options: the command line.
        token: the bot's token; empty for the simulator, or for a `--url` that needs none.

    Raises:
        GatewayError: the gateway cannot be reached, or refuses the shard.
        OSError: the file is there already, or cannot be written.
    """
    compression: Compression | None = options.compression
    if compression is None:
        compression = DEFAULT_COMPRESSION if can_compress(DEFAULT_COMPRESSION) else "zlib-stream"
    recorder = Recorder(
        options.file, compression=compression, secrets=[token], anonymise=options.anonymise
    )
    try:
        with recorder:
            async with connect_to(options.url, token, options.intents) as target:
                shard = Shard(
                    target.token,
                    target.intents,
                    shard_id=options.shard_id,
                    config=dataclasses.replace(
                        target.config, compression=compression, recorder=recorder
                    ),
                    control_events=True,
                )
                seconds = await _run(shard, options, recorder, News(target.config.gateway_url))
    finally:
        if recorder.messages == 0:
            options.file.unlink()
    print(_summary(options, recorder, seconds), file=sys.stderr)
    return 0


async def _run(
    shard: Shard[Event], options: RecordOptions, recorder: Recorder, news: News
) -> float:
    """Record until the end; give the seconds that it took."""
    task = asyncio.current_task()
    assert task is not None
    progress = _Progress(recorder)
    start = time.monotonic()
    taken = 0
    async with cancelled_by_sigterm(task), shard:
        try:
            async with asyncio.timeout(options.duration):
                async for event in shard:
                    if not isinstance(event, Payload):
                        news.tell(shard.shard_id, event)
                        continue
                    progress.show()
                    taken += 1
                    if taken == options.count:
                        break
        except TimeoutError:
            pass
        except asyncio.CancelledError:
            task.uncancel()
        seconds = time.monotonic() - start
    progress.end()
    return seconds


class _Progress:
    """One line on standard error, where a person watches."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._watched = sys.stderr.isatty()
        self._next = 0.0

    def show(self) -> None:
        """Write the line anew, now and then."""
        if self._watched and time.monotonic() >= self._next:
            self._next = time.monotonic() + _REFRESH
            recorder = self._recorder
            line = f"{recorder.messages:,} messages, {recorder.written:,} bytes written"
            print(f"\r{line}", end="", file=sys.stderr, flush=True)

    def end(self) -> None:
        """Leave the line."""
        if self._watched and self._next:
            print(file=sys.stderr)


def _summary(options: RecordOptions, recorder: Recorder, seconds: float) -> str:
    lost = f", {recorder.lost} could not be decoded" if recorder.lost else ""
    return (
        f"messages     {recorder.messages:,} in {seconds:.1f} s{lost}\n"
        f"received     {recorder.received:,} bytes\n"
        f"written      {recorder.written:,} bytes to {options.file}\n"
        f"anonymised   {'yes' if options.anonymise else 'no: names and contents are in it'}"
    )
