"""``gateway-core simulate`` as people run it: another process, its pipe, its signals."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import ssl
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from gateway_core import Config, Intents, Shard
from gateway_core.cli import main
from gateway_core.cli.arguments import MatrixOptions, SimulateOptions, parse
from gateway_core.decoding import Payload
from gateway_core.errors import FatalClose
from gateway_core.http import Unauthorized, fetch_gateway_bot
from gateway_core.testing import Fault, matrix

CERTIFICATE = Path(__file__).parents[1] / "tls" / "localhost.pem"
COMMAND = (sys.executable, "-m", "gateway_core.cli", "simulate")
TOKEN = "a-token.that-opens.nothing"

posix = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")


class Simulator:
    """The command in another process."""

    def __init__(self, process: Process) -> None:
        self.process = process

    async def line(self) -> str:
        assert self.process.stdout is not None
        line = (await self.process.stdout.readline()).decode()
        assert line, "the simulator has ended"
        return line.rstrip("\n")

    async def line_with(self, words: str) -> str:
        """Read up to a line that has these words."""
        while words not in (line := await self.line()):
            pass
        return line

    async def end(self, number: int = signal.SIGINT) -> tuple[list[str], str]:
        """Ask it to end; give what it still printed, and the summary."""
        self.process.send_signal(number)
        out, err = await self.process.communicate()
        assert self.process.returncode == 0, err
        return out.decode().splitlines(), err.decode()


@asynccontextmanager
async def running(*arguments: str) -> AsyncIterator[tuple[Simulator, str, str]]:
    """Start it; give it and the two URLs that it prints."""
    process = await asyncio.create_subprocess_exec(*COMMAND, *arguments, stdout=PIPE, stderr=PIPE)
    simulator = Simulator(process)
    try:
        async with asyncio.timeout(50):
            url = (await simulator.line()).removeprefix("gateway   ")
            http_url = (await simulator.line()).removeprefix("HTTP API  ")
            yield simulator, url, http_url
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


def shard_at(url: str, token: str = TOKEN, **options: Any) -> Shard[Payload]:
    options = {"compression": "zlib-stream", "backoff_base": 0.01, "backoff_cap": 0.1, **options}
    config = Config(gateway_url=url, proxy=None, **options)
    return Shard(token, Intents.all(), config=config)


async def take(shard: Shard[Payload], count: int) -> list[int | None]:
    sequences = []
    async for event in shard:
        sequences.append(event.s)
        if len(sequences) == count:
            break
    return sequences


@posix
class TestServing:
    async def test_says_where_it_is_and_what_happens_and_sums_up(self) -> None:
        async with running("--rate", "200", "--guilds", "2", "--shards", "4") as server:
            simulator, url, http_url = server
            assert url.startswith("ws://127.0.0.1:")
            assert http_url.startswith("http://127.0.0.1:")
            bot = await fetch_gateway_bot(TOKEN, base_url=http_url, proxy=None)
            assert (bot.url, bot.shards) == (url.rstrip("/"), 4)
            async with shard_at(url) as shard:
                assert await take(shard, 40) == list(range(1, 41))
            lines = [await simulator.line() for _ in range(5)]
            assert [line.partition(" ")[2] for line in lines] == [
                "GET /api/v10/gateway/bot: 200",
                "connection 0: opened at /, compress=zlib-stream",
                "connection 0: identify for shard 0 of 1",
                "connection 0: a new session is ready",
                "connection 0: gone, closed by the client with 1000",
            ]
            rest, summary = await simulator.end()
        assert rest == []
        assert TOKEN not in "".join(lines) + summary
        for words in ("connections  1", "identifies   1", "resumes      0", "HTTP         1 "):
            assert words in summary

    async def test_chaos_strikes_and_loses_nothing(self) -> None:
        options = ("--rate", "2000", "--chaos", "4", "--faults", "cut,RECONNECT")
        async with running(*options) as (simulator, url, _):
            async with shard_at(url) as shard:
                assert await take(shard, 600) == list(range(1, 601))
            await simulator.line_with("fault ")
            await simulator.line_with("resume from sequence")
            _, summary = await simulator.end(signal.SIGTERM)
        assert "faults" in summary
        assert "identifies   1" in summary

    async def test_the_same_chaos_strikes_at_the_same_places(self) -> None:
        async def first_fault() -> str:
            options = ("--rate", "2000", "--chaos", "9", "--seed", "3")
            async with running(*options) as (simulator, url, _), shard_at(url) as shard:
                taking = asyncio.create_task(take(shard, 10_000))
                line = await simulator.line_with("fault ")
                taking.cancel()
                return line.partition(" ")[2]

        assert await first_fault() == await first_fault()

    async def test_only_one_token_is_good(self) -> None:
        async with running("--token", TOKEN) as (simulator, url, http_url):
            with pytest.raises(Unauthorized):
                await fetch_gateway_bot("another", base_url=http_url, proxy=None)
            with pytest.raises(FatalClose, match="4004"):
                async with shard_at(url, "another") as shard:
                    await take(shard, 1)
            async with shard_at(url) as shard:
                assert await take(shard, 1) == [1]
            await simulator.line_with("GET /api/v10/gateway/bot: 401")
            await simulator.line_with("closing with 4004 Authentication failed.")
            await simulator.end()

    async def test_over_tls(self) -> None:
        trust = ssl.create_default_context(cafile=str(CERTIFICATE))
        async with running("--certificate", str(CERTIFICATE)) as (simulator, url, http_url):
            assert url.startswith("wss://")
            assert http_url.startswith("https://")
            async with shard_at(url, ssl=trust) as shard:
                assert await take(shard, 1) == [1]
            await simulator.end()

    async def test_ends_when_nobody_reads_what_it_prints(self) -> None:
        read, write = os.pipe()
        process = await asyncio.create_subprocess_exec(
            *COMMAND, "--rate", "0", stdout=write, stderr=PIPE
        )
        os.close(write)
        with os.fdopen(read, "rb") as pipe:
            url = (await asyncio.to_thread(pipe.readline)).decode().split()[1]
            await asyncio.to_thread(pipe.readline)  # or the address of the API is what fails
        async with asyncio.timeout(30):
            with contextlib.suppress(WebSocketException, OSError):
                async with connect(url + "?v=10&encoding=json", proxy=None) as websocket:
                    while True:
                        await websocket.recv()
            _, err = await process.communicate()
        assert process.returncode == 0
        assert b"Traceback" not in err
        assert b"connections  " in err

    async def test_a_port_that_is_taken_is_an_error(self) -> None:
        async with running() as (simulator, url, _):
            port = url.rpartition(":")[2].strip("/")
            second = await asyncio.create_subprocess_exec(
                *COMMAND, "--port", port, stdout=PIPE, stderr=PIPE
            )
            _, err = await second.communicate()
            assert second.returncode == 1
            assert err.startswith(b"gateway-core: error: ")
            assert err.count(b"\n") == 1
            await simulator.end()


class TestMatrix:
    def test_prints_the_table(self, capsys: pytest.CaptureFixture[str]) -> None:
        faults = "heartbeat_request,TLS"
        certificate = ["--certificate", str(CERTIFICATE)]
        what = ["--chaos", "5", "--seeds", "2", "--faults", faults]
        status = main(["simulate", "--matrix", *what, *certificate])
        out, err = capsys.readouterr()
        assert (status, err) == (0, "")
        _, _, heartbeat, tls, together = out.splitlines()
        assert heartbeat.startswith("| HEARTBEAT_REQUEST: ")
        assert tls.startswith("| TLS: ")
        assert together.startswith("| **all** | 4 | 12 |")
        assert together.endswith("| 0 | 0 | 0 | 0 | 0 |")

    def test_says_what_was_wrong(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(matrix._Script, "session_of", lambda *_: None)
        assert main(["simulate", "--matrix", "--seeds", "1", "--faults", "CUT"]) == 1
        out, err = capsys.readouterr()
        assert "| **all** | 1 |" in out
        assert err == "gateway-core: CUT_0: READY came without a session\n"

    def test_tls_needs_a_certificate(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["simulate", "--matrix", "--faults", "TLS"]) == 1
        assert "certificate" in capsys.readouterr().err


class TestArguments:
    def test_nothing_is_asked_for(self) -> None:
        assert parse(["simulate"]) == SimulateOptions(
            host="127.0.0.1",
            port=0,
            shards=1,
            guilds=3,
            members=70,
            rate=10.0,
            seed=0,
            heartbeat_interval=41.25,
            token=None,
            chaos=None,
            faults=None,
            certificate=None,
        )

    def test_everything_is_asked_for(self) -> None:
        where = ["--host", "0.0.0.0", "--port", "1234", "--certificate", "a.pem"]
        bot = ["--shards", "2", "--guilds", "0", "--members", "5", "--token", TOKEN]
        events = ["--rate", "0", "--seed", "-7", "--heartbeat-interval", "0.5"]
        faults = ["--chaos", "8", "--faults", "cut, Stall"]
        options = parse(["simulate", *where, *bot, *events, *faults])
        assert options == SimulateOptions(
            host="0.0.0.0",
            port=1234,
            shards=2,
            guilds=0,
            members=5,
            rate=0.0,
            seed=-7,
            heartbeat_interval=0.5,
            token=TOKEN,
            chaos=8,
            faults=(Fault.CUT, Fault.STALL),
            certificate=Path("a.pem"),
        )
        assert TOKEN not in repr(options)

    def test_the_matrix(self) -> None:
        assert parse(["simulate", "--matrix"]) == MatrixOptions(
            seeds=range(20), faults=None, certificate=None
        )
        some = ["--chaos", "7", "--seeds", "3", "--faults", "cut,mixed"]
        assert parse(["simulate", "--matrix", *some]) == MatrixOptions(
            seeds=range(7, 10), faults=(Fault.CUT, None), certificate=None
        )

    @pytest.mark.parametrize(
        ("arguments", "complaint"),
        [
            (["--port", "65536"], "port from 0 to 65535"),
            (["--port", "-1"], "port from 0 to 65535"),
            (["--shards", "0"], "at least 1"),
            (["--guilds", "-1"], "at least 0"),
            (["--rate", "-1"], "positive number of events a second"),
            (["--heartbeat-interval", "0"], "positive number of seconds"),
            (["--chaos", "often"], "often"),
            (["--chaos", "1", "--faults", "CUTT"], "did you mean CUT"),
            (["--chaos", "1", "--faults", ","], "no faults given"),
            (["--faults", "CUT"], "needs --chaos"),
            (["--chaos", "1", "--faults", "TLS"], "needs --certificate"),
            (["--chaos", "1", "--faults", "MIXED"], "MIXED is for --matrix"),
            (["--seeds", "3"], "--seeds is for --matrix"),
        ],
        ids=lambda value: " ".join(value) if isinstance(value, list) else "",
    )
    def test_one_line_says_what_is_wrong(
        self, arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        with pytest.raises(SystemExit) as caught:
            parse(["simulate", *arguments])
        assert caught.value.code == 2
        err = capsys.readouterr().err
        assert complaint in err
        assert err.count("\n") == 1
