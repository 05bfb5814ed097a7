"""Every fault of the simulator, as a client without any cleverness meets it."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import zlib
from pathlib import Path
from random import Random
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosedError, InvalidStatus

from bare_client import BareClient, zstd
from gateway_core.testing import Connection, FakeGateway, Fault, FaultSchedule, Limits

NO_WAIT = Limits(identify_interval=0)
CERTIFICATE = Path(__file__).parent / "tls" / "localhost.pem"


async def logged_in(client: BareClient) -> Connection:
    await client.log_in(intents=0)
    return client.connection


async def read_raw(gateway: FakeGateway) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Do a websocket handshake by hand, to see the bytes on the wire."""
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    writer.write(
        b"GET /?v=10&encoding=json HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
        b"Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        b"Sec-WebSocket-Version: 13\r\n\r\n"
    )
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 101 ")
    return reader, writer


async def read_hello(reader: asyncio.StreamReader) -> None:
    opcode, length = await reader.readexactly(2)
    assert opcode == 0x81
    assert json.loads(await reader.readexactly(length))["op"] == 10


async def test_cut_ends_the_tcp_connection_without_a_close_frame() -> None:
    async with FakeGateway() as gateway:
        reader, writer = await read_raw(gateway)
        await read_hello(reader)
        gateway.connections[0].cut()
        assert await reader.read() == b""
        writer.close()


async def test_cut_mid_frame_ends_it_inside_a_frame() -> None:
    async with FakeGateway() as gateway:
        reader, writer = await read_raw(gateway)
        await read_hello(reader)
        gateway.connections[0].cut(mid_frame=True)
        rest = await reader.read()
        assert 2 < len(rest) < 2 + rest[1]
        writer.close()


async def test_a_dispatch_cut_in_the_middle_is_replayed() -> None:
    async with FakeGateway() as gateway:
        async with BareClient(gateway) as client:
            connection = await logged_in(client)
            gateway.dispatch("USER_UPDATE", {"number": 1})
            connection.cut(mid_frame=True)
            assert await client.drain() == []
        async with BareClient(gateway) as again:
            await again.resume(client.session_id, 1)
            assert (await again.receive())["d"] == {"number": 1}


async def test_reset_is_a_reset() -> None:
    async with FakeGateway() as gateway:
        reader, writer = await read_raw(gateway)
        await read_hello(reader)
        gateway.connections[0].reset()
        with pytest.raises(ConnectionResetError):
            await reader.read()
        writer.close()


async def test_stall_neither_reads_nor_acknowledges_nor_sends_until_it_is_over() -> None:
    async with FakeGateway() as gateway, BareClient(gateway) as client:
        connection = await logged_in(client)
        connection.stall()
        await client.send(1, 1)
        gateway.dispatch("USER_UPDATE", {})
        for _ in range(20):  # turns of the loop in which it could have answered
            await asyncio.sleep(0.001)
        assert connection.heartbeats == 0
        assert not connection.caught_up
        assert connection.is_open
        connection.unstall()
        messages = [await client.receive(), await client.receive()]
        assert {message["op"] for message in messages} == {0, 11}


async def test_a_stalled_session_can_be_resumed_elsewhere() -> None:
    async with FakeGateway() as gateway, BareClient(gateway) as client:
        (await logged_in(client)).stall()
        gateway.dispatch("USER_UPDATE", {})
        async with BareClient(gateway) as again:
            await again.resume(client.session_id, 1)
            assert (await again.receive())["t"] == "USER_UPDATE"
        await gateway.history[0].wait_closed()


async def test_heartbeats_can_stay_unacknowledged_while_events_come() -> None:
    async with FakeGateway() as gateway, BareClient(gateway) as client:
        connection = await logged_in(client)
        connection.stop_acknowledging()
        await client.send(1, 1)
        await gateway.wait_for(lambda: connection.heartbeats == 1)
        gateway.dispatch("USER_UPDATE", {})
        assert (await client.receive())["t"] == "USER_UPDATE"


async def test_garbage_is_no_websocket_frame() -> None:
    async with FakeGateway() as gateway, BareClient(gateway) as client:
        connection = await logged_in(client)
        connection.send_garbage()
        with pytest.raises(ConnectionClosedError):
            await client.receive()
        await connection.wait_closed()
        assert connection.close_received == 1002


