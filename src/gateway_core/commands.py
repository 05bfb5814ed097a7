"""What a client sends, as frozen values that are checked when they are made.

Every command has `op`, its opcode, and `data`, its `d` as JSON takes it; `encode` makes the text.
`Identify`, `Resume` and `Heartbeat` are sent by the connection itself.

Source:
    Discord documentation, "Gateway Events", section "Send Events".
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from enum import IntEnum
from typing import ClassVar, TypeAlias

from .errors import CommandError, CommandTooLarge
from .intents import Intents
from .opcodes import OpCode
from .sharding import ShardId

__all__ = [
    "MAX_COMMAND_SIZE",
    "Activity",
    "ActivityType",
    "Command",
    "ConnectionProperties",
    "Heartbeat",
    "Identify",
    "RequestChannelInfo",
    "RequestGuildMembers",
    "RequestSoundboardSounds",
    "Resume",
    "Snowflake",
    "UpdatePresence",
    "UpdateVoiceState",
    "encode",
]

MAX_COMMAND_SIZE = 4096
"""Bytes that the text of one command may have.

Source:
    Discord documentation, "Gateway", section "Sending Events".
"""

Snowflake: TypeAlias = int | str
"""An id: an int, or the decimal digits that Discord's JSON has. Sent as a string."""

_STATUSES = ("online", "dnd", "idle", "invisible", "offline")
_MAX_SNOWFLAKE = 2**64 - 1


def _snowflake(value: Snowflake, what: str) -> str:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise TypeError(f"{what} must be an int or a str, not {value!r}")
    text = str(value)
    if not (text.isascii() and text.isdecimal() and int(text) <= _MAX_SNOWFLAKE):
        raise ValueError(f"{what} must be a snowflake (decimal, 64 bits), not {value!r}")
    return text


@dataclass(frozen=True, slots=True)
class ConnectionProperties:
    """What the client says about itself when it identifies.

    Attributes:
        os: the operating system.
        browser: the library's name.
        device: the library's name.

    Source:
        Discord documentation, "Gateway Events", section "Identify Connection Properties".
    """

    os: str = sys.platform
    browser: str = "gateway-core"
    device: str = "gateway-core"

    def data(self) -> dict[str, str]:
        """Give the properties as JSON takes them."""
        return {"os": self.os, "browser": self.browser, "device": self.device}


class ActivityType(IntEnum):
    """What a bot is doing.

    Source:
        Discord documentation, "Gateway Events", section "Activity Types".
    """

    PLAYING = 0
    STREAMING = 1
    LISTENING = 2
    WATCHING = 3
    CUSTOM = 4
    COMPETING = 5


@dataclass(frozen=True, slots=True)
class Activity:
    """What a presence says that the bot is doing: the fields that bots may set.

    Attributes:
        name: what is played, watched or listened to.
        type: which of these it is.
        state: more about it; the text itself of a custom status.
        url: of a stream (Twitch or YouTube); only for `ActivityType.STREAMING`.

    Raises:
        ValueError: the name is empty, or there is a URL but no stream.

    Source:
        Discord documentation, "Gateway Events", section "Activity Structure".
    """

    name: str
    type: ActivityType = ActivityType.PLAYING
    state: str | None = None
    url: str | None = None

    def __post_init__(self) -> None:
        if not self.name:
            raise ValueError("an activity's name must not be empty")
        if self.url is not None and self.type != ActivityType.STREAMING:
            raise ValueError("an activity's url is for ActivityType.STREAMING only")

    def data(self) -> dict[str, object]:
        """Give the activity as JSON takes it."""
        data: dict[str, object] = {"name": self.name, "type": int(self.type)}
        if self.state is not None:
            data["state"] = self.state
        if self.url is not None:
            data["url"] = self.url
        return data


@dataclass(frozen=True, slots=True)
class UpdatePresence:
    """Sets the bot's status and activities.

    Attributes:
        status: ``"online"``, ``"dnd"``, ``"idle"``, ``"invisible"`` or ``"offline"``.
        activities: what it is doing.
        since: Unix time in milliseconds since when it is idle, or None.
        afk: whether it is away.

    Raises:
        ValueError: the status is none of those.

    Source:
        Discord documentation, "Gateway Events", section "Update Presence".
    """

    op: ClassVar[OpCode] = OpCode.PRESENCE_UPDATE

    status: str = "online"
    activities: tuple[Activity, ...] = ()
    since: int | None = None
    afk: bool = False

    def __post_init__(self) -> None:
        if self.status not in _STATUSES:
            raise ValueError(f"status must be one of {', '.join(_STATUSES)}, not {self.status!r}")
        object.__setattr__(self, "activities", tuple(self.activities))

    def data(self) -> dict[str, object]:
        """Give the command's `d`."""
        return {
            "since": self.since,
            "activities": [activity.data() for activity in self.activities],
            "status": self.status,
            "afk": self.afk,
        }


