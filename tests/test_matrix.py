"""The fault matrix, and that it notices clients that do wrong.

One seed by default; as many as the environment variable GATEWAY_CORE_MATRIX_SEEDS says otherwise.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bare_client import BareClient
from gateway_core.decoding import Payload
from gateway_core.http import SessionStartLimit
from gateway_core.identify_queue import NoQueue
from gateway_core.shard import Shard
from gateway_core.testing import FakeGateway, Fault, Limits, matrix
from gateway_core.testing.leftovers import LogWatch, TaskWatch, open_sockets
from gateway_core.testing.matrix import MIXED, Case, Outcome, all_cases, run_matrix, table

WANTED = os.environ.get("GATEWAY_CORE_MATRIX_SEEDS")
SEEDS = int(WANTED or 1)
CERTIFICATE = Path(__file__).parent / "tls" / "localhost.pem"
DOCUMENT = Path(__file__).parents[1] / "docs" / "fault-matrix.md"


@pytest.mark.slow
@pytest.mark.timeout(60 * max(2, SEEDS))
async def test_whatever_fails_nothing_is_lost_or_left() -> None:
    cases = all_cases(range(SEEDS))
    at_once = 32 if WANTED else 60
    outcomes = await run_matrix(cases, certificate=CERTIFICATE, at_once=at_once)
    assert [f"{outcome.case}: {outcome.problems}" for outcome in outcomes if outcome.problems] == []
    assert [outcome.case for outcome in outcomes] == cases
    for outcome in outcomes:
        assert outcome.struck == outcome.case.strikes
        fault = outcome.case.fault
        if fault is not None and fault.ends_connection and fault is not Fault.CLOSE_FATAL:
            assert outcome.connections > outcome.struck  # it came back each time
        assert outcome.dispatches > (50_000 if fault is Fault.BURST else 0)


async def outcome_of(fault: Fault) -> Outcome:
    (outcome,) = await run_matrix([Case(fault, 0)], certificate=CERTIFICATE)
    return outcome


class Wrong(Shard[Any]):
    """A client that does one thing wrong at its thirtieth event."""

    taken = 0

    async def __anext__(self) -> Any:
        event = await super().__anext__()
        self.taken += 1
        return await self.do_wrong(event) if self.taken == 30 else event

    async def do_wrong(self, event: Payload) -> Any:
        return event


class Losing(Wrong):
    async def do_wrong(self, event: Payload) -> Any:
        return await super().__anext__()


class Doubling(Wrong):
    again: Payload | None = None

    async def __anext__(self) -> Any:
        if self.again is not None:
            event, self.again = self.again, None
            return event
        return await super().__anext__()

    async def do_wrong(self, event: Payload) -> Any:
        self.again = event
        return event


class Changing(Wrong):
    async def do_wrong(self, event: Payload) -> Any:
        class Changed:
            op, s, t = event.op, event.s, event.t
            raw = (event.raw or b"") + b" "

        return Changed()


class Telling(Wrong):
    async def do_wrong(self, event: Payload) -> Any:
        logging.getLogger("somebody").debug("a message", extra={"secret": self.token})
        return event

    def __init__(self, token: str, *arguments: Any, **options: Any) -> None:
        super().__init__(token, *arguments, **options)
        self.token = token


class Leaving(Wrong):
    """Leaves a task and a socket behind."""

    left: list[Any] = []  # noqa: RUF012 - nothing of a client is left to keep them otherwise

    def __init__(self, token: str, *arguments: Any, **options: Any) -> None:
        super().__init__(token, *arguments, **options)
        self.url = options["config"].gateway_url

    async def do_wrong(self, event: Payload) -> Any:
        port = int(self.url.rpartition(":")[2].strip("/"))
        self.left.append(asyncio.create_task(asyncio.Event().wait(), name="forgotten"))
        self.left.append(socket.create_connection(("127.0.0.1", port)))
        return event

    @classmethod
    def clear(cls) -> None:
        task, connection = cls.left
        cls.left.clear()
        connection.close()
        task.cancel()


@pytest.mark.parametrize(
    ("client", "complaint"),
    [
        (Losing, "event 31 (*) came where 30 was owed"),
        (Doubling, "event 30 (*) came where 31 was owed"),
        (Changing, "event 30 (*) is not what was sent"),
        (Telling, "the token is in 1 log records"),
        (Leaving, "left behind: forgotten, 1 sockets"),
    ],
)
async def test_a_client_that_does_wrong_is_found_out(
    client: type[Wrong], complaint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matrix, "Shard", client)
    (problem,) = (await outcome_of(Fault.HEARTBEAT_REQUEST)).problems
    before, _, after = complaint.partition("*")
    assert problem.startswith(before)
    assert problem.endswith(after)
    if client is Leaving:
        Leaving.clear()


class Hurried:
    """An identify queue that lets everybody through."""

    @staticmethod
    def of(limit: SessionStartLimit) -> NoQueue:
        return NoQueue()


async def test_a_ready_that_is_lost_with_its_connection_is_not_the_client_s_fault() -> None:
    script = matrix._Script(Case(Fault.RESET, 0))
    limits = Limits(max_concurrency=16, identify_interval=0)
    async with FakeGateway(limits=limits) as gateway:
        for _ in range(2):
            async with BareClient(gateway) as client:
                await client.log_in()
                connection = client.connection
                assert connection.session is not None
                script.sessions.append(connection.session)
                if len(script.sessions) == 1:
                    script.strike(gateway, connection, Fault.RESET)
        assert len(gateway.identifies) == 2
        assert script.excess(gateway) == ""
        script.begun.add(script.sessions[0])
        assert (
            script.excess(gateway) == "2 identifies, 2 of them within the limit, where 1 were due"
        )


@pytest.mark.slow
async def test_identifying_too_soon_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matrix, "LocalIdentifyQueue", Hurried)
    (problem,) = (await outcome_of(Fault.CLOSE_SESSION)).problems
    assert problem.endswith("identifies, 2 of them within the limit, where 2 were due")


async def test_a_session_given_up_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway_core.resumption.Resumption.begin_attempt", _forget_session)
    monkeypatch.setattr(matrix, "LocalIdentifyQueue", Hurried)
    monkeypatch.setattr(matrix, "_IDENTIFY_INTERVAL", 0.0)
    outcome = await outcome_of(Fault.CUT)
    assert outcome.disorder == "a session was given up that could be resumed"


def _forget_session(resumption: Any) -> str:
    resumption.session = None
    return str(resumption._gateway_url)


async def test_a_case_that_does_not_end_is_over_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matrix, "_PATIENCE", 0.5)
    monkeypatch.setattr(Fault, "strike", lambda *_: None)  # nothing to recover from
    outcome = await outcome_of(Fault.RECONNECT)
    assert outcome.problems == ["not over after 0 s"]


async def test_tls_needs_a_certificate() -> None:
    with pytest.raises(ValueError, match="certificate"):
        await run_matrix([Case(Fault.TLS, 0)])


def test_seeds_choose_compressions_and_queues() -> None:
    cases = [Case(Fault.CUT, seed) for seed in range(12)]
    compressions = {case.compression for case in cases}
    assert {"zlib-stream", "zlib-payload", None} <= compressions
    assert {case.queue_size for case in cases} == {8, 1024}


class TestTable:
    def test_a_line_for_each_fault(self) -> None:
        outcomes = [
            Outcome(Case(Fault.CUT, 0), struck=3, dispatches=1000, connections=4, resumes=3),
            Outcome(Case(Fault.CUT, 1), struck=3, dispatches=234, connections=4, disorder="bad"),
            Outcome(Case(None, 0), leaked=3, identifies=2, left=["a task"], excess="more"),
        ]
        head, rule, cut, mixed, together = table(outcomes).splitlines()
        assert head.count("|") == rule.count("|") == cut.count("|")
        assert cut.endswith("| 2 | 6 | 1,234 | 8 | 3 | 0 | 1 | 0 | 0 | 0 | 0 |")
        assert mixed.endswith("| 1 | 0 | 0 | 0 | 0 | 2 | 0 | 1 | 1 | 1 | 0 |")
        assert together.endswith("| 3 | 6 | 1,234 | 8 | 3 | 2 | 1 | 1 | 1 | 1 | 0 |")

    def test_the_documented_one_is_whole_and_clean(self) -> None:
        rows = [
            [cell.strip() for cell in line.strip("|").split("|")]
            for line in DOCUMENT.read_text(encoding="utf-8").splitlines()
            if line.startswith("|")
        ]
        names = [row[0].partition(":")[0] for row in rows[2:]]
        assert names == [*(fault.name for fault in Fault), "MIXED", "**all**"]
        assert {row[1] for row in rows[2:-1]} == {"20"}
        assert {tuple(row[7:]) for row in rows[2:]} == {("0", "0", "0", "0", "0")}

    def test_mixed_faults_leave_the_session_alive(self) -> None:
        assert len(MIXED) > 15
        assert not any(fault.ends_session for fault in MIXED)


class TestLeftovers:
    async def test_tasks_of_tasks_and_callbacks_are_known(self) -> None:
        stop = asyncio.Event()
        tasks: list[asyncio.Task[Any]] = []

        def start(name: str) -> None:
            tasks.append(asyncio.create_task(stop.wait(), name=name))

        async def watched() -> list[str]:
            watch = TaskWatch()
            start("child")
            asyncio.get_running_loop().call_soon(start, "of a callback")
            while len(tasks) < 3:  # noqa: ASYNC110 - one turn of the loop
                await asyncio.sleep(0)
            return watch.left()

        with TaskWatch.watched():
            start("not watched")
            assert await asyncio.create_task(watched()) == ["child", "of a callback"]
        stop.set()
        await asyncio.gather(*tasks)

    def test_open_sockets_are_counted_at_both_ends(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
            assert open_sockets({port}) == {port: 1}
            client = socket.create_connection(("127.0.0.1", port))
            assert open_sockets({port, 1}) == {port: 2}
            client.close()
        assert open_sockets({port}) == {}

    @pytest.mark.parametrize(
        "tell",
        [
            lambda log: log.debug("s3cret-me"),
            lambda log: log.debug("%s", "s3cret-me"),
            lambda log: log.debug("%r", ["s3cret-me"]),
            lambda log: log.debug("", extra={"headers": {"a": "s3cret-me"}}),
            lambda log: _log_exception(log, "s3cret-me"),
        ],
        ids=["text", "argument", "repr", "extra", "traceback"],
    )
    def test_secrets_are_found_wherever_a_record_has_them(
        self, tell: Callable[[logging.Logger], None]
    ) -> None:
        deaf = logging.getLogger("a.logger.that.is.deaf")
        deaf.setLevel(logging.CRITICAL)
        deaf.propagate = False
        watch = LogWatch(r"s3cret-(\w+)")
        with watch.listening():
            tell(deaf)
            logging.getLogger("another").debug("nothing")
        assert watch.records == 2
        assert watch.found == {"me": 1}
        assert (deaf.level, deaf.propagate) == (logging.CRITICAL, False)
        deaf.debug("s3cret-after")
        assert watch.records == 2


def _log_exception(log: logging.Logger, text: str) -> None:
    try:
        raise ValueError(text)
    except ValueError:
        log.debug("failed", exc_info=sys.exc_info())
