"""The actions of `transitions.py`, and the state of a connection that they work on.

`ConnectionActions` is the inner half of `GatewayConnection`: what is done when the machine moves.
It never moves the machine itself, and nothing here is called but by the table or by the outer half.

Source:
    Discord documentation, "Gateway" and "Gateway Events".
"""

from __future__ import annotations

from collections.abc import Callable, Set
from typing import Any, Final, NamedTuple

from .backoff import Backoff
from .close_codes import meaning_of
from .command_queue import CommandQueue
from .commands import Heartbeat, Identify, Resume, encode
from .config import Config
from .consumption import Consumption
from .decoding import Decoder, Payload, make_decoder
from .effects import (
    Abort,
    CancelIdentifyPermit,
    Close,
    Connect,
    Effect,
    RequestIdentifyPermit,
    SendText,
)
from .errors import FatalClose, RemoteProtocolError, SessionStartLimitReached
from .events import (
    Closed,
    CommandRefused,
    Connected,
    Connecting,
    Disconnected,
    Event,
    FatallyClosed,
    IdentifyDenied,
    Identifying,
    ProbeConfirmed,
    ProtocolViolation,
    Ready,
    Reconnecting,
    Resumed,
    Resuming,
    SequenceGap,
    SessionInvalidated,
    UnknownOpcode,
)
from .heartbeat import Heartbeat as HeartbeatSchedule
from .latency import Latency
from .opcodes import OpCode
from .ratelimit import CommandRateLimiter
from .received import Offer, Refusal
from .resumption import Resumption
from .session import Session
from .sharding import ShardId, ShardState
from .transitions import Action
from .urls import connection_url

__all__ = [
    "ACTIONS",
    "CLOSE_ENDING_SESSION",
    "CLOSE_KEEPING_SESSION",
    "OWN_DISPATCHES",
    "UNSENT",
    "Cause",
    "ConnectionActions",
]

CLOSE_ENDING_SESSION: Final = 1000
"""The close code with which a session is ended.

Source:
    Discord documentation, "Gateway", section "Initiating a Disconnect".
"""

CLOSE_KEEPING_SESSION: Final = 4000
"""The close code with which a session is kept: any but 1000 and 1001 would do."""

OWN_DISPATCHES: Final = frozenset({"READY", "RESUMED", "RATE_LIMITED"})
"""Dispatches that the connection itself must read."""

_ALWAYS_READ: Final = OWN_DISPATCHES | {"GUILD_MEMBERS_CHUNK"}
"""What is decoded, wanted or not. Members come only to those who ask, who need not be the user."""

_EXTRA_HEARTBEATS: Final = 3
"""Room that commands leave for heartbeats on request."""


UNSENT: Final = -1
"""Instead of how many confirmations are due for a probe: it waits to be sent."""


class Cause(NamedTuple):
    """Why a connection goes or is gone."""

    reason: str
    code: int | None = None
    error: RemoteProtocolError | None = None
    """What was wrong, if that is why."""
    retry_after: float = 0.0
    """Seconds to wait at least before the next attempt."""


