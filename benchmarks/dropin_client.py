"""The real client of another library, with our drop-in or without, in the library's environment.

    python dropin_client.py LIBRARY gateway|client with|without GATEWAY_URL API_URL GUILDS

prints the seconds of CPU time, of all its threads, that two parts of the stream took: the
GUILD_CREATEs of the start-up, so many of them, and the small events that follow, up to the last.
`gateway` is the class that serves the gateway, with nothing behind it that would look at what it
has decoded; `client` the whole library, with its cache, as a bot with no handlers runs it.
"""

# The libraries are not there where types are checked.
# mypy: ignore-errors

from __future__ import annotations

import asyncio
import os
import sys
import time
from functools import partial
from importlib import import_module
from typing import Any

from end_to_end import LAST
from hikari_clients import TOKEN, shard_alone, whole_bot


class Clock:
    """Reads the CPU time at READY, after the last GUILD_CREATE of the start-up, and at the end."""

    def __init__(self, guilds: int) -> None:
        self._guilds = guilds
        self._readings: list[float] = []
        self.over = asyncio.Event()

    def on_ready(self) -> None:
        self._readings.append(time.process_time())

    def on_guild(self) -> None:
        self._guilds -= 1
        if self._guilds == 0:
            self._readings.append(time.process_time())

    def on_last(self) -> None:
        self._readings.append(time.process_time())
        self.over.set()

    def on_dispatch(self, name: str) -> None:
        """Read it where this dispatch is one of those."""
        if name == "READY":
            self.on_ready()
        elif name == "GUILD_CREATE":
            self.on_guild()
        elif name == LAST:
            self.on_last()

    def seconds(self) -> tuple[float, float]:
        ready, started, ended = self._readings
        return started - ready, ended - started


def _nothing(*args: Any) -> None:
    pass


async def run_family(name: str, alone: bool, clock: Clock, gateway_url: str, api_url: str) -> None:
    """discord.py and its descendants."""
    library = import_module({"discordpy": "discord", "pycord": "discord"}.get(name, name))
    library.http.Route.BASE = library.http.Route.API_BASE_URL = api_url
    if hasattr(library.gateway.DiscordWebSocket, "DEFAULT_GATEWAY"):
        import yarl

        library.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(gateway_url)

    else:
        library.http.HTTPClient.get_gateway = partial(_get_gateway, gateway_url)

    class Client(library.Client):
        async def on_connect(self) -> None:
            """Do not register application commands, as some do here."""

        async def on_interaction(self, interaction: Any) -> None:
            """Do not look them up either."""

        if alone:
            dispatch = _nothing

    client = Client(intents=library.Intents.all(), chunk_guilds_at_startup=False)
    parsers = client._connection.parsers
    if alone:
        parsers = dict.fromkeys(parsers, _nothing)
        client._connection.parsers = parsers
    for event, tell in (("READY", clock.on_ready), ("GUILD_CREATE", clock.on_guild)):
        parsers[event] = _both(parsers[event], tell)
    parsers[LAST] = lambda data: clock.on_last()
    await client.login(TOKEN)
    if alone:
        websocket = await library.gateway.DiscordWebSocket.from_client(client, initial=True)
        while not clock.over.is_set():
            await websocket.poll_event()
        await websocket.close()
    else:
        connection = asyncio.create_task(client.connect())
        await clock.over.wait()
        connection.cancel()


async def _get_gateway(url: str, *args: Any, **kwargs: Any) -> str:
    """Stand for Get Gateway, which would name the simulator that serves the HTTP API."""
    return f"{url}?encoding=json&v=10&compress=zlib-stream"


def _both(parse: Any, tell: Any) -> Any:
    def parse_and_tell(data: Any) -> None:
        parse(data)
        tell()

    return parse_and_tell


async def run_hikari(name: str, alone: bool, clock: Clock, gateway_url: str, api_url: str) -> None:
    if alone:
        await shard_alone(gateway_url, clock.on_dispatch).start()
    else:
        await whole_bot(api_url, clock.on_dispatch).start(check_for_updates=False)
    await clock.over.wait()


async def run_interactions(
    name: str, alone: bool, clock: Clock, gateway_url: str, api_url: str
) -> None:
    import interactions
    from interactions.api.gateway.gateway import GatewayClient

    interactions.api.http.route.Route.BASE = api_url
    interactions.api.http.http_client.HTTPClient.get_gateway = partial(_get_gateway, gateway_url)
    dispatch = GatewayClient.dispatch_event

    async def dispatch_and_tell(self: Any, data: Any, seq: Any, event: str) -> None:
        if not alone:
            await dispatch(self, data, seq, event)
        clock.on_dispatch(event)

    GatewayClient.dispatch_event = dispatch_and_tell
    # Its Intents.ALL has bits that Discord does not document.
    intents = interactions.Intents(sum(1 << bit for bit in (*range(17), 20, 21, 24, 25)))
    bot = interactions.Client(intents=intents, sync_interactions=False)
    running = asyncio.create_task(bot.astart(TOKEN))
    await clock.over.wait()
    running.cancel()


RUNNERS = {"hikari": run_hikari, "interactions": run_interactions}


async def main() -> None:
    name, what, mode, gateway_url, api_url, guilds = sys.argv[1:]
    if mode == "with":
        import_module(f"gateway_core.compat.{name}").install()
    clock = Clock(int(guilds))
    run = RUNNERS.get(name, run_family)
    await run(name, what == "gateway", clock, f"{gateway_url}/", api_url)
    print(*clock.seconds(), flush=True)
    os._exit(0)  # without farewells


if __name__ == "__main__":
    asyncio.run(main())
