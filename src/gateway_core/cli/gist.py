"""The gist of an event in one line, for a person who watches the stream go by.

Everything here reads data that came from outside: a field may be missing or of another type, and
a text may hold control characters that would drive the reader's terminal.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["gist", "printable"]


def gist(t: str | None, d: object) -> str:
    """Say in a few words what a dispatch is about.

    Args:
        t: the name of the dispatch.
        d: its data.

    Returns:
        One line of printable characters, empty where there is nothing to say.
    """
    if not isinstance(d, dict):
        return ""
    return printable(_GISTS.get(t or "", _anything)(d))


def printable(text: str) -> str:
    """Write out what a terminal would obey: control characters, line ends, direction marks."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _text(d: object, *path: str) -> str:
    """Give the text or number at `path`, or ''."""
    for name in path:
        if not isinstance(d, dict):
            return ""
        d = d.get(name)
    return str(d) if isinstance(d, str | int | float) and not isinstance(d, bool) else ""


def _count(d: dict[str, Any], name: str) -> int:
    value = d.get(name)
    return len(value) if isinstance(value, list | dict) else 0


def _number(amount: int, noun: str) -> str:
    return f"{amount:,} {noun}{'' if amount == 1 else 's'}"


def _user(d: object, *path: str) -> str:
    """Give the best name of the user at `path`."""
    for name in ("username", "id"):
        found = _text(d, *path, name)
        if found:
            return found
    return "?"


def _member(d: dict[str, Any]) -> str:
    """Give the name of who did it, where the member may or may not be told."""
    for path in (("member", "user"), ("user",)):
        name = _user(d, *path)
        if name != "?":
            return name
    return _text(d, "user_id") or "?"


def _place(d: dict[str, Any]) -> str:
    return f"in {_text(d, 'channel_id') or '?'}"


def _emoji(d: dict[str, Any]) -> str:
    return _text(d, "emoji", "name") or _text(d, "emoji", "id") or "?"


def _anything(d: dict[str, Any]) -> str:
    """Name what is there, for events without a line of their own."""
    words = []
    name = _text(d, "name") or _text(d, "user", "username") or _text(d, "code")
    if name:
        words.append(name)
    words += [
        f"{key} {_text(d, key)}" for key in ("id", "user_id", "channel_id", "guild_id") if key in d
    ]
    return "  ".join(words)


def _ready(d: dict[str, Any]) -> str:
    guilds = _number(_count(d, "guilds"), "guild")
    return f"{_user(d, 'user')}, {guilds}, session {_text(d, 'session_id')}"


def _message(d: dict[str, Any]) -> str:
    content = _text(d, "content")
    extras = [
        _number(_count(d, name), name[:-1])
        for name in ("attachments", "embeds", "components")
        if _count(d, name)
    ]
    extra = f"[{', '.join(extras)}]" if extras else ""
    return f"{_user(d, 'author')}: {content or extra or '(no content)'}"


def _message_delete_bulk(d: dict[str, Any]) -> str:
    return f"{_number(_count(d, 'ids'), 'message')} {_place(d)}"


def _guild(d: dict[str, Any]) -> str:
    if d.get("unavailable") is True:
        return f"{_text(d, 'id')} is unavailable"
    name = _text(d, "name") or _text(d, "properties", "name") or _text(d, "id")
    parts = [name]
    members = d.get("member_count")
    if isinstance(members, int):
        parts.append(_number(members, "member"))
    if "channels" in d:
        parts.append(_number(_count(d, "channels"), "channel"))
    return ", ".join(parts)


def _presence(d: dict[str, Any]) -> str:
    line = f"{_user(d, 'user')} is {_text(d, 'status') or '?'}"
    activities = d.get("activities")
    if isinstance(activities, list) and activities:
        what = _text(activities[0], "state") or _text(activities[0], "name")
        line += f": {what}" if what else ""
    return line


def _typing(d: dict[str, Any]) -> str:
    return f"{_member(d)} types {_place(d)}"


def _reaction_add(d: dict[str, Any]) -> str:
    return f"{_member(d)} {_emoji(d)} on {_text(d, 'message_id')}"


def _reaction_remove(d: dict[str, Any]) -> str:
    return f"{_member(d)} took back {_emoji(d)} on {_text(d, 'message_id')}"


def _voice_state(d: dict[str, Any]) -> str:
    channel = _text(d, "channel_id")
    return f"{_member(d)} {'is in ' + channel if channel else 'left'}"


def _member_event(d: dict[str, Any]) -> str:
    nick = _text(d, "nick")
    return f"{_member(d)}{f' ({nick})' if nick else ''}  guild_id {_text(d, 'guild_id')}"


def _members_chunk(d: dict[str, Any]) -> str:
    chunk = f"chunk {_text(d, 'chunk_index')} of {_text(d, 'chunk_count')}"
    return f"{_number(_count(d, 'members'), 'member')}, {chunk}"


def _interaction(d: dict[str, Any]) -> str:
    what = _text(d, "data", "name")
    return f"{_member(d)}: {'/' + what if what else _text(d, 'data', 'custom_id')}"


def _named(field: str) -> Callable[[dict[str, Any]], str]:
    """Make a gist from the name of an object inside the event."""
    return lambda d: f"{_text(d, field, 'name')}  guild_id {_text(d, 'guild_id')}"


_GISTS: dict[str, Callable[[dict[str, Any]], str]] = {
    "READY": _ready,
    "MESSAGE_CREATE": _message,
    "MESSAGE_UPDATE": _message,
    "MESSAGE_DELETE_BULK": _message_delete_bulk,
    "GUILD_CREATE": _guild,
    "GUILD_UPDATE": _guild,
    "GUILD_DELETE": _guild,
    "PRESENCE_UPDATE": _presence,
    "TYPING_START": _typing,
    "MESSAGE_REACTION_ADD": _reaction_add,
    "MESSAGE_REACTION_REMOVE": _reaction_remove,
    "VOICE_STATE_UPDATE": _voice_state,
    "GUILD_MEMBER_ADD": _member_event,
    "GUILD_MEMBER_UPDATE": _member_event,
    "GUILD_MEMBER_REMOVE": _member_event,
    "GUILD_BAN_ADD": _member_event,
    "GUILD_BAN_REMOVE": _member_event,
    "GUILD_MEMBERS_CHUNK": _members_chunk,
    "GUILD_ROLE_CREATE": _named("role"),
    "GUILD_ROLE_UPDATE": _named("role"),
    "INTERACTION_CREATE": _interaction,
}
