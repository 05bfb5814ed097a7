"""``GET /gateway/bot`` over real sockets, to servers that answer as they are told."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import ssl
import threading
import traceback
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from gateway_core.http import (
    GatewayBot,
    HTTPError,
    SessionStartLimit,
    Unauthorized,
    fetch_gateway_bot,
)
from gateway_core.testing import FakeGateway

CERTIFICATE = Path(__file__).parent / "tls" / "localhost.pem"
TOKEN = "a-token.that-opens.nothing"
GOOD: dict[str, Any] = {
    "url": "wss://gateway.discord.gg",
    "shards": 9,
    "session_start_limit": {
        "total": 1000,
        "remaining": 999,
        "reset_after": 14400500,
        "max_concurrency": 16,
    },
}


def answer(status: int, body: object = None, **headers: str) -> bytes:
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(text)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + text


class Server:
    """Gives the answers of a list, one a connection, and keeps the requests."""

    def __init__(self, *answers: bytes | None) -> None:
        self.answers = list(answers)
        self.requests: list[str] = []
        self.asked = asyncio.Event()
        self.gone = asyncio.Event()
        self.url = ""

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            self.requests.append((await reader.readuntil(b"\r\n\r\n")).decode())
            self.asked.set()
            reply = self.answers.pop(0)
            if reply is None:  # say nothing, and see when the client gives up
                await reader.read()
                self.gone.set()
            else:
                writer.write(reply)
                await writer.drain()
        finally:
            writer.close()


@asynccontextmanager
async def serve(*answers: bytes | None) -> AsyncIterator[Server]:
    server = Server(*answers)
    listener = await asyncio.start_server(server.handle, "127.0.0.1", 0)
    async with listener:
        port = listener.sockets[0].getsockname()[1]
        server.url = f"http://127.0.0.1:{port}/api/v10"
        yield server


@pytest.fixture(autouse=True)
def no_system_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Pauses between attempts, noted instead of slept."""
    noted: list[float] = []

    async def sleep(seconds: float) -> None:
        noted.append(seconds)

    monkeypatch.setattr("gateway_core.http.asyncio.sleep", sleep)
    return noted


class TestAnswer:
    async def test_gives_the_value(self) -> None:
        async with serve(answer(200, GOOD)) as server:
            bot = await fetch_gateway_bot(TOKEN, base_url=server.url)
        assert bot == GatewayBot(
            url="wss://gateway.discord.gg",
            shards=9,
            session_start_limit=SessionStartLimit(
                total=1000, remaining=999, reset_after=14400.5, max_concurrency=16
            ),
        )

    @pytest.mark.parametrize("token", [TOKEN, f"Bot {TOKEN}"])
    async def test_sends_the_request_that_discord_asks_for(self, token: str) -> None:
        async with serve(answer(200, GOOD)) as server:
            await fetch_gateway_bot(token, base_url=server.url + "/")
        request = server.requests[0].split("\r\n")
        assert request[0] == "GET /api/v10/gateway/bot HTTP/1.1"
        assert f"Authorization: Bot {TOKEN}" in request
        assert any(line.startswith("User-Agent: DiscordBot (") for line in request)

    async def test_reads_a_chunked_body(self) -> None:
        body = json.dumps(GOOD).encode()
        halves = (body[:50], body[50:], b"")
        chunks = b"".join(b"%x\r\n%b\r\n" % (len(half), half) for half in halves)
        head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        async with serve(head + chunks) as server:
            assert (await fetch_gateway_bot(TOKEN, base_url=server.url)).shards == 9

    @pytest.mark.parametrize(
        "body",
        [
            b"<html>hotel wifi</html>",
            b"[" * 100_000,
            b'"text"',
            {},
            {**GOOD, "shards": "9"},
            {**GOOD, "shards": True},
            {**GOOD, "shards": 0},
            {**GOOD, "url": "https://gateway.discord.gg"},
            {**GOOD, "session_start_limit": None},
            {**GOOD, "session_start_limit": {**GOOD["session_start_limit"], "max_concurrency": 0}},
            {**GOOD, "padding": "x" * (1 << 20)},
        ],
        ids=lambda body: str(body)[:30],
    )
    async def test_an_answer_of_something_else_is_an_error(self, body: object) -> None:
        async with serve(answer(200, body)) as server:
            with pytest.raises(HTTPError, match="check base_url") as caught:
                await fetch_gateway_bot(TOKEN, base_url=server.url)
        assert caught.value.status == 200

    async def test_what_is_not_http_is_an_error(self) -> None:
        async with serve(b"SSH-2.0-OpenSSH_9.6\r\n") as server:
            with pytest.raises(HTTPError, match="failed") as caught:
                await fetch_gateway_bot(TOKEN, base_url=server.url)
        assert caught.value.status is None


