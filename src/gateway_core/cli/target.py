"""Where a command connects to: Discord, a gateway that was named, or the simulator inside."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gateway_core.config import Config
from gateway_core.http import DEFAULT_BASE_URL
from gateway_core.identify_queue import IdentifyQueue, LocalIdentifyQueue
from gateway_core.intents import Intents

from .process import say

if TYPE_CHECKING:
    from gateway_core.testing import FakeGateway

__all__ = ["Target", "connect_to"]

_SIMULATED_RATE = 100.0
"""Events a second of the simulator inside: a lively bot, still readable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where to connect, and with what."""

    config: Config
    """Without the token and the intents."""
    token: str = field(repr=False)
    intents: Intents
    """Those that were asked for, or that fit."""
    api_url: str
    """Base URL of the HTTP API."""
    identify_queue: IdentifyQueue | None
    """None where Discord says how often to identify."""


@contextlib.asynccontextmanager
async def connect_to(
    url: str | None, token: str, intents: Intents | None, *, shards: int = 2
) -> AsyncIterator[Target]:
    """Find out where to connect, and start the simulator if it is there.

    Args:
        url: the gateway that was named, None for Discord or, without a token, the simulator.
        token: the bot's token, or empty.
        intents: those that were asked for, None for all at the simulator and elsewhere for those
            that need no approval.
        shards: how many the simulator recommends.
    """
    async with contextlib.AsyncExitStack() as stack:
        api_url = DEFAULT_BASE_URL
        queue: IdentifyQueue | None = None
        simulated = not token and url is None
        if simulated:
            gateway = await stack.enter_async_context(_simulator(shards))
            # The simulator can do zstd only where a package for it is installed.
            config = Config(gateway_url=gateway.url, proxy=None, compression="zlib-stream")
            api_url = gateway.http_url
        elif url is not None:
            config = Config(gateway_url=url)
            # Nobody says what limits there are: what is always allowed.
            queue = LocalIdentifyQueue(1)
            if not token:
                say("DISCORD_TOKEN is not set: a gateway that checks tokens will refuse")
        else:
            config = Config()
        if intents is None:
            intents = Intents.all() if simulated else Intents.default()
        yield Target(
            config=config,
            token=token or "none",
            intents=intents,
            api_url=api_url,
            identify_queue=queue,
        )


@contextlib.asynccontextmanager
async def _simulator(shards: int) -> AsyncIterator[FakeGateway]:
    """Run the simulator."""
    from gateway_core.testing import FakeGateway, Limits

    async with FakeGateway(
        rate=_SIMULATED_RATE,
        heartbeat_interval=5.0,
        shards=shards,
        guilds=max(3, 2 * shards),
        limits=Limits(max_concurrency=16),
    ) as gateway:
        say(f"DISCORD_TOKEN is not set: listening to a simulated gateway at {gateway.url}")
        yield gateway
