"""The drop-ins before the real libraries: what reaches a bot is the same with and without.

    pip install '.[test]' && pytest -m peers tests/peers/test_dropins.py

makes a virtual environment for each library when it is first needed; ``-k disnake`` takes one only.
``python tests/peers/supported.py`` runs them too and writes what passed into docs/compat.md.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from gateway_core.testing import Connection, FakeGateway
from gateway_core.testing.sessions import Session
from peers.environments import ENVIRONMENTS, Environment

pytestmark = [pytest.mark.peers, pytest.mark.timeout(300)]

# hikari reads the bot's id out of the token.
TOKEN = base64.b64encode(b"110373943822540800").decode() + ".a.token"
SCRIPT = Path(__file__).parent / "dropin_bot.py"

Report = dict[str, Any]


@pytest.fixture(params=ENVIRONMENTS, ids=str)
def environment(request: pytest.FixtureRequest) -> Environment:
    environment: Environment = request.param
    environment.make()
    return environment


class Bot:
    """A bot in a process of its own, and what it has reported so far."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.reports: list[Report] = []

    async def read_until(self, happened: str) -> Report:
        """Read up to and with the next report of a kind."""
        assert self._process.stdout is not None
        while True:
            line = await self._process.stdout.readline()
            assert line, f"the bot has ended with status {await self._process.wait()}"
            report: Report = json.loads(line)
            assert report["happened"] != "error", report["error"]
            self.reports.append(report)
            if report["happened"] == happened:
                return report

    def dispatches(self) -> list[str]:
        """Return the names of the dispatches that came, but for those that the library keeps."""
        names = [report["name"] for report in self.reports if report["happened"] == "dispatch"]
        return [name for name in names if name not in ("READY", "RESUMED")]

    def events(self) -> list[Report]:
        return [report for report in self.reports if report["happened"] == "event"]


@asynccontextmanager
async def running(
    environment: Environment, mode: str, gateway: FakeGateway, *options: str
) -> AsyncIterator[Bot]:
    process = await asyncio.create_subprocess_exec(
        environment.python,
        "-W",
        "ignore",
        str(SCRIPT),
        environment.library,
        mode,
        TOKEN,
        gateway.http_url,
        gateway.url,
        *options,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env=environment.variables(),
        limit=1 << 26,
    )
    try:
        yield Bot(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def owed(session: Session) -> list[str]:
    """Return the names of everything that a session was sent."""
    names = []
    for sequence in range(session.first, session.sequence + 1):
        text = session.event(sequence)
        assert text is not None
        names.append(json.loads(text)["t"])
    return [name for name in names if name not in ("READY", "RESUMED")]


def first_difference(one: Any, other: Any, path: str = "") -> str:
    """Say where two values differ, and how."""
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        pairs = [(f"{path}/{key}", one[key], other[key]) for key in one]
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        pairs = [(f"{path}/{at}", *both) for at, both in enumerate(zip(one, other, strict=True))]
    else:
        return f"{path}: {str(one)[:300]} and {str(other)[:300]}"
    return next((first_difference(a, b, at) for at, a, b in pairs if a != b), "nowhere")


async def record(
    environment: Environment, mode: str, port: int, *options: str
) -> tuple[list[Report], int, int]:
    """Return the events of a seeded run, how many frames we decoded, and the gateway's port."""
    gateway = FakeGateway(seed=5, guilds=4, token=TOKEN, port=port)
    async with gateway, running(environment, mode, gateway, *options) as bot:
        await bot.read_until("ready")
        await gateway.burst(500)
        gateway.dispatch("THE_END", {})
        end = await bot.read_until("end")
        (session,) = gateway.sessions
        assert bot.dispatches() == owed(session)
        assert gateway.history[0].query["compress"] == environment.compression
        return bot.events(), end["decoded"], gateway.port


def compare(with_ours: list[Report], without: list[Report]) -> None:
    assert with_ours == without, first_difference(with_ours, without)


async def test_it_hands_out_the_same_events_as_without(environment: Environment) -> None:
    without, none, port = await record(environment, "without", 0)
    with_ours, decoded, _ = await record(environment, "with", port)
    compare(with_ours, without)
    assert none == 0
    assert decoded > 500
    assert len({event["name"] for event in without}) > 15


WITHOUT_RAW_EVENTS = ("hikari", "interactions")


@pytest.mark.parametrize(
    "environment",
    [each for each in ENVIRONMENTS if each.library not in WITHOUT_RAW_EVENTS],
    ids=str,
    indirect=True,
)
async def test_raw_events_get_their_text(environment: Environment) -> None:
    without, _, port = await record(environment, "without", 0, "raw")
    with_ours, decoded, _ = await record(environment, "with", port, "raw")
    compare(with_ours, without)
    assert decoded > 500
    raw = [event for event in with_ours if event["name"] == "socket_raw_receive"]
    assert len(raw) > 500
    assert {event["type"] for event in raw} == {"str"}


@pytest.mark.parametrize(
    "environment",
    [each for each in ENVIRONMENTS if each.library == "hikari"],
    ids=str,
    indirect=True,
)
async def test_hikari_takes_our_parser_in_public(environment: Environment) -> None:
    without, _, port = await record(environment, "without", 0)
    with_ours, parsed, _ = await record(environment, "without", port, "loads")
    compare(with_ours, without)
    assert parsed > 500


async def test_what_cannot_be_decoded_makes_it_reconnect_and_resume(
    environment: Environment,
) -> None:
    faults: list[Callable[[Connection], None]] = [
        Connection.send_corrupt,
        partial(Connection.send_raw, text=b'{"t":"TYPING_START","s":1,"op":0,"d":{'),
        partial(Connection.send_raw, text=b'["no envelope"]'),
        partial(Connection.cut, mid_frame=True),
        Connection.reconnect,
        Connection.send_corrupt,
    ]
    gateway = FakeGateway(seed=5, rate=100, guilds=2, token=TOKEN)
    async with gateway, running(environment, "with", gateway) as bot:
        await bot.read_until("ready")
        for fault in faults:
            gateway.connections[-1].do_after(20, fault)
            await bot.read_until("resumed")
        gateway.dispatch("THE_END", {})
        end = await bot.read_until("end")
        (session,) = gateway.sessions
        dispatches = bot.dispatches()
        assert dispatches == owed(session)[: len(dispatches)]
        assert end["decoded"] > len(dispatches) > 100
        assert len(gateway.identifies) == 1
        assert len(gateway.resumes) == len(faults)


async def test_open_connections_outlive_installing_and_uninstalling(
    environment: Environment,
) -> None:
    gateway = FakeGateway(seed=5, guilds=2, token=TOKEN)
    async with gateway, running(environment, "without", gateway) as bot:

        async def turn(change: str) -> None:
            """Change the drop-in amidst events, then let the next connection begin."""
            await gateway.burst(50)
            gateway.dispatch(change, {})
            await gateway.burst(50)
            gateway.connections[-1].do_after(0, Connection.reconnect)
            await bot.read_until("resumed")

        await bot.read_until("ready")
        await turn("INSTALL")
        await turn("UNINSTALL")
        await turn("INSTALL")
        await turn("UNINSTALL")
        await gateway.burst(50)
        gateway.dispatch("THE_END", {})
        end = await bot.read_until("end")
        (session,) = gateway.sessions
        assert bot.dispatches() == owed(session)
        assert 200 < end["decoded"] < 250  # of five connections the second and the fourth
        assert len(gateway.identifies) == 1
