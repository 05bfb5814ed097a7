"""One shard: print the messages of a bot's guilds.

MESSAGE_CONTENT is privileged: it must be enabled in the Developer Portal, page Bot.
"""

from __future__ import annotations

import asyncio
import contextlib
import os

from gateway_core import Config, Intents, Shard, fetch_gateway_bot
from gateway_core.http import DEFAULT_BASE_URL

API_URL = os.environ.get("DISCORD_API_URL", DEFAULT_BASE_URL)


async def main() -> None:
    token = os.environ["DISCORD_TOKEN"]
    bot = await fetch_gateway_bot(token, base_url=API_URL)
    intents = Intents.GUILD_MESSAGES | Intents.MESSAGE_CONTENT
    async with Shard(token, intents, config=Config(gateway_url=bot.url)) as shard:
        async for event in shard:
            if event.t == "READY":
                print("logged in as", event.at("/user/username"))
            elif event.t == "MESSAGE_CREATE":
                message = event.d
                print(f"{message['author']['username']}: {message['content']}")


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):  # the shard has said goodbye
        asyncio.run(main())
