"""One client at the simulator's gateway: what Discord answers to each opcode, and when it hangs up.

The life of a connection: hello; identify or resume; then the session's dispatches, from where the
client is to the session's end, as fast as it reads. Whatever is wrong ends with the close code that
the documentation gives for it.

Source: Discord documentation, "Gateway", sections "Connections" and "Rate Limiting"; "Gateway
Events", section "Send Events"; "Opcodes and Status Codes", section "Gateway Close Event Codes".
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gateway_core.close_codes import CloseCode
from gateway_core.intents import Intents
from gateway_core.opcodes import OpCode

from .answers import COMMANDS
from .compression import Framer, PayloadCompression, Plain, framer_for
from .limits import CommandLimit
from .requests import Identify, Malformed, Resume
from .sessions import TRACE, Session, dumps

if TYPE_CHECKING:
    from .gateway import FakeGateway
    from .wire import Request, Wire

__all__ = ["Connection", "Received"]

_log = logging.getLogger("gateway_core.testing")

_VERSIONS = frozenset({"8", "9", "10"})
# How many messages, and bytes, go out before the event loop gets its turn.
_TURN_MESSAGES = 256
_TURN_BYTES = 64 * 1024
# 4009 is here although a session whose heartbeats were missed can be resumed: see `_check_beat`.
_SESSION_ENDING = frozenset({4003, 4004, 4007, 4009, 4010, 4011, 4012, 4013, 4014})
_SESSION_ENDING_BY_CLIENT = frozenset({1000, 1001})


@dataclass(frozen=True, slots=True)
class Received:
    """A message from the client: opcode, data, and when it came (seconds of the loop's clock)."""

    op: int
    d: Any = field(repr=False)
    at: float = field(repr=False)


class Connection:
    """A websocket at the gateway; public attributes are for reading.

    Attributes:
        number: 0 for the first connection that the gateway took, and so on.
        path: the path of the URL that the client used.
        query: the query of that URL: ``v``, ``encoding``, ``compress``.
        session: the session that it carries, None before READY and after it is gone.
        received: every message of the client, heartbeats too.
        sent: dispatches sent, replayed ones included.
        heartbeats: heartbeats received.
        close_sent: the code that the gateway closed with, None where it did not.
        close_received: the code that the client closed with, None where it did not.
        is_open: whether the TCP connection is there.
    """

    def __init__(self, gateway: FakeGateway, number: int, wire: Wire, request: Request) -> None:
        self.number = number
        self.path = request.path
        self.query = request.query
        self.session: Session | None = None
        self.received: list[Received] = []
        self.sent = 0
        self.heartbeats = 0
        self.close_sent: int | None = None
        self.close_received: int | None = None
        self.is_open = True
        self._gateway = gateway
        self._wire = wire
        self._loop = asyncio.get_running_loop()
        self._framer: Framer = framer_for(self.query.get("compress"))
        self._commands = CommandLimit(gateway.limits)
        self._cursor = 0
        self._acknowledges = True
        self._pump_scheduled = False
        self._fault: tuple[int, Callable[[Connection], None]] | None = None
        self._last_beat = 0.0
        self._beat_timer: asyncio.TimerHandle | None = None
        self._hello_timer: asyncio.TimerHandle | None = None

    def __repr__(self) -> str:
        state = "open" if self.is_open else "closed"
        return f"<Connection {self.number} {self.path} {state} session={self.session}>"

    @property
    def shard(self) -> tuple[int, int] | None:
        """Shard number and total of the session, None without one."""
        return None if self.session is None else self.session.shard

    @property
    def sequence(self) -> int:
        """That of the latest dispatch sent here, or where the client has resumed."""
        return self._cursor

    async def wait_closed(self) -> None:
        """Wait until the TCP connection is gone."""
        await self._gateway.wait_for(lambda: not self.is_open)

    # Asked for by tests: what Discord may do at any time

    def close(self, code: int, reason: str = "", *, keep_session: bool | None = None) -> None:
        """Close with a code, as Discord does.

        Args:
            code: any close code that a server may send; after those of which the documentation
                says so (4003, 4004, 4007, 4009, 4010 to 4014) the session cannot be resumed.
            reason: the text in the close frame.
            keep_session: decide that yourself.
        """
        if self.close_sent is not None or not self.is_open:
            return
        if keep_session is None:
            keep_session = code not in _SESSION_ENDING
        if not keep_session and self.session is not None:
            self._gateway.sessions.end(self.session)
            self._release()
        self.close_sent = code
        _log.info("connection %d: closing with %d %s", self.number, code, reason)
        self._wire.close(code, reason)

    def reconnect(self) -> None:
        """Send Reconnect (opcode 7): the client should connect anew and resume."""
        _log.info("connection %d: asking to reconnect", self.number)
        self._send(OpCode.RECONNECT, None)

    def invalidate(self, resumable: bool) -> None:
        """Send Invalid Session (opcode 9); unless `resumable`, the session is over."""
        if self.session is not None:
            if not resumable:
                self._gateway.sessions.end(self.session)
            self._release()
        self._refuse_session(resumable)

    def _refuse_session(self, resumable: bool) -> None:
        kind = "resumable" if resumable else "not resumable"
        _log.info("connection %d: invalid session, %s", self.number, kind)
        self._send(OpCode.INVALID_SESSION, resumable)

    def request_heartbeat(self) -> None:
        """Send Heartbeat (opcode 1): the client should send one at once."""
        self._send(OpCode.HEARTBEAT, None)

    # Asked for by tests: faults

    def cut(self, *, mid_frame: bool = False) -> None:
        """Close the TCP connection without a close frame, if asked in the middle of a message."""
        if mid_frame and self._wire.is_open:
            session, text = self.session, None
            if session is not None and self._cursor < session.sequence:
                text = session.event(self._cursor + 1)
            data = self._framer.frame(text or _control(OpCode.HEARTBEAT_ACK, None))
            self._wire.write_raw(data[: len(data) // 2])
        self._wire.end()

    def reset(self) -> None:
        """Reset the TCP connection (RST)."""
        self._wire.reset()

    def stall(self) -> None:
        """Keep the TCP connection, but neither read nor write, nor acknowledge."""
        self._wire.stall()
        if self._beat_timer is not None:
            self._beat_timer.cancel()
            self._beat_timer = None

    def unstall(self) -> None:
        """Go on after `stall`."""
        self._wire.unstall()
        if self._beat_timer is None:
            self._last_beat = self._loop.time()
            self._check_beat()

    def stop_acknowledging(self) -> None:
        """Read and dispatch as before, but acknowledge no heartbeat: a zombied connection."""
        self._acknowledges = False

    def drip(self, size: int = 16, interval: float = 0.001) -> None:
        """Send `size` bytes every `interval` seconds from now on."""
        self._wire.drip(size, interval)

    def send_garbage(self) -> None:
        """Send bytes that are no websocket frame (reserved bits and opcode)."""
        self._wire.write_raw(b"\xff\x7f" + bytes(64))

    def send_corrupt(self) -> None:
        """Send a sound frame that cannot be decoded: damaged zlib or zstd, or broken JSON."""
        self._wire.send(self._framer.corrupt())

    def send_duplicate(self) -> None:
        """Send the latest dispatch once more, with the same sequence."""
        if self.session is not None and self._cursor >= self.session.first:
            event = self.session.event(self._cursor)
            if event is not None:
                self._wire.send(self._framer.frame(event))

    def skip_sequence(self) -> None:
        """Leave out a sequence: there is no such event, the next one has the number after it."""
        if self.session is not None:
            self.session.skip()
            self.wake()

    def send_raw(self, text: bytes) -> None:
        """Send any text as a message, compressed as all others: an unknown opcode, broken JSON."""
        self._wire.send(self._framer.frame(text))

    def do_after(self, dispatches: int, fault: Callable[[Connection], None]) -> None:
        """Call `fault` with this connection once `dispatches` more dispatches have been sent."""
        self._fault = (self.sent + dispatches, fault)
        self.wake()

    # Dispatches: the session's list, from the client's place on

    def wake(self) -> None:
        """Send what the session has for this client, at the loop's next turn."""
        if not self._pump_scheduled:
            self._pump_scheduled = True
            self._loop.call_soon(self._pump)

    def _pump(self) -> None:
        self._pump_scheduled = False
        session, wire = self.session, self._wire
        if session is None or not wire.writable:
            return
        to_frame = self._framer.frame
        frames: list[bytes] = []
        size = 0
        turn_ends = self.sent + _TURN_MESSAGES
        stop = turn_ends if self._fault is None else min(turn_ends, self._fault[0])
        while self._cursor < session.sequence and self.sent < stop and wire.writable:
            if self._cursor + 1 < session.first:
                self.close(CloseCode.UNKNOWN_ERROR, "Read too slowly.", keep_session=False)
                return
            self._cursor += 1
            event = session.event(self._cursor)
            if event is None:
                continue
            data = to_frame(event)
            self.sent += 1
            frames.append(data)
            size += len(data)
            if size >= _TURN_BYTES:
                wire.send(b"".join(frames))
                frames.clear()
                size = 0
        if frames:
            wire.send(b"".join(frames))
        if self._fault is not None and self.sent >= self._fault[0]:
            (_, fault), self._fault = self._fault, None
            fault(self)
        if self._cursor < session.sequence:
            self.wake()
        self._gateway.changed()

    @property
    def caught_up(self) -> bool:
        """Whether everything that the session has was written to this connection."""
        return self.session is not None and self._cursor == self.session.sequence

    # Peer of a Wire

    def on_open(self) -> None:
        """Greet, or refuse the version."""
        if self.query.get("v") not in _VERSIONS:
            self.close(CloseCode.INVALID_API_VERSION, "Invalid API version.")
        elif self.query.get("encoding", "json") != "json":
            self.close(CloseCode.DECODE_ERROR, "The simulator speaks encoding=json only.")
        else:
            delay = self._gateway.take_hello_delay()
            if delay > 0:
                self._hello_timer = self._loop.call_later(delay, self._hello)
            else:
                self._hello()

    def on_writable(self) -> None:
        """Go on sending."""
        self.wake()

    def on_message(self, message: bytes) -> None:
        """Take a message of the client."""
        if self.close_sent is not None:
            return
        now = self._loop.time()
        if len(message) > self._gateway.limits.payload_size:
            self.close(CloseCode.DECODE_ERROR, "Error while decoding payload.")
            return
        try:
            payload = json.loads(message)
            op, data = payload["op"], payload.get("d")
            if type(op) is not int:
                raise TypeError("op must be an integer")
        except (ValueError, KeyError, TypeError, AttributeError):
            self.close(CloseCode.DECODE_ERROR, "Error while decoding payload.")
            return
        self.received.append(Received(op, data, now))
        if not self._commands.allow(now):
            self.close(CloseCode.RATE_LIMITED, "Rate limited.")
        elif op == OpCode.HEARTBEAT:
            self._heartbeat(now)
        elif op == OpCode.IDENTIFY:
            self._identify(data, now)
        elif op == OpCode.RESUME:
            self._resume(data, now)
        elif op in COMMANDS:
            self._command(op, data, now)
        else:
            self.close(CloseCode.UNKNOWN_OPCODE, "Unknown opcode.")
        self._gateway.changed()

    def on_closed(self, code: int | None) -> None:
        """Let go of the session; it goes on without this connection unless the client ended it."""
        self.is_open = False
        self.close_received = code
        for timer in (self._beat_timer, self._hello_timer):
            if timer is not None:
                timer.cancel()
        if self.session is not None:
            if code in _SESSION_ENDING_BY_CLIENT:
                self._gateway.sessions.end(self.session)
            self._release()
        by_client = "" if code is None else f", closed by the client with {code}"
        _log.info("connection %d: gone%s", self.number, by_client)
        self._gateway.disconnected(self)

    # Opcodes

    def _send(self, op: OpCode, data: object) -> None:
        self._wire.send(self._framer.frame(_control(op, data)))

    def _hello(self) -> None:
        interval = self._gateway.heartbeat_interval
        self._send(OpCode.HELLO, {"heartbeat_interval": int(interval * 1000), "_trace": TRACE})
        self._last_beat = self._loop.time()
        self._check_beat()

    def _heartbeat(self, now: float) -> None:
        self.heartbeats += 1
        self._last_beat = now
        if self._acknowledges:
            self._send(OpCode.HEARTBEAT_ACK, None)

    def _check_beat(self) -> None:
        due = self._last_beat + self._gateway.heartbeat_interval + self._gateway.heartbeat_grace
        if self._loop.time() >= due:
            # "Your connection will be closed and you will be forced to Resume" (Sending
            # Heartbeats) against "reconnect and start a new one" (4009): the session is kept, so
            # that a client that believes either does well.
            self.close(CloseCode.SESSION_TIMED_OUT, "Session timed out.", keep_session=True)
        else:
            self._beat_timer = self._loop.call_at(due, self._check_beat)

    def _identify(self, data: Any, now: float) -> None:
        gateway = self._gateway
        if self.session is not None:
            self.close(CloseCode.ALREADY_AUTHENTICATED, "Already authenticated.")
            return
        try:
            identify = Identify.parse(data)
        except Malformed:
            self.close(CloseCode.DECODE_ERROR, "Error while decoding payload.")
            return
        gateway.identified(self, data)
        number, total = identify.shard
        _log.info("connection %d: identify for shard %d of %d", self.number, number, total)
        if not gateway.accepts_token(identify.token):
            self.close(CloseCode.AUTHENTICATION_FAILED, "Authentication failed.")
        elif not 0 <= number < total:
            self.close(CloseCode.INVALID_SHARD, "Invalid shard.")
        elif identify.intents is None or identify.intents & ~int(Intents.all()):
            self.close(CloseCode.INVALID_INTENTS, "Invalid intent(s).")
        elif identify.intents & ~int(gateway.allowed_intents):
            self.close(CloseCode.DISALLOWED_INTENTS, "Disallowed intent(s).")
        elif len(gateway.guilds_of(identify.shard)) > gateway.limits.guilds_per_shard:
            self.close(CloseCode.SHARDING_REQUIRED, "Sharding required.")
        elif not gateway.session_starts.take(now):
            gateway.reset_token()
        elif not gateway.identify_limit.allow(number, now):
            self._refuse_session(False)
        else:
            if identify.compress and isinstance(self._framer, Plain):
                self._framer = PayloadCompression()
            self._cursor = 0
            self._carry(gateway.begin_session(identify))
            _log.info("connection %d: a new session is ready", self.number)

    def _resume(self, data: Any, now: float) -> None:
        gateway = self._gateway
        if self.session is not None:
            self.close(CloseCode.ALREADY_AUTHENTICATED, "Already authenticated.")
            return
        try:
            resume = Resume.parse(data)
        except Malformed:
            self.close(CloseCode.DECODE_ERROR, "Error while decoding payload.")
            return
        gateway.resumed(self, data)
        _log.info("connection %d: resume from sequence %d", self.number, resume.sequence)
        session = gateway.sessions.get(resume.session_id, now)
        if not gateway.accepts_token(resume.token):
            self.close(CloseCode.AUTHENTICATION_FAILED, "Authentication failed.")
        elif session is None or resume.sequence < session.first - 1:
            if session is not None:
                gateway.sessions.end(session)
            self._refuse_session(False)
        elif resume.sequence > session.sequence:
            gateway.sessions.end(session)
            self.close(CloseCode.INVALID_SEQ, "Invalid sequence.")
        else:
            if session.connection is not None:
                session.connection.replaced()
            if session.compress and isinstance(self._framer, Plain):
                self._framer = PayloadCompression()
            self._cursor = resume.sequence
            missed = session.sequence - resume.sequence
            _log.info("connection %d: resumed, %d missed", self.number, missed)
            session.append("RESUMED", dumps({"_trace": TRACE}))
            self._carry(session)

    def replaced(self) -> None:
        """Give the session to another connection that has resumed it: this one is a leftover."""
        self.session = None
        self._wire.abort()

    def _carry(self, session: Session) -> None:
        session.connection = self
        session.expires_at = None
        self.session = session
        self._gateway.carried(self)
        self.wake()

    def _release(self) -> None:
        if self.session is not None:
            self._gateway.sessions.detach(self.session, self._loop.time())
            self.session = None

    def _command(self, op: int, data: Any, now: float) -> None:
        if self.session is None:
            self.close(CloseCode.NOT_AUTHENTICATED, "Not authenticated.")
            return
        try:
            COMMANDS[OpCode(op)](self._gateway, self.session, data, now)
        except Malformed:
            self.close(CloseCode.UNKNOWN_OPCODE, "Invalid payload for this opcode.")


def _control(op: OpCode, data: object) -> bytes:
    return b'{"t":null,"s":null,"op":%d,"d":%b}' % (op, dumps(data))
