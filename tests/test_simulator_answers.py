"""What the simulator answers to commands: members, presence, voice, sounds, channel info."""

from __future__ import annotations

from typing import Any

from bare_client import ALL, BareClient, Message
from gateway_core.intents import Intents
from gateway_core.testing import FakeGateway, Limits

NO_WAIT = Limits(identify_interval=0)


async def logged_in(client: BareClient, **identify: Any) -> None:
    ready = await client.log_in(**identify)
    if identify.get("intents", ALL) & Intents.GUILDS:
        for _ in ready["guilds"]:
            await client.receive()


async def ask(client: BareClient, op: int, d: Any) -> list[Message]:
    """Send a command; return what came before the acknowledgement of a heartbeat sent after it."""
    await client.send(op, d)
    await client.send(1, None)
    messages: list[Message] = []
    while (message := await client.receive())["op"] != 11:
        messages.append(message)
    # Acknowledgements overtake dispatches that wait for the loop's next turn.
    client.gateway.dispatch("ENTITLEMENT_CREATE", {})
    return messages + (await client.receive_until("ENTITLEMENT_CREATE"))[:-1]


async def test_all_members_come_in_chunks_of_a_thousand() -> None:
    async with FakeGateway(guilds=1) as gateway, BareClient(gateway) as client:
        await logged_in(client)
        guild_id = gateway.join_guild(members=2500)
        await client.receive()
        request = {"guild_id": guild_id, "query": "", "limit": 0, "nonce": "n", "presences": True}
        chunks = [m["d"] for m in await ask(client, 8, request)]
        assert [len(chunk["members"]) for chunk in chunks] == [1000, 1000, 500]
        assert [(c["chunk_index"], c["chunk_count"]) for c in chunks] == [(0, 3), (1, 3), (2, 3)]
        assert {chunk["nonce"] for chunk in chunks} == {"n"}
        assert {chunk["guild_id"] for chunk in chunks} == {guild_id}
        full = gateway.guild(guild_id)
        assert [m for chunk in chunks for m in chunk["members"]] == full["members"]
        assert sum(len(chunk["presences"]) for chunk in chunks) == len(full["presences"])


async def test_all_members_of_a_guild_are_given_every_30_seconds_only() -> None:
    async with FakeGateway() as gateway, BareClient(gateway) as client:
        await logged_in(client)
        request = {"guild_id": gateway.guilds[0], "query": "", "limit": 0, "nonce": "again"}
        (first,) = await ask(client, 8, request)
        assert first["t"] == "GUILD_MEMBERS_CHUNK"
        (second,) = await ask(client, 8, request)
        assert second["t"] == "RATE_LIMITED"
        assert second["d"]["opcode"] == 8
        assert 25 < second["d"]["retry_after"] <= 30
        assert second["d"]["meta"] == {"guild_id": gateway.guilds[0], "nonce": "again"}
        (other,) = await ask(client, 8, {**request, "guild_id": gateway.guilds[1]})
        assert other["t"] == "GUILD_MEMBERS_CHUNK"


async def test_members_by_id_name_those_that_are_not_there() -> None:
    async with FakeGateway() as gateway, BareClient(gateway) as client:
        await logged_in(client)
        guild_id = gateway.guilds[0]
        known = [m["user"]["id"] for m in gateway.guild(guild_id)["members"][:2]]
        request = {"guild_id": int(guild_id), "user_ids": [*map(int, known), 5], "limit": 0}
        (chunk,) = await ask(client, 8, request)
        assert [m["user"]["id"] for m in chunk["d"]["members"]] == known
        assert chunk["d"]["not_found"] == ["5"]
        assert "nonce" not in chunk["d"]
        assert "presences" not in chunk["d"]


async def test_members_by_name_are_at_most_100() -> None:
    async with FakeGateway(guilds=1) as gateway, BareClient(gateway) as client:
        await logged_in(client)
        guild_id = gateway.join_guild(members=4000)
        await client.receive()
        (chunk,) = await ask(client, 8, {"guild_id": guild_id, "query": "k", "limit": 0})
        assert len(chunk["d"]["members"]) == 100
        for item in chunk["d"]["members"]:
            names = (item["nick"], item["user"]["global_name"], item["user"]["username"])
            assert any(name and name.casefold().startswith("k") for name in names)
        (chunk,) = await ask(client, 8, {"guild_id": guild_id, "query": "k", "limit": 7})
        assert len(chunk["d"]["members"]) == 7
        (none,) = await ask(client, 8, {"guild_id": guild_id, "query": "\u0001", "limit": 7})
        assert none["d"]["members"] == []
        assert (none["d"]["chunk_index"], none["d"]["chunk_count"]) == (0, 1)


