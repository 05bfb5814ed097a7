"""Prints the ratios behind pytest-benchmark's tables."""

from __future__ import annotations

from typing import Any

import pytest

from contestants import versions
from streams import MIXES, stream


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    session: Any = getattr(config, "_benchmarksession", None)
    measured = [bench for bench in session.benchmarks if bench.extra_info] if session else []
    if not measured:
        return
    terminalreporter.section("ratios of medians, interleaved (higher is faster)")
    terminalreporter.line(", ".join(f"{name} {what}" for name, what in versions().items()))
    for mix in MIXES:
        terminalreporter.line(str(stream(mix)))
    group = None
    for bench in sorted(measured, key=lambda bench: (bench.group, bench.extra_info["ratio"])):
        if bench.group != group:
            group = bench.group
            terminalreporter.line("")
            terminalreporter.line(f"{group} ({bench.extra_info['baseline']} = 1.00)")
        name = bench.name.partition("[")[2].rpartition("-")[0]
        info = bench.extra_info
        terminalreporter.line(
            f"  {name:32} {info['ratio']:6.2f} x {info['us_per_message']:10.2f} µs a message"
        )
