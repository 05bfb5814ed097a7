"""A library that is built otherwise is refused, before anything of it is changed."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Any

import pytest

from compat import standins
from gateway_core.errors import CompatError, GatewayError, UnsupportedVersion

Change = Callable[[pytest.MonkeyPatch, Any], None]


def lacking(path: str) -> Change:
    """Return a change that takes one attribute away."""
    *owners, name = path.split(".")

    def change(monkeypatch: pytest.MonkeyPatch, library: Any) -> None:
        owner = library
        for each in owners:
            owner = getattr(owner, each)
        monkeypatch.delattr(owner, name)

    return change


def other(path: str, value: object) -> Change:
    """Return a change that makes one attribute another."""
    *owners, name = path.split(".")

    def change(monkeypatch: pytest.MonkeyPatch, library: Any) -> None:
        owner = library
        for each in owners:
            owner = getattr(owner, each)
        monkeypatch.setattr(owner, name, value)

    return change


async def fewer_parameters(self: Any) -> None:
    """Take less than what stands in its place."""


async def does_nothing(self: Any, msg: Any, /) -> None:
    """Use nothing of what is expected of it."""


class NoContext:
    COMPRESSION_TYPE = "brotli-stream"

    def decompress(self, data: bytes, /) -> str | None:
        raise NotImplementedError


CHANGES: list[tuple[str, Change, str]] = [
    ("discordpy", other("package.__title__", "pycord"), "another library's"),
    ("discordpy", lacking("package.__title__"), "discord has no __title__"),
    ("discordpy", lacking("package.__version__"), "discord has no __version__"),
    ("discordpy", other("gateway.DiscordWebSocket", None), "None.__init__ is no function"),
    ("discordpy", lacking("gateway.DiscordWebSocket"), "discord.gateway has no DiscordWebSocket"),
    ("discordpy", lacking("gateway.ReconnectWebSocket"), "has no ReconnectWebSocket"),
    ("discordpy", lacking("utils._from_json"), "discord.utils has no _from_json"),
    ("discordpy", lacking("utils._ActiveDecompressionContext"), "no _ActiveDecompressionContext"),
    ("discordpy", other("utils._ActiveDecompressionContext", NoContext), "'brotli-stream'"),
    ("discordpy", lacking("gateway.DiscordWebSocket.log_receive"), "has no log_receive"),
    (
        "discordpy",
        other("gateway.DiscordWebSocket.received_message", fewer_parameters),
        "received_message takes (self), not (self, msg, /)",
    ),
    (
        "discordpy",
        other("gateway.DiscordWebSocket.received_message", does_nothing),
        "does not use _decompressor, decompress, log_receive, _from_json",
    ),
    (
        "discordpy",
        other("gateway.DiscordWebSocket.close", len),
        "DiscordWebSocket.close is no function",
    ),
    ("nextcord", lacking("utils.from_json"), "nextcord.utils has no from_json"),
    (
        "nextcord",
        other("gateway.DiscordWebSocket.received_message", does_nothing),
        "does not use _zlib, decompress, _buffer, log_receive, from_json",
    ),
    ("hikari", lacking("package.__version__"), "hikari has no __version__"),
    ("hikari", lacking("shard._GatewayZlibStreamTransport"), "_GatewayZlibStreamTransport"),
    ("hikari", lacking("shard._GatewayZstdStreamTransport"), "_GatewayZstdStreamTransport"),
    ("hikari", lacking("binding.default_json_loads"), "has no default_json_loads"),
    ("hikari", lacking("errors.GatewayTransportError"), "has no GatewayTransportError"),
    (
        "hikari",
        other("shard._GatewayTransport.receive_json", fewer_parameters),
        "does not use _receive_and_check, _loads",
    ),
    (
        "hikari",
        other("shard._GatewayTransport.connect", classmethod(fewer_parameters)),
        "connect does not use _GatewayZlibStreamTransport",
    ),
    ("hikari", lacking("shard._GatewayTransport.connect"), "has no connect"),
    (
        "hikari",
        other("shard._GatewayTransport.connect", staticmethod(fewer_parameters)),
        "connect is no classmethod",
    ),
    (
        "hikari",
        other("shard._GatewayTransport.connect", classmethod(partial(fewer_parameters))),
        "connect is no classmethod",
    ),
    ("interactions", lacking("package.__version__"), "interactions has no __version__"),
    ("interactions", lacking("gateway.GatewayClient"), "has no GatewayClient"),
    ("interactions", lacking("websocket.FastJson"), "has no FastJson"),
    (
        "interactions",
        other("gateway.GatewayClient.receive", fewer_parameters),
        "receive takes (self), not (self, force)",
    ),
    (
        "interactions",
        other("websocket.WebsocketClient.reconnect", fewer_parameters),
        "reconnect takes (self)",
    ),
]


def everything(library: Any) -> dict[str, object]:
    """Return all that a library's modules and their classes hold."""
    found: dict[str, object] = {}
    for module in vars(library).values():
        for name, value in vars(module).items():
            found[f"{module.__name__}.{name}"] = value
            if isinstance(value, type):
                found.update({f"{module.__name__}.{name}.{k}": v for k, v in vars(value).items()})
    return found