class TestStatus:
    async def test_401_says_that_the_token_is_refused(self) -> None:
        async with serve(answer(401, {"message": "401: Unauthorized", "code": 0})) as server:
            with pytest.raises(Unauthorized, match="refused the token") as caught:
                await fetch_gateway_bot(TOKEN, base_url=server.url)
        assert caught.value.status == 401
        assert TOKEN not in str(caught.value)
        assert len(server.requests) == 1

    @pytest.mark.parametrize("status", [301, 400, 403, 404])
    async def test_other_statuses_are_not_tried_again(self, status: int) -> None:
        reply = answer(status, {"message": "No."}, Location="http://elsewhere.invalid/")
        async with serve(reply) as server:
            with pytest.raises(HTTPError, match=r"answered \d+ Whatever: No\.") as caught:
                await fetch_gateway_bot(TOKEN, base_url=server.url)
        assert caught.value.status == status
        assert len(server.requests) == 1

    async def test_429_waits_as_long_as_it_is_told(self, pauses: list[float]) -> None:
        replies = [
            answer(429, {"message": "Slow", "retry_after": 1.25}, Retry_After="2"),
            answer(429, b"", Retry_After="3"),
            answer(200, GOOD),
        ]
        async with serve(*replies) as server:
            assert (await fetch_gateway_bot(TOKEN, base_url=server.url)).shards == 9
        assert pauses == [1.25, 3.0]

    async def test_5xx_is_tried_again_with_growing_pauses(self, pauses: list[float]) -> None:
        replies = [answer(500, b""), answer(502, b"<html>"), answer(503, b"", Retry_After="7")]
        async with serve(*replies, answer(200, GOOD)) as server:
            await fetch_gateway_bot(TOKEN, base_url=server.url, attempts=4)
        assert pauses == [1.0, 2.0, 7.0]

    async def test_gives_up_after_the_attempts(self, pauses: list[float]) -> None:
        async with serve(answer(503, b""), answer(503, b"", Retry_After="4")) as server:
            with pytest.raises(HTTPError, match="503") as caught:
                await fetch_gateway_bot(TOKEN, base_url=server.url, attempts=2)
        assert caught.value.retry_after == 4.0
        assert pauses == [1.0]

    async def test_a_long_pause_is_reported_not_waited(self, pauses: list[float]) -> None:
        async with serve(answer(429, {"retry_after": 900})) as server:
            with pytest.raises(HTTPError, match="try again in 900 s") as caught:
                await fetch_gateway_bot(TOKEN, base_url=server.url)
        assert caught.value.retry_after == 900.0
        assert pauses == []

    @pytest.mark.parametrize("value", ["Wed, 21 Oct 2026 07:28:00 GMT", "-1", "nan", "inf"])
    async def test_a_pause_that_makes_no_sense_is_left_out(
        self, value: str, pauses: list[float]
    ) -> None:
        async with serve(answer(429, b"", Retry_After=value), answer(200, GOOD)) as server:
            await fetch_gateway_bot(TOKEN, base_url=server.url)
        assert pauses == [1.0]


