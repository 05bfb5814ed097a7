"""``gateway-core listen``: print the events of a bot as they come."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import functools
import os
import shutil
import sys
import time
from collections.abc import AsyncIterator

from gateway_core.cluster import Cluster
from gateway_core.decoding import Payload
from gateway_core.dispatches import dispatches_with
from gateway_core.errors import DecodeError
from gateway_core.events import Event
from gateway_core.shard import Shard
from gateway_core.sharding import ShardId, ShardRange

from .arguments import ListenOptions
from .formats import Formatter, make_formatter
from .news import News
from .output import Output
from .process import cancelled_by_sigterm, raw_stdout, say
from .summary import summary
from .target import connect_to

__all__ = ["listen"]

_PATIENCE = 1.0
"""Seconds that a reader of standard output is given to catch up after Ctrl-C."""

_HINT = "still closing; Ctrl-C again leaves at once"
_HINT_AFTER = 0.3


async def listen(options: ListenOptions, token: str) -> int:
    """Run until the count, the time, the reader or Ctrl-C ends it; give the exit status.

    Args:
        options: the command line.
        token: the bot's token; empty for the simulator, or for a `--url` that needs none.

    Raises:
        GatewayError: the gateway cannot be reached, or refuses the shard.
    """
    if options.url is not None and options.shards == "auto":
        raise ValueError("--shards auto asks Discord: with --url, say how many")
    simulated_shards = options.shards if isinstance(options.shards, int) else 2
    async with connect_to(options.url, token, options.intents, shards=simulated_shards) as target:
        config = target.config
        if options.only is not None:
            config = dataclasses.replace(config, wanted=options.only)
            never = options.only - dispatches_with(target.intents)
            if never:
                say(f"the intents do not bring {', '.join(sorted(never))}")
        source: Shard[Event] | Cluster[Event]
        if options.shards is None:
            source = Shard(target.token, target.intents, config=config, control_events=True)
        else:
            total = options.shards
            source = Cluster(
                target.token,
                target.intents,
                shards="auto" if total == "auto" else ShardRange(0, total, total),
                config=dataclasses.replace(config, identify_queue=target.identify_queue),
                control_events=True,
                api_url=target.api_url,
            )
        return await _Run(source, options, config.gateway_url).until_ended()


class _Run:
    """One run over one shard or several."""

    def __init__(
        self, source: Shard[Event] | Cluster[Event], options: ListenOptions, url: str
    ) -> None:
        self._source = source
        self._options = options
        self._news = News(url, name_shards=options.shards is not None)
        self._printed = 0

    async def until_ended(self) -> int:
        """Print until the end, close, say how it went."""
        task = asyncio.current_task()
        assert task is not None
        options = self._options
        output = Output(raw_stdout())
        hint: asyncio.TimerHandle | None = None
        start = time.monotonic()
        try:
            async with cancelled_by_sigterm(task), self._source:
                try:
                    async with asyncio.timeout(options.duration) as limit:
                        output.on_error = functools.partial(limit.reschedule, 0.0)
                        if options.shards is not None and _is_watched(options):
                            await self._show_table()
                        else:
                            await self._print_events(output)
                except (TimeoutError, BrokenPipeError):
                    pass  # time is up, or standard output is gone
                except asyncio.CancelledError:
                    task.uncancel()
                    hint = asyncio.get_running_loop().call_later(_HINT_AFTER, say, _HINT)
                output.on_error = None
                seconds = time.monotonic() - start
        finally:
            # A closed pipe is no failure: the reader has seen enough (`| head`).
            with contextlib.suppress(BrokenPipeError, TimeoutError):
                async with asyncio.timeout(None if hint is None else _PATIENCE):
                    await output.close()
            if hint is not None:
                hint.cancel()
        print(summary(self._printed, seconds, self._source.info().values()), file=sys.stderr)
        return 0

    async def _print_events(self, output: Output) -> None:
        to_line = _formatter(self._options)
        async for shard_id, event in self._events():
            if not isinstance(event, Payload):
                self._news.tell(shard_id, event)
                continue
            try:
                line = to_line(shard_id.number, event)
            except DecodeError as error:
                say(f"event {event.s} ({event.t}) cannot be read: {error}")
                continue
            await output.line(line)
            self._printed += 1
            if self._printed == self._options.count:
                return

    async def _show_table(self) -> None:
        """Count the events, and show how the shards fare meanwhile."""
        from .table import show

        showing = asyncio.create_task(show(self._source.info))
        try:
            async for _, event in self._events():
                if isinstance(event, Payload):
                    self._printed += 1
                    if self._printed == self._options.count:
                        return
        finally:
            showing.cancel()
            await asyncio.wait((showing,))

    async def _events(self) -> AsyncIterator[tuple[ShardId, Event]]:
        source = self._source
        if isinstance(source, Cluster):
            async for item in source:
                yield item
        else:
            async for event in source:
                yield source.shard_id, event


def _is_watched(options: ListenOptions) -> bool:
    """Say whether a person sees standard output, and has not asked for events there."""
    return options.format is None and sys.stdout is not None and sys.stdout.isatty()


def _formatter(options: ListenOptions) -> Formatter:
    """Choose the format, and how it looks, for what standard output is."""
    if not sys.stdout.isatty():
        return make_formatter(options.format or "json")
    return make_formatter(
        options.format or "pretty",
        width=shutil.get_terminal_size().columns,
        colour=not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb",
    )
