"""Raw events to a queue: the text as it came goes to another process, which makes sense of it.

This process neither parses nor builds anything. Put a broker's client in place of the queue to feed
workers on other machines.
"""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import signal
from multiprocessing.queues import Queue

from gateway_core import Cluster, Intents, loads
from gateway_core.http import DEFAULT_BASE_URL

API_URL = os.environ.get("DISCORD_API_URL", DEFAULT_BASE_URL)


def work(queue: Queue[bytes | None]) -> None:
    """Take texts until there are no more; runs in the other process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one that feeds this
    while (text := queue.get()) is not None:
        event = loads(text)
        print(event["t"], event["s"])
    print("no more events")


async def feed(queue: Queue[bytes | None]) -> None:
    token = os.environ["DISCORD_TOKEN"]
    async with Cluster(token, Intents.default(), api_url=API_URL) as cluster:
        async for _, text in cluster.raw():
            # Waits while the queue is full. Blocking this loop costs no heartbeat: a cluster's
            # connections live on a thread of their own.
            queue.put(text)


def main() -> None:
    queue: Queue[bytes | None] = multiprocessing.Queue(maxsize=10_000)
    worker = multiprocessing.Process(target=work, args=(queue,))
    worker.start()
    try:
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(feed(queue))
    finally:
        queue.put(None)
        worker.join()


if __name__ == "__main__":
    main()
