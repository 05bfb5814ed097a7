"""The Shard over real sockets, to the simulator."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import ssl
import sys
import threading
import traceback
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from gateway_core.commands import RequestGuildMembers, UpdatePresence
from gateway_core.config import Config
from gateway_core.decoding import Payload
from gateway_core.errors import (
    CommandError,
    CommandTooLarge,
    FatalClose,
    SessionStartLimitReached,
    ShardClosed,
)
from gateway_core.events import (
    Closed,
    Connected,
    Connecting,
    ControlEvent,
    Disconnected,
    Event,
    FatallyClosed,
    Identifying,
    Ready,
    Reconnecting,
    Resumed,
    Resuming,
    SessionInvalidated,
)
from gateway_core.identify_queue import NoQueue
from gateway_core.intents import Intents
from gateway_core.session import Session
from gateway_core.shard import Shard
from gateway_core.sharding import ShardId, ShardState
from gateway_core.testing import Connection, FakeGateway, Limits
from gateway_core.testing.compression import COMPRESSIONS

TOKEN = "a-token.that-opens.nothing"
CERTIFICATE = Path(__file__).parent / "tls" / "localhost.pem"
ALL = Intents.all()

needs_zstd = pytest.mark.skipif(
    "zstd-stream" not in COMPRESSIONS, reason="the simulator has no zstd compressor here"
)


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


@pytest.fixture
def no_leaks() -> Iterator[Callable[[], None]]:
    """A check that no task but the test's is left; sockets are warnings, and those are errors."""

    def check() -> None:
        assert [task for task in asyncio.all_tasks() if task is not asyncio.current_task()] == []
        gc.collect()

    yield check
    gc.collect()


