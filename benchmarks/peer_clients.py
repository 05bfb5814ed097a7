"""discord.py and hikari as contestants of the end-to-end benchmarks.

Of each there is the class that serves the gateway alone, with nothing behind it that would look at
what it has decoded, and the whole library as a bot with no handlers runs it: objects are made and
cached, which gateway-core leaves to its users. Both libraries parse with orjson where it is
installed, and take zstd where a package for it is; `as_installed` hides these.
"""

# Neither library is there where types are checked.
# mypy: ignore-errors

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from end_to_end import Count, Server
from hikari_clients import TOKEN, shard_alone, whole_bot


def as_installed(run: Callable[[Server], Awaitable[float]]) -> Callable[[Server], Awaitable[float]]:
    """Run a library as pip installs it, without the optional packages that make it faster."""

    async def run_without(server: Server) -> float:
        for package in ("orjson", "zstandard", "backports.zstd", "compression.zstd"):
            sys.modules[package] = None
        return await run(server)

    return run_without


async def _discord_logged_in(server: Server, client: Any) -> None:
    import discord
    import yarl

    discord.http.Route.BASE = server.api_url
    discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(server.url)
    await client.login(TOKEN)


async def discord_gateway(server: Server) -> float:
    """`DiscordWebSocket`, whose parsers and dispatcher do nothing but count."""
    import discord

    count, over = Count(server), False

    class Client(discord.Client):
        def dispatch(self, event: str, /, *args: Any, **kwargs: Any) -> None:
            nonlocal over
            if event == "socket_event_type":
                over = count.done()

    async with Client(intents=discord.Intents.all()) as client:
        await _discord_logged_in(server, client)
        client._connection.parsers = dict.fromkeys(client._connection.parsers, _nothing)
        client.ws = await discord.gateway.DiscordWebSocket.from_client(client, initial=True)
        while not over:
            await client.ws.poll_event()
        return count.seconds()


def _nothing(data: Any) -> None:
    pass


async def discord_client(server: Server) -> float:
    """`discord.Client` with its cache, and no handlers."""
    import discord

    count, over = Count(server), asyncio.Event()

    class Client(discord.Client):
        def dispatch(self, event: str, /, *args: Any, **kwargs: Any) -> None:
            super().dispatch(event, *args, **kwargs)
            if event == "socket_event_type" and count.done():
                over.set()

    async with Client(intents=discord.Intents.all(), chunk_guilds_at_startup=False) as client:
        await _discord_logged_in(server, client)
        connection = asyncio.create_task(client.connect())
        await over.wait()
        seconds = count.seconds()
        await client.close()
        await connection
        return seconds


async def hikari_shard(server: Server, *, compression: str) -> float:
    """`GatewayShardImpl` alone."""
    count, over = Count(server), asyncio.Event()
    shard = shard_alone(
        server.url,
        partial(_until_done, count, over),
        compression=f"transport_{compression.replace('-', '_')}",
    )
    await shard.start()
    await over.wait()
    seconds = count.seconds()
    await shard.close()
    return seconds


async def hikari_bot(server: Server) -> float:
    """`GatewayBot` with its cache, and no listeners."""
    count, over = Count(server), asyncio.Event()
    bot = whole_bot(server.api_url, partial(_until_done, count, over))
    await bot.start(check_for_updates=False)
    await over.wait()
    seconds = count.seconds()
    await bot.close()
    return seconds


def _until_done(count: Count, over: asyncio.Event, name: str) -> None:
    if count.done():
        over.set()