class ConnectionActions:
    """A connection's state, and what is done when it moves.

    Actions take the time and what the trigger brought: a Payload for what Discord sent, a `Cause`
    for what ends a connection.
    """

    __slots__ = (
        "_active_since",
        "_backoff",
        "_cause",
        "_commands",
        "_config",
        "_consumption",
        "_delivered",
        "_divert",
        "_diverted",
        "_effects",
        "_events",
        "_feed",
        "_heartbeat",
        "_heartbeat_reserve",
        "_identify",
        "_interval",
        "_least_delay",
        "_offer",
        "_own",
        "_paused",
        "_probe",
        "_random",
        "_receiving",
        "_refusal",
        "_replayed",
        "_resumption",
        "_stage_deadline",
        "_stuck_at",
        "_unconfirmed",
        "_wanted",
        "decoder",
        "latency",
        "next_deadline",
        "rate_limiter",
        "sequence",
        "shard_id",
        "state",
    )

    shard_id: ShardId
    """Which shard this is."""
    state: ShardState
    """Where the connection stands."""
    sequence: int | None
    """The received sequence: the number of the last dispatch of the session, None before any."""
    next_deadline: float | None
    """When to call `wake`, None while there is nothing to wait for but the outside."""
    decoder: Decoder
    """Decodes what the present connection receives; counts messages and bytes."""
    latency: Latency
    """How long heartbeats take to be confirmed, over all connections."""
    rate_limiter: CommandRateLimiter
    """What the present connection has sent in the last 60 seconds."""

    def __init__(
        self,
        config: Config,
        shard_id: ShardId,
        *,
        session: Session | None = None,
        random: Callable[[], float],
    ) -> None:
        self._config = config
        self._random = random
        self.shard_id = shard_id
        self.state = ShardState.IDLE
        self.next_deadline = None
        self.latency = Latency()
        self.rate_limiter = CommandRateLimiter()
        self._identify = encode(
            Identify(
                token=config.token,
                intents=config.intents,
                shard=shard_id,
                properties=config.properties,
                large_threshold=config.large_threshold,
                presence=config.presence,
                compress=config.compression == "zlib-payload",
            )
        )
        self._wanted = None if config.wanted is None else frozenset(config.wanted)
        self.decoder = make_decoder(
            None if config.compression == "zlib-payload" else config.compression,
            wanted=None if self._wanted is None else self._wanted | _ALWAYS_READ,
            max_message_size=config.max_message_size,
            loads=config.loads,
        )
        self._feed: Callable[[Any], Payload | None] = self.decoder.feed

        self._effects: list[Effect] = []
        self._events: list[Event] = []
        self._commands = CommandQueue(
            self.rate_limiter, config.max_queued_commands, limited=config.rate_limit_commands
        )
        self._backoff = Backoff(config.backoff_base, config.backoff_cap, random)
        self._resumption = Resumption(config.gateway_url, config.use_resume_url, session)
        self._consumption = Consumption()
        self.sequence = None
        self._stuck_at: int | None = None
        self._delivered = 0
        self._own = OWN_DISPATCHES
        self._diverted: Set[str] = frozenset()
        self._divert: Callable[[Payload], bool] | None = None
        if session is not None:
            self.sequence = session.sequence
            self._consumption.begin(0, session.sequence, self._resumption.session)

        # What is due in the present state, and what is known of the present connection.
        self._stage_deadline: float | None = None
        self._heartbeat: HeartbeatSchedule | None = None
        self._heartbeat_reserve = 0
        self._receiving = False
        self._paused = False
        self._unconfirmed = 0
        self._probe: int | None = None
        self._active_since: float | None = None
        self._replayed = 0
        self._cause: Cause | None = None
        self._least_delay = 0.0
        # What was read in the message that is being handled.
        self._interval = 0.0
        self._offer = Offer(None, None)
        self._refusal: Refusal | None = None

    @property
    def session(self) -> Session | None:
        """The session with the received sequence: what this process would resume."""
        live = self._resumption.session
        if live is None or self.sequence is None:
            return None
        return live.at(self.sequence)

    # What several actions do

    def _send(self, text: str, now: float) -> None:
        self.rate_limiter.record(now)
        self._effects.append(SendText(text))

    def _beat(self, now: float, *, interval: bool) -> None:
        assert self._heartbeat is not None
        self._heartbeat.sent(now, interval=interval)
        self._unconfirmed += 1
        if self._probe == UNSENT:
            self._probe = self._unconfirmed
        self._send(encode(Heartbeat(self.sequence)), now)
        if not self._paused:
            self.latency.heartbeat_sent(now)

    def _send_commands(self, now: float) -> None:
        while (text := self._commands.take(now)) is not None:
            self._effects.append(SendText(text))

    def _deliver(self, payload: Payload) -> None:
        if payload.t in self._diverted and self._divert is not None and self._divert(payload):
            return
        if self._wanted is None or payload.t in self._wanted:
            self._events.append(payload)
            self._delivered += 1

    def _leave_connection(self) -> None:
        self._receiving = False
        self._heartbeat = None
        self.latency.discard()

    # The actions

    def _connect(self, now: float, cause: object) -> None:
        base = self._resumption.begin_attempt()
        compression = self._config.compression
        url = connection_url(base, None if compression == "zlib-payload" else compression)
        self._stage_deadline = now + self._config.connect_timeout
        self._effects.append(Connect(url))
        self._events.append(Connecting(url))

    def _open(self, now: float, detail: object) -> None:
        self.decoder.reset()
        self.rate_limiter.reset()
        self._paused = False
        self._unconfirmed = 0
        self._probe = None
        self._receiving = True
        if self._resumption.session is None:
            self.sequence = None
        self._stage_deadline = now + self._config.hello_timeout
        self._events.append(Connected())

    def _start_heartbeats(self, now: float, hello: Payload) -> None:
        self._heartbeat = heartbeat = HeartbeatSchedule(self._interval, now, self._random())
        if self._paused:
            heartbeat.pause()
        limiter = self.rate_limiter
        # Half of the limit at most, should the server want heartbeats faster than its own limit
        # allows; and one more, for Identify or Resume.
        share = min(heartbeat.most_within(limiter.period), limiter.limit // 2)
        self._heartbeat_reserve = share + 1
        self._commands.reserve = share + 1 + _EXTRA_HEARTBEATS

    def _resume(self, now: float, hello: Payload) -> None:
        session = self.session
        assert session is not None
        resume = Resume(token=self._config.token, session_id=session.id, sequence=session.sequence)
        self._send(encode(resume), now)
        self._resumption.resume_sent(session.sequence)
        self._replayed = 0
        self._stage_deadline = now + self._config.resumed_timeout
        self._events.append(Resuming(session))

    def _request_permit(self, now: float, hello: Payload) -> None:
        self._stage_deadline = None
        self._effects.append(RequestIdentifyPermit())

    def _cancel_permit(self, now: float, detail: object) -> None:
        self._effects.append(CancelIdentifyPermit())

    def _send_identify(self, now: float, detail: object) -> None:
        self._send(self._identify, now)
        self._stage_deadline = now + self._config.ready_timeout
        self._events.append(Identifying())

    def _adopt_session(self, now: float, ready: Payload) -> None:
        live = self._resumption.adopt(*self._offer)
        self.sequence = max(ready.s or 0, 0)
        self._stuck_at = None
        self._events.append(Ready(self.session))
        self._deliver(ready)
        self._consumption.begin(self._delivered, self.sequence, live)
        self._activate(now)

    def _finish_resume(self, now: float, resumed: Payload) -> None:
        self._resumption.succeeded()
        if resumed.s != self.sequence:
            self._count(resumed)
        self._events.append(Resumed(self._replayed))
        self._deliver(resumed)
        self._activate(now)

    def _activate(self, now: float) -> None:
        self._stage_deadline = None
        self._active_since = now
        self._send_commands(now)

    def _hand_on(self, now: float, payload: Payload) -> None:
        if not self._count(payload):
            return
        if payload.t == "RATE_LIMITED":
            self._hold_commands(now)
        self._replayed += 1
        self._deliver(payload)

    def _count(self, payload: Payload) -> bool:
        """Move the received sequence on; say whether the dispatch is new."""
        sequence = payload.s
        if sequence is None:
            return True
        expected = (self.sequence or 0) + 1
        if sequence != expected:
            self._events.append(SequenceGap(expected, sequence))
        if sequence < expected:
            return False
        self.sequence = sequence
        return True

    def _hold_commands(self, now: float) -> None:
        refusal = self._refusal
        if refusal is not None:
            requeued = self._commands.refused(refusal, now)
            self._events.append(CommandRefused(refusal.op, refusal.retry_after, requeued))

    def _expect_more(self, now: float, payload: Payload | None = None) -> None:
        resuming = self.state is ShardState.RESUMING
        timeout = self._config.resumed_timeout if resuming else self._config.ready_timeout
        self._stage_deadline = now + timeout

    def _answer(self, now: float, payload: Payload | None = None) -> None:
        assert self._heartbeat is not None
        if self.rate_limiter.next_free(now, self._heartbeat_reserve) > now:
            self._heartbeat.requested = True
        else:
            self._beat(now, interval=False)

    def _acknowledge(self, now: float, payload: Payload) -> None:
        assert self._heartbeat is not None
        self._heartbeat.acknowledged()
        self.latency.heartbeat_acknowledged(now)
        if self._unconfirmed:
            self._unconfirmed -= 1
            if self._probe is not None and self._probe != UNSENT:
                self._probe -= 1
                if self._probe == 0:
                    self._probe = None
                    self._events.append(ProbeConfirmed())

    def _report_unexpected(self, now: float, payload: Payload) -> None:
        what = payload.t or OpCode(payload.op).name
        error = RemoteProtocolError(f"{what} came while {self.state.value}; it is ignored")
        self._events.append(ProtocolViolation(error))

    def _report_unknown(self, now: float, payload: Payload) -> None:
        self._events.append(UnknownOpcode(payload.op, payload))

    def _report_violation(self, now: float, cause: Cause) -> None:
        assert cause.error is not None
        self._events.append(ProtocolViolation(cause.error))

    def _report_invalid_session(self, now: float, cause: Cause) -> None:
        self._resumption.refused()
        self._events.append(SessionInvalidated(resumable=True))

    def _report_denied(self, now: float, cause: Cause) -> None:
        self._least_delay = cause.retry_after
        self._events.append(IdentifyDenied(cause.retry_after))

    def _drop_session(self, now: float, cause: Cause) -> None:
        self._resumption.refused()
        if self._resumption.drop():
            self._events.append(SessionInvalidated(resumable=False))

    def _end_session(self, now: float, cause: Cause) -> None:
        self._resumption.drop()

    def _pause_before_identify(self, now: float, cause: Cause) -> None:
        self._least_delay = 1.0 + 4.0 * self._random()

    def _close(self, now: float, cause: Cause) -> None:
        code = CLOSE_ENDING_SESSION if self.session is None else CLOSE_KEEPING_SESSION
        self._leave_connection()
        self._cause = cause._replace(code=code)
        self._stage_deadline = now + self._config.close_timeout
        self._effects.append(Close(code, ""))

    def _abort(self, now: float, cause: Cause) -> None:
        self._effects.append(Abort())

    def _report_loss(self, now: float, cause: Cause) -> None:
        self._leave_connection()
        if self._cause is not None:
            cause = self._cause
            self._cause = None
        resumable = self.session is not None
        self._events.append(Disconnected(cause.code, cause.reason, resumable))

    def _back_off(self, now: float, cause: Cause) -> None:
        since = self._active_since
        self._active_since = None
        if since is not None and now - since >= self._config.stable_after:
            self._backoff.reset()
        self._events += self._resumption.attempt_ended(self.sequence)
        delay = max(self._backoff.next_delay(), self._least_delay)
        self._least_delay = 0.0
        self._stage_deadline = now + delay
        self._events.append(Reconnecting(delay))

    def _end(self, now: float, cause: Cause) -> None:
        self._stage_deadline = None
        self._events.append(Closed())

    def _fail(self, now: float, cause: Cause) -> None:
        assert cause.code is not None
        row = meaning_of(cause.code)
        self._stage_deadline = None
        self._events.append(FatallyClosed(FatalClose(cause.code, row.meaning, row.remedy)))

    def _fail_limit(self, now: float, cause: Cause) -> None:
        self._stage_deadline = None
        error = SessionStartLimitReached(
            "no identify is left for today: Discord resets the count after 24 hours; see "
            "session_start_limit in GET /gateway/bot, and find out what identifies so often"
        )
        self._events.append(FatallyClosed(error))


ACTIONS: dict[Action, Callable[[Any, float, Any], None]] = {
    Action.CONNECT: ConnectionActions._connect,
    Action.OPEN: ConnectionActions._open,
    Action.START_HEARTBEATS: ConnectionActions._start_heartbeats,
    Action.RESUME: ConnectionActions._resume,
    Action.REQUEST_PERMIT: ConnectionActions._request_permit,
    Action.CANCEL_PERMIT: ConnectionActions._cancel_permit,
    Action.IDENTIFY: ConnectionActions._send_identify,
    Action.ADOPT_SESSION: ConnectionActions._adopt_session,
    Action.FINISH_RESUME: ConnectionActions._finish_resume,
    Action.HAND_ON: ConnectionActions._hand_on,
    Action.EXPECT_MORE: ConnectionActions._expect_more,
    Action.ANSWER: ConnectionActions._answer,
    Action.ACKNOWLEDGE: ConnectionActions._acknowledge,
    Action.REPORT_UNEXPECTED: ConnectionActions._report_unexpected,
    Action.REPORT_UNKNOWN: ConnectionActions._report_unknown,
    Action.REPORT_VIOLATION: ConnectionActions._report_violation,
    Action.REPORT_INVALID_SESSION: ConnectionActions._report_invalid_session,
    Action.REPORT_DENIED: ConnectionActions._report_denied,
    Action.DROP_SESSION: ConnectionActions._drop_session,
    Action.END_SESSION: ConnectionActions._end_session,
    Action.PAUSE: ConnectionActions._pause_before_identify,
    Action.CLOSE: ConnectionActions._close,
    Action.ABORT: ConnectionActions._abort,
    Action.REPORT_LOSS: ConnectionActions._report_loss,
    Action.BACK_OFF: ConnectionActions._back_off,
    Action.END: ConnectionActions._end,
    Action.FAIL: ConnectionActions._fail,
    Action.FAIL_LIMIT: ConnectionActions._fail_limit,
}
"""What each action of the table does."""
