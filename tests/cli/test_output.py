"""Standard output from a thread: order, completeness, and readers that stop or go."""

from __future__ import annotations

import asyncio
import io
import os
import threading

import pytest

from gateway_core.cli.output import Output


class Slow(io.RawIOBase):
    """Writes a few bytes at a time, and only while it may."""

    def __init__(self) -> None:
        self.may_write = threading.Event()
        self.written = bytearray()

    def write(self, data: memoryview, /) -> int:  # type: ignore[override]
        self.may_write.wait()
        self.written += data[:1000]
        return min(len(data), 1000)


async def test_lines_come_out_whole_and_in_order() -> None:
    target = Slow()
    target.may_write.set()
    output = Output(target)
    lines = [f"{number} " + "é" * (number % 700) for number in range(3000)]
    for line in lines:
        await output.line(line)
    await output.close()
    assert target.written.decode() == "".join(f"{line}\n" for line in lines)


async def test_a_stopped_reader_stops_the_writer_and_not_the_loop() -> None:
    target = Slow()
    output = Output(target)

    async def produce() -> None:
        for _ in range(300):
            await output.line("x" * 10_000)

    producing = asyncio.create_task(produce())
    for _ in range(1000):
        await asyncio.sleep(0)
    assert not producing.done()
    target.may_write.set()
    await producing
    await output.close()
    assert len(target.written) == 300 * 10_001


async def test_a_reader_that_went_away_is_an_error() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb", buffering=0) as raw:
        output = Output(raw)
        told = asyncio.Event()
        output.on_error = told.set
        await output.line("x")
        await told.wait()
        with pytest.raises(BrokenPipeError):
            await output.line("more")
        with pytest.raises(BrokenPipeError):
            await output.close()


async def test_an_unpaired_surrogate_is_escaped_as_json_does() -> None:
    target = Slow()
    target.may_write.set()
    output = Output(target)
    await output.line('{"d":"\ud83d"}')
    await output.close()
    assert target.written == b'{"d":"\\ud83d"}\n'


async def test_the_thread_ends() -> None:
    target = Slow()
    target.may_write.set()
    output = Output(target)
    await output.line("x")
    await output.close()
    for thread in threading.enumerate():
        if thread.name == "stdout":
            thread.join(5)
            assert not thread.is_alive()