@pytest.mark.parametrize("compress", ["zlib-stream", "zstd-stream", None])
async def test_corrupt_is_a_sound_frame_that_cannot_be_decoded(compress: str | None) -> None:
    async with FakeGateway() as gateway, BareClient(gateway, compress=compress) as client:
        (await logged_in(client)).send_corrupt()
        frame = await client.socket.recv()
        if compress == "zlib-stream":
            assert isinstance(frame, bytes)
            assert frame.endswith(b"\x00\x00\xff\xff")
        with pytest.raises((zlib.error, ValueError, zstd.ZstdError)):
            client.decode(frame)


async def test_a_payload_compressed_message_can_be_corrupt() -> None:
    async with FakeGateway() as gateway, BareClient(gateway, compress=None) as client:
        await client.log_in(intents=0, compress=True)
        gateway.connections[0].send_corrupt()
        with pytest.raises(zlib.error):
            await client.receive()


async def test_a_dispatch_can_come_twice() -> None:
    async with FakeGateway() as gateway, BareClient(gateway) as client:
        connection = await logged_in(client)
        gateway.dispatch("USER_UPDATE", {"number": 1})
        first = await client.receive()
        connection.send_duplicate()
        assert await client.receive() == first


async def test_a_sequence_can_be_left_out_for_ever() -> None:
    async with FakeGateway() as gateway:
        async with BareClient(gateway) as client:
            connection = await logged_in(client)
            connection.skip_sequence()
            gateway.dispatch("USER_UPDATE", {})
            assert (await client.receive())["s"] == 3
        async with BareClient(gateway) as again:
            await again.resume(client.session_id, 1)
            assert [m["s"] for m in await again.receive_until("RESUMED")] == [3, 4]


async def test_bytes_can_drip() -> None:
    async with FakeGateway() as gateway:
        reader, writer = await read_raw(gateway)
        await read_hello(reader)
        connection = gateway.connections[0]
        connection.drip(size=3, interval=0.001)
        connection.request_heartbeat()
        pieces = [await reader.read(1000) for _ in range(3)]
        assert max(map(len, pieces)) <= 6  # two pieces may meet in the socket
        message = b"".join(pieces)
        message += await reader.readexactly(2 + message[1] - len(message))
        assert json.loads(message[2:])["op"] == 1
        writer.close()


async def test_everything_arrives_though_it_drips() -> None:
    async with FakeGateway(guilds=1, members=4) as gateway, BareClient(gateway) as client:
        connection = await logged_in(client)
        connection.drip(size=500, interval=0.0001)
        for number in range(200):
            gateway.dispatch("USER_UPDATE", {"number": number})
        assert [(await client.receive())["d"]["number"] for _ in range(200)] == list(range(200))
        connection.close(4000)
        assert await client.close_code() == 4000


async def test_hello_can_be_late() -> None:
    async with FakeGateway() as gateway:
        gateway.delay_hello(0.1)
        started = asyncio.get_running_loop().time()
        async with BareClient(gateway) as client:
            await client.hello()
            assert asyncio.get_running_loop().time() - started >= 0.1
        async with BareClient(gateway) as client:
            await client.hello()
            assert asyncio.get_running_loop().time() - started < 5


async def test_raw_messages_can_be_sent() -> None:
    async with FakeGateway() as gateway, BareClient(gateway) as client:
        (await logged_in(client)).send_raw(b'{"op":99,"d":[],"s":null,"t":null}')
        assert (await client.receive())["op"] == 99


async def test_handshakes_at_one_path_can_be_refused() -> None:
    async with FakeGateway() as gateway:
        gateway.fail_http(503, path=gateway.resume_path, times=2)
        for _ in range(2):
            with pytest.raises(InvalidStatus) as refusal:
                await connect(gateway.resume_url)
            assert refusal.value.response.status_code == 503
        async with BareClient(gateway, gateway.resume_url) as client:
            await client.hello()
        async with BareClient(gateway) as client:
            await client.hello()


async def test_the_resume_url_can_lead_elsewhere() -> None:
    async with FakeGateway() as gateway, BareClient(gateway) as client:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            gateway.resume_url = f"ws://127.0.0.1:{taken.getsockname()[1]}"
            ready = await client.log_in(intents=0)
            assert ready["resume_gateway_url"] == gateway.resume_url


def client_context() -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(CERTIFICATE))


def server_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    return context


async def test_tls_handshakes_can_fail() -> None:
    async with FakeGateway(ssl=server_context()) as gateway:
        assert gateway.url.startswith("wss://")
        assert gateway.http_url.startswith("https://")
        gateway.fail_tls(times=2)
        for _ in range(2):
            with pytest.raises((ssl.SSLError, ConnectionError)):
                await connect(gateway.url + "?v=10", ssl=client_context())
        async with connect(gateway.url + "?v=10&encoding=json", ssl=client_context()) as websocket:
            assert json.loads(await websocket.recv())["op"] == 10


