"""The fault matrix: a `Shard` meets every `Fault`, and what must hold afterwards is checked.

A case is one fault and one seed. A simulator and a Shard are started, the fault strikes where the
seed says (three times; faults that end the session, and bursts, once), and when the Shard has
recovered from the last one a final event is dispatched. Up to that event

- every dispatch that a session owed the client has arrived exactly once, in order and unchanged;
- a session was begun for the first time and after each that a fault has ended, and every identify
  was within Discord's limit of one in 5 seconds, which the identify queue keeps; the simulator
  refuses what comes a second too early;
- nothing is left when the Shard is closed: no task, and no socket to the simulator;
- no record of any logger, down to DEBUG, holds the token.

What a session owes is what the simulator has in its list; of one that a fault has ended, what it
had sent before. The seed also chooses the compression, and whether the client's queue is so small
that its socket is left alone again and again.
"""

from __future__ import annotations

import asyncio
import ssl as tls
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from gateway_core.config import COMPRESSIONS, Compression, Config
from gateway_core.decoding import Payload
from gateway_core.errors import FatalClose
from gateway_core.http import fetch_gateway_bot
from gateway_core.identify_queue import LocalIdentifyQueue
from gateway_core.intents import Intents
from gateway_core.shard import Shard

from .compression import COMPRESSIONS as SPOKEN
from .connection import Connection
from .faults import Fault, FaultSchedule
from .gateway import FakeGateway
from .leftovers import LogWatch, TaskWatch, open_sockets
from .limits import Limits
from .sessions import Session

__all__ = ["MIXED", "Case", "Outcome", "all_cases", "run_matrix", "table"]

MIXED = tuple(
    fault
    for fault in Fault
    if not fault.ends_session and fault not in (Fault.TLS, Fault.BURST, Fault.HTTP_ERROR)
)
"""The faults that also come one upon another, in cases without a fault of their own."""

_STRIKES = 3
_MIXED_STRIKES = 12
_BURST = 50_000
_PAUSE = 0.01
_END = "MATRIX_END"
# Seconds. All runs in one event loop, which a busy machine may hold up for some of them: the
# simulator must not take that for a client's silence.
_PATIENCE = 120.0
# For the same reason: an identify that is heard late must not make the next one too early.
_IDENTIFY_INTERVAL = 4.0
_TOKEN = "a-token.that-opens.nothing-"
_TOKEN_PATTERN = r"that-opens\.nothing-(\w+)"


@dataclass(frozen=True, slots=True)
class Case:
    """A fault, None for the `MIXED` ones, and a seed."""

    fault: Fault | None
    seed: int

    def __str__(self) -> str:
        return f"{'MIXED' if self.fault is None else self.fault.name}_{self.seed}"

    @property
    def strikes(self) -> int:
        """How often faults strike."""
        if self.fault is None:
            return _MIXED_STRIKES
        return 1 if self.fault.ends_session or self.fault is Fault.BURST else _STRIKES

    @property
    def compression(self) -> Compression | None:
        """How the simulator compresses."""
        kinds = [kind for kind in COMPRESSIONS if kind in SPOKEN or kind == "zlib-payload"]
        return (*kinds, None)[self.seed % (len(kinds) + 1)]

    @property
    def queue_size(self) -> int:
        """How many events may wait for the consumer."""
        return 8 if self.seed % 3 == 2 else 1024


@dataclass(slots=True)
class Outcome:
    """How a case went.

    Attributes:
        case: which it was.
        struck: how many faults have struck.
        dispatches: how many arrived.
        connections: how many websockets there were.
        resumes: how many Resumes were sent.
        identifies: how many Identifies were sent.
        disorder: what was lost, doubled, out of order or changed.
        excess: what was wrong about identifying.
        left: tasks and sockets, of a case that came to its end.
        leaked: log records that hold the token.
        port: where the simulator was.
        failure: why the case did not come to its end.
    """

    case: Case
    struck: int = 0
    dispatches: int = 0
    connections: int = 0
    resumes: int = 0
    identifies: int = 0
    disorder: str = ""
    excess: str = ""
    left: list[str] = field(default_factory=list)
    leaked: int = 0
    port: int = 0
    failure: str = ""

    @property
    def problems(self) -> list[str]:
        """What was wrong, in words; empty for a case that went well."""
        logged = f"the token is in {self.leaked} log records" if self.leaked else ""
        left = f"left behind: {', '.join(self.left)}" if self.left else ""
        return [text for text in (self.failure, self.disorder, self.excess, left, logged) if text]


