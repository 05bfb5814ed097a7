"""The command line: what may be said, and what of it makes sense."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NoReturn, TypeAlias

from gateway_core._version import __version__
from gateway_core.intents import Intents
from gateway_core.sharding import ShardId
from gateway_core.testing.faults import Fault

from . import kinds
from .formats import Format

__all__ = [
    "BenchOptions",
    "ListenOptions",
    "MatrixOptions",
    "Options",
    "RecordOptions",
    "ReplayOptions",
    "SimulateOptions",
    "parse",
]

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


_RECORD = """\
Write what a bot's connection receives into a file, to be replayed and measured.

With DISCORD_TOKEN set it connects to Discord; without, a simulated gateway is started inside.
Tokens, session ids and resume URLs are replaced by x. All else stays, what people have written too,
unless --anonymise replaces names, contents and ids by others of the same length. The file is
readable by its owner only. Ctrl-C ends the session and prints a summary."""

_REPLAY = """\
Be a gateway that says what a recording says, to every client anew.

Any token, shard and intents will do. It prints its URLs and then one line for whatever happens.
Ctrl-C ends it and prints a summary."""

_BENCH = """\
Measure on this machine how fast gateway-core decodes, against loops of the libraries for inflating
and for JSON that are installed: zlib, zlib-ng, isal, zstandard, backports.zstd; json, orjson,
msgspec. The contestants take turns; the table shows medians of CPU time.

