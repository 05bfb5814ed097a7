"""What Discord answers to the commands of a session: each is a function of one opcode.

They read the guilds as the gateway knows them and dispatch the answers; a command for a guild that
is not the session's is ignored, as Discord does.

Source: Discord documentation, "Gateway Events", sections "Send Events", "Guild Members Chunk",
"Soundboard Sounds", "Rate Limited" and "Voice Server Update".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from gateway_core.intents import Intents
from gateway_core.opcodes import OpCode

from .requests import Malformed, member, snowflake

if TYPE_CHECKING:
    from .gateway import FakeGateway
    from .sessions import Session

__all__ = ["COMMANDS"]

_CHUNK = 1000
_MOST_MATCHES = 100
_NONCE_SIZE = 32
# When the voice of every channel in use began: Unix time in seconds.
_VOICE_START = 1_767_225_600
_STATUSES = frozenset({"online", "idle", "dnd", "invisible", "offline"})


def _guild(gateway: FakeGateway, session: Session, id_: Any) -> dict[str, Any] | None:
    guild_id = str(snowflake(id_))
    return gateway.guild(guild_id) if guild_id in gateway.guilds_of(session.shard) else None


def _request_guild_members(gateway: FakeGateway, session: Session, data: Any, now: float) -> None:
    wanted = member(data, "guild_id", object)
    if isinstance(wanted, list):
        if len(wanted) != 1:
            raise Malformed("one guild a request")
        wanted = wanted[0]
    query, limit = member(data, "query", str, None), member(data, "limit", int, 0)
    presences = member(data, "presences", bool, False)
    nonce: str | None = member(data, "nonce", str, None)
    user_ids: Any = data.get("user_ids")
    if user_ids is not None and not isinstance(user_ids, list):
        user_ids = [user_ids]
    if query is None and user_ids is None:
        raise Malformed("query or user_ids is needed")
    guild = _guild(gateway, session, wanted)
    if guild is None:
        return
    if nonce is not None and len(nonce.encode()) > _NONCE_SIZE:
        nonce = None
    members: list[dict[str, Any]] = guild.get("members", [])
    extra: dict[str, Any] = {}
    if user_ids is not None:
        asked = [str(snowflake(id_)) for id_ in user_ids[:_MOST_MATCHES]]
        by_id = {item["user"]["id"]: item for item in members}
        members = [by_id[id_] for id_ in asked if id_ in by_id]
        extra["not_found"] = [id_ for id_ in asked if id_ not in by_id]
    elif query:
        prefix = query.casefold()
        members = [item for item in members if _is_named(item, prefix)]
        members = members[: min(limit or _MOST_MATCHES, _MOST_MATCHES)]
    elif not session.intents & Intents.GUILD_MEMBERS:
        return
    elif limit:
        members = members[:limit]
    else:
        wait = gateway.member_requests.wait(guild["id"], now)
        if wait > 0:
            meta = {"guild_id": guild["id"], **({} if nonce is None else {"nonce": nonce})}
            limited = {"opcode": int(OpCode.REQUEST_GUILD_MEMBERS), "retry_after": wait}
            gateway.deliver(session, "RATE_LIMITED", {**limited, "meta": meta})
            return
    if not session.intents & Intents.GUILD_PRESENCES:
        presences = False
    count = max(1, -(-len(members) // _CHUNK))
    for index in range(count):
        part = members[index * _CHUNK : (index + 1) * _CHUNK]
        chunk: dict[str, Any] = {
            "members": part,
            "guild_id": guild["id"],
            "chunk_index": index,
            "chunk_count": count,
            **extra,
        }
        if presences:
            ids = {item["user"]["id"] for item in part}
            chunk["presences"] = [
                item for item in guild.get("presences", ()) if item["user"]["id"] in ids
            ]
        if nonce is not None:
            chunk["nonce"] = nonce
        gateway.deliver(session, "GUILD_MEMBERS_CHUNK", chunk)


def _is_named(item: dict[str, Any], prefix: str) -> bool:
    names = (item.get("nick"), item["user"].get("global_name"), item["user"]["username"])
    return any(name is not None and name.casefold().startswith(prefix) for name in names)


def _request_soundboard_sounds(
    gateway: FakeGateway, session: Session, data: Any, now: float
) -> None:
    for id_ in member(data, "guild_ids", list):
        guild = _guild(gateway, session, id_)
        if guild is not None:
            sounds = guild.get("soundboard_sounds", [])
            answer = {"soundboard_sounds": sounds, "guild_id": guild["id"]}
            gateway.deliver(session, "SOUNDBOARD_SOUNDS", answer)


def _request_channel_info(gateway: FakeGateway, session: Session, data: Any, now: float) -> None:
    fields = member(data, "fields", list)
    guild = _guild(gateway, session, member(data, "guild_id", object))
    if guild is not None:
        talking = Counter(state["channel_id"] for state in guild.get("voice_states", ()))
        channels = []
        for channel_id, count in talking.items():
            known = {"status": f"{count} here", "voice_start_time": _VOICE_START}
            asked = {name: value for name, value in known.items() if name in fields}
            channels.append({"id": channel_id, **asked})
        answer = {"guild_id": guild["id"], "channels": channels}
        gateway.deliver(session, "CHANNEL_INFO", answer)


def _update_presence(gateway: FakeGateway, session: Session, data: Any, now: float) -> None:
    status, activities = member(data, "status", str), member(data, "activities", list)
    member(data, "afk", bool, False)
    if status not in _STATUSES:
        raise Malformed(f"no such status: {status!r:.40}")
    shown = "offline" if status == "invisible" else status
    for guild_id in gateway.guilds_of(session.shard):
        presence = {
            "user": {"id": gateway.user["id"]},
            "status": shown,
            "guild_id": guild_id,
            "client_status": {} if shown == "offline" else {"web": shown},
            "activities": activities,
        }
        gateway.dispatch("PRESENCE_UPDATE", presence)


def _update_voice_state(gateway: FakeGateway, session: Session, data: Any, now: float) -> None:
    channel_id = member(data, "channel_id", object)
    guild = _guild(gateway, session, member(data, "guild_id", object))
    state = {
        "self_mute": member(data, "self_mute", bool, False),
        "self_deaf": member(data, "self_deaf", bool, False),
    }
    if channel_id is not None:
        channel_id = str(snowflake(channel_id))
    if guild is None:
        return
    if channel_id is not None and all(c["id"] != channel_id for c in guild.get("channels", ())):
        return
    itself = next((m for m in guild["members"] if m["user"]["id"] == gateway.user["id"]), None)
    gateway.dispatch(
        "VOICE_STATE_UPDATE",
        {
            "member": itself,
            "user_id": gateway.user["id"],
            "suppress": False,
            "session_id": session.id,
            "self_video": False,
            **state,
            "request_to_speak_timestamp": None,
            "mute": False,
            "deaf": False,
            "channel_id": channel_id,
            "guild_id": guild["id"],
        },
    )
    if channel_id is not None:
        server = {
            "token": f"voice-{session.id[:12]}",
            "guild_id": guild["id"],
            "endpoint": "127.0.0.1:9",
        }
        gateway.deliver(session, "VOICE_SERVER_UPDATE", server)


COMMANDS: Mapping[int, Callable[[FakeGateway, Session, Any, float], None]] = {
    OpCode.PRESENCE_UPDATE: _update_presence,
    OpCode.VOICE_STATE_UPDATE: _update_voice_state,
    OpCode.REQUEST_GUILD_MEMBERS: _request_guild_members,
    OpCode.REQUEST_SOUNDBOARD_SOUNDS: _request_soundboard_sounds,
    OpCode.REQUEST_CHANNEL_INFO: _request_channel_info,
}
"""What to do for each opcode that a session may send."""