class TestConnection:
    async def test_nobody_listens(self) -> None:
        async with serve() as server:
            url = server.url
        with pytest.raises(HTTPError, match=r"at 127\.0\.0\.1:\d+ failed") as caught:
            await fetch_gateway_bot(TOKEN, base_url=url)
        assert caught.value.status is None

    async def test_the_deadline_ends_a_silent_server(self) -> None:
        async with serve(None) as server:
            with pytest.raises(HTTPError, match=r"no answer within 0\.2 s"):
                await fetch_gateway_bot(TOKEN, base_url=server.url, timeout=0.2)
            await server.gone.wait()

    async def test_the_deadline_ends_a_body_that_drips(self) -> None:
        gone = asyncio.Event()

        async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
            with contextlib.suppress(ConnectionError):
                while not reader.at_eof():
                    writer.write(b" ")
                    await asyncio.sleep(0.01)  # sooner than any timeout of the socket
            writer.close()
            gone.set()

        async with await asyncio.start_server(drip, "127.0.0.1", 0) as listener:
            url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
            with pytest.raises(HTTPError, match=r"no answer within 0\.2 s"):
                await fetch_gateway_bot(TOKEN, base_url=url, timeout=0.2)
            async with asyncio.timeout(10):
                await gone.wait()

    async def test_cancelling_closes_the_socket(self) -> None:
        async with serve(None) as server:
            task = asyncio.create_task(fetch_gateway_bot(TOKEN, base_url=server.url, timeout=30))
            await server.asked.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await server.gone.wait()

    async def test_tls_is_verified(self) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(CERTIFICATE)
        server = Server(answer(200, GOOD))
        listener = await asyncio.start_server(server.handle, "127.0.0.1", 0, ssl=context)
        async with listener:
            url = f"https://localhost:{listener.sockets[0].getsockname()[1]}/api/v10"
            with pytest.raises(HTTPError, match=r"(?i)certificate"):
                await fetch_gateway_bot(TOKEN, base_url=url)
            assert server.requests == []
            trusting = ssl.create_default_context(cafile=CERTIFICATE)
            assert (await fetch_gateway_bot(TOKEN, base_url=url, tls=trusting)).shards == 9


