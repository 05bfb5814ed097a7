"""Which events reach a session, and what they say to it: intents, shards, contents, guilds."""

from __future__ import annotations

from typing import Any

import pytest

from bare_client import ALL, BareClient
from gateway_core.intents import Intents
from gateway_core.testing import FakeGateway, Limits

NO_WAIT = Limits(identify_interval=0)
GUILD = "613425648685547541"


async def names_seen(intents: Intents, events: list[tuple[str, dict[str, Any]]]) -> list[str]:
    """Dispatch events to a session, with an event that always comes as the last."""
    async with FakeGateway() as gateway, BareClient(gateway) as client:
        await client.log_in(intents=int(intents))
        if intents & Intents.GUILDS:
            for _ in gateway.guilds:
                await client.receive_until("GUILD_CREATE")
        for name, data in events:
            gateway.dispatch(name, data)
        gateway.dispatch("ENTITLEMENT_CREATE", {})
        messages = await client.receive_until("ENTITLEMENT_CREATE")
        return [message["t"] for message in messages[:-1]]


EVENTS: list[tuple[str, dict[str, Any]]] = [
    ("CHANNEL_CREATE", {"id": "1", "guild_id": GUILD}),
    ("GUILD_DELETE", {"id": GUILD}),
    ("GUILD_MEMBER_ADD", {"guild_id": GUILD}),
    ("PRESENCE_UPDATE", {"guild_id": GUILD}),
    ("MESSAGE_CREATE", {"guild_id": GUILD, "author": {"id": "1"}}),
    ("MESSAGE_CREATE", {"author": {"id": "1"}}),
    ("TYPING_START", {"guild_id": GUILD}),
    ("TYPING_START", {}),
    ("MESSAGE_REACTION_ADD", {"guild_id": GUILD}),
    ("VOICE_STATE_UPDATE", {"guild_id": GUILD}),
    ("THREAD_MEMBERS_UPDATE", {"guild_id": GUILD}),
    ("INTERACTION_CREATE", {"guild_id": GUILD}),
    ("SOMETHING_UNDOCUMENTED", {"guild_id": GUILD}),
]


@pytest.mark.parametrize(
    ("intents", "expected"),
    [
        (Intents.none(), []),
        (Intents.GUILDS, ["CHANNEL_CREATE", "GUILD_DELETE", "THREAD_MEMBERS_UPDATE"]),
        (Intents.GUILD_MEMBERS, ["GUILD_MEMBER_ADD", "THREAD_MEMBERS_UPDATE"]),
        (Intents.GUILD_PRESENCES, ["PRESENCE_UPDATE"]),
        (Intents.GUILD_MESSAGES, ["MESSAGE_CREATE"]),
        (Intents.DIRECT_MESSAGES, ["MESSAGE_CREATE"]),
        (Intents.GUILD_MESSAGES | Intents.DIRECT_MESSAGES, ["MESSAGE_CREATE", "MESSAGE_CREATE"]),
        (Intents.DIRECT_MESSAGE_TYPING, ["TYPING_START"]),
        (Intents.GUILD_MESSAGE_REACTIONS, ["MESSAGE_REACTION_ADD"]),
        (Intents.GUILD_VOICE_STATES, ["VOICE_STATE_UPDATE"]),
        (Intents.MESSAGE_CONTENT, []),
    ],
)
async def test_intents_decide_which_events_come(intents: Intents, expected: list[str]) -> None:
    always = ["INTERACTION_CREATE", "SOMETHING_UNDOCUMENTED"]
    assert await names_seen(intents, EVENTS) == expected + always


async def test_without_guilds_no_guild_is_created() -> None:
    async with FakeGateway() as gateway, BareClient(gateway) as client:
        ready = await client.log_in(intents=int(Intents.GUILD_MESSAGES))
        assert len(ready["guilds"]) == 3
        gateway.dispatch("ENTITLEMENT_CREATE", {})
        assert (await client.receive())["t"] == "ENTITLEMENT_CREATE"


async def test_guilds_go_to_their_shards_and_direct_messages_to_the_first() -> None:
    total = 3
    async with FakeGateway(guilds=9, limits=NO_WAIT) as gateway:
        seen: dict[int, list[str]] = {}
        clients = [BareClient(gateway) for _ in range(total)]
        for number, client in enumerate(clients):
            async with client:
                ready = await client.log_in(shard=[number, total])
                guilds = [guild["id"] for guild in ready["guilds"]]
                assert guilds == [g for g in gateway.guilds if (int(g) >> 22) % total == number]
                for guild_id in guilds:
                    assert (await client.receive())["d"]["id"] == guild_id
                for guild_id in gateway.guilds:
                    gateway.dispatch("CHANNEL_CREATE", {"guild_id": guild_id})
                    gateway.dispatch("GUILD_UPDATE", {"id": guild_id})
                gateway.dispatch("MESSAGE_CREATE", {"author": {"id": "1"}})
                gateway.dispatch("INTERACTION_CREATE", {}, shard=number)
                messages = (await client.receive_until("INTERACTION_CREATE"))[:-1]
                seen[number] = [
                    m["d"].get("guild_id") or m["d"].get("id") or "direct" for m in messages
                ]
        for number in range(total):
            own = [g for g in gateway.guilds if (int(g) >> 22) % total == number]
            twice = [guild_id for guild_id in own for _ in range(2)]
            assert seen[number] == twice + (["direct"] if number == 0 else [])


