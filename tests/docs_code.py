"""Runs the Python in pages of documentation, a page's blocks after one another, as a reader would.

Blocks see what earlier blocks of their page defined, and all public names of gateway_core. Where
they mean Discord, they meet the simulator, and a stream of events that the main task takes ends
after a while, so that programs come to their end. A block that is a test is run by pytest.
"""

from __future__ import annotations

import ast
import asyncio
import importlib.metadata
import inspect
import itertools
import os
import re
import subprocess
import sys
import textwrap
import threading
import zlib
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import gateway_core
from gateway_core import Cluster, Config, Shard, fetch_gateway_bot
from gateway_core.testing import FakeGateway, Limits

EVENTS = 200
"""After how many events a stream ends."""

_FENCE = re.compile(r"^( *)```python[^\n]*\n(.*?)^\1```", re.MULTILINE | re.DOTALL)
_MESSAGE = b'{"t":"MESSAGE_CREATE","s":1,"op":0,"d":{"content":"hi","author":{"id":"1"}}}'


@dataclass(frozen=True)
class Block:
    """A block of Python in a page."""

    page: Path
    line: int
    code: str

    @property
    def is_test(self) -> bool:
        return re.search(r"^(async )?def test_", self.code, re.MULTILINE) is not None


def blocks(page: Path) -> list[Block]:
    """Find the blocks of Python in a page."""
    text = page.read_text(encoding="utf-8")
    return [
        Block(page, text.count("\n", 0, match.start()) + 2, textwrap.dedent(match[2]))
        for match in _FENCE.finditer(text)
    ]


@contextmanager
def simulated(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeGateway]:
    """Let what goes to Discord by default go to a simulator on another thread."""
    with _gateway() as gateway:
        monkeypatch.setenv("DISCORD_TOKEN", "any-token")
        for function, name, value in (
            (Config.__init__, "gateway_url", gateway.url),
            (Config.__init__, "backoff_base", 0.01),
            (Cluster.__init__, "api_url", gateway.http_url),
            (fetch_gateway_bot, "base_url", gateway.http_url),
        ):
            defaults = function.__kwdefaults__
            assert defaults is not None
            monkeypatch.setitem(defaults, name, value)
        _end_streams(monkeypatch)
        yield gateway


@contextmanager
def _gateway() -> Iterator[FakeGateway]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def run(coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, loop).result(30)

    limits = Limits(max_concurrency=16, identify_interval=0)
    gateway = FakeGateway(shards=2, rate=2000, limits=limits)
    try:
        run(gateway.__aenter__())
        try:
            yield gateway
        finally:
            run(gateway.__aexit__(None, None, None))
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def _end_streams(monkeypatch: pytest.MonkeyPatch) -> None:
    next_of_shard, iterate_cluster = Shard.__anext__, Cluster.__aiter__
    taken: dict[int, Iterator[int]] = {}

    def in_main_task() -> bool:
        task = asyncio.current_task()
        return task is not None and task.get_coro().__name__ in {"main", "awaited"}  # type: ignore[union-attr]

    async def next_until(self: Shard[Any]) -> Any:
        if next(taken.setdefault(id(self), itertools.count())) >= EVENTS and in_main_task():
            raise StopAsyncIteration
        return await next_of_shard(self)

    async def iterate_until(self: Cluster[Any]) -> AsyncIterator[Any]:
        count = 0
        async for item in iterate_cluster(self):
            yield item
            count += 1
            if count >= EVENTS and in_main_task():
                return

    monkeypatch.setattr(Shard, "__anext__", next_until)
    monkeypatch.setattr(Cluster, "__aiter__", iterate_until)


def names() -> dict[str, Any]:
    """Give what the blocks of a page see from the start."""
    stream = zlib.compressobj()
    frame = stream.compress(_MESSAGE) + stream.flush(zlib.Z_SYNC_FLUSH)
    public = {name: getattr(gateway_core, name) for name in gateway_core.__all__}
    return {**public, "asyncio": asyncio, "token": "any-token", "frame": frame}


def run(block: Block, namespace: dict[str, Any]) -> None:
    """Run a block. Its lines in a traceback are those of the page."""
    source = "\n" * (block.line - 1) + block.code
    code = compile(source, str(block.page), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    namespace.setdefault("__name__", "__main__")
    if code.co_flags & inspect.CO_COROUTINE:

        async def awaited() -> None:
            async with asyncio.timeout(30):
                await eval(code, namespace)

        asyncio.run(awaited())
    else:
        exec(code, namespace)


def run_test(block: Block, folder: Path) -> None:
    """Run a block that is a test, in a pytest of its own."""
    file = folder / f"test_line_{block.line}.py"
    file.write_text(block.code, encoding="utf-8")
    options = ["-q", "-p", "no:cacheprovider", "-o", "asyncio_mode=auto", f"--rootdir={folder}"]
    if "gateway_core" not in importlib.metadata.entry_points(group="pytest11").names:
        options += ["-p", "gateway_core.testing.plugin"]  # it is tested where it is not installed
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, file.name],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(Path(gateway_core.__file__).parents[1])},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, f"{block.page}:{block.line}\n{done.stdout}{done.stderr}"