class TestProxy:
    async def test_a_plain_request_goes_through_the_proxy(self) -> None:
        async with serve(answer(200, GOOD)) as proxy:
            address = proxy.url.removesuffix("/api/v10").replace("://", "://us%40er:pa%3Ass@")
            await fetch_gateway_bot(TOKEN, base_url="http://discord.test/api/v10", proxy=address)
        request = proxy.requests[0].split("\r\n")
        assert request[0] == "GET http://discord.test:80/api/v10/gateway/bot HTTP/1.1"
        credentials = base64.b64encode(b"us@er:pa:ss").decode()
        assert f"Proxy-Authorization: Basic {credentials}" in request

    async def test_a_tls_request_asks_the_proxy_for_a_tunnel(self) -> None:
        async with serve(answer(407, b"")) as proxy:
            address = proxy.url.removesuffix("/api/v10").replace("://", "://user:secret@")
            with pytest.raises(HTTPError, match="407") as caught:
                await fetch_gateway_bot(TOKEN, proxy=address)
        assert proxy.requests[0].startswith("CONNECT discord.com:443 HTTP/1.")
        assert "Proxy-Authorization: Basic " in proxy.requests[0]
        assert TOKEN not in proxy.requests[0]
        assert "secret" not in str(caught.value)

    async def test_the_environments_proxy_is_used_and_can_be_refused(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async with serve(answer(200, GOOD)) as server, serve(answer(200, GOOD)) as proxy:
            monkeypatch.setenv("http_proxy", proxy.url.removesuffix("/api/v10"))
            await fetch_gateway_bot(TOKEN, base_url=server.url)
            assert (len(server.requests), len(proxy.requests)) == (0, 1)
            await fetch_gateway_bot(TOKEN, base_url=server.url, proxy=None)
            assert (len(server.requests), len(proxy.requests)) == (1, 1)

    async def test_another_kind_of_proxy_is_refused_without_its_password(self) -> None:
        with pytest.raises(ValueError, match=r"only http:// proxies .* need not ask") as caught:
            await fetch_gateway_bot(TOKEN, proxy="socks5://user:secret@127.0.0.1:9")
        assert "secret" not in str(caught.value)

    @pytest.mark.parametrize(
        "proxy",
        [
            "http://user:s3cret",
            "user:s3cret",
            "http://user:s3/cret@127.0.0.1:9",
            "http://user:s3cret@127.0.0.1:99999",
            "http://user:s3cret@[::1",
            "http://user:s3cret@\N{FULLWIDTH COMMERCIAL AT}:9",
        ],
    )
    async def test_an_address_that_is_none_is_refused_without_its_password(
        self, proxy: str
    ) -> None:
        with pytest.raises(ValueError, match="the proxy's address cannot be read") as caught:
            await fetch_gateway_bot(TOKEN, proxy=proxy)
        assert "s3" not in "".join(traceback.format_exception(caught.value))


class TestArguments:
    @pytest.mark.parametrize("token", ["", "Bot ", "a b", "line\nbreak", "tök.en", "nul\0"])
    async def test_refuses_a_token_that_is_none_without_repeating_it(self, token: str) -> None:
        with pytest.raises(ValueError, match="the token is empty") as caught:
            await fetch_gateway_bot(token)
        assert token == "" or token not in str(caught.value)

    @pytest.mark.parametrize("url", ["discord.com/api", "wss://gateway.discord.gg", "http://"])
    async def test_refuses_a_base_url_that_is_none(self, url: str) -> None:
        with pytest.raises(ValueError, match="base_url must be"):
            await fetch_gateway_bot(TOKEN, base_url=url)

    async def test_refuses_a_timeout_that_is_none(self) -> None:
        with pytest.raises(ValueError, match="timeout must be"):
            await fetch_gateway_bot(TOKEN, timeout=0)

    @pytest.mark.parametrize(
        "make",
        [
            lambda: SessionStartLimit(total=-1, remaining=0, reset_after=0.0, max_concurrency=1),
            lambda: SessionStartLimit(total=1, remaining=0, reset_after=0.0, max_concurrency=0),
        ],
    )
    def test_values_are_checked(self, make: Callable[[], object]) -> None:
        with pytest.raises(ValueError, match=r"session start limit|max_concurrency"):
            make()


async def test_the_loop_goes_on_while_the_thread_waits() -> None:
    """The request runs beside the loop, not on it."""
    async with serve(None) as server:
        task = asyncio.create_task(fetch_gateway_bot(TOKEN, base_url=server.url, timeout=30))
        await server.asked.wait()  # the server lives on this very loop
        assert threading.active_count() > 1
        task.cancel()
        await asyncio.wait([task])


class TestSimulator:
    async def test_answers_as_discord_does(self) -> None:
        async with FakeGateway(token=TOKEN, shards=7) as gateway:
            bot = await fetch_gateway_bot(TOKEN, base_url=gateway.http_url)
            assert bot.url == gateway.url.removesuffix("/")
            assert bot.shards == 7
            assert bot.session_start_limit.max_concurrency == 1
            assert 86_000 < bot.session_start_limit.reset_after <= 86_400
            with pytest.raises(Unauthorized):
                await fetch_gateway_bot("another", base_url=gateway.http_url)

    async def test_its_rate_limit_is_waited_for(self, pauses: list[float]) -> None:
        async with FakeGateway() as gateway:
            gateway.fail_http(429, retry_after=2.5)
            await fetch_gateway_bot(TOKEN, base_url=gateway.http_url)
            assert len(gateway.requests) == 2
        assert pauses == [2.5]
