"""`FakeGateway`: a gateway as Discord's, on loopback, for a test or a program to talk to."""

from __future__ import annotations

import asyncio
import logging
import ssl as tls
from collections import deque
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any, Self

from gateway_core.close_codes import CloseCode
from gateway_core.intents import Intents

from . import views
from .api import API_PATH, HttpFailure, answer
from .compression import COMPRESSIONS
from .connection import Connection
from .faults import FaultSchedule
from .limits import IdentifyLimit, Limits, MemberRequests, SessionStarts
from .requests import Identify
from .sessions import Session, Sessions, dumps
from .traffic import Traffic
from .wire import Request, Response, Wire

__all__ = ["FakeGateway", "Handshake"]

_log = logging.getLogger("gateway_core.testing")

# How many connections and handshakes are remembered after they are over.
_REMEMBERED = 10_000
# Events are made in batches: at most this many between two turns of the event loop, and not more
# often than every tick (seconds).
_BATCH = 256
_TICK = 0.01


@dataclass(frozen=True, slots=True)
class Handshake:
    """An Identify or a Resume that came in: on which connection, with which data, and when."""

    connection: Connection
    data: Any = field(repr=False)
    at: float = field(repr=False)


class FakeGateway:
    """A server on loopback that behaves as Discord's gateway does, and misbehaves when asked to.

    One port serves the websocket, at any path, and the HTTP API under ``/api/v10``. Use it as an
    asynchronous context manager; it runs in the event loop that enters it.

        async with FakeGateway(rate=50) as gateway:
            shard = Shard("any-token", Intents.default(), config=Config(gateway_url=gateway.url))
            ...
            (connection,) = gateway.connections
            connection.cut()
            await gateway.wait_for_resume()

    Args:
        seed: of everything that is made up: guilds, events, session ids. Same seed, same events.
        guilds: how many guilds the bot is in.
        members: the median of the guilds' numbers of members.
        rate: events per second that happen of their own accord, in all guilds together, from the
            first READY on; None for none.
        token: the only one that is accepted; None accepts every one.
        heartbeat_interval: seconds, as told to clients.
        heartbeat_grace: seconds by which a heartbeat may be late before the connection is closed.
        shards: how many shards Get Gateway Bot recommends.
        allowed_intents: what the application may ask for; others are refused with 4014.
        limits: rate limits and sizes.
        faults: what goes wrong, and when; None for nothing.
        resume_path: path of the URL for resuming that READY gives.
        host: the address to listen on.
        port: the port to listen on; 0 for any that is free.
        ssl: a server's TLS context makes it ``wss`` and ``https``; None for plain TCP.

    Attributes:
        identifies: every Identify that came in, whether or not it was accepted.
        resumes: every Resume that came in, whether or not it was accepted.
        requests: every request to the HTTP API.
        history: every connection there was, in order of its coming.
        sessions: the sessions that can be resumed; iterate over them.
        resume_url: the URL for resuming that the next READY gives; may be set to any.
        heartbeat_interval: as above; may be set, for the connections to come.
        shards: as above; may be set, for the requests to come.

    Source:
        Discord documentation, "Gateway" and "Gateway Events".
    """

    def __init__(
        self,
        *,
        seed: int = 0,
        guilds: int = 3,
        members: int = 70,
        rate: float | None = None,
        token: str | None = None,
        heartbeat_interval: float = 41.25,
        heartbeat_grace: float = 5.0,
        shards: int = 1,
        allowed_intents: Intents | None = None,
        limits: Limits | None = None,
        faults: FaultSchedule | None = None,
        resume_path: str = "/resume",
        host: str = "127.0.0.1",
        port: int = 0,
        ssl: tls.SSLContext | None = None,
    ) -> None:
        if rate is not None and rate <= 0:
            raise ValueError(f"rate must be positive or None, not {rate}")
        self.heartbeat_interval = heartbeat_interval
        self.heartbeat_grace = heartbeat_grace
        self.limits = limits or Limits()
        self.allowed_intents = Intents.all() if allowed_intents is None else allowed_intents
        self.resume_path = resume_path
        self.resume_url = ""
        self.identifies: deque[Handshake] = deque(maxlen=_REMEMBERED)
        self.resumes: deque[Handshake] = deque(maxlen=_REMEMBERED)
        self.requests: deque[Request] = deque(maxlen=_REMEMBERED)
        self.history: deque[Connection] = deque(maxlen=_REMEMBERED)
        self.sessions = Sessions(self.limits)
        self.identify_limit = IdentifyLimit(self.limits)
        self.member_requests = MemberRequests(self.limits)
        self.session_starts: SessionStarts
        self.shards = shards
        self._rate = rate
        self._token = token
        self._token_was_reset = False
        self._host, self._port, self._ssl = host, port, ssl
        self._random = Random(seed)
        self._traffic = Traffic(seed, guilds=guilds, members=members)
        self._steady = self._traffic.steady()
        self._server: asyncio.Server | None = None
        self._faults = faults
        self._tasks: set[asyncio.Task[None]] = set()
        self._wires: set[Wire] = set()
        self._open: dict[int, Connection] = {}
        self._taken = 0
        self._failures: list[HttpFailure] = []
        self._failing_handshakes = 0
        self._hello_delays: list[float] = []
        self._joined: dict[str, dict[str, Any]] = {}
        self._waiters: list[tuple[Callable[[], bool], asyncio.Future[None]]] = []

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self.session_starts = SessionStarts(self.limits, loop.time())
        if self._ssl is not None:
            self._ssl.sni_callback = self._on_tls_handshake
        self._server = await loop.create_server(
            lambda: Wire(self), self._host, self._port, ssl=self._ssl
        )
        self._port = self._server.sockets[0].getsockname()[1]
        self.resume_url = self.url.removesuffix("/") + self.resume_path
        if self._rate is not None:
            self.spawn(self._stream(self._rate))
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        assert self._server is not None
        self._server.close()
        for wire in tuple(self._wires):
            wire.abort()
        await self.wait_for(lambda: not self._wires)

    # Where it is

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return self._port

    @property
    def url(self) -> str:
        """The gateway's URL, ``ws://127.0.0.1:PORT/``."""
        return f"{'ws' if self._ssl is None else 'wss'}://{self._host}:{self._port}/"

    @property
    def http_url(self) -> str:
        """The base URL of the HTTP API, ``http://127.0.0.1:PORT/api/v10``."""
        return f"{'http' if self._ssl is None else 'https'}://{self._host}:{self._port}{API_PATH}"

    # What is there

    @property
    def connections(self) -> tuple[Connection, ...]:
        """The connections that are open, oldest first."""
        return tuple(self._open.values())

    @property
    def user(self) -> Mapping[str, Any]:
        """The bot's user object."""
        return self._traffic.user

    @property
    def guilds(self) -> tuple[str, ...]:
        """The ids of the guilds that the bot is in."""
        return (*self._traffic.guilds, *self._joined)

    def guild(self, guild_id: str) -> dict[str, Any]:
        """Return a guild as it is now, as GUILD_CREATE gives it in full.

        Raises:
            KeyError: the bot is not in such a guild.
        """
        return self._joined.get(guild_id) or self._traffic.guild_create(guild_id)

    def guilds_of(self, shard: tuple[int, int]) -> tuple[str, ...]:
        """Return the ids of the guilds of a shard (number, total)."""
        number, total = shard
        return tuple(id_ for id_ in self.guilds if views.shard_of(int(id_), total) == number)

    def accepts_token(self, token: str) -> bool:
        """Say whether a token is good."""
        return not self._token_was_reset and bool(token) and self._token in (None, token)

    def describe(self) -> dict[str, Any]:
        """Return what Get Gateway Bot answers."""
        now = asyncio.get_running_loop().time()
        return {
            "url": self.url.removesuffix("/"),
            "shards": self.shards,
            "session_start_limit": self.session_starts.describe(now, self.limits.max_concurrency),
        }

    # Waiting

    async def wait_for(self, predicate: Callable[[], bool]) -> None:
        """Wait until something is so; it is asked after everything that happens here.

        Wrap it into ``asyncio.timeout`` where it may never be so.
        """
        if predicate():
            return
        waiter = (predicate, asyncio.get_running_loop().create_future())
        self._waiters.append(waiter)
        try:
            await waiter[1]
        finally:
            self._waiters.remove(waiter)

    async def wait_for_identify(self, count: int = 1) -> Connection:
        """Wait until `count` identifies have come in; return the connection of the last of them."""
        await self.wait_for(lambda: len(self.identifies) >= count)
        return self.identifies[count - 1].connection

    async def wait_for_resume(self, count: int = 1) -> Connection:
        """Wait until `count` resumes have come in; return the connection of the last of them."""
        await self.wait_for(lambda: len(self.resumes) >= count)
        return self.resumes[count - 1].connection

    # Events

    def dispatch(self, name: str, data: Any, *, shard: int | None = None) -> int:
        """Let an event happen: every session that should see it gets it, as Discord would send it.

        Args:
            name: the event's name, documented or not.
            data: what becomes `d`; its guild decides which shard gets it.
            shard: send it to the sessions of that shard number instead.

        Returns:
            The number of sessions that got it, connected or waiting to be resumed.
        """
        guild_id = views.guild_of(name, data)
        needed = views.needs(name, guild_id)
        user_id = self.user["id"]
        self.sessions.purge(asyncio.get_running_loop().time())
        encoded: bytes | None = None
        reached = 0
        for session in self.sessions:
            if shard is None:
                if not views.reaches(session, needed, guild_id):
                    continue
            elif session.shard[0] != shard:
                continue
            seen = views.sees(session, name, data, user_id)
            if seen is data:
                if encoded is None:
                    encoded = dumps(data)
                self._append(session, name, encoded)
            else:
                self._append(session, name, dumps(seen))
            reached += 1
        return reached

    def join_guild(self, *, members: int) -> str:
        """Let the bot join another guild, of so many members; return the guild's id."""
        elsewhere = Traffic(self._random.getrandbits(32), guilds=1, members=members)
        (guild_id,) = elsewhere.guilds
        guild = elsewhere.guild_create(guild_id)
        for item in (*guild["members"], *guild["presences"]):  # its bot becomes this bot
            if item["user"]["id"] == elsewhere.user["id"]:
                item["user"] = self.user if "username" in item["user"] else {"id": self.user["id"]}
        self._joined[guild_id] = guild
        self.dispatch("GUILD_CREATE", guild)
        return guild_id

    @property
    def joined_guilds(self) -> tuple[str, ...]:
        """The ids of the guilds that the bot has joined since the start."""
        return tuple(self._joined)

    def deliver(self, session: Session, name: str, data: Any) -> None:
        """Dispatch an event to one session only, as it is."""
        self._append(session, name, dumps(data))

    async def burst(self, count: int) -> None:
        """Let `count` events of the usual mix happen as fast as they can be made."""
        for made in range(count):
            if made % _BATCH == 0:
                await asyncio.sleep(0)
            self.dispatch(*next(self._steady))

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something in the background for as long as the gateway is there."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _append(self, session: Session, name: str, data: bytes) -> None:
        session.append(name, data)
        if session.connection is not None:
            session.connection.wake()

    async def _stream(self, rate: float) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self.wait_for(lambda: len(self.sessions) > 0)
            start, made = loop.time(), 0
            while len(self.sessions) > 0:
                await asyncio.sleep(max(_TICK, 1 / rate))
                due = int((loop.time() - start) * rate)
                await self.burst(due - made)
                made = due

    # What connections and requests report

    def on_request(self, request: Request) -> Response:
        """Answer a request to the HTTP API."""
        self.requests.append(request)
        response = self._failure(request.path) or answer(self, request)
        _log.info("%s %s: %d", request.method, request.path, response.status)
        self.changed()
        return response

    def on_upgrade(self, wire: Wire, request: Request) -> Connection | Response:
        """Take a websocket, unless it is to be refused."""
        failure = self._failure(request.path)
        if failure is not None:
            _log.info("handshake at %s: refused with %d", request.path, failure.status)
            return failure
        compression = request.query.get("compress")
        if compression == "zstd-stream" and compression not in COMPRESSIONS:
            return Response(501, b"zstd-stream needs Python 3.14 or the package backports.zstd\n")
        connection = Connection(self, self._taken, wire, request)
        _log.info(
            "connection %d: opened at %s, compress=%s", self._taken, request.path, compression
        )
        self._open[self._taken] = connection
        self._taken += 1
        self.history.append(connection)
        return connection

    def on_connected(self, wire: Wire) -> None:
        """Note a TCP connection."""
        self._wires.add(wire)

    def on_disconnected(self, wire: Wire) -> None:
        """Forget a TCP connection."""
        self._wires.discard(wire)
        self.changed()

    def disconnected(self, connection: Connection) -> None:
        """Forget a websocket."""
        self._open.pop(connection.number, None)

    def identified(self, connection: Connection, data: Any) -> None:
        """Note an Identify."""
        self.identifies.append(Handshake(connection, data, asyncio.get_running_loop().time()))

    def resumed(self, connection: Connection, data: Any) -> None:
        """Note a Resume."""
        self.resumes.append(Handshake(connection, data, asyncio.get_running_loop().time()))

    def carried(self, connection: Connection) -> None:
        """Note that a connection carries a session from now on."""
        if self._faults is not None:
            self._faults.arm(self, connection)

    def begin_session(self, identify: Identify) -> Session:
        """Begin a session, with READY and a GUILD_CREATE for each of its guilds in its list."""
        id_ = f"{self._random.getrandbits(128):032x}"
        session = Session(id_, identify, self.limits.replay)
        guilds = self.guilds_of(session.shard)
        ready = self._traffic.ready(id_, self.resume_url, session.shard)
        ready["guilds"] = [{"unavailable": True, "id": guild_id} for guild_id in guilds]
        session.append("READY", dumps(ready))
        if session.intents & Intents.GUILDS:
            for guild_id in guilds:
                shown = views.guild_create(session, self.guild(guild_id), self.user["id"])
                session.append("GUILD_CREATE", dumps(shown))
        self.sessions.add(session)
        return session

    def reset_token(self) -> None:
        """Do what Discord does when a bot has identified too often: its token is good no more."""
        self._token_was_reset = True
        for session in self.sessions:
            self.sessions.end(session)
        for connection in self.connections:
            connection.close(CloseCode.AUTHENTICATION_FAILED, "Authentication failed.")

    def changed(self) -> None:
        """Ask again those who wait for something."""
        for predicate, future in tuple(self._waiters):
            if not future.done() and predicate():
                future.set_result(None)

    # Faults of the whole gateway

    def fail_http(
        self,
        status: int,
        *,
        path: str = API_PATH + "/gateway/bot",
        times: int = 1,
        retry_after: float = 1.0,
    ) -> None:
        """Answer the next requests for a path with an error.

        Args:
            status: 429, 500, 502 or any other.
            path: the path that fails, without query; that of the gateway's URL (``"/"``) or
                `resume_path` refuses websocket handshakes.
            times: how many requests fail.
            retry_after: seconds, for 429.
        """
        failure = HttpFailure(status, path=path, times=times, retry_after=retry_after)
        self._failures.append(failure)

    def delay_hello(self, seconds: float, *, times: int = 1) -> None:
        """Let the next connections wait for Hello."""
        self._hello_delays += [seconds] * times

    def take_hello_delay(self) -> float:
        """Use up a delay of Hello; 0 where there is none."""
        return self._hello_delays.pop(0) if self._hello_delays else 0.0

    def fail_tls(self, times: int = 1) -> None:
        """Break the next TLS handshakes with an alert.

        Raises:
            ValueError: this gateway has no TLS.
        """
        if self._ssl is None:
            raise ValueError("this gateway has no TLS: give it a context as ssl=")
        self._failing_handshakes = times

    def _failure(self, path: str) -> Response | None:
        for failure in self._failures:
            response = failure.take(path)
            if response is not None:
                return response
        return None

    def _on_tls_handshake(self, *_: object) -> int | None:
        if self._failing_handshakes == 0:
            return None
        self._failing_handshakes -= 1
        return tls.ALERT_DESCRIPTION_INTERNAL_ERROR
