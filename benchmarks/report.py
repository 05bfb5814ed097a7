"""One command for the figures: runs the benchmarks, prints ratios, writes JSON and a chart.

    python benchmarks/report.py [FOLDER]

writes ``benchmarks.json`` (pytest-benchmark's), ``benchmarks.md`` and ``benchmarks.png`` into
FOLDER (``docs/benchmarks`` by default).
"""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

Row = dict[str, Any]

CHARTED = (
    "decode zlib-stream, steady",
    "decode zlib-stream, startup",
    "decode zstd-stream, steady",
    "decode zstd-stream, startup",
    "loads, steady",
    "loads, startup",
    "end to end, CPU time of the client",
)


def groups(rows: Iterable[Row]) -> Iterator[tuple[str, list[Row]]]:
    """Yield each group with its rows, the slowest first."""
    ordered = sorted(rows, key=lambda row: (row["group"], row["ratio"]))
    for group, members in itertools.groupby(ordered, key=lambda row: str(row["group"])):
        yield group, list(members)


def ratio_lines(rows: Iterable[Row]) -> Iterator[str]:
    """Yield the lines of a table for a terminal."""
    for group, members in groups(rows):
        yield ""
        yield f"{group} ({members[0]['baseline']} = 1.00)"
        for row in members:
            yield (
                f"  {row['contestant']:42} {row['ratio']:6.2f} x "
                f"{row['us_per_message']:10.2f} µs a message"
            )


def markdown(document: Row, rows: list[Row]) -> str:
    """Return the tables for the documentation."""
    info = document["machine_info"]
    versions = ", ".join(f"{name} {version}" for name, version in info["versions"].items())
    lines = [
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


def _is_ours(contestant: str) -> bool:
    return contestant.startswith(("gateway-core", "Shard"))


def chart(rows: list[Row], path: Path) -> None:
    """Draw the ratios as bars."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    found = [(group, members) for group, members in groups(rows) if group in CHARTED]
    figure, axes = pyplot.subplots(
        (len(found) + 1) // 2, 2, figsize=(13, 2.9 * ((len(found) + 1) // 2)), squeeze=False
    )
    for axis, (group, members) in zip(axes.flat, found, strict=False):
        ours = ["#5865f2" if _is_ours(row["contestant"]) else "#b9bbbe" for row in members]
        bars = axis.barh(
            [row["contestant"] for row in members], [row["ratio"] for row in members], color=ours
        )
        axis.bar_label(bars, fmt="%.2f", padding=3, fontsize=8)
        axis.axvline(1, color="black", linewidth=0.8)
        axis.set_title(f"{group} ({members[0]['baseline']} = 1)", fontsize=10)
        axis.tick_params(labelsize=8)
        axis.margins(x=0.12)
    for axis in list(axes.flat)[len(found) :]:
        axis.set_visible(False)
    figure.suptitle("times faster than the baseline (higher is better)", fontsize=11)
    figure.tight_layout()
    figure.savefig(path, dpi=110)


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
    rows = []
    for bench in document["benchmarks"]:
        rows.append({"group": bench["group"], **bench["extra_info"]})
        bench["stats"].pop("data", None)
    info = document["machine_info"]
    document["machine_info"] = {
        "cpu": {name: info["cpu"].get(name) for name in ("brand_raw", "count", "arch")},
        "versions": info["versions"],
        "streams": info["streams"],
    }
    del document["commit_info"]
    result.write_text(json.dumps(document, indent=1) + "\n", "utf-8")
    (folder / "benchmarks.md").write_text(markdown(document, rows), "utf-8")
    chart(rows, folder / "benchmarks.png")
    print(f"wrote {result}, benchmarks.md and benchmarks.png beside it")
    return 0


if __name__ == "__main__":
    sys.exit(main())