class TestStart:
    @pytest.mark.parametrize(
        "compression",
        [
            "zlib-stream",
            pytest.param("zstd-stream", marks=needs_zstd),
            "zlib-payload",
            None,
        ],
    )
    async def test_ready_and_guilds_come_first(self, compression: Any) -> None:
        async with simulator(guilds=4) as gateway:
            async with shard_at(gateway, compression=compression, large_threshold=77) as shard:
                events = await take(shard, 5)
                assert [event.t for event in events] == ["READY", *["GUILD_CREATE"] * 4]
                assert [event.s for event in events] == [1, 2, 3, 4, 5]
                assert shard.state is ShardState.ACTIVE
                assert {event.d["id"] for event in events[1:]} == set(gateway.guilds)
            (identify,) = gateway.identifies
            assert identify.data["token"] == TOKEN
            assert identify.data["intents"] == int(ALL)
            assert identify.data["shard"] == [0, 1]
            assert identify.data["large_threshold"] == 77

    async def test_entering_waits_for_nothing(self) -> None:
        async with simulator(silent=True) as gateway, shard_at(gateway) as shard:
            assert shard.state is ShardState.CONNECTING
            assert shard.session is None
            await until(lambda: gateway.connections)

    async def test_another_shard_gets_its_guilds(self) -> None:
        async with simulator(guilds=20) as gateway:
            shard_id = ShardId(1, 2)
            settings = config(gateway.url)
            async with Shard(TOKEN, ALL, shard_id=shard_id, config=settings) as shard:
                ready, *guilds = await take(shard, 1 + len(gateway.guilds_of((1, 2))))
            assert ready.d["shard"] == [1, 2]
            assert {event.d["id"] for event in guilds} == set(gateway.guilds_of((1, 2)))
            assert shard.shard_id == shard_id

    async def test_events_come_once_and_in_order(self) -> None:
        async with simulator() as gateway, shard_at(gateway) as shard:
            await start(shard, gateway)
            first = sequence_of(gateway) + 1
            await gateway.burst(5_000)
            last = sequence_of(gateway)
            assert await take_until(shard, last) == list(range(first, last + 1))
            stats = shard.stats
        assert stats.events == stats.messages - 1 == last  # and hello
        assert stats.bytes_out > stats.bytes_in > 0
        assert (stats.identifies, stats.resumes, stats.reconnects) == (1, 0, 0)

    async def test_only_what_is_wanted_is_given(self) -> None:
        async with simulator() as gateway, shard_at(gateway, wanted={"MESSAGE_CREATE"}) as shard:
            await gateway.wait_for_identify()
            await gateway.burst(500)
            gateway.dispatch("MESSAGE_CREATE", {"content": "the last"}, shard=0)
            events = []
            async for event in shard:
                events.append(event)
                if event.d["content"] == "the last":
                    break
            assert {event.t for event in events} == {"MESSAGE_CREATE"}
            assert shard.stats.messages > shard.stats.events == len(events)

    async def test_over_tls(self) -> None:
        server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server_side.load_cert_chain(CERTIFICATE)
        async with simulator(ssl=server_side) as gateway:
            trusting = ssl.create_default_context(cafile=CERTIFICATE)
            async with shard_at(gateway, ssl=trusting) as shard:
                assert (await take(shard, 1))[0].t == "READY"

    async def test_a_certificate_that_is_not_trusted_is_refused(self) -> None:
        server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server_side.load_cert_chain(CERTIFICATE)
        async with simulator(ssl=server_side) as gateway:
            settings = config(gateway.url)
            async with Shard(TOKEN, ALL, config=settings, control_events=True) as shard:
                async for event in shard:
                    if isinstance(event, Disconnected):
                        assert "certificate" in event.reason.lower()
                        break
            assert not gateway.identifies

    async def test_through_a_proxy(self) -> None:
        asked = []

        async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
            writer.close()

        async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            asked.append(await reader.readuntil(b"\r\n\r\n"))
            host, _, port = asked[-1].split()[1].decode().rpartition(":")
            there, back = await asyncio.open_connection(host, int(port))
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
            with suppress(ConnectionError):
                await asyncio.gather(relay(reader, back), relay(there, writer))

        listener = await asyncio.start_server(proxy, "127.0.0.1", 0)
        async with simulator() as gateway, listener:
            port = listener.sockets[0].getsockname()[1]
            async with shard_at(gateway, proxy=f"http://127.0.0.1:{port}") as shard:
                assert (await take(shard, 1))[0].t == "READY"
            await gateway.wait_for(lambda: not gateway.connections)
        assert [request.split()[0] for request in asked] == [b"CONNECT"]


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
            assert resumed.query == {"v": "10", "encoding": "json", "compress": "zlib-stream"}

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


class TestFatal:
    @pytest.mark.parametrize("code", [4004, 4010, 4011, 4012, 4013, 4014])
    async def test_the_iteration_raises_what_discord_says(
        self, code: int, no_leaks: Callable[[], None]
    ) -> None:
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
        async with simulator(heartbeat_interval=0.1) as gateway, shard_at(gateway) as shard:
            connection = await start(shard, gateway)
            await gateway.wait_for(lambda: connection.heartbeats >= 6)
            assert shard.latency.measured >= 4
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
        async with simulator(heartbeat_interval=0.1, heartbeat_grace=3600) as gateway:
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
        async with simulator(heartbeat_interval=0.1, heartbeat_grace=3600) as gateway:
            async with shard_at(gateway, close_timeout=0.05) as shard:
                connection = await start(shard, gateway)
                connection.stall()
                await gateway.wait_for_resume()
                assert shard.stats.reconnects == 1
            assert len(gateway.identifies) == 1


