"""A hostile server, a random clock and a careless user against the core's promises.

The machine plays everything outside a `GatewayConnection` in any order, and keeps its own account
of what a gateway, an adapter and a user may expect. Only the adapter's side of the bargain is
kept: it does the effects in order and wakes the connection, though sometimes late.
"""

from __future__ import annotations

import json
from collections import deque
from random import Random
from typing import Any

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from core_driver import TOKEN, message, text
from gateway_core.commands import RequestGuildMembers
from gateway_core.config import Config
from gateway_core.connection import GatewayConnection
from gateway_core.decoding import Payload
from gateway_core.effects import (
    Abort,
    CancelIdentifyPermit,
    Close,
    Connect,
    RequestIdentifyPermit,
    SendText,
)
from gateway_core.events import Closed, FatallyClosed, Ready, SequenceGap
from gateway_core.session import Session
from gateway_core.sharding import ShardId, ShardState

IDLE_OR_OVER = (ShardState.IDLE, ShardState.CLOSED, ShardState.FATALLY_CLOSED)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["heartbeat_interval", "session_id", "resume_gateway_url", "opcode", "meta"]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=5,
)


class Hostile(RuleBasedStateMachine):
    """The rules: what the outside may do. The invariants: what the core promises."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        # The adapter's side.
        self.transport = "none"  # "connecting", "open" or "closing"
        self.permit_asked = False
        self.permits = 0
        self.over = False
        # What the gateway sees of the present connection.
        self.interval: float | None = None
        self.hello_at = 0.0
        self.silent_since = 0.0
        self.paused = False
        self.sent_at: deque[float] = deque()
        self.heartbeats: list[float] = []
        self.wanted_heartbeats = 0
        self.identifies = 0
        self.greeted = False
        # What the user sees.
        self.delivered: deque[tuple[int, Payload]] = deque()
        self.sessions = 0
        self.back: tuple[int, int | None] = (0, None)
        self.last: tuple[str | None, int | None] = (None, None)
        self.last_delivered: int | None = None
        self.commands_given = 0
        self.last_command = -1

    @initialize(
        seed=st.integers(0, 2**32),
        stored=st.booleans(),
        wanted=st.sampled_from([None, frozenset({"A"}), frozenset({"A", "READY", "RESUMED"})]),
        limited=st.sampled_from([True, True, True, False]),
        well=st.sampled_from([0, 8]),
    )
    def begin(
        self, seed: int, stored: bool, wanted: frozenset[str] | None, limited: bool, well: int
    ) -> None:
        self.config = Config(
            token=TOKEN,
            compression=None,
            wanted=wanted,
            rate_limit_commands=limited,
            max_queued_commands=1_000_000,
        )
        self.limited = limited
        self.random = Random(seed).random
        self.make(Session("stored", 50, "wss://stored.example") if stored else None)
        for _ in range(well):
            self.all_goes_well()

    def make(self, session: Session | None) -> None:
        self.core = GatewayConnection(
            self.config, ShardId(0, 1), session=session, random=self.random
        )
        self.over = False
        self.delivered.clear()
        self.sessions += 1
        self.back = (0, None)
        self.last = (None, None)
        self.last_delivered = None
        self.last_command = -1
        self.commands_given = 0
        self.core.start(self.now)
        self.settle()

    # The adapter

    def settle(self) -> None:
        """Do the effects, take the events, and hold the core to its promises about both."""
        for effect in self.core.effects():
            assert TOKEN not in repr(effect)
            match effect:
                case Connect():
                    assert self.transport == "none"
                    self.transport = "connecting"
                case SendText():
                    assert self.transport == "open"
                    self.sent(json.loads(effect.text))
                case Close():
                    assert self.transport == "open"
                    self.transport = "closing"
                case Abort():
                    assert self.transport != "none"
                    self.transport = "none"
                case RequestIdentifyPermit():
                    assert not self.permit_asked
                    self.permit_asked = True
                case CancelIdentifyPermit():
                    assert self.permit_asked
                    self.permit_asked = False
        for event in self.core.events():
            assert TOKEN not in repr(event)
            assert not self.over, "nothing comes after the last event"
            match event:
                case Payload():
                    self.took(event)
                case Ready():
                    self.sessions += 1
                    self.last_delivered = None
                case Closed() | FatallyClosed():
                    self.over = True
                case SequenceGap():
                    assert event.expected != event.received

    def sent(self, data: dict[str, Any]) -> None:
        self.sent_at.append(self.now)
        if self.limited and len(self.sent_at) > 120:
            # No window of 60 seconds holds more than 120 messages.
            assert self.now - self.sent_at.popleft() >= 60.0 - 1e-6
        match data["op"]:
            case 1:
                self.heartbeats.append(self.now)
                assert self.interval is not None
                assert data["d"] == self.core.sequence or self.core.sequence is None
            case 2:
                self.identifies += 1
                assert self.permits > 0, "an identify without a permit"
                self.permits -= 1
                assert not self.greeted, "one identify or resume a connection"
                self.greeted = True
            case 6:
                assert not self.greeted, "one identify or resume a connection"
                self.greeted = True
                session = self.core.session
                assert session is not None
                assert (data["d"]["session_id"], data["d"]["seq"]) == (
                    session.id,
                    session.sequence,
                )
            case 3:
                assert self.core.state is ShardState.ACTIVE
                assert data["d"] > self.last_command, "commands keep their order"
                self.last_command = data["d"]

    def took(self, payload: Payload) -> None:
        self.delivered.append((self.sessions, payload))
        if payload.t == "RESUMED" or payload.s is None:
            return
        assert self.last_delivered is None or payload.s > self.last_delivered
        self.last_delivered = payload.s

    # The clock

    @rule(part=st.sampled_from([0.01, 0.3, 0.9]))
    def time_passes(self, part: float) -> None:
        """Some of the time to the next deadline passes; nothing may be due."""
        deadline = self.core.next_deadline
        if deadline is None:
            return
        at = self.now + (deadline - self.now) * part
        if self.now < at < deadline:
            self.now = at
            self.core.wake(self.now)
            assert not self.core.effects()
            assert not self.core.events()

    @rule(late=st.sampled_from([0.0, 0.0, 0.0, 0.001, 0.5, 5.0, 500.0]))
    def deadline_passes(self, late: float) -> None:
        """The next deadline passes, and the wake-up comes in time or late."""
        deadline = self.core.next_deadline
        if deadline is None:
            return
        self.now = max(self.now, deadline) + late
        if late:
            self.silent_since = self.now
        before = self.core.state
        self.core.wake(self.now)
        after = self.core.next_deadline
        assert self.core.state is not before or after is None or after > self.now
        self.settle()
        if self.interval is not None and self.transport == "open" and not self.paused:
            silence = self.now - self.silent_since
            assert silence < 2 * self.interval + 1e-6, "a zombie was kept"

    # The network

    @precondition(lambda self: self.transport == "connecting")
    @rule(works=st.sampled_from([True, True, True, False]))
    def connection_is_made(self, works: bool) -> None:
        """The attempt to connect comes to something or not."""
        if works:
            self.transport = "open"
            self.interval = None
            self.paused = False
            self.sent_at.clear()
            self.heartbeats = []
            self.wanted_heartbeats = 0
            self.greeted = False
            self.core.connected(self.now)
        else:
            self.transport = "none"
            self.core.connect_failed(self.now, "refused")
        self.settle()

    @precondition(lambda self: self.transport in ("open", "closing"))
    @rule(code=st.sampled_from([None, 1000, 1001, 1006, 4000, 4003, 4007, 4008, 4009, 4242, 4004]))
    def connection_ends(self, code: int | None) -> None:
        """The connection ends, with or without a code."""
        self.transport = "none"
        self.core.disconnected(self.now, code)
        self.settle()

    @rule()
    def all_goes_well(self) -> None:
        """Whatever a good gateway would do next."""
        match self.core.state:
            case ShardState.CONNECTING:
                self.connection_is_made(works=True)
            case ShardState.AWAITING_HELLO:
                self.hello(interval=41.25)
            case ShardState.AWAITING_PERMIT:
                self.permits_identify()
            case ShardState.IDENTIFYING:
                self.ready(session_id="good", url="wss://r.example", sequence=1)
            case ShardState.RESUMING:
                self.dispatch(name="A", skip=0)
                self.resumed(skip=1)
            case ShardState.ACTIVE:
                self.confirms_heartbeat()
                self.dispatch(name="A", skip=0)
            case ShardState.CLOSING | ShardState.STOPPING:
                self.connection_ends(code=1000)
            case ShardState.WAITING:
                self.deadline_passes(late=0.0)
            case _:
                self.another_process()

    # The gateway

    def serve(self, op: int, d: object = None, s: int | None = None, t: str | None = None) -> None:
        self.core.receive_frame(text(op, d, s, t), self.now)
        self.settle()

    def connected(self) -> bool:
        return self.transport in ("open", "closing")

    @precondition(connected)
    @rule(interval=st.sampled_from([1.0, 5.0, 41.25, 41.25, 60.0]))
    def hello(self, interval: float) -> None:
        """Hello, in place or out of it."""
        if self.core.state is ShardState.AWAITING_HELLO:
            self.interval = interval
            self.hello_at = self.silent_since = self.now
        self.serve(10, {"heartbeat_interval": interval * 1000})

    @precondition(connected)
    @rule(
        session_id=st.sampled_from(["one", "two", "", None]),
        url=st.sampled_from(["wss://r.example", "ws://plain.example", "no url", None]),
        sequence=st.sampled_from([1, 1, 1, 7, 0, -1, None]),
    )
    def ready(self, session_id: str | None, url: str | None, sequence: int | None) -> None:
        """READY, in place or out of it."""
        if self.core.state in (ShardState.IDENTIFYING, ShardState.RESUMING, ShardState.ACTIVE):
            self.last = (None, None)
        d = {"session_id": session_id, "resume_gateway_url": url}
        self.serve(0, d, sequence, "READY")

    @precondition(connected)
    @rule(name=st.sampled_from(["A", "B"]), skip=st.sampled_from([0, 0, 0, 0, 1, 1000, -1, -7]))
    def dispatch(self, name: str, skip: int) -> None:
        """A dispatch, mostly with the number that is due."""
        self.serve(0, {}, (self.core.sequence or 0) + 1 + skip, name)

    @precondition(connected)
    @rule(skip=st.sampled_from([1, 1, 0, 50, -2, None]))
    def resumed(self, skip: int | None) -> None:
        """RESUMED, in place or out of it."""
        sequence = None if skip is None else (self.core.sequence or 0) + skip
        self.serve(0, {}, sequence, "RESUMED")

    @precondition(connected)
    @rule(times=st.sampled_from([1, 2, 150]))
    def wants_heartbeats(self, times: int) -> None:
        """Heartbeats are asked for, once or without end."""
        for _ in range(times):
            self.wanted_heartbeats += 1
            self.serve(1)

    @precondition(connected)
    @rule()
    def confirms_heartbeat(self) -> None:
        """A heartbeat is confirmed, whether there was one or not."""
        self.silent_since = self.now
        self.serve(11)

    @precondition(connected)
    @rule(d=st.sampled_from([True, False, None]), op=st.sampled_from([7, 9]))
    def wants_no_more(self, op: int, d: bool | None) -> None:
        """Reconnect or Invalid Session."""
        self.serve(op, d)

    @precondition(connected)
    @rule(
        guild=st.sampled_from(["1", "2", None]),
        opcode=st.sampled_from([8, 3, None]),
        retry_after=st.sampled_from([0, 0.5, 30, -1, "x"]),
    )
    def refuses_command(self, guild: str | None, opcode: int | None, retry_after: object) -> None:
        """RATE_LIMITED, for commands sent or not."""
        d = {"opcode": opcode, "retry_after": retry_after, "meta": {"guild_id": guild}}
        self.serve(0, d, (self.core.sequence or 0) + 1, "RATE_LIMITED")

    @precondition(connected)
    @rule(
        op=st.sampled_from([0, 1, 7, 9, 10, 11, 2, 99, -1]),
        d=JSON,
        s=st.none() | st.integers(-2, 2**40),
        t=st.sampled_from([None, "READY", "RESUMED", "RATE_LIMITED", "A"]),
    )
    def anything(self, op: int, d: object, s: int | None, t: str | None) -> None:
        """Any sound envelope around anything."""
        state = self.core.state
        if op == 10 and state is ShardState.AWAITING_HELLO:
            return  # `hello` accounts for the interval
        if op == 0 and t == "READY":
            s = None if s is None else s % 1000
            if state in (ShardState.IDENTIFYING, ShardState.RESUMING, ShardState.ACTIVE):
                self.last = (None, None)
        if op == 1:
            self.wanted_heartbeats += 1
        if op == 11:
            self.silent_since = self.now
        self.serve(op, d, s, t)

    @precondition(connected)
    @rule(frame=st.sampled_from(["", "{", "[]", '{"op":10,"d":nope}', b"\x78\x9c\x00", b"\xff"]))
    def garbage(self, frame: str | bytes) -> None:
        """What is no message at all."""
        self.core.receive_frame(frame, self.now)
        self.settle()

    # The identify queue

    @rule()
    def permits_identify(self) -> None:
        """A permit, asked for or too late."""
        if self.permit_asked:
            self.permits += 1
        self.permit_asked = False
        self.core.identify_permitted(self.now)
        self.settle()
        assert self.permits == 0, "a permit was not used"

    @rule(retry_after=st.sampled_from([0.0, 60.0, 3600.0, -1.0]))
    def denies_identify(self, retry_after: float) -> None:
        """A denial, in answer to a request or too late."""
        self.permit_asked = False
        self.core.identify_denied(self.now, retry_after)
        self.settle()

    # The user

    @rule(times=st.sampled_from([1, 1, 10, 150]))
    def gives_commands(self, times: int) -> None:
        """Commands, few or many."""
        if self.core.state in (ShardState.STOPPING, *IDLE_OR_OVER):
            return
        for _ in range(times):
            self.core.send(json.dumps({"op": 3, "d": self.commands_given}), self.now)
            self.commands_given += 1
        self.core.send(RequestGuildMembers(guild_id=1 + times % 2, query=""), self.now)
        self.settle()

    @precondition(lambda self: self.delivered)
    @rule(times=st.integers(1, 5))
    def comes_back(self, times: int) -> None:
        """The user has dealt with some events."""
        for _ in range(min(times, len(self.delivered))):
            session, payload = self.delivered.popleft()
            self.core.consumed(payload)
            sensible = payload.t != "RESUMED" and payload.s is not None and payload.s > 0
            self.back = (session, payload.s if sensible else None)

    @rule(paused=st.booleans())
    def reads_or_not(self, paused: bool) -> None:
        """The user is slow, or no longer."""
        self.paused = paused
        self.silent_since = self.now
        if paused:
            self.core.reading_paused(self.now)
        else:
            self.core.reading_resumed(self.now)
        self.settle()

    @rule(resumable=st.sampled_from([*[None] * 20, True, False]))
    def closes(self, resumable: bool | None) -> None:
        """The user has had enough, once in a while."""
        if resumable is not None:
            self.core.close(self.now, resumable=resumable)
            self.settle()

    @precondition(lambda self: self.over)
    @rule()
    def another_process(self) -> None:
        """Another process goes on with the session that was exported."""
        session = self.core.consumed_session
        assert self.core.state is ShardState.CLOSED or session is None
        self.make(session)
        assert self.core.consumed_session == self.core.session
        if session is not None:
            assert self.core.session is not None
            assert self.core.session.id == session.id

    # The promises

    @invariant()
    def is_never_stuck(self) -> None:
        """There is always a deadline, and at most as far away as the longest delay."""
        if not hasattr(self, "core"):
            return
        deadline = self.core.next_deadline
        if self.core.state in IDLE_OR_OVER:
            assert deadline is None
            assert self.over
            assert self.transport == "none"
        else:
            assert deadline is not None
            assert deadline - self.now <= 3600.001
            if self.interval is not None and self.transport == "open":
                last = self.heartbeats[-1] if self.heartbeats else self.hello_at
                assert deadline <= last + self.interval + 1e-6, "a heartbeat was left out"

    @invariant()
    def sequence_never_falls_within_a_session(self) -> None:
        """Not the received one, and the consumed one does not pass it."""
        if not hasattr(self, "core"):
            return
        session = self.core.session
        if session is None:
            self.last = (None, None)
            return
        if self.last[0] == session.id and self.last[1] is not None:
            assert session.sequence >= self.last[1]
        self.last = (session.id, session.sequence)
        consumed = self.core.consumed_session
        came_from, sequence = self.back
        if not self.delivered:
            assert consumed == session
        elif came_from == self.sessions and sequence is not None:
            assert consumed == Session(session.id, sequence, session.resume_url)
        elif consumed is not None:
            assert consumed.resume_url == session.resume_url
            assert consumed.sequence <= session.sequence

    @invariant()
    def heartbeats_are_neither_left_out_nor_invented(self) -> None:
        """One an interval, and no more than one for each request."""
        if self.interval is None:
            return
        most = (self.now - self.hello_at) / self.interval + 1 + self.wanted_heartbeats
        assert len(self.heartbeats) <= most + 1e-6


Hostile.TestCase.settings = settings(max_examples=150, stateful_step_count=60, deadline=None)
TestHostile = Hostile.TestCase


def test_the_machine_reaches_the_good_states() -> None:
    """The rules are worth something only if they also lead to a connection that works."""
    machine = Hostile()
    machine.begin(seed=1, stored=False, wanted=None, limited=True, well=0)
    machine.connection_is_made(works=True)
    machine.hello(interval=41.25)
    machine.permits_identify()
    machine.ready(session_id="one", url="wss://r.example", sequence=1)
    machine.dispatch(name="A", skip=0)
    assert machine.core.state is ShardState.ACTIVE
    assert [payload.t for _, payload in machine.delivered] == ["READY", "A"]
    assert message(0, {}, 3, "A").s == 3
