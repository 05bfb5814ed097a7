"""What every input does in every state, against a table written by hand."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from core_driver import STORED, Driver
from gateway_core.actions import ACTIONS
from gateway_core.close_codes import CLOSE_CODES, CloseCode
from gateway_core.errors import LocalProtocolError
from gateway_core.opcodes import OpCode
from gateway_core.sharding import ShardState
from gateway_core.transitions import TRANSITIONS, Action, Trigger
from transitions_page import edges, page

LETTERS = {
    "I": ShardState.IDLE,
    "C": ShardState.CONNECTING,
    "H": ShardState.AWAITING_HELLO,
    "P": ShardState.AWAITING_PERMIT,
    "D": ShardState.IDENTIFYING,
    "R": ShardState.RESUMING,
    "A": ShardState.ACTIVE,
    "L": ShardState.CLOSING,
    "W": ShardState.WAITING,
    "S": ShardState.STOPPING,
    "X": ShardState.CLOSED,
    "F": ShardState.FATALLY_CLOSED,
}

# Columns: the state before. Cells: the state after; "!" where the call is the adapter's mistake,
# "." where nothing moves. "h" is AWAITING_HELLO with a session to resume.
GRID = """
                  I C H h P D R A L W S X F
start             C ! ! ! ! ! ! ! ! ! ! ! !
connected         ! H ! ! ! ! ! ! ! ! ! ! !
connect failed    ! W ! ! ! ! ! ! ! ! ! ! !
permitted         ! . . . D . . . . . . . .
denied            ! . . . L . . . . . . . .
refused           ! . . . F . . . . . . . .
close             X X S S S S S S S X . . .
close resumable   X X S S S S S S S X . . .

hello             ! ! P R . . . . . . . . .
ready             ! ! . . . A A A . . . . .
resumed           ! ! . . . . A . . . . . .
dispatch          ! ! . . . . . . . . . . .
rate limited      ! ! . . . . . . . . . . .
heartbeat         ! ! . . . . . . . . . . .
heartbeat ack     ! ! . . . . . . . . . . .
reconnect         ! ! L L L L L L . . . . .
invalid, true     ! ! L L L L L L . . . . .
invalid, false    ! ! L L L L L L . . . . .
invalid, null     ! ! L L L L L L . . . . .
opcode 2          ! ! . . . . . . . . . . .
opcode 3          ! ! . . . . . . . . . . .
opcode 4          ! ! . . . . . . . . . . .
opcode 5          ! ! . . . . . . . . . . .
opcode 6          ! ! . . . . . . . . . . .
opcode 8          ! ! . . . . . . . . . . .
opcode 31         ! ! . . . . . . . . . . .
opcode 43         ! ! . . . . . . . . . . .
opcode 99         ! ! . . . . . . . . . . .
opcode -1         ! ! . . . . . . . . . . .
no JSON           ! ! L L L L L L . . . . .
no envelope       ! ! L L L L L L . . . . .
zlib garbage      ! ! L L L L L L . . . . .

