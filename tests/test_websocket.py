"""Reading a websocket in batches: whatever comes, and however it is cut, in order."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.frames import Close, Frame, Opcode
from websockets.http11 import Request
from websockets.server import ServerProtocol

from gateway_core._websocket import GatewayWebsocket

Cut = Callable[[bytes], list[bytes]]


def binary(payload: bytes, *, opcode: Opcode = Opcode.BINARY, fin: bool = True) -> bytes:
    return Frame(opcode, payload, fin).serialize(mask=False)


def whole(data: bytes) -> list[bytes]:
    return [data]


def bytewise(data: bytes) -> list[bytes]:
    return [data[at : at + 1] for at in range(len(data))]


def at_random(data: bytes) -> list[bytes]:
    dice = random.Random(len(data))
    cuts = sorted(dice.sample(range(len(data)), min(20, len(data))))
    return [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True)]


@asynccontextmanager
async def server(stream: bytes, cut: Cut) -> AsyncIterator[str]:
    """A server that writes its answer to the handshake and `stream` in one go, cut as told."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        protocol = ServerProtocol()
        protocol.receive_data(await reader.readuntil(b"\r\n\r\n"))
        (request,) = protocol.events_received()
        assert isinstance(request, Request)
        protocol.send_response(protocol.accept(request))
        for piece in cut(b"".join(protocol.data_to_send()) + stream):
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)
        while await reader.read(1000):
            pass
        writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with listening:
        yield f"ws://127.0.0.1:{listening.sockets[0].getsockname()[1]}/"


async def messages(stream: bytes, cut: Cut = whole, largest: int = 1000) -> tuple[list[bytes], int]:
    """Return what a client takes of `stream`, and the code with which it ends."""
    taken: list[bytes] = []
    async with server(stream, cut) as url, asyncio.timeout(20):
        websocket = await connect(
            url,
            compression=None,
            proxy=None,
            max_size=largest,
            create_connection=partial(  # type: ignore[arg-type]
                GatewayWebsocket, largest=largest, end_timeout=0.2, on_data=lambda: None
            ),
        )
        assert isinstance(websocket, GatewayWebsocket)
        try:
            while True:
                taken += await websocket.take()
        except ConnectionClosed as closed:
            ended = closed
        await websocket.wait_closed()
        return taken, ended.sent.code if ended.sent else 1006


CLOSE = Frame(Opcode.CLOSE, Close(4000, "enough").serialize()).serialize(mask=False)


@pytest.mark.parametrize("cut", [whole, bytewise, at_random])
async def test_kinds_of_messages_in_order(cut: Cut) -> None:
    stream = b"".join(
        [
            binary(b"one"),
            binary(b""),
            binary(b"ping", opcode=Opcode.PING),
            binary("zwei é".encode(), opcode=Opcode.TEXT),
            binary(b"3" * 900),
            binary(b"fo", fin=False),
            binary(b"pong", opcode=Opcode.PONG),
            binary(b"ur", opcode=Opcode.CONT),
            binary(b"five"),
            CLOSE,
            binary(b"too late"),
        ]
    )
    expected = [b"one", b"", "zwei é".encode(), b"3" * 900, b"four", b"five"]
    assert await messages(stream, cut) == (expected, 4000)


async def test_a_large_burst_pauses_the_socket_and_loses_nothing() -> None:
    stream = b"".join(binary(b"%d" % number * 50) for number in range(5000))
    taken, code = await messages(stream + CLOSE)
    assert taken == [b"%d" % number * 50 for number in range(5000)]
    assert code == 4000


@pytest.mark.parametrize(
    ("violation", "code"),
    [
        (binary(b"x" * 1001), 1009),
        (binary(b"x", opcode=Opcode.CONT), 1002),
        (binary(b"x", fin=False) + binary(b"y"), 1002),
        (b"\xc2\x01x", 1002),
        (Frame(Opcode.BINARY, b"masked").serialize(mask=True), 1002),
    ],
)
async def test_violations_are_judged_by_websockets(violation: bytes, code: int) -> None:
    taken, sent = await messages(binary(b"before") + violation + binary(b"after"))
    assert (taken, sent) == ([b"before"], code)
