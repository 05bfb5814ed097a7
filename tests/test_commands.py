"""Commands: their JSON, their checks."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from typing import Any, get_args

import pytest

from gateway_core.commands import (
    MAX_COMMAND_SIZE,
    Activity,
    ActivityType,
    Command,
    ConnectionProperties,
    Heartbeat,
    Identify,
    RequestChannelInfo,
    RequestGuildMembers,
    RequestSoundboardSounds,
    Resume,
    UpdatePresence,
    UpdateVoiceState,
    encode,
)
from gateway_core.errors import CommandError, CommandTooLarge
from gateway_core.intents import Intents
from gateway_core.opcodes import SENT, OpCode
from gateway_core.sharding import ShardId

IDENTIFY = Identify(
    token="secret",
    intents=Intents.GUILDS,
    shard=ShardId(1, 4),
    properties=ConnectionProperties("os", "browser", "device"),
    large_threshold=50,
)

ENCODED: list[tuple[Command, int, object]] = [
    (Heartbeat(None), 1, None),
    (Heartbeat(251), 1, 251),
    (
        IDENTIFY,
        2,
        {
            "token": "secret",
            "intents": 1,
            "properties": {"os": "os", "browser": "browser", "device": "device"},
            "compress": False,
            "large_threshold": 50,
            "shard": [1, 4],
        },
    ),
    (
        UpdatePresence(
            "dnd",
            (
                Activity("chess"),
                Activity("live", ActivityType.STREAMING, url="https://twitch.tv/x"),
                Activity("Custom", ActivityType.CUSTOM, state="thinking"),
            ),
            since=91879201,
            afk=True,
        ),
        3,
        {
            "since": 91879201,
            "activities": [
                {"name": "chess", "type": 0},
                {"name": "live", "type": 1, "url": "https://twitch.tv/x"},
                {"name": "Custom", "type": 4, "state": "thinking"},
            ],
            "status": "dnd",
            "afk": True,
        },
    ),
    (
        UpdateVoiceState(41771983423143937, "127121515262115840", self_deaf=True),
        4,
        {
            "guild_id": "41771983423143937",
            "channel_id": "127121515262115840",
            "self_mute": False,
            "self_deaf": True,
        },
    ),
    (
        UpdateVoiceState(1, None),
        4,
        {"guild_id": "1", "channel_id": None, "self_mute": False, "self_deaf": False},
    ),
    (
        Resume(token="secret", session_id="abc", sequence=1337),
        6,
        {"token": "secret", "session_id": "abc", "seq": 1337},
    ),
    (RequestGuildMembers(guild_id=1, query=""), 8, {"guild_id": "1", "query": "", "limit": 0}),
    (
        RequestGuildMembers(guild_id=1, user_ids=(2, "3"), presences=True, nonce="n"),
        8,
        {"guild_id": "1", "user_ids": ["2", "3"], "presences": True, "nonce": "n"},
    ),
    (RequestSoundboardSounds((1, 2)), 31, {"guild_ids": ["1", "2"]}),
    (
        RequestChannelInfo(1),
        43,
        {"guild_id": "1", "fields": ["status", "voice_start_time"]},
    ),
]


@pytest.mark.parametrize(("command", "op", "data"), ENCODED)
def test_json(command: Command, op: int, data: object) -> None:
    text = encode(command)
    assert json.loads(text) == {"op": op, "d": data}
    assert " " not in text


def test_there_is_one_for_every_opcode_that_is_sent() -> None:
    assert {kind.op for kind in get_args(Command)} == set(SENT)
    assert {OpCode(op) for _, op, _ in ENCODED} == set(SENT)


@pytest.mark.parametrize("command", [IDENTIFY, ENCODED[6][0]])
def test_the_token_is_hidden(command: Command) -> None:
    assert "secret" not in repr(command)


def test_identify_with_everything() -> None:
    presence = UpdatePresence("idle")
    full = dataclasses.replace(IDENTIFY, presence=presence, compress=True)
    data = json.loads(encode(full))["d"]
    assert data["presence"] == presence.data()
    assert data["compress"] is True


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda: Activity(""), "name must not be empty"),
        (lambda: Activity("x", url="https://twitch.tv/x"), "STREAMING only"),
        (lambda: UpdatePresence("away"), "online, dnd, idle, invisible, offline, not 'away'"),
        (lambda: UpdateVoiceState("x", None), "guild_id must be a snowflake"),
        (lambda: UpdateVoiceState(1, -2), "channel_id must be a snowflake"),
        (lambda: UpdateVoiceState(2**64, None), "64 bits"),
        (lambda: UpdateVoiceState("\u0661", None), "snowflake"),
        (lambda: RequestGuildMembers(guild_id=1), "one of query and user_ids"),
        (lambda: RequestGuildMembers(guild_id=1, query="", user_ids=(1,)), "one of query"),
        (lambda: RequestGuildMembers(guild_id=1, user_ids=tuple(range(101))), "100 user_ids"),
        (lambda: RequestGuildMembers(guild_id=1, query="", limit=-1), "at least 0"),
        (lambda: RequestGuildMembers(guild_id=1, query="", nonce="é" * 17), "32 bytes"),
        (lambda: RequestSoundboardSounds(()), "at least one guild"),
        (lambda: RequestChannelInfo(1, ()), "at least one field"),
    ],
)
def test_out_of_range(make: Callable[[], Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        make()


@pytest.mark.parametrize("guild", [None, 1.0, True, b"1"])
def test_wrong_types(guild: Any) -> None:
    with pytest.raises(TypeError, match="guild_id must be an int or a str"):
        UpdateVoiceState(guild, None)


def test_sequences_become_tuples() -> None:
    presence = UpdatePresence(activities=[Activity("x")])  # type: ignore[arg-type]
    assert presence == UpdatePresence(activities=(Activity("x"),))
    assert hash(presence) == hash(UpdatePresence(activities=(Activity("x"),)))


class TestSize:
    def test_the_largest(self) -> None:
        empty = len(encode(UpdatePresence(activities=(Activity("x"),)))) - 1
        largest = "é" * ((MAX_COMMAND_SIZE - empty) // 2)
        assert len(encode(UpdatePresence(activities=(Activity(largest),))).encode()) > 4090
        with pytest.raises(CommandTooLarge, match=r"UpdatePresence takes 409[78] bytes"):
            encode(UpdatePresence(activities=(Activity(largest + "é"),)))

    def test_what_json_or_utf8_cannot_say(self) -> None:
        with pytest.raises(CommandError, match="cannot be said in JSON"):
            encode(UpdatePresence(since=float("nan")))  # type: ignore[arg-type]
        with pytest.raises(CommandError, match="cannot be said in JSON"):
            encode(UpdatePresence(since=object()))  # type: ignore[arg-type]
        with pytest.raises(CommandError, match="half a surrogate pair"):
            encode(UpdatePresence(activities=(Activity("\ud800"),)))