def all_cases(seeds: Sequence[int], faults: Sequence[Fault | None] = (*Fault, None)) -> list[Case]:
    """Make the cases of these faults, and of the mixed ones for None, seed by seed."""
    return [Case(fault, seed) for seed in seeds for fault in faults]


async def run_matrix(
    cases: Iterable[Case],
    *,
    certificate: Path | None = None,
    at_once: int = 32,
    on_outcome: Callable[[Outcome], None] | None = None,
) -> list[Outcome]:
    """Run cases, many at a time.

    Args:
        cases: which; those of `Fault.TLS` need a certificate.
        certificate: a PEM file with a certificate for 127.0.0.1 and its key.
        at_once: how many at a time.
        on_outcome: told of each case that is over; sockets and logs are looked at afterwards.

    Returns:
        The outcomes, in the order of the cases.

    Raises:
        ValueError: a case of `Fault.TLS`, and no certificate.
        OSError: the certificate cannot be read or used.
    """
    cases = list(cases)
    if any(case.fault is Fault.TLS for case in cases):
        _contexts(certificate)  # fails now, or never
    turns = asyncio.Semaphore(at_once)
    logs = LogWatch(_TOKEN_PATTERN)

    async def run(case: Case) -> Outcome:
        async with turns:
            outcome = await _run_case(case, certificate)
        if on_outcome is not None:
            on_outcome(outcome)
        return outcome

    with TaskWatch.watched(), logs.listening():
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(run(case), name=f"case {case}") for case in cases]
    outcomes = [task.result() for task in tasks]
    sockets = open_sockets({outcome.port for outcome in outcomes})
    for outcome in outcomes:
        outcome.leaked = logs.found[str(outcome.case)]
        if sockets[outcome.port] and not outcome.failure:
            outcome.left.append(f"{sockets[outcome.port]} sockets")
    return outcomes


def table(outcomes: Sequence[Outcome]) -> str:
    """Write outcomes as a table in Markdown, a line for each fault."""
    lines = [
        "| fault | seeds | struck | dispatches | connections | resumed | identified "
        "| lost, doubled, disordered | identifies too many | left behind | token logged | failed |",
        "| --- |" + " ---: |" * 11,
    ]
    by_fault: dict[Fault | None, list[Outcome]] = {}
    for outcome in outcomes:
        by_fault.setdefault(outcome.case.fault, []).append(outcome)
    lines += [_row(_name(fault), some) for fault, some in by_fault.items()]
    return "\n".join([*lines, _row("**all**", outcomes)])


def _name(fault: Fault | None) -> str:
    if fault is None:
        return "MIXED: one upon another, sessions live on"
    return f"{fault.name}: {fault.value}"


def _row(name: str, some: Sequence[Outcome]) -> str:
    figures = (
        len(some),
        sum(outcome.struck for outcome in some),
        sum(outcome.dispatches for outcome in some),
        sum(outcome.connections for outcome in some),
        sum(outcome.resumes for outcome in some),
        sum(outcome.identifies for outcome in some),
        sum(bool(outcome.disorder) for outcome in some),
        sum(bool(outcome.excess) for outcome in some),
        sum(bool(outcome.left) for outcome in some),
        sum(bool(outcome.leaked) for outcome in some),
        sum(bool(outcome.failure) for outcome in some),
    )
    return f"| {name} | " + " | ".join(f"{figure:,}" for figure in figures) + " |"


