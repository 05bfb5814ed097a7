"""The command line: what is understood, and one line for what is not."""

from __future__ import annotations

import pytest

from gateway_core import __version__
from gateway_core.cli.arguments import ListenOptions, parse
from gateway_core.intents import Intents


def test_nothing_is_asked_for() -> None:
    assert parse(["listen"]) == ListenOptions(
        intents=None,
        only=None,
        count=None,
        duration=None,
        url=None,
        format=None,
        shards=None,
    )


def test_everything_is_asked_for() -> None:
    only = ["--only", "message_create, TYPING_START"]
    limits = ["--count", "7", "--duration", "1.5"]
    rest = ["--url", "ws://localhost:1/", "--format", "raw", "--shards", "4"]
    options = parse(["listen", "--intents", "guilds,guild_messages", *only, *limits, *rest])
    assert options == ListenOptions(
        intents=Intents.GUILDS | Intents.GUILD_MESSAGES,
        only=frozenset({"MESSAGE_CREATE", "TYPING_START"}),
        count=7,
        duration=1.5,
        url="ws://localhost:1/",
        format="raw",
        shards=4,
    )


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([], "COMMAND"),
        (["lisen"], "lisen"),
        (["listen", "--bogus"], "--bogus"),
        (["listen", "--intents", "GUILDZ"], "did you mean GUILDS?"),
        (["listen", "--intents", ""], "no intents given"),
        (["listen", "--only", "MESSAGE_CREAT"], "did you mean MESSAGE_CREATE"),
        (["listen", "--only", "qqqqqqq"], "unknown event 'QQQQQQQ'"),
        (["listen", "--only", ","], "no events given"),
        (["listen", "--count", "0"], "at least 1"),
        (["listen", "--count", "many"], "at least 1"),
        (["listen", "--duration", "0"], "positive number of seconds"),
        (["listen", "--duration", "nan"], "positive number of seconds"),
        (["listen", "--duration", "inf"], "positive number of seconds"),
        (["listen", "--url", "https://discord.com"], "begins with wss:// or ws://"),
        (["listen", "--url", "ws://"], "needs a host"),
        (["listen", "--format", "xml"], "xml"),
        (["listen", "--shards", "0"], "neither auto nor a number of shards"),
        (["listen", "--shards", "all"], "neither auto nor a number of shards"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_one_line_says_what_is_wrong(
    arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        parse(arguments)
    assert caught.value.code == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    (line,) = captured.err.splitlines()
    assert line.startswith("gateway-core: error: ")
    assert complaint in line


@pytest.mark.parametrize(
    ("arguments", "says"),
    [(["--version"], __version__), (["--help"], "listen"), (["listen", "--help"], "--intents")],
)
def test_help_and_version(
    arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        parse(arguments)
    assert caught.value.code == 0
    assert says in capsys.readouterr().out
