"""What goes over the wire: compression, frames, and what the client may send."""

from __future__ import annotations

import json
import zlib

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from bare_client import BareClient
from gateway_core.testing import FakeGateway
from gateway_core.testing.wire import frame


@pytest.mark.parametrize("compress", ["zlib-stream", "zstd-stream", None])
async def test_messages_of_every_size_arrive(compress: str | None) -> None:
    async with FakeGateway() as gateway, BareClient(gateway, compress=compress) as client:
        await client.log_in(intents=0)
        for size in (0, 1, 60, 125, 126, 127, 1000, 65_400, 65_535, 65_536, 300_000):
            text = "é" + "x" * size
            gateway.dispatch("USER_UPDATE", {"text": text})
            assert (await client.receive())["d"] == {"text": text}


@pytest.mark.parametrize("compress", ["zlib-stream", "zstd-stream"])
async def test_transport_compression_keeps_its_context(compress: str) -> None:
    async with FakeGateway() as gateway, BareClient(gateway, compress=compress) as client:
        await client.log_in(intents=0)
        text = "".join(map(str, range(500)))
        sizes = []
        for _ in range(3):
            gateway.dispatch("USER_UPDATE", {"text": text})
            received = await client.socket.recv()
            assert isinstance(received, bytes)
            sizes.append(len(received))
            assert client.decode(received)["d"]["text"] == text
        assert sizes[1] < sizes[0] / 5


async def test_zlib_messages_end_with_a_sync_flush() -> None:
    async with FakeGateway() as gateway, BareClient(gateway) as client:
        first = await client.socket.recv()
        assert isinstance(first, bytes)
        assert first[:1] == b"\x78"
        assert first.endswith(b"\x00\x00\xff\xff")


async def test_payload_compression_compresses_large_messages_each_by_itself() -> None:
    async with FakeGateway() as gateway:
        async with BareClient(gateway, compress=None) as client:
            hello = await client.socket.recv()
            assert isinstance(hello, str)
            await client.identify(intents=0, compress=True)
            for _ in range(2):
                large = await client.socket.recv()
                assert isinstance(large, bytes)
                message = json.loads(zlib.decompress(large))
                gateway.dispatch("USER_UPDATE", {"text": "x" * 1000})
            assert message["t"] == "USER_UPDATE"
            session_id = next(iter(gateway.sessions)).id
            await client.send(1, None)
            await gateway.wait_for(lambda: gateway.connections[0].heartbeats == 1)
        async with BareClient(gateway, compress=None) as again:
            await again.hello()
            await again.send(6, {"token": "a token", "session_id": session_id, "seq": 1})
            assert isinstance(await again.socket.recv(), bytes)


async def test_payload_compression_gives_way_to_transport_compression() -> None:
    async with FakeGateway() as gateway, BareClient(gateway) as client:
        await client.log_in(intents=0, compress=True)
        gateway.dispatch("USER_UPDATE", {"text": "x" * 1000})
        assert (await client.receive())["d"]["text"] == "x" * 1000


async def test_unknown_compression_is_none() -> None:
    async with FakeGateway() as gateway, BareClient(gateway, compress="brotli") as client:
        hello = await client.socket.recv()
        assert isinstance(hello, str)
        assert json.loads(hello)["op"] == 10


async def test_a_compression_that_python_lacks_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway_core.testing.gateway.COMPRESSIONS", frozenset({"zlib-stream"}))
    async with FakeGateway() as gateway:
        with pytest.raises(InvalidStatus) as refusal:
            await connect(gateway.url + "?v=10&compress=zstd-stream")
        assert refusal.value.response.status_code == 501
        assert b"backports.zstd" in (refusal.value.response.body or b"")


async def test_another_encoding_is_refused() -> None:
    async with (
        FakeGateway() as gateway,
        connect(gateway.url + "?v=10&encoding=etf") as websocket,
    ):
        await websocket.wait_closed()
        assert websocket.close_code == 4002
        assert "json" in (websocket.close_reason or "")


async def test_no_websocket_extension_is_agreed_on() -> None:
    async with (
        FakeGateway() as gateway,
        connect(gateway.url + "?v=10", compression="deflate") as websocket,
    ):
        assert websocket.response is not None
        assert "Sec-WebSocket-Extensions" not in websocket.response.headers


async def test_binary_and_fragmented_messages_are_understood() -> None:
    async with FakeGateway() as gateway, BareClient(gateway) as client:
        await client.hello()
        await client.socket.send(b'{"op":1,"d":null}')
        assert (await client.receive())["op"] == 11
        await client.socket.send(['{"op":', "1,", '"d":null}'])
        assert (await client.receive())["op"] == 11


async def test_websocket_pings_are_answered() -> None:
    async with FakeGateway() as gateway, BareClient(gateway) as client:
        await client.hello()
        await (await client.socket.ping())


@pytest.mark.parametrize("size", [0, 125, 126, 65_535, 65_536])
def test_frames_are_those_of_a_server(size: int) -> None:
    from websockets.frames import Frame, Opcode

    message = bytes(size)
    assert frame(Opcode.BINARY, message) == Frame(Opcode.BINARY, message).serialize(mask=False)
