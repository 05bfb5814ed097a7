"""Work on another thread's loop, and the end of that thread."""

from __future__ import annotations

import asyncio
import threading

import pytest

from gateway_core._io_thread import IOThread
from gateway_core.errors import ShardClosed


async def forever() -> None:
    await asyncio.Event().wait()


async def nothing() -> None:
    pass


class TestIOThread:
    async def test_work_is_done_there(self) -> None:
        io = IOThread("io")
        io.start()

        async def where() -> str:
            return threading.current_thread().name

        assert await io.run(where) == "io"
        await io.stop()

    async def test_work_that_the_end_overtakes_is_told_so(self) -> None:
        """Whether it was at it or had not begun; nobody has cancelled whoever waits."""
        io = IOThread("io")
        io.start()
        begun = asyncio.create_task(io.run(forever))
        await io.run(nothing)
        busy = threading.Event()
        io.call(busy.wait)
        waiting = asyncio.create_task(io.run(forever))
        await asyncio.sleep(0)  # it has asked now
        stopping = asyncio.create_task(io.stop())
        await asyncio.sleep(0)
        late = asyncio.create_task(io.run(forever))
        await asyncio.sleep(0)
        busy.set()
        for task in (begun, waiting, late):
            with pytest.raises(ShardClosed):
                await task
        await stopping

    async def test_work_after_the_end(self) -> None:
        io = IOThread("io")
        io.start()
        await io.stop()
        with pytest.raises(ShardClosed):
            await io.run(nothing)

    async def test_whoever_is_cancelled_is_cancelled(self) -> None:
        io = IOThread("io")
        io.start()
        work = asyncio.create_task(io.run(forever))
        await io.run(nothing)
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await work
        await io.stop()
