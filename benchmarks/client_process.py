"""One client of the end-to-end benchmarks, a process of its own.

    python benchmarks/client_process.py CLIENT PORT MESSAGES

connects, takes so many dispatches, and prints the seconds of CPU time from the first to the last.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
import zlib
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import Any

Client = Callable[[str, int], Awaitable[float]]

IDENTIFY = json.dumps({"op": 2, "d": {"token": "t", "intents": 0, "properties": {}}})


class Count:
    """Measures from the first dispatch to the last."""

    def __init__(self, messages: int) -> None:
        self.left = messages
        self.started = 0.0

    def done(self) -> bool:
        if not self.started:
            self.started = time.process_time()
        self.left -= 1
        return self.left == 0

    def seconds(self) -> float:
        return time.process_time() - self.started


async def aiohttp_loop(url: str, messages: int) -> float:
    import aiohttp
    import orjson

    count = Count(messages)
    inflate = zlib.decompressobj().decompress
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{url}?compress=zlib-stream", max_msg_size=0) as websocket,
    ):
        async for message in websocket:
            payload = orjson.loads(inflate(message.data))
            if payload["op"] == 10:
                await websocket.send_str(IDENTIFY)
            elif count.done():
                break
        return count.seconds()


async def websockets_loop(url: str, messages: int) -> float:
    import orjson
    from websockets.asyncio.client import connect

    count = Count(messages)
    inflate = zlib.decompressobj().decompress
    address = f"{url}?compress=zlib-stream"
    async with connect(address, compression=None, proxy=None, max_size=None) as websocket:
        async for frame in websocket:
            assert isinstance(frame, bytes)
            payload = orjson.loads(inflate(frame))
            if payload["op"] == 10:
                await websocket.send(IDENTIFY)
            elif count.done():
                break
        return count.seconds()


async def shard(url: str, messages: int, *, touch: bool, **options: Any) -> float:
    from gateway_core import Config, Intents, Shard

    count = Count(messages)
    config = Config(gateway_url=url, proxy=None, **options)
    async with Shard("t", Intents.all(), config=config) as shard:
        async for event in shard:
            if touch:
                event.d
            if count.done():
                break
        return count.seconds()


CLIENTS: dict[str, Client] = {
    "aiohttp + zlib + orjson": aiohttp_loop,
    "websockets + zlib + orjson": websockets_loop,
    "Shard, all built, zstd": partial(shard, touch=True, compression="zstd-stream"),
    "Shard, all built, zlib": partial(shard, touch=True, compression="zlib-stream"),
    "Shard, untouched, zstd": partial(shard, touch=False, compression="zstd-stream"),
    "Shard, untouched, zlib": partial(shard, touch=False, compression="zlib-stream"),
}


async def main() -> None:
    name, port, messages = sys.argv[1:]
    print(await CLIENTS[name](f"ws://127.0.0.1:{port}/", int(messages)))


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(main())
