"""The Shard when connections die, peers fall silent and consumers are slow."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from gateway_core.commands import UpdatePresence
from gateway_core.decoding import DEFAULT_COMPRESSION
from gateway_core.errors import (
    FatalClose,
)
from gateway_core.events import (
    Ready,
    Resuming,
    SessionInvalidated,
)
from gateway_core.session import Session
from gateway_core.shard import Shard
from gateway_core.sharding import ShardState
from gateway_core.testing import Connection
from shard_driver import (
    ALL,
    TOKEN,
    config,
    exhaust,
    flood,
    no_leaks,
    sequence_of,
    shard_at,
    simulator,
    start,
    take,
    take_until,
    until,
)


class TestResuming:
    @pytest.mark.parametrize("mid_frame", [False, True], ids=["between frames", "mid-frame"])
    async def test_twenty_cuts_lose_and_repeat_nothing(self, mid_frame: bool) -> None:
        async with simulator() as gateway:

            async def cut_often() -> None:
                cuts = 0
                connection = await gateway.wait_for_identify()
                while cuts < 20:
                    cuts += 1
                    connection.do_after(37, lambda victim: victim.cut(mid_frame=mid_frame))
                    await gateway.burst(100)
                    connection = await gateway.wait_for_resume(cuts)
                await gateway.burst(100)

            async with shard_at(gateway) as shard:
                events: dict[int, str] = {}
                await gateway.wait_for_identify()
                cutting = asyncio.create_task(cut_often())
                async for event in shard:
                    assert event.s == len(events) + 1
                    assert event.t is not None
                    events[event.s] = event.t
                    if cutting.done() and event.s == sequence_of(gateway):
                        break
                await cutting
                assert shard.stats.resumes == shard.stats.reconnects == 20
                assert shard.stats.identifies == 1
            (session,) = {handshake.data["session_id"] for handshake in gateway.resumes}
            assert session
            assert list(events.values()).count("RESUMED") == 20

    async def test_resumes_at_the_url_that_ready_names(self) -> None:
        async with simulator(resume_path="/go-on") as gateway, shard_at(gateway) as shard:
            connection = await start(shard, gateway)
            connection.reset()
            resumed = await gateway.wait_for_resume()
            assert (connection.path, resumed.path) == ("/", "/go-on")
            assert resumed.query == {"v": "10", "encoding": "json", "compress": DEFAULT_COMPRESSION}

    @pytest.mark.parametrize(
        "misfortune",
        [
            Connection.reconnect,
            lambda connection: connection.invalidate(True),
            Connection.reset,
            Connection.send_garbage,
            Connection.send_corrupt,
            *(
                lambda connection, code=code: connection.close(code)
                for code in (1000, 1001, 1012, 4000, 4001, 4002, 4005, 4008, 4321)
            ),
        ],
        ids=[
            "op 7", "op 9 true", "reset", "garbage", "corrupt",
            "1000", "1001", "1012", "4000", "4001", "4002", "4005", "4008", "4321",
        ],
    )  # fmt: skip
    async def test_the_session_survives(self, misfortune: Callable[[Connection], None]) -> None:
        async with simulator() as gateway:
            async with shard_at(gateway) as shard:
                connection = await start(shard, gateway)
                last = sequence_of(gateway)
                misfortune(connection)
                await gateway.wait_for_resume()
                await gateway.burst(10)
                end = sequence_of(gateway)
                assert await take_until(shard, end) == list(range(last + 1, end + 1))
            assert len(gateway.identifies) == 1
            assert gateway.resumes[0].data["seq"] == last

    @pytest.mark.parametrize("code", [4003, 4007, 4009])
    async def test_a_new_session_begins_after_a_close_code_that_ends_it(self, code: int) -> None:
        async with simulator() as gateway:
            async with shard_at(gateway) as shard:
                connection = await start(shard, gateway)
                before = shard.session
                connection.close(code)
                await gateway.wait_for_identify(2)
                assert (await take(shard, 1))[0].t == "READY"
                await take(shard, 1)
                assert before is not None
                assert shard.session is not None
                assert shard.session.id != before.id
                assert shard.session.sequence == 1
            assert not gateway.resumes

    async def test_a_new_session_begins_after_op_9_false(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("gateway_core.shard.random.random", lambda: 0.0)  # the shortest wait
        async with simulator() as gateway:
            settings = config(gateway.url)
            async with Shard(TOKEN, ALL, config=settings, control_events=True) as shard:
                connection = await gateway.wait_for_identify()
                await gateway.wait_for(lambda: connection.caught_up)
                connection.invalidate(False)
                kinds: list[type[object]] = []
                async for event in shard:
                    kinds.append(type(event))
                    if kinds.count(Ready) == 2:
                        break
                assert SessionInvalidated in kinds
                assert Resuming not in kinds

    async def test_a_session_that_is_gone_is_followed_by_a_new_one(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("gateway_core.shard.random.random", lambda: 0.0)
        async with simulator() as gateway:
            lost = Session("0123456789abcdef0123456789abcdef", 5, gateway.url)
            async with Shard(TOKEN, ALL, config=config(gateway.url), session=lost) as shard:
                assert (await take(shard, 1))[0].t == "READY"
            assert [len(gateway.resumes), len(gateway.identifies)] == [1, 1]

    async def test_a_close_frame_ends_a_connection_whose_tcp_goes_on(self) -> None:
        """What is sent from then on is for the next connection, and no event is lost."""
        async with simulator() as gateway, shard_at(gateway, close_timeout=3600) as shard:
            left = await start(shard, gateway)
            first = sequence_of(gateway) + 1
            for _ in range(200):
                gateway.dispatch("NOT_DOCUMENTED", {}, shard=0)
            last = sequence_of(gateway)
            await gateway.wait_for(lambda: left.caught_up)
            left.close(4000)
            left.stall()
            await until(lambda: shard.state is not ShardState.ACTIVE)
            assert left in gateway.connections
            left.unstall()
            shard.send(UpdatePresence(status="idle"))
            resumed = await gateway.wait_for_resume()
            await gateway.wait_for(lambda: any(m.op == 3 for m in resumed.received))
            assert await take_until(shard, last + 1) == list(range(first, last + 2))


class TestFatal:
    @pytest.mark.parametrize("code", [4004, 4010, 4011, 4012, 4013, 4014])
    async def test_the_iteration_raises_what_discord_says(self, code: int) -> None:
        async with simulator() as gateway:
            async with shard_at(gateway) as shard:
                connection = await start(shard, gateway)
                connection.close(code, "Because.")
                with pytest.raises(FatalClose) as caught:
                    await anext(shard)
            assert caught.value.code == code
            assert shard.state is ShardState.FATALLY_CLOSED
            assert [event async for event in shard] == []  # it raises once, then just is over
            await gateway.wait_for(lambda: not gateway.connections)
            assert len(gateway.history) == 1
            no_leaks()

    async def test_a_refused_token(self) -> None:
        async with simulator(token="another") as gateway:
            with pytest.raises(FatalClose, match="token was refused"):
                await exhaust(shard_at(gateway))

    async def test_what_came_before_is_given_first(self) -> None:
        async with simulator() as gateway, shard_at(gateway) as shard:
            connection = await gateway.wait_for_identify()
            await gateway.wait_for(lambda: connection.caught_up)
            connection.close(4004)
            await gateway.wait_for(lambda: not gateway.connections)
            assert (await take(shard, 4))[0].t == "READY"
            with pytest.raises(FatalClose):
                await anext(shard)

    async def test_leaving_raises_what_nobody_has_seen(self) -> None:
        async with simulator(token="another") as gateway:
            shard = await shard_at(gateway).__aenter__()
            await until(lambda: shard.state is ShardState.FATALLY_CLOSED)
            with pytest.raises(FatalClose, match="4004"):
                await shard.__aexit__(None, None, None)

    async def test_leaving_does_not_hide_another_error(self) -> None:
        async with simulator(token="another") as gateway:
            shard = await shard_at(gateway).__aenter__()
            await until(lambda: shard.state is ShardState.FATALLY_CLOSED)
            await shard.__aexit__(KeyError, KeyError("the user's own"), None)


class TestHeartbeats:
    async def test_go_out_and_are_measured(self) -> None:
        async with simulator(heartbeat_interval=0.5) as gateway, shard_at(gateway) as shard:
            connection = await start(shard, gateway)
            await gateway.wait_for(lambda: connection.heartbeats >= 4)
            assert shard.latency.measured >= 2
            assert shard.latency.average is not None
            assert 0 < shard.latency.average < 1
            assert connection.is_open

    async def test_are_sent_at_once_when_asked_for(self) -> None:
        async with simulator() as gateway, shard_at(gateway) as shard:
            connection = await start(shard, gateway)
            connection.request_heartbeat()
            await gateway.wait_for(lambda: connection.heartbeats == 1)
            assert connection.received[-1].d == sequence_of(gateway)

    async def test_a_zombie_is_left_and_resumed(self) -> None:
        async with simulator(heartbeat_interval=0.3, heartbeat_grace=3600) as gateway:
            async with shard_at(gateway) as shard:
                connection = await start(shard, gateway)
                last = sequence_of(gateway)
                connection.stop_acknowledging()
                resumed = await gateway.wait_for_resume()
                assert connection.close_received == 4000
                assert await take_until(shard, last + 1) == [last + 1]
                assert resumed.is_open
            assert len(gateway.identifies) == 1

    async def test_a_dead_peer_is_aborted_and_resumed(self) -> None:
        """It does not even answer the close frame."""
        async with simulator(heartbeat_interval=0.3, heartbeat_grace=3600) as gateway:
            async with shard_at(gateway, close_timeout=0.05) as shard:
                connection = await start(shard, gateway)
                connection.stall()
                await gateway.wait_for_resume()
                assert shard.stats.reconnects == 1
            assert len(gateway.identifies) == 1


class TestBackPressure:
    async def test_a_slow_consumer_stops_the_socket_and_loses_nothing(self) -> None:
        async with simulator(heartbeat_interval=0.3, heartbeat_grace=3600) as gateway:
            async with shard_at(gateway, queue_size=20, compression=None) as shard:
                connection = await start(shard, gateway)
                first = sequence_of(gateway) + 1
                flood(gateway)
                last = sequence_of(gateway)
                await until(lambda: shard.stats.pauses > 0)
                # Not consuming: it stops reading, and beats on for many intervals.
                seen = connection.heartbeats
                await gateway.wait_for(lambda: connection.heartbeats >= seen + 4)
                assert not connection.caught_up
                assert 20 <= shard.stats.queued < 200
                assert await take_until(shard, last) == list(range(first, last + 1))
                assert shard.stats.queued == 0
                # And again, on the same connection.
                pauses = shard.stats.pauses
                flood(gateway)
                await until(lambda: shard.stats.pauses > pauses)
                for _ in range(100):
                    await asyncio.sleep(0)
                assert shard.stats.queued < 200
                await take_until(shard, sequence_of(gateway))
                assert shard.stats.reconnects == 0
            assert len(gateway.history) == 1

    async def test_bytes_fill_the_queue_too(self) -> None:
        async with (
            simulator() as gateway,
            shard_at(gateway, queue_size=1_000_000, queue_bytes=200_000) as shard,
        ):
            connection = await start(shard, gateway)
            first = sequence_of(gateway) + 1
            for _ in range(2_000):
                gateway.dispatch("NOT_DOCUMENTED", {"text": "x" * 10_000}, shard=0)
            last = sequence_of(gateway)
            await until(lambda: shard.stats.pauses > 0)
            assert 200_000 <= shard.stats.queued_bytes < 10_000_000
            assert not connection.caught_up or shard.stats.queued < 2_000
            assert await take_until(shard, last) == list(range(first, last + 1))

    async def test_a_connection_that_is_lost_meanwhile_is_resumed_at_once(self) -> None:
        """The session must not time out while the consumer is busy."""
        async with simulator(heartbeat_interval=0.3, heartbeat_grace=3600) as gateway:
            async with shard_at(gateway, queue_size=20, compression=None) as shard:
                connection = await start(shard, gateway)
                first = sequence_of(gateway) + 1
                flood(gateway)
                await until(lambda: shard.stats.pauses > 0)
                shard.send(UpdatePresence(status="idle"))
                await gateway.wait_for(lambda: any(m.op == 3 for m in connection.received))
                connection.reset()
                # The reset is seen when something is written, at the latest.
                resumed = await gateway.wait_for_resume()
                await gateway.wait_for(lambda: resumed.heartbeats >= 3)
                assert not resumed.caught_up
                last = sequence_of(gateway)
                assert await take_until(shard, last) == list(range(first, last + 1))
            assert len(gateway.history) == 2

    async def test_a_connection_that_dies_meanwhile_is_resumed(self) -> None:
        async with simulator() as gateway, shard_at(gateway, queue_size=20) as shard:
            connection = await start(shard, gateway)
            first = sequence_of(gateway) + 1
            connection.do_after(200, Connection.reset)
            flood(gateway)
            last = sequence_of(gateway)
            sequences = await take_until(shard, last + 1)  # RESUMED is the last
            assert sequences == list(range(first, last + 2))
            assert shard.stats.resumes == 1

    async def test_a_connection_that_is_closed_meanwhile_is_resumed_at_once(self) -> None:
        async with simulator() as gateway, shard_at(gateway, queue_size=20) as shard:
            left = await start(shard, gateway)
            first = sequence_of(gateway) + 1
            for _ in range(20):
                gateway.dispatch("NOT_DOCUMENTED", {}, shard=0)
            await until(lambda: shard.stats.queued >= 20)
            gateway.dispatch("NOT_DOCUMENTED", {}, shard=0)
            await until(lambda: shard.stats.pauses > 0)
            last = sequence_of(gateway)
            left.close(4000)
            left.stall()
            await until(lambda: shard.state is not ShardState.ACTIVE)
            assert left in gateway.connections
            left.unstall()
            assert await take_until(shard, last + 1) == list(range(first, last + 2))

    async def test_closing_while_the_socket_is_not_read(self) -> None:
        async with simulator() as gateway:
            async with shard_at(gateway, queue_size=20, compression=None) as shard:
                connection = await start(shard, gateway)
                flood(gateway)
                await until(lambda: shard.stats.pauses > 0)
            await connection.wait_closed()
            assert connection.close_received == 1000
