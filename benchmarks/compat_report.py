"""One command for the figures of the drop-ins: measures and writes them into docs/compat.md.

    pip install '.[test,bench]' && python benchmarks/compat_report.py

``GATEWAY_CORE_PEERS`` names the folder of the libraries' environments, which are made when they are
not there; ``GATEWAY_CORE_BENCH_ROUNDS`` the rounds, of which a third is run.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).parents[1]
PAGE = CHECKOUT / "docs" / "compat.md"

_BEGIN = "<!-- figures: written by benchmarks/compat_report.py -->"
_END = "<!-- end of figures -->"


def render(document: dict[str, Any]) -> str:
    """Return the table: for each library two classes, each with two parts of the stream."""
    info = document["machine_info"]
    found: dict[tuple[str, str], dict[tuple[str, str], dict[str, Any]]] = {}
    for bench in document["benchmarks"]:
        row = bench["extra_info"]
        _, environment, what, mix = row["group"].split(", ")
        found.setdefault((environment, what), {})[mix, row["contestant"]] = row
    lines = [
        f"Measured {document['datetime'][:10]} on "
        f"{info['cpu'].get('brand_raw', 'an unknown CPU')}, "
        f"CPython {info['versions']['CPython']}, {info['versions']['gateway-core']}. "
        "µs of CPU time a message, without and with the drop-in; medians of interleaved rounds.",
        "",
        "| library | class | steady | | start-up | |",
        "|---|---|---:|---:|---:|---:|",
    ]
    for (environment, what), rows in found.items():
        cells = []
        for mix in ("steady", "startup"):
            without, ours = rows[mix, "without"], rows[mix, "with"]
            cells.append(f"{without['us_per_message']:,.1f} → {ours['us_per_message']:,.1f}")
            cells.append(f"{ours['ratio']:.2f} x")
        lines.append(f"| {environment.replace('+', ' + ')} | {what} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> int:
    import pytest

    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "benchmarks.json"
        benchmarks = str(CHECKOUT / "benchmarks" / "test_compat.py")
        options = ["-q", "--benchmark-columns=median", f"--benchmark-json={result}"]
        code = pytest.main([benchmarks, *options, *sys.argv[1:]])
        if code:
            return int(code)
        document = json.loads(result.read_text("utf-8"))
    page = PAGE.read_text("utf-8")
    before, _, rest = page.partition(_BEGIN)
    after = rest.partition(_END)[2]
    PAGE.write_text(f"{before}{_BEGIN}\n{render(document)}\n{_END}{after}", "utf-8")
    print(f"wrote {PAGE}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
