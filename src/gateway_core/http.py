"""The one HTTP request that a gateway client makes: ``GET /gateway/bot``.

It runs `http.client` in a thread, so that no HTTP library is needed; the event loop keeps the
deadline and cuts the socket when it passes or when the caller is cancelled.
"""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import socket
import ssl
import urllib.parse
import urllib.request
from base64 import b64encode
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from ._version import __version__
from .errors import GatewayError

__all__ = [
    "DEFAULT_BASE_URL",
    "GatewayBot",
    "HTTPError",
    "SessionStartLimit",
    "Unauthorized",
    "fetch_gateway_bot",
]

DEFAULT_BASE_URL: Final = "https://discord.com/api/v10"

_T = TypeVar("_T")

_MAX_BODY: Final = 1 << 20
_MAX_WAIT: Final = 60.0
"""A server that asks for a longer pause than this, in seconds, is reported, not obeyed silently."""


class HTTPError(GatewayError):
    """``GET /gateway/bot`` failed: no connection, no usable answer, or a status that is not 200.

    Attributes:
        status: the HTTP status, or None when no answer came.
        retry_after: seconds that the server asked to wait before another try, or None.
    """

    def __init__(
        self, message: str, *, status: int | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after = retry_after


class Unauthorized(HTTPError):
    """Discord refused the token (status 401)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionStartLimit:
    """How many sessions the bot may still start.

    Source:
        Discord documentation, "Gateway", section "Session Start Limit Object".
    """

    total: int
    """Sessions that may be started in one period."""
    remaining: int
    """Sessions that may still be started in the current period."""
    reset_after: float
    """Seconds until `remaining` is `total` again (Discord sends milliseconds)."""
    max_concurrency: int
    """Identifies allowed per 5 seconds, one for each remainder of shard number by this."""

    def __post_init__(self) -> None:
        if self.total < 0 or self.remaining < 0 or self.reset_after < 0:
            raise ValueError("a session start limit cannot be negative")
        if self.max_concurrency < 1:
            raise ValueError(f"max_concurrency must be at least 1, not {self.max_concurrency}")


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayBot:
    """Discord's answer to ``GET /gateway/bot``.

    Source:
        Discord documentation, "Gateway", section "Get Gateway Bot".
    """

    url: str
    """Address to connect shards to (``wss://...``)."""
    shards: int
    """Number of shards that Discord recommends."""
    session_start_limit: SessionStartLimit

    def __post_init__(self) -> None:
        if not self.url.startswith(("wss://", "ws://")):
            raise ValueError(f"url must be a websocket address, not {self.url!r}")
        if self.shards < 1:
            raise ValueError(f"shards must be at least 1, not {self.shards}")


async def fetch_gateway_bot(
    token: str,
    *,
    base_url: str = DEFAULT_BASE_URL,
    timeout: float = 10.0,  # noqa: ASYNC109 - one attempt's limit, not the whole call's
    proxy: str | bool | None = True,
    tls: ssl.SSLContext | None = None,
    attempts: int = 3,
) -> GatewayBot:
    """Ask Discord where to connect, with how many shards, and how many sessions may be started.

    Statuses 429 and 5xx are tried again, after the pause that the server asks for, else after 1,
    2, 4... seconds. More than 60 seconds are not waited for: the error says how long it would be.
    Redirects are not followed: the token goes to `base_url` and to nobody else.

    Args:
        token: the bot's token, with or without the prefix ``Bot``.
        base_url: where the API is, version included; another one for an HTTP proxy of the API or
            for the simulator.
        timeout: seconds for one attempt, connecting included.
        proxy: ``http://[user:password@]host:port``; True takes the one of the environment or of
            the system, None uses none.
        tls: context for ``https``; by default the system's certificates are verified.
        attempts: how often to try in all.

    Raises:
        Unauthorized: the token was refused.
        HTTPError: no connection, an answer that is not understood, or another status.
        ValueError: an argument cannot be used; no message holds the token.

    Source:
        Discord documentation, "Gateway", section "Get Gateway Bot"; "Rate Limits".
    """
    request = _Request(token, base_url, timeout, proxy, tls)
    attempt = 1
    while True:
        try:
            return _gateway_bot(await request.send(), base_url)
        except HTTPError as error:
            if attempt >= attempts or error.status is None:
                raise
            if error.status != 429 and error.status < 500:
                raise
            pause = 2.0 ** (attempt - 1) if error.retry_after is None else error.retry_after
            if pause > _MAX_WAIT:
                raise
        await asyncio.sleep(pause)
        attempt += 1


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    reason: str
    retry_after: str | None
    body: bytes


class _Request:
    """``GET /gateway/bot``, made ready once and sent as often as needed."""

    def __init__(
        self,
        token: str,
        base_url: str,
        timeout: float,
        proxy: str | bool | None,
        tls: ssl.SSLContext | None,
    ) -> None:
        token = token.removeprefix("Bot ")
        if not token or not token.isascii() or not token.isprintable() or " " in token:
            raise ValueError("the token is empty or has characters that no token has")
        if timeout <= 0:
            raise ValueError(f"timeout must be a positive number of seconds, not {timeout}")
        url = urllib.parse.urlsplit(base_url)
        if url.scheme not in ("http", "https") or url.hostname is None:
            raise ValueError(f"base_url must be an http:// or https:// address, not {base_url!r}")
        self._secure = url.scheme == "https"
        self._host = url.hostname
        self._port = url.port or (443 if self._secure else 80)
        self._path = f"{url.path.rstrip('/')}/gateway/bot"
        self._timeout = timeout
        self._proxy = _find_proxy(proxy, url.scheme, self._host)
        self._tls = tls or (ssl.create_default_context() if self._secure else None)
        self._headers = {
            "Authorization": f"Bot {token}",
            "Accept": "application/json",
            "User-Agent": f"DiscordBot (gateway-core, {__version__})",
            "Connection": "close",
        }

    async def send(self) -> _Answer:
        """Send it once and give the answer, whatever its status."""
        connection, target, headers = self._open()
        exchange = _Exchange(connection)
        try:
            async with asyncio.timeout(self._timeout):
                return await asyncio.to_thread(exchange.run, target, headers)
        except TimeoutError:
            problem = f"no answer within {self._timeout:g} s"
        except (OSError, http.client.HTTPException) as error:
            problem = str(error) or type(error).__name__
        finally:
            exchange.cut()
        raise HTTPError(
            f"GET {self._path} at {self._host}:{self._port} failed: {problem}; "
            "check the network, the proxy and base_url"
        )

    def _open(self) -> tuple[http.client.HTTPConnection, str, dict[str, str]]:
        host, port = self._host, self._port
        headers = self._headers
        proxy_headers = {}
        if self._proxy is not None:
            host, port, credentials = self._proxy
            if credentials is not None:
                proxy_headers["Proxy-Authorization"] = f"Basic {credentials}"
        if self._secure:
            secure = http.client.HTTPSConnection(
                host, port, timeout=self._timeout, context=self._tls
            )
            if self._proxy is not None:
                secure.set_tunnel(self._host, self._port, proxy_headers)
            return secure, self._path, headers
        plain = http.client.HTTPConnection(host, port, timeout=self._timeout)
        if self._proxy is None:
            return plain, self._path, headers
        authority = f"[{self._host}]" if ":" in self._host else self._host
        target = f"http://{authority}:{self._port}{self._path}"
        return plain, target, {**headers, **proxy_headers}


class _Exchange:
    """One request and its answer."""

    __slots__ = ("_connection", "_sock")

    def __init__(self, connection: http.client.HTTPConnection) -> None:
        self._connection = connection
        self._sock: socket.socket | None = None

    def run(self, target: str, headers: dict[str, str]) -> _Answer:
        """Send and receive; runs in a thread."""
        connection = self._connection
        try:
            connection.request("GET", target, headers=headers)
            # The connection lets go of it at the end of the headers, before the body is read.
            self._sock = connection.sock
            response = connection.getresponse()
            body = response.read(_MAX_BODY + 1)
            return _Answer(response.status, response.reason, response.headers["Retry-After"], body)
        finally:
            connection.close()

    def cut(self) -> None:
        """Wake the thread that may still be reading."""
        sock = self._sock or self._connection.sock
        if sock is not None:
            # SSLSocket.shutdown drops the TLS object under the reading thread's feet.
            with contextlib.suppress(OSError):
                socket.socket.shutdown(sock, socket.SHUT_RDWR)


def _find_proxy(
    proxy: str | bool | None, scheme: str, host: str
) -> tuple[str, int, str | None] | None:
    """Give the proxy's host, port and encoded credentials."""
    if proxy is True:
        found = urllib.request.getproxies().get(scheme)
        proxy = None if found is None or urllib.request.proxy_bypass(host) else found
    if not proxy:
        return None
    if "://" not in proxy:
        proxy = f"http://{proxy}"
    # The address may hold a password: no message repeats it.
    try:
        url = urllib.parse.urlsplit(proxy)
        port = url.port or 80
    except ValueError:
        raise ValueError(
            "the proxy's address cannot be read: it must be http://[user:password@]host:port, with "
            "user and password percent-encoded"
        ) from None
    if url.scheme != "http" or url.hostname is None:
        raise ValueError(
            f"only http:// proxies are supported for GET /gateway/bot, not {url.scheme}://; a "
            "Cluster that is told its shards and has an identify queue in its Config need not ask"
        )
    credentials = None
    if url.username is not None:
        user = urllib.parse.unquote(url.username)
        password = urllib.parse.unquote(url.password or "")
        credentials = b64encode(f"{user}:{password}".encode()).decode()
    return url.hostname, port, credentials


def _gateway_bot(answer: _Answer, base_url: str) -> GatewayBot:
    """Make the value of an answer, or raise what it means."""
    if answer.status == 401:
        raise Unauthorized(
            "Discord refused the token (401 Unauthorized): it is wrong or was reset; take the "
            "current one from the Developer Portal, page Bot",
            status=401,
        )
    data = _json_object(answer.body)
    if answer.status != 200:
        retry_after = _retry_after(answer, data)
        message = data.get("message")
        raise HTTPError(
            f"GET /gateway/bot at {base_url} answered {answer.status} {answer.reason}"
            + (f": {message}" if isinstance(message, str) else "")
            + (f"; try again in {retry_after:g} s" if retry_after is not None else ""),
            status=answer.status,
            retry_after=retry_after,
        )
    try:
        limit = data["session_start_limit"]
        return GatewayBot(
            url=_typed(data["url"], str),
            shards=_typed(data["shards"], int),
            session_start_limit=SessionStartLimit(
                total=_typed(limit["total"], int),
                remaining=_typed(limit["remaining"], int),
                reset_after=_typed(limit["reset_after"], int) / 1000,
                max_concurrency=_typed(limit["max_concurrency"], int),
            ),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise HTTPError(
            f"GET /gateway/bot at {base_url} answered something else than Discord does "
            f"({type(error).__name__}: {error}); check base_url",
            status=200,
        ) from None


def _json_object(body: bytes) -> dict[str, Any]:
    """Read a body; one that is too long or not an object counts as empty."""
    if len(body) > _MAX_BODY:
        return {}
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}


def _retry_after(answer: _Answer, data: dict[str, Any]) -> float | None:
    """Give the pause asked for: the body's is finer than the header's whole seconds."""
    for value in (data.get("retry_after"), answer.retry_after):
        if isinstance(value, int | float | str):
            with contextlib.suppress(ValueError):
                seconds = float(value)
                if 0 <= seconds < float("inf"):
                    return seconds
    return None


def _typed(value: object, kind: type[_T]) -> _T:
    if not isinstance(value, kind) or isinstance(value, bool):
        raise TypeError(f"{value!r:.40} is not {kind.__name__}")
    return value
