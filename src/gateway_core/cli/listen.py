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
from gateway_core.intents import Intents
from gateway_core.shard import Shard

from .arguments import ListenOptions
from .formats import Formatter, make_formatter
from .output import Output
from .process import cancelled_by_sigterm, raw_stdout, say
from .summary import summary

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
        if simulated:
            config = Config(gateway_url=await stack.enter_async_context(_simulator()), proxy=None)
        elif options.url is not None:
            config = Config(gateway_url=options.url)
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
        shard = Shard(token or "none", intents, config=config, control_events=True)
        return await _Run(shard, options, config.gateway_url).until_ended()


@contextlib.asynccontextmanager
async def _simulator() -> AsyncIterator[str]:
    """Run the simulator, and give its URL."""
    from gateway_core.testing import FakeGateway

    async with FakeGateway(rate=_SIMULATED_RATE, heartbeat_interval=5.0) as gateway:
        say(f"DISCORD_TOKEN is not set: listening to a simulated gateway at {gateway.url}")
        yield gateway.url


class _Run:
    """One run over one shard."""

    def __init__(self, shard: Shard[Event], options: ListenOptions, url: str) -> None:
        self._shard = shard
        self._options = options
        self._url = url
        self._printed = 0
        self._connected = False
        self._lost = ""

    async def until_ended(self) -> int:
        """Print until the end, close, say how it went."""
        task = asyncio.current_task()
        assert task is not None
        output = Output(raw_stdout())
        hint: asyncio.TimerHandle | None = None
        start = time.monotonic()
        try:
            async with cancelled_by_sigterm(task), self._shard:
                try:
                    async with asyncio.timeout(self._options.duration) as limit:
                        output.on_error = functools.partial(limit.reschedule, 0.0)
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
        end = summary(self._printed, seconds, self._shard.stats, self._shard.latency)
        print(end, file=sys.stderr)
        return 0

    async def _print_events(self, output: Output) -> None:
        number = self._shard.shard_id.number
        to_line = _formatter(self._options)
        async for event in self._shard:
            if not isinstance(event, Payload):
                self._on_control(event)
                continue
            try:
                line = to_line(number, event)
            except DecodeError as error:
                say(f"event {event.s} ({event.t}) cannot be read: {error}")
                continue
            await output.line(line)
            self._printed += 1
            if self._printed == self._options.count:
                return

    def _on_control(self, event: ControlEvent) -> None:
        """Say what a person who watches the stream should know."""
        match event:
            case Connected():
                self._connected = True
            case Disconnected(reason=reason):
                if not self._connected:
                    raise _Unreachable(f"cannot connect to {self._url}: {reason}")
                self._lost = reason
            case Reconnecting(delay):
                say(f"disconnected: {self._lost}; reconnecting in {delay:.1f} s")
            case Resumed(replayed):
                say(f"resumed; {replayed} missed events were replayed")
            case SessionInvalidated(resumable=False):
                say("the session is over; a new one begins")


def _formatter(options: ListenOptions) -> Formatter:
    """Choose the format, and how it looks, for what standard output is."""
    if not sys.stdout.isatty():
        return make_formatter(options.format or "json")
    return make_formatter(
        options.format or "pretty",
        width=shutil.get_terminal_size().columns,
        colour=not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb",
    )
