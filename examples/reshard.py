"""Reshard: have as many shards as Discord recommends, without a pause when that changes.

It asks once an hour. The environment variable RESHARD_SECONDS names another time.
"""

from __future__ import annotations

import asyncio
import contextlib
import os

from gateway_core import Cluster, Intents, Payload, fetch_gateway_bot
from gateway_core.http import DEFAULT_BASE_URL

API_URL = os.environ.get("DISCORD_API_URL", DEFAULT_BASE_URL)
SECONDS = float(os.environ.get("RESHARD_SECONDS", "3600"))


async def keep_up(cluster: Cluster[Payload], token: str) -> None:
    """Look for another recommendation, again and again."""
    await cluster.wait_ready()
    print(f"{len(cluster.shards)} shards are ready")
    while True:
        await asyncio.sleep(SECONDS)
        bot = await fetch_gateway_bot(token, base_url=API_URL)
        if bot.shards > len(cluster.shards):
            # Events go on to come out of the stream meanwhile; around the switch, some come twice.
            done = await cluster.reshard(bot.shards)
            print(f"now {done.total} shards, {done.overlap * 1000:.1f} ms of events came twice")


async def main() -> None:
    token = os.environ["DISCORD_TOKEN"]
    async with (
        Cluster(token, Intents.default(), api_url=API_URL) as cluster,
        asyncio.TaskGroup() as tasks,
    ):
        tasks.create_task(keep_up(cluster, token))
        async for shard_id, event in cluster:
            if event.t == "MESSAGE_CREATE":
                print(f"{shard_id}: message {event.at('/id')}")


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main())
