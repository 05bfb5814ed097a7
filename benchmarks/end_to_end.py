"""What server and clients of the end-to-end benchmarks have in common."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

LAST = "END_OF_STREAM"
"""Name of the last dispatch."""


@dataclass(frozen=True)
class Server:
    """Where to connect, and how many dispatches come then."""

    url: str
    api_url: str
    dispatches: int


@contextmanager
def running_server(messages: int) -> Iterator[Server]:
    """Run a gateway that pours so many small messages in a process of its own."""
    script = Path(__file__).parent / "gateway_process.py"
    command = [sys.executable, str(script), str(messages)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url, api_url, dispatches = process.stdout.readline().split()
        yield Server(url, api_url, int(dispatches))
        process.terminate()


@dataclass(frozen=True)
class Client:
    """One contestant: what it runs, and the modules that must be installed for it."""

    run: Callable[[Server], Awaitable[float]]
    needs: tuple[str, ...]
    is_peer: bool = False
    """Whether it is another library's real client."""


class Count:
    """Measures from the first dispatch to the last."""

    def __init__(self, server: Server) -> None:
        self.left = server.dispatches
        self.started = 0.0

    def done(self) -> bool:
        if not self.started:
            self.started = time.process_time()
        self.left -= 1
        return self.left == 0

    def seconds(self) -> float:
        return time.process_time() - self.started
