"""Guilds and what belongs to them, as TypedDicts.

Fields are those that Discord documents; `NotRequired` is what may be missing. Discord sends more
than it documents, and adds fields without notice.

Source:
    Discord documentation, "Guild" and the resources of guilds, as of 2026-06-16.
"""

from __future__ import annotations

from typing import NotRequired, TypedDict

from .users import Fields, Snowflake, Timestamp, User

__all__ = [
    "AuditLogEntry",
    "AutoModerationRule",
    "Emoji",
    "Guild",
    "Integration",
    "Role",
    "ScheduledEvent",
    "SoundboardSound",
    "StageInstance",
    "Sticker",
    "UnavailableGuild",
]


class Role(TypedDict):
    """A role."""

    id: Snowflake
    name: str
    color: int
    hoist: bool
    position: int
    permissions: str
    managed: bool
    mentionable: bool
    flags: int
    colors: NotRequired[Fields]
    icon: NotRequired[str | None]
    unicode_emoji: NotRequired[str | None]
    tags: NotRequired[Fields]


class Emoji(TypedDict):
    """An emoji: a guild's own, or with the id None one of Unicode."""

    id: Snowflake | None
    name: str | None
    roles: NotRequired[list[Snowflake]]
    user: NotRequired[User]
    require_colons: NotRequired[bool]
    managed: NotRequired[bool]
    animated: NotRequired[bool]
    available: NotRequired[bool]


class Sticker(TypedDict):
    """A sticker."""

    id: Snowflake
    name: str
    description: str | None
    tags: str
    type: int
    format_type: int
    pack_id: NotRequired[Snowflake]
    available: NotRequired[bool]
    guild_id: NotRequired[Snowflake]
    user: NotRequired[User]
    sort_value: NotRequired[int]


class SoundboardSound(TypedDict):
    """A sound."""

    name: str
    sound_id: Snowflake | int
    volume: float
    emoji_id: Snowflake | None
    emoji_name: str | None
    available: bool
    guild_id: NotRequired[Snowflake]
    user: NotRequired[User]
    user_id: NotRequired[Snowflake]


class StageInstance(TypedDict):
    """A live stage."""

    id: Snowflake
    guild_id: Snowflake
    channel_id: Snowflake
    topic: str
    privacy_level: int
    discoverable_disabled: bool
    guild_scheduled_event_id: Snowflake | None


class ScheduledEvent(TypedDict):
    """A planned event of a guild."""

    id: Snowflake
    guild_id: Snowflake
    channel_id: Snowflake | None
    creator_id: NotRequired[Snowflake | None]
    name: str
    description: NotRequired[str | None]
    scheduled_start_time: Timestamp
    scheduled_end_time: Timestamp | None
    privacy_level: int
    status: int
    entity_type: int
    entity_id: Snowflake | None
    entity_metadata: Fields | None
    creator: NotRequired[User]
    user_count: NotRequired[int]
    image: NotRequired[str | None]
    recurrence_rule: NotRequired[Fields | None]


class UnavailableGuild(TypedDict):
    """A guild that cannot be reached now, or that the bot has left."""

    id: Snowflake
    unavailable: NotRequired[bool]


class Guild(TypedDict):
    """A guild's settings."""

    id: Snowflake
    name: str
    icon: str | None
    splash: str | None
    discovery_splash: str | None
    owner_id: Snowflake
    afk_channel_id: Snowflake | None
    afk_timeout: int
    verification_level: int
    default_message_notifications: int
    explicit_content_filter: int
    roles: list[Role]
    emojis: list[Emoji]
    features: list[str]
    mfa_level: int
    application_id: Snowflake | None
    system_channel_id: Snowflake | None
    system_channel_flags: int
    rules_channel_id: Snowflake | None
    vanity_url_code: str | None
    description: str | None
    banner: str | None
    premium_tier: int
    preferred_locale: str
    public_updates_channel_id: Snowflake | None
    nsfw_level: int
    premium_progress_bar_enabled: bool
    safety_alerts_channel_id: NotRequired[Snowflake | None]
    incidents_data: NotRequired[Fields | None]
    widget_enabled: NotRequired[bool]
    widget_channel_id: NotRequired[Snowflake | None]
    max_presences: NotRequired[int | None]
    max_members: NotRequired[int]
    premium_subscription_count: NotRequired[int]
    max_video_channel_users: NotRequired[int]
    max_stage_video_channel_users: NotRequired[int]
    stickers: NotRequired[list[Sticker]]
    region: NotRequired[str | None]


class Integration(TypedDict):
    """An integration of a guild."""

    id: Snowflake
    name: str
    type: str
    enabled: bool
    account: Fields
    syncing: NotRequired[bool]
    role_id: NotRequired[Snowflake]
    enable_emoticons: NotRequired[bool]
    expire_behavior: NotRequired[int]
    expire_grace_period: NotRequired[int]
    synced_at: NotRequired[Timestamp]
    subscriber_count: NotRequired[int]
    revoked: NotRequired[bool]
    application: NotRequired[Fields]
    scopes: NotRequired[list[str]]


class AuditLogEntry(TypedDict):
    """An entry of a guild's audit log."""

    id: Snowflake
    target_id: str | None
    user_id: Snowflake | None
    action_type: int
    changes: NotRequired[list[Fields]]
    options: NotRequired[Fields]
    reason: NotRequired[str]


class AutoModerationRule(TypedDict):
    """A rule of auto moderation."""

    id: Snowflake
    guild_id: Snowflake
    name: str
    creator_id: Snowflake
    event_type: int
    trigger_type: int
    trigger_metadata: Fields
    actions: list[Fields]
    enabled: bool
    exempt_roles: list[Snowflake]
    exempt_channels: list[Snowflake]
