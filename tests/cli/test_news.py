"""What a person who watches is told."""

from __future__ import annotations

import pytest

from gateway_core.cli import news
from gateway_core.cli.news import News
from gateway_core.errors import GatewayError
from gateway_core.events import Connected, Disconnected, IdentifyDenied, Ready, Reconnecting
from gateway_core.session import Session
from gateway_core.sharding import ShardId

URL = "wss://gateway.test"
READY = Ready(Session("a", 1))


def said(capsys: pytest.CaptureFixture[str]) -> list[str]:
    out, err = capsys.readouterr()
    assert out == ""
    return [line.removeprefix("gateway-core: ") for line in err.splitlines()]


def test_how_many_shards_are_ready(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not more than once a second, but for the last one; once a shard."""
    now = 100.0
    monkeypatch.setattr(news, "monotonic", lambda: now)
    told = News(URL, name_shards=True)
    for number in (0, 1, 2, 1):
        told.tell(ShardId(number, 6), READY)
    now += 1
    for number in (3, 4, 5, 5):
        told.tell(ShardId(number, 6), READY)
    assert said(capsys) == [f"{count} of 6 shards are ready" for count in (1, 4, 6)]


def test_nothing_of_a_single_connection_that_is_ready(capsys: pytest.CaptureFixture[str]) -> None:
    News(URL).tell(ShardId(0, 1), READY)
    assert said(capsys) == []


def test_a_connection_that_is_lost(capsys: pytest.CaptureFixture[str]) -> None:
    told = News(URL, name_shards=True)
    for event in (Connected(), Disconnected(None, "it is late", resumable=True), Reconnecting(1.5)):
        told.tell(ShardId(1, 2), event)
    assert said(capsys) == ["shard 1/2: disconnected: it is late; reconnecting in 1.5 s"]


def test_a_first_attempt_that_fails() -> None:
    with pytest.raises(GatewayError, match=r"cannot connect to wss://gateway\.test: no route"):
        News(URL).tell(ShardId(0, 1), Disconnected(None, "no route", resumable=False))


def test_no_session_may_be_started(capsys: pytest.CaptureFixture[str]) -> None:
    News(URL, name_shards=True).tell(ShardId(1, 2), IdentifyDenied(3600.0))
    assert said(capsys) == ["shard 1/2: no session may be started for 3600 s; waiting"]
