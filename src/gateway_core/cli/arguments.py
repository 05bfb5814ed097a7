"""The command line: what may be said, and what of it makes sense."""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NoReturn, TypeAlias

from gateway_core._version import __version__
from gateway_core.dispatches import DISPATCHES
from gateway_core.intents import Intents
from gateway_core.testing.faults import Fault
from gateway_core.urls import connection_url

from .formats import Format

__all__ = ["ListenOptions", "MatrixOptions", "Options", "SimulateOptions", "parse"]

_LISTEN = """\
Print the events of a bot as they come.

With DISCORD_TOKEN set it connects to Discord; without, a simulated gateway is started inside.
On a terminal it prints one readable line an event, in a pipe one JSON object: shard, op, s, t, d.
With --shards it runs several shards, and on a terminal shows a table of them instead of events.
Ctrl-C ends the session and prints a summary."""

_SIMULATE = """\
Be a gateway as Discord's, on this machine, for bots to be tested with.

It prints its URLs and then one line for whatever happens: connections, identifies, resumes, closes,
faults, HTTP requests. Ctrl-C ends it and prints a summary.

With --chaos things go wrong again and again, at places of the stream that the seed decides.
With --matrix nothing is served: this package's own client meets every kind of fault, with the
seeds from --chaos on, and a table says how it fared; the status is 1 if anything was wrong."""

_FAULT_NAMES = [fault.name for fault in Fault]
_MIXED = "MIXED"


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
    shards: int | Literal["auto"] | None
    """How many shards to run; None for a single connection without shards."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulateOptions:
    """What ``gateway-core simulate`` was asked to do without ``--matrix``."""

    host: str
    port: int
    shards: int
    """How many Get Gateway Bot recommends."""
    guilds: int
    members: int
    """The median of the guilds' numbers of members."""
    rate: float
    """Events a second, 0 for none."""
    seed: int
    heartbeat_interval: float
    """Seconds."""
    token: str | None = field(repr=False)
    """The only token that is good, None for any."""
    chaos: int | None
    """Seed of the faults, None for no faults."""
    faults: tuple[Fault, ...] | None
    """The kinds of faults, None for the usual ones."""
    certificate: Path | None
    """A PEM file for TLS."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixOptions:
    """What ``gateway-core simulate --matrix`` was asked to do."""

    seeds: range
    faults: tuple[Fault | None, ...] | None
    """The kinds of faults, with None for MIXED ones; None for all."""
    certificate: Path | None
    """A PEM file with a certificate for 127.0.0.1, which the fault TLS needs."""


Options: TypeAlias = ListenOptions | SimulateOptions | MatrixOptions


def parse(arguments: Sequence[str] | None = None) -> Options:
    """Read the command line.

    Raises:
        SystemExit: it makes no sense (status 2, after one line on standard error), or help or the
            version was asked for (status 0).
    """
    parser = _Parser(prog="gateway-core", description="Discord's gateway on the command line.")
    parser.add_argument("--version", action="version", version=f"gateway-core {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    _add_listen(commands)
    _add_simulate(commands)
    values = parser.parse_args(arguments)
    return _listen(values) if values.command == "listen" else _simulate(values, parser)


def _add_listen(commands: _Commands) -> None:
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
    listen.add_argument(
        "--shards",
        type=_shards,
        metavar="N",
        help="run N shards, or as many as Discord recommends (auto)",
    )


def _listen(values: argparse.Namespace) -> ListenOptions:
    return ListenOptions(
        intents=values.intents,
        only=values.only,
        count=values.count,
        duration=values.duration,
        url=values.url,
        format=values.format,
        shards=values.shards,
    )


def _add_simulate(commands: _Commands) -> None:
    simulate = commands.add_parser(
        "simulate",
        help="be a gateway for bots to be tested with",
        description=_SIMULATE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = simulate.add_argument
    add("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
    add("--port", type=_port, default=0, help="port to listen on; 0, the default, for a free one")
    add("--shards", type=_count, default=1, metavar="N", help="shards to recommend (1)")
    add("--guilds", type=_size, default=3, metavar="N", help="guilds that the bot is in (3)")
    add("--members", type=_count, default=70, metavar="N", help="members of a usual guild (70)")
    add("--rate", type=_rate, default=10.0, metavar="N", help="events a second (10); 0 for none")
    add("--seed", type=int, default=0, help="of guilds and events (0)")
    add(
        "--heartbeat-interval",
        type=_seconds,
        default=41.25,
        metavar="SECONDS",
        help="as told to clients (41.25)",
    )
    add("--token", help="the only token that is good; by default any is")
    add("--chaos", type=int, metavar="SEED", help="let things go wrong, as this seed decides")
    add("--faults", type=_faults, help=f"what may go wrong: names of {', '.join(_FAULT_NAMES)}")
    add(
        "--certificate",
        type=Path,
        metavar="PEM",
        help="file with a certificate and its key, for wss and https",
    )
    add("--matrix", action="store_true", help="test this package's own client instead of serving")
    add("--seeds", type=_count, metavar="N", help="how many seeds the matrix has (20)")


def _simulate(values: argparse.Namespace, parser: _Parser) -> SimulateOptions | MatrixOptions:
    if values.matrix:
        first = values.chaos or 0
        return MatrixOptions(
            seeds=range(first, first + (values.seeds or 20)),
            faults=values.faults,
            certificate=values.certificate,
        )
    if values.seeds is not None:
        parser.error("--seeds is for --matrix")
    if values.faults is not None and values.chaos is None:
        parser.error("--faults needs --chaos SEED or --matrix")
    if None in (values.faults or ()):
        parser.error(f"{_MIXED} is for --matrix: without --faults they are mixed")
    if Fault.TLS in (values.faults or ()) and values.certificate is None:
        parser.error("the fault TLS needs --certificate")
    return SimulateOptions(
        host=values.host,
        port=values.port,
        shards=values.shards,
        guilds=values.guilds,
        members=values.members,
        rate=values.rate,
        seed=values.seed,
        heartbeat_interval=values.heartbeat_interval,
        token=values.token,
        chaos=values.chaos,
        faults=values.faults,
        certificate=values.certificate,
    )


class _Parser(argparse.ArgumentParser):
    """Complains in one line, without the usage before it."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"gateway-core: error: {message}\n")


