"""A bot on any of the libraries that prints what its library hands out, as JSON lines.

    python dropin_bot.py LIBRARY with|without TOKEN HTTP_URL GATEWAY_URL [raw|loads]

runs in the library's own environment, with the drop-in installed from the start or without. `raw`
asks for raw events too, where the library has them; `loads` hands our parser to hikari. Dispatches
named INSTALL and UNINSTALL change that while it runs; after THE_END it says how often gateway-core
has decoded.
"""

# The libraries are not there where types are checked.
# mypy: ignore-errors

from __future__ import annotations

import datetime
import enum
import json
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence, Set
from importlib import import_module
from typing import Any

from gateway_core.compat._stream import TextStream

_LIBRARY = sys.argv[1]
_PACKAGE = {"discordpy": "discord", "pycord": "discord"}.get(_LIBRARY, _LIBRARY)
_DEPTH = 4
# Modules of what belongs to the machinery and not to an event.
_MACHINERY = ("client", "http", "state", "gateway", "shard", "bot", "gateway_bot", "rest", "cache")
# What libraries make up when they ask for members.
_RANDOM = ("nonce", "chunk_nonce")

_dropin = import_module(f"gateway_core.compat.{_LIBRARY}")
_decoded = 0


def report(happened: str, **details: Any) -> None:
    print(json.dumps({"happened": happened, **details}), flush=True)


def counting(function: Callable[..., Any]) -> Callable[..., Any]:
    def counted(*args: Any) -> Any:
        global _decoded
        _decoded += 1
        return function(*args)

    return counted


def on_dispatch(name: str) -> None:
    report("dispatch", name=name)
    if name == "INSTALL":
        _dropin.install()
    elif name == "UNINSTALL":
        _dropin.uninstall()
    elif name == "THE_END":
        report("end", decoded=_decoded)


def describe(value: Any, depth: int = _DEPTH) -> Any:
    """Return an event's contents as plain JSON: fields of its objects, down to some depth."""
    if value is None or type(value) in (bool, float, str):
        return value
    if isinstance(value, str | int | float):
        return f"{type(value).__name__} {value!r}"
    if isinstance(value, bytes | datetime.datetime | datetime.timedelta | enum.Enum):
        return repr(value)
    kind = type(value).__qualname__
    if depth == 0:
        return kind
    if isinstance(value, Mapping):
        return [
            kind,
            {str(key): describe(value[key], depth - 1) for key in value if key not in _RANDOM},
        ]
    if isinstance(value, Set):
        return [kind, sorted(json.dumps(describe(item, depth - 1)) for item in value)]
    if isinstance(value, Sequence):
        return [kind, [describe(item, depth - 1) for item in value]]
    module = type(value).__module__
    if module.partition(".")[0] != _PACKAGE or module.rpartition(".")[2] in _MACHINERY:
        return kind
    names = set(getattr(value, "__dict__", ()))
    for base in type(value).__mro__:
        slots = base.__dict__.get("__slots__", ())
        names.update([slots] if isinstance(slots, str) else slots)
    fields = {}
    for name in sorted(names - {"__weakref__", "__dict__", *_RANDOM}):
        field = getattr(value, name, None)  # slots may be empty
        if not callable(field):
            fields[name] = describe(field, depth - 1)
    return [kind, fields]


def run_family(token: str, http_url: str, gateway_url: str, *options: str) -> None:
    """discord.py and its descendants: every event passes through `Client.dispatch`."""
    library = import_module(_PACKAGE)
    # py-cord's is called otherwise.
    library.http.Route.BASE = library.http.Route.API_BASE_URL = http_url
    if hasattr(library.gateway.DiscordWebSocket, "DEFAULT_GATEWAY"):
        import yarl

        library.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(gateway_url)

    class Bot(library.AutoShardedClient):
        def dispatch(self, event: str, *args: Any, **kwargs: Any) -> None:
            if event == "socket_raw_receive":
                (text,) = args
                payload = json.loads(text)
                if payload["op"] == 0:  # acknowledgements come when they come
                    del payload["d"]
                    report("event", name=event, type=type(text).__name__, data=payload)
            elif event != "socket_raw_send":
                report("event", name=event, data=describe([args, kwargs]))
            if event == "socket_event_type":
                on_dispatch(*args)
            super().dispatch(event, *args, **kwargs)

        async def on_connect(self) -> None:
            """Do not register application commands, as some do here: there is no API for it."""

        async def on_interaction(self, interaction: Any) -> None:
            """Do not look them up either."""

        async def on_ready(self) -> None:
            report("ready")

        async def on_shard_resumed(self, shard_id: int) -> None:
            report("resumed")

        async def on_error(self, event: str, *args: Any, **kwargs: Any) -> None:
            report("error", error=traceback.format_exc())

    debug = {"enable_debug_events": True} if "raw" in options else {}
    Bot(intents=library.Intents.all(), heartbeat_timeout=3.0, **debug).run(token)


def run_hikari(token: str, http_url: str, gateway_url: str, *options: str) -> None:
    """Every event is a `hikari.Event`, payloads as they come in among them."""
    import hikari

    parser = {"loads": counting(_dropin.loads)} if "loads" in options else {}
    bot = hikari.GatewayBot(
        token, intents=hikari.Intents.ALL, rest_url=http_url, banner=None, logs=None, **parser
    )
    awaited = set()

    @bot.listen(hikari.Event)
    async def on_event(event: hikari.Event) -> None:
        report("event", name=type(event).__name__, data=describe(event))
        if isinstance(event, hikari.ShardPayloadEvent):
            on_dispatch(event.name)
        elif isinstance(event, hikari.ShardReadyEvent):
            awaited.update(event.unavailable_guilds)
        elif isinstance(event, hikari.GuildAvailableEvent):
            awaited.remove(event.guild_id)
            if not awaited:
                report("ready")
        elif isinstance(event, hikari.ShardResumedEvent):
            report("resumed")
        elif isinstance(event, hikari.ExceptionEvent):
            report("error", error=repr(event.exception))

    bot.run(check_for_updates=False)


def run_interactions(token: str, http_url: str, gateway_url: str, *options: str) -> None:
    """Every event is a `BaseEvent`, payloads as they come in among them."""
    import interactions

    interactions.api.http.route.Route.BASE = http_url

    class Bot(interactions.Client):
        def dispatch(self, event: Any, *args: Any, **kwargs: Any) -> None:
            name = event.resolved_name
            report("event", name=name, data=describe(event))
            if name.startswith("raw_") and name != "raw_gateway_event":
                on_dispatch(name.removeprefix("raw_").upper())
            super().dispatch(event, *args, **kwargs)
            if name in ("ready", "resume"):
                report("ready" if name == "ready" else "resumed")

    # Its ALL has bits that Discord does not document.
    documented = interactions.Intents(sum(1 << bit for bit in (*range(17), 20, 21, 24, 25)))
    Bot(intents=documented, sync_interactions=False).start(token)


_RUNNERS = {"hikari": run_hikari, "interactions": run_interactions}


def main() -> None:
    mode, *arguments = sys.argv[2:]
    TextStream.text = counting(TextStream.text)
    if mode == "with":
        _dropin.install()
    _RUNNERS.get(_LIBRARY, run_family)(*arguments)


if __name__ == "__main__":
    main()
