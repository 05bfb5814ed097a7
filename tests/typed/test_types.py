"""Events as type checkers see them, and that Discord's own messages are what the types say."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypedDict, get_args, get_type_hints

import pytest

import gateway_core
from gateway_core import EventType, Payload, PlainDecoder
from gateway_core.dispatches import DISPATCHES
from gateway_core.typed import __all__ as exported
from gateway_core.typed import data, dispatches, typed

HERE = Path(__file__).parent
BOT = HERE / "bot.py"
SAMPLES = sorted((HERE.parent / "data" / "dispatches").glob("*.json"))
PACKAGES = Path(gateway_core.__file__).parent.parent
INSTALLED = PACKAGES.name == "site-packages"
ROOT = HERE.parent.parent
GENERATOR = ROOT / "tools" / "generate_typed.py"

# What comes in samples at the top of `d`, though Discord does not document it.
UNDOCUMENTED = {
    "READY": {
        *("_trace", "auth", "geo_ordered_rtc_regions", "guild_join_requests", "presences"),
        *("private_channels", "relationships", "session_type", "user_settings"),
    },
}


def marked() -> set[int]:
    """Lines of the bot that must be errors."""
    lines = BOT.read_text(encoding="utf-8").splitlines()
    return {number for number, line in enumerate(lines, 1) if line.endswith("# error")}


def mypy(folder: Path) -> list[int]:
    options = ["--strict", "--config-file=", "--hide-error-context", "--cache-dir=cache"]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *options, "bot.py"],
        cwd=folder,
        # What is installed is found by itself, and is not to be named.
        env=dict(os.environ) | ({} if INSTALLED else {"MYPYPATH": str(PACKAGES)}),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    errors = [line for line in done.stdout.splitlines() if ": error: " in line]
    assert all(line.startswith("bot.py:") for line in errors), done.stdout
    return [int(line.split(":")[1]) for line in errors]


def pyright(folder: Path) -> list[int]:
    settings = {
        "include": ["bot.py"],
        "extraPaths": [str(PACKAGES)],
        "typeCheckingMode": "strict",
        "pythonVersion": "3.11",
        "reportUnusedExpression": False,  # the bot's wrong lines are such
    }
    (folder / "pyrightconfig.json").write_text(json.dumps(settings), encoding="utf-8")
    done = subprocess.run(
        ["pyright", "--outputjson", "--pythonpath", sys.executable],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    found = json.loads(done.stdout)["generalDiagnostics"]
    assert all(Path(one["file"]).name == "bot.py" for one in found), found
    return [one["range"]["start"]["line"] + 1 for one in found if one["severity"] == "error"]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("checker", [mypy, pyright])
def test_right_lines_pass_and_wrong_lines_do_not(
    checker: Callable[[Path], list[int]], tmp_path: Path
) -> None:
    there = (
        importlib.util.find_spec("mypy") if checker is mypy else shutil.which("pyright")
    ) is not None
    if not there:
        pytest.skip(f"{checker.__name__} is not installed")
    shutil.copy(BOT, tmp_path)
    assert len(marked()) == 10
    assert set(checker(tmp_path)) == marked()


def test_every_documented_dispatch_is_there() -> None:
    assert set(data.DATA) == set(DISPATCHES)
    assert get_args(dispatches.DispatchName) == tuple(EventType)
    classes = {event.title().replace("_", "") for event in EventType}
    assert set(dispatches.__all__) == {*classes, "Dispatch", "DispatchName"}


@pytest.mark.skipif(
    not (GENERATOR.is_file() and (ROOT / "src").is_dir()), reason="the sources are not here"
)
def test_the_generated_file_is_current() -> None:
    subprocess.run([sys.executable, str(GENERATOR), "--check"], check=True)


def test_nothing_of_it_is_there_when_a_program_runs() -> None:
    for name in exported:
        if name not in {"DispatchName", "Envelope", "typed"}:
            assert getattr(gateway_core.typed, name) is Payload
    payload = PlainDecoder().feed('{"t":"RESUMED","s":1,"op":0,"d":{}}')
    assert payload is not None
    assert typed(payload) is payload


def resolved(kind: Any) -> Any:
    """Give the same type, its annotations resolved.

    msgspec 0.22 looks for what a TypedDict of another module passes on in the wrong one, on 3.14.
    """
    return TypedDict(kind.__name__, get_type_hints(kind, include_extras=True))  # type: ignore[operator]


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_samples_are_what_the_types_say(path: Path) -> None:
    msgspec = pytest.importorskip("msgspec")
    kind = data.DATA[path.stem]
    for message in json.loads(path.read_text(encoding="utf-8")):
        d: Any = message["d"]
        if kind is object:
            continue
        if path.stem == "GUILD_CREATE" and d.get("unavailable"):
            assert set(d) == {"id", "unavailable"}
            continue
        msgspec.convert(d, resolved(kind))
        assert set(d) - set(get_type_hints(kind)) <= UNDOCUMENTED.get(path.stem, set())


def test_samples_that_are_not_what_the_types_say_are_noticed() -> None:
    msgspec = pytest.importorskip("msgspec")
    path = SAMPLES[[path.stem for path in SAMPLES].index("MESSAGE_CREATE")]
    d = json.loads(path.read_text(encoding="utf-8"))[0]["d"]
    for wrong in ({**d, "content": None}, {**d, "author": {"id": "1"}}, {"id": "1"}):
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(wrong, resolved(data.DATA["MESSAGE_CREATE"]))
