"""A cluster: all shards that Discord recommends, their events in one stream.

Shards start in the order and at the pace that Discord demands; events come as soon as the first one
is there. `at` reads one value out of the text of an event without building the rest.
"""

from __future__ import annotations

import asyncio
import contextlib
import os

from gateway_core import Activity, ActivityType, Cluster, Intents, Payload, ShardId, UpdatePresence
from gateway_core.http import DEFAULT_BASE_URL

API_URL = os.environ.get("DISCORD_API_URL", DEFAULT_BASE_URL)


def presence(shard_id: ShardId) -> UpdatePresence:
    """What the bot is seen to do in the guilds of a shard."""
    return UpdatePresence(activities=(Activity(f"shard {shard_id}", ActivityType.WATCHING),))


async def tell_when_ready(cluster: Cluster[Payload]) -> None:
    await cluster.wait_ready()
    print(f"all {len(cluster.shards)} shards are ready")


async def main() -> None:
    token = os.environ["DISCORD_TOKEN"]
    async with (
        Cluster(token, Intents.default(), presence=presence, api_url=API_URL) as cluster,
        asyncio.TaskGroup() as tasks,
    ):
        tasks.create_task(tell_when_ready(cluster))
        async for shard_id, event in cluster:
            if event.t == "GUILD_CREATE":
                print(f"{shard_id}: {event.at('/name')}, {event.at('/member_count')} members")


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main())
