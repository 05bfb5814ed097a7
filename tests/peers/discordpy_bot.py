"""A bot on discord.py that prints what happens to it as JSON lines; runs in its own environment."""

# discord.py is not there where types are checked.
# mypy: ignore-errors

from __future__ import annotations

import json
import sys
from typing import Any

import discord
import yarl


def report(happened: str, **details: Any) -> None:
    print(json.dumps({"happened": happened, **details}), flush=True)


class Bot(discord.AutoShardedClient):
    async def on_ready(self) -> None:
        assert self.user is not None
        for guild in self.guilds:
            report("guild", id=str(guild.id), members=len(guild.members))
        report("ready", user=str(self.user.id))

    async def on_shard_resumed(self, shard_id: int) -> None:
        report("resumed", shard=shard_id)

    async def on_message(self, message: discord.Message) -> None:
        report("message", id=str(message.id))

    async def on_socket_raw_receive(self, text: str | bytes) -> None:
        payload = json.loads(text)
        if payload["op"] == 0:
            report("dispatch", name=payload["t"])

    async def on_error(self, event_method: str, /, *args: Any, **kwargs: Any) -> None:
        report("error", event=event_method, error=repr(sys.exc_info()[1]))


def main() -> None:
    token, http_url, gateway_url = sys.argv[1:]
    discord.http.Route.BASE = http_url
    discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(gateway_url)
    bot = Bot(intents=discord.Intents.all(), enable_debug_events=True, heartbeat_timeout=3.0)
    bot.run(token, log_handler=None)


main()
