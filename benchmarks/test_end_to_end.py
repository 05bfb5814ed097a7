"""What does a message cost a client end to end, over loopback, in CPU time of its process?"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest

from client_process import CLIENTS
from race import Race, replay

HERE = Path(__file__).parent
MESSAGES = 20_000
BASELINE = "aiohttp + zlib + orjson"

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("aiohttp") is None or importlib.util.find_spec("orjson") is None,
    reason="the baseline needs aiohttp and orjson",
)


@pytest.fixture(scope="module")
def gateway() -> Iterator[tuple[str, int]]:
    """The port of a gateway in a process of its own, and the number of dispatches that it pours."""
    command = [sys.executable, str(HERE / "gateway_process.py"), str(MESSAGES)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        port, dispatches = process.stdout.readline().split()
        yield port, int(dispatches)
        process.terminate()


def run(name: str, port: str, dispatches: int) -> float:
    command = [sys.executable, str(HERE / "client_process.py"), name, port, str(dispatches)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120)
    return float(done.stdout)


@cache
def race(port: str, dispatches: int) -> Race:
    contestants = {name: partial(run, name, port, dispatches) for name in CLIENTS}
    return Race(contestants, BASELINE, dispatches, processes="own")


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", CLIENTS)
@pytest.mark.benchmark(timer=replay)
def test_end_to_end(benchmark: Any, gateway: tuple[str, int], name: str) -> None:
    benchmark.group = "end to end, CPU time of the client"
    race(*gateway).report(benchmark, name)