Decoded are two streams of generated traffic, a quiet hour and a start-up, or a recording."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordOptions:
    """What ``gateway-core record`` was asked to do."""

    file: Path
    intents: Intents | None
    """None for those that need no approval, at the simulator for all."""
    url: str | None
    """Where to connect instead of Discord or the simulator."""
    compression: Literal["zlib-stream", "zstd-stream"] | None
    """None for what suits this machine."""
    shard_id: ShardId
    count: int | None
    """End after so many dispatches."""
    duration: float | None
    """End after so many seconds."""
    anonymise: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayOptions:
    """What ``gateway-core replay`` was asked to do."""

    file: Path
    host: str
    port: int
    speed: float | None
    """How many times faster than recorded; None for as fast as the client takes."""
    certificate: Path | None
    """A PEM file for TLS."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchOptions:
    """What ``gateway-core bench`` was asked to do."""

    recording: Path | None
    """What to decode instead of generated traffic."""
    rounds: int
    json: bool
    """Print JSON and no table."""
    plot: Path | None
    """Where to draw a chart."""


Options: TypeAlias = (
    ListenOptions | SimulateOptions | MatrixOptions | RecordOptions | ReplayOptions | BenchOptions
)


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
    _add_record(commands)
    _add_replay(commands)
    _add_bench(commands)
    values = vars(parser.parse_args(arguments))
    match values.pop("command"):
        case "listen":
            return ListenOptions(**values)
        case "record":
            return RecordOptions(**values)
        case "replay":
            return ReplayOptions(**values)
        case "bench":
            return BenchOptions(**values)
    return _simulate(values, parser)


def _add(commands: _Commands, name: str, summary: str, description: str) -> _Parser:
    return commands.add_parser(
        name,
        help=summary,
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def _add_listen(commands: _Commands) -> None:
    listen = _add(commands, "listen", "print the events of a bot as they come", _LISTEN)
    listen.add_argument(
        "--intents",
        type=kinds.intents,
        metavar="NAMES",
        help="names separated by commas, a number, none, default (all that need no approval) or "
        "all; by default default for Discord, all for the simulator",
    )
    listen.add_argument(
        "--only",
        type=kinds.names,
        metavar="EVENTS",
        help="print these events alone: MESSAGE_CREATE,TYPING_START",
    )
    listen.add_argument("--count", type=kinds.count, metavar="N", help="end after N printed events")
    listen.add_argument(
        "--duration", type=kinds.seconds, metavar="SECONDS", help="end after that many seconds"
    )
    listen.add_argument(
        "--url", type=kinds.url, help="gateway to connect to: wss://... or ws://..."
    )
    listen.add_argument(
        "--format",
        choices=("json", "pretty", "raw"),
        help="json: one object an event; pretty: one line for people; raw: the text as it came",
    )
    listen.add_argument(
        "--shards",
        type=kinds.shards,
        metavar="N",
        help="run N shards, or as many as Discord recommends (auto)",
    )


def _add_simulate(commands: _Commands) -> None:
    add = _add(
        commands, "simulate", "be a gateway for bots to be tested with", _SIMULATE
    ).add_argument
    add("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
    add(
        "--port",
        type=kinds.port,
        default=0,
        help="port to listen on; 0, the default, for a free one",
    )
    add("--shards", type=kinds.count, default=1, metavar="N", help="shards to recommend (1)")
    add("--guilds", type=kinds.size, default=3, metavar="N", help="guilds that the bot is in (3)")
    add(
        "--members", type=kinds.count, default=70, metavar="N", help="members of a usual guild (70)"
    )
    add(
        "--rate",
        type=kinds.rate,
        default=10.0,
        metavar="N",
        help="events a second (10); 0 for none",
    )
    add("--seed", type=int, default=0, help="of guilds and events (0)")
    add(
        "--heartbeat-interval",
        type=kinds.seconds,
        default=41.25,
        metavar="SECONDS",
        help="as told to clients (41.25)",
    )
    add("--token", help="the only token that is good; by default any is")
    add("--chaos", type=int, metavar="SEED", help="let things go wrong, as this seed decides")
    add(
        "--faults",
        type=kinds.faults,
        help=f"what may go wrong: names of {', '.join(kinds.FAULT_NAMES)}",
    )
    add(
        "--certificate",
        type=Path,
        metavar="PEM",
        help="file with a certificate and its key, for wss and https",
    )
    add("--matrix", action="store_true", help="test this package's own client instead of serving")
    add("--seeds", type=kinds.count, metavar="N", help="how many seeds the matrix has (20)")


def _simulate(values: dict[str, Any], parser: _Parser) -> SimulateOptions | MatrixOptions:
    matrix, seeds = values.pop("matrix"), values.pop("seeds")
    faults, certificate = values["faults"], values["certificate"]
    if matrix:
        first = values["chaos"] or 0
        return MatrixOptions(
            seeds=range(first, first + (seeds or 20)), faults=faults, certificate=certificate
        )
    if seeds is not None:
        parser.error("--seeds is for --matrix")
    if faults is not None and values["chaos"] is None:
        parser.error("--faults needs --chaos SEED or --matrix")
    if None in (faults or ()):
        parser.error(f"{kinds.MIXED} is for --matrix: without --faults they are mixed")
    if Fault.TLS in (faults or ()) and certificate is None:
        parser.error("the fault TLS needs --certificate")
    return SimulateOptions(**values)


def _add_record(commands: _Commands) -> None:
    add = _add(commands, "record", "write what a bot receives into a file", _RECORD).add_argument
    add("file", type=Path, metavar="FILE", help="the file to make; it must not be there yet")
    add("--intents", type=kinds.intents, metavar="NAMES", help="as for listen")
    add("--url", type=kinds.url, help="gateway to connect to: wss://... or ws://...")
    add(
        "--compression",
        choices=("zlib-stream", "zstd-stream"),
        help="by default zstd-stream where this machine can compress it too",
    )
    add(
        "--shard",
        type=kinds.shard,
        default=ShardId(0, 1),
        dest="shard_id",
        metavar="NUMBER/TOTAL",
        help="which shard to be (0/1)",
    )
    add("--count", type=kinds.count, metavar="N", help="end after N dispatches")
    add("--duration", type=kinds.seconds, metavar="SECONDS", help="end after that many seconds")
    add("--anonymise", action="store_true", help="replace names, contents and ids")


def _add_replay(commands: _Commands) -> None:
    add = _add(
        commands, "replay", "be a gateway that says what a recording says", _REPLAY
    ).add_argument
    add("file", type=Path, metavar="FILE", help="a recording")
    add("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
    add(
        "--port",
        type=kinds.port,
        default=0,
        help="port to listen on; 0, the default, for a free one",
    )
    add(
        "--speed",
        type=kinds.speed,
        default=1.0,
        metavar="N",
        help="times faster than it was recorded (1), or max: as fast as the client takes it",
    )
    add(
        "--certificate",
        type=Path,
        metavar="PEM",
        help="file with a certificate and its key, for wss and https",
    )


def _add_bench(commands: _Commands) -> None:
    add = _add(commands, "bench", "measure the decoder on this machine", _BENCH).add_argument
    add("--recording", type=Path, metavar="FILE", help="decode a recording of `record`")
    add("--rounds", type=kinds.count, default=15, metavar="N", help="rounds to measure (15)")
    add("--json", action="store_true", help="print JSON instead of a table")
    add("--plot", type=Path, metavar="PNG", help="draw a chart, too")


class _Parser(argparse.ArgumentParser):
    """Complains in one line, without the usage before it."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"gateway-core: error: {message}\n")


if TYPE_CHECKING:
    _Commands: TypeAlias = argparse._SubParsersAction[_Parser]
