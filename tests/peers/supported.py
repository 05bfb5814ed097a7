"""Runs the tests of the drop-ins and writes what passed into the table of docs/compat.md.

    python tests/peers/supported.py

needs what ``pytest -m peers`` needs. Nothing is written when a test fails.
"""

from __future__ import annotations

import platform
import sys
from collections import Counter
from pathlib import Path
from typing import Any

TESTS = Path(__file__).parents[1]
PAGE = TESTS.parent / "docs" / "compat.md"

sys.path.insert(0, str(TESTS))

from peers.environments import ENVIRONMENTS, Environment  # noqa: E402

_BEGIN = "<!-- supported: written by tests/peers/supported.py -->"
_END = "<!-- end of supported -->"


def row(environment: Environment) -> str:
    """Return the cells that say what was tested."""
    library, *extras = environment.requirements
    name, version = library.split("==")
    return (
        f"| {name} | {version} | {', '.join(extras) or '-'} | {environment.compression} "
        f"| `compat.{environment.library}` |"
    )


def table(page: str) -> str:
    """Return the table that stands in the page."""
    return page.partition(_BEGIN)[2].partition(_END)[0].strip()


def render(passed: Counter[str]) -> str:
    """Return the table."""
    return "\n".join(
        [
            f"Tested on {platform.python_implementation()} {platform.python_version()}:",
            "",
            "| library | version | installed with | compression | drop-in | tests passed |",
            "|---|---|---|---|---|---:|",
            *(f"{row(each)} {passed[str(each)]} |" for each in ENVIRONMENTS),
        ]
    )


class Collector:
    """A plugin of pytest that counts, for each environment, the tests that passed."""

    def __init__(self) -> None:
        self.passed: Counter[str] = Counter()

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.when == "call" and report.passed:
            self.passed[report.nodeid.partition("[")[2].removesuffix("]")] += 1


def main() -> int:
    import pytest

    collector = Collector()
    tests = str(TESTS / "peers" / "test_dropins.py")
    code = pytest.main(["-q", "-m", "peers", "-p", "no:cacheprovider", tests], plugins=[collector])
    if code:
        return int(code)
    page = PAGE.read_text("utf-8")
    before, _, rest = page.partition(_BEGIN)
    after = rest.partition(_END)[2]
    text = f"{before}{_BEGIN}\n{render(collector.passed)}\n{_END}{after}"
    PAGE.write_text(text, "utf-8")
    print(f"wrote {PAGE}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