def flood(gateway: FakeGateway) -> None:
    """Let more happen than the sockets' buffers hold."""
    for _ in range(400):
        gateway.dispatch("NOT_DOCUMENTED", {"text": "x" * 50_000}, shard=0)


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

    async def test_bytes_fill_the_queue_too(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("gateway_core.shard._QUEUE_BYTES", 200_000)
        async with simulator() as gateway, shard_at(gateway, queue_size=1_000_000) as shard:
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

    async def test_closing_while_the_socket_is_not_read(self) -> None:
        async with simulator() as gateway:
            async with shard_at(gateway, queue_size=20, compression=None) as shard:
                connection = await start(shard, gateway)
                flood(gateway)
                await until(lambda: shard.stats.pauses > 0)
            await connection.wait_closed()
            assert connection.close_received == 1000


class TestClosing:
    async def test_leaving_ends_the_session(self, no_leaks: Callable[[], None]) -> None:
        async with simulator() as gateway:
            async with shard_at(gateway) as shard:
                connection = await start(shard, gateway)
            assert shard.state is ShardState.CLOSED
            assert shard.session is None
            await connection.wait_closed()
            assert connection.close_received == 1000
            assert len(gateway.sessions) == 0
            no_leaks()

    async def test_close_ends_the_iteration_of_another_task(self) -> None:
        async with simulator() as gateway, shard_at(gateway) as shard:

            async def consume() -> int:
                return len([event async for event in shard])

            consumer = asyncio.create_task(consume())
            connection = await gateway.wait_for_identify()
            await gateway.wait_for(lambda: connection.caught_up)
            await until(lambda: shard.stats.events == 4 and shard.stats.queued == 0)
            await shard.close()
            assert await consumer == 4
            await shard.close()  # once more does nothing

    async def test_what_has_come_can_be_taken_after_close(self) -> None:
        async with simulator() as gateway, shard_at(gateway) as shard:
            await gateway.wait_for_identify()
            await until(lambda: shard.stats.events == 4)
            await shard.close()
            assert [event.s async for event in shard] == [1, 2, 3, 4]

    async def test_close_resumable_keeps_the_session(self, no_leaks: Callable[[], None]) -> None:
        async with simulator() as gateway:
            async with shard_at(gateway) as shard:
                connection = await start(shard, gateway)
                session = await shard.close_resumable()
                assert session is not None
                assert (
                    session.sequence == sequence_of(gateway) - 1
                )  # the last is not come back from
                assert session.resume_url == gateway.resume_url
            await connection.wait_closed()
            assert connection.close_received == 4000
            assert len(gateway.sessions) == 1
            no_leaks()

    async def test_another_shard_goes_on_with_the_session(self) -> None:
        """With events in the queue at the moment of closing: none may be lost."""
        async with simulator() as gateway:
            handled: list[int] = []
            async with shard_at(gateway) as first:
                connection = await gateway.wait_for_identify()
                await gateway.burst(1_000)
                await gateway.wait_for(lambda: connection.caught_up)
                async for event in first:
                    assert event.s is not None
                    handled.append(event.s)
                    if event.s == 100:
                        break
                await until(lambda: first.stats.queued > 0)
                stored = await first.close_resumable()
                assert stored is not None
                assert [event async for event in first] == []
            session = Session.from_dict(json.loads(json.dumps(stored.to_dict())))
            await gateway.burst(100)  # while nobody is there
            last = sequence_of(gateway)
            settings = config(gateway.url)
            async with Shard(TOKEN, ALL, config=settings, session=session) as second:
                handled += await take_until(second, last + 1)  # RESUMED
            assert sorted(set(handled)) == list(range(1, last + 2))
            # At least once: only the event that was not come back from is repeated.
            assert [s for s in set(handled) if handled.count(s) > 1] == [100]
            assert len(gateway.identifies) == 1

    async def test_the_session_follows_what_is_consumed(self) -> None:
        async with simulator() as gateway, shard_at(gateway) as shard:
            await gateway.wait_for_identify()
            await gateway.burst(100)
            assert shard.session is None
            async for event in shard:
                assert event.s is not None
                if event.s == 1:
                    assert shard.session is None  # READY is not consumed yet
                else:
                    assert shard.session is not None
                    assert shard.session.sequence == event.s - 1
                if event.s == 50:
                    break

    async def test_a_shard_that_was_never_entered(self) -> None:
        shard = Shard(TOKEN, ALL)
        assert shard.state is ShardState.IDLE
        await shard.close()
        assert await shard.close_resumable() is None
        with pytest.raises(ShardClosed, match="async with"):
            shard.send(UpdatePresence())

    async def test_a_shard_runs_once(self) -> None:
        async with simulator() as gateway:
            shard = shard_at(gateway)
            async with shard:
                pass
            with pytest.raises(RuntimeError, match="make a new one"):
                async with shard:
                    pass

    async def test_closing_at_once(self, no_leaks: Callable[[], None]) -> None:
        async with simulator() as gateway:
            async with shard_at(gateway) as shard:
                await shard.close()
            assert shard.state is ShardState.CLOSED
            await gateway.wait_for(lambda: not gateway.connections)
            no_leaks()


@contextmanager
def silent_server() -> Iterator[str]:
    """An address that takes connections and never says a word."""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"ws://127.0.0.1:{listener.getsockname()[1]}"


class TestCancelling:
    """Wherever it hits: no task and no socket is left."""

    async def cancelled(self, shard: Shard[Payload], ready: Callable[[], Any]) -> None:
        """Iterate in a task, cancel it when `ready` is so, and see it end."""

        async def consume() -> None:
            async with shard:
                async for _ in shard:
                    pass

        task = asyncio.create_task(consume())
        await until(ready)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    async def test_while_connecting(self, no_leaks: Callable[[], None]) -> None:
        with silent_server() as url:
            shard = Shard(TOKEN, ALL, config=config(url))
            await self.cancelled(shard, lambda: shard.state is ShardState.CONNECTING)
        assert shard.state is ShardState.CLOSED
        no_leaks()

    @pytest.mark.parametrize("turns", range(12))
    async def test_at_each_turn_of_the_loop(self, turns: int, no_leaks: Callable[[], None]) -> None:
        async with simulator() as gateway:
            shard = shard_at(gateway)
            countdown = iter(range(turns))
            await self.cancelled(shard, lambda: next(countdown, None) is None)
            await gateway.wait_for(lambda: not gateway.connections)
            no_leaks()

    async def test_while_hello_is_awaited(self, no_leaks: Callable[[], None]) -> None:
        async with simulator(silent=True) as gateway:
            shard = shard_at(gateway)
            await self.cancelled(shard, lambda: shard.state is ShardState.AWAITING_HELLO)
            await gateway.wait_for(lambda: not gateway.connections)
            no_leaks()

    async def test_while_waiting_for_a_turn_to_identify(self, no_leaks: Callable[[], None]) -> None:
        queue = NeverQueue()
        async with simulator() as gateway:
            shard = shard_at(gateway, identify_queue=queue)
            await self.cancelled(shard, lambda: queue.waiting)
            assert queue.given_up == 1
            await gateway.wait_for(lambda: not gateway.connections)
            no_leaks()

    async def test_while_waiting_to_reconnect(self, no_leaks: Callable[[], None]) -> None:
        with silent_server() as url:
            pass
        settings = config(url, backoff_base=3600.0, backoff_cap=3600.0)
        shard = Shard(TOKEN, ALL, config=settings)
        await self.cancelled(shard, lambda: shard.state is ShardState.WAITING)
        no_leaks()

    async def test_while_active(self, no_leaks: Callable[[], None]) -> None:
        async with simulator(rate=1000) as gateway:
            shard = shard_at(gateway)
            await self.cancelled(shard, lambda: shard.stats.events > 20)
            await gateway.wait_for(lambda: not gateway.connections)
            assert gateway.history[0].close_received == 1000  # left politely all the same
        no_leaks()

    async def test_while_closing(self, no_leaks: Callable[[], None]) -> None:
        """The other side does not answer, and the caller has no patience."""
        async with simulator() as gateway, shard_at(gateway, close_timeout=3600) as shard:
            connection = await start(shard, gateway)
            connection.stall()
            closing = asyncio.create_task(shard.close())
            await until(lambda: shard.state is ShardState.STOPPING)
            closing.cancel()
            with pytest.raises(asyncio.CancelledError):
                await closing
            no_leaks_but_server = {
                task.get_name() for task in asyncio.all_tasks() if "shard" in task.get_name()
            }
            assert no_leaks_but_server == set()
            connection.unstall()
            await connection.wait_closed()
        no_leaks()

    async def test_a_cancelled_wait_for_an_event_loses_none(self) -> None:
        async with simulator() as gateway, shard_at(gateway) as shard:
            await start(shard, gateway)
            for _ in range(3):
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.01):
                        await anext(shard)
                gateway.dispatch("NOT_DOCUMENTED", {}, shard=0)
                assert (await anext(shard)).t == "NOT_DOCUMENTED"


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


