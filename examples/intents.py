"""Intents: ask Discord for what brings some events, and for no more.

    python examples/intents.py TYPING_START GUILD_MEMBER_ADD

Privileged intents must be enabled in the Developer Portal, page Bot.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys

from gateway_core import Config, FatalClose, Intents, Shard, fetch_gateway_bot, intents_for
from gateway_core.http import DEFAULT_BASE_URL

API_URL = os.environ.get("DISCORD_API_URL", DEFAULT_BASE_URL)


async def main(names: list[str]) -> None:
    token = os.environ["DISCORD_TOKEN"]
    intents = intents_for(names)
    print("asking for", *(intent.name for intent in intents))
    privileged = intents & Intents.privileged()
    if privileged:
        print("to be enabled in the Developer Portal:", *(intent.name for intent in privileged))
    bot = await fetch_gateway_bot(token, base_url=API_URL)
    # An intent may bring more events than these; those are passed over, neither copied nor parsed.
    config = Config(gateway_url=bot.url, wanted=frozenset(names))
    async with Shard(token, intents, config=config) as shard:
        async for event in shard:
            print(event.t, event.at("/guild_id"))


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        try:
            asyncio.run(main(sys.argv[1:] or ["TYPING_START", "GUILD_MEMBER_ADD"]))
        except FatalClose as error:  # for instance 4014, an intent that is not enabled
            sys.exit(f"{error.meaning} ({error.code}): {error.remedy}")