async def test_every_guild_of_the_steady_stream_reaches_exactly_its_shard() -> None:
    gateway = FakeGateway(guilds=4, limits=NO_WAIT)
    async with gateway, BareClient(gateway) as zero, BareClient(gateway) as one:
        await zero.log_in(shard=[0, 2])
        await one.log_in(shard=[1, 2])
        await gateway.burst(400)
        total = 0
        for number, client in ((0, zero), (1, one)):
            gateway.dispatch("ENTITLEMENT_CREATE", {}, shard=number)
            messages = (await client.receive_until("ENTITLEMENT_CREATE"))[:-1]
            for message in messages:
                data = message["d"]
                itself = data["id"] if message["t"] == "GUILD_CREATE" else None
                guild_id = data.get("guild_id") or itself
                assert (0 if guild_id is None else (int(guild_id) >> 22) % 2) == number
            total += len(messages)
        assert total == 400 + 4


MESSAGE = {
    "guild_id": GUILD,
    "author": {"id": "1"},
    "content": "words",
    "embeds": [{}],
    "attachments": [{}],
    "components": [{}],
    "poll": {"question": {}},
    "mentions": [],
    "channel_id": "2",
}


async def test_contents_need_their_intent() -> None:
    for intent in (Intents.none(), Intents.MESSAGE_CONTENT):
        async with FakeGateway() as gateway, BareClient(gateway) as client:
            both = Intents.GUILD_MESSAGES | Intents.DIRECT_MESSAGES | intent
            await client.log_in(intents=int(both))
            gateway.dispatch("MESSAGE_CREATE", MESSAGE)
            seen = (await client.receive())["d"]
            if intent:
                assert seen == MESSAGE
            else:
                blank = {"content": "", "embeds": [], "attachments": [], "components": []}
                assert seen == {**MESSAGE, **blank, "poll": None}
            direct = {key: value for key, value in MESSAGE.items() if key != "guild_id"}
            mentioning = {**MESSAGE, "mentions": [{"id": gateway.user["id"]}]}
            own = {**MESSAGE, "author": {"id": gateway.user["id"]}}
            for message in (direct, mentioning, own):
                gateway.dispatch("MESSAGE_CREATE", message)
                assert (await client.receive())["d"] == message


async def guild_seen(gateway: FakeGateway, **identify: Any) -> dict[str, Any]:
    async with BareClient(gateway) as client:
        await client.log_in(**identify)
        (created,) = [await client.receive()]
        assert created["t"] == "GUILD_CREATE"
        data: dict[str, Any] = created["d"]
        return data


async def test_without_presences_only_the_bot_and_those_in_voice_are_listed() -> None:
    async with FakeGateway(guilds=1, members=120, limits=NO_WAIT) as gateway:
        full = gateway.guild(gateway.guilds[0])
        seen = await guild_seen(gateway, intents=ALL & ~int(Intents.GUILD_PRESENCES))
        in_voice = {state["user_id"] for state in full["voice_states"]}
        assert 0 < len(in_voice) < len(full["members"])
        assert {m["user"]["id"] for m in seen["members"]} == in_voice | {gateway.user["id"]}
        assert seen["presences"] == []
        assert seen["member_count"] == len(full["members"])


async def test_large_guilds_leave_out_members_who_are_offline_and_plain() -> None:
    async with FakeGateway(guilds=1, members=120, limits=NO_WAIT) as gateway:
        full = gateway.guild(gateway.guilds[0])
        assert await guild_seen(gateway, large_threshold=250) == full
        seen = await guild_seen(gateway)  # 50 by default
        assert seen["large"] is True
        online = {presence["user"]["id"] for presence in full["presences"]}
        listed = {member["user"]["id"] for member in seen["members"]}
        left_out = [m for m in full["members"] if m["user"]["id"] not in listed]
        assert left_out
        assert online <= listed
        assert not any(m["roles"] or m["nick"] for m in left_out)


async def test_a_guild_that_the_bot_joins_is_created_and_stays() -> None:
    async with FakeGateway(limits=NO_WAIT) as gateway:
        async with BareClient(gateway) as client:
            await client.log_in()
            for _ in range(3):
                await client.receive()
            guild_id = gateway.join_guild(members=300)
            created = await client.receive()
            assert (created["t"], created["d"]["id"]) == ("GUILD_CREATE", guild_id)
            assert created["d"]["member_count"] == 300
        async with BareClient(gateway) as client:
            assert {"unavailable": True, "id": guild_id} in (await client.log_in())["guilds"]
        assert gateway.joined_guilds == (guild_id,)
