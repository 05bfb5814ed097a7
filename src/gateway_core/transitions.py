"""Every move that a gateway connection can make, as one table.

How to think about the machine
==============================

A `GatewayConnection` outlives its websocket connections. It is in one of twelve states
(`ShardState`), and something happens to it (`Trigger`): the adapter reports what the network did,
Discord sends a message, a deadline passes, the user wants to close. `TRANSITIONS` says, for each
state and trigger, what the next state is and what is done on the way (`Action`, in order). Rule
one: whatever moves the state is a row of this table; `connection.py` looks the row up, sets the
state and performs the actions, and changes the state nowhere else.

The good life of a shard is a line:

    IDLE -> CONNECTING -> AWAITING_HELLO -> AWAITING_PERMIT -> IDENTIFYING -> ACTIVE

and from then on, ideally for days, a circle that costs Discord and the user nothing:

    ACTIVE -> (connection lost) -> WAITING -> CONNECTING -> AWAITING_HELLO -> RESUMING -> ACTIVE

Which way a hello leads is the one question that is asked of it: is there a session to resume? The
answer is part of the trigger (HELLO_TO_RESUME, HELLO_TO_IDENTIFY), so that the table stays a
table. The same goes for the three ways in which a connection can be lost (LOST: the session may
live on; LOST_SESSION: it does not; LOST_FATALLY: do not come back) and for the two kinds of
invalid session: the close code and the `d` of the message choose the trigger, the trigger chooses
the row.

There are two ways to leave a connection that still stands. To make a new one, the machine sends a
close frame and waits in CLOSING until the adapter says that the connection has ended; then it goes
to WAITING for the backoff's delay. To end for good, it does the same in STOPPING, and then is
CLOSED. In both, what still arrives is ignored: after a resume Discord sends it again. One rule
chooses the close code: 1000 ends the session, so it is sent when there is no session to keep (any
more), and 4000 otherwise. That is why rows that end a session drop it first and close then.

Heartbeats are not in the table. They run beside it in the five states from AWAITING_PERMIT to
ACTIVE (see `heartbeat.py`) and meet it in three triggers: Discord wants one (HEARTBEAT), confirms
one (HEARTBEAT_ACK), or has confirmed none for an interval (ZOMBIE).

Each state except AWAITING_PERMIT and ACTIVE has a deadline of its own, whose passing is TIMED_OUT.
Those two wait for as long as it takes, and heartbeats tell whether the connection is alive: it is
an identify queue's business how long a turn takes, and Discord's how long nothing happens.

Things that are late are no errors: a permit that was granted just before its request was given up,
frames that were read before the connection was dropped. Their rows say that nothing is done. A
state and trigger that have no row at all cannot come from a race, only from a mistake of the
adapter, and raise `LocalProtocolError`. What Discord should not have sent never raises: it is
reported as an event, and the connection goes on, or is closed and made anew where it cannot. A
message that stops one resume after the other at the same point would do so for as long as Discord
keeps the session (VIOLATION_AGAIN): then the session is given up for a new one.

Source:
    Discord documentation, "Gateway", sections "Connection Lifecycle", "Disconnecting" and
    "Resuming".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum
from types import MappingProxyType
from typing import NamedTuple

from .sharding import ShardState

__all__ = ["TRANSITIONS", "Action", "Transition", "Trigger"]


class Trigger(Enum):
    """What can happen to a connection."""

    START = "start() was called"
    CONNECTED = "the websocket connection is open"
    CONNECT_FAILED = "the attempt to connect failed"
    TIMED_OUT = "the state's deadline has passed"

    HELLO_TO_RESUME = "hello came (op 10), and there is a session to resume"
    HELLO_TO_IDENTIFY = "hello came (op 10), and there is no session"
    READY = "READY came"
    RESUMED = "RESUMED came"
    DISPATCH = "another dispatch came (op 0)"
    HEARTBEAT = "Discord wants a heartbeat (op 1)"
    HEARTBEAT_ACK = "a heartbeat was confirmed (op 11)"
    RECONNECT = "Discord asks to reconnect (op 7)"
    INVALID_SESSION_RESUMABLE = "the session was refused, but may be resumed (op 9, true)"
    INVALID_SESSION = "the session was refused (op 9, false)"
    UNKNOWN = "a message came with an opcode that clients do not receive"
    VIOLATION = "something came that the connection cannot survive"
    VIOLATION_AGAIN = "such a thing came where the resume before had failed, too"

    ZOMBIE = "no heartbeat was confirmed between two of them"
    PERMITTED = "it is this shard's turn to identify"
    DENIED = "no identify is left for now"
    REFUSED = "no identify is left, and waiting is not wanted"

    LOST = "the connection has ended; the session may live on"
    LOST_SESSION = "the connection has ended, and the session with it"
    LOST_FATALLY = "the connection has ended with a code that says not to come back"

    CLOSE = "the user wants to end, and the session too"
    CLOSE_RESUMABLE = "the user wants to end and keep the session"


class Action(Enum):
    """What is done on the way from one state to the next."""

    CONNECT = "ask for a connection to the resume URL or the gateway URL"
    OPEN = "begin with a fresh decoder and a fresh command limit; hello is due"
    START_HEARTBEATS = "plan the first heartbeat at a random point of the interval"
    RESUME = "send Resume; RESUMED is due"
    REQUEST_PERMIT = "ask for a permit to identify"
    CANCEL_PERMIT = "give the place in the identify queue up"
    IDENTIFY = "send Identify; READY is due"
    ADOPT_SESSION = "remember the new session, hand READY on, send queued commands"
    FINISH_RESUME = "hand RESUMED on, send queued commands"
    HAND_ON = "count the dispatch, and hand it to the user if it is wanted"
    EXPECT_MORE = "give the replay its time anew"
    ANSWER = "send a heartbeat at once, or as soon as the command limit allows"
    ACKNOWLEDGE = "measure the latency; the connection is alive"
    REPORT_UNEXPECTED = "report a message that does not belong here"
    REPORT_UNKNOWN = "report a message with an unknown opcode"
    REPORT_VIOLATION = "report what was wrong"
    REPORT_INVALID_SESSION = "report that the session was refused, and is kept"
    REPORT_DENIED = "report that no identify is left, and come back later"
    DROP_SESSION = "forget the session and report it"
    END_SESSION = "forget the session"
    PAUSE = "wait for 1 to 5 random seconds at least before connecting again"
    CLOSE = "send a close frame: 1000 without a session, else 4000"
    ABORT = "drop the transport"
    REPORT_LOSS = "report that the connection is gone, and why"
    BACK_OFF = "plan the next attempt"
    END = "report the end"
    FAIL = "report the end, with the close code, its meaning and the remedy"
    FAIL_LIMIT = "report the end: the session start limit is reached"


class Transition(NamedTuple):
    """One row: where to go, and what to do on the way."""

    state: ShardState
    actions: tuple[Action, ...]


_S = ShardState
_T = Trigger
_A = Action

_Rows = dict[Trigger, Transition]


def _to(state: ShardState, *actions: Action) -> Transition:
    return Transition(state, actions)


def _ignore(state: ShardState, triggers: Iterable[Trigger]) -> _Rows:
    """Rows for what may come late."""
    return {trigger: Transition(state, ()) for trigger in triggers}


_RECEIVED = (
    _T.HELLO_TO_RESUME,
    _T.HELLO_TO_IDENTIFY,
    _T.READY,
    _T.RESUMED,
    _T.DISPATCH,
    _T.HEARTBEAT,
    _T.HEARTBEAT_ACK,
    _T.RECONNECT,
    _T.INVALID_SESSION_RESUMABLE,
    _T.INVALID_SESSION,
    _T.UNKNOWN,
    _T.VIOLATION,
)
_PERMITS = (_T.PERMITTED, _T.DENIED, _T.REFUSED)
_CLOSES = (_T.CLOSE, _T.CLOSE_RESUMABLE)


def _connected(state: ShardState, *first: Action) -> _Rows:
    """Rows that all states with a connection share; `first` is done before leaving."""
    return {
        _T.HELLO_TO_RESUME: _to(state, _A.REPORT_UNEXPECTED),
        _T.HELLO_TO_IDENTIFY: _to(state, _A.REPORT_UNEXPECTED),
        _T.READY: _to(state, _A.REPORT_UNEXPECTED),
        _T.RESUMED: _to(state, _A.REPORT_UNEXPECTED),
        _T.DISPATCH: _to(state, _A.REPORT_UNEXPECTED),
        _T.HEARTBEAT: _to(state, _A.ANSWER),
        _T.HEARTBEAT_ACK: _to(state, _A.ACKNOWLEDGE),
        _T.UNKNOWN: _to(state, _A.REPORT_UNKNOWN),
        _T.RECONNECT: _to(_S.CLOSING, *first, _A.CLOSE),
        _T.INVALID_SESSION_RESUMABLE: _to(_S.CLOSING, *first, _A.REPORT_INVALID_SESSION, _A.CLOSE),
        _T.INVALID_SESSION: _to(_S.CLOSING, *first, _A.DROP_SESSION, _A.PAUSE, _A.CLOSE),
        _T.VIOLATION: _to(_S.CLOSING, *first, _A.REPORT_VIOLATION, _A.CLOSE),
        _T.ZOMBIE: _to(_S.CLOSING, *first, _A.CLOSE),
        _T.LOST: _to(_S.WAITING, *first, _A.REPORT_LOSS, _A.BACK_OFF),
        _T.LOST_SESSION: _to(_S.WAITING, *first, _A.DROP_SESSION, _A.REPORT_LOSS, _A.BACK_OFF),
        _T.LOST_FATALLY: _to(_S.FATALLY_CLOSED, *first, _A.END_SESSION, _A.REPORT_LOSS, _A.FAIL),
        _T.CLOSE: _to(_S.STOPPING, *first, _A.END_SESSION, _A.CLOSE),
        _T.CLOSE_RESUMABLE: _to(_S.STOPPING, *first, _A.CLOSE),
        **_ignore(state, _PERMITS),
    }


_AWAITING_HELLO = _connected(_S.AWAITING_HELLO) | {
    _T.HELLO_TO_RESUME: _to(_S.RESUMING, _A.START_HEARTBEATS, _A.RESUME),
    _T.HELLO_TO_IDENTIFY: _to(_S.AWAITING_PERMIT, _A.START_HEARTBEATS, _A.REQUEST_PERMIT),
    _T.HEARTBEAT: _to(_S.AWAITING_HELLO, _A.REPORT_UNEXPECTED),
    _T.HEARTBEAT_ACK: _to(_S.AWAITING_HELLO, _A.REPORT_UNEXPECTED),
    _T.TIMED_OUT: _to(_S.CLOSING, _A.CLOSE),
}
# Heartbeats, and with them zombies, begin with hello.
del _AWAITING_HELLO[_T.ZOMBIE]

TRANSITIONS: Mapping[ShardState, Mapping[Trigger, Transition]] = MappingProxyType(
    {
        _S.IDLE: {
            _T.START: _to(_S.CONNECTING, _A.CONNECT),
            _T.CLOSE: _to(_S.CLOSED, _A.END_SESSION, _A.END),
            _T.CLOSE_RESUMABLE: _to(_S.CLOSED, _A.END),
        },
        _S.CONNECTING: {
            _T.CONNECTED: _to(_S.AWAITING_HELLO, _A.OPEN),
            _T.CONNECT_FAILED: _to(_S.WAITING, _A.REPORT_LOSS, _A.BACK_OFF),
            _T.TIMED_OUT: _to(_S.WAITING, _A.ABORT, _A.REPORT_LOSS, _A.BACK_OFF),
            _T.CLOSE: _to(_S.CLOSED, _A.ABORT, _A.END_SESSION, _A.END),
            _T.CLOSE_RESUMABLE: _to(_S.CLOSED, _A.ABORT, _A.END),
            **_ignore(_S.CONNECTING, _PERMITS),
        },
        _S.AWAITING_HELLO: _AWAITING_HELLO,
        _S.AWAITING_PERMIT: _connected(_S.AWAITING_PERMIT, _A.CANCEL_PERMIT)
        | {
            _T.PERMITTED: _to(_S.IDENTIFYING, _A.IDENTIFY),
            _T.DENIED: _to(_S.CLOSING, _A.REPORT_DENIED, _A.CLOSE),
            _T.REFUSED: _to(_S.FATALLY_CLOSED, _A.ABORT, _A.REPORT_LOSS, _A.FAIL_LIMIT),
        },
        _S.IDENTIFYING: _connected(_S.IDENTIFYING)
        | {
            _T.READY: _to(_S.ACTIVE, _A.ADOPT_SESSION),
            _T.TIMED_OUT: _to(_S.CLOSING, _A.CLOSE),
        },
        _S.RESUMING: _connected(_S.RESUMING)
        | {
            _T.RESUMED: _to(_S.ACTIVE, _A.FINISH_RESUME),
            _T.READY: _to(_S.ACTIVE, _A.ADOPT_SESSION),
            _T.DISPATCH: _to(_S.RESUMING, _A.HAND_ON, _A.EXPECT_MORE),
            _T.VIOLATION_AGAIN: _to(_S.CLOSING, _A.REPORT_VIOLATION, _A.DROP_SESSION, _A.CLOSE),
            _T.TIMED_OUT: _to(_S.CLOSING, _A.CLOSE),
        },
        _S.ACTIVE: _connected(_S.ACTIVE)
        | {
            _T.READY: _to(_S.ACTIVE, _A.ADOPT_SESSION),
            _T.RESUMED: _to(_S.ACTIVE, _A.HAND_ON),
            _T.DISPATCH: _to(_S.ACTIVE, _A.HAND_ON),
        },
        _S.CLOSING: {
            _T.LOST: _to(_S.WAITING, _A.REPORT_LOSS, _A.BACK_OFF),
            _T.LOST_SESSION: _to(_S.WAITING, _A.DROP_SESSION, _A.REPORT_LOSS, _A.BACK_OFF),
            _T.LOST_FATALLY: _to(_S.FATALLY_CLOSED, _A.END_SESSION, _A.REPORT_LOSS, _A.FAIL),
            _T.TIMED_OUT: _to(_S.WAITING, _A.ABORT, _A.REPORT_LOSS, _A.BACK_OFF),
            _T.CLOSE: _to(_S.STOPPING, _A.END_SESSION),
            _T.CLOSE_RESUMABLE: _to(_S.STOPPING),
            **_ignore(_S.CLOSING, (*_RECEIVED, *_PERMITS)),
        },
        _S.WAITING: {
            _T.TIMED_OUT: _to(_S.CONNECTING, _A.CONNECT),
            _T.CLOSE: _to(_S.CLOSED, _A.END_SESSION, _A.END),
            _T.CLOSE_RESUMABLE: _to(_S.CLOSED, _A.END),
            **_ignore(_S.WAITING, (*_RECEIVED, *_PERMITS)),
        },
        _S.STOPPING: {
            _T.LOST: _to(_S.CLOSED, _A.REPORT_LOSS, _A.END),
            _T.LOST_SESSION: _to(_S.CLOSED, _A.DROP_SESSION, _A.REPORT_LOSS, _A.END),
            _T.LOST_FATALLY: _to(_S.FATALLY_CLOSED, _A.END_SESSION, _A.REPORT_LOSS, _A.FAIL),
            _T.TIMED_OUT: _to(_S.CLOSED, _A.ABORT, _A.REPORT_LOSS, _A.END),
            **_ignore(_S.STOPPING, (*_RECEIVED, *_PERMITS, *_CLOSES)),
        },
        _S.CLOSED: _ignore(_S.CLOSED, (*_RECEIVED, *_PERMITS, *_CLOSES)),
        _S.FATALLY_CLOSED: _ignore(_S.FATALLY_CLOSED, (*_RECEIVED, *_PERMITS, *_CLOSES)),
    }
)
"""For each state and trigger: the next state, and what is done on the way."""