if TYPE_CHECKING:
    _Commands: TypeAlias = argparse._SubParsersAction[_Parser]


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
            raise argparse.ArgumentTypeError(f"unknown event {name!r}{_hint(name, DISPATCHES)}")
    return frozenset(names)


def _faults(text: str) -> tuple[Fault | None, ...]:
    names = [name.strip().upper() for name in text.split(",") if name.strip()]
    if not names:
        raise argparse.ArgumentTypeError("no faults given")
    for name in names:
        if name not in Fault.__members__ and name != _MIXED:
            raise argparse.ArgumentTypeError(f"unknown fault {name!r}{_hint(name, _FAULT_NAMES)}")
    return tuple(None if name == _MIXED else Fault[name] for name in names)


def _hint(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    return f"; did you mean {' or '.join(near)}?" if near else ""


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port from 0 to 65535")
    return int(text)


def _size(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of at least 0")
    return int(text)


def _rate(text: str) -> float:
    return 0.0 if text.strip() == "0" else _positive(text, "number of events a second")


def _count(text: str) -> int:
    try:
        count = int(text)
    except ValueError:
        count = 0
    if count < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of at least 1")
    return count


def _shards(text: str) -> int | Literal["auto"]:
    if text == "auto":
        return "auto"
    try:
        return _count(text)
    except argparse.ArgumentTypeError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is neither auto nor a number of shards"
        ) from None


def _seconds(text: str) -> float:
    return _positive(text, "number of seconds")


def _positive(text: str, what: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a positive {what}")
    return value


def _url(text: str) -> str:
    try:
        connection_url(text, None)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text