class TestUnlikely:
    async def test_a_proxy_that_is_none_ends_the_shard_without_its_password(
        self, no_leaks: Callable[[], None]
    ) -> None:
        async with simulator() as gateway:
            shard = shard_at(gateway, proxy="gopher://user:secret@127.0.0.1:1")
            with pytest.raises(ValueError, match=r"proxy cannot be used: .*gopher") as caught:
                await exhaust(shard)
            assert "secret" not in "".join(traceback.format_exception(caught.value))
            assert shard.state is ShardState.CLOSED
        no_leaks()

    async def test_a_resume_url_that_nobody_can_use_is_given_up(self) -> None:
        """A host name that cannot even be asked for."""
        async with simulator() as gateway:
            async with shard_at(gateway) as first:
                await start(first, gateway)
                stored = await first.close_resumable()
            assert stored is not None
            bad = Session(stored.id, stored.sequence, f"ws://{'a' * 70}.test/")
            async with Shard(TOKEN, ALL, config=config(gateway.url), session=bad) as second:
                assert await take_until(second, 5) == [4, 5]
                assert second.stats.reconnects >= 1
            assert len(gateway.identifies) == 1

    async def test_its_task_cancelled_from_outside(self, no_leaks: Callable[[], None]) -> None:
        async with simulator() as gateway:
            async with shard_at(gateway) as shard:
                await start(shard, gateway)
                (owner,) = (t for t in asyncio.all_tasks() if t.get_name().endswith("shard 0/1"))
                owner.cancel()
                assert [event async for event in shard] == []
                assert shard.state is ShardState.CLOSED
                with pytest.raises(ShardClosed):
                    shard.send(UpdatePresence())
            await gateway.wait_for(lambda: not gateway.connections)
        no_leaks()

    @pytest.mark.skipif(sys.version_info < (3, 12), reason="eager tasks came with Python 3.12")
    async def test_eager_tasks(self) -> None:
        loop = asyncio.get_running_loop()
        loop.set_task_factory(asyncio.eager_task_factory)  # type: ignore[attr-defined,unused-ignore]
        try:
            async with simulator() as gateway, shard_at(gateway) as shard:
                connection = await start(shard, gateway)
                connection.cut()
                await gateway.wait_for_resume()
                await take_until(shard, sequence_of(gateway))
        finally:
            loop.set_task_factory(None)


