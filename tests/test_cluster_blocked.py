"""Handlers that block their event loop for longer than two heartbeat intervals."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import pytest

from cluster_driver import cluster_at, mark_all, number_of, simulator_elsewhere
from gateway_core.testing import FakeGateway

INTERVAL = 0.5
GRACE = 1.5 * INTERVAL
"""How late a heartbeat may be on a busy machine; without any, the simulator would hang up."""
BLOCKED = 3 * INTERVAL


def sleep() -> None:
    time.sleep(BLOCKED)


def compute() -> None:
    end = time.monotonic() + BLOCKED
    total = 0
    while time.monotonic() < end:
        total += sum(range(1_000))


def beats(gateway: FakeGateway) -> list[int]:
    return [connection.heartbeats for connection in gateway.history]


@pytest.mark.parametrize("block", [sleep, compute])
async def test_a_blocked_handler_costs_nothing(block: Callable[[], None]) -> None:
    """No heartbeat, no session, no event: while it blocks, the events of that time arrive."""
    async with (
        simulator_elsewhere(heartbeat_interval=INTERVAL, heartbeat_grace=GRACE) as simulator,
        cluster_at(simulator.gateway, 2) as cluster,
    ):
        await cluster.wait_ready()
        await simulator.do(lambda gateway: mark_all(gateway, range(20), 2))
        blocked = False
        taken: list[int] = []
        async for _, event in cluster:
            number = number_of(event)
            if number is None:
                continue
            taken.append(number)
            if not blocked:
                blocked = True
                before = await simulator.do(beats)
                block()
                during = await simulator.do(beats)
                assert len(during) == 2
                assert all(b - a >= 2 for a, b in zip(before, during, strict=True))
                await simulator.do(lambda gateway: mark_all(gateway, range(20, 40), 2))
            if len(taken) == 40:
                break
        assert sorted(taken) == list(range(40))
        for info in cluster.info().values():
            assert info.stats.identifies == 1
            assert info.stats.reconnects == 0
            assert info.latency is not None
            assert info.latency < INTERVAL


async def test_a_shard_resumes_while_the_handler_blocks() -> None:
    """All that a connection may go through needs nothing of the user's loop."""
    async with simulator_elsewhere() as simulator, cluster_at(simulator.gateway, 1) as cluster:
        await cluster.wait_ready()
        cut = asyncio.ensure_future(simulator.do(lambda g: g.connections[0].cut()))
        await asyncio.sleep(0)
        patience = time.monotonic() + 20
        while not simulator.gateway.resumes and time.monotonic() < patience:
            time.sleep(0.01)  # noqa: ASYNC251 - that is the test
        assert len(simulator.gateway.resumes) == 1
        await cut
