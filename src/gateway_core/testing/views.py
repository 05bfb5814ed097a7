"""What a session gets to see: which events reach it, and what they say to it.

Pure functions over the events' data. They never change what they are given: a session that sees
less gets a shallow copy.

Source: Discord documentation, "Gateway", sections "Gateway Intents", "Message Content Intent" and
"Sharding"; "Gateway Events", sections "Guild Create" and "Request Guild Members".
"""

from __future__ import annotations

from typing import Any

from gateway_core.dispatches import DISPATCHES
from gateway_core.intents import Intents

from .sessions import Session

__all__ = ["guild_create", "guild_of", "needs", "reaches", "sees", "shard_of"]

# Guilds above this count of members send only those in voice, and the bot.
_HUGE_GUILD = 75_000

# Plain numbers: operations on flags cost microseconds. An event that has intents for guilds only
# needs them wherever it comes from.
_INTENTS = {
    name: (int(event.guild_intents), int(event.direct_intents or event.guild_intents))
    for name, event in DISPATCHES.items()
}
_MESSAGE_CONTENT = int(Intents.MESSAGE_CONTENT)
_GUILD_PRESENCES = int(Intents.GUILD_PRESENCES)

_CONTENT: dict[str, Any] = {
    "content": "",
    "embeds": [],
    "attachments": [],
    "components": [],
    "poll": None,
}
_WITH_CONTENT = frozenset({"MESSAGE_CREATE", "MESSAGE_UPDATE"})
_GUILD_ITSELF = frozenset({"GUILD_CREATE", "GUILD_UPDATE", "GUILD_DELETE"})


def guild_of(name: str, data: Any) -> int | None:
    """Return the id of the guild that an event belongs to, None if it belongs to none."""
    if not isinstance(data, dict):
        return None
    id_ = data.get("id" if name in _GUILD_ITSELF else "guild_id")
    return None if id_ is None else int(id_)


def shard_of(guild_id: int | None, total: int) -> int:
    """Return the number of the shard that gets a guild's events; 0 for what has no guild."""
    return 0 if guild_id is None else (guild_id >> 22) % total


def needs(name: str, guild_id: int | None) -> int:
    """Return the intents any one of which brings an event; 0 for one that always comes."""
    in_guilds, direct = _INTENTS.get(name, (0, 0))
    return direct if guild_id is None else in_guilds


def reaches(session: Session, needed: int, guild_id: int | None) -> bool:
    """Say whether a session gets an event that needs these intents and belongs to that guild."""
    if needed and not session.intents & needed:
        return False
    number, total = session.shard
    return total == 1 or shard_of(guild_id, total) == number


def sees(session: Session, name: str, data: Any, user_id: str) -> Any:
    """Return what an event says to a session: `data` itself, or a copy that says less."""
    if name in _WITH_CONTENT and not session.intents & _MESSAGE_CONTENT:
        return _without_content(data, user_id)
    if name == "GUILD_CREATE":
        return guild_create(session, data, user_id)
    return data


def _without_content(message: Any, user_id: str) -> Any:
    if (
        message.get("guild_id") is None
        or message.get("author", {}).get("id") == user_id
        or any(user.get("id") == user_id for user in message.get("mentions", ()))
    ):
        return message
    blanked = {key: blank for key, blank in _CONTENT.items() if message.get(key)}
    return {**message, **blanked} if blanked else message


def guild_create(session: Session, guild: Any, user_id: str) -> Any:
    """Return a guild as GUILD_CREATE shows it to a session."""
    members = guild.get("members", [])
    count = guild.get("member_count", len(members))
    in_voice = {state.get("user_id") for state in guild.get("voice_states", ())} | {user_id}
    if not session.intents & _GUILD_PRESENCES or count > _HUGE_GUILD:
        shown = [member for member in members if member["user"]["id"] in in_voice]
        seen = {member["user"]["id"] for member in shown}
        presences = [p for p in guild.get("presences", ()) if p["user"]["id"] in seen]
        return {
            **guild,
            "large": count > session.large_threshold,
            "members": shown,
            "presences": presences if session.intents & _GUILD_PRESENCES else [],
        }
    if count <= session.large_threshold:
        return guild
    online = {presence["user"]["id"] for presence in guild.get("presences", ())} | in_voice
    return {
        **guild,
        "large": True,
        "members": [
            member
            for member in members
            if member["user"]["id"] in online or member.get("roles") or member.get("nick")
        ],
    }
