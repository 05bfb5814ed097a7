"""Each documented dispatch as a type of its own.

Made by tools/generate_typed.py from `gateway_core.dispatches` and `gateway_core.typed.data`: do not
edit. These classes are for type checkers; when a program runs, each is `Payload`.
"""

# pyright: reportIncompatibleVariableOverride=false

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from ..decoding import Payload

__all__ = [
    "ApplicationCommandPermissionsUpdate",
    "AutoModerationActionExecution",
    "AutoModerationRuleCreate",
    "AutoModerationRuleDelete",
    "AutoModerationRuleUpdate",
    "ChannelCreate",
    "ChannelDelete",
    "ChannelInfo",
    "ChannelPinsUpdate",
    "ChannelUpdate",
    "Dispatch",
    "DispatchName",
    "EntitlementCreate",
    "EntitlementDelete",
    "EntitlementUpdate",
    "GuildAuditLogEntryCreate",
    "GuildBanAdd",
    "GuildBanRemove",
    "GuildCreate",
    "GuildDelete",
    "GuildEmojisUpdate",
    "GuildIntegrationsUpdate",
    "GuildMemberAdd",
    "GuildMemberRemove",
    "GuildMemberUpdate",
    "GuildMembersChunk",
    "GuildRoleCreate",
    "GuildRoleDelete",
    "GuildRoleUpdate",
    "GuildScheduledEventCreate",
    "GuildScheduledEventDelete",
    "GuildScheduledEventUpdate",
    "GuildScheduledEventUserAdd",
    "GuildScheduledEventUserRemove",
    "GuildSoundboardSoundCreate",
    "GuildSoundboardSoundDelete",
    "GuildSoundboardSoundUpdate",
    "GuildSoundboardSoundsUpdate",
    "GuildStickersUpdate",
    "GuildUpdate",
    "IntegrationCreate",
    "IntegrationDelete",
    "IntegrationUpdate",
    "InteractionCreate",
    "InviteCreate",
    "InviteDelete",
    "MessageCreate",
    "MessageDelete",
    "MessageDeleteBulk",
    "MessagePollVoteAdd",
    "MessagePollVoteRemove",
    "MessageReactionAdd",
    "MessageReactionRemove",
    "MessageReactionRemoveAll",
    "MessageReactionRemoveEmoji",
    "MessageUpdate",
    "PresenceUpdate",
    "RateLimited",
    "Ready",
    "Resumed",
    "SoundboardSounds",
    "StageInstanceCreate",
    "StageInstanceDelete",
    "StageInstanceUpdate",
    "SubscriptionCreate",
    "SubscriptionDelete",
    "SubscriptionUpdate",
    "ThreadCreate",
    "ThreadDelete",
    "ThreadListSync",
    "ThreadMemberUpdate",
    "ThreadMembersUpdate",
    "ThreadUpdate",
    "TypingStart",
    "UserUpdate",
    "VoiceChannelEffectSend",
    "VoiceChannelStartTimeUpdate",
    "VoiceChannelStatusUpdate",
    "VoiceServerUpdate",
    "VoiceStateUpdate",
    "WebhooksUpdate",
]

