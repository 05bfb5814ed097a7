"""The Shard over real sockets, to the simulator: what it gives, sends, asks for and logs."""

from __future__ import annotations

import asyncio
import json
import logging
import ssl
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from gateway_core.commands import RequestGuildMembers, UpdatePresence
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
)
from gateway_core.shard import Shard
from gateway_core.sharding import ShardId, ShardState
from gateway_core.testing.compression import COMPRESSIONS
from shard_driver import (
    ALL,
    TOKEN,
    NeverQueue,
    config,
    exhaust,
    no_leaks,
    sequence_of,
    shard_at,
    simulator,
    start,
    take,
    take_until,
    until,
)

CERTIFICATE = Path(__file__).parent / "tls" / "localhost.pem"

needs_zstd = pytest.mark.skipif(
    "zstd-stream" not in COMPRESSIONS, reason="the simulator has no zstd compressor here"
)


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
        async with simulator(heartbeat_interval=3600) as gateway, shard_at(gateway) as shard:
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
                await gateway.wait_for(lambda: sum(c.heartbeats for c in gateway.history) >= 3)
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

    async def test_its_exception_ends_the_shard(self) -> None:
        class Queue:
            async def acquire(self, shard_id: ShardId, /) -> None:
                raise LookupError("the queue's server is down")

        async with simulator() as gateway:
            with pytest.raises(LookupError, match="server is down"):
                await exhaust(shard_at(gateway, identify_queue=Queue()))
            await gateway.wait_for(lambda: not gateway.connections)
        no_leaks()

    async def test_a_turn_that_it_cancels_by_itself_ends_the_shard(self) -> None:
        class Queue:
            async def acquire(self, shard_id: ShardId, /) -> None:
                work = asyncio.ensure_future(asyncio.sleep(3600))
                work.cancel()
                await work

        async with simulator() as gateway:
            with pytest.raises(RuntimeError, match="identify queue cancelled"):
                await exhaust(shard_at(gateway, identify_queue=Queue()))
            await gateway.wait_for(lambda: not gateway.connections)
        no_leaks()

    async def test_its_exception_while_the_shard_is_closed(self) -> None:
        closing = []

        class Queue:
            async def acquire(self, shard_id: ShardId, /) -> None:
                loop = asyncio.get_running_loop()
                loop.call_soon(lambda: closing.append(loop.create_task(shard.close())))
                raise LookupError("the queue's server is down")

        async with simulator() as gateway:
            shard = shard_at(gateway, identify_queue=Queue())
            with pytest.raises(LookupError):
                await exhaust(shard)
            await closing[0]
            await gateway.wait_for(lambda: not gateway.connections)
        no_leaks()

    async def test_a_used_up_limit_is_fatal(self) -> None:
        class Queue:
            async def acquire(self, shard_id: ShardId, /) -> None:
                raise SessionStartLimitReached("0 of 1000 are left")

        async with simulator() as gateway:
            with pytest.raises(SessionStartLimitReached):
                await exhaust(shard_at(gateway, identify_queue=Queue()))


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
