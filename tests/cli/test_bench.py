"""``gateway-core bench``: a table, JSON and a chart of what was measured."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from gateway_core._bench import contestants
from gateway_core.cli import bench, main
from gateway_core.cli.arguments import BenchOptions, parse
from gateway_core.testing.traffic import Traffic, encode
from recording_driver import hello, record

pytestmark = pytest.mark.slow


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """A recording of some 100 events."""
    steady = Traffic(seed=2, guilds=2, members=10).steady()
    events = [(float(s), encode(0, s, *next(steady))) for s in range(1, 101)]
    return record(tmp_path / "mine.gwrec", [hello(), *events]).path


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def run(*arguments: str | Path) -> int:
    return main(["bench", *map(str, arguments)])


def test_options() -> None:
    assert parse(["bench"]) == BenchOptions(recording=None, rounds=15, json=False, plot=None)
    assert parse(
        ["bench", "--recording", "r", "--rounds", "3", "--json", "--plot", "p.png"]
    ) == BenchOptions(recording=Path("r"), rounds=3, json=True, plot=Path("p.png"))


def test_both_mixes_of_generated_traffic(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--rounds", "1", "--json") == 0
    results = json.loads(capsys.readouterr().out)["results"]
    assert {row["group"] for row in results} == {
        f"decode {compression}, {mix}"
        for compression in ("zlib-stream", "zstd-stream")
        for mix in ("steady", "startup")
    }


def test_json_of_a_recording(recording: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--rounds", "2", "--json", "--recording", recording) == 0
    output = capsys.readouterr()
    document = json.loads(output.out)
    assert output.err == ""
    assert document["rounds"] == 2
    assert document["streams"][0].startswith("mine.gwrec: 101 messages, median ")
    assert document["versions"]["CPython"] == sys.version.split()[0]
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in document["results"]:
        groups.setdefault(row["group"], []).append(row)
        assert row["us_per_message"] > 0
        assert row["ratio"] > 0
    assert set(groups) == {"decode zlib-stream, mine.gwrec", "decode zstd-stream, mine.gwrec"}
    for rows in groups.values():
        names = [row["contestant"] for row in rows]
        (baseline,) = {row["baseline"] for row in rows}
        assert {row["ratio"] for row in rows if row["contestant"] == baseline} == {1.0}
        assert sum(name.startswith("gateway-core") for name in names) == 4
        assert len(set(names)) == len(names) > 5
        own = next(row for row in rows if row["contestant"] == baseline)["us_per_message"]
        for row in rows:
            assert row["ratio"] == pytest.approx(own / row["us_per_message"], rel=0.01, abs=0.01)


def test_a_table_for_people(recording: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--rounds", "1", "--recording", recording) == 0
    out = capsys.readouterr().out
    assert "CPython " in out
    assert "decode zlib-stream, mine.gwrec (zlib + orjson = 1.00)" in out
    (line,) = (line for line in out.splitlines() if line.startswith("  zlib + orjson"))
    assert line.split()[3:5] == ["1.00", "x"]
    assert line.endswith(" µs a message")


def test_a_chart(recording: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("matplotlib")
    path = tmp_path / "chart.png"
    assert run("--rounds", "1", "--recording", recording, "--plot", path) == 0
    assert path.read_bytes().startswith(b"\x89PNG")
    assert f"drew {path}" in capsys.readouterr().err


def test_a_chart_without_matplotlib_is_refused_at_once(
    recording: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.delitem(sys.modules, "gateway_core._bench.chart", raising=False)
    assert run("--recording", recording, "--plot", tmp_path / "chart.png") == 1
    output = capsys.readouterr()
    assert output.err == ("gateway-core: error: a chart needs matplotlib: pip install matplotlib\n")
    assert output.out == ""


def test_only_the_standard_library_is_there(
    recording: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bench, "PARSERS", {"json": json.loads})
    monkeypatch.setattr(contestants, "PARSERS", {"json": json.loads})
    monkeypatch.setattr(bench, "ZLIB_INFLATERS", {"zlib": contestants.ZLIB_INFLATERS["zlib"]})
    monkeypatch.setattr(bench, "ZSTD_INFLATERS", {})
    assert run("--rounds", "1", "--recording", recording) == 0
    output = capsys.readouterr()
    assert "(zlib + json = 1.00)" in output.out
    assert "zstd" not in output.out.split("\n\n", 1)[1]
    assert "zstd-stream is left out" in output.err


@pytest.mark.parametrize("installed", [True, False])
def test_progress_where_a_person_watches(
    recording: Path, monkeypatch: pytest.MonkeyPatch, installed: bool
) -> None:
    if installed:
        pytest.importorskip("rich")
        monkeypatch.setenv("TERM", "xterm")
    else:
        monkeypatch.setitem(sys.modules, "rich.console", None)
        monkeypatch.setitem(sys.modules, "rich.progress", None)
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    assert run("--rounds", "1", "--recording", recording) == 0
    assert "measuring" in terminal.getvalue()
    if not installed:
        assert terminal.getvalue().endswith("\rmeasuring: 100 %\n")


@pytest.mark.parametrize(
    ("content", "complaint"),
    [(b"GIF89a", "is not a recording"), (None, "No such file or directory")],
)
def test_what_is_no_recording(
    tmp_path: Path, content: bytes | None, complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "r"
    if content is not None:
        path.write_bytes(content)
    assert run("--recording", path) == 1
    assert complaint in capsys.readouterr().err


def test_an_empty_recording(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--recording", record(tmp_path / "r", []).path) == 1
    assert "there is no message in" in capsys.readouterr().err


def test_needs_nothing_but_what_is_measured() -> None:
    """The command is there without rich, matplotlib and the peers."""
    code = (
        "import sys\n"
        "for name in ('rich', 'matplotlib', 'orjson', 'msgspec', 'zlib_ng', 'isal', 'zstandard'):\n"
        "    sys.modules[name] = None\n"
        "from gateway_core.cli import main\n"
        "sys.exit(main(['bench', '--rounds', '1', '--json']))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)["results"]
    assert {row["baseline"] for row in rows} <= {"zlib + json", "compression.zstd + json"}
