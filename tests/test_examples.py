"""The examples as people run them, each in a process of its own, against the simulator."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import urllib.request
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from gateway_core.intents import Intents
from gateway_core.testing import FakeGateway, Limits
from interruptible import interruptible
from shard_driver import TOKEN, simulator

pytestmark = pytest.mark.slow

__all__ = ["interruptible"]

EXAMPLES = Path(__file__).parents[1] / "examples"

posix = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")


class Example:
    """A running example."""

    def __init__(self, process: Process) -> None:
        self._process = process

    async def lines(self, count: int) -> list[str]:
        """Read so many lines of its output."""
        assert self._process.stdout is not None
        lines = [await self._process.stdout.readline() for _ in range(count)]
        return [line.decode().rstrip("\n") for line in lines]

    async def end(self, number: int = signal.SIGINT) -> list[str]:
        """Ask it to end, and give what it still says; it must be satisfied."""
        self._process.send_signal(number)
        out, err = await self._process.communicate()
        assert (self._process.returncode, err) == (0, b"")
        return out.decode().splitlines()

    async def failure(self) -> tuple[list[str], str]:
        """Wait until it ends by itself; give its output and its complaint."""
        out, err = await self._process.communicate()
        assert self._process.returncode == 1
        return out.decode().splitlines(), err.decode()


@asynccontextmanager
async def running(
    gateway: FakeGateway, script: str, *arguments: str | Path, **variables: str
) -> AsyncIterator[Example]:
    """Start an example and let it talk to the simulator."""
    environment = {k: v for k, v in os.environ.items() if "proxy" not in k.lower()}
    environment |= {
        "DISCORD_TOKEN": TOKEN,
        "DISCORD_API_URL": gateway.http_url,
        "PYTHONUNBUFFERED": "1",
        "PYTHONUTF8": "1",
        **variables,
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(EXAMPLES / script), *map(str, arguments)),
        stdout=PIPE,
        stderr=PIPE,
        env=environment,
        start_new_session=True,
    )
    try:
        yield Example(process)
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)  # with the processes that it has started
            await process.communicate()


def bot_of(shards: int, **options: Any) -> Any:
    """A simulator that recommends so many shards, which need not wait for one another."""
    limits = Limits(identify_interval=0, max_concurrency=16)
    return simulator(seed=10, shards=shards, guilds=4, limits=limits, **options)


def say(gateway: FakeGateway, number: int, guild: int = 0) -> None:
    """Let someone write a message."""
    gateway.dispatch(
        "MESSAGE_CREATE",
        {
            "id": str(number),
            "guild_id": gateway.guilds[guild],
            "author": {"id": "1", "username": "ann"},
            "content": f"number {number}",
        },
    )


@posix
class TestOutput:
    async def test_one_shard(self) -> None:
        async with bot_of(1) as gateway, running(gateway, "one_shard.py") as example:
            assert await example.lines(1) == ["logged in as gateway-core-bot"]
            say(gateway, 1)
            say(gateway, 2)
            assert await example.lines(2) == ["ann: number 1", "ann: number 2"]
            assert await example.end() == []
            assert len(gateway.sessions) == 0

    async def test_cluster(self) -> None:
        async with bot_of(2) as gateway, running(gateway, "cluster.py") as example:
            # Two shards are in no order.
            assert sorted(await example.lines(5)) == [
                "0/2: See Quinn 😭, 56 members",
                "0/2: Was Morgan 👋🏽, 28 members",
                "1/2: Die Frieda 👀, 490 members",
                "1/2: Said Quinn 🎉, 105 members",
                "all 2 shards are ready",
            ]
            seen = {str(h.data["shard"]): h.data["presence"] for h in gateway.identifies}
            assert seen["[1, 2]"]["activities"][0]["name"] == "shard 1/2"
            assert await example.end() == []
            assert len(gateway.sessions) == 0

    async def test_intents(self) -> None:
        names = ("TYPING_START", "GUILD_MEMBER_ADD")
        async with bot_of(1) as gateway, running(gateway, "intents.py", *names) as example:
            assert await example.lines(2) == [
                "asking for GUILD_MEMBERS GUILD_MESSAGE_TYPING DIRECT_MESSAGE_TYPING",
                "to be enabled in the Developer Portal: GUILD_MEMBERS",
            ]
            await gateway.wait_for(lambda: len(gateway.sessions) == 1)
            (guild_id, *_) = gateway.guilds
            for name in ("MESSAGE_CREATE", "TYPING_START", "GUILD_MEMBER_UPDATE", *names):
                gateway.dispatch(name, {"guild_id": guild_id})
            assert await example.lines(3) == [
                f"TYPING_START {guild_id}",
                f"TYPING_START {guild_id}",
                f"GUILD_MEMBER_ADD {guild_id}",
            ]
            assert await example.end() == []

    async def test_intents_that_are_refused(self) -> None:
        async with (
            bot_of(1, allowed_intents=Intents.default()) as gateway,
            running(gateway, "intents.py", "GUILD_MEMBER_ADD") as example,
        ):
            out, err = await example.failure()
            assert len(out) == 2
            assert err.startswith("an intent was asked for that the application may not use (4014)")
            assert err.count("\n") == 1

    async def test_request_members(self) -> None:
        async with bot_of(2) as gateway, running(gateway, "request_members.py") as example:
            assert sorted(await example.lines(4)) == [
                "Die Frieda 👀: 490 members, 3 of them bots",
                "Said Quinn 🎉: 105 members, 3 of them bots",
                "See Quinn 😭: 56 members, 3 of them bots",
                "Was Morgan 👋🏽: 28 members, 3 of them bots",
            ]
            assert await example.end() == []

    async def test_metrics(self) -> None:
        async with (
            bot_of(2) as gateway,
            running(gateway, "metrics.py", METRICS_PORT="0") as example,
        ):
            url, ready = await example.lines(2)
            assert ready == "ready"

            def scrape() -> dict[str, str]:
                with urllib.request.urlopen(url) as answer:
                    lines = answer.read().decode().splitlines()
                return dict(line.rsplit(" ", 1) for line in lines if line[0] != "#")

            samples = await asyncio.to_thread(scrape)
            for shard in ("0/2", "1/2"):
                assert samples[f'gateway_core_identifies_total{{shard="{shard}"}}'] == "1.0"
                state = f'gateway_core_shard_state{{shard="{shard}",state="active"}}'
                assert samples[state] == "1.0"
                name = f'gateway_core_events_total{{event="READY",shard="{shard}"}}'
                assert samples[name] == "1.0"
            assert await example.end() == []

    async def test_resume(self, tmp_path: Path) -> None:
        async with bot_of(2) as gateway:
            shard_of = [int(guild_id) >> 22 & 1 for guild_id in gateway.guilds]
            first, second = shard_of.index(0), shard_of.index(1)
            async with running(gateway, "resume.py", tmp_path) as example:
                assert sorted(await example.lines(2)) == ["0/2: READY", "1/2: READY"]
                say(gateway, 1, first)
                assert await example.lines(1) == ["0/2: message 1"]
                say(gateway, 2, second)
                assert await example.lines(1) == ["1/2: message 2"]
                assert await example.end(signal.SIGTERM) == ["2 sessions are kept"]
            say(gateway, 3, first)
            say(gateway, 4, second)
            async with running(gateway, "resume.py", tmp_path) as example:
                assert sorted(await example.lines(4)) == [
                    "0/2: RESUMED",
                    "0/2: message 3",
                    "1/2: RESUMED",
                    "1/2: message 4",
                ]
                assert await example.end() == ["2 sessions are kept"]
            assert (len(gateway.identifies), len(gateway.resumes)) == (2, 2)

    async def test_reshard(self) -> None:
        async with (
            bot_of(2) as gateway,
            running(gateway, "reshard.py", RESHARD_SECONDS="0.1") as example,
        ):
            assert await example.lines(1) == ["2 shards are ready"]
            say(gateway, 1)
            assert await example.lines(1) == ["0/2: message 1"]
            gateway.shards = 3
            (now,) = await example.lines(1)
            assert now.startswith("now 3 shards, ")
            say(gateway, 2)
            assert await example.lines(1) == ["0/3: message 2"]
            assert await example.end() == []
            assert len(gateway.sessions) == 0

    async def test_raw_events(self) -> None:
        async with bot_of(1) as gateway, running(gateway, "raw_events.py") as example:
            assert await example.lines(5) == [
                "READY 1",
                "GUILD_CREATE 2",
                "GUILD_CREATE 3",
                "GUILD_CREATE 4",
                "GUILD_CREATE 5",
            ]
            assert await example.end() == ["no more events"]
            assert len(gateway.sessions) == 0


class TestForm:
    SCRIPTS = sorted(EXAMPLES.glob("*.py"))

    @pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
    def test_is_short_listed_and_tested(self, script: Path) -> None:
        assert len(script.read_text().splitlines()) < 60
        assert f"({script.name})" in (EXAMPLES / "README.md").read_text()
        assert f'"{script.name}"' in Path(__file__).read_text()