class TestIdentifyQueue:
    async def test_is_asked_on_the_users_loop_and_obeyed(self) -> None:
        granted = asyncio.Event()
        asked = []

        class Queue:
            async def acquire(self, shard_id: ShardId, /) -> None:
                asked.append((shard_id, asyncio.get_running_loop()))
                await granted.wait()

        async with simulator(heartbeat_interval=0.1) as gateway:
            settings = config(gateway.url, identify_queue=Queue())
            async with Shard(TOKEN, ALL, shard_id=ShardId(1, 3), config=settings) as shard:
                await until(lambda: gateway.connections)
                (connection,) = gateway.connections
                await gateway.wait_for(lambda: connection.heartbeats >= 3)
                assert shard.state is ShardState.AWAITING_PERMIT
                assert not gateway.identifies
                granted.set()
                await gateway.wait_for_identify()
            assert asked == [(ShardId(1, 3), asyncio.get_running_loop())]

    async def test_a_shard_that_lost_its_connection_gives_its_place_up(self) -> None:
        queue = NeverQueue()
        async with simulator() as gateway, shard_at(gateway, identify_queue=queue):
            await until(lambda: queue.waiting == 1)
            gateway.connections[0].cut()
            await until(lambda: len(gateway.history) == 2)
            await until(lambda: queue.given_up > 0 and queue.waiting > 0)
            assert (queue.waiting, queue.given_up) == (1, 1)

    async def test_its_exception_ends_the_shard(self, no_leaks: Callable[[], None]) -> None:
        class Queue:
            async def acquire(self, shard_id: ShardId, /) -> None:
                raise LookupError("the queue's server is down")

        async with simulator() as gateway:
            with pytest.raises(LookupError, match="server is down"):
                await exhaust(shard_at(gateway, identify_queue=Queue()))
            await gateway.wait_for(lambda: not gateway.connections)
        no_leaks()

    async def test_a_used_up_limit_is_fatal(self) -> None:
        class Queue:
            async def acquire(self, shard_id: ShardId, /) -> None:
                raise SessionStartLimitReached("0 of 1000 are left")

        async with simulator() as gateway:
            with pytest.raises(SessionStartLimitReached):
                await exhaust(shard_at(gateway, identify_queue=Queue()))


