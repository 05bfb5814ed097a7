import pytest

from gateway_core.intents import Intents


def test_values_are_those_of_the_documentation() -> None:
    bits = [(member.name, int(member).bit_length() - 1) for member in Intents]
    assert bits == [
        ("GUILDS", 0),
        ("GUILD_MEMBERS", 1),
        ("GUILD_MODERATION", 2),
        ("GUILD_EXPRESSIONS", 3),
        ("GUILD_INTEGRATIONS", 4),
        ("GUILD_WEBHOOKS", 5),
        ("GUILD_INVITES", 6),
        ("GUILD_VOICE_STATES", 7),
        ("GUILD_PRESENCES", 8),
        ("GUILD_MESSAGES", 9),
        ("GUILD_MESSAGE_REACTIONS", 10),
        ("GUILD_MESSAGE_TYPING", 11),
        ("DIRECT_MESSAGES", 12),
        ("DIRECT_MESSAGE_REACTIONS", 13),
        ("DIRECT_MESSAGE_TYPING", 14),
        ("MESSAGE_CONTENT", 15),
        ("GUILD_SCHEDULED_EVENTS", 16),
        ("AUTO_MODERATION_CONFIGURATION", 20),
        ("AUTO_MODERATION_EXECUTION", 21),
        ("GUILD_MESSAGE_POLLS", 24),
        ("DIRECT_MESSAGE_POLLS", 25),
    ]


def test_sets() -> None:
    assert Intents.none() == 0
    assert Intents.all() == 0x331FFFF == 53608447
    assert Intents.privileged() == 2 + 256 + 32768
    assert Intents.default() | Intents.privileged() == Intents.all()
    assert Intents.default() & Intents.privileged() == 0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("GUILDS", 1),
        ("GUILDS,GUILD_MESSAGES", 513),
        ("guilds | guild_messages", 513),
        (" GUILDS  GUILD_MESSAGES, ", 513),
        ("33281", 33281),
        ("0x8201", 33281),
        ("none", 0),
        ("0", 0),
        ("all", 53608447),
        ("Default,MESSAGE_CONTENT", int(Intents.default() | Intents.MESSAGE_CONTENT)),
        ("privileged", 33026),
        ("67108864", 1 << 26),
    ],
)
def test_parse(text: str, expected: int) -> None:
    parsed = Intents.parse(text)
    assert isinstance(parsed, Intents)
    assert parsed == expected


@pytest.mark.parametrize("text", ["GUILDS,GUILD_MESAGES", "-1", "1.5", "0xZZ", "GUILDS;x"])
def test_parse_names_the_unknown_one_and_the_known(text: str) -> None:
    with pytest.raises(ValueError, match="unknown intent") as caught:
        Intents.parse(text)
    message = str(caught.value)
    assert repr(text.split(",")[-1]) in message
    assert "DIRECT_MESSAGE_POLLS" in message
    assert "default" in message


def test_parse_suggests_the_nearest_name() -> None:
    with pytest.raises(ValueError, match="did you mean GUILD_MESSAGES"):
        Intents.parse("GUILD_MESAGES")


@pytest.mark.parametrize("text", ["", "  ", ",", "|"])
def test_parse_refuses_nothing(text: str) -> None:
    with pytest.raises(ValueError, match="no intents given"):
        Intents.parse(text)
