"""The command line: what may be said, and what of it makes sense."""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

from gateway_core._version import __version__
from gateway_core.dispatches import DISPATCHES
from gateway_core.intents import Intents
from gateway_core.urls import connection_url

from .formats import Format

__all__ = ["ListenOptions", "parse"]

_LISTEN = """\
Print the events of a bot as they come.

With DISCORD_TOKEN set it connects to Discord; without, a simulated gateway is started inside.
On a terminal it prints one readable line an event, in a pipe one JSON object: shard, op, s, t, d.
Ctrl-C ends the session and prints a summary."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenOptions:
    """What ``gateway-core listen`` was asked to do."""

    intents: Intents | None
    """None for those that fit what is listened to."""
    only: frozenset[str] | None
    """Names of the dispatches to print, None for all."""
    count: int | None
    """End after so many events."""
    duration: float | None
    """End after so many seconds."""
    url: str | None
    """Where to connect instead of Discord or the simulator."""
    format: Format | None
    """None for ``pretty`` on a terminal and ``json`` elsewhere."""


def parse(arguments: Sequence[str] | None = None) -> ListenOptions:
    """Read the command line.

    Raises:
        SystemExit: it makes no sense (status 2, after one line on standard error), or help or the
            version was asked for (status 0).
    """
    parser = _Parser(prog="gateway-core", description="Discord's gateway on the command line.")
    parser.add_argument("--version", action="version", version=f"gateway-core {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    listen = commands.add_parser(
        "listen",
        help="print the events of a bot as they come",
        description=_LISTEN,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    listen.add_argument(
        "--intents",
        type=_intents,
        metavar="NAMES",
        help="names separated by commas, a number, none, default (all that need no approval) or "
        "all; by default default for Discord, all for the simulator",
    )
    listen.add_argument(
        "--only",
        type=_names,
        metavar="EVENTS",
        help="print these events alone: MESSAGE_CREATE,TYPING_START",
    )
    listen.add_argument("--count", type=_count, metavar="N", help="end after N printed events")
    listen.add_argument(
        "--duration", type=_seconds, metavar="SECONDS", help="end after that many seconds"
    )
    listen.add_argument("--url", type=_url, help="gateway to connect to: wss://... or ws://...")
    listen.add_argument(
        "--format",
        choices=("json", "pretty", "raw"),
        help="json: one object an event; pretty: one line for people; raw: the text as it came",
    )
    values = parser.parse_args(arguments)
    return ListenOptions(
        intents=values.intents,
        only=values.only,
        count=values.count,
        duration=values.duration,
        url=values.url,
        format=values.format,
    )


class _Parser(argparse.ArgumentParser):
    """Complains in one line, without the usage before it."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"gateway-core: error: {message}\n")


def _intents(text: str) -> Intents:
    try:
        return Intents.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _names(text: str) -> frozenset[str]:
    names = [name.strip().upper() for name in text.split(",") if name.strip()]
    if not names:
        raise argparse.ArgumentTypeError("no events given")
    for name in names:
        if name not in DISPATCHES:
            near = difflib.get_close_matches(name, DISPATCHES, n=3, cutoff=0.5)
            hint = f"; did you mean {' or '.join(near)}?" if near else ""
            raise argparse.ArgumentTypeError(f"unknown event {name!r}{hint}")
    return frozenset(names)


def _count(text: str) -> int:
    try:
        count = int(text)
    except ValueError:
        count = 0
    if count < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of events of at least 1")
    return count


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a positive number of seconds")
    return seconds


def _url(text: str) -> str:
    try:
        connection_url(text, None)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text
