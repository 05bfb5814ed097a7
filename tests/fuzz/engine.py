"""Runs a target under atheris: ``python -m fuzz.engine loads|feed|frames [libFuzzer's arguments]``.

Works in a Python started as `run` starts it: the sanitizers' runtime preloaded, Python's own
allocator replaced by malloc, so that a read one byte behind a bytes object is seen.
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import sys
import time
import zlib
from typing import Any

from fuzz.agreement import Disagreement

atheris: Any = importlib.import_module("atheris")

LEAK_CHECKED = 8192  # one input in so many
QUICK = 0.005  # seconds: what takes longer is not repeated
REPEATS = 256  # makes a leak larger than what the interpreter's free lists take and give

allocated = ctypes.CDLL(None)["__sanitizer_get_current_allocated_bytes"]
allocated.restype = ctypes.c_size_t


def check_leaks(run: Any, data: bytes) -> None:
    """Raise Disagreement where repetitions of one input leave memory behind again and again."""

    def growth() -> int:
        for _ in range(REPEATS):
            run(data)
        gc.collect()
        before = allocated()
        for _ in range(REPEATS):
            run(data)
        gc.collect()
        return int(allocated() - before)

    if all(growth() >= REPEATS * 16 for _ in range(4)):
        raise Disagreement(f"{REPEATS} repetitions leave {growth()} bytes")


def main() -> None:
    """Fuzz until an argument of libFuzzer's or a finding ends it."""
    name = sys.argv.pop(1)
    with atheris.instrument_imports(
        include=["gateway_core._purepath", "gateway_core._envelope", "gateway_core.errors"]
    ):
        target = importlib.import_module(f"fuzz.fuzz_{name}")

    def run(data: bytes) -> None:
        start = time.perf_counter()
        target.run(data)
        quick = time.perf_counter() - start < QUICK
        if quick and zlib.crc32(data) % LEAK_CHECKED == 0:
            check_leaks(target.run, data)

    atheris.Setup(sys.argv, run)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
