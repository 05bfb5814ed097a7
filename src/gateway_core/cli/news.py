"""What a person who watches a connection should know of it."""

from __future__ import annotations

from gateway_core.errors import GatewayError
from gateway_core.events import (
    Connected,
    ControlEvent,
    Disconnected,
    Reconnecting,
    Resumed,
    SessionInvalidated,
)
from gateway_core.sharding import ShardId

from .process import say

__all__ = ["News"]


class _Unreachable(GatewayError):
    """The very first attempt to connect failed."""


class News:
    """Says on standard error what happens to connections.

    Args:
        url: where they lead.
        name_shards: whether to say which shard it is.
    """

    def __init__(self, url: str, *, name_shards: bool = False) -> None:
        self._url = url
        self._name_shards = name_shards
        self._connected = False
        self._lost = ""

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
            case Resumed(replayed):
                say(f"{where}resumed; {replayed} missed events were replayed")
            case SessionInvalidated(resumable=False):
                say(f"{where}the session is over; a new one begins")
