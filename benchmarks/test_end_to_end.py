"""What does a message cost a client end to end, over loopback, in CPU time of its process?

Contestants whose modules are not installed are left out. Where discord.py and hikari shall run in
another environment than this one, ``GATEWAY_CORE_BENCH_PEERS`` names its Python.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest

from client_process import clients
from end_to_end import Client, running_server
from race import Race, replay

HERE = Path(__file__).parent
MESSAGES = 20_000
BASELINE = "aiohttp + zlib + orjson"
PEERS = os.environ.get("GATEWAY_CORE_BENCH_PEERS", sys.executable)

_IMPORT = "import importlib, sys; [importlib.import_module(name) for name in sys.argv[1:]]"


@cache
def has(python: str, modules: tuple[str, ...]) -> bool:
    """Say whether a Python can import these modules."""
    return subprocess.run([python, "-c", _IMPORT, *modules], capture_output=True).returncode == 0


def python_for(client: Client) -> str:
    return PEERS if client.is_peer else sys.executable


CLIENTS = {
    name: client for name, client in clients().items() if has(python_for(client), client.needs)
}

pytestmark = pytest.mark.skipif(
    BASELINE not in CLIENTS, reason="the baseline needs aiohttp and orjson"
)


@pytest.fixture(scope="module")
def gateway() -> Iterator[tuple[str, str, int]]:
    """URLs of a gateway in a process of its own, and the number of dispatches that it pours."""
    with running_server(MESSAGES) as server:
        yield server.url, server.api_url, server.dispatches


def run(name: str, url: str, api_url: str, dispatches: int) -> float:
    command = [
        python_for(CLIENTS[name]),
        str(HERE / "client_process.py"),
        name,
        url,
        api_url,
        str(dispatches),
    ]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120)
    return float(done.stdout)


@cache
def race(url: str, api_url: str, dispatches: int) -> Race:
    contestants = {name: partial(run, name, url, api_url, dispatches) for name in CLIENTS}
    return Race(contestants, BASELINE, dispatches, processes="own")


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", CLIENTS)
@pytest.mark.benchmark(timer=replay)
def test_end_to_end(benchmark: Any, gateway: tuple[str, str, int], name: str) -> None:
    benchmark.group = "end to end, CPU time of the client"
    race(*gateway).report(benchmark, name)