@dataclass(frozen=True, slots=True)
class UpdateVoiceState:
    """Joins, moves between or leaves voice channels.

    Attributes:
        guild_id: the guild.
        channel_id: the channel to be in, None to leave.
        self_mute: whether the bot is muted.
        self_deaf: whether the bot is deafened.

    Raises:
        ValueError: an id is not a snowflake.

    Source:
        Discord documentation, "Gateway Events", section "Update Voice State".
    """

    op: ClassVar[OpCode] = OpCode.VOICE_STATE_UPDATE

    guild_id: Snowflake
    channel_id: Snowflake | None
    self_mute: bool = False
    self_deaf: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "guild_id", _snowflake(self.guild_id, "guild_id"))
        if self.channel_id is not None:
            object.__setattr__(self, "channel_id", _snowflake(self.channel_id, "channel_id"))

    def data(self) -> dict[str, object]:
        """Give the command's `d`."""
        return {
            "guild_id": self.guild_id,
            "channel_id": self.channel_id,
            "self_mute": self.self_mute,
            "self_deaf": self.self_deaf,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestGuildMembers:
    """Asks for members of a guild, which come as GUILD_MEMBERS_CHUNK dispatches.

    One of `query` and `user_ids` is needed. ``query=""`` with ``limit=0`` asks for all members:
    it needs the intent GUILD_MEMBERS, and Discord answers one such request a guild in 30 seconds.

    Attributes:
        guild_id: the guild.
        query: the start of the names to look for.
        limit: how many members to send at most for `query` (up to 100; 0 for all).
        user_ids: which members, at most 100.
        presences: whether presences come too (needs the intent GUILD_PRESENCES).
        nonce: comes back in the answers, at most 32 bytes.

    Raises:
        ValueError: both or none of `query` and `user_ids` is given, or a value is out of range.

    Source:
        Discord documentation, "Gateway Events", section "Request Guild Members".
    """

    op: ClassVar[OpCode] = OpCode.REQUEST_GUILD_MEMBERS

    guild_id: Snowflake
    query: str | None = None
    limit: int = 0
    user_ids: tuple[Snowflake, ...] = ()
    presences: bool = False
    nonce: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "guild_id", _snowflake(self.guild_id, "guild_id"))
        users = tuple(_snowflake(user, "a user id") for user in self.user_ids)
        object.__setattr__(self, "user_ids", users)
        if (self.query is None) == (not users):
            raise ValueError("give one of query and user_ids; query='' asks for all members")
        if len(users) > 100:
            raise ValueError(f"at most 100 user_ids in one request, not {len(users)}")
        if self.limit < 0:
            raise ValueError(f"limit must be at least 0, not {self.limit}")
        if self.nonce is not None and len(self.nonce.encode()) > 32:
            raise ValueError("a nonce may have 32 bytes; Discord ignores a longer one")

    def data(self) -> dict[str, object]:
        """Give the command's `d`."""
        data: dict[str, object] = {"guild_id": self.guild_id}
        if self.query is not None:
            data["query"] = self.query
            data["limit"] = self.limit
        else:
            data["user_ids"] = list(self.user_ids)
        if self.presences:
            data["presences"] = True
        if self.nonce is not None:
            data["nonce"] = self.nonce
        return data


@dataclass(frozen=True, slots=True)
class RequestSoundboardSounds:
    """Asks for the soundboards of guilds, which come as SOUNDBOARD_SOUNDS dispatches.

    Attributes:
        guild_ids: the guilds, at least one.

    Raises:
        ValueError: there is no guild, or an id is not a snowflake.

    Source:
        Discord documentation, "Gateway Events", section "Request Soundboard Sounds".
    """

    op: ClassVar[OpCode] = OpCode.REQUEST_SOUNDBOARD_SOUNDS

    guild_ids: tuple[Snowflake, ...]

    def __post_init__(self) -> None:
        guilds = tuple(_snowflake(guild, "a guild id") for guild in self.guild_ids)
        if not guilds:
            raise ValueError("guild_ids must name at least one guild")
        object.__setattr__(self, "guild_ids", guilds)

    def data(self) -> dict[str, object]:
        """Give the command's `d`."""
        return {"guild_ids": list(self.guild_ids)}


