"""The `d` of dispatches about channels and messages, as TypedDicts.

Fields are those that Discord documents; `NotRequired` is what may be missing. Discord sends more
than it documents, and adds fields without notice.

Source:
    Discord documentation, "Gateway Events", section "Receive Events", as of 2026-06-16.
"""

from __future__ import annotations

from typing import NotRequired, TypedDict

from .guilds import Emoji
from .messages import Channel, Message, ThreadMember
from .users import Fields, Member, MemberOfMessage, Snowflake, Timestamp, User

__all__ = [
    "ChannelInfoData",
    "ChannelPinsData",
    "InviteCreateData",
    "InviteDeleteData",
    "MessageData",
    "MessageDeleteBulkData",
    "MessageDeleteData",
    "PollVoteData",
    "ReactionAddData",
    "ReactionRemoveAllData",
    "ReactionRemoveData",
    "ReactionRemoveEmojiData",
    "ThreadCreateData",
    "ThreadDeleteData",
    "ThreadListData",
    "ThreadMemberData",
    "ThreadMembersData",
    "VoiceChannelStartTimeData",
    "VoiceChannelStatusData",
    "WebhooksData",
]


class ChannelInfoData(TypedDict):
    """What was asked for about a guild's channels."""

    guild_id: Snowflake
    channels: list[Fields]


class ChannelPinsData(TypedDict):
    """When a message was last pinned."""

    channel_id: Snowflake
    guild_id: NotRequired[Snowflake]
    last_pin_timestamp: NotRequired[Timestamp | None]


class VoiceChannelStatusData(TypedDict):
    """The status text of a voice channel."""

    id: Snowflake
    guild_id: Snowflake
    status: str | None


class VoiceChannelStartTimeData(TypedDict):
    """When a voice channel's session began, in seconds since 1970."""

    id: Snowflake
    guild_id: Snowflake
    voice_start_time: int | None


class ThreadCreateData(Channel):
    """A thread that is new, or new to the bot."""

    newly_created: NotRequired[bool]


class ThreadDeleteData(TypedDict):
    """A thread that is gone."""

    id: Snowflake
    guild_id: Snowflake
    parent_id: Snowflake
    type: int


class ThreadListData(TypedDict):
    """The active threads of channels."""

    guild_id: Snowflake
    threads: list[Channel]
    members: list[ThreadMember]
    channel_ids: NotRequired[list[Snowflake]]


class ThreadMemberData(ThreadMember):
    """The bot's own membership."""

    guild_id: Snowflake


class ThreadMembersData(TypedDict):
    """Who joined and who left a thread."""

    id: Snowflake
    guild_id: Snowflake
    member_count: int
    added_members: NotRequired[list[ThreadMember]]
    removed_member_ids: NotRequired[list[Snowflake]]


class InviteCreateData(TypedDict):
    """A new invite."""

    channel_id: Snowflake
    code: str
    created_at: Timestamp
    max_age: int
    max_uses: int
    temporary: bool
    uses: int
    guild_id: NotRequired[Snowflake]
    inviter: NotRequired[User]
    target_type: NotRequired[int]
    target_user: NotRequired[User]
    target_application: NotRequired[Fields]
    expires_at: NotRequired[Timestamp | None]
    role_ids: NotRequired[list[Snowflake]]
    type: NotRequired[int]


class InviteDeleteData(TypedDict):
    """An invite that is gone."""

    channel_id: Snowflake
    code: str
    guild_id: NotRequired[Snowflake]


class WebhooksData(TypedDict):
    """A channel whose webhooks changed."""

    guild_id: Snowflake
    channel_id: Snowflake


class MessageData(Message):
    """A message, with where it was written and by which member."""

    guild_id: NotRequired[Snowflake]
    member: NotRequired[MemberOfMessage]


class MessageDeleteData(TypedDict):
    """A message that is gone."""

    id: Snowflake
    channel_id: Snowflake
    guild_id: NotRequired[Snowflake]


class MessageDeleteBulkData(TypedDict):
    """Messages that are gone."""

    ids: list[Snowflake]
    channel_id: Snowflake
    guild_id: NotRequired[Snowflake]


class ReactionRemoveAllData(TypedDict):
    """A message that has no reactions any more."""

    channel_id: Snowflake
    message_id: Snowflake
    guild_id: NotRequired[Snowflake]


class ReactionRemoveEmojiData(ReactionRemoveAllData):
    """A message that has no reactions with one emoji any more."""

    emoji: Emoji


class ReactionRemoveData(ReactionRemoveEmojiData):
    """A reaction that was taken back."""

    user_id: Snowflake
    burst: bool
    type: int


class ReactionAddData(ReactionRemoveData):
    """A reaction."""

    member: NotRequired[Member]
    message_author_id: NotRequired[Snowflake]
    burst_colors: NotRequired[list[str]]


class PollVoteData(TypedDict):
    """A vote, given or taken back."""

    user_id: Snowflake
    channel_id: Snowflake
    message_id: Snowflake
    answer_id: int
    guild_id: NotRequired[Snowflake]
