"""The line for people, from data that may be anything."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gateway_core.cli.gist import gist, printable

SAMPLES = sorted((Path(__file__).parents[1] / "data" / "dispatches").glob("*.json"))


@pytest.mark.parametrize(
    ("t", "d", "line"),
    [
        (
            "MESSAGE_CREATE",
            {"author": {"username": "ada", "id": "1"}, "content": "two\nlines \x1b[31m"},
            "ada: two\\nlines \\x1b[31m",
        ),
        (
            "MESSAGE_CREATE",
            {"author": {"username": "ada"}, "content": "", "embeds": [{}], "attachments": [{}, {}]},
            "ada: [2 attachments, 1 embed]",
        ),
        ("MESSAGE_CREATE", {"author": {"username": "ada"}, "content": ""}, "ada: (no content)"),
        (
            "PRESENCE_UPDATE",
            {"user": {"id": "7"}, "status": "idle", "activities": [{"name": "Chess"}]},
            "7 is idle: Chess",
        ),
        ("PRESENCE_UPDATE", {"user": {"id": "7"}, "status": "dnd", "activities": []}, "7 is dnd"),
        (
            "READY",
            {"user": {"username": "bot"}, "guilds": [{}, {}], "session_id": "s"},
            "bot, 2 guilds, session s",
        ),
        (
            "GUILD_CREATE",
            {"name": "Home", "member_count": 1234, "channels": [{}]},
            "Home, 1,234 members, 1 channel",
        ),
        ("GUILD_DELETE", {"id": "5", "unavailable": True}, "5 is unavailable"),
        ("TYPING_START", {"user_id": "9", "channel_id": "8"}, "9 types in 8"),
        (
            "TYPING_START",
            {"member": {"user": {"username": "ada"}}, "user_id": "9", "channel_id": "8"},
            "ada types in 8",
        ),
        (
            "MESSAGE_REACTION_ADD",
            {"member": {"user": {"username": "ada"}}, "emoji": {"name": "🔥"}, "message_id": "3"},
            "ada 🔥 on 3",
        ),
        ("VOICE_STATE_UPDATE", {"user_id": "9", "channel_id": None}, "9 left"),
        ("VOICE_STATE_UPDATE", {"user_id": "9", "channel_id": "8"}, "9 is in 8"),
        ("INTERACTION_CREATE", {"user": {"username": "ada"}, "data": {"name": "go"}}, "ada: /go"),
        ("CHANNEL_CREATE", {"name": "x", "id": "4", "guild_id": "5"}, "x  id 4  guild_id 5"),
        ("NOT_DOCUMENTED", {}, ""),
        ("RESUMED", [], ""),
        (None, None, ""),
    ],
)  # fmt: skip
def test_says_what_matters(t: str | None, d: object, line: str) -> None:
    assert gist(t, d) == line


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_every_documented_event_has_one_printable_line(path: Path) -> None:
    payloads = json.loads(path.read_text(encoding="utf-8"))
    for payload in payloads if isinstance(payloads, list) else [payloads]:
        line = gist(payload["t"], payload["d"])
        assert line.isprintable()
        assert line or payload["t"] in ("RESUMED", "RATE_LIMITED"), payload


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_fields_of_the_wrong_type_do_no_harm(path: Path) -> None:
    def spoil(value: Any, wrong: object) -> Any:
        if isinstance(value, dict):
            return {key: spoil(item, wrong) for key, item in value.items()}
        return wrong

    payloads = json.loads(path.read_text(encoding="utf-8"))
    for payload in payloads if isinstance(payloads, list) else [payloads]:
        wrong: object
        for wrong in (None, True, 7, "text", [], {}, [None], [[]]):
            assert gist(payload["t"], spoil(payload["d"], wrong)).isprintable()
            if isinstance(payload["d"], dict):
                assert gist(payload["t"], dict.fromkeys(payload["d"], wrong)).isprintable()


def test_what_a_terminal_would_obey_is_written_out() -> None:
    assert printable("a\tb\r\n\x1b]0;title\x07") == "a\\tb\\r\\n\\x1b]0;title\\x07"
    assert printable("abc\u202edef") == "abc\\u202edef"
    assert printable("naïve 日本語 🔥") == "naïve 日本語 🔥"
    assert printable("half \ud83d") == "half \\ud83d"
