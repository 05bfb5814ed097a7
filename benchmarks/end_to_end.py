"""What server and clients of the end-to-end benchmarks have in common."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

LAST = "END_OF_STREAM"
"""Name of the last dispatch."""


@dataclass(frozen=True)
class Server:
    """Where to connect, and how many dispatches come then."""

    url: str
    api_url: str
    dispatches: int


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
