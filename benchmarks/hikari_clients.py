"""hikari before the servers of the benchmarks: its shard class alone, and the whole bot."""

# hikari is not there where types are checked.
# mypy: ignore-errors

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

TOKEN = base64.b64encode(b"1000000000000000000").decode() + ".made.up"
"""hikari reads the application's id in it."""

OnDispatch = Callable[[str], None]
"""Told the name of every dispatch, once hikari is done with it."""


def shard_alone(url: str, on_dispatch: OnDispatch, **options: Any) -> Any:
    """Make a `GatewayShardImpl` whose event manager does nothing but tell."""
    import hikari
    from hikari.impl import config
    from hikari.impl.shard import GatewayShardImpl

    class Manager:
        def consume_raw_event(self, name: str, shard: Any, payload: Any) -> None:
            on_dispatch(name)

        async def dispatch(self, event: Any, *, return_tasks: bool) -> None:
            pass

    class Factory:
        def deserialize_connected_event(self, shard: Any) -> None:
            pass

        deserialize_disconnected_event = deserialize_connected_event

    return GatewayShardImpl(
        intents=hikari.Intents.ALL,
        http_settings=config.HTTPSettings(),
        proxy_settings=config.ProxySettings(),
        event_manager=Manager(),
        event_factory=Factory(),
        token=TOKEN,
        url=url,
        **options,
    )


def whole_bot(api_url: str, on_dispatch: OnDispatch) -> Any:
    """Make a `GatewayBot` with its cache and no listeners."""
    import hikari
    from hikari.impl.event_manager_base import EventManagerBase

    consume = EventManagerBase.consume_raw_event

    def consume_and_tell(self: Any, name: str, shard: Any, payload: Any) -> None:
        try:
            consume(self, name, shard, payload)
        finally:
            on_dispatch(name)

    EventManagerBase.consume_raw_event = consume_and_tell
    return hikari.GatewayBot(
        TOKEN, intents=hikari.Intents.ALL, rest_url=api_url, banner=None, logs=None
    )
