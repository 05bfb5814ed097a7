"""Every event that the gateway dispatches, with the intents that bring it.

The table is the enum `EventType` itself: a member is a `str` (its name on the wire, the `t` of a
message) and carries what is known of the event. `DISPATCHES` is the same table, by name.

Discord dispatches more than it documents. Names that are not here still arrive, and every decoder
and shard passes them on.

Source:
    Discord documentation, "Gateway Events", section "Receive Events", and "Gateway", section "List
    of Intents", as of 2026-06-16.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType

from gateway_core.intents import Intents

__all__ = ["DISPATCHES", "EventType", "dispatches_with", "intents_for"]

_NONE = Intents.none()


class EventType(StrEnum):
    """The name of a dispatch, with the intents that bring it.

    An event arrives when at least one of its intents was asked for when identifying, or always
    when it has none. Some have different intents for what happens in guilds and in direct
    messages.

    Source:
        Discord documentation, "Gateway Events", section "Receive Events".
    """

    guild_intents: Intents
    """Any one of these brings the event from guilds."""
    direct_intents: Intents
    """Any one of these brings the event from direct messages."""
    gist: str
    """What happened, in one line."""

    def __new__(
        cls,
        name: str,
        gist: str = "",
        guild_intents: Intents = _NONE,
        direct_intents: Intents = _NONE,
    ) -> EventType:
        """Make a member; called by the enum for each row of the table."""
        member = str.__new__(cls, name)
        member._value_ = name
        member.guild_intents = guild_intents
        member.direct_intents = direct_intents
        member.gist = gist
        return member

    @property
    def intents(self) -> Intents:
        """All intents that bring this event from anywhere; empty when it always comes."""
        return self.guild_intents | self.direct_intents

    @property
    def section(self) -> str:
        """The anchor of the event's section in Discord's documentation of gateway events."""
        return self.lower().replace("_", "-")

    @classmethod
    def _missing_(cls, value: object) -> None:
        near = difflib.get_close_matches(str(value).upper(), cls.__members__, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise ValueError(f"{value!r} is not a documented event of Discord's gateway{hint}")

    # Connecting
    READY = ("READY", "The session has begun: the bot's user, its guilds, how to resume.")
    RESUMED = ("RESUMED", "All that was missed has been replayed.")
    RATE_LIMITED = (
        "RATE_LIMITED",
        "A command was refused because its opcode has a rate limit of its own.",
    )
    # Application commands
    APPLICATION_COMMAND_PERMISSIONS_UPDATE = (
        "APPLICATION_COMMAND_PERMISSIONS_UPDATE",
        "The permissions of an application command changed.",
    )
    # Auto moderation
    AUTO_MODERATION_RULE_CREATE = (
        "AUTO_MODERATION_RULE_CREATE",
        "A rule was made.",
        Intents.AUTO_MODERATION_CONFIGURATION,
    )
    AUTO_MODERATION_RULE_UPDATE = (
        "AUTO_MODERATION_RULE_UPDATE",
        "A rule changed.",
        Intents.AUTO_MODERATION_CONFIGURATION,
    )
    AUTO_MODERATION_RULE_DELETE = (
        "AUTO_MODERATION_RULE_DELETE",
        "A rule was deleted.",
        Intents.AUTO_MODERATION_CONFIGURATION,
    )
    AUTO_MODERATION_ACTION_EXECUTION = (
        "AUTO_MODERATION_ACTION_EXECUTION",
        "A rule was triggered and acted.",
        Intents.AUTO_MODERATION_EXECUTION,
    )
    # Channels
    CHANNEL_CREATE = ("CHANNEL_CREATE", "A channel was made.", Intents.GUILDS)
    CHANNEL_UPDATE = ("CHANNEL_UPDATE", "A channel changed.", Intents.GUILDS)
    CHANNEL_DELETE = ("CHANNEL_DELETE", "A channel was deleted.", Intents.GUILDS)
    CHANNEL_INFO = (
        "CHANNEL_INFO",
        "Answer to Request Channel Info: statuses and start times of voice channels.",
    )
    CHANNEL_PINS_UPDATE = (
        "CHANNEL_PINS_UPDATE",
        "A message was pinned or unpinned.",
        Intents.GUILDS,
        Intents.DIRECT_MESSAGES,
    )
    VOICE_CHANNEL_STATUS_UPDATE = (
        "VOICE_CHANNEL_STATUS_UPDATE",
        "The status text of a voice channel changed.",
        Intents.GUILDS,
    )
    VOICE_CHANNEL_START_TIME_UPDATE = (
        "VOICE_CHANNEL_START_TIME_UPDATE",
        "A voice channel's session began or ended.",
        Intents.GUILDS,
    )
    # Threads
    THREAD_CREATE = (
        "THREAD_CREATE",
        "A thread was made, or the bot was added to a private one.",
        Intents.GUILDS,
    )
    THREAD_UPDATE = ("THREAD_UPDATE", "A thread changed.", Intents.GUILDS)
    THREAD_DELETE = ("THREAD_DELETE", "A thread was deleted.", Intents.GUILDS)
    THREAD_LIST_SYNC = (
        "THREAD_LIST_SYNC",
        "The bot gained access to a channel: its active threads.",
        Intents.GUILDS,
    )
    THREAD_MEMBER_UPDATE = (
        "THREAD_MEMBER_UPDATE",
        "The bot's own membership in a thread changed.",
        Intents.GUILDS,
    )
    THREAD_MEMBERS_UPDATE = (
        "THREAD_MEMBERS_UPDATE",
        "Members joined or left a thread.",
        Intents.GUILDS | Intents.GUILD_MEMBERS,
    )
    # Entitlements
    ENTITLEMENT_CREATE = ("ENTITLEMENT_CREATE", "An entitlement was granted.")
    ENTITLEMENT_UPDATE = ("ENTITLEMENT_UPDATE", "An entitlement changed or was renewed.")
    ENTITLEMENT_DELETE = ("ENTITLEMENT_DELETE", "An entitlement was taken back.")
    # Guilds
    GUILD_CREATE = (
        "GUILD_CREATE",
        "A guild became available, or the bot joined it: its whole state.",
        Intents.GUILDS,
    )
    GUILD_UPDATE = ("GUILD_UPDATE", "A guild's settings changed.", Intents.GUILDS)
    GUILD_DELETE = (
        "GUILD_DELETE",
        "A guild became unavailable, or the bot left it.",
        Intents.GUILDS,
    )
    GUILD_AUDIT_LOG_ENTRY_CREATE = (
        "GUILD_AUDIT_LOG_ENTRY_CREATE",
        "The audit log has a new entry.",
        Intents.GUILD_MODERATION,
    )
    GUILD_BAN_ADD = ("GUILD_BAN_ADD", "A user was banned.", Intents.GUILD_MODERATION)
    GUILD_BAN_REMOVE = ("GUILD_BAN_REMOVE", "A user was unbanned.", Intents.GUILD_MODERATION)
    GUILD_EMOJIS_UPDATE = (
        "GUILD_EMOJIS_UPDATE",
        "The guild's emojis changed.",
        Intents.GUILD_EXPRESSIONS,
    )
    GUILD_STICKERS_UPDATE = (
        "GUILD_STICKERS_UPDATE",
        "The guild's stickers changed.",
        Intents.GUILD_EXPRESSIONS,
    )
    GUILD_INTEGRATIONS_UPDATE = (
        "GUILD_INTEGRATIONS_UPDATE",
        "One of the guild's integrations changed.",
        Intents.GUILD_INTEGRATIONS,
    )
    GUILD_MEMBER_ADD = ("GUILD_MEMBER_ADD", "A user joined the guild.", Intents.GUILD_MEMBERS)
    GUILD_MEMBER_REMOVE = (
        "GUILD_MEMBER_REMOVE",
        "A user left the guild, or was kicked or banned.",
        Intents.GUILD_MEMBERS,
    )
    GUILD_MEMBER_UPDATE = (
        "GUILD_MEMBER_UPDATE",
        "A member changed; for the bot itself, sent without intents too.",
        Intents.GUILD_MEMBERS,
    )
    GUILD_MEMBERS_CHUNK = (
        "GUILD_MEMBERS_CHUNK",
        "Answer to Request Guild Members, up to 1,000 members each.",
    )
    GUILD_ROLE_CREATE = ("GUILD_ROLE_CREATE", "A role was made.", Intents.GUILDS)
    GUILD_ROLE_UPDATE = ("GUILD_ROLE_UPDATE", "A role changed.", Intents.GUILDS)
    GUILD_ROLE_DELETE = ("GUILD_ROLE_DELETE", "A role was deleted.", Intents.GUILDS)
    # Guild scheduled events
    GUILD_SCHEDULED_EVENT_CREATE = (
        "GUILD_SCHEDULED_EVENT_CREATE",
        "An event was planned.",
        Intents.GUILD_SCHEDULED_EVENTS,
    )
    GUILD_SCHEDULED_EVENT_UPDATE = (
        "GUILD_SCHEDULED_EVENT_UPDATE",
        "A planned event changed, began or ended.",
        Intents.GUILD_SCHEDULED_EVENTS,
    )
    GUILD_SCHEDULED_EVENT_DELETE = (
        "GUILD_SCHEDULED_EVENT_DELETE",
        "A planned event was deleted.",
        Intents.GUILD_SCHEDULED_EVENTS,
    )
    GUILD_SCHEDULED_EVENT_USER_ADD = (
        "GUILD_SCHEDULED_EVENT_USER_ADD",
        "A user subscribed to a planned event.",
        Intents.GUILD_SCHEDULED_EVENTS,
    )
    GUILD_SCHEDULED_EVENT_USER_REMOVE = (
        "GUILD_SCHEDULED_EVENT_USER_REMOVE",
        "A user unsubscribed from a planned event.",
        Intents.GUILD_SCHEDULED_EVENTS,
    )
    # Soundboards
    GUILD_SOUNDBOARD_SOUND_CREATE = (
        "GUILD_SOUNDBOARD_SOUND_CREATE",
        "A sound was added.",
        Intents.GUILD_EXPRESSIONS,
    )
    GUILD_SOUNDBOARD_SOUND_UPDATE = (
        "GUILD_SOUNDBOARD_SOUND_UPDATE",
        "A sound changed.",
        Intents.GUILD_EXPRESSIONS,
    )
    GUILD_SOUNDBOARD_SOUND_DELETE = (
        "GUILD_SOUNDBOARD_SOUND_DELETE",
        "A sound was deleted.",
        Intents.GUILD_EXPRESSIONS,
    )
    GUILD_SOUNDBOARD_SOUNDS_UPDATE = (
        "GUILD_SOUNDBOARD_SOUNDS_UPDATE",
        "Several sounds changed.",
        Intents.GUILD_EXPRESSIONS,
    )
    SOUNDBOARD_SOUNDS = (
        "SOUNDBOARD_SOUNDS",
        "Answer to Request Soundboard Sounds, one for each guild.",
    )
    # Integrations
    INTEGRATION_CREATE = (
        "INTEGRATION_CREATE",
        "An integration was added.",
        Intents.GUILD_INTEGRATIONS,
    )
    INTEGRATION_UPDATE = (
        "INTEGRATION_UPDATE",
        "An integration changed.",
        Intents.GUILD_INTEGRATIONS,
    )
    INTEGRATION_DELETE = (
        "INTEGRATION_DELETE",
        "An integration was removed.",
        Intents.GUILD_INTEGRATIONS,
    )
    # Interactions
    INTERACTION_CREATE = (
        "INTERACTION_CREATE",
        "A user used a command, a component or a modal of the bot.",
    )
    # Invites
    INVITE_CREATE = ("INVITE_CREATE", "An invite was made.", Intents.GUILD_INVITES)
    INVITE_DELETE = ("INVITE_DELETE", "An invite was deleted.", Intents.GUILD_INVITES)
    # Messages
    MESSAGE_CREATE = (
        "MESSAGE_CREATE",
        "A message was written.",
        Intents.GUILD_MESSAGES,
        Intents.DIRECT_MESSAGES,
    )
    MESSAGE_UPDATE = (
        "MESSAGE_UPDATE",
        "A message was edited, or its embeds were filled in.",
        Intents.GUILD_MESSAGES,
        Intents.DIRECT_MESSAGES,
    )
    MESSAGE_DELETE = (
        "MESSAGE_DELETE",
        "A message was deleted.",
        Intents.GUILD_MESSAGES,
        Intents.DIRECT_MESSAGES,
    )
    MESSAGE_DELETE_BULK = (
        "MESSAGE_DELETE_BULK",
        "Several messages were deleted at once.",
        Intents.GUILD_MESSAGES,
    )
    MESSAGE_REACTION_ADD = (
        "MESSAGE_REACTION_ADD",
        "A user reacted to a message.",
        Intents.GUILD_MESSAGE_REACTIONS,
        Intents.DIRECT_MESSAGE_REACTIONS,
    )
    MESSAGE_REACTION_REMOVE = (
        "MESSAGE_REACTION_REMOVE",
        "A reaction was taken back.",
        Intents.GUILD_MESSAGE_REACTIONS,
        Intents.DIRECT_MESSAGE_REACTIONS,
    )
    MESSAGE_REACTION_REMOVE_ALL = (
        "MESSAGE_REACTION_REMOVE_ALL",
        "A message's reactions were cleared.",
        Intents.GUILD_MESSAGE_REACTIONS,
        Intents.DIRECT_MESSAGE_REACTIONS,
    )
    MESSAGE_REACTION_REMOVE_EMOJI = (
        "MESSAGE_REACTION_REMOVE_EMOJI",
        "A message's reactions of one emoji were cleared.",
        Intents.GUILD_MESSAGE_REACTIONS,
        Intents.DIRECT_MESSAGE_REACTIONS,
    )
    MESSAGE_POLL_VOTE_ADD = (
        "MESSAGE_POLL_VOTE_ADD",
        "A user voted in a poll.",
        Intents.GUILD_MESSAGE_POLLS,
        Intents.DIRECT_MESSAGE_POLLS,
    )
    MESSAGE_POLL_VOTE_REMOVE = (
        "MESSAGE_POLL_VOTE_REMOVE",
        "A vote was taken back.",
        Intents.GUILD_MESSAGE_POLLS,
        Intents.DIRECT_MESSAGE_POLLS,
    )
    # Presences
    PRESENCE_UPDATE = (
        "PRESENCE_UPDATE",
        "A member's status or activities changed.",
        Intents.GUILD_PRESENCES,
    )
    TYPING_START = (
        "TYPING_START",
        "A user began to type.",
        Intents.GUILD_MESSAGE_TYPING,
        Intents.DIRECT_MESSAGE_TYPING,
    )
    USER_UPDATE = ("USER_UPDATE", "The bot's own user changed.")
    # Stage instances
    STAGE_INSTANCE_CREATE = ("STAGE_INSTANCE_CREATE", "A stage went live.", Intents.GUILDS)
    STAGE_INSTANCE_UPDATE = ("STAGE_INSTANCE_UPDATE", "A live stage changed.", Intents.GUILDS)
    STAGE_INSTANCE_DELETE = ("STAGE_INSTANCE_DELETE", "A stage ended.", Intents.GUILDS)
    # Subscriptions
    SUBSCRIPTION_CREATE = (
        "SUBSCRIPTION_CREATE",
        "A subscription to the app was made; it may not be active yet.",
    )
    SUBSCRIPTION_UPDATE = (
        "SUBSCRIPTION_UPDATE",
        "A subscription to the app changed, or became active.",
    )
    SUBSCRIPTION_DELETE = ("SUBSCRIPTION_DELETE", "A subscription to the app was deleted.")
    # Voice
    VOICE_CHANNEL_EFFECT_SEND = (
        "VOICE_CHANNEL_EFFECT_SEND",
        "An effect was sent in the bot's voice channel.",
        Intents.GUILD_VOICE_STATES,
    )
    VOICE_STATE_UPDATE = (
        "VOICE_STATE_UPDATE",
        "Someone joined, left or changed a voice channel.",
        Intents.GUILD_VOICE_STATES,
    )
    VOICE_SERVER_UPDATE = (
        "VOICE_SERVER_UPDATE",
        "The voice server to connect to, on joining and when it changes.",
    )
    # Webhooks
    WEBHOOKS_UPDATE = (
        "WEBHOOKS_UPDATE",
        "A webhook of a channel was made, changed or deleted.",
        Intents.GUILD_WEBHOOKS,
    )


DISPATCHES: Mapping[str, EventType] = MappingProxyType({str(event): event for event in EventType})
"""Every documented dispatch by its name."""


def intents_for(names: Iterable[str]) -> Intents:
    """Give the intents with which all these events arrive, from guilds and direct messages.

    Args:
        names: names of dispatches, or `EventType` members.

    Raises:
        ValueError: a name is not documented; the message says which, and the nearest known one.
    """
    intents = _NONE
    for name in names:
        intents |= EventType(name).intents
    return intents


def dispatches_with(intents: Intents | int) -> frozenset[EventType]:
    """Give the events that a bot with these intents can receive.

    Events that need no intent are always among them.
    """
    return frozenset(event for event in EventType if not event.intents or event.intents & intents)
