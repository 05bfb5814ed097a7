"""The `d` of dispatches about users and voice, as TypedDicts.

Fields are those that Discord documents; `NotRequired` is what may be missing. Discord sends more
than it documents, and adds fields without notice.

Source:
    Discord documentation, "Gateway Events", section "Receive Events", as of 2026-06-16.
"""

from __future__ import annotations

from typing import NotRequired, TypedDict

from .guilds import Emoji
from .users import Activity, ClientStatus, Member, PartialUser, Snowflake

__all__ = [
    "PresenceData",
    "TypingData",
    "VoiceEffectData",
    "VoiceServerData",
]


class PresenceData(TypedDict):
    """A user's presence. Discord does not validate it: other types may come."""

    user: PartialUser
    guild_id: Snowflake
    status: str
    activities: list[Activity]
    client_status: ClientStatus


class TypingData(TypedDict):
    """Who began to type, and when, in seconds since 1970."""

    channel_id: Snowflake
    user_id: Snowflake
    timestamp: int
    guild_id: NotRequired[Snowflake]
    member: NotRequired[Member]


class VoiceEffectData(TypedDict):
    """An effect in a voice channel."""

    channel_id: Snowflake
    guild_id: Snowflake
    user_id: Snowflake
    emoji: NotRequired[Emoji | None]
    animation_type: NotRequired[int | None]
    animation_id: NotRequired[int]
    sound_id: NotRequired[Snowflake | int]
    sound_volume: NotRequired[float]


class VoiceServerData(TypedDict):
    """The voice server to connect to; while there is none, `endpoint` is None."""

    token: str
    guild_id: Snowflake
    endpoint: str | None
