"""Several shards as one: start, stream, commands, errors, end."""

from __future__ import annotations

import asyncio
import logging
import threading
from typing import Any

import pytest

from cluster_driver import cluster_at, mark, number_of, take_marked
from gateway_core.cluster import Cluster
from gateway_core.commands import Activity, RequestGuildMembers, UpdatePresence, UpdateVoiceState
from gateway_core.decoding import Payload
from gateway_core.errors import (
    CommandError,
    CommandTooLarge,
    FatalClose,
    SessionStartLimitReached,
    ShardClosed,
    ShardNotHere,
)
from gateway_core.events import Ready
from gateway_core.http import HTTPError
from gateway_core.identify_queue import NoQueue
from gateway_core.intents import Intents
from gateway_core.sharding import ShardBucket, ShardId, ShardRange, ShardState
from gateway_core.testing import FakeGateway, Limits
from shard_driver import ALL, TOKEN, NeverQueue, config, no_leaks, sequence_of, simulator, until


def no_threads() -> None:
    assert [t.name for t in threading.enumerate() if t.name.startswith("gateway-core")] == []


def all_received(cluster: Cluster[Payload], gateway: FakeGateway) -> bool:
    """Whether everything that has happened waits for the consumer, or was taken."""
    return all(
        cluster.shards[session.shard[0]].stats.events == session.sequence
        for session in gateway.sessions
    )


async def exhaust(cluster: Cluster[Payload]) -> None:
    """Enter and iterate until it ends or raises."""
    async with cluster:
        async for _ in cluster:
            pass


class TestStart:
    async def test_all_shards_that_discord_recommends(self) -> None:
        """And with its limits: two buckets, so that only the third shard has to wait."""
        limits = Limits(max_concurrency=2, identify_interval=0)
        async with simulator(shards=2, limits=limits) as gateway:
            settings = config(gateway.url, identify_queue=None)
            async with Cluster(TOKEN, ALL, config=settings, api_url=gateway.http_url) as cluster:
                await cluster.wait_ready()
                assert list(cluster.shards) == [0, 1]
                assert {info.state for info in cluster.info().values()} == {ShardState.ACTIVE}
            assert sorted(h.data["shard"] for h in gateway.identifies) == [[0, 2], [1, 2]]
            assert len(gateway.requests) == 1
            assert len(gateway.sessions) == 0
        no_leaks()
        no_threads()

    async def test_the_url_that_discord_names_unless_another_is_given(self) -> None:
        async with simulator() as gateway:
            settings = config("wss://gateway.discord.gg", identify_queue=None)
            async with Cluster(TOKEN, ALL, config=settings, api_url=gateway.http_url) as cluster:
                await cluster.wait_ready()

    @pytest.mark.parametrize(
        ("shards", "numbers"),
        [
            (ShardRange(1, 3, 4), [1, 2]),
            (ShardBucket(1, 2, 4), [1, 3]),
            ([ShardId(3, 4), ShardId(0, 4)], [3, 0]),
        ],
    )
    async def test_a_part_of_a_total(self, shards: Any, numbers: list[int]) -> None:
        async with simulator() as gateway, cluster_at(gateway, shards=shards) as cluster:
            await cluster.wait_ready()
            assert list(cluster.shards) == numbers
            assert [h.data["shard"] for h in gateway.identifies] == [[n, 4] for n in numbers]
            assert len(gateway.requests) == 0

    async def test_no_more_identifies_at_once_than_allowed(self) -> None:
        """The simulator refuses who comes too early; nobody is refused."""
        limits = Limits(max_concurrency=4, identify_interval=1.0)
        async with simulator(shards=4, limits=limits) as gateway:
            settings = config(gateway.url, identify_queue=None)
            async with Cluster(TOKEN, ALL, config=settings, api_url=gateway.http_url) as cluster:
                await cluster.wait_ready()
                assert all(i.stats.identifies == 1 for i in cluster.info().values())

    async def test_each_shard_has_its_presence(self) -> None:
        presences = {0: UpdatePresence(status="idle"), 1: UpdatePresence(status="dnd")}
        async with simulator() as gateway:
            async with cluster_at(gateway, presence=lambda s: presences[s.number]) as cluster:
                await cluster.wait_ready()
            found = {h.data["shard"][0]: h.data["presence"]["status"] for h in gateway.identifies}
            assert found == {0: "idle", 1: "dnd"}

    async def test_discord_does_not_answer(self) -> None:
        async with simulator() as gateway:
            url = gateway.http_url
        with pytest.raises(HTTPError):
            async with Cluster(TOKEN, ALL, api_url=url):
                pass
        no_threads()

    def test_what_cannot_be(self) -> None:
        with pytest.raises(ValueError, match="token is empty"):
            Cluster("", ALL)
        with pytest.raises(ValueError, match="at least one shard"):
            Cluster(TOKEN, ALL, shards=[])
        with pytest.raises(ValueError, match="given twice"):
            Cluster(TOKEN, ALL, shards=[ShardId(0, 2), ShardId(0, 2)])
        with pytest.raises(ValueError, match=r"one total, not of \[2, 3\]"):
            Cluster(TOKEN, ALL, shards=[ShardId(0, 2), ShardId(1, 3)])
        with pytest.raises(ValueError, match="io_threads"):
            Cluster(TOKEN, ALL, io_threads=0)

    async def test_a_cluster_runs_once(self) -> None:
        async with simulator() as gateway:
            cluster = cluster_at(gateway)
            async with cluster:
                pass
            with pytest.raises(RuntimeError, match="make a new one"):
                await cluster.__aenter__()


