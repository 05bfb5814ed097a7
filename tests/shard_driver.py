"""Shards, the simulator and what tests of the adapter do with both."""

from __future__ import annotations

import asyncio
import gc
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from gateway_core.config import Config
from gateway_core.decoding import Payload
from gateway_core.identify_queue import NoQueue
from gateway_core.intents import Intents
from gateway_core.shard import Shard
from gateway_core.sharding import ShardId
from gateway_core.testing import Connection, FakeGateway, Limits

TOKEN = "a-token.that-opens.nothing"
ALL = Intents.all()


def config(url: str, **options: Any) -> Config:
    """A configuration that waits for nothing that it need not wait for."""
    settings: dict[str, Any] = {
        "gateway_url": url,
        "proxy": None,
        "identify_queue": NoQueue(),
        "backoff_base": 0.001,
        "backoff_cap": 0.001,
        "close_timeout": 5.0,
        **options,
    }
    return Config(**settings)


def shard_at(gateway: FakeGateway, **options: Any) -> Shard[Payload]:
    return Shard(TOKEN, ALL, config=config(gateway.url, **options))


@asynccontextmanager
async def simulator(*, silent: bool = False, **options: Any) -> AsyncIterator[FakeGateway]:
    options.setdefault("limits", Limits(identify_interval=0, commands=100_000))
    async with asyncio.timeout(30), FakeGateway(**options) as gateway:
        if silent:
            gateway.delay_hello(3600)
        yield gateway


async def until(predicate: Callable[[], object]) -> None:
    """Look after each turn of the loop, for what nothing announces."""
    while not predicate():  # noqa: ASYNC110
        await asyncio.sleep(0)


async def exhaust(shard: Shard[Any], events: list[Any] | None = None) -> None:
    """Enter and iterate until it ends or raises."""
    async with shard:
        async for event in shard:
            if events is not None:
                events.append(event)


async def take(shard: Shard[Payload], count: int) -> list[Payload]:
    events = []
    async for event in shard:
        events.append(event)
        if len(events) == count:
            break
    return events


async def take_until(shard: Shard[Payload], sequence: int) -> list[int]:
    """Take events up to one with that sequence, and give the sequences of all."""
    sequences: list[int] = []
    async for event in shard:
        assert event.s is not None
        sequences.append(event.s)
        if event.s == sequence:
            break
    return sequences


async def start(shard: Shard[Payload], gateway: FakeGateway) -> Connection:
    """Take everything that comes at the start; give the server's end of the connection."""
    connection = await gateway.wait_for_identify()
    assert connection.session is not None
    await take_until(shard, connection.session.sequence)
    return connection


def sequence_of(gateway: FakeGateway) -> int:
    """The latest sequence of the only session."""
    (session,) = gateway.sessions
    return session.sequence


def no_leaks() -> None:
    """Check that no task but the test's is left; an open socket is a warning, so an error."""
    assert [task for task in asyncio.all_tasks() if task is not asyncio.current_task()] == []
    gc.collect()


def flood(gateway: FakeGateway) -> None:
    """Let more happen than the sockets' buffers hold."""
    for _ in range(400):
        gateway.dispatch("NOT_DOCUMENTED", {"text": "x" * 50_000}, shard=0)


@contextmanager
def silent_server() -> Iterator[str]:
    """An address that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"ws://127.0.0.1:{listener.getsockname()[1]}"


class NeverQueue:
    """Grants no turn, and counts who gives up."""

    def __init__(self) -> None:
        self.waiting = 0
        self.given_up = 0

    async def acquire(self, shard_id: ShardId, /) -> None:
        self.waiting += 1
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            self.waiting -= 1
            self.given_up += 1