class TestSending:
    async def test_typed_and_raw(self) -> None:
        async with simulator() as gateway, shard_at(gateway) as shard:
            shard.send(UpdatePresence(status="idle"))  # waits for the session
            connection = await start(shard, gateway)
            shard.send('{"op":3,"d":{"status":"dnd","afk":false,"since":0,"activities":[]}}')
            await gateway.wait_for(lambda: sum(m.op == 3 for m in connection.received) == 2)
            sent = [message.d["status"] for message in connection.received if message.op == 3]
            assert sent == ["idle", "dnd"]

    async def test_from_another_thread(self) -> None:
        async with simulator() as gateway:
            async with shard_at(gateway) as shard:
                connection = await start(shard, gateway)
                problems: list[BaseException] = []

                def work() -> None:
                    shard.send(UpdatePresence(status="dnd"))
                    try:
                        shard.send(json.dumps({"op": 3, "d": "x" * 5000}))
                    except CommandTooLarge as error:
                        problems.append(error)

                thread = threading.Thread(target=work)
                thread.start()
                await gateway.wait_for(lambda: any(m.op == 3 for m in connection.received))
                thread.join()
                assert len(problems) == 1
            with pytest.raises(ShardClosed):
                await asyncio.to_thread(shard.send, UpdatePresence())

    async def test_an_answer_comes_back(self) -> None:
        async with simulator(guilds=1) as gateway, shard_at(gateway) as shard:
            await start(shard, gateway)
            (guild_id,) = gateway.guilds
            shard.send(RequestGuildMembers(guild_id=guild_id, query="", limit=0, nonce="mine"))
            async for event in shard:
                if event.t == "GUILD_MEMBERS_CHUNK":
                    break
            assert event.d["nonce"] == "mine"

    @pytest.mark.parametrize("text", ["x", "{}", json.dumps({"op": 3, "d": "x" * 5000})])
    async def test_what_cannot_be_sent_is_refused_at_once(self, text: str) -> None:
        async with simulator() as gateway, shard_at(gateway) as shard:
            await start(shard, gateway)
            with pytest.raises(CommandError):
                shard.send(text)
            assert shard.state is ShardState.ACTIVE

    async def test_nothing_is_sent_after_the_end(self) -> None:
        async with simulator() as gateway, shard_at(gateway) as shard:
            await shard.close()
            with pytest.raises(ShardClosed):
                shard.send(UpdatePresence())


