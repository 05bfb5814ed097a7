"""The life of a session at the simulator: hello, identify, heartbeats, resume, and how it ends."""

from __future__ import annotations

import asyncio
import itertools
import logging
from functools import partial

import pytest

from bare_client import ALL, BareClient, Message
from gateway_core.intents import Intents
from gateway_core.testing import Connection, FakeGateway, Limits

NO_WAIT = Limits(identify_interval=0)


def sequences(messages: list[Message]) -> list[int]:
    return [message["s"] for message in messages if message["s"] is not None]


async def test_hello_comes_first_and_says_the_interval() -> None:
    async with FakeGateway(heartbeat_interval=12.5) as gateway, BareClient(gateway) as client:
        hello = await client.hello()
        assert list(hello) == ["t", "s", "op", "d"]
        assert hello["d"]["heartbeat_interval"] == 12500


async def test_ready_comes_with_unavailable_guilds_and_then_the_guilds() -> None:
    async with FakeGateway(guilds=4) as gateway, BareClient(gateway) as client:
        ready = await client.log_in(shard=[0, 1])
        assert ready["v"] == 10
        assert ready["shard"] == [0, 1]
        assert ready["user"]["id"] == gateway.user["id"]
        assert ready["resume_gateway_url"] == gateway.resume_url
        assert all(guild["unavailable"] is True for guild in ready["guilds"])
        created = [await client.receive() for _ in range(4)]
        assert {message["t"] for message in created} == {"GUILD_CREATE"}
        assert [message["d"]["id"] for message in created] == [g["id"] for g in ready["guilds"]]
        assert sequences(created) == [2, 3, 4, 5]
        assert all(message["d"]["unavailable"] is False for message in created)


async def test_same_seed_same_sessions_and_guilds() -> None:
    async def startup(seed: int) -> list[Message]:
        async with FakeGateway(seed=seed, guilds=2) as gateway, BareClient(gateway) as client:
            gateway.resume_url = "ws://elsewhere.invalid"
            await client.log_in()
            return [client.ready, await client.receive(), await client.receive()]

    assert await startup(7) == await startup(7)
    assert await startup(7) != await startup(8)


async def test_heartbeats_are_acknowledged_before_and_after_identify() -> None:
    async with FakeGateway() as gateway, BareClient(gateway) as client:
        await client.hello()
        await client.send(1, None)
        assert (await client.receive()) == {"t": None, "s": None, "op": 11, "d": None}
        await client.identify(intents=0)
        assert (await client.receive())["t"] == "READY"
        await client.send(1, 1)
        assert (await client.receive())["op"] == 11
        assert gateway.connections[0].heartbeats == 2


async def test_missed_heartbeats_close_the_connection_and_leave_the_session() -> None:
    async with FakeGateway(heartbeat_interval=0.3, heartbeat_grace=0.3) as gateway:
        async with BareClient(gateway) as client:
            await client.log_in()
            assert await client.close_code() == 4009
            await gateway.history[0].wait_closed()
        assert [session.id for session in gateway.sessions] == [client.session_id]


async def test_heartbeats_in_time_keep_the_connection() -> None:
    gateway = FakeGateway(heartbeat_interval=0.3, heartbeat_grace=0.7)
    async with gateway, BareClient(gateway) as client:
        await client.log_in(intents=0)
        for _ in range(4):  # more than the interval and the grace together
            await asyncio.sleep(0.3)
            await client.send(1, client.sequence)
            assert (await client.receive())["op"] == 11


async def test_a_heartbeat_can_be_asked_for() -> None:
    async with FakeGateway() as gateway, BareClient(gateway) as client:
        await client.log_in(intents=0)
        gateway.connections[0].request_heartbeat()
        assert await client.receive() == {"t": None, "s": None, "op": 1, "d": None}


