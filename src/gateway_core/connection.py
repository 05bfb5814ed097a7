"""The sans-I/O core: the whole life of a shard's connection, without a socket or a clock.

`GatewayConnection` is told what happens, and when: connected, a frame received, disconnected, a
command to send, the permit to identify, time passed. It answers with effects for its adapter (see
`effects.py`) and events for the user (see `events.py`), and always knows the next instant at which
it must be woken. `transitions.py` explains the machine and says how it moves, `actions.py` what is
done then; here is what it is told and what it answers.

An adapter's loop, whatever it is written with::

    connection.start(now)
    while True:
        for effect in connection.effects(): ...   # connect, send, close, ask for a permit
        for event in connection.events(): ...     # to the user; then connection.consumed(event)
        ...                                       # wait for network, user or next_deadline
        connection.receive_frame(frame, now)      # tell it what has happened
        connection.wake(now)

Effects are to be done in order, and before the next input is told.

Source:
    Discord documentation, "Gateway" and "Gateway Events".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence, Set
from typing import Final

from .actions import ACTIONS, OWN_DISPATCHES, UNSENT, Cause, ConnectionActions
from .close_codes import Consequence, consequence_of, describe
from .commands import Command
from .decoding import Payload
from .effects import Effect
from .errors import DecodeError, LocalProtocolError, RemoteProtocolError, ShardClosed
from .events import Event
from .opcodes import OpCode
from .received import interval_of, offer_of, refusal_of
from .session import Session
from .sharding import ShardState
from .transitions import TRANSITIONS, Trigger

__all__ = ["GatewayConnection"]

_ACTIVE: Final = ShardState.ACTIVE
_OVER: Final = (ShardState.STOPPING, ShardState.CLOSED, ShardState.FATALLY_CLOSED)
_CATCHING_UP: Final = (ShardState.IDENTIFYING, ShardState.RESUMING)

_LOSSES: Final = {
    Consequence.RESUME: Trigger.LOST,
    Consequence.REIDENTIFY: Trigger.LOST_SESSION,
    Consequence.FATAL: Trigger.LOST_FATALLY,
}

_TIMEOUTS: Final[dict[ShardState, str]] = {
    ShardState.CONNECTING: "the connection was not made in time",
    ShardState.AWAITING_HELLO: "hello did not come in time",
    ShardState.IDENTIFYING: "READY did not come in time",
    ShardState.RESUMING: "neither RESUMED nor a missed event came in time",
    ShardState.CLOSING: "the connection was not closed in time",
    ShardState.WAITING: "the delay is over",
    ShardState.STOPPING: "the connection was not closed in time",
}


class GatewayConnection(ConnectionActions):
    """The protocol of one shard, across all its connections.

    Every method that takes `now` takes seconds of one monotonic clock of the caller's choosing.
    The same inputs give the same outputs.

    Args:
        config: how to behave; the token and intents are read from it.
        shard_id: which shard this is.
        session: a session to resume instead of identifying.
        random: gives a float from 0 up to 1, as `random.random` does.

    Raises:
        CommandTooLarge: what `config` wants to identify with (its presence) takes more than 4,096
            bytes.

    Source:
        Discord documentation, "Gateway", section "Connections".
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<GatewayConnection shard {self.shard_id}, {self.state.value}>"

    # Outputs

    def effects(self) -> Sequence[Effect]:
        """Give what is to be done, in order, and forget it."""
        if not self._effects:
            return ()
        effects = self._effects
        self._effects = []
        return effects

    def events(self) -> Sequence[Event]:
        """Give what has happened, in order, and forget it: dispatches and control events."""
        if not self._events:
            return ()
        events = self._events
        self._events = []
        return events

    @property
    def consumed_session(self) -> Session | None:
        """The session with the consumed sequence: what another process shall resume.

        It is the session of the last dispatch for which `consumed` was called; None if that one is
        over.
        """
        if self._consumption.count == self._delivered:
            return self.session
        return self._consumption.session()

    @property
    def consumed_count(self) -> int:
        """How many dispatches are `consumed`."""
        return self._consumption.count

    @property
    def pending(self) -> int:
        """How many dispatches were handed out and are not yet `consumed`."""
        return self._delivered - self._consumption.count

    @property
    def queued_commands(self) -> int:
        """How many commands wait to be sent."""
        return len(self._commands)

    # Inputs from the network

    def start(self, now: float) -> None:
        """Begin: connect for the first time.

        Raises:
            LocalProtocolError: it was started or closed before.
        """
        self._fire(Trigger.START, now)

    def connected(self, now: float) -> None:
        """Report that the connection that `Connect` asked for is open.

        Raises:
            LocalProtocolError: no connection was asked for, or it was given up with `Abort`.
        """
        self._fire(Trigger.CONNECTED, now)

    def connect_failed(self, now: float, reason: str) -> None:
        """Report that the connection that `Connect` asked for cannot be made.

        Args:
            now: the time.
            reason: why, in words, for the event `Disconnected`.

        Raises:
            LocalProtocolError: no connection was asked for, or it was given up with `Abort`.
        """
        self._fire(Trigger.CONNECT_FAILED, now, Cause(reason))

    def receive_frame(self, frame: bytes | str, now: float) -> None:
        """Take a data frame from the connection.

        What cannot be decoded is reported as an event; the connection is then made anew.

        Raises:
            LocalProtocolError: there was no connection yet.
        """
        self.receive_frames(iter((frame,)), now)

    def receive_frames(self, frames: Iterator[bytes | str], now: float) -> bool:
        """Take data frames as `receive_frame` does, up to one that leaves something to be done.

        Returns:
            Whether there are effects, which must be done before the other frames are taken.

        Raises:
            LocalProtocolError: there was no connection yet.
        """
        for frame in frames:
            if self._receiving:
                try:
                    payload = self._feed(frame)
                except DecodeError as error:
                    self._violated(error, now)
                else:
                    if payload is None:
                        continue
                    # What nearly every frame is, without a call for it.
                    if payload.op == 0 and self.state is _ACTIVE:
                        name = payload.t
                        sequence = payload.s
                        if (
                            sequence == self.sequence + 1  # type: ignore[operator]
                            and name not in self._own
                        ):
                            self.sequence = sequence
                            wanted = self._wanted
                            if wanted is None or name in wanted:
                                self._events.append(payload)
                                self._delivered += 1
                            continue
                    self.receive(payload, now)
            else:
                # A late frame is not worth decoding; where none can be late, the table raises.
                self._fire(Trigger.DISPATCH, now)
            if self._effects:
                return True
        return False

    def receive(self, payload: Payload, now: float) -> None:
        """Take a message that was decoded elsewhere, as `receive_frame` does.

        Raises:
            LocalProtocolError: there was no connection yet.
        """
        try:
            trigger, detail = self._read(payload)
        except (DecodeError, RemoteProtocolError) as error:
            self._violated(error, now)
            return
        self._fire(trigger, now, detail)

    def disconnected(self, now: float, code: int | None, reason: str = "") -> None:
        """Report that the connection has ended, whoever ended it.

        Args:
            now: the time.
            code: the close code, None where there was none.
            reason: the close frame's reason, or what else is known.

        Raises:
            LocalProtocolError: there was no connection, or it was given up with `Abort`.
        """
        words = describe(code)
        cause = Cause(f"{words} ({reason})" if reason else words, code)
        self._fire(_LOSSES[consequence_of(code)], now, cause)

    def reading_paused(self, now: float) -> None:
        """Report that the socket is not read for now, because the user is slow.

        Heartbeats go on; what can only be seen by reading is not waited for, except hello. A new
        connection begins unpaused: where reading stays paused, this is to be called again.
        """
        self._paused = True
        self.latency.discard()
        if self._heartbeat is not None:
            self._heartbeat.pause()
        self._schedule(now)

    def reading_resumed(self, now: float) -> None:
        """Report that the socket is read again."""
        if not self._paused:
            return
        self._paused = False
        if self._heartbeat is not None:
            self._heartbeat.resume()
        if self.state in _CATCHING_UP:
            self._expect_more(now)
        self._schedule(now)

    # Inputs from the identify queue, the user and the clock

    def identify_permitted(self, now: float) -> None:
        """Grant the permit that `RequestIdentifyPermit` asked for.

        A permit that comes after its request was cancelled is left alone.
        """
        self._fire(Trigger.PERMITTED, now)

    def identify_denied(self, now: float, retry_after: float | None) -> None:
        """Deny the permit: the session start limit is reached.

        Args:
            now: the time.
            retry_after: seconds after which to connect and ask again; None to end fatally, with
                `SessionStartLimitReached`.
        """
        if retry_after is None:
            self._fire(Trigger.REFUSED, now, Cause("the session start limit is reached"))
        else:
            cause = Cause("no identify is left for now", retry_after=max(0.0, retry_after))
            self._fire(Trigger.DENIED, now, cause)

    def send(self, command: Command | str, now: float) -> None:
        """Send a command as soon as the session is active and the command limit allows.

        It waits across reconnects, in order, and is delivered at most once: if the connection
        breaks while it is being sent, it is not sent again. One that Discord refuses with
        RATE_LIMITED is held as long as asked, and then sent again. What still waits when the
        connection is over is not sent; `queued_commands` then says how much that is, and
        `take_commands` gives it.

        Args:
            command: a command, or the JSON text of one (``{"op": ..., "d": ...}``).
            now: the time.

        Raises:
            CommandTooLarge: it takes more than 4,096 bytes.
            CommandError: it cannot be sent, or is one that the connection sends itself.
            CommandQueueFull: too many commands wait.
            ShardClosed: the connection is over, or is being closed for good.
        """
        if self.state in _OVER:
            raise ShardClosed(f"shard {self.shard_id} is {self.state.value}: nothing can be sent")
        self._commands.put(command)
        if self.state is _ACTIVE:
            self._send_commands(now)
            self._schedule(now)

    def take_commands(self) -> list[str]:
        """Take the JSON texts of the commands that wait, for another connection to send."""
        return self._commands.take_all()

    def divert(self, names: Set[str], take: Callable[[Payload], bool]) -> None:
        """Offer dispatches of these names to `take` before the user gets them.

        One for which it returns True is counted as received and goes no further, whether or not
        it is wanted. Each call replaces the one before.
        """
        self._diverted = frozenset(names)
        self._divert = take
        self._own = OWN_DISPATCHES | self._diverted

    def probe(self, now: float) -> None:
        """Find out when everything has come that Discord has sent up to now.

        A heartbeat is sent; the event `ProbeConfirmed` follows its confirmation, which stands
        behind all that was sent before. Nothing follows if the connection is lost first.

        Raises:
            LocalProtocolError: there is no active session.
        """
        if self.state is not _ACTIVE:
            raise LocalProtocolError(f"shard {self.shard_id} is {self.state.value}: nothing to ask")
        assert self._heartbeat is not None
        self._probe = UNSENT
        self._heartbeat.requested = True
        self.wake(now)

    def close(self, now: float, *, resumable: bool) -> None:
        """End for good: `Closed` is the last event.

        Args:
            now: the time.
            resumable: whether to keep the session, so that `consumed_session` can be resumed by
                another process. If not, the session is ended and the bot goes offline; where there
                is no connection at this moment, Discord lets it time out instead.
        """
        cause = Cause("closed by the user")
        self._fire(Trigger.CLOSE_RESUMABLE if resumable else Trigger.CLOSE, now, cause)

    def consumed(self, payload: Payload) -> None:
        """Note that the user has come back from a dispatch.

        To be called once for each dispatch that `events` gave, in that order; alone among the
        methods it may be called on another thread while they run.
        """
        self._consumption.advance(payload)

    def wake(self, now: float) -> None:
        """Do what is due. To be called at `next_deadline` or later; does nothing before."""
        heartbeat = self._heartbeat
        if heartbeat is not None:
            if now >= heartbeat.next_at:
                if heartbeat.is_zombie(now):
                    cause = Cause("no heartbeat was confirmed between two of them")
                    self._fire(Trigger.ZOMBIE, now, cause)
                    return
                self._beat(now, interval=True)
            elif heartbeat.requested:
                self._answer(now)
        deadline = self._stage_deadline
        if deadline is not None and now >= deadline and not self._waits_for_reading():
            self._fire(Trigger.TIMED_OUT, now, Cause(_TIMEOUTS[self.state]))
            return
        if self.state is _ACTIVE:
            self._send_commands(now)
        self._schedule(now)

    def beat(self, now: float) -> None:
        """Send the interval heartbeat that is due, if one is and the one before is confirmed.

        For an adapter that is behind with reading: unlike `wake`, it concludes nothing from what
        has not come.
        """
        heartbeat = self._heartbeat
        if heartbeat is None or now < heartbeat.next_at or heartbeat.awaits_confirmation:
            return
        self._beat(now, interval=True)
        self._schedule(now)

    # The machine

    def _fire(self, trigger: Trigger, now: float, detail: object = None) -> None:
        """Make the move that the table has for a trigger in the present state."""
        row = TRANSITIONS[self.state].get(trigger)
        if row is None:
            raise LocalProtocolError(
                f"shard {self.shard_id} is {self.state.value}: this call does not belong here "
                f"({trigger.value})"
            )
        self.state = row.state
        for action in row.actions:
            ACTIONS[action](self, now, detail)
        self._schedule(now)

    def _schedule(self, now: float) -> None:
        """Find the next deadline."""
        deadline = None if self._waits_for_reading() else self._stage_deadline
        heartbeat = self._heartbeat
        if heartbeat is not None:
            at = heartbeat.next_at
            if heartbeat.requested:
                at = min(at, self.rate_limiter.next_free(now, self._heartbeat_reserve))
            if deadline is None or at < deadline:
                deadline = at
            if self.state is _ACTIVE:
                command_at = self._commands.next_at(now)
                if command_at is not None and command_at < deadline:
                    deadline = command_at
        self.next_deadline = deadline

    def _waits_for_reading(self) -> bool:
        return self._paused and self.state in _CATCHING_UP

    def _read(self, payload: Payload) -> tuple[Trigger, object]:
        """Say what a message means, and keep what is read in it for the action.

        All is read here, so that malformed text is found before anything has moved.

        Raises:
            DecodeError: its `d` is malformed.
            RemoteProtocolError: its `d` does not say what it must.
        """
        match payload.op:
            case OpCode.DISPATCH:
                match payload.t:
                    case "READY":
                        self._offer = offer_of(payload)
                        live = self._resumption.session
                        if live is not None and live.id == self._offer.session_id:
                            return Trigger.DISPATCH, payload  # replayed or repeated
                        return Trigger.READY, payload
                    case "RESUMED":
                        return Trigger.RESUMED, payload
                    case "RATE_LIMITED":
                        self._refusal = refusal_of(payload)
                return Trigger.DISPATCH, payload
            case OpCode.HEARTBEAT_ACK:
                return Trigger.HEARTBEAT_ACK, payload
            case OpCode.HEARTBEAT:
                return Trigger.HEARTBEAT, payload
            case OpCode.HELLO:
                if self.state is ShardState.AWAITING_HELLO:
                    self._interval = interval_of(payload)
                if self.session is not None:
                    return Trigger.HELLO_TO_RESUME, payload
                return Trigger.HELLO_TO_IDENTIFY, payload
            case OpCode.RECONNECT:
                return Trigger.RECONNECT, Cause("Discord asked to reconnect (opcode 7)")
            case OpCode.INVALID_SESSION:
                if payload.d is True:
                    cause = Cause("Discord refused the session, resumable (opcode 9)")
                    return Trigger.INVALID_SESSION_RESUMABLE, cause
                cause = Cause("Discord refused the session (opcode 9)")
                return Trigger.INVALID_SESSION, cause
        return Trigger.UNKNOWN, payload

    def _violated(self, error: Exception, now: float) -> None:
        trigger, remedy = Trigger.VIOLATION, "the connection is made anew"
        if self.state is ShardState.RESUMING:
            if self._stuck_at == self.sequence:
                trigger, remedy = (
                    Trigger.VIOLATION_AGAIN,
                    "no resume gets past it: a new session begins",
                )
                self._stuck_at = None
            else:
                self._stuck_at = self.sequence
        violation = RemoteProtocolError(f"{error}; {remedy}")
        violation.__cause__ = error
        cause = Cause(f"a message could not be understood: {error}", error=violation)
        self._fire(trigger, now, cause)
