"""Heartbeats of shards on an event loop that is long about one round."""

from __future__ import annotations

import asyncio
import time

from cluster_driver import cluster_at
from core_driver import INTERVAL, active
from gateway_core._deadlines import Deadlines
from gateway_core.sharding import ShardState
from gateway_core.testing import FakeGateway


class Shard:
    def __init__(self) -> None:
        self.beats = 0

    def beat_meanwhile(self) -> None:
        self.beats += 1


class TestDeadlines:
    def test_those_that_are_due_beat_once(self) -> None:
        deadlines = Deadlines()
        early, late, never = Shard(), Shard(), Shard()
        deadlines.set(early, 5.0)
        deadlines.set(late, 7.0)
        deadlines.set(never, None)
        for now in (4.9, 5.0, 6.0, 7.5, 8.0):
            deadlines.check(now)
        assert (early.beats, late.beats, never.beats) == (1, 1, 0)
        deadlines.set(early, 9.0)
        deadlines.check(9.0)
        assert (early.beats, late.beats) == (2, 1)

    def test_what_is_taken_back_or_put_off_is_not_due(self) -> None:
        deadlines = Deadlines()
        gone, put_off = Shard(), Shard()
        deadlines.set(gone, 5.0)
        deadlines.set(put_off, 5.0)
        deadlines.set(gone, None)
        deadlines.set(put_off, 6.0)
        deadlines.check(5.0)
        assert (gone.beats, put_off.beats) == (0, 0)
        deadlines.check(6.0)
        assert (gone.beats, put_off.beats) == (0, 1)

    def test_those_that_are_often_put_off_take_no_room(self) -> None:
        deadlines = Deadlines()
        shards = [Shard() for _ in range(3)]
        for at in range(1000):
            for shard in shards:
                deadlines.set(shard, float(at))
        assert len(deadlines._heap) < 100
        deadlines.check(998.0)
        assert [shard.beats for shard in shards] == [0, 0, 0]
        deadlines.check(999.0)
        assert [shard.beats for shard in shards] == [1, 1, 1]


class TestBeat:
    def test_sends_the_heartbeat_that_is_due(self) -> None:
        driver = active()
        due = driver.connection.next_deadline
        assert due is not None
        driver.connection.beat(due - 0.1)
        assert driver.take_sent() == []
        driver.connection.beat(due)
        assert driver.take_sent() == [{"op": 1, "d": 1}]
        assert driver.connection.next_deadline == due + INTERVAL

    def test_leaves_it_to_wake_to_find_a_connection_dead(self) -> None:
        driver = active()
        driver.pass_time(INTERVAL)
        due = driver.connection.next_deadline
        assert due is not None
        driver.forget()
        driver.connection.beat(due)
        assert driver.take_sent() == []
        assert driver.state is ShardState.ACTIVE
        driver.connection.wake(due)
        assert driver.state is not ShardState.ACTIVE

    def test_does_nothing_without_a_connection(self) -> None:
        driver = active()
        driver.lose()
        driver.forget()
        driver.connection.beat(driver.now + 1000)
        assert driver.take_effects() == []


async def test_a_shard_beats_while_its_loop_is_busy_with_others() -> None:
    interval = 0.4
    async with (
        FakeGateway(heartbeat_interval=interval) as gateway,
        cluster_at(gateway, 1) as cluster,
    ):
        await cluster.wait_ready()
        (connection,) = gateway.connections
        await gateway.wait_for(lambda: connection.heartbeats >= 1)
        assert cluster._set is not None
        (io,) = cluster._set.io

        async def work() -> int:
            """Never come back to the loop, as in a round with very many sockets."""
            for _ in range(5):  # in which the confirmation is read
                await asyncio.sleep(0)
            before = connection.heartbeats
            end = time.monotonic() + 20
            while connection.heartbeats == before and time.monotonic() < end:
                io.deadlines.check(io.loop.time())
            return connection.heartbeats - before

        assert await io.run(work) == 1
