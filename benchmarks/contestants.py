"""Who is measured: our decoder and the pairs of libraries that anyone could write a loop with.

A contestant takes the frames (or texts) of a whole stream and decodes them all, each message's
objects dropped before the next, as a bot that has handled an event does. A pair whose packages
are not installed is left out.
"""

from __future__ import annotations

import importlib
import json
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib.metadata import version
from typing import Any

import gateway_core

Work = Callable[[tuple[bytes, ...]], None]

BASELINE = "zlib + orjson"


def installed(module: str) -> Any | None:
    with suppress(ImportError):
        return importlib.import_module(module)
    return None


orjson = installed("orjson")
msgspec_json = installed("msgspec.json")
zlib_ng = installed("zlib_ng.zlib_ng")
isal_zlib = installed("isal.isal_zlib")


def versions() -> dict[str, str]:
    """Return the versions of everything that was measured."""
    packages = ("orjson", "msgspec", "zlib-ng", "isal")
    found = {"gateway-core": str(gateway_core.backend()), "zlib": zlib.ZLIB_RUNTIME_VERSION}
    for package in packages:
        with suppress(importlib.metadata.PackageNotFoundError):
            found[package] = version(package)
    return found


def parsers() -> dict[str, Callable[[bytes], Any]]:
    """Return the JSON parsers by name."""
    found: dict[str, Callable[[bytes], Any]] = {"json": json.loads}
    if orjson:
        found["orjson"] = orjson.loads
    if msgspec_json:
        found["msgspec"] = msgspec_json.decode
    return found


def inflaters() -> dict[str, Callable[[], Any]]:
    """Return makers of zlib decompressors by name."""
    found: dict[str, Callable[[], Any]] = {"zlib": zlib.decompressobj}
    if zlib_ng:
        found["zlib-ng"] = zlib_ng.decompressobj
    if isal_zlib:
        found["isal"] = isal_zlib.decompressobj
    return found


def pairs() -> Iterator[tuple[str, Work]]:
    """Yield the loops that decode with one library for zlib and one for JSON."""
    for inflater, make in inflaters().items():
        for parser, loads in parsers().items():
            if inflater == "zlib" or parser == "orjson":
                yield f"{inflater} + {parser}", _pair(make, loads)


def _pair(make: Callable[[], Any], loads: Callable[[bytes], Any]) -> Work:
    def work(frames: tuple[bytes, ...]) -> None:
        inflate = make().decompress
        for frame in frames:
            loads(inflate(frame))

    return work


def ours_built(frames: tuple[bytes, ...]) -> None:
    """Decode everything and build every `d`."""
    feed = gateway_core.ZlibStreamDecoder().feed
    for frame in frames:
        payload = feed(frame)
        assert payload is not None
        _ = payload.d


def ours_untouched(frames: tuple[bytes, ...]) -> None:
    """Decode everything and touch no `d`."""
    feed = gateway_core.ZlibStreamDecoder().feed
    for frame in frames:
        feed(frame)


def ours_unwanted(frames: tuple[bytes, ...]) -> None:
    """Decode a stream of which nothing is wanted."""
    feed = gateway_core.ZlibStreamDecoder(wanted=()).feed
    for frame in frames:
        feed(frame)
