"""Users, members, presences and voice states, as TypedDicts.

Fields are those that Discord documents; `NotRequired` is what may be missing. Discord sends more
than it documents, and adds fields without notice.

Source:
    Discord documentation, "User", "Guild" and "Gateway Events", as of 2026-06-16.
"""

from __future__ import annotations

from typing import Any, NotRequired, TypeAlias, TypedDict

__all__ = [
    "Activity",
    "AvatarDecoration",
    "ClientStatus",
    "Fields",
    "Member",
    "MemberOfMessage",
    "MentionedUser",
    "PartialUser",
    "Presence",
    "Snowflake",
    "Timestamp",
    "User",
    "VoiceState",
]

Snowflake: TypeAlias = str
"""An id: digits, too large for JSON's numbers."""

Timestamp: TypeAlias = str
"""An instant, as ISO 8601."""

Fields: TypeAlias = dict[str, Any]
"""An object whose fields are not described here."""


class AvatarDecoration(TypedDict):
    """What decorates an avatar."""

    asset: str
    sku_id: Snowflake


class PartialUser(TypedDict):
    """A user of whom only the id is sure, as in presences."""

    id: Snowflake
    username: NotRequired[str]
    discriminator: NotRequired[str]
    global_name: NotRequired[str | None]
    avatar: NotRequired[str | None]
    bot: NotRequired[bool]


class User(TypedDict):
    """A user, a bot or a webhook."""

    id: Snowflake
    username: str
    discriminator: str
    avatar: str | None
    global_name: NotRequired[str | None]
    bot: NotRequired[bool]
    system: NotRequired[bool]
    mfa_enabled: NotRequired[bool]
    banner: NotRequired[str | None]
    accent_color: NotRequired[int | None]
    locale: NotRequired[str]
    verified: NotRequired[bool]
    email: NotRequired[str | None]
    flags: NotRequired[int]
    premium_type: NotRequired[int]
    public_flags: NotRequired[int]
    avatar_decoration_data: NotRequired[AvatarDecoration | None]
    collectibles: NotRequired[Fields | None]
    primary_guild: NotRequired[Fields | None]


class MemberOfMessage(TypedDict):
    """A guild's member without its user, which stands beside it."""

    roles: list[Snowflake]
    joined_at: Timestamp | None
    deaf: bool
    mute: bool
    flags: int
    nick: NotRequired[str | None]
    avatar: NotRequired[str | None]
    banner: NotRequired[str | None]
    premium_since: NotRequired[Timestamp | None]
    pending: NotRequired[bool]
    permissions: NotRequired[str]
    communication_disabled_until: NotRequired[Timestamp | None]
    avatar_decoration_data: NotRequired[AvatarDecoration | None]
    collectibles: NotRequired[Fields | None]


class Member(MemberOfMessage):
    """A guild's member."""

    user: User


class MentionedUser(User):
    """A user whom a message mentions, as a member of the message's guild."""

    member: NotRequired[MemberOfMessage]


class ClientStatus(TypedDict):
    """The status on each kind of device where the user is online."""

    desktop: NotRequired[str]
    mobile: NotRequired[str]
    web: NotRequired[str]
    embedded: NotRequired[str]
    vr: NotRequired[str]


class Activity(TypedDict):
    """What a user does. Discord does not validate it: other types may come."""

    name: str
    type: int
    created_at: NotRequired[int]
    url: NotRequired[str | None]
    timestamps: NotRequired[Fields]
    application_id: NotRequired[Snowflake]
    status_display_type: NotRequired[int | None]
    details: NotRequired[str | None]
    details_url: NotRequired[str | None]
    state: NotRequired[str | None]
    state_url: NotRequired[str | None]
    emoji: NotRequired[Fields | None]
    party: NotRequired[Fields]
    assets: NotRequired[Fields]
    secrets: NotRequired[Fields]
    instance: NotRequired[bool]
    flags: NotRequired[int]
    buttons: NotRequired[list[str]]


class Presence(TypedDict):
    """A user's presence, as listed in a guild or a chunk of members."""

    user: PartialUser
    status: str
    activities: list[Activity]
    client_status: ClientStatus
    guild_id: NotRequired[Snowflake]


class VoiceState(TypedDict):
    """Where a user is in voice."""

    channel_id: Snowflake | None
    user_id: Snowflake
    session_id: str
    deaf: bool
    mute: bool
    self_deaf: bool
    self_mute: bool
    self_video: bool
    suppress: bool
    request_to_speak_timestamp: Timestamp | None
    self_stream: NotRequired[bool]
    guild_id: NotRequired[Snowflake]
    member: NotRequired[Member]
