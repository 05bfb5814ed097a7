"""The simulator before clients that we did not write: discord.py and hikari, each as users run it.

They run in processes of their own, reach the simulator over their public ways of changing URLs, and
print what happens to them. Where one of them and the simulator disagree, the simulator is wrong.

    pip install '.[test,peers]' && pytest -m peers
"""

from __future__ import annotations

import asyncio
import base64
import importlib.util
import json
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from gateway_core.testing import Connection, FakeGateway
from gateway_core.testing.sessions import Session

pytestmark = [pytest.mark.peers, pytest.mark.timeout(180)]

# hikari reads the bot's id out of the token.
TOKEN = base64.b64encode(b"110373943822540800").decode() + ".a.token"

PEERS = [
    pytest.param(
        name,
        marks=pytest.mark.skipif(
            importlib.util.find_spec(package) is None, reason=f"{package} is not installed"
        ),
    )
    for name, package in (("discordpy", "discord"), ("hikari", "hikari"))
]


class Bot:
    """A bot in a process of its own, and what it has reported so far."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.reports: list[dict[str, Any]] = []

    async def read(self) -> dict[str, Any]:
        """Read the next report."""
        assert self.process.stdout is not None
        line = await self.process.stdout.readline()
        assert line, f"the bot has ended with status {await self.process.wait()}"
        report: dict[str, Any] = json.loads(line)
        assert report["happened"] != "error", report
        self.reports.append(report)
        return report

    async def read_until(self, **wanted: Any) -> dict[str, Any]:
        """Read up to and with the next report that has these values."""
        while True:
            report = await self.read()
            if wanted.items() <= report.items():
                return report

    def all(self, happened: str, key: str) -> list[Any]:
        """Give one value of every report of a kind."""
        return [report[key] for report in self.reports if report["happened"] == happened]


@asynccontextmanager
async def running(name: str, gateway: FakeGateway) -> AsyncIterator[Bot]:
    script = Path(__file__).parent / f"{name}_bot.py"
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-W",
        "ignore",
        str(script),
        TOKEN,
        gateway.http_url,
        gateway.url,
        stdout=asyncio.subprocess.PIPE,
        limit=1 << 20,
    )
    try:
        yield Bot(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def dispatched(session: Session) -> list[tuple[str, Any]]:
    """Give name and data of everything that a session was owed."""
    events = []
    for sequence in range(session.first, session.sequence + 1):
        text = session.event(sequence)
        assert text is not None
        message = json.loads(text)
        events.append((message["t"], message["d"]))
    return events


@pytest.mark.parametrize("name", PEERS)
async def test_it_logs_in_gets_its_guilds_and_events_and_loses_none_over_faults(name: str) -> None:
    faults: list[Callable[[Connection], None]] = [
        partial(Connection.cut, mid_frame=True),
        Connection.reconnect,
        Connection.cut,
        partial(Connection.close, code=4000),
        Connection.reset,
        partial(Connection.invalidate, resumable=True),
        Connection.send_garbage,
    ]
    gateway = FakeGateway(seed=5, rate=60, guilds=4, token=TOKEN)
    async with gateway, running(name, gateway) as bot:
        ready = await bot.read_until(happened="ready")
        assert ready["user"] == gateway.user["id"]
        assert sorted(bot.all("guild", "id")) == sorted(gateway.guilds)
        for fault in faults:
            connection = gateway.connections[-1]
            connection.do_after(40, fault)
            await bot.read_until(happened="resumed")
        (session,) = gateway.sessions
        gateway.dispatch("THE_END", {})
        await bot.read_until(happened="dispatch", name="THE_END")
        # What the library's own machinery makes of the last messages may come a little later.
        owed = dispatched(session)
        messages = [data["id"] for event, data in owed if event == "MESSAGE_CREATE"]
        end = [event for event, _ in owed].index("THE_END")
        known = messages[: sum(event == "MESSAGE_CREATE" for event, _ in owed[:end])]
        while not Counter(known) <= Counter(bot.all("message", "id")):
            await bot.read()
        names = bot.all("dispatch", "name")
        assert names == [event for event, _ in dispatched(session)][: len(names)]
        assert max(Counter(bot.all("message", "id")).values()) == 1
        assert len(messages) > 100
        assert len(gateway.identifies) == 1
        assert [handshake.connection.path for handshake in gateway.resumes] == (
            [gateway.resume_path] * len(faults)
        )
        assert all(connection.close_sent in (None, 4000) for connection in gateway.history)


@pytest.mark.parametrize("name", PEERS)
async def test_it_is_given_the_members_of_large_guilds(name: str) -> None:
    gateway = FakeGateway(guilds=2, members=300, token=TOKEN)
    async with gateway, running(name, gateway) as bot:
        await bot.read_until(happened="ready")
        for guild_id, count in zip(
            bot.all("guild", "id"), bot.all("guild", "members"), strict=True
        ):
            everyone = len(gateway.guild(guild_id)["members"])
            if name == "discordpy":  # asks for those that GUILD_CREATE leaves out
                assert count == everyone
            else:
                assert 0.5 * everyone < count <= everyone


@pytest.mark.parametrize("name", PEERS)
async def test_it_begins_anew_when_the_session_is_lost(name: str) -> None:
    gateway = FakeGateway(rate=20, token=TOKEN)
    async with gateway, running(name, gateway) as bot:
        await bot.read_until(happened="ready")
        (first,) = gateway.sessions
        gateway.connections[0].invalidate(resumable=False)
        await bot.read_until(happened="dispatch", name="READY")
        await bot.read_until(happened="dispatch", name="MESSAGE_CREATE")
        (second,) = gateway.sessions
        assert first.id != second.id
        # A client that hurries is turned away until its five seconds are over.
        assert len(gateway.identifies) >= 2


@pytest.mark.parametrize("name", PEERS)
async def test_it_sends_heartbeats_and_leaves_a_connection_that_is_dead(name: str) -> None:
    gateway = FakeGateway(rate=20, token=TOKEN, heartbeat_interval=0.5, heartbeat_grace=1.0)
    async with gateway, running(name, gateway) as bot:
        await bot.read_until(happened="ready")
        (connection,) = gateway.connections
        await gateway.wait_for(lambda: connection.heartbeats >= 6)
        connection.stall()  # discord.py takes any event for a sign of life
        await bot.read_until(happened="resumed")
        assert connection.close_sent is None


@pytest.mark.parametrize("name", PEERS)
async def test_it_gives_up_on_a_token_that_is_refused(name: str) -> None:
    gateway = FakeGateway(token="another token")
    async with gateway, running(name, gateway) as bot:
        assert await bot.process.wait() != 0
        assert len(gateway.requests) == 1
        assert len(gateway.history) == 0


@pytest.mark.parametrize("name", PEERS)
async def test_it_waits_for_an_api_that_fails(name: str) -> None:
    gateway = FakeGateway(token=TOKEN)
    path = "/api/v10/users/@me" if name == "discordpy" else "/api/v10/gateway/bot"
    async with gateway, running(name, gateway) as bot:
        gateway.fail_http(429, path=path, retry_after=0.2)
        gateway.fail_http(502, path=path)
        await bot.read_until(happened="ready")
        assert [request.path for request in gateway.requests].count(path) == 3
