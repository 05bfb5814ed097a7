"""What do the drop-ins save the real clients of other libraries, in CPU time of their processes?

Needs the libraries' environments, which are made when they are first used (tests/peers).
``GATEWAY_CORE_PEERS`` names the folder where they are; ``-k disnake`` takes one library.
"""

from __future__ import annotations

import subprocess
from collections import deque
from collections.abc import Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any, Literal

import pytest

from end_to_end import LAST, running_server
from peers.environments import ENVIRONMENTS, Environment
from race import Race, replay

HERE = Path(__file__).parent
MESSAGES = 5_000
MODES = ("without", "with")

What = Literal["gateway", "client"]


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[str, str, int]]:
    """URLs of a gateway in a process of its own, and the number of its guilds."""
    with running_server(MESSAGES) as server:
        guilds = server.dispatches - MESSAGES - len(("READY", LAST))
        yield server.url, server.api_url, guilds


class Runs:
    """Runs of one client, each of which gives two figures: one is kept until it is asked for."""

    def __init__(self, environment: Environment, what: What, server: tuple[str, str, int]) -> None:
        self._environment = environment
        self._what = what
        self._server = server
        self._steady: dict[str, deque[float]] = {mode: deque() for mode in MODES}

    def startup(self, mode: str) -> float:
        url, api_url, guilds = self._server
        command = [
            self._environment.python,
            "-W",
            "ignore",
            str(HERE / "dropin_client.py"),
            self._environment.library,
            self._what,
            mode,
            url,
            api_url,
            str(guilds),
        ]
        done = subprocess.run(
            command,
            check=True,
            capture_output=True,
            text=True,
            timeout=120,
            env=self._environment.variables(),
        )
        startup, steady = map(float, done.stdout.split())
        self._steady[mode].append(steady)
        return startup

    def steady(self, mode: str) -> float:
        return self._steady[mode].popleft()


@cache
def races(environment: Environment, what: What, server: tuple[str, str, int]) -> dict[str, Race]:
    environment.make()
    runs = Runs(environment, what, server)
    startup = {mode: partial(runs.startup, mode) for mode in MODES}
    steady = {mode: partial(runs.steady, mode) for mode in MODES}
    return {
        "startup": Race(startup, "without", server[2], processes="own"),
        "steady": Race(steady, "without", MESSAGES, processes="own"),
    }


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("mix", ["startup", "steady"])
@pytest.mark.parametrize("what", ["gateway", "client"])
@pytest.mark.parametrize("environment", ENVIRONMENTS, ids=str)
@pytest.mark.benchmark(timer=replay)
def test_dropin(
    benchmark: Any,
    server: tuple[str, str, int],
    environment: Environment,
    what: What,
    mix: str,
    mode: str,
) -> None:
    benchmark.group = f"drop-in, {environment}, {what}, {mix}"
    races(environment, what, server)[mix].report(benchmark, mode)
