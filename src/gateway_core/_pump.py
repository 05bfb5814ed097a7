"""Carries out what a `GatewayConnection` asks for: sockets, clocks and tasks.

The core decides and the pump does. Everything that the core is told (a frame, a passed deadline, a
command, a turn to identify) is followed by `_turn`, which does the effects, hands the events over
and sets the timer anew. Frames that come in one burst share one `_turn`, save for their effects.

One task owns everything: `Pump.run`. When it ends, for whatever reason, no task, timer or socket of
the pump is left.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias
from urllib.parse import urlsplit
from urllib.request import getproxies

from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.connection import broadcast
from websockets.exceptions import ConnectionClosed, InvalidProxy, WebSocketException

from ._deadlines import Deadlines
from ._log import ShardLogger, WebsocketLogger
from ._measure import Measurements
from ._websocket import GatewayWebsocket
from .config import Config
from .connection import GatewayConnection
from .decoding import Payload
from .effects import (
    Abort,
    CancelIdentifyPermit,
    Close,
    Connect,
    Effect,
    RequestIdentifyPermit,
    SendText,
)
from .errors import SessionStartLimitReached
from .events import ControlEvent, Event
from .sharding import ShardId, ShardState

if TYPE_CHECKING:
    from .recording import Recorder

__all__ = ["Outlet", "Pump"]

_Receive: TypeAlias = Callable[[bytes | str, float], None]

_OVER: Final = (ShardState.CLOSED, ShardState.FATALLY_CLOSED)

_FLOWING: Final = (ShardState.ACTIVE, ShardState.RESUMING)
"""Where dispatches come in numbers; until then a new connection is read even for a slow consumer,
or it would never come to resume."""

_BURST: Final = 64
"""Frames after which the consumer is given what they brought, and may turn out to be behind."""


class Outlet(Protocol):
    """Where a pump puts events, and what tells it to wait."""

    @property
    def full(self) -> bool:
        """Whether the socket shall be left alone until `Pump.resume_reading` is called."""

    def put(self, events: Sequence[Event], size: int, /) -> None:
        """Take events that came in `size` bytes of JSON text."""


class _Permit:
    """One request for a turn to identify, until it is granted or given up."""

    __slots__ = ("task",)

    def __init__(self) -> None:
        self.task: asyncio.Task[None] | None = None


class _Link:
    """One attempt at a connection, from `Connect` until it has ended or was aborted."""

    __slots__ = ("draining", "task", "websocket")

    def __init__(self) -> None:
        self.task: asyncio.Task[None] | None = None
        self.websocket: ClientConnection | None = None
        self.draining = False
        """Whether it is about to end, so that what is left is read however slow the consumer is."""


class Pump:
    """Runs one shard's connections on the current event loop.

    Args:
        core: decides what is done; nobody else may call it while the pump runs.
        shard_id: for tasks' names.
        config: what `websockets.connect` needs to know of it.
        outlet: where events go.
        acquire: waits for the shard's turn to identify.
        on_control: told every control event, in order.
        keep_control: whether control events go to the inbox too.
        log: logger of the shard.
        measure: counts and times what is received; None for nobody.
        deadlines: of all shards on the same loop.
    """

    def __init__(
        self,
        core: GatewayConnection,
        shard_id: ShardId,
        config: Config,
        outlet: Outlet,
        acquire: Callable[[], Awaitable[None]],
        on_control: Callable[[ControlEvent], None],
        keep_control: bool,
        log: ShardLogger,
        measure: Measurements | None,
        deadlines: Deadlines,
    ) -> None:
        self._core = core
        self._deadlines = deadlines
        self._measure = measure
        self._name = f"gateway-core shard {shard_id}"
        self._config = config
        self._outlet = outlet
        self._acquire = acquire
        self._on_control = on_control
        self._keep_control = keep_control
        self._log = log
        self._websocket_log = WebsocketLogger(config.logger, shard_id)
        self._tasks: asyncio.TaskGroup | None = None
        self._link: _Link | None = None
        self._permit: _Permit | None = None
        self._room = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at: float | None = None
        self._bytes_seen = 0
        self.events = 0
        """Dispatches handed over."""
        self.pauses = 0
        """How often the socket was left alone because the consumer was behind."""

    def start(self) -> None:
        """Start the core; what it asks for is done by `run`, which must follow."""
        self._loop = asyncio.get_running_loop()
        self._over: asyncio.Future[None] = self._loop.create_future()
        self._core.start(self._loop.time())

    async def run(self) -> None:
        """Connect, and keep connected, until the core is over.

        Raises:
            ValueError: the proxy of the configuration cannot be used.
            Exception: what the identify queue raised, or a fault in this package.
        """
        try:
            async with asyncio.TaskGroup() as self._tasks:
                try:
                    self._turn()
                    await self._over
                finally:
                    self._tasks = None  # it takes no more tasks: nothing has effects from here on
                    self._drop_permit()
        except BaseExceptionGroup as group:
            raise group.exceptions[0] from None
        finally:
            if not self._over.cancel() and not self._over.cancelled():
                self._over.exception()  # it may come too late for anybody to see it
            self._set_timer(None)

    def tell(self, method: Callable[[float], None]) -> None:
        """Call a method of the core with the time, and do what follows from it."""
        method(self._loop.time())
        if self._tasks is not None:
            self._turn()

    def resume_reading(self) -> None:
        """Go on reading: the inbox has room again."""
        self._room.set()

    # What follows from what the core was told

    def _turn(self) -> None:
        core = self._core
        for effect in core.effects():
            self._do(effect)
        events = core.events()
        if events:
            self._hand_over(events)
        if core.next_deadline != self._timer_at:
            self._set_timer(core.next_deadline)
        if core.state in _OVER and not self._over.done():
            self._over.set_result(None)

    def _hand_over(self, events: Sequence[Event]) -> None:
        control = [event for event in events if not isinstance(event, Payload)]
        self.events += len(events) - len(control)
        if control:
            for event in control:
                self._on_control(event)
            if not self._keep_control:
                events = [event for event in events if isinstance(event, Payload)]
        bytes_out = self._core.decoder.bytes_out
        size, self._bytes_seen = bytes_out - self._bytes_seen, bytes_out
        if self._measure is not None:
            self._measure.count(events)
        if events:
            self._outlet.put(events, size)

    def beat_meanwhile(self) -> None:
        """Send a heartbeat that is due, while another shard keeps the loop busy."""
        self._guarded(self.tell, self._core.beat)

    def _set_timer(self, deadline: float | None) -> None:
        self._deadlines.set(self, deadline)
        if self._timer is not None:
            self._timer.cancel()
        self._timer_at = deadline
        self._timer = (
            None
            if deadline is None
            else self._loop.call_at(deadline, self._guarded, self._wake, deadline)
        )

    def _check_deadlines(self) -> None:
        self._deadlines.check(self._loop.time())

    def _wake(self, deadline: float) -> None:
        # Loops may run a timer up to one tick of their clock before its time.
        now = max(self._loop.time(), deadline)
        self._timer_at = None
        self._core.wake(now)
        self._turn()

    def _guarded(self, callback: Callable[..., None], *arguments: object) -> None:
        """Run a callback of the loop; a fault in it ends the pump, and is not just logged."""
        if self._over.done():
            return
        try:
            callback(*arguments)
        except Exception as error:
            self._fail(error)

    def _fail(self, error: Exception) -> None:
        """End the pump, unless it is at its end."""
        if not self._over.done():
            self._over.set_exception(error)

    # Effects

    def _do(self, effect: Effect) -> None:
        link = self._link
        match effect:
            case SendText(text):
                if link is not None and link.websocket is not None:
                    broadcast((link.websocket,), text)
            case Connect(url):
                self._link = link = _Link()
                link.task = self._spawn(partial(self._connect, link, url), "connection")
            case Close(code, reason):
                if link is not None and link.websocket is not None:
                    self._drain(link)
                    self._spawn(partial(link.websocket.close, code, reason), "close")
            case Abort():
                if link is not None:
                    self._link = None
                    if link.task is not None:
                        link.task.cancel()
            case RequestIdentifyPermit():
                self._drop_permit()
                self._permit = permit = _Permit()
                permit.task = self._spawn(partial(self._ask_permit, permit), "identify queue")
            case CancelIdentifyPermit():
                self._drop_permit()

    def _spawn(self, work: Callable[[], Awaitable[None]], what: str) -> asyncio.Task[None]:
        assert self._tasks is not None
        return self._tasks.create_task(self._watched(work), name=f"{self._name}: {what}")

    async def _watched(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do work; an error ends the pump in order, and not by the task group's cancelling it."""
        try:
            await work()
        except Exception as error:
            self._fail(error)

    async def _ask_permit(self, permit: _Permit) -> None:
        denied: SessionStartLimitReached | None = None
        try:
            await self._acquire()
        except SessionStartLimitReached as error:
            denied = error
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if self._permit is permit and task is not None and not task.cancelling():
                # Nobody cancelled this task, and nobody else would ever see it.
                raise RuntimeError("the identify queue cancelled acquire by itself") from error
            raise
        if self._permit is not permit:
            return
        self._permit = None
        if denied is None:
            self.tell(self._core.identify_permitted)
        else:
            retry_after = denied.retry_after
            self.tell(lambda now: self._core.identify_denied(now, retry_after))

    def _drop_permit(self) -> None:
        permit, self._permit = self._permit, None
        if permit is not None and permit.task is not None:
            permit.task.cancel()

    # One connection

    def _drain(self, link: _Link) -> None:
        link.draining = True
        self._room.set()

    async def _drain_when_lost(self, link: _Link, websocket: GatewayWebsocket) -> None:
        await websocket.ended.wait()
        self._drain(link)

    async def _connect(self, link: _Link, url: str) -> None:
        config = self._config
        tls = (config.ssl or True) if url.startswith("wss:") else None
        try:
            websocket = await connect(
                url,
                compression=None,
                proxy=config.proxy,
                open_timeout=None,
                ping_interval=None,
                close_timeout=None,
                max_size=config.max_message_size,
                logger=self._websocket_log,
                ssl=tls,
                create_connection=partial(  # type: ignore[arg-type]
                    GatewayWebsocket,
                    largest=config.max_message_size,
                    end_timeout=config.close_timeout,
                    on_data=self._check_deadlines,
                ),
            )
        except InvalidProxy as error:
            # Its own message repeats the address, which may hold a password.
            raise ValueError(f"the proxy cannot be used: {error.msg}") from None
        except (OSError, WebSocketException, ValueError) as error:
            if isinstance(error, ValueError):
                # Either of the user's making, or of the server's: a redirect that leads nowhere.
                _check_proxy(config.proxy)
            if self._link is link:
                self._link = None
                reason = str(error) or type(error).__name__
                self.tell(lambda now: self._core.connect_failed(now, reason))
            return
        assert isinstance(websocket, GatewayWebsocket)
        try:
            if self._link is link:
                link.websocket = websocket
                self.tell(self._core.connected)
                await self._read(link, websocket)
                # It is for the server to end TCP; the core need not wait for that.
                await websocket.wait_closed()
        finally:
            # Closed by both sides, this does nothing; else nobody waits for the other side.
            websocket.transport.abort()
            await websocket.wait_closed()

    async def _read(self, link: _Link, websocket: GatewayWebsocket) -> None:
        core = self._core
        receive_frames = self._receiver()
        time = self._loop.time
        outlet = self._outlet
        while True:
            try:
                frames = await websocket.take()
            except ConnectionClosed as closed:
                ended = closed
                break
            for start in range(0, len(frames), _BURST):
                if outlet.full and core.state in _FLOWING and not link.draining:
                    await self._wait_for_room(link, websocket)
                now = time()
                burst = iter(frames[start : start + _BURST])
                while receive_frames(burst, now):
                    for effect in core.effects():
                        self._do(effect)
                self._guarded(self._turn)
                self._check_deadlines()
        if self._link is link:
            self._link = None
            code = None if ended.rcvd is None else ended.rcvd.code
            reason = str(ended) if ended.rcvd is None else ended.rcvd.reason
            self.tell(lambda now: self._core.disconnected(now, code, reason))

    def _receiver(self) -> Callable[[Iterator[bytes], float], bool]:
        """Give what frames go to: the core, timed and recorded where that is asked for."""
        if self._measure is None and self._config.recorder is None:
            return self._core.receive_frames
        receive: _Receive = self._core.receive_frame
        if self._measure is not None:
            receive = self._measure.timed(receive)
        if self._config.recorder is not None:
            self._config.recorder.connected(self._core.shard_id)
            receive = _recorded(receive, self._config.recorder)

        def receive_one(frames: Iterator[bytes], now: float) -> bool:
            for frame in frames:
                receive(frame, now)
                return True
            return False

        return receive_one

    async def _wait_for_room(self, link: _Link, websocket: GatewayWebsocket) -> None:
        """Leave the socket alone until the consumer has taken what it has."""
        self.pauses += 1
        if self._log.isEnabledFor(logging.DEBUG):
            self._log.debug("the consumer is behind: reading is paused")
        self._room.clear()
        self.tell(self._core.reading_paused)
        # A heartbeat that cannot be written shows that the connection is lost, unread as it is.
        lost = self._spawn(
            partial(self._drain_when_lost, link, websocket), "loss of the connection"
        )
        try:
            while self._outlet.full and not link.draining:
                self._room.clear()
                await self._room.wait()
        finally:
            lost.cancel()
            if self._link is link:
                self.tell(self._core.reading_resumed)


def _check_proxy(proxy: str | bool | None) -> None:
    """Raise what is wrong with a proxy's address, without the password that it may hold."""
    addresses = getproxies().values() if proxy is True else (proxy,)
    for address in addresses:
        try:
            _ = urlsplit(address or "").port  # reading the port checks it
        except ValueError:
            raise ValueError(
                "the proxy cannot be used: its address is not scheme://[user:password@]host:port"
            ) from None


def _recorded(receive: _Receive, recorder: Recorder) -> _Receive:
    """Give a function that does the same and is recorded."""

    def receive_recorded(frame: bytes | str, now: float) -> None:
        recorder.receive(frame, now)
        receive(frame, now)

    return receive_recorded