class TestIteration:
    async def test_control_events_come_in_their_place(self) -> None:
        async with simulator(guilds=1) as gateway:
            settings = config(gateway.url)
            async with Shard(TOKEN, ALL, config=settings, control_events=True) as shard:
                events: list[Event] = []
                async for event in shard:
                    events.append(event)
                    match event:
                        case Payload(t="GUILD_CREATE"):
                            gateway.connections[0].cut()
                        case Payload(t="RESUMED"):
                            await shard.close()
            names = [
                event.t if isinstance(event, Payload) else type(event).__name__ for event in events
            ]
        kinds: list[type[ControlEvent] | str] = [
            Connecting, Connected, Identifying, Ready, "READY", "GUILD_CREATE", Disconnected,
            Reconnecting, Connecting, Connected, Resuming, Resumed, "RESUMED", Disconnected, Closed,
        ]  # fmt: skip
        assert names == [kind if isinstance(kind, str) else kind.__name__ for kind in kinds]

    async def test_a_fatal_end_is_an_event_too(self) -> None:
        async with simulator(token="another") as gateway:
            events: list[Event] = []
            shard = Shard(TOKEN, ALL, config=config(gateway.url), control_events=True)
            with pytest.raises(FatalClose):
                await exhaust(shard, events)
            assert isinstance(events[-1], FatallyClosed)

    async def test_is_for_one_task(self) -> None:
        async with simulator(silent=True) as gateway, shard_at(gateway) as shard:
            first = asyncio.ensure_future(anext(shard))
            await asyncio.sleep(0)
            with pytest.raises(RuntimeError, match="two tasks"):
                await anext(shard)
            first.cancel()

    async def test_a_burst_wakes_the_consumer_once(self) -> None:
        """Events are handed over in batches."""
        async with simulator() as gateway, shard_at(gateway) as shard:
            await start(shard, gateway)
            wakes = 0
            last = sequence_of(gateway) + 2_000

            async def count() -> None:
                nonlocal wakes
                while True:
                    if not shard.stats.queued:
                        wakes += 1
                    event = await anext(shard)
                    if event.s == last:
                        return

            counting = asyncio.create_task(count())
            await gateway.burst(2_000)
            await counting
            assert wakes < 500


class TestLogging:
    async def test_no_record_holds_the_token(self, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG)
        for name in ("websockets.client", "gateway_core", "gateway_core.shard", "asyncio"):
            caplog.set_level(logging.DEBUG, logger=name)
        async with simulator() as gateway, shard_at(gateway) as shard:
            connection = await start(shard, gateway)
            connection.cut()
            connection = await gateway.wait_for_resume()
            connection.send_corrupt()
            await gateway.wait_for_resume(2)
            gateway.reset_token()
            with pytest.raises(FatalClose):
                await take_until(shard, 1_000_000)
        assert "resumed" in caplog.text
        formatter = logging.Formatter("%(message)s %(name)s")
        for record in caplog.records:
            assert TOKEN not in formatter.format(record)
            assert TOKEN not in repr(record.__dict__)
        assert TOKEN not in repr(shard)

    async def test_records_carry_the_shard(self, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.INFO)
        async with simulator() as gateway:
            settings = config(gateway.url)
            async with Shard(TOKEN, ALL, shard_id=ShardId(2, 5), config=settings) as shard:
                await take(shard, 1)
        records = [record for record in caplog.records if record.name == "gateway_core.shard"]
        assert records
        assert {getattr(record, "shard", None) for record in records} == {"2/5"}

    async def test_another_logger_can_be_given(self, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.INFO)
        async with (
            simulator() as gateway,
            shard_at(gateway, logger=logging.getLogger("my.bot")) as shard,
        ):
            await take(shard, 1)
        assert "my.bot" in {record.name for record in caplog.records}


class TestArguments:
    def test_a_token_is_needed(self) -> None:
        with pytest.raises(ValueError, match="token is empty"):
            Shard("", ALL)

    def test_the_token_is_not_repeated(self) -> None:
        with pytest.raises(ValueError, match="token") as caught:
            Shard(f"{TOKEN}\n", ALL)
        assert TOKEN not in str(caught.value)
