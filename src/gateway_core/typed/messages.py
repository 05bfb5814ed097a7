"""Channels, threads and messages, as TypedDicts.

Fields are those that Discord documents; `NotRequired` is what may be missing. Discord sends more
than it documents, and adds fields without notice.

Source:
    Discord documentation, "Channel", "Message" and "Poll", as of 2026-06-16.
"""

from __future__ import annotations

from typing import NotRequired, TypedDict

from .guilds import Emoji, Sticker
from .users import Fields, Member, MentionedUser, Presence, Snowflake, Timestamp, User

__all__ = [
    "Attachment",
    "Channel",
    "Embed",
    "Message",
    "MessageReference",
    "Overwrite",
    "Poll",
    "Reaction",
    "ThreadMember",
    "ThreadMetadata",
]


class Overwrite(TypedDict):
    """What a role or a member may do in a channel beyond, or short of, its permissions."""

    id: Snowflake
    type: int
    allow: str
    deny: str


class ThreadMetadata(TypedDict):
    """What a thread has that other channels do not."""

    archived: bool
    auto_archive_duration: int
    archive_timestamp: Timestamp
    locked: bool
    invitable: NotRequired[bool]
    create_timestamp: NotRequired[Timestamp | None]


class ThreadMember(TypedDict):
    """A user's membership in a thread."""

    join_timestamp: Timestamp
    flags: int
    id: NotRequired[Snowflake]
    user_id: NotRequired[Snowflake]
    member: NotRequired[Member]
    presence: NotRequired[Presence | None]


class Channel(TypedDict):
    """A channel or a thread."""

    id: Snowflake
    type: int
    guild_id: NotRequired[Snowflake]
    position: NotRequired[int]
    permission_overwrites: NotRequired[list[Overwrite]]
    name: NotRequired[str | None]
    topic: NotRequired[str | None]
    nsfw: NotRequired[bool]
    last_message_id: NotRequired[Snowflake | None]
    bitrate: NotRequired[int]
    user_limit: NotRequired[int]
    rate_limit_per_user: NotRequired[int]
    recipients: NotRequired[list[User]]
    icon: NotRequired[str | None]
    owner_id: NotRequired[Snowflake]
    application_id: NotRequired[Snowflake]
    managed: NotRequired[bool]
    parent_id: NotRequired[Snowflake | None]
    last_pin_timestamp: NotRequired[Timestamp | None]
    rtc_region: NotRequired[str | None]
    video_quality_mode: NotRequired[int]
    message_count: NotRequired[int]
    member_count: NotRequired[int]
    thread_metadata: NotRequired[ThreadMetadata]
    member: NotRequired[ThreadMember]
    default_auto_archive_duration: NotRequired[int]
    permissions: NotRequired[str]
    flags: NotRequired[int]
    total_message_sent: NotRequired[int]
    available_tags: NotRequired[list[Fields]]
    applied_tags: NotRequired[list[Snowflake]]
    default_reaction_emoji: NotRequired[Fields | None]
    default_thread_rate_limit_per_user: NotRequired[int]
    default_sort_order: NotRequired[int | None]
    default_forum_layout: NotRequired[int]


class Attachment(TypedDict):
    """A file of a message."""

    id: Snowflake
    filename: str
    size: int
    url: str
    proxy_url: str
    title: NotRequired[str]
    description: NotRequired[str]
    content_type: NotRequired[str]
    height: NotRequired[int | None]
    width: NotRequired[int | None]
    ephemeral: NotRequired[bool]
    duration_secs: NotRequired[float]
    waveform: NotRequired[str]
    flags: NotRequired[int]
    placeholder: NotRequired[str]
    placeholder_version: NotRequired[int]


class Embed(TypedDict):
    """An embed of a message."""

    title: NotRequired[str]
    type: NotRequired[str]
    description: NotRequired[str]
    url: NotRequired[str]
    timestamp: NotRequired[Timestamp]
    color: NotRequired[int]
    footer: NotRequired[Fields]
    image: NotRequired[Fields]
    thumbnail: NotRequired[Fields]
    video: NotRequired[Fields]
    provider: NotRequired[Fields]
    author: NotRequired[Fields]
    fields: NotRequired[list[Fields]]


class Reaction(TypedDict):
    """How often a message was reacted to with one emoji."""

    count: int
    count_details: Fields
    me: bool
    me_burst: bool
    emoji: Emoji
    burst_colors: list[str]


class MessageReference(TypedDict):
    """The message to which another one answers, or which it forwards."""

    type: NotRequired[int]
    message_id: NotRequired[Snowflake]
    channel_id: NotRequired[Snowflake]
    guild_id: NotRequired[Snowflake]
    fail_if_not_exists: NotRequired[bool]


class Poll(TypedDict):
    """A poll."""

    question: Fields
    answers: list[Fields]
    expiry: Timestamp | None
    allow_multiselect: bool
    layout_type: int
    results: NotRequired[Fields]


class Message(TypedDict):
    """A message."""

    id: Snowflake
    channel_id: Snowflake
    author: User
    content: str
    timestamp: Timestamp
    edited_timestamp: Timestamp | None
    tts: bool
    mention_everyone: bool
    mentions: list[MentionedUser]
    mention_roles: list[Snowflake]
    attachments: list[Attachment]
    embeds: list[Embed]
    pinned: bool
    type: int
    mention_channels: NotRequired[list[Fields]]
    reactions: NotRequired[list[Reaction]]
    nonce: NotRequired[int | str]
    webhook_id: NotRequired[Snowflake]
    activity: NotRequired[Fields]
    application: NotRequired[Fields]
    application_id: NotRequired[Snowflake]
    flags: NotRequired[int]
    message_reference: NotRequired[MessageReference]
    message_snapshots: NotRequired[list[Fields]]
    referenced_message: NotRequired[Message | None]
    interaction_metadata: NotRequired[Fields]
    interaction: NotRequired[Fields]
    thread: NotRequired[Channel]
    components: NotRequired[list[Fields]]
    sticker_items: NotRequired[list[Fields]]
    stickers: NotRequired[list[Sticker]]
    position: NotRequired[int]
    role_subscription_data: NotRequired[Fields]
    resolved: NotRequired[Fields]
    poll: NotRequired[Poll]
    call: NotRequired[Fields]
    shared_client_theme: NotRequired[Fields]
