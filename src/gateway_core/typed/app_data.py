"""The `d` of dispatches about the session and the application, as TypedDicts.

Fields are those that Discord documents; `NotRequired` is what may be missing. Discord sends more
than it documents, and adds fields without notice.

Source:
    Discord documentation, "Gateway Events", section "Receive Events", as of 2026-06-16.
"""

from __future__ import annotations

from typing import NotRequired, TypedDict

from .guilds import UnavailableGuild
from .messages import Channel, Message
from .users import Fields, Member, Snowflake, Timestamp, User

__all__ = [
    "ApplicationOfReady",
    "CommandPermissionsData",
    "EntitlementData",
    "InteractionData",
    "RateLimitedData",
    "ReadyData",
    "SubscriptionData",
]


class ApplicationOfReady(TypedDict):
    """The bot's application, as READY names it."""

    id: Snowflake
    flags: int


class ReadyData(TypedDict):
    """A new session."""

    v: int
    user: User
    guilds: list[UnavailableGuild]
    session_id: str
    resume_gateway_url: str
    application: ApplicationOfReady
    shard: NotRequired[list[int]]


class RateLimitedData(TypedDict):
    """A command that was refused."""

    opcode: int
    retry_after: float
    meta: Fields


class CommandPermissionsData(TypedDict):
    """Who may use an application command in a guild."""

    id: Snowflake
    application_id: Snowflake
    guild_id: Snowflake
    permissions: list[Fields]


class EntitlementData(TypedDict):
    """What a user or a guild has of a premium app."""

    id: Snowflake
    sku_id: Snowflake
    application_id: Snowflake
    type: int
    deleted: bool
    starts_at: Timestamp | None
    ends_at: Timestamp | None
    user_id: NotRequired[Snowflake]
    guild_id: NotRequired[Snowflake]
    consumed: NotRequired[bool]


class SubscriptionData(TypedDict):
    """A subscription to a premium app."""

    id: Snowflake
    user_id: Snowflake
    sku_ids: list[Snowflake]
    entitlement_ids: list[Snowflake]
    renewal_sku_ids: list[Snowflake] | None
    current_period_start: Timestamp
    current_period_end: Timestamp
    status: int
    canceled_at: Timestamp | None
    country: NotRequired[str]


class InteractionData(TypedDict):
    """A command, a component or a modal that was used. `type` tells what is in `data`."""

    id: Snowflake
    application_id: Snowflake
    type: int
    token: str
    version: int
    app_permissions: str
    entitlements: list[EntitlementData]
    authorizing_integration_owners: dict[str, Snowflake]
    attachment_size_limit: int
    data: NotRequired[Fields]
    guild: NotRequired[Fields]
    guild_id: NotRequired[Snowflake]
    channel: NotRequired[Channel]
    channel_id: NotRequired[Snowflake]
    member: NotRequired[Member]
    user: NotRequired[User]
    message: NotRequired[Message]
    locale: NotRequired[str]
    guild_locale: NotRequired[str]
    context: NotRequired[int]