DispatchName: TypeAlias = Literal[
    "READY",
    "RESUMED",
    "RATE_LIMITED",
    "APPLICATION_COMMAND_PERMISSIONS_UPDATE",
    "AUTO_MODERATION_RULE_CREATE",
    "AUTO_MODERATION_RULE_UPDATE",
    "AUTO_MODERATION_RULE_DELETE",
    "AUTO_MODERATION_ACTION_EXECUTION",
    "CHANNEL_CREATE",
    "CHANNEL_UPDATE",
    "CHANNEL_DELETE",
    "CHANNEL_INFO",
    "CHANNEL_PINS_UPDATE",
    "VOICE_CHANNEL_STATUS_UPDATE",
    "VOICE_CHANNEL_START_TIME_UPDATE",
    "THREAD_CREATE",
    "THREAD_UPDATE",
    "THREAD_DELETE",
    "THREAD_LIST_SYNC",
    "THREAD_MEMBER_UPDATE",
    "THREAD_MEMBERS_UPDATE",
    "ENTITLEMENT_CREATE",
    "ENTITLEMENT_UPDATE",
    "ENTITLEMENT_DELETE",
    "GUILD_CREATE",
    "GUILD_UPDATE",
    "GUILD_DELETE",
    "GUILD_AUDIT_LOG_ENTRY_CREATE",
    "GUILD_BAN_ADD",
    "GUILD_BAN_REMOVE",
    "GUILD_EMOJIS_UPDATE",
    "GUILD_STICKERS_UPDATE",
    "GUILD_INTEGRATIONS_UPDATE",
    "GUILD_MEMBER_ADD",
    "GUILD_MEMBER_REMOVE",
    "GUILD_MEMBER_UPDATE",
    "GUILD_MEMBERS_CHUNK",
    "GUILD_ROLE_CREATE",
    "GUILD_ROLE_UPDATE",
    "GUILD_ROLE_DELETE",
    "GUILD_SCHEDULED_EVENT_CREATE",
    "GUILD_SCHEDULED_EVENT_UPDATE",
    "GUILD_SCHEDULED_EVENT_DELETE",
    "GUILD_SCHEDULED_EVENT_USER_ADD",
    "GUILD_SCHEDULED_EVENT_USER_REMOVE",
    "GUILD_SOUNDBOARD_SOUND_CREATE",
    "GUILD_SOUNDBOARD_SOUND_UPDATE",
    "GUILD_SOUNDBOARD_SOUND_DELETE",
    "GUILD_SOUNDBOARD_SOUNDS_UPDATE",
    "SOUNDBOARD_SOUNDS",
    "INTEGRATION_CREATE",
    "INTEGRATION_UPDATE",
    "INTEGRATION_DELETE",
    "INTERACTION_CREATE",
    "INVITE_CREATE",
    "INVITE_DELETE",
    "MESSAGE_CREATE",
    "MESSAGE_UPDATE",
    "MESSAGE_DELETE",
    "MESSAGE_DELETE_BULK",
    "MESSAGE_REACTION_ADD",
    "MESSAGE_REACTION_REMOVE",
    "MESSAGE_REACTION_REMOVE_ALL",
    "MESSAGE_REACTION_REMOVE_EMOJI",
    "MESSAGE_POLL_VOTE_ADD",
    "MESSAGE_POLL_VOTE_REMOVE",
    "PRESENCE_UPDATE",
    "TYPING_START",
    "USER_UPDATE",
    "STAGE_INSTANCE_CREATE",
    "STAGE_INSTANCE_UPDATE",
    "STAGE_INSTANCE_DELETE",
    "SUBSCRIPTION_CREATE",
    "SUBSCRIPTION_UPDATE",
    "SUBSCRIPTION_DELETE",
    "VOICE_CHANNEL_EFFECT_SEND",
    "VOICE_STATE_UPDATE",
    "VOICE_SERVER_UPDATE",
    "WEBHOOKS_UPDATE",
]
"""The name of any documented dispatch."""

