"""The `d` of dispatches about guilds, as TypedDicts.

Fields are those that Discord documents; `NotRequired` is what may be missing. Discord sends more
than it documents, and adds fields without notice.

Source:
    Discord documentation, "Gateway Events", section "Receive Events", as of 2026-06-16.
"""

from __future__ import annotations

from typing import Any, NotRequired, TypedDict

from .guilds import (
    AuditLogEntry,
    Emoji,
    Guild,
    Integration,
    Role,
    ScheduledEvent,
    SoundboardSound,
    StageInstance,
    Sticker,
)
from .messages import Channel
from .users import Fields, Member, Presence, Snowflake, Timestamp, User, VoiceState

__all__ = [
    "AuditLogEntryData",
    "AutoModerationActionData",
    "GuildCreateData",
    "GuildEmojisData",
    "GuildIdData",
    "GuildRoleData",
    "GuildStickersData",
    "GuildUserData",
    "IntegrationData",
    "IntegrationDeleteData",
    "MemberAddData",
    "MemberUpdateData",
    "MembersChunkData",
    "RoleDeleteData",
    "ScheduledEventUserData",
    "SoundDeleteData",
    "SoundsData",
]


class GuildCreateData(Guild):
    """A guild and all that is in it. While it is unavailable, only `id` and `unavailable` come."""

    joined_at: Timestamp
    large: bool
    member_count: int
    voice_states: list[VoiceState]
    members: list[Member]
    channels: list[Channel]
    threads: list[Channel]
    presences: list[Presence]
    stage_instances: list[StageInstance]
    guild_scheduled_events: list[ScheduledEvent]
    soundboard_sounds: list[SoundboardSound]
    unavailable: NotRequired[bool]


class AuditLogEntryData(AuditLogEntry):
    """A new entry of the audit log."""

    guild_id: Snowflake


class GuildUserData(TypedDict):
    """A user who was banned or unbanned, or is no longer a member."""

    guild_id: Snowflake
    user: User


class GuildEmojisData(TypedDict):
    """All emojis of a guild."""

    guild_id: Snowflake
    emojis: list[Emoji]


class GuildStickersData(TypedDict):
    """All stickers of a guild."""

    guild_id: Snowflake
    stickers: list[Sticker]


class GuildIdData(TypedDict):
    """A guild."""

    guild_id: Snowflake


class MemberAddData(Member):
    """A new member."""

    guild_id: Snowflake


class MemberUpdateData(TypedDict):
    """A member as it is now."""

    guild_id: Snowflake
    user: User
    roles: list[Snowflake]
    joined_at: Timestamp | None
    avatar: str | None
    banner: str | None
    nick: NotRequired[str | None]
    premium_since: NotRequired[Timestamp | None]
    deaf: NotRequired[bool]
    mute: NotRequired[bool]
    pending: NotRequired[bool]
    communication_disabled_until: NotRequired[Timestamp | None]
    flags: NotRequired[int]
    avatar_decoration_data: NotRequired[Fields | None]
    collectibles: NotRequired[Fields | None]


class MembersChunkData(TypedDict):
    """A part of the answer to Request Guild Members."""

    guild_id: Snowflake
    members: list[Member]
    chunk_index: int
    chunk_count: int
    not_found: NotRequired[list[Any]]
    presences: NotRequired[list[Presence]]
    nonce: NotRequired[str]


class GuildRoleData(TypedDict):
    """A role as it is now."""

    guild_id: Snowflake
    role: Role


class RoleDeleteData(TypedDict):
    """A role that is gone."""

    guild_id: Snowflake
    role_id: Snowflake


class ScheduledEventUserData(TypedDict):
    """A user who subscribed to a planned event, or no longer does."""

    guild_scheduled_event_id: Snowflake
    user_id: Snowflake
    guild_id: Snowflake


class SoundDeleteData(TypedDict):
    """A sound that is gone."""

    sound_id: Snowflake
    guild_id: Snowflake


class SoundsData(TypedDict):
    """Sounds of a guild."""

    soundboard_sounds: list[SoundboardSound]
    guild_id: Snowflake


class IntegrationData(Integration):
    """An integration as it is now."""

    guild_id: Snowflake


class IntegrationDeleteData(TypedDict):
    """An integration that is gone."""

    id: Snowflake
    guild_id: Snowflake
    application_id: NotRequired[Snowflake]


class AutoModerationActionData(TypedDict):
    """What a rule of auto moderation did."""

    guild_id: Snowflake
    action: Fields
    rule_id: Snowflake
    rule_trigger_type: int
    user_id: Snowflake
    content: NotRequired[str]
    matched_keyword: str | None
    matched_content: NotRequired[str | None]
    channel_id: NotRequired[Snowflake]
    message_id: NotRequired[Snowflake]
    alert_system_message_id: NotRequired[Snowflake]