class TestStream:
    @pytest.mark.parametrize("io_threads", [1, 3])
    async def test_every_event_of_every_shard_in_order(self, io_threads: int) -> None:
        async with (
            simulator() as gateway,
            cluster_at(gateway, 3, io_threads=io_threads) as cluster,
        ):
            await cluster.wait_ready()
            for number in range(300):
                mark(gateway, number, shard=number % 3)
            marked = await take_marked(cluster, 300)
            for shard in range(3):
                numbers = [n for shard_id, n in marked if shard_id.number == shard]
                assert numbers == list(range(shard, 300, 3))

    async def test_fair_between_shards(self) -> None:
        """What a quiet shard brings does not wait for the storm in another to be over."""
        async with simulator() as gateway, cluster_at(gateway) as cluster:
            await cluster.wait_ready()
            for number in range(900):
                mark(gateway, number, shard=0)
            mark(gateway, 1_000, shard=1)
            await until(lambda: all_received(cluster, gateway))
            before = 0
            async for _, event in cluster:
                if number_of(event) == 1_000:
                    break
                before += event.t == "NOT_DOCUMENTED"
            assert before <= 64

    async def test_one_stream_a_shard(self) -> None:
        async with simulator() as gateway, cluster_at(gateway) as cluster:

            async def consume(shard: int) -> list[int | None]:
                return [
                    number_of(event)
                    async for event in cluster.shards[shard]
                    if event.t == "NOT_DOCUMENTED"
                ]

            consumers = [asyncio.create_task(consume(shard)) for shard in (0, 1)]
            await cluster.wait_ready()
            for number in range(10):
                mark(gateway, number, shard=number % 2)
            await until(lambda: all(s.stats.events >= 7 for s in cluster.shards.values()))
            await cluster.close()
            assert await asyncio.gather(*consumers) == [[0, 2, 4, 6, 8], [1, 3, 5, 7, 9]]
            assert [event async for event in cluster] == []

    async def test_one_shard_s_stream_beside_that_of_the_rest(self) -> None:
        async with simulator() as gateway, cluster_at(gateway, 3) as cluster:
            alone = aiter(cluster.shards[1])
            await cluster.wait_ready()
            for number in range(9):
                mark(gateway, number, shard=number % 3)
            numbers: list[int | None] = []
            while len(numbers) < 3:
                numbers += [n for n in [number_of(await anext(alone))] if n is not None]
            assert numbers == [1, 4, 7]
            rest = await take_marked(cluster, 6)
            assert sorted(n for _, n in rest) == [0, 2, 3, 5, 6, 8]

    async def test_control_events_on_request(self) -> None:
        async with simulator() as gateway:
            cluster = Cluster(
                TOKEN,
                ALL,
                shards=[ShardId(0, 1)],
                config=config(gateway.url),
                control_events=True,
            )
            async with cluster:
                async for _, event in cluster:
                    if isinstance(event, Ready):
                        break

    async def test_raw(self) -> None:
        async with simulator() as gateway, cluster_at(gateway, 1) as cluster:
            async for shard_id, text in cluster.raw():
                assert shard_id == ShardId(0, 1)
                assert text.startswith(b'{"t":"READY","s":1,"op":0')
                break

    async def test_a_consumer_that_never_waits_lets_other_tasks_run(self) -> None:
        async with simulator() as gateway, cluster_at(gateway, 1) as cluster:
            await cluster.wait_ready()
            turns = 0

            async def count() -> None:
                nonlocal turns
                while True:
                    turns += 1
                    await asyncio.sleep(0)

            counting = asyncio.create_task(count())
            gateway.spawn(gateway.burst(5_000))
            taken = 0
            async for _ in cluster:
                taken += 1
                if taken == 5_000:
                    break
            counting.cancel()
            assert turns > 10

    async def test_two_consumers_of_one_stream(self) -> None:
        async with simulator(silent=True) as gateway, cluster_at(gateway) as cluster:
            first = asyncio.ensure_future(anext(aiter(cluster)))
            await asyncio.sleep(0)
            with pytest.raises(RuntimeError, match="two tasks"):
                await anext(aiter(cluster))
            first.cancel()


