"""Prints the ratios behind pytest-benchmark's tables, and puts versions into its JSON."""

from __future__ import annotations

from typing import Any

import pytest

from gateway_core._bench.contestants import versions
from gateway_core._bench.racing import Row, ratio_lines
from gateway_core._bench.streams import MIXES, stream


def pytest_benchmark_update_machine_info(config: pytest.Config, machine_info: Any) -> None:
    machine_info["versions"] = versions()
    machine_info["streams"] = [str(stream(mix)) for mix in MIXES]


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    session: Any = getattr(config, "_benchmarksession", None)
    measured: list[Row] = [
        bench.extra_info for bench in (session.benchmarks if session else []) if bench.extra_info
    ]
    if measured:
        terminalreporter.section("ratios of medians, interleaved (higher is faster)")
        terminalreporter.line(", ".join(f"{name} {what}" for name, what in versions().items()))
        for mix in MIXES:
            terminalreporter.line(str(stream(mix)))
        for line in ratio_lines(measured):
            terminalreporter.line(line)
