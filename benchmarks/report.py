"""One command for the figures: runs the benchmarks, prints ratios, writes JSON and a chart.

    python benchmarks/report.py [FOLDER]

writes ``benchmarks.json`` (pytest-benchmark's), ``benchmarks.md`` and ``benchmarks.png`` into
FOLDER (``docs/benchmarks`` by default).
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from gateway_core._bench.chart import chart
from gateway_core._bench.racing import Row, groups

CHARTED = (
    "decode zlib-stream, steady",
    "decode zlib-stream, startup",
    "decode zstd-stream, steady",
    "decode zstd-stream, startup",
    "loads, steady",
    "loads, startup",
    "end to end, CPU time of the client",
)


def markdown(document: dict[str, Any], rows: list[Row]) -> str:
    """Return the tables for the documentation."""
    info = document["machine_info"]
    versions = ", ".join(f"{name} {version}" for name, version in info["versions"].items())
    lines = [
        "# Benchmarks",
        "",
        f"Measured {document['datetime'][:10]} on {info['cpu'].get('brand_raw', 'an unknown CPU')}"
        f" with {versions}. Ratios of medians of interleaved rounds, CPU time; higher is faster.",
        "",
        *(f"- {text}" for text in info["streams"]),
    ]
    for group, members in groups(rows):
        lines += ["", f"| {group} | ratio | µs a message |", "|---|---:|---:|"]
        lines += [
            f"| {row['contestant']} | {row['ratio']:.2f} | {row['us_per_message']:.2f} |"
            for row in reversed(members)
        ]
    return "\n".join(lines) + "\n"


def main() -> int:
    import pytest

    here = Path(__file__).parent
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else here.parent / "docs" / "benchmarks"
    folder.mkdir(parents=True, exist_ok=True)
    result = folder / "benchmarks.json"
    files = [str(here / f"test_{name}.py") for name in ("decode", "inflate", "loads", "end_to_end")]
    code = pytest.main([*files, "-q", "--benchmark-columns=median", f"--benchmark-json={result}"])
    if code:
        return int(code)
    document = json.loads(result.read_text("utf-8"))
    rows: list[Row] = []
    for bench in document["benchmarks"]:
        rows.append(bench["extra_info"])
        bench["stats"].pop("data", None)
        bench.pop("options", None)
    info = document["machine_info"]
    document["machine_info"] = {
        "cpu": {name: info["cpu"].get(name) for name in ("brand_raw", "count", "arch")},
        "versions": info["versions"],
        "streams": info["streams"],
    }
    del document["commit_info"]
    result.write_text(json.dumps(document, indent=1) + "\n", "utf-8")
    (folder / "benchmarks.md").write_text(markdown(document, rows), "utf-8")
    chart([row for row in rows if row["group"] in CHARTED], folder / "benchmarks.png")
    print(f"wrote {result}, benchmarks.md and benchmarks.png beside it")
    return 0


if __name__ == "__main__":
    sys.exit(main())