async def _run_case(case: Case, certificate: Path | None) -> Outcome:
    server_tls = client_tls = None
    if case.fault is Fault.TLS:
        server_tls, client_tls = _contexts(certificate)
    outcome = Outcome(case)
    tasks = TaskWatch()
    script = _Script(case)
    gateway = FakeGateway(
        seed=case.seed,
        guilds=2,
        members=30,
        token=_TOKEN + str(case),
        heartbeat_interval=1.0,
        heartbeat_grace=_PATIENCE,
        limits=Limits(replay=4 * _BURST, identify_interval=_IDENTIFY_INTERVAL),
        faults=script,
        ssl=server_tls,
    )
    try:
        async with asyncio.timeout(_PATIENCE), gateway:
            await _play(case, gateway, script, client_tls, outcome)
            await _wait_until_left(gateway, outcome)
    except TimeoutError:
        outcome.failure = outcome.failure or f"not over after {_PATIENCE:.0f} s"
    except Exception as error:
        outcome.failure = f"{type(error).__name__}: {error}"
    outcome.struck = len(script.struck)
    outcome.connections = len(gateway.history)
    outcome.resumes = len(gateway.resumes)
    outcome.identifies = len(gateway.identifies)
    outcome.excess = script.excess(gateway)
    if not outcome.failure:  # or what was broken off has not ended yet
        outcome.left += tasks.left()
    outcome.port = gateway.port
    return outcome


def _contexts(certificate: Path | None) -> tuple[tls.SSLContext, tls.SSLContext]:
    """Make the contexts of server and client."""
    if certificate is None:
        raise ValueError("the fault TLS needs a certificate")
    server = tls.SSLContext(tls.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate)
    return server, tls.create_default_context(cafile=str(certificate))


async def _play(
    case: Case,
    gateway: FakeGateway,
    script: _Script,
    client_tls: tls.SSLContext | None,
    outcome: Outcome,
) -> None:
    """Be a bot, from asking for the gateway's URL to going offline, and keep the books."""
    token = _TOKEN + str(case)
    find = partial(
        fetch_gateway_bot, token, base_url=gateway.http_url, proxy=None, tls=client_tls, timeout=60
    )
    bot = await find()
    config = Config(
        gateway_url=bot.url,
        compression=case.compression,
        queue_size=case.queue_size,
        identify_queue=LocalIdentifyQueue.of(bot.session_start_limit),
        ssl=client_tls,
        proxy=None,
        close_timeout=0.5,
        backoff_base=0.01,
        backoff_cap=0.1,
    )
    ledger = _Ledger(script)
    gateway.spawn(_stream(gateway))
    gateway.spawn(script.end(gateway))
    try:
        async with Shard(token, Intents.all(), config=config) as shard:
            async for payload in shard:
                ledger.enter(payload)
                if payload.t == _END or ledger.disorder:
                    break
    except FatalClose:
        if case.fault is not Fault.CLOSE_FATAL:
            raise
        ledger.session_ended()
    else:
        if case.fault is Fault.CLOSE_FATAL:
            outcome.failure = "went on after a fatal close code"
    finally:
        outcome.disorder = ledger.disorder
        outcome.dispatches = ledger.dispatches
    # Where Get Gateway Bot was made to fail, it fails here.
    bot = await find(attempts=_STRIKES + 1)
    limit = bot.session_start_limit
    if limit.total - limit.remaining != len(gateway.identifies):
        outcome.failure = f"Get Gateway Bot counts {limit.total - limit.remaining} session starts"


async def _stream(gateway: FakeGateway) -> None:
    """Let events happen, fewer when the machine is busy: who is late must not get even more."""
    await gateway.wait_for(lambda: len(gateway.sessions) > 0)
    while True:
        await asyncio.sleep(_PAUSE)
        await gateway.burst(1)


async def _wait_until_left(gateway: FakeGateway, outcome: Outcome) -> None:
    """Wait until the simulator has seen all of its clients leave."""
    for connection in gateway.connections:
        connection.unstall()  # or it would not see it
    try:
        async with asyncio.timeout(10):
            await gateway.wait_for(lambda: not gateway.connections)
    except TimeoutError:
        outcome.left.append(f"{len(gateway.connections)} connections")


