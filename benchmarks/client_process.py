"""One client of the end-to-end benchmarks, a process of its own.

    python benchmarks/client_process.py CLIENT GATEWAY_URL API_URL DISPATCHES

connects, takes so many dispatches, and prints the seconds of CPU time, of all its threads, from the
first to the last. The real clients of other libraries are in `peer_clients.py`.
"""

from __future__ import annotations

import asyncio
import json
import sys
import zlib
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from end_to_end import LAST, Client, Count, Server
from peer_clients import (
    as_installed,
    discord_client,
    discord_gateway,
    hikari_bot,
    hikari_shard,
)

IDENTIFY = json.dumps({"op": 2, "d": {"token": "t", "intents": 0, "properties": {}}})


async def aiohttp_loop(server: Server) -> float:
    import aiohttp
    import orjson

    count = Count(server)
    inflate = zlib.decompressobj().decompress
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{server.url}?compress=zlib-stream", max_msg_size=0) as websocket,
    ):
        async for message in websocket:
            payload = orjson.loads(inflate(message.data))
            if payload["op"] == 10:
                await websocket.send_str(IDENTIFY)
            elif count.done():
                break
        return count.seconds()


async def websockets_loop(server: Server) -> float:
    import orjson
    from websockets.asyncio.client import connect

    count = Count(server)
    inflate = zlib.decompressobj().decompress
    address = f"{server.url}?compress=zlib-stream"
    async with connect(address, compression=None, proxy=None, max_size=None) as websocket:
        async for frame in websocket:
            assert isinstance(frame, bytes)
            payload = orjson.loads(inflate(frame))
            if payload["op"] == 10:
                await websocket.send(IDENTIFY)
            elif count.done():
                break
        return count.seconds()


async def shard(server: Server, *, touch: bool, **options: Any) -> float:
    from gateway_core import Config, Intents, Shard

    count = Count(server)
    config = Config(gateway_url=server.url, proxy=None, **options)
    async with Shard("t", Intents.all(), config=config) as shard:
        async for event in shard:
            if touch:
                event.d
            if count.done():
                break
        return count.seconds()


async def unwanted(server: Server, **options: Any) -> float:
    from gateway_core import Config, Intents, Shard

    count = Count(server)
    config = Config(gateway_url=server.url, proxy=None, wanted={"READY", LAST}, **options)
    async with Shard("t", Intents.all(), config=config) as shard:
        async for event in shard:
            if event.t == LAST:
                break
            count.done()
        return count.seconds()


async def cluster(server: Server, **options: Any) -> float:
    from gateway_core import Cluster, Config, Intents, NoQueue, ShardId

    count = Count(server)
    config = Config(gateway_url=server.url, proxy=None, identify_queue=NoQueue(), **options)
    async with Cluster("t", Intents.all(), shards=[ShardId(0, 1)], config=config) as cluster:
        async for _, event in cluster:
            event.d
            if count.done():
                break
        return count.seconds()


def clients() -> dict[str, Client]:
    """Give the contestants by name."""
    zlib_stream, zstd_stream = "zlib-stream", "zstd-stream"
    ours: dict[str, Callable[..., Awaitable[float]]] = {
        "Shard, all built": partial(shard, touch=True),
        "Shard, untouched": partial(shard, touch=False),
        "Shard, unwanted": unwanted,
        "Cluster of one, all built": cluster,
    }
    found = {
        "aiohttp + zlib + orjson": Client(aiohttp_loop, ("aiohttp", "orjson")),
        "websockets + zlib + orjson": Client(websockets_loop, ("websockets", "orjson")),
    }
    for compression in (zstd_stream, zlib_stream):
        for what, run in ours.items():
            found[f"{what}, {compression[:4]}"] = Client(
                partial(run, compression=compression), ("gateway_core",)
            )
    discord, hikari = ("discord", "zstandard", "orjson"), ("hikari", "backports.zstd", "orjson")
    hikari_zstd = partial(hikari_shard, compression=zstd_stream)
    hikari_zlib = partial(hikari_shard, compression=zlib_stream)
    for name, peer, needs in (
        ("discord.py's gateway class, zlib + json", as_installed(discord_gateway), ("discord",)),
        ("discord.py's gateway class, zstd + orjson", discord_gateway, discord),
        ("discord.py's Client, no handlers, zstd + orjson", discord_client, discord),
        ("hikari's shard class, zlib + json", as_installed(hikari_zlib), ("hikari",)),
        ("hikari's shard class, zlib + orjson", hikari_zlib, hikari),
        ("hikari's shard class, zstd + orjson", hikari_zstd, hikari),
        ("hikari's GatewayBot, no listeners, zstd + orjson", hikari_bot, hikari),
    ):
        found[name] = Client(peer, needs, is_peer=True)
    return found


async def main() -> None:
    name, url, api_url, dispatches = sys.argv[1:]
    server = Server(f"{url}/", api_url, int(dispatches))
    print(await clients()[name].run(server))


if __name__ == "__main__":
    asyncio.run(main())
