"""``gateway-core listen`` as people run it: another process, its pipes, its signals."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from command_driver import environment
from gateway_core.testing import FakeGateway, Limits

TOKEN = "a-token.that-opens.nothing"
COMMAND = (sys.executable, "-m", "gateway_core.cli", "listen")

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and ptys of POSIX")


@asynccontextmanager
async def running(
    *arguments: str, token: str | None = TOKEN, stdout: int = PIPE, **more: str
) -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(
        *COMMAND,
        *arguments,
        stdout=stdout,
        stderr=PIPE,
        env=environment(token, **more),
        limit=1 << 24,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def finished(*arguments: str, token: str | None = TOKEN) -> tuple[int, str, str]:
    """Run to the end; give status, output and errors."""
    async with running(*arguments, token=token) as process:
        out, err = await process.communicate()
        assert process.returncode is not None
        return process.returncode, out.decode(), err.decode()


@asynccontextmanager
async def simulator(**options: Any) -> AsyncIterator[FakeGateway]:
    options.setdefault("limits", Limits(identify_interval=0, commands=100_000))
    async with asyncio.timeout(50), FakeGateway(**options) as gateway:
        yield gateway


async def lines(process: Process, count: int) -> list[str]:
    assert process.stdout is not None
    return [(await process.stdout.readline()).decode() for _ in range(count)]


async def line_with(process: Process, words: str) -> str:
    """Read standard error up to a line that has these words."""
    assert process.stderr is not None
    while line := (await process.stderr.readline()).decode():
        if words in line:
            return line
    raise AssertionError(f"{words!r} was never said")


class TestSimulatorInside:
    async def test_five_hundred_events_as_json(self) -> None:
        status, out, err = await finished("--count", "500", "--format", "json", token=None)
        assert status == 0
        events = [json.loads(line) for line in out.splitlines()]
        assert len(events) == 500
        assert events[0]["t"] == "READY"
        assert [event["s"] for event in events] == list(range(1, 501))
        assert {(event["shard"], event["op"]) for event in events} == {(0, 0)}
        assert all(list(event) == ["shard", "op", "s", "t", "d"] for event in events)
        assert "DISCORD_TOKEN is not set: listening to a simulated gateway" in err
        contents = [event["d"]["content"] for event in events if event["t"] == "MESSAGE_CREATE"]
        assert any(contents)  # all intents by default
        for word in ("events       500", "a second", "bytes in", "bytes out", "ratio", "latency"):
            assert word in err

    async def test_duration_ends_it(self) -> None:
        status, out, err = await finished("--duration", "0.7", token=None)
        assert status == 0
        assert json.loads(out.splitlines()[0])["t"] == "READY"
        assert "reconnects   0" in err


class TestGatewayOutside:
    async def test_options_reach_the_gateway(self) -> None:
        async with simulator(guilds=1) as gateway:
            arguments = ("--url", gateway.url, "--count", "2", "--intents", "GUILDS")
            status, out, _ = await finished(*arguments)
            assert status == 0
            assert [json.loads(line)["t"] for line in out.splitlines()] == ["READY", "GUILD_CREATE"]
            (identify,) = gateway.identifies
            assert identify.data["token"] == TOKEN
            assert identify.data["intents"] == 1
            assert gateway.history[0].close_received == 1000

    async def test_raw_is_the_text_that_was_sent(self) -> None:
        async with simulator(guilds=1) as gateway:
            status, out, _ = await finished(
                "--url", gateway.url, "--count", "2", "--format", "raw", "--intents", "all"
            )
        assert status == 0
        ready, guild = out.splitlines()
        assert ready.startswith('{"t":"READY","s":1,"op":0,"d":{')
        assert guild.startswith('{"t":"GUILD_CREATE","s":2,"op":0,"d":{')

    async def test_only_prints_these(self) -> None:
        async with simulator(rate=300) as gateway:
            status, out, err = await finished(
                "--url", gateway.url, "--count", "20", "--intents", "all",
                "--only", "MESSAGE_CREATE,TYPING_START",
            )  # fmt: skip
        assert status == 0
        names = {json.loads(line)["t"] for line in out.splitlines()}
        assert names <= {"MESSAGE_CREATE", "TYPING_START"}
        assert "events       20 " in err

    async def test_events_that_the_intents_do_not_bring_are_mentioned(self) -> None:
        async with simulator() as gateway:
            status, _, err = await finished(
                "--url", gateway.url, "--duration", "0.1", "--only", "PRESENCE_UPDATE"
            )
        assert status == 0
        assert "the intents do not bring PRESENCE_UPDATE" in err

    async def test_a_lost_connection_is_told_and_resumed(self) -> None:
        async with (
            simulator(rate=200) as gateway,
            running("--url", gateway.url, "--count", "300") as process,
        ):
            connection = await gateway.wait_for_identify()
            connection.do_after(50, lambda victim: victim.cut())
            out, err = await process.communicate()
        assert process.returncode == 0
        sequences = [json.loads(line)["s"] for line in out.decode().splitlines()]
        assert sequences == list(range(1, 301))
        for words in (
            "disconnected: ",
            "; reconnecting in",
            "resumed",
            "reconnects   1 (1 resumed",
        ):
            assert words in err.decode()


class TestSignals:
    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    async def test_ctrl_c_ends_the_session_and_says_how_it_went(self, number: int) -> None:
        async with simulator(rate=200) as gateway:
            async with running("--url", gateway.url) as process:
                await lines(process, 50)
                process.send_signal(number)
                out, err = await process.communicate()
            assert process.returncode == 0
            assert all(json.loads(line) for line in out.splitlines())
            assert b"Traceback" not in err
            assert b"a second" in err
            connection = gateway.history[0]
            await connection.wait_closed()
            assert connection.close_received == 1000

    async def test_ctrl_c_before_anything_is_there(self) -> None:
        async with simulator() as gateway:
            gateway.delay_hello(3600)
            async with running("--url", gateway.url) as process:
                while not gateway.connections:  # noqa: ASYNC110 - nothing announces it
                    await asyncio.sleep(0)
                process.send_signal(signal.SIGINT)
                _, err = await process.communicate()
            assert process.returncode == 0
            assert b"Traceback" not in err
            assert b"events       0" in err

    async def test_a_reader_that_stopped_keeps_the_session_and_can_be_left(self) -> None:
        async with (
            simulator(heartbeat_interval=0.5) as gateway,
            running("--url", gateway.url, "--intents", "all") as process,
        ):
            connection = await gateway.wait_for_identify()
            assert process.stdout is not None
            for _ in range(60):
                gateway.dispatch("NOT_DOCUMENTED", {"text": "x" * 50_000}, shard=0)
            beats = connection.heartbeats  # nobody reads the pipe from here on
            await gateway.wait_for(lambda: connection.heartbeats >= beats + 4)
            assert connection.is_open
            process.send_signal(signal.SIGINT)
            await connection.wait_closed()
            assert connection.close_received == 1000
            assert await process.wait() == 0
            assert process.stderr is not None
            err = await process.stderr.read()
            assert b"Traceback" not in err
            assert b"a second" in err

    async def test_ctrl_c_twice_does_not_wait_for_a_peer_that_is_gone(self) -> None:
        async with simulator() as gateway, running("--url", gateway.url) as process:
            connection = await gateway.wait_for_identify()
            await lines(process, 1)
            connection.stall()
            process.send_signal(signal.SIGINT)
            await line_with(process, "still closing")
            process.send_signal(signal.SIGINT)
            _, err = await process.communicate()
            assert process.returncode == 130
            assert b"Traceback" not in err


class TestReaders:
    async def test_a_closed_pipe_ends_it_cleanly(self) -> None:
        async with simulator(rate=200) as gateway:
            reading, writing = os.pipe()
            async with running("--url", gateway.url, stdout=writing) as process:
                os.close(writing)
                with os.fdopen(reading, "rb") as pipe:
                    first = await asyncio.to_thread(pipe.readline)
                _, err = await process.communicate()
            assert process.returncode == 0
            assert json.loads(first)["t"] == "READY"
            assert b"Traceback" not in err
            assert b"a second" in err
            await gateway.history[0].wait_closed()
            assert gateway.history[0].close_received == 1000

    @pytest.mark.parametrize(
        ("more", "coloured"),
        [
            ({"TERM": "xterm"}, True),
            ({"TERM": "xterm", "NO_COLOR": "1"}, False),
            ({"TERM": "dumb"}, False),
        ],
        ids=["colour", "NO_COLOR", "dumb"],
    )
    async def test_a_terminal_gets_readable_lines(
        self, more: dict[str, str], coloured: bool
    ) -> None:
        import pty

        async with simulator(guilds=1) as gateway:
            ours, theirs = pty.openpty()
            arguments = ("--url", gateway.url, "--count", "2")
            async with running(*arguments, stdout=theirs, **more, COLUMNS="70") as process:
                os.close(theirs)
                _, err = await process.communicate()
                text = (await asyncio.to_thread(os.read, ours, 65536)).decode()
            os.close(ours)
        assert process.returncode == 0, err
        ready, guild = text.splitlines()
        assert "READY" in ready
        assert "GUILD_CREATE" in guild
        assert ("\x1b[" in text) is coloured
        if not coloured:
            assert ready.startswith("[0]      1 READY ")
            assert len(ready) <= 70


class TestFailures:
    @pytest.mark.parametrize(
        ("arguments", "status", "complaint"),
        [
            (("--intents", "NOPE"), 2, "unknown intent"),
            (("--only", "NOPE"), 2, "unknown event"),
            (("--url", "ws://127.0.0.1:1"), 1, "cannot connect to ws://127.0.0.1:1"),
            (("--url", "wss://nowhere.invalid"), 1, "cannot connect to wss://nowhere.invalid"),
        ],
        ids=["intent", "event", "nobody listens", "no such host"],
    )
    async def test_one_line_and_a_status(
        self, arguments: tuple[str, ...], status: int, complaint: str
    ) -> None:
        got, out, err = await finished(*arguments)
        assert (got, out) == (status, "")
        (line,) = err.splitlines()
        assert line.startswith("gateway-core: error: ")
        assert complaint in line

    async def test_a_refused_token(self) -> None:
        async with simulator(token="another") as gateway:
            status, out, err = await finished("--url", gateway.url)
        assert (status, out) == (1, "")
        (line,) = err.splitlines()
        assert line.startswith("gateway-core: error: Discord closed the connection with code 4004")
        assert "token" in line
        assert TOKEN not in err

    async def test_disallowed_intents(self) -> None:
        from gateway_core.intents import Intents

        async with simulator(allowed_intents=Intents.default()) as gateway:
            status, _, err = await finished("--url", gateway.url, "--intents", "all")
        assert status == 1
        (line,) = err.splitlines()
        assert "4014" in line
        assert "Developer Portal" in line

    async def test_a_token_that_is_none(self) -> None:
        status, _, err = await finished("--url", "ws://127.0.0.1:1", token="two words")
        assert status == 1
        (line,) = err.splitlines()
        assert "token" in line
        assert "two words" not in line

    async def test_an_address_that_is_no_gateway(self) -> None:
        async with simulator() as gateway:
            gateway.fail_http(502, path="/")
            status, _, err = await finished("--url", gateway.url)
        assert status == 1
        (line,) = err.splitlines()
        assert "502" in line

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
    async def test_a_full_disk(self) -> None:
        async with simulator() as gateway:
            descriptor = os.open("/dev/full", os.O_WRONLY)
            async with running("--url", gateway.url, stdout=descriptor) as process:
                os.close(descriptor)
                _, err = await process.communicate()
        assert process.returncode == 1
        (line,) = err.decode().splitlines()
        assert "No space left" in line