@pytest.mark.parametrize(("name", "change", "reason"), CHANGES)
def test_what_is_built_otherwise_is_refused_and_left_alone(
    monkeypatch: pytest.MonkeyPatch, name: str, change: Change, reason: str
) -> None:
    library = getattr(standins, name)(monkeypatch)
    change(monkeypatch, library)
    before = everything(library)
    dropin = import_module(f"gateway_core.compat.{name}")
    with pytest.raises(UnsupportedVersion) as caught:
        dropin.install()
    assert reason in str(caught.value)
    assert getattr(library.package, "__version__", "unknown") in caught.value.found
    assert caught.value.supported == dropin.SUPPORTED
    assert all(version in str(caught.value) for version in dropin.SUPPORTED)
    assert everything(library) == before
    dropin.uninstall()
    assert everything(library) == before


@pytest.mark.parametrize("name", ["discordpy", "nextcord", "hikari", "interactions"])
def test_installing_and_uninstalling_leave_no_trace(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    library = getattr(standins, name)(monkeypatch)
    dropin = import_module(f"gateway_core.compat.{name}")
    before = everything(library)
    dropin.uninstall()
    assert everything(library) == before
    dropin.install()
    during = everything(library)
    assert during != before
    dropin.install()
    assert everything(library) == during
    dropin.uninstall()
    assert everything(library) == before
    dropin.uninstall()
    assert everything(library) == before
    with dropin.installed():
        with dropin.installed():
            assert everything(library) != before
        assert everything(library) != before
    assert everything(library) == before


def test_uninstalling_below_someone_elses_change_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    library = standins.nextcord(monkeypatch)
    dropin = import_module("gateway_core.compat.nextcord")
    dropin.install()
    ours = library.utils.from_json
    library.utils.from_json = lambda text: ours(text)
    during = everything(library)
    with pytest.raises(CompatError, match=r"nextcord\.utils\.from_json has been replaced"):
        dropin.uninstall()
    assert everything(library) == during
    library.utils.from_json = ours
    dropin.uninstall()


def test_half_of_it_is_undone_when_the_rest_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    library = standins.nextcord(monkeypatch)

    class Reluctant(type(library.utils)):  # type: ignore[misc]
        def __setattr__(self, name: str, value: object) -> None:
            raise AttributeError(f"{name} is read-only")

    library.utils.__class__ = Reluctant
    before = everything(library)
    dropin = import_module("gateway_core.compat.nextcord")
    with pytest.raises(AttributeError, match="read-only"):
        dropin.install()
    assert everything(library) == before


@pytest.mark.parametrize("name", ["discordpy", "nextcord", "hikari", "interactions"])
def test_a_library_that_is_not_there_is_missed_by_name(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    package = {"discordpy": "discord"}.get(name, name)
    monkeypatch.setitem(__import__("sys").modules, package, None)
    with pytest.raises(ModuleNotFoundError, match=package):
        import_module(f"gateway_core.compat.{name}").install()


def test_the_errors_are_of_the_one_hierarchy() -> None:
    assert issubclass(UnsupportedVersion, CompatError)
    assert issubclass(CompatError, GatewayError)
