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
from typing import TYPE_CHECKING, Literal

from gateway_core.cluster import Cluster
from gateway_core.config import Config
from gateway_core.decoding import Payload
from gateway_core.dispatches import dispatches_with
from gateway_core.errors import DecodeError, GatewayError
from gateway_core.events import (
    Connected,
    ControlEvent,
    Disconnected,
    Event,
    Reconnecting,
    Resumed,
    SessionInvalidated,
)
from gateway_core.http import DEFAULT_BASE_URL
from gateway_core.identify_queue import IdentifyQueue, LocalIdentifyQueue
from gateway_core.intents import Intents
from gateway_core.shard import Shard
from gateway_core.sharding import ShardId, ShardRange

from .arguments import ListenOptions
from .formats import Formatter, make_formatter
from .output import Output
from .process import cancelled_by_sigterm, raw_stdout, say
from .summary import summary

if TYPE_CHECKING:
    from gateway_core.testing import FakeGateway

__all__ = ["listen"]

_SIMULATED_RATE = 100.0
"""Events a second of the simulator inside: a lively bot, still readable."""

_PATIENCE = 1.0
"""Seconds that a reader of standard output is given to catch up after Ctrl-C."""

_HINT = "still closing; Ctrl-C again leaves at once"
_HINT_AFTER = 0.3


class _Unreachable(GatewayError):
    """The very first attempt to connect failed."""


async def listen(options: ListenOptions, token: str) -> int:
    """Run until the count, the time, the reader or Ctrl-C ends it; give the exit status.

    Args:
        options: the command line.
        token: the bot's token; empty for the simulator, or for a `--url` that needs none.

    Raises:
        GatewayError: the gateway cannot be reached, or refuses the shard.
    """
    simulated = not token and options.url is None
    async with contextlib.AsyncExitStack() as stack:
        api_url = DEFAULT_BASE_URL
        queue: IdentifyQueue | None = None
        if simulated:
            gateway = await stack.enter_async_context(_simulator(options.shards))
            # The simulator can do zstd only where a package for it is installed.
            config = Config(gateway_url=gateway.url, proxy=None, compression="zlib-stream")
            api_url = gateway.http_url
        elif options.url is not None:
            config = Config(gateway_url=options.url)
            # Nobody says what limits there are: what is always allowed.
            queue = LocalIdentifyQueue(1)
            if options.shards == "auto":
                raise ValueError("--shards auto asks Discord: with --url, say how many")
            if not token:
                say("DISCORD_TOKEN is not set: a gateway that checks tokens will refuse")
        else:
            config = Config()
        intents = options.intents
        if intents is None:
            intents = Intents.all() if simulated else Intents.default()
        if options.only is not None:
            config = dataclasses.replace(config, wanted=options.only)
            never = options.only - dispatches_with(intents)
            if never:
                say(f"the intents do not bring {', '.join(sorted(never))}")
        token = token or "none"
        source: Shard[Event] | Cluster[Event]
        if options.shards is None:
            source = Shard(token, intents, config=config, control_events=True)
        else:
            total = options.shards
            source = Cluster(
                token,
                intents,
                shards="auto" if total == "auto" else ShardRange(0, total, total),
                config=dataclasses.replace(config, identify_queue=queue),
                control_events=True,
                api_url=api_url,
            )
        return await _Run(source, options, config.gateway_url).until_ended()


@contextlib.asynccontextmanager
async def _simulator(shards: int | Literal["auto"] | None) -> AsyncIterator[FakeGateway]:
    """Run the simulator."""
    from gateway_core.testing import FakeGateway, Limits

    total = shards if isinstance(shards, int) else 2
    async with FakeGateway(
        rate=_SIMULATED_RATE,
        heartbeat_interval=5.0,
        shards=total,
        guilds=max(3, 2 * total),
        limits=Limits(max_concurrency=16),
    ) as gateway:
        say(f"DISCORD_TOKEN is not set: listening to a simulated gateway at {gateway.url}")
        yield gateway


class _Run:
    """One run over one shard or several."""

    def __init__(
        self, source: Shard[Event] | Cluster[Event], options: ListenOptions, url: str
    ) -> None:
        self._source = source
        self._options = options
        self._url = url
        self._printed = 0
        self._connected = False
        self._lost = ""

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
                self._on_control(shard_id, event)
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

    def _on_control(self, shard_id: ShardId, event: ControlEvent) -> None:
        """Say what a person who watches the stream should know."""
        where = f"shard {shard_id}: " if self._options.shards is not None else ""
        match event:
            case Connected():
                self._connected = True
            case Disconnected(reason=reason):
                if not self._connected:
                    raise _Unreachable(f"cannot connect to {self._url}: {reason}")
                self._lost = reason
            case Reconnecting(delay):
                say(f"{where}disconnected: {self._lost}; reconnecting in {delay:.1f} s")
            case Resumed(replayed):
                say(f"{where}resumed; {replayed} missed events were replayed")
            case SessionInvalidated(resumable=False):
                say(f"{where}the session is over; a new one begins")


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
