"""Sessions as they are stored."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway_core.session import Session


@pytest.mark.parametrize("session", [Session("abc", 0), Session("abc", 12, "wss://r.example")])
def test_survives_json(session: Session) -> None:
    assert Session.from_dict(json.loads(json.dumps(session.to_dict()))) == session


def test_may_come_from_another_version() -> None:
    assert Session.from_dict({"id": "a", "sequence": 1, "more": True}) == Session("a", 1, None)


@pytest.mark.parametrize(
    ("data", "missing"),
    [({}, "id and sequence"), ({"id": "a"}, "sequence"), ({"sequence": 1}, "id")],
)
def test_says_what_is_missing(data: dict[str, object], missing: str) -> None:
    with pytest.raises(ValueError, match=f"lacks {missing}$"):
        Session.from_dict(data)


@pytest.mark.parametrize(
    "arguments", [(5, 1), (None, 1), ("a", "1"), ("a", None), ("a", True), ("a", 1, 5)]
)
def test_wrong_types(arguments: Any) -> None:
    with pytest.raises(TypeError, match="a session's"):
        Session(*arguments)


@pytest.mark.parametrize("arguments", [("", 1), ("a", -1)])
def test_out_of_range(arguments: Any) -> None:
    with pytest.raises(ValueError, match="a session's"):
        Session(*arguments)
