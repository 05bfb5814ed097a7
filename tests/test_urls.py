"""URLs of connections."""

from __future__ import annotations

import pytest

from gateway_core.urls import connection_url, is_downgrade


@pytest.mark.parametrize(
    ("base", "compress", "url"),
    [
        ("wss://gateway.discord.gg", None, "wss://gateway.discord.gg/?v=10&encoding=json"),
        ("wss://gateway.discord.gg/", None, "wss://gateway.discord.gg/?v=10&encoding=json"),
        (
            "wss://a.example/?",
            "zlib-stream",
            "wss://a.example/?v=10&encoding=json&compress=zlib-stream",
        ),
        (
            "wss://a.example/?v=6&encoding=etf&compress=no",
            None,
            "wss://a.example/?v=10&encoding=json",
        ),
        (
            "ws://h:80/a/b?k=%20x&k=2&empty=",
            "zstd-stream",
            "ws://h:80/a/b?k=+x&k=2&empty=&v=10&encoding=json&compress=zstd-stream",
        ),
        ("ws://[::1]:8080", None, "ws://[::1]:8080/?v=10&encoding=json"),
    ],
)
def test_query(base: str, compress: str | None, url: str) -> None:
    assert connection_url(base, compress) == url
    assert connection_url(url, compress) == url


@pytest.mark.parametrize(
    ("base", "why"),
    [
        ("https://gateway.discord.gg", "begins with wss://"),
        ("gateway.discord.gg", "begins with wss://"),
        ("", "begins with wss://"),
        ("wss://", "needs a host"),
        ("wss:///path", "needs a host"),
        ("wss://a b", "no blanks"),
        ("wss://a\n", "no blanks"),
        ("wss://host:port", "not a gateway URL"),
        ("wss://host:99999", "not a gateway URL"),
        ("wss://[::1", "not a gateway URL"),
        ("wss://host/#part", "no fragment"),
    ],
)
def test_refused(base: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        connection_url(base, None)


def test_a_password_is_refused_and_not_shown() -> None:
    with pytest.raises(ValueError, match="user name or password") as caught:
        connection_url("wss://me:hunter2@host", None)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("first", "second", "downgrade"),
    [
        ("wss://a", "wss://b", False),
        ("wss://a", "ws://b", True),
        ("wss://a", "http://b", True),
        ("ws://a", "ws://b", False),
        ("ws://a", "wss://b", False),
    ],
)
def test_encryption_is_not_given_up(first: str, second: str, downgrade: bool) -> None:
    assert is_downgrade(first, second) is downgrade