async def test_members_and_presences_need_their_intents() -> None:
    async with FakeGateway() as gateway, BareClient(gateway) as client:
        await logged_in(client, intents=int(Intents.GUILDS))
        guild_id = gateway.guilds[0]
        assert await ask(client, 8, {"guild_id": guild_id, "query": "", "limit": 0}) == []
        by_id = {"guild_id": guild_id, "user_ids": gateway.user["id"], "presences": True}
        (chunk,) = await ask(client, 8, by_id)
        assert len(chunk["d"]["members"]) == 1
        assert "presences" not in chunk["d"]


async def test_a_nonce_over_32_bytes_is_left_out() -> None:
    async with FakeGateway() as gateway, BareClient(gateway) as client:
        await logged_in(client)
        for nonce, kept in (("é" * 16, True), ("é" * 16 + "x", False)):
            request = {"guild_id": gateway.guilds[0], "user_ids": ["1"], "nonce": nonce}
            (chunk,) = await ask(client, 8, request)
            assert ("nonce" in chunk["d"]) is kept


async def test_guilds_of_others_are_ignored() -> None:
    async with FakeGateway(guilds=2, limits=NO_WAIT) as gateway, BareClient(gateway) as client:
        await logged_in(client, shard=[0, 2])
        (theirs,) = [g for g in gateway.guilds if (int(g) >> 22) % 2 == 1]
        for guild_id in (theirs, "1"):
            assert await ask(client, 8, {"guild_id": guild_id, "user_ids": ["1"]}) == []
            assert await ask(client, 31, {"guild_ids": [guild_id]}) == []
            assert await ask(client, 43, {"guild_id": guild_id, "fields": ["status"]}) == []
            assert await ask(client, 4, {"guild_id": guild_id, "channel_id": None}) == []


async def test_a_presence_is_seen_in_every_guild() -> None:
    async with FakeGateway() as gateway, BareClient(gateway) as client:
        await logged_in(client)
        activity = {"name": "a game", "type": 0}
        presence = {"status": "dnd", "activities": [activity], "afk": False, "since": None}
        updates = [m["d"] for m in await ask(client, 3, presence)]
        assert [update["guild_id"] for update in updates] == list(gateway.guilds)
        for update in updates:
            assert update["user"] == {"id": gateway.user["id"]}
            assert update["status"] == "dnd"
            assert update["activities"] == [activity]
        hidden = await ask(client, 3, {**presence, "status": "invisible"})
        assert {m["d"]["status"] for m in hidden} == {"offline"}


async def test_joining_a_voice_channel_gives_the_state_and_the_server() -> None:
    async with FakeGateway() as gateway, BareClient(gateway) as client:
        await logged_in(client)
        guild_id = gateway.guilds[0]
        channels = gateway.guild(guild_id)["channels"]
        voice = next(channel["id"] for channel in channels if channel["type"] == 2)
        command = {
            "guild_id": guild_id,
            "channel_id": voice,
            "self_mute": True,
            "self_deaf": False,
        }
        state, server = await ask(client, 4, command)
        assert state["t"] == "VOICE_STATE_UPDATE"
        assert state["d"]["channel_id"] == voice
        assert state["d"]["user_id"] == state["d"]["member"]["user"]["id"] == gateway.user["id"]
        assert (state["d"]["self_mute"], state["d"]["self_deaf"]) == (True, False)
        assert server["t"] == "VOICE_SERVER_UPDATE"
        assert set(server["d"]) == {"token", "guild_id", "endpoint"}
        (left,) = await ask(client, 4, {**command, "channel_id": None})
        assert left["d"]["channel_id"] is None
        assert await ask(client, 4, {**command, "channel_id": "5"}) == []


async def test_soundboard_sounds_come_guild_by_guild() -> None:
    async with FakeGateway() as gateway, BareClient(gateway) as client:
        await logged_in(client, intents=0)
        joined = gateway.join_guild(members=4)
        sound = {"sound_id": "1", "name": "foghorn", "volume": 0.5, "guild_id": joined}
        gateway.guild(joined)["soundboard_sounds"].append(sound)
        asked = [joined, gateway.guilds[1]]
        answers = await ask(client, 31, {"guild_ids": asked})
        assert [m["t"] for m in answers] == ["SOUNDBOARD_SOUNDS"] * 2
        assert [m["d"]["guild_id"] for m in answers] == asked
        assert answers[0]["d"]["soundboard_sounds"] == [sound]


async def test_channel_info_comes_for_the_fields_asked_for() -> None:
    async with FakeGateway(members=200) as gateway, BareClient(gateway) as client:
        await logged_in(client)
        guild_id = gateway.guilds[0]
        states = gateway.guild(guild_id)["voice_states"]
        assert states
        for fields in (["status", "voice_start_time"], ["status"], ["voice_start_time"]):
            (info,) = await ask(client, 43, {"guild_id": guild_id, "fields": fields})
            assert info["t"] == "CHANNEL_INFO"
            assert info["d"]["guild_id"] == guild_id
            channels = info["d"]["channels"]
            assert {c["id"] for c in channels} == {state["channel_id"] for state in states}
            assert all(list(channel) == ["id", *fields] for channel in channels)