async def test_a_plain_gateway_hangs_up_on_a_tls_client() -> None:
    async with FakeGateway() as gateway:
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await connect(gateway.url.replace("ws:", "wss:"), ssl=client_context())
        with pytest.raises(ValueError, match="ssl="):
            gateway.fail_tls()


async def test_a_huge_guild_arrives() -> None:
    async with FakeGateway() as gateway, BareClient(gateway) as client:
        await client.log_in(large_threshold=250)
        for _ in range(3):
            await client.receive()
        guild_id = gateway.join_guild(members=5_000)
        created = await client.receive()
        assert created["d"]["id"] == guild_id
        assert created["d"]["member_count"] == 5_000
        assert len(json.dumps(created)) > 2_000_000


STAYING = {
    Fault.NO_ACKS,
    Fault.STALL,
    Fault.RECONNECT,
    Fault.INVALID_SESSION,
    Fault.SESSION_LOST,
    Fault.HEARTBEAT_REQUEST,
    Fault.UNKNOWN_OPCODE,
    Fault.GARBAGE,
    Fault.CORRUPT,
    Fault.DUPLICATE,
    Fault.SKIP,
    Fault.DRIP,
    Fault.HTTP_ERROR,
    Fault.HUGE_GUILD,
    Fault.BURST,
}
"""The faults after which the server itself keeps the TCP connection."""


@pytest.mark.parametrize("fault", list(Fault))
async def test_every_fault_strikes(fault: Fault) -> None:
    context = server_context() if fault is Fault.TLS else None
    async with FakeGateway(ssl=context) as gateway:
        query = "?v=10&encoding=json"
        options: dict[str, Any] = {"compression": None, "max_size": None, "close_timeout": 0.1}
        if context is not None:
            options["ssl"] = client_context()
        async with connect(gateway.url + query, **options) as client:
            await client.recv()
            identify = {"token": "a token", "intents": 0, "properties": {}}
            await client.send(json.dumps({"op": 2, "d": identify}))
            session_id = json.loads(await client.recv())["d"]["session_id"]
            connection = gateway.connections[0]
            fault.strike(gateway, connection, Random(1))
            if fault in STAYING:
                assert connection.is_open
            else:
                await connection.wait_closed()
            if fault not in (Fault.STALL, Fault.BURST):
                alive = {session.id for session in gateway.sessions}
                assert alive == (set() if fault.ends_session else {session_id})
            await client.close(4900)


async def test_a_schedule_strikes_at_the_same_places_for_the_same_seed() -> None:
    async def struck_by(seed: int) -> tuple[list[Fault], list[int]]:
        faults = FaultSchedule(seed, (Fault.CUT, Fault.RESET, Fault.CUT_MID_FRAME), every=(5, 40))
        async with FakeGateway(faults=faults) as gateway:
            url, session_id, last = gateway.url, "", 0
            for turn in range(6):
                async with BareClient(gateway, url) as client:
                    if turn == 0:
                        await client.log_in(intents=0)
                        session_id, url, last = client.session_id, gateway.resume_url, 1
                    else:
                        await client.resume(session_id, last)
                    for number in range(60):
                        gateway.dispatch("USER_UPDATE", {"number": number})
                    for message in await client.drain():
                        assert message["s"] == last + 1
                        last += 1
            return faults.struck, [connection.sent for connection in gateway.history]

    first, again, other = [await struck_by(seed) for seed in (3, 3, 4)]
    assert first == again
    assert first != other
    assert len(first[0]) == 6
    assert all(5 <= sent <= 40 for sent in first[1])


async def test_a_schedule_goes_on_where_the_connection_survives() -> None:
    faults = FaultSchedule(1, (Fault.DUPLICATE, Fault.HEARTBEAT_REQUEST), every=(1, 3))
    async with FakeGateway(faults=faults) as gateway, BareClient(gateway) as client:
        await logged_in(client)
        for _ in range(100):
            gateway.dispatch("USER_UPDATE", {})
        while client.sequence != 101:
            await client.receive()
        assert 33 <= len(faults.struck) <= 101


def test_schedules_without_sense_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        FaultSchedule(0, ())
    with pytest.raises(ValueError, match="every"):
        FaultSchedule(0, every=(5, 4))
