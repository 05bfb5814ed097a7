import pickle

import pytest

from gateway_core.dispatches import DISPATCHES, EventType, dispatches_with, intents_for
from gateway_core.intents import Intents

# Intent -> dispatches, in the order of the documentation's list; the module keeps it the other way.
BY_INTENT = {
    "GUILDS": """GUILD_CREATE GUILD_UPDATE GUILD_DELETE GUILD_ROLE_CREATE GUILD_ROLE_UPDATE
        GUILD_ROLE_DELETE CHANNEL_CREATE CHANNEL_UPDATE CHANNEL_DELETE CHANNEL_PINS_UPDATE
        THREAD_CREATE THREAD_UPDATE THREAD_DELETE THREAD_LIST_SYNC THREAD_MEMBER_UPDATE
        THREAD_MEMBERS_UPDATE STAGE_INSTANCE_CREATE STAGE_INSTANCE_UPDATE STAGE_INSTANCE_DELETE
        VOICE_CHANNEL_STATUS_UPDATE VOICE_CHANNEL_START_TIME_UPDATE""",
    "GUILD_MEMBERS": """GUILD_MEMBER_ADD GUILD_MEMBER_UPDATE GUILD_MEMBER_REMOVE
        THREAD_MEMBERS_UPDATE""",
    "GUILD_MODERATION": "GUILD_AUDIT_LOG_ENTRY_CREATE GUILD_BAN_ADD GUILD_BAN_REMOVE",
    "GUILD_EXPRESSIONS": """GUILD_EMOJIS_UPDATE GUILD_STICKERS_UPDATE GUILD_SOUNDBOARD_SOUND_CREATE
        GUILD_SOUNDBOARD_SOUND_UPDATE GUILD_SOUNDBOARD_SOUND_DELETE
        GUILD_SOUNDBOARD_SOUNDS_UPDATE""",
    "GUILD_INTEGRATIONS": """GUILD_INTEGRATIONS_UPDATE INTEGRATION_CREATE INTEGRATION_UPDATE
        INTEGRATION_DELETE""",
    "GUILD_WEBHOOKS": "WEBHOOKS_UPDATE",
    "GUILD_INVITES": "INVITE_CREATE INVITE_DELETE",
    "GUILD_VOICE_STATES": "VOICE_CHANNEL_EFFECT_SEND VOICE_STATE_UPDATE",
    "GUILD_PRESENCES": "PRESENCE_UPDATE",
    "GUILD_MESSAGES": "MESSAGE_CREATE MESSAGE_UPDATE MESSAGE_DELETE MESSAGE_DELETE_BULK",
    "GUILD_MESSAGE_REACTIONS": """MESSAGE_REACTION_ADD MESSAGE_REACTION_REMOVE
        MESSAGE_REACTION_REMOVE_ALL MESSAGE_REACTION_REMOVE_EMOJI""",
    "GUILD_MESSAGE_TYPING": "TYPING_START",
    "DIRECT_MESSAGES": "MESSAGE_CREATE MESSAGE_UPDATE MESSAGE_DELETE CHANNEL_PINS_UPDATE",
    "DIRECT_MESSAGE_REACTIONS": """MESSAGE_REACTION_ADD MESSAGE_REACTION_REMOVE
        MESSAGE_REACTION_REMOVE_ALL MESSAGE_REACTION_REMOVE_EMOJI""",
    "DIRECT_MESSAGE_TYPING": "TYPING_START",
    "MESSAGE_CONTENT": "",
    "GUILD_SCHEDULED_EVENTS": """GUILD_SCHEDULED_EVENT_CREATE GUILD_SCHEDULED_EVENT_UPDATE
        GUILD_SCHEDULED_EVENT_DELETE GUILD_SCHEDULED_EVENT_USER_ADD
        GUILD_SCHEDULED_EVENT_USER_REMOVE""",
    "AUTO_MODERATION_CONFIGURATION": """AUTO_MODERATION_RULE_CREATE AUTO_MODERATION_RULE_UPDATE
        AUTO_MODERATION_RULE_DELETE""",
    "AUTO_MODERATION_EXECUTION": "AUTO_MODERATION_ACTION_EXECUTION",
    "GUILD_MESSAGE_POLLS": "MESSAGE_POLL_VOTE_ADD MESSAGE_POLL_VOTE_REMOVE",
    "DIRECT_MESSAGE_POLLS": "MESSAGE_POLL_VOTE_ADD MESSAGE_POLL_VOTE_REMOVE",
}
ALWAYS = {
    *("READY", "RESUMED", "RATE_LIMITED", "CHANNEL_INFO", "GUILD_MEMBERS_CHUNK"),
    *("APPLICATION_COMMAND_PERMISSIONS_UPDATE", "INTERACTION_CREATE", "USER_UPDATE"),
    *("SOUNDBOARD_SOUNDS", "VOICE_SERVER_UPDATE"),
    *("ENTITLEMENT_CREATE", "ENTITLEMENT_UPDATE", "ENTITLEMENT_DELETE"),
    *("SUBSCRIPTION_CREATE", "SUBSCRIPTION_UPDATE", "SUBSCRIPTION_DELETE"),
}


def test_the_table_for_intents_is_the_documentation() -> None:
    assert set(BY_INTENT) == set(Intents.__members__)
    for name, events in BY_INTENT.items():
        assert dispatches_with(Intents[name]) == {*ALWAYS, *events.split()}, name


def test_without_intents_only_the_unconditional_events_come() -> None:
    assert dispatches_with(0) == ALWAYS


def test_all_intents_bring_everything() -> None:
    assert dispatches_with(Intents.all()) == set(DISPATCHES)


def test_direct_and_guild_intents_are_told_apart() -> None:
    for event in EventType:
        assert all("DIRECT" in str(intent.name) for intent in event.direct_intents)
        assert all("DIRECT" not in str(intent.name) for intent in event.guild_intents)
        if event.direct_intents:
            assert event.guild_intents
    message = EventType.MESSAGE_CREATE
    assert message.guild_intents == Intents.GUILD_MESSAGES
    assert message.direct_intents == Intents.DIRECT_MESSAGES


def test_intents_for_events_bring_those_events() -> None:
    names = ["MESSAGE_CREATE", EventType.PRESENCE_UPDATE, "READY"]
    intents = intents_for(names)
    assert intents == Intents.GUILD_MESSAGES | Intents.DIRECT_MESSAGES | Intents.GUILD_PRESENCES
    assert set(names) <= dispatches_with(intents)
    assert intents_for([]) == Intents.none()


def test_unknown_names_are_refused_with_the_nearest_known() -> None:
    with pytest.raises(ValueError, match=r"'MESSAGE_CREAT' .* did you mean MESSAGE_CREATE"):
        intents_for(["READY", "MESSAGE_CREAT"])
    with pytest.raises(ValueError, match="'xyz' is not a documented event"):
        EventType("xyz")


def test_members_are_the_strings_of_the_wire() -> None:
    for name, event in DISPATCHES.items():
        assert event == name == event.name
        assert hash(event) == hash(name)
        assert f"{event}" == name
        assert type(name) is str
        assert EventType(name) is event
        assert pickle.loads(pickle.dumps(event)) is event


def test_every_event_has_a_gist_of_one_line() -> None:
    gists = [event.gist for event in EventType]
    assert all(gist.endswith(".") and "\n" not in gist for gist in gists)
    assert EventType.GUILD_BAN_ADD.section == "guild-ban-add"