if TYPE_CHECKING:
    from .app_data import (
        CommandPermissionsData,
        EntitlementData,
        InteractionData,
        RateLimitedData,
        ReadyData,
        SubscriptionData,
    )
    from .channel_data import (
        ChannelInfoData,
        ChannelPinsData,
        InviteCreateData,
        InviteDeleteData,
        MessageData,
        MessageDeleteBulkData,
        MessageDeleteData,
        PollVoteData,
        ReactionAddData,
        ReactionRemoveAllData,
        ReactionRemoveData,
        ReactionRemoveEmojiData,
        ThreadCreateData,
        ThreadDeleteData,
        ThreadListData,
        ThreadMemberData,
        ThreadMembersData,
        VoiceChannelStartTimeData,
        VoiceChannelStatusData,
        WebhooksData,
    )
    from .guild_data import (
        AuditLogEntryData,
        AutoModerationActionData,
        GuildCreateData,
        GuildEmojisData,
        GuildIdData,
        GuildRoleData,
        GuildStickersData,
        GuildUserData,
        IntegrationData,
        IntegrationDeleteData,
        MemberAddData,
        MembersChunkData,
        MemberUpdateData,
        RoleDeleteData,
        ScheduledEventUserData,
        SoundDeleteData,
        SoundsData,
    )
    from .guilds import (
        AutoModerationRule,
        Guild,
        ScheduledEvent,
        SoundboardSound,
        StageInstance,
        UnavailableGuild,
    )
    from .messages import Channel
    from .user_data import PresenceData, TypingData, VoiceEffectData, VoiceServerData
    from .users import User, VoiceState

    class _Dispatch(Payload):
        s: int

    class Ready(_Dispatch):
        """The session has begun: the bot's user, its guilds, how to resume."""

        t: Literal["READY"]

        @property
        def d(self) -> ReadyData: ...  # noqa: D102

    class Resumed(_Dispatch):
        """All that was missed has been replayed."""

        t: Literal["RESUMED"]

        @property
        def d(self) -> object: ...  # noqa: D102

    class RateLimited(_Dispatch):
        """A command was refused because its opcode has a rate limit of its own."""

        t: Literal["RATE_LIMITED"]

        @property
        def d(self) -> RateLimitedData: ...  # noqa: D102

    class ApplicationCommandPermissionsUpdate(_Dispatch):
        """The permissions of an application command changed."""

        t: Literal["APPLICATION_COMMAND_PERMISSIONS_UPDATE"]

        @property
        def d(self) -> CommandPermissionsData: ...  # noqa: D102

    class AutoModerationRuleCreate(_Dispatch):
        """A rule was made."""

        t: Literal["AUTO_MODERATION_RULE_CREATE"]

        @property
        def d(self) -> AutoModerationRule: ...  # noqa: D102

    class AutoModerationRuleUpdate(_Dispatch):
        """A rule changed."""

        t: Literal["AUTO_MODERATION_RULE_UPDATE"]

        @property
        def d(self) -> AutoModerationRule: ...  # noqa: D102

    class AutoModerationRuleDelete(_Dispatch):
        """A rule was deleted."""

        t: Literal["AUTO_MODERATION_RULE_DELETE"]

        @property
        def d(self) -> AutoModerationRule: ...  # noqa: D102

    class AutoModerationActionExecution(_Dispatch):
        """A rule was triggered and acted."""

        t: Literal["AUTO_MODERATION_ACTION_EXECUTION"]

        @property
        def d(self) -> AutoModerationActionData: ...  # noqa: D102

    class ChannelCreate(_Dispatch):
        """A channel was made."""

        t: Literal["CHANNEL_CREATE"]

        @property
        def d(self) -> Channel: ...  # noqa: D102

    class ChannelUpdate(_Dispatch):
        """A channel changed."""

        t: Literal["CHANNEL_UPDATE"]

        @property
        def d(self) -> Channel: ...  # noqa: D102

    class ChannelDelete(_Dispatch):
        """A channel was deleted."""

        t: Literal["CHANNEL_DELETE"]

        @property
        def d(self) -> Channel: ...  # noqa: D102

    class ChannelInfo(_Dispatch):
        """Answer to Request Channel Info: statuses and start times of voice channels."""

        t: Literal["CHANNEL_INFO"]

        @property
        def d(self) -> ChannelInfoData: ...  # noqa: D102

    class ChannelPinsUpdate(_Dispatch):
        """A message was pinned or unpinned."""

        t: Literal["CHANNEL_PINS_UPDATE"]

        @property
        def d(self) -> ChannelPinsData: ...  # noqa: D102

    class VoiceChannelStatusUpdate(_Dispatch):
        """The status text of a voice channel changed."""

        t: Literal["VOICE_CHANNEL_STATUS_UPDATE"]

        @property
        def d(self) -> VoiceChannelStatusData: ...  # noqa: D102

    class VoiceChannelStartTimeUpdate(_Dispatch):
        """A voice channel's session began or ended."""

        t: Literal["VOICE_CHANNEL_START_TIME_UPDATE"]

        @property
        def d(self) -> VoiceChannelStartTimeData: ...  # noqa: D102

    class ThreadCreate(_Dispatch):
        """A thread was made, or the bot was added to a private one."""

        t: Literal["THREAD_CREATE"]

        @property
        def d(self) -> ThreadCreateData: ...  # noqa: D102

    class ThreadUpdate(_Dispatch):
        """A thread changed."""

        t: Literal["THREAD_UPDATE"]

        @property
        def d(self) -> Channel: ...  # noqa: D102

    class ThreadDelete(_Dispatch):
        """A thread was deleted."""

        t: Literal["THREAD_DELETE"]

        @property
        def d(self) -> ThreadDeleteData: ...  # noqa: D102

    class ThreadListSync(_Dispatch):
        """The bot gained access to a channel: its active threads."""

        t: Literal["THREAD_LIST_SYNC"]

        @property
        def d(self) -> ThreadListData: ...  # noqa: D102

    class ThreadMemberUpdate(_Dispatch):
        """The bot's own membership in a thread changed."""

        t: Literal["THREAD_MEMBER_UPDATE"]

        @property
        def d(self) -> ThreadMemberData: ...  # noqa: D102

    class ThreadMembersUpdate(_Dispatch):
        """Members joined or left a thread."""

        t: Literal["THREAD_MEMBERS_UPDATE"]

        @property
        def d(self) -> ThreadMembersData: ...  # noqa: D102

    class EntitlementCreate(_Dispatch):
        """An entitlement was granted."""

        t: Literal["ENTITLEMENT_CREATE"]

        @property
        def d(self) -> EntitlementData: ...  # noqa: D102

    class EntitlementUpdate(_Dispatch):
        """An entitlement changed or was renewed."""

        t: Literal["ENTITLEMENT_UPDATE"]

        @property
        def d(self) -> EntitlementData: ...  # noqa: D102

    class EntitlementDelete(_Dispatch):
        """An entitlement was taken back."""

        t: Literal["ENTITLEMENT_DELETE"]

        @property
        def d(self) -> EntitlementData: ...  # noqa: D102

    class GuildCreate(_Dispatch):
        """A guild became available, or the bot joined it: its whole state."""

        t: Literal["GUILD_CREATE"]

        @property
        def d(self) -> GuildCreateData: ...  # noqa: D102

    class GuildUpdate(_Dispatch):
        """A guild's settings changed."""

        t: Literal["GUILD_UPDATE"]

        @property
        def d(self) -> Guild: ...  # noqa: D102

    class GuildDelete(_Dispatch):
        """A guild became unavailable, or the bot left it."""

        t: Literal["GUILD_DELETE"]

        @property
        def d(self) -> UnavailableGuild: ...  # noqa: D102

    class GuildAuditLogEntryCreate(_Dispatch):
        """The audit log has a new entry."""

        t: Literal["GUILD_AUDIT_LOG_ENTRY_CREATE"]

        @property
        def d(self) -> AuditLogEntryData: ...  # noqa: D102

    class GuildBanAdd(_Dispatch):
        """A user was banned."""

        t: Literal["GUILD_BAN_ADD"]

        @property
        def d(self) -> GuildUserData: ...  # noqa: D102

    class GuildBanRemove(_Dispatch):
        """A user was unbanned."""

        t: Literal["GUILD_BAN_REMOVE"]

        @property
        def d(self) -> GuildUserData: ...  # noqa: D102

    class GuildEmojisUpdate(_Dispatch):
        """The guild's emojis changed."""

        t: Literal["GUILD_EMOJIS_UPDATE"]

        @property
        def d(self) -> GuildEmojisData: ...  # noqa: D102

    class GuildStickersUpdate(_Dispatch):
        """The guild's stickers changed."""

        t: Literal["GUILD_STICKERS_UPDATE"]

        @property
        def d(self) -> GuildStickersData: ...  # noqa: D102

    class GuildIntegrationsUpdate(_Dispatch):
        """One of the guild's integrations changed."""

        t: Literal["GUILD_INTEGRATIONS_UPDATE"]

        @property
        def d(self) -> GuildIdData: ...  # noqa: D102

    class GuildMemberAdd(_Dispatch):
        """A user joined the guild."""

        t: Literal["GUILD_MEMBER_ADD"]

        @property
        def d(self) -> MemberAddData: ...  # noqa: D102

    class GuildMemberRemove(_Dispatch):
        """A user left the guild, or was kicked or banned."""

        t: Literal["GUILD_MEMBER_REMOVE"]

        @property
        def d(self) -> GuildUserData: ...  # noqa: D102

    class GuildMemberUpdate(_Dispatch):
        """A member changed; for the bot itself, sent without intents too."""

        t: Literal["GUILD_MEMBER_UPDATE"]

        @property
        def d(self) -> MemberUpdateData: ...  # noqa: D102

    class GuildMembersChunk(_Dispatch):
        """Answer to Request Guild Members, up to 1,000 members each."""

        t: Literal["GUILD_MEMBERS_CHUNK"]

        @property
        def d(self) -> MembersChunkData: ...  # noqa: D102

    class GuildRoleCreate(_Dispatch):
        """A role was made."""

        t: Literal["GUILD_ROLE_CREATE"]

        @property
        def d(self) -> GuildRoleData: ...  # noqa: D102

    class GuildRoleUpdate(_Dispatch):
        """A role changed."""

        t: Literal["GUILD_ROLE_UPDATE"]

        @property
        def d(self) -> GuildRoleData: ...  # noqa: D102

    class GuildRoleDelete(_Dispatch):
        """A role was deleted."""

        t: Literal["GUILD_ROLE_DELETE"]

        @property
        def d(self) -> RoleDeleteData: ...  # noqa: D102

    class GuildScheduledEventCreate(_Dispatch):
        """An event was planned."""

        t: Literal["GUILD_SCHEDULED_EVENT_CREATE"]

        @property
        def d(self) -> ScheduledEvent: ...  # noqa: D102

    class GuildScheduledEventUpdate(_Dispatch):
        """A planned event changed, began or ended."""

        t: Literal["GUILD_SCHEDULED_EVENT_UPDATE"]

        @property
        def d(self) -> ScheduledEvent: ...  # noqa: D102

    class GuildScheduledEventDelete(_Dispatch):
        """A planned event was deleted."""

        t: Literal["GUILD_SCHEDULED_EVENT_DELETE"]

        @property
        def d(self) -> ScheduledEvent: ...  # noqa: D102

    class GuildScheduledEventUserAdd(_Dispatch):
        """A user subscribed to a planned event."""

        t: Literal["GUILD_SCHEDULED_EVENT_USER_ADD"]

        @property
        def d(self) -> ScheduledEventUserData: ...  # noqa: D102

    class GuildScheduledEventUserRemove(_Dispatch):
        """A user unsubscribed from a planned event."""

        t: Literal["GUILD_SCHEDULED_EVENT_USER_REMOVE"]

        @property
        def d(self) -> ScheduledEventUserData: ...  # noqa: D102

    class GuildSoundboardSoundCreate(_Dispatch):
        """A sound was added."""

        t: Literal["GUILD_SOUNDBOARD_SOUND_CREATE"]

        @property
        def d(self) -> SoundboardSound: ...  # noqa: D102

    class GuildSoundboardSoundUpdate(_Dispatch):
        """A sound changed."""

        t: Literal["GUILD_SOUNDBOARD_SOUND_UPDATE"]

        @property
        def d(self) -> SoundboardSound: ...  # noqa: D102

    class GuildSoundboardSoundDelete(_Dispatch):
        """A sound was deleted."""

        t: Literal["GUILD_SOUNDBOARD_SOUND_DELETE"]

        @property
        def d(self) -> SoundDeleteData: ...  # noqa: D102

    class GuildSoundboardSoundsUpdate(_Dispatch):
        """Several sounds changed."""

        t: Literal["GUILD_SOUNDBOARD_SOUNDS_UPDATE"]

        @property
        def d(self) -> SoundsData: ...  # noqa: D102

    class SoundboardSounds(_Dispatch):
        """Answer to Request Soundboard Sounds, one for each guild."""

        t: Literal["SOUNDBOARD_SOUNDS"]

        @property
        def d(self) -> SoundsData: ...  # noqa: D102

    class IntegrationCreate(_Dispatch):
        """An integration was added."""

        t: Literal["INTEGRATION_CREATE"]

        @property
        def d(self) -> IntegrationData: ...  # noqa: D102

    class IntegrationUpdate(_Dispatch):
        """An integration changed."""

        t: Literal["INTEGRATION_UPDATE"]

        @property
        def d(self) -> IntegrationData: ...  # noqa: D102

    class IntegrationDelete(_Dispatch):
        """An integration was removed."""

        t: Literal["INTEGRATION_DELETE"]

        @property
        def d(self) -> IntegrationDeleteData: ...  # noqa: D102

    class InteractionCreate(_Dispatch):
        """A user used a command, a component or a modal of the bot."""

        t: Literal["INTERACTION_CREATE"]

        @property
        def d(self) -> InteractionData: ...  # noqa: D102

    class InviteCreate(_Dispatch):
        """An invite was made."""

        t: Literal["INVITE_CREATE"]

        @property
        def d(self) -> InviteCreateData: ...  # noqa: D102

    class InviteDelete(_Dispatch):
        """An invite was deleted."""

        t: Literal["INVITE_DELETE"]

        @property
        def d(self) -> InviteDeleteData: ...  # noqa: D102

    class MessageCreate(_Dispatch):
        """A message was written."""

        t: Literal["MESSAGE_CREATE"]

        @property
        def d(self) -> MessageData: ...  # noqa: D102

    class MessageUpdate(_Dispatch):
        """A message was edited, or its embeds were filled in."""

        t: Literal["MESSAGE_UPDATE"]

        @property
        def d(self) -> MessageData: ...  # noqa: D102

    class MessageDelete(_Dispatch):
        """A message was deleted."""

        t: Literal["MESSAGE_DELETE"]

        @property
        def d(self) -> MessageDeleteData: ...  # noqa: D102

    class MessageDeleteBulk(_Dispatch):
        """Several messages were deleted at once."""

        t: Literal["MESSAGE_DELETE_BULK"]

        @property
        def d(self) -> MessageDeleteBulkData: ...  # noqa: D102

    class MessageReactionAdd(_Dispatch):
        """A user reacted to a message."""

        t: Literal["MESSAGE_REACTION_ADD"]

        @property
        def d(self) -> ReactionAddData: ...  # noqa: D102

    class MessageReactionRemove(_Dispatch):
        """A reaction was taken back."""

        t: Literal["MESSAGE_REACTION_REMOVE"]

        @property
        def d(self) -> ReactionRemoveData: ...  # noqa: D102

    class MessageReactionRemoveAll(_Dispatch):
        """A message's reactions were cleared."""

        t: Literal["MESSAGE_REACTION_REMOVE_ALL"]

        @property
        def d(self) -> ReactionRemoveAllData: ...  # noqa: D102

    class MessageReactionRemoveEmoji(_Dispatch):
        """A message's reactions of one emoji were cleared."""

        t: Literal["MESSAGE_REACTION_REMOVE_EMOJI"]

        @property
        def d(self) -> ReactionRemoveEmojiData: ...  # noqa: D102

    class MessagePollVoteAdd(_Dispatch):
        """A user voted in a poll."""

        t: Literal["MESSAGE_POLL_VOTE_ADD"]

        @property
        def d(self) -> PollVoteData: ...  # noqa: D102

    class MessagePollVoteRemove(_Dispatch):
        """A vote was taken back."""

        t: Literal["MESSAGE_POLL_VOTE_REMOVE"]

        @property
        def d(self) -> PollVoteData: ...  # noqa: D102

    class PresenceUpdate(_Dispatch):
        """A member's status or activities changed."""

        t: Literal["PRESENCE_UPDATE"]

        @property
        def d(self) -> PresenceData: ...  # noqa: D102

    class TypingStart(_Dispatch):
        """A user began to type."""

        t: Literal["TYPING_START"]

        @property
        def d(self) -> TypingData: ...  # noqa: D102

    class UserUpdate(_Dispatch):
        """The bot's own user changed."""

        t: Literal["USER_UPDATE"]

        @property
        def d(self) -> User: ...  # noqa: D102

    class StageInstanceCreate(_Dispatch):
        """A stage went live."""

        t: Literal["STAGE_INSTANCE_CREATE"]

        @property
        def d(self) -> StageInstance: ...  # noqa: D102

    class StageInstanceUpdate(_Dispatch):
        """A live stage changed."""

        t: Literal["STAGE_INSTANCE_UPDATE"]

        @property
        def d(self) -> StageInstance: ...  # noqa: D102

    class StageInstanceDelete(_Dispatch):
        """A stage ended."""

        t: Literal["STAGE_INSTANCE_DELETE"]

        @property
        def d(self) -> StageInstance: ...  # noqa: D102

    class SubscriptionCreate(_Dispatch):
        """A subscription to the app was made; it may not be active yet."""

        t: Literal["SUBSCRIPTION_CREATE"]

        @property
        def d(self) -> SubscriptionData: ...  # noqa: D102

    class SubscriptionUpdate(_Dispatch):
        """A subscription to the app changed, or became active."""

        t: Literal["SUBSCRIPTION_UPDATE"]

        @property
        def d(self) -> SubscriptionData: ...  # noqa: D102

    class SubscriptionDelete(_Dispatch):
        """A subscription to the app was deleted."""

        t: Literal["SUBSCRIPTION_DELETE"]

        @property
        def d(self) -> SubscriptionData: ...  # noqa: D102

    class VoiceChannelEffectSend(_Dispatch):
        """An effect was sent in the bot's voice channel."""

        t: Literal["VOICE_CHANNEL_EFFECT_SEND"]

        @property
        def d(self) -> VoiceEffectData: ...  # noqa: D102

    class VoiceStateUpdate(_Dispatch):
        """Someone joined, left or changed a voice channel."""

        t: Literal["VOICE_STATE_UPDATE"]

        @property
        def d(self) -> VoiceState: ...  # noqa: D102

    class VoiceServerUpdate(_Dispatch):
        """The voice server to connect to, on joining and when it changes."""

        t: Literal["VOICE_SERVER_UPDATE"]

        @property
        def d(self) -> VoiceServerData: ...  # noqa: D102

    class WebhooksUpdate(_Dispatch):
        """A webhook of a channel was made, changed or deleted."""

        t: Literal["WEBHOOKS_UPDATE"]

        @property
        def d(self) -> WebhooksData: ...  # noqa: D102

    Dispatch: TypeAlias = (
        Ready
        | Resumed
        | RateLimited
        | ApplicationCommandPermissionsUpdate
        | AutoModerationRuleCreate
        | AutoModerationRuleUpdate
        | AutoModerationRuleDelete
        | AutoModerationActionExecution
        | ChannelCreate
        | ChannelUpdate
        | ChannelDelete
        | ChannelInfo
        | ChannelPinsUpdate
        | VoiceChannelStatusUpdate
        | VoiceChannelStartTimeUpdate
        | ThreadCreate
        | ThreadUpdate
        | ThreadDelete
        | ThreadListSync
        | ThreadMemberUpdate
        | ThreadMembersUpdate
        | EntitlementCreate
        | EntitlementUpdate
        | EntitlementDelete
        | GuildCreate
        | GuildUpdate
        | GuildDelete
        | GuildAuditLogEntryCreate
        | GuildBanAdd
        | GuildBanRemove
        | GuildEmojisUpdate
        | GuildStickersUpdate
        | GuildIntegrationsUpdate
        | GuildMemberAdd
        | GuildMemberRemove
        | GuildMemberUpdate
        | GuildMembersChunk
        | GuildRoleCreate
        | GuildRoleUpdate
        | GuildRoleDelete
        | GuildScheduledEventCreate
        | GuildScheduledEventUpdate
        | GuildScheduledEventDelete
        | GuildScheduledEventUserAdd
        | GuildScheduledEventUserRemove
        | GuildSoundboardSoundCreate
        | GuildSoundboardSoundUpdate
        | GuildSoundboardSoundDelete
        | GuildSoundboardSoundsUpdate
        | SoundboardSounds
        | IntegrationCreate
        | IntegrationUpdate
        | IntegrationDelete
        | InteractionCreate
        | InviteCreate
        | InviteDelete
        | MessageCreate
        | MessageUpdate
        | MessageDelete
        | MessageDeleteBulk
        | MessageReactionAdd
        | MessageReactionRemove
        | MessageReactionRemoveAll
        | MessageReactionRemoveEmoji
        | MessagePollVoteAdd
        | MessagePollVoteRemove
        | PresenceUpdate
        | TypingStart
        | UserUpdate
        | StageInstanceCreate
        | StageInstanceUpdate
        | StageInstanceDelete
        | SubscriptionCreate
        | SubscriptionUpdate
        | SubscriptionDelete
        | VoiceChannelEffectSend
        | VoiceStateUpdate
        | VoiceServerUpdate
        | WebhooksUpdate
    )
    """Any documented dispatch; comparing `t` with a name tells which."""

else:
    globals().update(dict.fromkeys(__all__, Payload), DispatchName=DispatchName)