class TestBackPressure:
    async def test_a_slow_consumer_stops_its_sockets(self) -> None:
        """No matter which bound it meets; nothing is lost."""
        for options in ({"queue_size": 100}, {"queue_size": 10**6, "queue_bytes": 200_000}):
            async with simulator() as gateway, cluster_at(gateway, options=options) as cluster:
                await cluster.wait_ready()
                for number in range(3_000):
                    gateway.dispatch(
                        "NOT_DOCUMENTED", {"number": number, "x": "x" * 5_000}, shard=number % 2
                    )
                await until(lambda: all(s.stats.pauses for s in cluster.shards.values()))
                waiting = sum(info.stats.queued for info in cluster.info().values())
                assert waiting < 1_500
                marked = await take_marked(cluster, 3_000)
                assert sorted(n for _, n in marked) == list(range(3_000))
                assert all(i.stats.reconnects == 0 for i in cluster.info().values())

    async def test_shedding_what_may_be_lost(self) -> None:
        options = {"queue_size": 100, "shed": {"TYPING_START"}}
        async with simulator() as gateway, cluster_at(gateway, 1, options=options) as cluster:
            await cluster.wait_ready()
            shard = cluster.shards[0]
            for _ in range(10):
                gateway.dispatch("TYPING_START", {}, shard=0)
            for number in range(60):
                mark(gateway, number, shard=0)
            await until(lambda: all_received(cluster, gateway))
            for _ in range(30):
                gateway.dispatch("TYPING_START", {}, shard=0)
            mark(gateway, 60, shard=0)
            await until(lambda: shard.stats.events + shard.stats.shed == sequence_of(gateway))
            assert shard.info().shed == {"TYPING_START": 30}
            names = []
            async for _, event in cluster:
                names.append(event.t)
                if number_of(event) == 60:
                    break
            assert names.count("TYPING_START") == 10
            # It has caught up, so everything comes again.
            gateway.dispatch("TYPING_START", {}, shard=0)
            async for _, event in cluster:
                if event.t == "TYPING_START":
                    break
            assert shard.stats.shed == 30
            # What was shed does not come again after a resume.
            sessions = await cluster.close_resumable()
            assert sessions["0/1"]["sequence"] == sequence_of(gateway) - 1