async def test_steady_events_follow_the_guilds_at_about_the_rate() -> None:
    async with FakeGateway(rate=400) as gateway, BareClient(gateway) as client:
        await client.log_in()
        await client.receive_until("GUILD_CREATE")
        started = asyncio.get_running_loop().time()
        messages = [await client.receive() for _ in range(202)]
        took = asyncio.get_running_loop().time() - started
        assert sequences(messages) == list(range(3, 205))
        assert len({message["t"] for message in messages}) > 4
        assert took > 0.4  # 200 events at 400 a second


async def test_nothing_happens_of_its_own_accord_without_a_rate() -> None:
    async with FakeGateway() as gateway, BareClient(gateway) as client:
        await client.log_in(intents=0)
        await client.send(1, None)
        assert (await client.receive())["op"] == 11
        assert client.sequence == 1


async def test_resume_replays_everything_missed_in_order_and_then_resumes() -> None:
    async with FakeGateway() as gateway:
        async with BareClient(gateway) as client:
            await client.log_in()
            await client.receive_until("GUILD_CREATE")
            seen = client.sequence
            gateway.connections[0].cut()
            await client.drain()
        await gateway.wait_for(lambda: not gateway.connections)
        for number in range(50):
            gateway.dispatch("GUILD_UPDATE", {"id": gateway.guilds[0], "number": number})
        async with BareClient(gateway, client.ready["resume_gateway_url"]) as again:
            await again.resume(client.session_id, seen)
            replayed = await again.receive_until("RESUMED")
            assert seen is not None
            assert sequences(replayed) == list(range(seen + 1, seen + len(replayed) + 1))
            numbers = [m["d"]["number"] for m in replayed if m["t"] == "GUILD_UPDATE"]
            assert numbers == list(range(50))
            gateway.dispatch("GUILD_UPDATE", {"id": gateway.guilds[0], "number": 50})
            assert (await again.receive())["d"]["number"] == 50
        assert gateway.history[1].path == gateway.resume_path
        assert gateway.resumes[0].connection is gateway.history[1]


async def test_no_event_is_lost_or_doubled_over_many_cuts_in_a_stream() -> None:
    async with FakeGateway(rate=3000) as gateway:
        received: list[int] = []
        session_id, url = "", gateway.url
        for turn in range(20):
            async with BareClient(gateway, url) as client:
                if turn == 0:
                    await client.log_in()
                    received.append(1)
                    session_id, url = client.session_id, gateway.resume_url
                else:
                    await client.resume(session_id, received[-1])
                cut = partial(Connection.cut, mid_frame=turn % 2 == 0)
                gateway.history[turn].do_after(30 + turn, cut)
                received += sequences(await client.drain())
        assert received == list(range(1, len(received) + 1))
        assert len(received) >= 20 * 30


async def test_events_from_before_a_resume_come_before_those_after_it() -> None:
    async with FakeGateway() as gateway:
        async with BareClient(gateway) as client:
            await client.log_in(intents=ALL)
        async with BareClient(gateway) as again:
            await again.resume(client.session_id, 1)
            connection = await gateway.wait_for_resume()
            await gateway.wait_for(lambda: connection.session is not None)
            gateway.dispatch("USER_UPDATE", {"id": "1"})
            names = [message["t"] for message in await again.receive_until("USER_UPDATE")]
            assert names[-2:] == ["RESUMED", "USER_UPDATE"]


async def test_a_session_survives_a_close_with_another_code_than_1000_and_1001() -> None:
    for code, survives in ((1000, False), (1001, False), (4000, True), (3000, True)):
        async with FakeGateway() as gateway:
            async with BareClient(gateway) as client:
                await client.log_in(intents=0)
                await client.socket.close(code)
            await gateway.history[0].wait_closed()
            assert gateway.history[0].close_received == code
            assert len(gateway.sessions) == survives
            async with BareClient(gateway) as again:
                await again.resume(client.session_id, 1)
                answer = await again.receive()
                if survives:
                    assert answer["t"] == "RESUMED"
                else:
                    assert (answer["op"], answer["d"]) == (9, False)


