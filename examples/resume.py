"""Resume across a restart: stop and start it again, and it misses nothing.

    python examples/resume.py DIRECTORY

On SIGTERM or Ctrl-C the sessions are kept in the directory, and while it runs they are kept there
every second, for the case that it is killed: then the events of the last second come twice.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys

from gateway_core import Cluster, FileSessionStore, Intents
from gateway_core.http import DEFAULT_BASE_URL

API_URL = os.environ.get("DISCORD_API_URL", DEFAULT_BASE_URL)


async def main(directory: str) -> None:
    token = os.environ["DISCORD_TOKEN"]
    intents = Intents.GUILDS | Intents.GUILD_MESSAGES
    store = FileSessionStore(directory)
    async with Cluster(token, intents, store=store, api_url=API_URL) as cluster:
        try:
            async for shard_id, event in cluster:
                if event.t in ("READY", "RESUMED"):
                    print(f"{shard_id}: {event.t}")
                elif event.t == "MESSAGE_CREATE":
                    print(f"{shard_id}: message {event.at('/id')}")
        finally:
            sessions = await cluster.close_resumable()
            print(f"{len(sessions)} sessions are kept")


if __name__ == "__main__":
    # What a service manager sends ends the program as Ctrl-C does.
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else "sessions"))