class TestCommands:
    async def test_to_a_shard_to_a_guild_to_all(self) -> None:
        async with simulator(guilds=8) as gateway, cluster_at(gateway) as cluster:
            # Those given before the session wait for it.
            cluster.send(1, UpdatePresence(status="idle"))
            await cluster.wait_ready()
            guild = int(gateway.guilds_of((1, 2))[0])
            cluster.send_to_guild(guild, UpdateVoiceState(guild, None))
            cluster.broadcast(UpdatePresence(status="dnd"))

            def received(shard: int) -> list[int]:
                (connection,) = (c for c in gateway.connections if c.shard == (shard, 2))
                return [message.op for message in connection.received if message.op in (3, 4)]

            await gateway.wait_for(lambda: received(0) == [3] and received(1) == [3, 4, 3])

    async def test_from_another_thread(self) -> None:
        async with simulator() as gateway, cluster_at(gateway, 1) as cluster:
            await cluster.wait_ready()
            await asyncio.to_thread(cluster.send, 0, UpdatePresence(status="idle"))
            (connection,) = gateway.connections
            await gateway.wait_for(lambda: any(m.op == 3 for m in connection.received))

    @pytest.mark.parametrize("command", ["not JSON", '{"op": 3}', '{"op": 1, "d": null}'])
    async def test_what_cannot_be_sent_is_refused_at_once(self, command: str) -> None:
        async with simulator() as gateway, cluster_at(gateway, 1) as cluster:
            with pytest.raises(CommandError):
                cluster.send(0, command)

    async def test_to_all_where_one_is_closed(self) -> None:
        async with simulator() as gateway, cluster_at(gateway, 3) as cluster:
            await cluster.wait_ready()
            (connection,) = (c for c in gateway.connections if c.shard == (1, 3))
            connection.close(4010)
            await until(lambda: cluster.shards[1].state is ShardState.FATALLY_CLOSED)
            with pytest.raises(ShardClosed, match="shard 1/3"):
                cluster.broadcast(UpdatePresence(status="dnd"))
            await gateway.wait_for(
                lambda: sum(m.op == 3 for c in gateway.connections for m in c.received) == 2
            )
            with pytest.raises(FatalClose):
                await take_marked(cluster, 1)

    async def test_to_a_shard_that_is_elsewhere(self) -> None:
        async with simulator() as gateway, cluster_at(gateway, shards=[ShardId(1, 2)]) as cluster:
            with pytest.raises(ShardNotHere, match="does not run shard 0 of 2"):
                cluster.send(0, UpdatePresence())
            with pytest.raises(ShardNotHere):
                cluster.send_to_guild(0, UpdatePresence())
            await cluster.close()
            with pytest.raises(ShardClosed):
                cluster.send(1, UpdatePresence())

    async def test_members_are_gathered_by_the_guild_s_shard(self) -> None:
        async with simulator(guilds=4, members=1_100) as gateway, cluster_at(gateway) as cluster:
            await cluster.wait_ready()
            for shard in (0, 1):
                guild = gateway.guilds_of((shard, 2))[0]
                request = RequestGuildMembers(guild_id=guild, query="", limit=0)
                found = await cluster.request_guild_members(request)
                assert found.complete
                assert len(found.members) == gateway.guild(guild)["member_count"]
            async for _, event in cluster:
                assert event.t != "GUILD_MEMBERS_CHUNK"
                if all(s.stats.queued == 0 for s in cluster.shards.values()):
                    break


class TestErrors:
    async def test_a_shard_that_is_refused_is_one_error(self) -> None:
        async with simulator(allowed_intents=Intents.none()) as gateway:
            with pytest.raises(FatalClose, match="4014") as caught:
                await exhaust(cluster_at(gateway, 3))
            assert caught.value.remedy
            assert caught.value.__notes__[0].startswith("in shard ")
        no_leaks()
        no_threads()

    async def test_readiness_fails_with_it(self) -> None:
        async with simulator(token="another") as gateway:
            with pytest.raises(FatalClose, match="4004"):
                async with cluster_at(gateway) as cluster:
                    await cluster.wait_ready()
        no_threads()

    async def test_it_comes_out_of_the_context_if_nobody_iterates(self) -> None:
        async with simulator(allowed_intents=Intents.none()) as gateway:
            with pytest.raises(FatalClose, match="4014"):
                async with cluster_at(gateway) as cluster:
                    await until(
                        lambda: all(
                            s.state is ShardState.FATALLY_CLOSED for s in cluster.shards.values()
                        )
                    )

    async def test_the_others_go_on_if_the_consumer_does(self) -> None:
        async with simulator() as gateway, cluster_at(gateway) as cluster:
            await cluster.wait_ready()
            gateway.connections[0].close(4010)
            with pytest.raises(FatalClose, match="4010"):
                await take_marked(cluster, 1)
            other = gateway.connections[-1].shard
            assert other is not None
            mark(gateway, 7, shard=other[0])
            assert await take_marked(cluster, 1) == [(ShardId(*other), 7)]
            gateway.connections[-1].close(4010)
            with pytest.raises(FatalClose, match="4010"):
                await take_marked(cluster, 1)
            assert await take_marked(cluster, 1) == []  # nobody is left

    async def test_a_shard_that_cannot_connect_does_not_disturb_the_rest(self) -> None:
        async with simulator() as gateway, cluster_at(gateway, 3) as cluster:
            await cluster.wait_ready()
            gateway.fail_http(502, path=gateway.resume_path, times=2)
            gateway.connections[1].cut()
            for number in range(100):
                mark(gateway, number, shard=2)
            await take_marked(cluster, 100)
            await gateway.wait_for_resume()
            stats = {i.shard_id.number: i.stats.reconnects for i in cluster.info().values()}
            assert sum(stats.values()) >= 3
            assert list(stats.values()).count(0) == 2

    async def test_a_shard_that_dies_in_the_queue_gives_its_place_up(self) -> None:
        """The user's queue is awaited on the user's loop, where it may keep its futures."""
        queue = NeverQueue()
        async with simulator() as gateway:
            options = {"identify_queue": queue}
            async with cluster_at(gateway, 1, options=options):
                await until(lambda: queue.waiting == 1)
                gateway.connections[0].cut()
                await until(lambda: queue.given_up == 1 and queue.waiting == 1)
            assert queue.waiting == 0
        no_leaks()

    async def test_when_no_identify_is_left_it_asks_again_later(self) -> None:
        class Queue(NoQueue):
            asked = 0

            async def acquire(self, shard_id: ShardId, /) -> None:
                self.asked += 1
                if self.asked == 1:
                    raise SessionStartLimitReached("none is left", retry_after=0.05)

        queue = Queue()
        async with (
            simulator() as gateway,
            cluster_at(gateway, 1, options={"identify_queue": queue}) as cluster,
        ):
            await cluster.wait_ready()
            assert queue.asked == 2
            assert len(gateway.identifies) == 1

    async def test_an_error_of_the_identify_queue_is_the_shard_s(self) -> None:
        class Queue(NoQueue):
            async def acquire(self, shard_id: ShardId, /) -> None:
                raise KeyError("out of order")

        async with simulator() as gateway:
            with pytest.raises(KeyError, match="out of order"):
                await exhaust(cluster_at(gateway, 2, options={"identify_queue": Queue()}))
        no_threads()

    async def test_a_presence_that_is_too_long(self) -> None:
        """Found before anything is connected; no thread is left behind."""
        presence = UpdatePresence(activities=(Activity(name="x" * 5_000),))
        async with simulator() as gateway:
            with pytest.raises(CommandTooLarge):
                await exhaust(cluster_at(gateway, 2, presence=lambda _: presence))
            assert not gateway.history
        no_threads()