async def test_an_expired_session_is_invalid() -> None:
    limits = Limits(session_lifetime=0, identify_interval=0)
    async with FakeGateway(limits=limits) as gateway:
        async with BareClient(gateway) as client:
            await client.log_in(intents=0)
        async with BareClient(gateway) as again:
            await again.resume(client.session_id, 1)
            assert await again.receive() == {"t": None, "s": None, "op": 9, "d": False}
            await again.identify(intents=0)  # the same connection will do
            assert (await again.receive())["t"] == "READY"


async def test_a_session_of_which_too_much_was_missed_is_invalid() -> None:
    async with FakeGateway(limits=Limits(replay=10)) as gateway:
        async with BareClient(gateway) as client:
            await client.log_in(intents=0)
        for number in range(30):
            gateway.dispatch("USER_UPDATE", {"number": number})
        async with BareClient(gateway) as again:
            await again.resume(client.session_id, 1)
            assert (await again.receive())["d"] is False
        assert len(gateway.sessions) == 0


async def test_resuming_takes_the_session_from_a_connection_that_still_has_it() -> None:
    async with FakeGateway() as gateway, BareClient(gateway) as client:
        await client.log_in(intents=0)
        async with BareClient(gateway) as other:
            await other.resume(client.session_id, 1)
            assert (await other.receive())["t"] == "RESUMED"
            await client.drain()
            gateway.dispatch("USER_UPDATE", {})
            assert (await other.receive())["t"] == "USER_UPDATE"
            assert gateway.connections == (gateway.history[1],)


async def test_reconnect_is_asked_for_and_the_session_stays() -> None:
    async with FakeGateway() as gateway, BareClient(gateway) as client:
        await client.log_in(intents=0)
        gateway.connections[0].reconnect()
        assert await client.receive() == {"t": None, "s": None, "op": 7, "d": None}
        assert len(gateway.sessions) == 1


@pytest.mark.parametrize("resumable", [True, False])
async def test_a_session_can_be_invalidated(resumable: bool) -> None:
    async with FakeGateway(limits=NO_WAIT) as gateway, BareClient(gateway) as client:
        await client.log_in(intents=0)
        gateway.connections[0].invalidate(resumable)
        assert await client.receive() == {"t": None, "s": None, "op": 9, "d": resumable}
        async with BareClient(gateway) as again:
            await again.resume(client.session_id, 1)
            answer = await again.receive()
            assert (answer["t"] == "RESUMED") is resumable
            assert (answer["op"] == 9) is not resumable


async def test_identifies_of_one_bucket_need_five_seconds_between_them() -> None:
    async with FakeGateway(limits=Limits(max_concurrency=2)) as gateway:
        for shard, accepted in ((0, True), (1, True), (2, False), (3, False)):
            async with BareClient(gateway) as client:
                await client.hello()
                await client.identify(intents=0, shard=[shard, 4])
                answer = await client.receive()
                if accepted:
                    assert answer["t"] == "READY"
                else:
                    assert (answer["op"], answer["d"]) == (9, False)
        assert len(gateway.identifies) == 4


async def test_too_many_identifies_reset_the_token() -> None:
    limits = Limits(identify_interval=0, session_starts=2)
    async with FakeGateway(limits=limits) as gateway:
        assert gateway.describe()["session_start_limit"]["remaining"] == 2
        async with BareClient(gateway) as first, BareClient(gateway) as second:
            await first.log_in(intents=0)
            await second.log_in(intents=0)
            assert gateway.describe()["session_start_limit"]["remaining"] == 0
            async with BareClient(gateway) as third:
                await third.hello()
                await third.identify(intents=0)
                assert await third.close_code() == 4004
            assert await first.close_code() == 4004
            assert await second.close_code() == 4004
        assert len(gateway.sessions) == 0
        assert not gateway.accepts_token("a token")


