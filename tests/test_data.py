"""The sample payloads in tests/data are whole, well formed and one for each documented event."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway_core.dispatches import DISPATCHES
from gateway_core.opcodes import RECEIVED, OpCode

DATA = Path(__file__).parent / "data"
FILES = sorted((DATA / "dispatches").glob("*.json"))

# Ids that Discord documents as integers, and ids that are strings but not snowflakes.
INTEGER_IDS = {"answer_id", "animation_id"}
NOT_SNOWFLAKES = {"custom_id", "session_id", "sync_id"}


def load(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def walk(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield (*path, key), inner
            yield from walk(inner, (*path, key))
    elif isinstance(value, list):
        for inner in value:
            yield from walk(inner, path)


def is_snowflake(value: object) -> bool:
    return isinstance(value, str) and (value == "0" or (value.isascii() and value.isdigit()))


def test_every_dispatch_has_its_file_and_no_file_is_an_orphan() -> None:
    assert {path.stem for path in FILES} == set(DISPATCHES)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_messages_are_whole(path: Path) -> None:
    messages = load(path)
    assert messages
    for message in messages:
        assert list(message) == ["t", "s", "op", "d"]
        assert message["t"] == path.stem
        assert message["op"] == OpCode.DISPATCH
        assert type(message["s"]) is int


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_ids_are_strings(path: Path) -> None:
    for where, value in walk([message["d"] for message in load(path)]):
        key = where[-1]
        if key in INTEGER_IDS:
            assert type(value) is int, where
        elif key in NOT_SNOWFLAKES:
            assert type(value) is str, where
        elif key == "id" and {"components", "component", "accessory", "items"} & set(where):
            assert type(value) in (int, str), where  # a component numbers itself, its media do not
        elif key == "id" and {"activities", "party", "account"} & set(where):
            assert type(value) in (str, type(None)), where
        elif key == "id" or (key.endswith("_id") and key != "sound_id"):
            assert value is None or is_snowflake(value), (where, value)
        elif key == "sound_id":
            assert type(value) is int or is_snowflake(value), where  # default sounds are numbers
        elif key.endswith("_ids"):
            assert value is None or all(map(is_snowflake, value)), where


def test_control_messages_are_all_there() -> None:
    control = load(DATA / "control.json")
    assert {message["op"] for message in control.values()} == RECEIVED - {OpCode.DISPATCH}
    assert [control[name]["d"] for name in ("invalid_session_resumable", "invalid_session")] == [
        True,
        False,
    ]
    assert control["hello"]["d"]["heartbeat_interval"] == 41250
    for message in control.values():
        assert message.get("s") is None
        assert message.get("t") is None


def test_the_text_is_varied() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in FILES)
    for escape in ('\\"', "\\\\", "\\n", "\\t", "\\u001f", "\\u00e9", "\\ud83e"):
        assert escape in text
    for letter in ("ж", "灯", "ع", "é", "🦊", "\u2028", "\U00020bb7"):
        assert letter in text