class TestClosing:
    async def test_what_has_come_can_be_taken_after_close(self) -> None:
        async with simulator() as gateway, cluster_at(gateway) as cluster:
            await cluster.wait_ready()
            mark(gateway, 1, shard=0)
            mark(gateway, 2, shard=1)
            await until(lambda: sum(s.stats.queued for s in cluster.shards.values()) >= 7)
            await cluster.close()
            assert sorted(n for _, n in await take_marked(cluster, 2)) == [1, 2]

    async def test_close_ends_the_iteration_of_another_task(self) -> None:
        async with simulator() as gateway, cluster_at(gateway) as cluster:

            async def consume() -> int:
                return len([item async for item in cluster])

            consumer = asyncio.create_task(consume())
            await cluster.wait_ready()
            await asyncio.gather(cluster.close(), cluster.close())
            assert await consumer >= 2
            assert len(gateway.sessions) == 0

    @pytest.mark.parametrize("turns", [0, 1, 2, 5, 10, 20, 50, 200])
    async def test_cancelled_at_any_time(self, turns: int) -> None:
        async with simulator() as gateway:
            task = asyncio.create_task(exhaust(cluster_at(gateway)))
            for _ in range(turns):
                await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            no_threads()
            await gateway.wait_for(lambda: not gateway.connections)
            no_leaks()

    async def test_closing_that_is_cancelled_drops_the_connections(self) -> None:
        async with simulator() as gateway:
            options = {"close_timeout": 3600}
            async with cluster_at(gateway, options=options) as cluster:
                await cluster.wait_ready()
                for connection in gateway.connections:
                    connection.stall()
                closing = asyncio.create_task(cluster.close())
                await until(
                    lambda: all(s.state is ShardState.STOPPING for s in cluster.shards.values())
                )
                closing.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await closing
                no_threads()
                for connection in gateway.connections:
                    connection.unstall()
        no_leaks()

    async def test_logs_name_the_shard_and_hide_the_token(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG, logger="gateway_core")
        async with simulator() as gateway, cluster_at(gateway) as cluster:
            await cluster.wait_ready()
        records = [record for record in caplog.records if record.name == "gateway_core.shard"]
        assert {record.__dict__["shard"] for record in records} == {"0/2", "1/2"}
        assert all(TOKEN not in record.getMessage() for record in caplog.records)
