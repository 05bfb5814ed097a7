"""``gateway-core listen --shards``: events of all shards, or a table of them on a terminal."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE
from typing import Any

import pytest
from rich.console import Console

from gateway_core.cli.table import ShardTable
from gateway_core.shard import ShardInfo, ShardStats
from gateway_core.sharding import ShardId, ShardState

COMMAND = (sys.executable, "-m", "gateway_core.cli", "listen")


def info(number: int, total: int, **changes: Any) -> ShardInfo:
    stats = {name: 0 for name in ShardStats.__slots__ if name not in changes} | {
        name: changes.pop(name) for name in ShardStats.__slots__ if name in changes
    }
    values: dict[str, Any] = {
        "shard_id": ShardId(number, total),
        "state": ShardState.ACTIVE,
        "latency": None,
        "average_latency": None,
        "measured": 0,
        "shed": {},
        "events": {},
        "decoding": None,
        **changes,
    }
    return ShardInfo(stats=ShardStats(**stats), **values)


def text_of(table: Any) -> list[str]:
    console = Console(width=120)
    with console.capture() as capture:
        console.print(table)
    return capture.get().splitlines()


class TestTable:
    def test_a_row_a_shard_and_what_they_are_together(self) -> None:
        table = ShardTable(50)

        def shards(events: int) -> dict[ShardId, ShardInfo]:
            return {
                ShardId(0, 2): info(0, 2, events=events, latency=0.0421, queued=3),
                ShardId(1, 2): info(1, 2, state=ShardState.WAITING, reconnects=2),
            }

        # Events are both a count and a mapping: the count is of the stats.
        table.render(shards(0), 0.0)
        lines = text_of(table.render(shards(1_250), 10.0))
        (first,) = (line for line in lines if "0/2" in line)
        for words in ("active", "42.1 ms", "125.0", "1,250", "3"):
            assert words in first
        (second,) = (line for line in lines if "1/2" in line)
        assert "waiting" in second
        assert any("1 of 2 active" in line for line in lines)

    def test_more_shards_than_lines(self) -> None:
        shards = {ShardId(n, 100): info(n, 100) for n in range(100)}
        shards[ShardId(77, 100)] = info(77, 100, state=ShardState.FATALLY_CLOSED)
        lines = text_of(ShardTable(20).render(shards, 0.0))
        assert len(lines) == 20
        (first, *_) = (line for line in lines if "/100" in line)
        assert "77/100" in first
        assert any("and 87 more" in line for line in lines)


@pytest.mark.skipif(sys.platform == "win32", reason="signals and ptys of POSIX")
class TestListen:
    async def test_events_of_all_shards_in_a_pipe(self) -> None:
        async with asyncio.timeout(30):
            process = await asyncio.create_subprocess_exec(
                *COMMAND, "--shards", "4", "--count", "40", stdout=PIPE, stderr=PIPE, env=clean()
            )
            out, err = await process.communicate()
        assert process.returncode == 0
        events = [json.loads(line) for line in out.splitlines()]
        assert len(events) == 40
        assert {event["shard"] for event in events} == {0, 1, 2, 3}
        assert b"4 identified" in err
        assert b"4 of 4 shards are ready" in err

    async def test_a_table_on_a_terminal(self) -> None:
        import fcntl
        import pty
        import struct
        import termios

        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        async with asyncio.timeout(30):
            process = await asyncio.create_subprocess_exec(
                *COMMAND, "--shards", "auto", stdout=theirs, stderr=PIPE, env=clean(TERM="xterm")
            )
            os.close(theirs)
            shown = ""
            while "2 of 2 active" not in shown:
                shown += (await asyncio.to_thread(os.read, ours, 65536)).decode()
            assert "events/s" in shown
            assert "0/2" in shown
            process.send_signal(signal.SIGINT)
            reading = asyncio.create_task(asyncio.to_thread(drain, ours))
            _, err = await process.communicate()
            await reading
        assert process.returncode == 0
        assert b"2 identified" in err
        os.close(ours)

    async def test_auto_needs_somebody_to_ask(self) -> None:
        process = await asyncio.create_subprocess_exec(
            *(*COMMAND, "--shards", "auto", "--url", "ws://127.0.0.1:1/"), stderr=PIPE, env=clean()
        )
        _, err = await process.communicate()
        assert process.returncode == 1
        assert b"say how many" in err


def clean(**more: str) -> dict[str, str]:
    names = ("DISCORD_TOKEN", "NO_COLOR", "TERM")
    return {name: value for name, value in os.environ.items() if name not in names} | more


def drain(terminal: int) -> None:
    try:
        while os.read(terminal, 65536):
            pass
    except OSError:  # its other end is closed
        pass
