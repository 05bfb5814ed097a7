"""The kinds of values on the command line: each function reads one, and says what is wrong with it.

What they raise is `argparse.ArgumentTypeError`.
"""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Iterable
from typing import Literal

from gateway_core.dispatches import DISPATCHES
from gateway_core.intents import Intents
from gateway_core.sharding import ShardId
from gateway_core.testing.faults import Fault
from gateway_core.urls import connection_url

__all__ = [
    "FAULT_NAMES",
    "MIXED",
    "count",
    "faults",
    "intents",
    "names",
    "port",
    "rate",
    "seconds",
    "shard",
    "shards",
    "size",
    "speed",
    "url",
]

FAULT_NAMES = [fault.name for fault in Fault]
MIXED = "MIXED"


def intents(text: str) -> Intents:
    """Read names of intents, or a number."""
    try:
        return Intents.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def names(text: str) -> frozenset[str]:
    """Read names of dispatches."""
    found = _split(text)
    if not found:
        raise argparse.ArgumentTypeError("no events given")
    for name in found:
        if name not in DISPATCHES:
            raise argparse.ArgumentTypeError(f"unknown event {name!r}{_hint(name, DISPATCHES)}")
    return frozenset(found)


def faults(text: str) -> tuple[Fault | None, ...]:
    """Read names of faults; None stands for mixed ones."""
    found = _split(text)
    if not found:
        raise argparse.ArgumentTypeError("no faults given")
    for name in found:
        if name not in Fault.__members__ and name != MIXED:
            raise argparse.ArgumentTypeError(f"unknown fault {name!r}{_hint(name, FAULT_NAMES)}")
    return tuple(None if name == MIXED else Fault[name] for name in found)


def _split(text: str) -> list[str]:
    return [name.strip().upper() for name in text.split(",") if name.strip()]


def _hint(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    return f"; did you mean {' or '.join(near)}?" if near else ""


def port(text: str) -> int:
    """Read a port."""
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port from 0 to 65535")
    return int(text)


def size(text: str) -> int:
    """Read a number of at least 0."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of at least 0")
    return int(text)


def rate(text: str) -> float:
    """Read a number of events a second; 0 for none."""
    return 0.0 if text.strip() == "0" else _positive(text, "number of events a second")


def count(text: str) -> int:
    """Read a number of at least 1."""
    try:
        value = int(text)
    except ValueError:
        value = 0
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of at least 1")
    return value


def shards(text: str) -> int | Literal["auto"]:
    """Read a number of shards, or auto."""
    if text == "auto":
        return "auto"
    try:
        return count(text)
    except argparse.ArgumentTypeError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is neither auto nor a number of shards"
        ) from None


def shard(text: str) -> ShardId:
    """Read a shard's number and the total of shards."""
    number, _, total = text.partition("/")
    try:
        return ShardId(int(number), int(total))
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a shard: 3/16 is the fourth of sixteen"
        ) from None


def speed(text: str) -> float | None:
    """Read how many times faster something shall happen; None for max."""
    return None if text.strip() == "max" else _positive(text, "speed; nor is it max")


def seconds(text: str) -> float:
    """Read a time."""
    return _positive(text, "number of seconds")


def _positive(text: str, what: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a positive {what}")
    return value


def url(text: str) -> str:
    """Read the URL of a gateway."""
    try:
        connection_url(text, None)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text
