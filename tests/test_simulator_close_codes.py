"""Every documented close code, from the mistake that the documentation names for it."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable

import pytest

from bare_client import ALL, BareClient
from gateway_core.intents import Intents
from gateway_core.testing import FakeGateway, Limits

Mistake = Callable[[FakeGateway, BareClient], Awaitable[None]]


async def unknown_opcode(gateway: FakeGateway, client: BareClient) -> None:
    await client.log_in(intents=0)
    await client.send(99, None)


async def opcode_of_the_server(gateway: FakeGateway, client: BareClient) -> None:
    await client.log_in(intents=0)
    await client.send(0, {})


async def malformed_presence(gateway: FakeGateway, client: BareClient) -> None:
    await client.log_in(intents=0)
    await client.send(3, {"status": "asleep", "activities": [], "afk": False, "since": None})


async def malformed_member_request(gateway: FakeGateway, client: BareClient) -> None:
    await client.log_in(intents=0)
    await client.send(8, {"guild_id": gateway.guilds[0]})


async def no_json(gateway: FakeGateway, client: BareClient) -> None:
    await client.log_in(intents=0)
    await client.socket.send("{")


async def no_object(gateway: FakeGateway, client: BareClient) -> None:
    await client.log_in(intents=0)
    await client.socket.send("[1]")


async def opcode_no_integer(gateway: FakeGateway, client: BareClient) -> None:
    await client.log_in(intents=0)
    await client.socket.send('{"op":[1],"d":null}')


async def over_4096_bytes(gateway: FakeGateway, client: BareClient) -> None:
    await client.log_in(intents=0)
    empty = len(json.dumps({"op": 1, "d": ""}))
    await client.send(1, "x" * (4096 - empty))
    assert (await client.receive())["op"] == 11
    await client.send(1, "x" * (4097 - empty))


async def malformed_identify(gateway: FakeGateway, client: BareClient) -> None:
    await client.hello()
    await client.send(2, {"token": "a token", "intents": 0})


async def malformed_resume(gateway: FakeGateway, client: BareClient) -> None:
    await client.hello()
    await client.send(6, {"token": "a token", "session_id": "x", "seq": None})


async def command_before_identify(gateway: FakeGateway, client: BareClient) -> None:
    await client.hello()
    await client.send(31, {"guild_ids": []})


async def command_after_invalid_session(gateway: FakeGateway, client: BareClient) -> None:
    await client.log_in(intents=0)
    gateway.connections[0].invalidate(False)
    await client.receive()
    await client.send(31, {"guild_ids": []})


async def wrong_token(gateway: FakeGateway, client: BareClient) -> None:
    await client.hello()
    await client.identify(token="another token")


async def wrong_token_on_resume(gateway: FakeGateway, client: BareClient) -> None:
    await client.resume("0" * 32, 1, token="another token")


async def identified_twice(gateway: FakeGateway, client: BareClient) -> None:
    await client.log_in(intents=0)
    await client.identify(intents=0)


async def resumed_after_identify(gateway: FakeGateway, client: BareClient) -> None:
    await client.log_in(intents=0)
    await client.send(6, {"token": "a token", "session_id": client.session_id, "seq": 1})


async def sequence_from_the_future(gateway: FakeGateway, client: BareClient) -> None:
    await client.log_in(intents=0)
    async with BareClient(gateway) as other:
        await other.resume(client.session_id, 2)
        assert await other.close_code() == 4007
    await client.resume(client.session_id, 2)


async def too_many_commands(gateway: FakeGateway, client: BareClient) -> None:
    await client.log_in(intents=0)  # the first of 120
    for _ in range(119):
        await client.send(1, None)
    for _ in range(119):
        assert (await client.receive())["op"] == 11
    await client.send(1, None)


def shard(*value: int) -> Mistake:
    async def mistake(gateway: FakeGateway, client: BareClient) -> None:
        await client.hello()
        await client.identify(shard=list(value))

    return mistake


async def too_many_guilds(gateway: FakeGateway, client: BareClient) -> None:
    await client.hello()
    await client.identify()


async def unknown_intents(gateway: FakeGateway, client: BareClient) -> None:
    await client.hello()
    await client.identify(intents=1 << 30)


async def no_intents(gateway: FakeGateway, client: BareClient) -> None:
    await client.hello()
    await client.send(2, {"token": "a token", "properties": {}})


async def privileged_intents(gateway: FakeGateway, client: BareClient) -> None:
    await client.hello()
    await client.identify(intents=ALL)


@pytest.mark.parametrize(
    ("code", "mistake"),
    [
        (4001, unknown_opcode),
        (4001, opcode_of_the_server),
        (4001, malformed_presence),
        (4001, malformed_member_request),
        (4002, no_json),
        (4002, no_object),
        (4002, opcode_no_integer),
        (4002, over_4096_bytes),
        (4002, malformed_identify),
        (4002, malformed_resume),
        (4003, command_before_identify),
        (4003, command_after_invalid_session),
        (4004, wrong_token),
        (4004, wrong_token_on_resume),
        (4005, identified_twice),
        (4005, resumed_after_identify),
        (4008, too_many_commands),
        (4010, shard(2, 2)),
        (4010, shard(-1, 2)),
        (4010, shard(0, 0)),
        (4011, too_many_guilds),
        (4013, unknown_intents),
        (4013, no_intents),
        (4014, privileged_intents),
    ],
)
async def test_a_mistake_is_answered_with_its_close_code(code: int, mistake: Mistake) -> None:
    gateway = FakeGateway(
        token="a token",
        guilds=6,
        allowed_intents=Intents.default() if code == 4014 else None,
        limits=Limits(guilds_per_shard=5 if code == 4011 else 6),
    )
    async with gateway, BareClient(gateway) as client:
        await mistake(gateway, client)
        assert await client.close_code() == code
        connection = gateway.history[0]
        await connection.wait_closed()
        assert connection.close_sent == code
        assert connection.close_received is None  # the client only answered


async def test_a_sequence_that_was_never_sent_ends_the_session() -> None:
    async with FakeGateway() as gateway:
        async with BareClient(gateway) as client:
            await client.log_in(intents=0)
        async with BareClient(gateway) as again:
            await again.resume(client.session_id, 5)
            assert await again.close_code() == 4007
        assert len(gateway.sessions) == 0


@pytest.mark.parametrize("version", ["3", "11", "x"])
async def test_an_unknown_version_is_refused(version: str) -> None:
    async with FakeGateway() as gateway, BareClient(gateway, version=version) as client:
        assert await client.close_code() == 4012


async def test_enough_shards_carry_what_is_too_much_for_one() -> None:
    gateway = FakeGateway(guilds=6, limits=Limits(guilds_per_shard=5))
    async with gateway, BareClient(gateway) as client:
        assert len((await client.log_in(shard=[0, 2]))["guilds"]) == 3


@pytest.mark.parametrize(
    ("code", "resumable"),
    [
        (1000, True),
        (4000, True),
        (4001, True),
        (4002, True),
        (4003, False),
        (4004, False),
        (4005, True),
        (4007, False),
        (4008, True),
        (4009, False),
        (4010, False),
        (4011, False),
        (4012, False),
        (4013, False),
        (4014, False),
        (4321, True),
    ],
)
async def test_any_code_can_be_closed_with(code: int, resumable: bool) -> None:
    async with FakeGateway() as gateway:
        async with BareClient(gateway) as client:
            await client.log_in(intents=0)
            gateway.connections[0].close(code, "because")
            assert await client.close_code() == code
            assert client.socket.close_reason == "because"
        async with BareClient(gateway) as again:
            await again.resume(client.session_id, 1)
            assert ((await again.receive())["t"] == "RESUMED") is resumable


async def test_whether_the_session_is_kept_can_be_decided() -> None:
    for keep in (True, False):
        async with FakeGateway() as gateway, BareClient(gateway) as client:
            await client.log_in(intents=0)
            gateway.connections[0].close(4000 if not keep else 4009, keep_session=keep)
            await client.drain()
            assert len(gateway.sessions) == keep
