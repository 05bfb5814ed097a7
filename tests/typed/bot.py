"""A bot with typed events, for type checkers: all must pass, but for lines marked `error`."""

from __future__ import annotations

import asyncio
import os

from gateway_core import Cluster, Intents, Payload, Shard, ShardRange, loads
from gateway_core.typed import (
    Dispatch,
    DispatchName,
    Envelope,
    GuildMemberAdd,
    MessageCreate,
    typed,
)


def on_message(event: MessageCreate) -> str:
    member = event.d.get("member")
    nick = member.get("nick") if member else None
    return f"{nick or event.d['author']['username']}: {event.d['content']}"


def greet(event: GuildMemberAdd) -> str:
    return f"welcome, {event.d['user']['username']} ({event.s + 1})"


def branch(event: Dispatch) -> str:
    if event.t == "MESSAGE_CREATE":
        event.d["contents"]  # error
        event.d["author"]["name"]  # error
        event.d["content"] + 1  # error
        return on_message(event)
    if event.t == "GUILD_MEMBER_ADD":
        on_message(event)  # error
        return greet(event)
    if event.t == "VOICE_STATE_UPDATE" and event.d["channel_id"] is None:
        return event.d["user_id"]
    if event.t == "MESSAGE_REACTION_ADD":
        name: str = event.d["emoji"]["name"]  # error
        return name
    return event.t


def match(event: Dispatch) -> str:
    match event.t:
        case "READY":
            return event.d["resume_gateway_url"]
        case "MESSAGE_DELETE_BULK":
            event.d["content"]  # error
            return ", ".join(event.d["ids"])
        case "TYPING_START":
            return f"{event.d['timestamp'] + 1}"
        case "GUILD_CREATE":
            return ", ".join(channel["id"] for channel in event.d["channels"])
        case _:
            return event.t


def as_payload(event: Dispatch) -> Payload:
    return event


def from_payload(payload: Payload) -> str:
    return branch(typed(payload))


async def one_shard(token: str) -> None:
    async with Shard(token, Intents.default()) as shard:
        async for event in typed(shard):
            if event.t == "MESSAGE_UPDATE":
                event.d["contents"]  # error
                print(event.d["content"], event.at("/author/id"), event.raw)
            print(branch(event), match(event))


async def control_events(token: str) -> None:
    async with Shard(token, Intents.default(), control_events=True) as shard:
        async for event in typed(shard):
            if isinstance(event, Payload):
                print(branch(event))
            else:
                print(event.t)  # error


async def many_shards(token: str) -> None:
    async with Cluster(token, Intents.default(), shards=ShardRange(0, 2, 2)) as cluster:
        async for shard_id, event in typed(cluster):
            if event.t == "GUILD_DELETE":
                print(shard_id.number, event.d["id"], event.d.get("unavailable", False))
                event.d["name"]  # error


def names() -> list[DispatchName]:
    wrong: DispatchName = "MESSAGE_CREATED"  # error
    return ["MESSAGE_CREATE", "READY", wrong]


def envelope(payload: Payload) -> int | None:
    message: Envelope = loads(payload.raw or b"{}")
    return message["s"]


if __name__ == "__main__":
    asyncio.run(one_shard(os.environ["DISCORD_TOKEN"]))
