"""All Python in the documentation runs."""

from __future__ import annotations

from pathlib import Path

import pytest

import docs_code

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]
# Their own tests run what is in these.
ELSEWHERE = {"docs/recording.md", "docs/decoder.md", "docs/compat.md"}


def pages() -> list[Path]:
    return [
        page
        for page in PAGES
        if page.is_file()
        and page.relative_to(ROOT).as_posix() not in ELSEWHERE
        and docs_code.blocks(page)
    ]


@pytest.mark.timeout(120)
@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize(
    "page",
    pages(),
    ids=lambda page: page.relative_to(ROOT).as_posix(),
)
def test_the_page_runs(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prometheus = pytest.importorskip("prometheus_client") if page.stem == "metrics" else None
    if prometheus is not None:
        serve = prometheus.start_http_server
        monkeypatch.setattr(prometheus, "start_http_server", lambda _: serve(0))
        monkeypatch.setattr(prometheus, "REGISTRY", prometheus.CollectorRegistry())
    monkeypatch.chdir(tmp_path)
    namespace = docs_code.names()
    with docs_code.simulated(monkeypatch):
        for block in docs_code.blocks(page):
            if block.is_test:
                docs_code.run_test(block, tmp_path)
            else:
                docs_code.run(block, namespace)


def test_a_block_that_is_wrong_is_noticed(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("Text.\n\n```python\nx = 1\n```\n\n```python\nassert x == 2\n```\n")
    first, second = docs_code.blocks(page)
    assert (first.line, second.line) == (4, 8)
    namespace = docs_code.names()
    docs_code.run(first, namespace)
    with pytest.raises(AssertionError) as error:
        docs_code.run(second, namespace)
    assert error.traceback[-1].lineno == 7  # counted from 0


def test_there_are_pages_with_code() -> None:
    assert {page.stem for page in pages()} >= {"README", "tutorial", "sharding", "deploys", "types"}
