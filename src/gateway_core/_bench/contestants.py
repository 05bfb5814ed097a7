"""Who is measured: gateway-core, and the pairs of libraries that anyone could write a loop with.

A contestant takes the frames (or texts) of a whole stream and decodes them all, each message's
objects dropped before the next, as a bot that has handled an event does. Peers that are not
installed are left out.
"""

# ruff: noqa: B018 - results are dropped on purpose

from __future__ import annotations

import importlib
import importlib.metadata
import json
import sys
import zlib
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

import gateway_core

__all__ = [
    "FIELDS",
    "PARSERS",
    "ZLIB_INFLATERS",
    "ZSTD_INFLATERS",
    "Bytes",
    "Feed",
    "Ours",
    "Work",
    "inflating",
    "look_ups_in_dicts",
    "pairs",
    "parsing",
    "versions",
]

Bytes = tuple[bytes, ...]
Work = Callable[[Bytes], None]
Feed = Callable[[bytes], Any]

FIELDS = ("/author/id", "/content", "/channel_id")
"""What the benchmarks look up in a MESSAGE_CREATE."""


def _installed(module: str) -> Any:
    """Return a module, or None where it is not installed."""
    with suppress(ImportError):
        return importlib.import_module(module)
    return None


_orjson = _installed("orjson")
_msgspec = _installed("msgspec.json")
_zlib_ng = _installed("zlib_ng.zlib_ng")
_isal = _installed("isal.isal_zlib")
_zstandard = _installed("zstandard")
_zstd = _installed("compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd")

PARSERS: dict[str, Feed] = {
    "json": json.loads,
    **({"orjson": _orjson.loads} if _orjson else {}),
    **({"msgspec": _msgspec.decode} if _msgspec else {}),
}

ZLIB_INFLATERS: dict[str, Callable[[], Feed]] = {
    "zlib": lambda: zlib.decompressobj().decompress,
    **({"zlib-ng": lambda: _zlib_ng.decompressobj().decompress} if _zlib_ng else {}),
    **({"isal": lambda: _isal.decompressobj().decompress} if _isal else {}),
}

ZSTD_INFLATERS: dict[str, Callable[[], Feed]] = {
    **(
        {"zstandard": lambda: _zstandard.ZstdDecompressor().decompressobj().decompress}
        if _zstandard
        else {}
    ),
    **({"compression.zstd": lambda: _zstd.ZstdDecompressor().decompress} if _zstd else {}),
}


def versions() -> dict[str, str]:
    """Return the versions of everything that is measured."""
    found = {
        "CPython": sys.version.split()[0],
        "gateway-core": f"{gateway_core.__version__} ({gateway_core.backend()})",
        "zlib": zlib.ZLIB_RUNTIME_VERSION,
    }
    for package in (
        "zlib-ng",
        "isal",
        "zstandard",
        "backports.zstd",
        "orjson",
        "msgspec",
        "aiohttp",
    ):
        with suppress(importlib.metadata.PackageNotFoundError):
            found[package] = importlib.metadata.version(package)
    return found


def _each(make: Callable[[], Feed]) -> Work:
    def work(stream: Bytes) -> None:
        feed = make()
        for item in stream:
            feed(item)

    return work


def _pair(make: Callable[[], Feed], loads: Feed) -> Work:
    def work(frames: Bytes) -> None:
        inflate = make()
        for frame in frames:
            loads(inflate(frame))

    return work


def pairs(inflaters: dict[str, Callable[[], Feed]]) -> dict[str, Work]:
    """Return the loops of one library for inflating and one for JSON."""
    first = next(iter(inflaters))
    return {
        f"{inflater} + {parser}": _pair(make, loads)
        for inflater, make in inflaters.items()
        for parser, loads in PARSERS.items()
        if inflater == first or parser == "orjson"
    }


def inflating(inflaters: dict[str, Callable[[], Feed]]) -> dict[str, Work]:
    """Return the loops that only inflate."""
    return {name: _each(make) for name, make in inflaters.items()}


def parsing() -> dict[str, Work]:
    """Return the loops that only parse."""
    return {name: _each(partial(_itself, loads)) for name, loads in PARSERS.items()}


def _itself(feed: Feed) -> Feed:
    return feed


def look_ups_in_dicts(make: Callable[[], Feed], loads: Feed) -> Work:
    """Return a loop of two libraries that looks up `FIELDS` of each new message."""

    def work(frames: Bytes) -> None:
        inflate = make()
        for frame in frames:
            message = loads(inflate(frame))
            if message["t"] == "MESSAGE_CREATE":
                d = message["d"]
                d["author"]["id"], d["content"], d["channel_id"]

    return work


class Ours:
    """gateway-core's ways to decode, for one kind of decoder."""

    def __init__(self, decoder: Callable[..., Any]) -> None:
        self._decoder = decoder

    def built(self, frames: Bytes) -> None:
        """Build every `d`."""
        feed = self._decoder().feed
        for frame in frames:
            feed(frame).d

    def untouched(self, frames: Bytes) -> None:
        """Touch no `d`."""
        feed = self._decoder().feed
        for frame in frames:
            feed(frame)

    def unwanted(self, frames: Bytes) -> None:
        """Want nothing."""
        feed = self._decoder(wanted=()).feed
        for frame in frames:
            feed(frame)

    def one_wanted(self, frames: Bytes) -> None:
        """Build MESSAGE_CREATE, want nothing else."""
        feed = self._decoder(wanted={"MESSAGE_CREATE"}).feed
        for frame in frames:
            feed(frame).d

    def look_ups(self, frames: Bytes) -> None:
        """Look up `FIELDS` of each new message, want nothing else."""
        feed = self._decoder(wanted={"MESSAGE_CREATE"}).feed
        author, content, channel = FIELDS
        for frame in frames:
            payload = feed(frame)
            if payload.t == "MESSAGE_CREATE":
                at = payload.at
                at(author), at(content), at(channel)

    def everything(self) -> dict[str, Work]:
        """Return all ways that do for any stream."""
        return {
            "gateway-core, all built": self.built,
            "gateway-core, one kind wanted and built": self.one_wanted,
            "gateway-core, untouched": self.untouched,
            "gateway-core, unwanted": self.unwanted,
        }