@dataclass(frozen=True, slots=True)
class RequestChannelInfo:
    """Asks for the ephemeral data of a guild's channels, which comes as a CHANNEL_INFO dispatch.

    Attributes:
        guild_id: the guild.
        fields: what to tell of each channel: ``"status"``, ``"voice_start_time"``.

    Raises:
        ValueError: there is no field, or the id is not a snowflake.

    Source:
        Discord documentation, "Gateway Events", section "Request Channel Info".
    """

    op: ClassVar[OpCode] = OpCode.REQUEST_CHANNEL_INFO

    guild_id: Snowflake
    fields: tuple[str, ...] = ("status", "voice_start_time")

    def __post_init__(self) -> None:
        object.__setattr__(self, "guild_id", _snowflake(self.guild_id, "guild_id"))
        object.__setattr__(self, "fields", tuple(self.fields))
        if not self.fields:
            raise ValueError("fields must name at least one field")

    def data(self) -> dict[str, object]:
        """Give the command's `d`."""
        return {"guild_id": self.guild_id, "fields": list(self.fields)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Identify:
    """Begins a session. Sent by the connection itself.

    Attributes:
        token: the bot's token, hidden in the repr.
        intents: which events are wanted.
        shard: which shard this is.
        properties: what the client says about itself.
        large_threshold: how many members make a guild large, 50 to 250.
        presence: the bot's presence from the start.
        compress: whether payloads may come compressed one by one.

    Source:
        Discord documentation, "Gateway Events", section "Identify".
    """

    op: ClassVar[OpCode] = OpCode.IDENTIFY

    token: str = field(repr=False)
    intents: Intents
    shard: ShardId
    properties: ConnectionProperties
    large_threshold: int
    presence: UpdatePresence | None = None
    compress: bool = False

    def data(self) -> dict[str, object]:
        """Give the command's `d`."""
        data: dict[str, object] = {
            "token": self.token,
            "intents": int(self.intents),
            "properties": self.properties.data(),
            "compress": self.compress,
            "large_threshold": self.large_threshold,
            "shard": [self.shard.number, self.shard.total],
        }
        if self.presence is not None:
            data["presence"] = self.presence.data()
        return data


@dataclass(frozen=True, slots=True, kw_only=True)
class Resume:
    """Goes on with a session. Sent by the connection itself.

    Attributes:
        token: the bot's token, hidden in the repr.
        session_id: the session's id.
        sequence: the number of the last event that need not come again.

    Source:
        Discord documentation, "Gateway Events", section "Resume".
    """

    op: ClassVar[OpCode] = OpCode.RESUME

    token: str = field(repr=False)
    session_id: str
    sequence: int

    def data(self) -> dict[str, object]:
        """Give the command's `d`."""
        return {"token": self.token, "session_id": self.session_id, "seq": self.sequence}


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """Says that the client lives. Sent by the connection itself.

    Attributes:
        sequence: the number of the last event received, None before the first.

    Source:
        Discord documentation, "Gateway Events", section "Heartbeat".
    """

    op: ClassVar[OpCode] = OpCode.HEARTBEAT

    sequence: int | None

    def data(self) -> int | None:
        """Give the command's `d`."""
        return self.sequence


Command: TypeAlias = (
    UpdatePresence
    | UpdateVoiceState
    | RequestGuildMembers
    | RequestSoundboardSounds
    | RequestChannelInfo
    | Identify
    | Resume
    | Heartbeat
)
"""Any of the above."""


def encode(command: Command) -> str:
    """Give a command's text, compact JSON.

    Raises:
        CommandTooLarge: the text is more than `MAX_COMMAND_SIZE` bytes.
        CommandError: the command holds something that JSON or UTF-8 cannot say.
    """
    try:
        text = json.dumps(
            {"op": int(command.op), "d": command.data()},
            ensure_ascii=False,
            allow_nan=False,
            separators=(",", ":"),
        )
    except (TypeError, ValueError) as error:
        raise CommandError(f"{type(command).__name__} cannot be said in JSON: {error}") from error
    check_size(text, type(command).__name__)
    return text


def check_size(text: str, what: str) -> None:
    """Refuse a command's text that Discord would refuse.

    Raises:
        CommandTooLarge: the text is more than `MAX_COMMAND_SIZE` bytes.
        CommandError: the text has half a surrogate pair.
    """
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        raise CommandError(f"{what} holds half a surrogate pair, which is not text") from None
    if size > MAX_COMMAND_SIZE:
        raise CommandTooLarge(
            f"{what} takes {size} bytes, and Discord closes the connection over "
            f"{MAX_COMMAND_SIZE}: send less at once"
        )