class _Script(FaultSchedule):
    """Faults as a case wants them, and a record of the sessions that they met."""

    def __init__(self, case: Case) -> None:
        faults = MIXED if case.fault is None else (case.fault,)
        super().__init__(case.seed, faults, every=(1, 60))
        self.sessions: list[Session] = []
        """All that were begun, in order."""
        self.owed: dict[Session, int] = {}
        """Up to which sequence the sessions that a fault has ended were sent."""
        self.begun: set[Session] = set()
        """Those whose READY the client has taken."""
        self._struck_early: set[Session] = set()
        """Those whose connection broke before."""
        self._case = case
        self._broken: Connection | None = None
        self._latest: Connection | None = None

    def arm(self, gateway: FakeGateway, connection: Connection) -> None:
        """Prepare the next fault, unless there were enough or this connection has no future."""
        session = connection.session
        if session is not None and session not in self.sessions:
            self.sessions.append(session)
        self._latest = connection
        if len(self.struck) < self._case.strikes and connection is not self._broken:
            super().arm(gateway, connection)

    def strike(self, gateway: FakeGateway, connection: Connection, fault: Fault) -> None:
        """Note what is owed, then strike."""
        if fault.ends_session and connection.session is not None:
            self.owed[connection.session] = connection.sequence
        if fault.ends_connection:
            self._broken = connection
            if connection.session is not None and connection.session not in self.begun:
                self._struck_early.add(connection.session)
        super().strike(gateway, connection, fault)

    def session_of(self, ready: Payload) -> Session | None:
        """Find the session that a READY names."""
        data = ready.d
        name = data.get("session_id") if isinstance(data, dict) else None
        return next((session for session in self.sessions if session.id == name), None)

    async def end(self, gateway: FakeGateway) -> None:
        """Dispatch the final event when the client has recovered from the last fault."""
        await gateway.wait_for(self._is_over)
        gateway.dispatch(_END, {}, shard=0)

    def _is_over(self) -> bool:
        if len(self.struck) < self._case.strikes or self._latest is self._broken:
            return False
        return self._case.fault is not Fault.BURST or self.sessions[-1].sequence > _BURST

    def excess(self, gateway: FakeGateway) -> str:
        """Say which identifies were too many, if any were."""
        due = 1 + sum(fault.ends_session for fault in self.struck)
        # A connection that is reset takes along what was sent and not read yet, and so a READY.
        due += len(self._struck_early - self.begun)
        if self._case.fault is Fault.CLOSE_FATAL:
            due = 1
        sent, accepted = len(gateway.identifies), len(self.sessions)
        if sent <= due and sent <= accepted:
            return ""
        return f"{sent} identifies, {accepted} of them within the limit, where {due} were due"


class _Ledger:
    """Compares what arrives with what the sessions hold."""

    def __init__(self, script: _Script) -> None:
        self.disorder = ""
        """The first thing that was wrong."""
        self.dispatches = 0
        self._script = script
        self._session: Session | None = None
        self._sequence = 0

    def enter(self, payload: Payload) -> None:
        """Take the next dispatch."""
        self.dispatches += 1
        if payload.t == "READY":
            self.session_ended()
            self._session = self._script.session_of(payload)
            if self._session is not None:
                self._script.begun.add(self._session)
            self._sequence = 0
        session = self._session
        if session is None:
            self._blame(f"{payload.t} came without a session")
            return
        due = self._next()
        if payload.s != due:
            self._blame(f"event {payload.s} ({payload.t}) came where {due} was owed")
        elif due > session.sequence or payload.raw != session.event(due):
            self._blame(f"event {due} ({payload.t}) is not what was sent")
        self._sequence = due

    def session_ended(self) -> None:
        """Check that nothing is missing at the end of a session."""
        session = self._session
        if session is None:
            return
        owed = self._script.owed.get(session)
        if owed is None:
            self._blame("a session was given up that could be resumed")
        elif self._sequence != owed:
            self._blame(f"a session ended at event {self._sequence} where {owed} were owed")

    def _next(self) -> int:
        assert self._session is not None
        due = self._sequence + 1
        while due <= self._session.sequence and self._session.event(due) is None:
            due += 1
        return due

    def _blame(self, text: str) -> None:
        self.disorder = self.disorder or text
