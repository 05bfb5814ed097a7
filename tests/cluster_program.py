"""A bot of two shards for tests that need another process. Prints the marked events it handles.

hand-over URL FILE COUNT    handle so many, then close resumably and write the sessions
take-over URL FILE LAST     go on with them until every event below LAST has come
store URL DIRECTORY LAST    keep sessions there; handle until every event below LAST has come
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from cluster_driver import number_of
from gateway_core.cluster import Cluster
from gateway_core.decoding import Payload
from gateway_core.session_store import FileSessionStore
from gateway_core.sharding import ShardRange
from shard_driver import ALL, TOKEN, config


async def main(mode: str, url: str, path: Path, count: int) -> None:
    sessions = json.loads(path.read_text()) if mode == "take-over" else None  # noqa: ASYNC240
    store = FileSessionStore(path) if mode == "store" else None
    settings = config(url, queue_size=200)
    cluster = Cluster(
        TOKEN,
        ALL,
        shards=ShardRange(0, 2, 2),
        config=settings,
        sessions=sessions,
        store=store,
        save_interval=0.05,
    )
    async with cluster:
        if mode == "hand-over":
            await hand_over(cluster, path, count)
            return
        # The last events of both shards, which come in order.
        last = {count - 1, count - 2}
        async for _, event in cluster:
            number = number_of(event)
            if number is not None:
                print(number, flush=True)
                last.discard(number)
                if not last:
                    return


async def hand_over(cluster: Cluster[Payload], path: Path, count: int) -> None:
    handled = 0
    async for _, event in cluster:
        number = number_of(event)
        if number is None:
            continue
        print(number, flush=True)
        handled += 1
        if handled == count:
            # Both queues are full at this moment.
            while not all(shard._lane.full for shard in cluster.shards.values()):  # noqa: ASYNC110
                await asyncio.sleep(0.001)
            break
    path.write_text(json.dumps(await cluster.close_resumable()))  # noqa: ASYNC240


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), int(sys.argv[4])))
