"""Loggers of one shard."""

from __future__ import annotations

import logging
from collections.abc import MutableMapping
from typing import TYPE_CHECKING, Any, TypeAlias

from .sharding import ShardId

if TYPE_CHECKING:
    Adapter: TypeAlias = logging.LoggerAdapter[Any]
    Logger: TypeAlias = logging.Logger | logging.LoggerAdapter[Any]
else:
    Adapter = logging.LoggerAdapter

# Without a handler of the program's, Python would print warnings on standard error.
logging.getLogger("gateway_core").addHandler(logging.NullHandler())

__all__ = ["ShardLogger", "WebsocketLogger"]


class ShardLogger(Adapter):
    """Puts the shard before the message, and beside it as the field ``shard``."""

    def __init__(self, logger: Logger | None, shard_id: ShardId) -> None:
        super().__init__(logger or logging.getLogger("gateway_core.shard"), None)
        self._shard = str(shard_id)

    def process(
        self, msg: Any, kwargs: MutableMapping[str, Any]
    ) -> tuple[Any, MutableMapping[str, Any]]:
        """Add the shard to a record."""
        kwargs["extra"] = {**(kwargs.get("extra") or {}), "shard": self._shard}
        return f"[{self._shard}] {msg}", kwargs


class WebsocketLogger(ShardLogger):
    """What websockets may say: nothing at DEBUG, where it prints frames, and the token in them."""

    def isEnabledFor(self, level: int) -> bool:  # noqa: N802 - the base class's name
        """Say no to DEBUG and below, whatever the logger's level."""
        return level > logging.DEBUG and super().isEnabledFor(level)
