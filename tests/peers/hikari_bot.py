"""A bot on hikari that prints what happens to it as JSON lines; runs in its own environment."""

# hikari is not there where types are checked.
# mypy: ignore-errors

from __future__ import annotations

import json
import sys
from typing import Any

import hikari


def report(happened: str, **details: Any) -> None:
    print(json.dumps({"happened": happened, **details}), flush=True)


def main() -> None:
    token, http_url, _ = sys.argv[1:]  # Get Gateway Bot tells it the gateway's URL
    bot = hikari.GatewayBot(
        token,
        intents=hikari.Intents.ALL,
        rest_url=http_url,
        banner=None,
        logs=None,
    )

    awaited: set[str] = set()

    @bot.listen()
    async def on_ready(event: hikari.ShardReadyEvent) -> None:
        awaited.update(map(str, event.unavailable_guilds))

    @bot.listen()
    async def on_guild(event: hikari.GuildAvailableEvent) -> None:
        report("guild", id=str(event.guild_id), members=len(event.members))
        awaited.remove(str(event.guild_id))
        if not awaited:
            user = bot.get_me()
            assert user is not None
            report("ready", user=str(user.id))

    @bot.listen()
    async def on_resumed(event: hikari.ShardResumedEvent) -> None:
        report("resumed", shard=event.shard.id)

    @bot.listen()
    async def on_message(event: hikari.MessageCreateEvent) -> None:
        report("message", id=str(event.message_id))

    @bot.listen()
    async def on_payload(event: hikari.ShardPayloadEvent) -> None:
        report("dispatch", name=event.name)

    @bot.listen()
    async def on_error(event: hikari.ExceptionEvent[hikari.Event]) -> None:
        report("error", error=repr(event.exception))

    bot.run(check_for_updates=False)


main()
