"""What a person who watches a connection should know of it."""

from __future__ import annotations

from time import monotonic
from typing import Final

from gateway_core.errors import GatewayError
from gateway_core.events import (
    Connected,
    ControlEvent,
    Disconnected,
    IdentifyDenied,
    Ready,
    Reconnecting,
    Resumed,
    SessionInvalidated,
)
from gateway_core.sharding import ShardId

from .process import say

__all__ = ["News"]


_PROGRESS_EVERY: Final = 1.0
"""Seconds between two lines that tell how many shards are ready, the last one excepted."""


class _Unreachable(GatewayError):
    """The very first attempt to connect failed."""


class News:
    """Says on standard error what happens to connections.

    Args:
        url: where they lead.
        name_shards: whether there are several: to say which shard it is, and how many have come up.
    """

    def __init__(self, url: str, *, name_shards: bool = False) -> None:
        self._url = url
        self._name_shards = name_shards
        self._connected = False
        self._lost = ""
        self._ready: set[ShardId] = set()
        self._progress_due = 0.0

    def tell(self, shard_id: ShardId, event: ControlEvent) -> None:
        """Say what happened, if it matters.

        Raises:
            GatewayError: the very first attempt to connect failed.
        """
        where = f"shard {shard_id}: " if self._name_shards else ""
        match event:
            case Connected():
                self._connected = True
            case Disconnected(reason=reason):
                if not self._connected:
                    raise _Unreachable(f"cannot connect to {self._url}: {reason}")
                self._lost = reason
            case Reconnecting(delay):
                say(f"{where}disconnected: {self._lost}; reconnecting in {delay:.1f} s")
            case Ready() if self._name_shards:
                self._tell_progress(shard_id)
            case IdentifyDenied(retry_after):
                say(f"{where}no session may be started for {retry_after:.0f} s; waiting")
            case Resumed(replayed):
                say(f"{where}resumed; {replayed} missed events were replayed")
            case SessionInvalidated(resumable=False):
                say(f"{where}the session is over; a new one begins")

    def _tell_progress(self, shard_id: ShardId) -> None:
        """Say how many shards have come up: with many, Discord makes that take minutes."""
        if shard_id in self._ready:
            return
        self._ready.add(shard_id)
        ready, now = len(self._ready), monotonic()
        if ready == shard_id.total or now >= self._progress_due:
            say(f"{ready} of {shard_id.total} shards are ready")
            self._progress_due = now + _PROGRESS_EVERY
