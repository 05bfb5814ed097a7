"""Plays network, Discord, identify queue, user and clock for a `GatewayConnection`."""

from __future__ import annotations

import json
from typing import Any, TypeVar

from gateway_core.config import Config
from gateway_core.connection import GatewayConnection
from gateway_core.decoding import Payload, PlainDecoder
from gateway_core.effects import Abort, CancelIdentifyPermit, Close, Connect, Effect, SendText
from gateway_core.effects import RequestIdentifyPermit as RequestPermit
from gateway_core.events import Event
from gateway_core.session import Session
from gateway_core.sharding import ShardId, ShardState

__all__ = [
    "INTERVAL",
    "RESUME_URL",
    "STORED",
    "Abort",
    "CancelIdentifyPermit",
    "Close",
    "Connect",
    "Driver",
    "RequestPermit",
    "SendText",
    "active",
    "message",
]

INTERVAL = 40.0
RESUME_URL = "wss://resume.example"
STORED = Session("stored", 100, RESUME_URL)
TOKEN = "the.secret.token"

T = TypeVar("T")


def text(op: int, d: object = None, s: int | None = None, t: str | None = None) -> str:
    return json.dumps({"t": t, "s": s, "op": op, "d": d})


def message(op: int, d: object = None, s: int | None = None, t: str | None = None) -> Payload:
    payload = PlainDecoder().feed(text(op, d, s, t))
    assert payload is not None
    return payload


class Driver:
    """A connection, and all that came out of it since the last look.

    Randomness is 0.5 unless said otherwise, so that the first heartbeat comes after half an
    interval, and the first delay is half a second.
    """

    def __init__(
        self, *, session: Session | None = None, random: float = 0.5, **config: Any
    ) -> None:
        config = {"token": TOKEN, "compression": None} | config
        self.random = random
        self.now = 1000.0
        self.connection = GatewayConnection(
            Config(**config), ShardId(0, 1), session=session, random=lambda: self.random
        )
        self.effects: list[Effect] = []
        self.events: list[Event] = []
        self.sequence = 0

    # Looking at it

    @property
    def state(self) -> ShardState:
        return self.connection.state

    def is_in(self, state: ShardState) -> bool:
        return self.connection.state is state

    def drain(self) -> None:
        self.effects += self.connection.effects()
        self.events += self.connection.events()

    def take_effects(self) -> list[Effect]:
        self.drain()
        effects, self.effects = self.effects, []
        return effects

    def take_events(self) -> list[Event]:
        self.drain()
        events, self.events = self.events, []
        return events

    def take_sent(self) -> list[dict[str, Any]]:
        """Give the messages sent since the last look, and forget the other effects."""
        return [
            json.loads(effect.text)
            for effect in self.take_effects()
            if isinstance(effect, SendText)
        ]

    def take(self, kind: type[T]) -> list[T]:
        """Give the events of a kind since the last look, and forget the others."""
        return [event for event in self.take_events() if isinstance(event, kind)]

    def take_names(self) -> list[str | None]:
        """Give the names of the dispatches handed out since the last look."""
        return [payload.t for payload in self.take(Payload)]

    def forget(self) -> None:
        self.take_effects()
        self.take_events()

    # Playing

    def pass_time(self, seconds: float) -> None:
        """Let time pass, waking the connection exactly when it wants to be."""
        end = self.now + seconds
        while (at := self.connection.next_deadline) is not None and at <= end:
            self.now = max(self.now, at)
            self.connection.wake(self.now)
        self.now = end

    def serve(self, op: int, d: object = None, s: int | None = None, t: str | None = None) -> None:
        self.connection.receive_frame(text(op, d, s, t), self.now)

    def dispatch(self, t: str = "MESSAGE_CREATE", d: object = None) -> None:
        """Serve the dispatch that is due."""
        self.sequence += 1
        self.serve(0, {} if d is None else d, self.sequence, t)

    def hello(self, interval: float = INTERVAL) -> None:
        self.serve(10, {"heartbeat_interval": interval * 1000})

    def ready(self, session_id: str = "fresh", resume_url: str | None = RESUME_URL) -> None:
        self.sequence = 0
        self.dispatch("READY", {"session_id": session_id, "resume_gateway_url": resume_url})

    def acknowledge(self) -> None:
        self.serve(11)

    def lose(self, code: int | None = None) -> None:
        self.connection.disconnected(self.now, code)

    def reconnect(self) -> None:
        """From WAITING to the open connection."""
        assert self.state is ShardState.WAITING
        at = self.connection.next_deadline
        assert at is not None
        self.pass_time(at - self.now)
        self.connection.connected(self.now)

    def reach(self, state: ShardState) -> None:
        """Go from IDLE to a state by the shortest way."""
        match state:
            case ShardState.IDLE:
                return
            case ShardState.CONNECTING:
                self.connection.start(self.now)
            case ShardState.AWAITING_HELLO:
                self.reach(ShardState.CONNECTING)
                self.connection.connected(self.now)
            case ShardState.AWAITING_PERMIT | ShardState.RESUMING:
                self.reach(ShardState.AWAITING_HELLO)
                self.hello()
            case ShardState.IDENTIFYING:
                self.reach(ShardState.AWAITING_PERMIT)
                self.connection.identify_permitted(self.now)
            case ShardState.ACTIVE:
                if self.connection.session is None:
                    self.reach(ShardState.IDENTIFYING)
                    self.ready()
                else:
                    self.reach(ShardState.RESUMING)
                    self.sequence = self.connection.session.sequence
                    self.dispatch("RESUMED")
            case ShardState.CLOSING:
                self.reach(ShardState.AWAITING_HELLO)
                self.serve(7)
            case ShardState.WAITING:
                self.reach(ShardState.CONNECTING)
                self.connection.connect_failed(self.now, "refused")
            case ShardState.STOPPING:
                self.reach(ShardState.AWAITING_HELLO)
                self.connection.close(self.now, resumable=True)
            case ShardState.CLOSED:
                self.connection.close(self.now, resumable=True)
            case ShardState.FATALLY_CLOSED:
                self.reach(ShardState.AWAITING_HELLO)
                self.lose(4004)
        assert self.state is state
        self.forget()


def active(**config: Any) -> Driver:
    """Give a connection that is active."""
    driver = Driver(**config)
    driver.reach(ShardState.ACTIVE)
    return driver
