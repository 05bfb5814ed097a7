"""Configurations: what is accepted, and what is refused with which words."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from typing import Any

import pytest

from gateway_core.config import COMPRESSIONS, Config
from gateway_core.intents import Intents


def test_needs_nothing() -> None:
    config = Config()
    assert config.intents == Intents.none()
    assert config.gateway_url == "wss://gateway.discord.gg"


def test_hides_the_token() -> None:
    assert "secret" not in repr(Config(token="secret"))


def test_can_be_replaced() -> None:
    config = dataclasses.replace(Config(wanted={"A"}), token="t", intents=Intents.GUILDS)
    assert (config.token, config.intents) == ("t", Intents.GUILDS)
    assert config.wanted == {"A"}


def test_takes_numbers_for_intents_and_any_set_for_wanted() -> None:
    config = Config(intents=513, wanted={"A": 1}.keys())  # type: ignore[arg-type]
    assert config.intents is Intents(513)
    assert isinstance(config.wanted, frozenset)


@pytest.mark.parametrize("compression", [None, *COMPRESSIONS])
def test_compressions(compression: Any) -> None:
    assert Config(compression=compression).compression == compression


@pytest.mark.parametrize(
    ("field", "value", "why"),
    [
        ("token", "abc\n", "without blanks or newlines"),
        ("token", "a b", "without blanks or newlines"),
        ("token", "töken", "ASCII"),
        ("large_threshold", 49, "from 50 to 250, not 49"),
        ("large_threshold", 251, "from 50 to 250"),
        ("compression", "gzip", "zlib-stream, zstd-stream, zlib-payload, not 'gzip'"),
        ("gateway_url", "https://discord.com", "begins with wss://"),
        ("max_message_size", 0, "max_message_size must be at least 1"),
        ("queue_size", 0, "queue_size must be at least 1"),
        ("max_queued_commands", -1, "max_queued_commands must be at least 1"),
        ("connect_timeout", 0, "connect_timeout must be a positive number"),
        ("hello_timeout", -1, "hello_timeout must be"),
        ("ready_timeout", float("inf"), "ready_timeout must be"),
        ("resumed_timeout", float("nan"), "resumed_timeout must be"),
        ("close_timeout", 0, "close_timeout must be"),
        ("backoff_base", 0, "backoff_base must be"),
        ("backoff_cap", 0.5, "at least backoff_base"),
        ("stable_after", 0, "stable_after must be"),
    ],
)
def test_out_of_range(field: str, value: Any, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Config(**{field: value})


@pytest.mark.parametrize(("field", "value"), [("token", None), ("token", b"t"), ("wanted", "A")])
def test_wrong_types(field: str, value: Any) -> None:
    with pytest.raises(TypeError, match=f"{field} must be"):
        Config(**{field: value})


def test_a_refused_token_is_not_shown() -> None:
    with pytest.raises(ValueError, match="token") as caught:
        Config(token="secret token")
    assert "secret" not in str(caught.value)


def test_the_core_needs_neither_asyncio_nor_websockets() -> None:
    code = (
        "import sys, gateway_core.connection; "
        "sys.exit(any(name in sys.modules for name in ('asyncio', 'websockets', 'ssl', 'socket')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