lost, no code     ! ! W W W W W W W ! X ! !
lost, 1000        ! ! W W W W W W W ! X ! !
lost, 1001        ! ! W W W W W W W ! X ! !
lost, 1006        ! ! W W W W W W W ! X ! !
lost, 3999        ! ! W W W W W W W ! X ! !
lost, 4000        ! ! W W W W W W W ! X ! !
lost, 4001        ! ! W W W W W W W ! X ! !
lost, 4002        ! ! W W W W W W W ! X ! !
lost, 4003        ! ! W W W W W W W ! X ! !
lost, 4004        ! ! F F F F F F F ! F ! !
lost, 4005        ! ! W W W W W W W ! X ! !
lost, 4006        ! ! W W W W W W W ! X ! !
lost, 4007        ! ! W W W W W W W ! X ! !
lost, 4008        ! ! W W W W W W W ! X ! !
lost, 4009        ! ! W W W W W W W ! X ! !
lost, 4010        ! ! F F F F F F F ! F ! !
lost, 4011        ! ! F F F F F F F ! F ! !
lost, 4012        ! ! F F F F F F F ! F ! !
lost, 4013        ! ! F F F F F F F ! F ! !
lost, 4014        ! ! F F F F F F F ! F ! !
lost, 4015        ! ! W W W W W W W ! X ! !
"""

READY = {"session_id": "new", "resume_gateway_url": "wss://r.example"}
LIMITED = {"opcode": 8, "retry_after": 1, "meta": {"guild_id": "1"}}

INPUTS: dict[str, Callable[[Driver], None]] = {
    "start": lambda d: d.connection.start(d.now),
    "connected": lambda d: d.connection.connected(d.now),
    "connect failed": lambda d: d.connection.connect_failed(d.now, "refused"),
    "permitted": lambda d: d.connection.identify_permitted(d.now),
    "denied": lambda d: d.connection.identify_denied(d.now, 60.0),
    "refused": lambda d: d.connection.identify_denied(d.now, None),
    "close": lambda d: d.connection.close(d.now, resumable=False),
    "close resumable": lambda d: d.connection.close(d.now, resumable=True),
    "hello": lambda d: d.hello(),
    "ready": lambda d: d.serve(0, READY, 1, "READY"),
    "resumed": lambda d: d.serve(0, {}, d.sequence + 1, "RESUMED"),
    "dispatch": lambda d: d.serve(0, {}, d.sequence + 1, "MESSAGE_CREATE"),
    "rate limited": lambda d: d.serve(0, LIMITED, d.sequence + 1, "RATE_LIMITED"),
    "heartbeat": lambda d: d.serve(1),
    "heartbeat ack": lambda d: d.serve(11),
    "reconnect": lambda d: d.serve(7),
    "invalid, true": lambda d: d.serve(9, True),
    "invalid, false": lambda d: d.serve(9, False),
    "invalid, null": lambda d: d.serve(9, None),
    "no JSON": lambda d: d.connection.receive_frame("no JSON", d.now),
    "no envelope": lambda d: d.connection.receive_frame('{"d":1}', d.now),
    "zlib garbage": lambda d: d.connection.receive_frame(b"\x78\x9cnot zlib", d.now),
    "lost, no code": lambda d: d.lose(None),
}


def parse_grid() -> list[tuple[str, str, str]]:
    lines = [line for line in GRID.splitlines() if line]
    columns = lines[0].split()
    cells = []
    for line in lines[1:]:
        name, row = line[:18].strip(), line[18:].split()
        assert len(row) == len(columns), name
        cells += [(name, column, cell) for column, cell in zip(columns, row, strict=True)]
    return cells


def perform(name: str, driver: Driver) -> None:
    kind, _, number = name.rpartition(" ")
    if name in INPUTS:
        INPUTS[name](driver)
    elif kind == "opcode":
        driver.serve(int(number))
    else:
        assert kind == "lost,"
        driver.lose(int(number))


CELLS = parse_grid()


@pytest.mark.parametrize("name", dict.fromkeys(name for name, _, _ in CELLS))
def test_every_input_in_every_state(name: str) -> None:
    for row_name, column, cell in CELLS:
        if row_name != name:
            continue
        resuming = column in ("h", "R")
        driver = Driver(session=STORED if resuming else None)
        driver.reach(LETTERS[column.upper()])
        if resuming:
            driver.sequence = STORED.sequence
        before = driver.state
        if cell == "!":
            with pytest.raises(LocalProtocolError, match=f"shard 0/1 is {before.value}: "):
                perform(name, driver)
            assert driver.state is before, column
            assert driver.take_effects() == [], column
        else:
            perform(name, driver)
            after = before if cell == "." else LETTERS[cell]
            assert driver.state is after, column
            over = driver.state in (ShardState.IDLE, ShardState.CLOSED, ShardState.FATALLY_CLOSED)
            assert (driver.connection.next_deadline is None) == over, column


def test_the_grid_has_every_opcode_and_close_code() -> None:
    names = {name for name, _, _ in CELLS}
    spelled = {0: "dispatch", 1: "heartbeat", 7: "reconnect", 9: "invalid, true", 10: "hello"}
    spelled[11] = "heartbeat ack"
    for op in OpCode:
        assert spelled.get(op, f"opcode {op:d}") in names
    for code in (*CloseCode, *CLOSE_CODES):
        assert f"lost, {code:d}" in names


def test_every_passing_of_a_deadline() -> None:
    expected = {
        ShardState.CONNECTING: ShardState.WAITING,
        ShardState.AWAITING_HELLO: ShardState.CLOSING,
        ShardState.AWAITING_PERMIT: ShardState.CLOSING,  # heartbeats without confirmation
        ShardState.IDENTIFYING: ShardState.CLOSING,
        ShardState.RESUMING: ShardState.CLOSING,
        ShardState.ACTIVE: ShardState.CLOSING,
        ShardState.CLOSING: ShardState.WAITING,
        ShardState.WAITING: ShardState.CONNECTING,
        ShardState.STOPPING: ShardState.CLOSED,
    }
    for state, after in expected.items():
        driver = Driver(session=STORED if state is ShardState.RESUMING else None)
        driver.reach(state)
        for _ in range(10):
            at = driver.connection.next_deadline
            assert at is not None, state
            driver.pass_time(at - driver.now)
            if driver.state is not state:
                break
        assert driver.state is after, state


class TestTheTable:
    def test_has_a_row_or_a_reason_for_every_state(self) -> None:
        assert set(TRANSITIONS) == set(ShardState)

    def test_uses_every_trigger_and_action(self) -> None:
        rows = [row for rows in TRANSITIONS.values() for row in rows.items()]
        assert {trigger for trigger, _ in rows} == set(Trigger)
        assert {action for _, row in rows for action in row.actions} == set(Action)
        assert set(ACTIONS) == set(Action)

    def test_every_state_is_reached_and_only_the_two_ends_are_never_left(self) -> None:
        reached = {ShardState.IDLE}
        while True:
            more = {row.state for state in reached for row in TRANSITIONS[state].values()}
            if more <= reached:
                break
            reached |= more
        assert reached == set(ShardState)
        ends = {
            state
            for state, rows in TRANSITIONS.items()
            if all(row.state is state for row in rows.values())
        }
        assert ends == {ShardState.CLOSED, ShardState.FATALLY_CLOSED}

    def test_a_permit_that_is_waited_for_is_always_cancelled_or_used(self) -> None:
        for trigger, row in TRANSITIONS[ShardState.AWAITING_PERMIT].items():
            leaves = row.state is not ShardState.AWAITING_PERMIT
            answered = trigger in (Trigger.PERMITTED, Trigger.DENIED, Trigger.REFUSED)
            assert (Action.CANCEL_PERMIT in row.actions) == (leaves and not answered), trigger

    def test_identify_is_sent_for_a_permit_only(self) -> None:
        for state, rows in TRANSITIONS.items():
            for trigger, row in rows.items():
                if Action.IDENTIFY in row.actions:
                    assert (state, trigger) == (ShardState.AWAITING_PERMIT, Trigger.PERMITTED)

    def test_can_be_closed_in_every_state(self) -> None:
        over = {ShardState.STOPPING, ShardState.CLOSED, ShardState.FATALLY_CLOSED}
        for rows in TRANSITIONS.values():
            assert rows[Trigger.CLOSE].state in over
            assert rows[Trigger.CLOSE_RESUMABLE].state in over


def test_the_documented_table_is_the_one_that_is_run() -> None:
    document = Path(__file__).parents[1] / "docs" / "state-machine.md"
    assert document.read_text(encoding="utf-8") == page(), "write it anew: transitions_page.py"


def test_the_drawing_is_of_the_table_that_is_run() -> None:
    drawing = Path(__file__).parents[1] / "docs" / "state-machine.svg"
    svg = drawing.read_text(encoding="utf-8")
    drawn: dict[tuple[str, str], list[str]] = {}
    for arrow in svg.split('class="edge"')[1:]:
        state, target = re.findall(r"<title>(\w+)&#45;&gt;(\w+)</title>", arrow)[0]
        drawn[state, target] = [text.upper() for text in re.findall(r">(\w+)</text>", arrow)]
    for way, triggers in edges().items():
        assert drawn.pop(way)[: len(triggers)] == triggers, "draw it anew: transitions_page.py"
    assert not drawn
