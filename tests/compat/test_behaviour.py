"""What the drop-ins do with frames, texts and errors, each in a stand-in of its library."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest

import gateway_core
from compat import standins

HELLO: dict[str, Any] = {"t": None, "s": None, "op": 10, "d": {"heartbeat_interval": 41250}}
EVENTS: list[dict[str, Any]] = [
    {"t": "READY", "s": 1, "op": 0, "d": {"user": {"id": "1"}, "guilds": []}},
    {"op": 0, "new": [1.5, "é"], "d": {"nested": [[], {}]}, "t": "MESSAGE_CREATE", "s": 2},
]
DAMAGED = [
    pytest.param(b"\xff\xff\xff\xff\x00\x00\xff\xff", id="zlib"),
    *(
        pytest.param(standins.deflate(text)[0], id=what)
        for what, text in (
            ("broken JSON", b'{"op":0,"d":{'),
            ("no object", b"[]"),
            ("no op", b'{"d":{}}'),
        )
    ),
]
FAMILY = [("discordpy", "_decompressor", "_from_json"), ("nextcord", "_zlib", "from_json")]


def dropin(name: str) -> Any:
    return import_module(f"gateway_core.compat.{name}")


@pytest.mark.parametrize(("name", "slot", "parser"), FAMILY)
async def test_the_family_gets_real_messages_with_all_their_keys(
    monkeypatch: pytest.MonkeyPatch, name: str, slot: str, parser: str
) -> None:
    library = getattr(standins, name)(monkeypatch)
    with dropin(name).installed():
        first, *rest = standins.frames(HELLO, *EVENTS)
        socket = [first[:3], first[3:], *rest, json.dumps(HELLO)]
        websocket = library.gateway.DiscordWebSocket(socket, loop=None)
        while socket:
            await websocket.poll_event()
        assert websocket.received == [HELLO, *EVENTS, HELLO]
        assert [list(message) for message in websocket.received[:3]] == [
            list(message) for message in (HELLO, *EVENTS)
        ]
        websocket.received[1]["d"]["__shard_id__"] = 3
        assert type(websocket.received[1]) is dict
        # The function is the HTTP client's too.
        parse = getattr(library.utils, parser)
        assert parse('{"id": "1"}') == {"id": "1"}
        assert parse('{"id": 1.5}', parse_float=str) == {"id": "1.5"}
        with pytest.raises(json.JSONDecodeError):
            parse("{")


@pytest.mark.parametrize(("name", "slot", "parser"), FAMILY)
async def test_the_family_is_given_text_where_someone_listens_to_it(
    monkeypatch: pytest.MonkeyPatch, name: str, slot: str, parser: str
) -> None:
    library = getattr(standins, name)(monkeypatch)
    with dropin(name).installed():
        websocket = library.gateway.DiscordWebSocket([], loop=None)
        websocket.log_receive = websocket.debug_log_receive
        for frame in standins.frames(HELLO, *EVENTS):
            await websocket.received_message(frame)
    assert websocket.raw == [json.dumps(message) for message in (HELLO, *EVENTS)]
    assert websocket.received == [HELLO, *EVENTS]


@pytest.mark.parametrize("frame", DAMAGED)
@pytest.mark.parametrize(("name", "slot", "parser"), FAMILY)
async def test_the_family_closes_and_reconnects_over_what_cannot_be_decoded(
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    name: str,
    slot: str,
    parser: str,
    frame: bytes,
) -> None:
    library = getattr(standins, name)(monkeypatch)
    caplog.set_level(logging.WARNING, "gateway_core.compat")
    with dropin(name).installed():
        websocket = library.gateway.DiscordWebSocket([], loop=None)
        with pytest.raises(library.gateway.ReconnectWebSocket) as caught:
            await websocket.received_message(frame)
    assert caught.value.shard_id == 7
    assert caught.value.resume
    assert websocket.socket is None
    assert "Shard ID 7: cannot decode a message, reconnecting" in caplog.text


@pytest.mark.parametrize(("name", "slot", "parser"), FAMILY)
async def test_connections_of_the_family_keep_what_they_began_with(
    monkeypatch: pytest.MonkeyPatch, name: str, slot: str, parser: str
) -> None:
    library = getattr(standins, name)(monkeypatch)
    frames = standins.frames(HELLO, *EVENTS)
    before = library.gateway.DiscordWebSocket([], loop=None)
    await before.received_message(frames[0])
    dropin(name).install()
    during = library.gateway.DiscordWebSocket([], loop=None)
    for websocket in (before, during):
        await websocket.received_message(frames[1 if websocket is before else 0])
    assert type(getattr(before, slot)) is not type(getattr(during, slot))
    await during.received_message(frames[1])
    dropin(name).uninstall()
    for websocket in (before, during):
        await websocket.received_message(frames[2])
        assert websocket.received == [HELLO, *EVENTS]


async def test_discordpy_decodes_what_the_library_asks_for(monkeypatch: pytest.MonkeyPatch) -> None:
    zstd = pytest.importorskip(
        "compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd"
    )
    compressor = zstd.ZstdCompressor()
    library = standins.discordpy(monkeypatch)
    with dropin("discordpy").installed():
        context = library.utils._ActiveDecompressionContext
        monkeypatch.setattr(context, "COMPRESSION_TYPE", "zstd-stream")
        websocket = library.gateway.DiscordWebSocket([], loop=None)
        for message in (HELLO, *EVENTS):
            frame = compressor.compress(json.dumps(message).encode(), compressor.FLUSH_BLOCK)
            await websocket.received_message(frame)
    assert websocket.received == [HELLO, *EVENTS]


class Socket:
    """What hikari receives from: frames, each with a type."""

    def __init__(self, *frames: bytes, type: int = 2) -> None:  # noqa: A002
        self._messages = [SimpleNamespace(type=type, data=frame) for frame in frames]

    async def receive(self) -> SimpleNamespace:
        return self._messages.pop(0)


async def test_hikari_gets_messages_from_its_next_connection_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    library = standins.hikari(monkeypatch)
    first, *rest = standins.frames(HELLO, *EVENTS)
    connect = library.shard._GatewayTransport.connect
    before = await connect(Socket(first, *rest), json.loads)
    dropin("hikari").install()
    during = await connect(Socket(first[:3], first[3:], *rest), json.loads)
    dropin("hikari").uninstall()
    after = await connect(Socket(first, *rest), json.loads)
    for transport in (before, during, after):
        assert [await transport.receive_json() for _ in range(3)] == [HELLO, *EVENTS]
    assert type(before) is type(after)
    assert issubclass(type(during), type(before))
    assert type(during) is not type(before)
    assert during._loads is dropin("hikari").loads is gateway_core.loads


async def test_hikari_keeps_the_parser_that_a_bot_was_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    library = standins.hikari(monkeypatch)
    parsed = []

    def parser(text: bytes) -> Any:
        parsed.append(text)
        return json.loads(text)

    with dropin("hikari").installed():
        transport = await library.shard._GatewayTransport.connect(
            Socket(*standins.frames(HELLO)), parser
        )
        assert await transport.receive_json() == HELLO
    assert parsed == [json.dumps(HELLO).encode()]


@pytest.mark.parametrize("frame", DAMAGED)
async def test_hikari_takes_what_cannot_be_decoded_for_a_failing_transport(
    monkeypatch: pytest.MonkeyPatch, frame: bytes
) -> None:
    library = standins.hikari(monkeypatch)
    with dropin("hikari").installed():
        transport = await library.shard._GatewayTransport.connect(Socket(frame), json.loads)
        with pytest.raises(library.errors.GatewayTransportError, match="cannot decode a message"):
            await transport.receive_json()


async def test_hikari_logs_what_it_would_log_without_its_token(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    library = standins.hikari(monkeypatch)
    caplog.set_level(5, "hikari")
    with dropin("hikari").installed():
        transport = await library.shard._GatewayTransport.connect(
            Socket(*standins.frames({**HELLO, "d": "my secret"})), json.loads
        )
        await transport.receive_json()
    assert "my ..." in caplog.text
    assert "secret" not in caplog.text


async def test_hikari_judges_other_messages_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    library = standins.hikari(monkeypatch)
    with dropin("hikari").installed():
        transport = await library.shard._GatewayTransport.connect(Socket(b"", type=8), json.loads)
        with pytest.raises(ConnectionError, match="8"):
            await transport.receive_json()


async def test_interactions_gets_messages_from_its_next_connection_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    library = standins.interactions(monkeypatch)
    hello, *events = standins.frames(HELLO, *EVENTS)

    def connections() -> list[list[Any]]:
        return [[hello, events[0][:5], events[0][5:], events[1], json.dumps(HELLO)]]

    before = await library.gateway.GatewayClient(connections()).__aenter__()
    dropin("interactions").install()
    during = await library.gateway.GatewayClient(connections()).__aenter__()
    both = (before, during)
    assert [await client.receive() for client in both] == [EVENTS[0]] * 2
    dropin("interactions").uninstall()
    assert [await client.receive() for client in both] == [EVENTS[1]] * 2
    assert [await client.receive() for client in both] == [HELLO] * 2
    assert type(before._zlib) is not type(during._zlib)


@pytest.mark.parametrize("frame", DAMAGED)
async def test_interactions_reconnects_over_what_cannot_be_decoded(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, frame: bytes
) -> None:
    library = standins.interactions(monkeypatch)
    caplog.set_level(logging.WARNING, "gateway_core.compat")
    with dropin("interactions").installed():
        connections = [[*standins.frames(HELLO), frame], standins.frames(HELLO, *EVENTS)]
        client = await library.gateway.GatewayClient(connections).__aenter__()
        assert [await client.receive(), await client.receive()] == EVENTS
    assert "Shard ID 7: cannot decode a message, reconnecting" in caplog.text


def test_importing_the_package_imports_no_library() -> None:
    code = """
import sys
import gateway_core.compat
from gateway_core.compat import discordpy, disnake, hikari, interactions, nextcord, pycord
print({"discord", "disnake", "nextcord", "hikari", "interactions", "asyncio"} & set(sys.modules))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()", done.stdout
