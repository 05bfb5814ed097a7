"""Members on request: gather all members of each guild as it comes.

GUILD_MEMBERS is privileged: it must be enabled in the Developer Portal, page Bot.
"""

from __future__ import annotations

import asyncio
import contextlib
import os

from gateway_core import Cluster, Intents, Payload, RequestGuildMembers
from gateway_core.http import DEFAULT_BASE_URL

API_URL = os.environ.get("DISCORD_API_URL", DEFAULT_BASE_URL)


async def count_members(cluster: Cluster[Payload], guild_id: str, name: str) -> None:
    """Ask the guild's shard; its answers come here, and not out of the stream."""
    everyone = RequestGuildMembers(guild_id=guild_id, query="", limit=0)
    found = await cluster.request_guild_members(everyone)
    bots = sum(bool(member["user"].get("bot")) for member in found.members)
    note = "" if found.complete else " (not all answers came)"
    print(f"{name}: {len(found.members)} members, {bots} of them bots{note}")


async def main() -> None:
    token = os.environ["DISCORD_TOKEN"]
    intents = Intents.GUILDS | Intents.GUILD_MEMBERS
    async with (
        Cluster(token, intents, api_url=API_URL) as cluster,
        asyncio.TaskGroup() as tasks,
    ):
        async for _, event in cluster:
            if event.t == "GUILD_CREATE":
                tasks.create_task(count_members(cluster, event.at("/id"), event.at("/name")))


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main())
