"""The simulator's HTTP API, over plain sockets."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from bare_client import BareClient
from gateway_core.testing import FakeGateway, Limits

Answer = tuple[int, dict[str, str], bytes]


async def exchange(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes
) -> Answer:
    writer.write(request)
    head = (await reader.readuntil(b"\r\n\r\n")).decode().removesuffix("\r\n\r\n")
    start, *lines = head.split("\r\n")
    headers = {}
    for line in lines:
        name, _, value = line.partition(": ")
        headers[name.lower()] = value
    body = await reader.readexactly(int(headers["content-length"]))
    return int(start.split(" ")[1]), headers, body


async def get(
    gateway: FakeGateway, path: str, token: str | None = "Bot a token", method: str = "GET"
) -> Answer:
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    authorization = "" if token is None else f"Authorization: {token}\r\n"
    request = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n{authorization}\r\n"
    answer = await exchange(reader, writer, request.encode())
    writer.close()
    return answer


async def test_gateway_bot_says_url_shards_and_session_start_limit() -> None:
    async with FakeGateway(shards=7, limits=Limits(max_concurrency=16)) as gateway:
        status, headers, body = await get(gateway, "/api/v10/gateway/bot")
        assert status == 200
        assert headers["content-type"] == "application/json"
        answer = json.loads(body)
        limit = answer.pop("session_start_limit")
        assert answer == {"url": gateway.url.removesuffix("/"), "shards": 7}
        assert 86_300_000 < limit.pop("reset_after") <= 86_400_000
        assert limit == {"total": 1000, "remaining": 1000, "max_concurrency": 16}
        async with BareClient(gateway, answer["url"] + "/") as client:
            await client.log_in(intents=0)
        again = json.loads((await get(gateway, "/api/v10/gateway/bot"))[2])
        assert again["session_start_limit"]["remaining"] == 999


async def test_gateway_needs_no_token() -> None:
    async with FakeGateway() as gateway:
        status, _, body = await get(gateway, "/api/v10/gateway", token=None)
        assert (status, json.loads(body)) == (200, {"url": gateway.url.removesuffix("/")})


@pytest.mark.parametrize(
    ("path", "method", "token", "status"),
    [
        ("/api/v10/gateway/bot", "GET", None, 401),
        ("/api/v10/gateway/bot", "GET", "Bot another token", 401),
        ("/api/v10/gateway/bot", "GET", "Bearer a token", 401),
        ("/api/v10/users/@me", "GET", None, 401),
        ("/api/v10/users/@me", "GET", "Bot a token", 200),
        ("/api/v10/applications/@me", "GET", "Bot a token", 200),
        ("/api/v10/oauth2/applications/@me", "GET", "Bot a token", 200),
        ("/api/v10/gateway/bot?with=query", "GET", "Bot a token", 200),
        ("/api/v10/nothing", "GET", "Bot a token", 404),
        ("/elsewhere", "GET", "Bot a token", 404),
        ("/api/v10/gateway/bot", "DELETE", "Bot a token", 405),
    ],
)
async def test_routes(path: str, method: str, token: str | None, status: int) -> None:
    async with FakeGateway(token="a token") as gateway:
        answered, headers, body = await get(gateway, path, token, method)
        assert answered == status
        assert headers["content-type"] == "application/json"
        answer: dict[str, Any] = json.loads(body)
        if status == 200 and "gateway" not in path:
            assert answer["id"] == gateway.user["id"]
        elif status != 200:
            assert answer["message"].startswith(f"{status}: ")
        assert [request.path for request in gateway.requests] == [path.partition("?")[0]]


async def test_many_requests_go_over_one_connection_bodies_too() -> None:
    async with FakeGateway() as gateway:
        reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
        request = b"GET /api/v10/gateway HTTP/1.1\r\nHost: localhost\r\n\r\n"
        posted = b"POST /api/v10/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello"
        assert (await exchange(reader, writer, request))[0] == 200
        assert (await exchange(reader, writer, posted))[0] == 401
        for piece in (request[:9], request[9:40]):
            writer.write(piece)
            await writer.drain()
        assert (await exchange(reader, writer, request[40:]))[0] == 200
        last = request.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
        assert (await exchange(reader, writer, last))[0] == 200
        assert await reader.read() == b""
        writer.close()
        assert [r.body for r in gateway.requests] == [b"", b"hello", b"", b""]


async def test_what_is_not_http_is_refused() -> None:
    async with FakeGateway() as gateway:
        for text in (b"HELLO\r\n\r\n", b"GET / SPDY/3\r\n\r\n", b"A" * 70_000):
            reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
            writer.write(text)
            assert (await reader.read()).startswith(b"HTTP/1.1 4")
            writer.close()


async def test_a_rate_limit_is_told_as_discord_does() -> None:
    async with FakeGateway() as gateway:
        gateway.fail_http(429, retry_after=1.5)
        status, headers, body = await get(gateway, "/api/v10/gateway/bot")
        assert status == 429
        assert headers["retry-after"] == "2"
        assert headers["x-ratelimit-reset-after"] == "1.5"
        assert json.loads(body)["retry_after"] == 1.5
        assert json.loads(body)["global"] is False
        assert (await get(gateway, "/api/v10/gateway/bot"))[0] == 200


@pytest.mark.parametrize("failure", [500, 502])
async def test_errors_of_the_server_come_as_often_as_asked(failure: int) -> None:
    async with FakeGateway() as gateway:
        gateway.fail_http(failure, times=2)
        statuses = [(await get(gateway, "/api/v10/gateway/bot"))[0] for _ in range(3)]
        assert statuses == [failure, failure, 200]
        assert (await get(gateway, "/api/v10/users/@me"))[0] == 200