async def test_a_resume_costs_no_session_start() -> None:
    async with FakeGateway() as gateway:
        async with BareClient(gateway) as client:
            await client.log_in(intents=0)
        left = gateway.describe()["session_start_limit"]["remaining"]
        async with BareClient(gateway) as again:
            await again.resume(client.session_id, 1)
            await again.receive_until("RESUMED")
        assert gateway.describe()["session_start_limit"]["remaining"] == left == 999


async def test_a_slow_reader_is_waited_for_without_loss() -> None:
    async with FakeGateway() as gateway, BareClient(gateway) as client:
        await client.log_in()
        await client.receive_until("GUILD_CREATE")
        text = "x" * 20_000
        for number in range(2000):  # far more than sockets hold
            gateway.dispatch("USER_UPDATE", {"number": number, "text": f"{number}{text}"})
        connection = gateway.connections[0]
        assert not connection.caught_up
        numbers: list[int] = []
        while len(numbers) < 2000:
            message = await client.receive()
            if message["t"] == "USER_UPDATE":
                numbers.append(message["d"]["number"])
        assert numbers == list(range(2000))


async def test_several_sessions_of_one_shard_all_get_its_events() -> None:
    gateway = FakeGateway(limits=NO_WAIT)
    async with gateway, BareClient(gateway) as one, BareClient(gateway) as two:
        await one.log_in(intents=int(Intents.GUILD_MESSAGES))
        await two.log_in(intents=int(Intents.GUILD_MESSAGES))
        data = {"guild_id": gateway.guilds[0], "content": "", "author": {"id": "1"}}
        assert gateway.dispatch("MESSAGE_CREATE", data) == 2
        for client in (one, two):
            assert (await client.receive())["d"] == data


async def test_waiting_for_an_identify_gives_its_connection() -> None:
    async with FakeGateway(limits=NO_WAIT) as gateway:
        waiting = asyncio.create_task(gateway.wait_for_identify(2))
        for _ in range(2):
            async with BareClient(gateway) as client:
                await client.log_in(intents=0)
        assert await waiting is gateway.history[1]


async def test_nothing_is_left_when_the_gateway_closes() -> None:
    before = asyncio.all_tasks()
    async with FakeGateway(rate=100) as gateway:
        clients = [BareClient(gateway) for _ in range(3)]
        for client in clients:
            await client.__aenter__()
            await client.hello()
    for client in clients:
        assert await client.close_code() == 1006
        await client.__aexit__(None, None, None)
    assert gateway.connections == ()
    assert asyncio.all_tasks() == before


async def test_a_burst_arrives_whole_and_in_order() -> None:
    async with FakeGateway() as gateway, BareClient(gateway) as client:
        await client.log_in()
        await client.receive_until("GUILD_CREATE")
        burst = asyncio.create_task(gateway.burst(3000))
        wanted = itertools.count(3)
        for _ in range(3002):
            assert (await client.receive())["s"] == next(wanted)
        await burst


async def test_no_token_is_logged_or_shown(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    token = "a-token-that-nobody-must-see"
    async with FakeGateway(token=token) as gateway:
        async with BareClient(gateway) as client:
            await client.log_in(token=token)
        async with BareClient(gateway) as again:
            await again.resume(client.session_id, 1, token=token)
            await again.receive_until("RESUMED")
        async with BareClient(gateway) as wrong:
            await wrong.hello()
            await wrong.identify(token=token + "?")
            assert await wrong.close_code() == 4004
        shown = [
            *(r.getMessage() for r in caplog.records if r.name != "websockets.client"),
            *map(repr, (gateway.identifies, gateway.resumes, gateway.history)),
            *(repr(connection.received) for connection in gateway.history),
        ]
    assert len(shown) > 10
    assert not any(token in text for text in shown)
