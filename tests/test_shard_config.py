"""What a configuration does to a Shard over real sockets."""

from __future__ import annotations

import json
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from gateway_core.commands import Activity, ConnectionProperties, UpdatePresence
from gateway_core.config import Config
from gateway_core.decoding import Payload
from gateway_core.events import Disconnected, Event, ProtocolViolation
from gateway_core.shard import Shard
from gateway_core.sharding import ShardState
from gateway_core.testing import Limits
from shard_driver import (
    ALL,
    TOKEN,
    config,
    shard_at,
    silent_server,
    simulator,
    start,
    take,
    until,
)


async def until_lost(settings: Config) -> list[Event]:
    """Give everything up to the loss of the first connection."""
    events: list[Event] = []
    async with Shard(TOKEN, ALL, config=settings, control_events=True) as shard:
        async for event in shard:
            events.append(event)
            if isinstance(event, Disconnected):
                break
    return events


def lost(events: list[Event]) -> Disconnected:
    assert isinstance(events[-1], Disconnected)
    return events[-1]


async def test_what_the_client_says_about_itself() -> None:
    options = {
        "properties": ConnectionProperties(os="plan9", browser="a browser", device="a device"),
        "presence": UpdatePresence(status="idle", activities=(Activity(name="chess"),)),
    }
    async with simulator() as gateway, shard_at(gateway, **options) as shard:
        await take(shard, 1)
        data = gateway.identifies[0].data
        assert data["properties"] == {"os": "plan9", "browser": "a browser", "device": "a device"}
        assert data["presence"]["status"] == "idle"
        assert data["presence"]["activities"][0]["name"] == "chess"


async def test_another_parser() -> None:
    loads = partial(json.loads, parse_float=Decimal)
    async with simulator() as gateway, shard_at(gateway, loads=loads) as shard:
        await start(shard, gateway)
        gateway.dispatch("NOT_DOCUMENTED", {"number": 0.1}, shard=0)
        (event,) = await take(shard, 1)
        assert event.d == {"number": Decimal("0.1")}


@pytest.mark.parametrize("compression", ["zlib-stream", "zlib-payload", None])
async def test_a_message_that_is_too_large_costs_its_connection(compression: Any) -> None:
    async with simulator(guilds=1) as gateway:
        options = {"max_message_size": 100_000, "compression": compression}
        settings = config(gateway.url, **options)
        async with Shard(TOKEN, ALL, config=settings, control_events=True) as shard:
            problems: list[Event] = []
            async for event in shard:
                match event:
                    case Payload(t="READY"):
                        gateway.dispatch("NOT_DOCUMENTED", {"text": "x" * 100_000}, shard=0)
                    case ProtocolViolation() | Disconnected():
                        problems.append(event)
                        if isinstance(event, Disconnected):
                            break
        assert lost(problems).resumable
        if compression is not None:
            assert "100000" in str(problems[0])


class TestCommandLimit:
    """The simulator's is Discord's: 120 messages in 60 seconds."""

    LIMITS = Limits(identify_interval=0)

    async def test_commands_wait_for_room(self) -> None:
        async with simulator(limits=self.LIMITS) as gateway, shard_at(gateway) as shard:
            connection = await start(shard, gateway)
            for _ in range(150):
                shard.send(UpdatePresence())
            await gateway.wait_for(lambda: sum(m.op == 3 for m in connection.received) >= 110)
            stats = shard.stats
            assert 30 <= stats.commands_queued <= 40
            assert stats.commands_available < 10
            assert stats.reconnects == 0

    async def test_without_it_discord_closes_the_connection(self) -> None:
        async with simulator(limits=self.LIMITS) as gateway:
            settings = config(gateway.url, rate_limit_commands=False)
            async with Shard(TOKEN, ALL, config=settings, control_events=True) as shard:
                async for event in shard:
                    if isinstance(event, Payload) and event.t == "READY":
                        for _ in range(150):
                            shard.send(UpdatePresence())
                    if isinstance(event, Disconnected):
                        assert event.code == 4008
                        assert event.resumable
                        break


class TestTimeLimits:
    async def test_a_server_that_does_not_open_the_websocket(self) -> None:
        with silent_server() as url:
            events = await until_lost(config(url, connect_timeout=0.05))
        assert lost(events).code is None
        assert "in time" in lost(events).reason

    async def test_a_gateway_that_does_not_say_hello(self) -> None:
        async with simulator(silent=True) as gateway:
            events = await until_lost(config(gateway.url, hello_timeout=0.05))
            assert "hello" in lost(events).reason
            assert not gateway.identifies

    async def test_a_gateway_that_does_not_hang_up(self) -> None:
        async with simulator() as gateway, shard_at(gateway, close_timeout=0.05) as shard:
            connection = await start(shard, gateway)
            connection.stall()
            await shard.close()
            assert shard.state is ShardState.CLOSED
            connection.unstall()
            await until(lambda: not gateway.connections)
