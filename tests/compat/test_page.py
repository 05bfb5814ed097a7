"""docs/compat.md names the versions that the drop-ins support, and they are those that were run."""

from __future__ import annotations

from importlib import import_module
from types import SimpleNamespace

import pytest

import docs_code
from compat import standins
from peers.environments import ENVIRONMENTS
from peers.supported import PAGE, row, table


def test_the_table_is_of_what_is_supported_now() -> None:
    rows = [line for line in table(PAGE.read_text("utf-8")).splitlines() if "compat." in line]
    assert len(rows) == len(ENVIRONMENTS)
    for line, environment in zip(rows, ENVIRONMENTS, strict=True):
        assert line.startswith(row(environment)), "run python tests/peers/supported.py"
        passed = line.rstrip("| ").rpartition("|")[2]
        assert int(passed) >= 3


def test_every_supported_version_has_an_environment() -> None:
    for environment in ENVIRONMENTS:
        module = import_module(f"gateway_core.compat.{environment.library}")
        version = environment.requirements[0].partition("==")[2]
        assert version in module.SUPPORTED


def test_its_program_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    library = standins.discordpy(monkeypatch)
    tokens: list[str] = []
    namespace = {"client": SimpleNamespace(run=tokens.append), "token": "a token"}
    (block,) = docs_code.blocks(PAGE)
    untouched = library.gateway.DiscordWebSocket.received_message
    exec(compile(block.code, block.page, "exec"), namespace)
    assert library.gateway.DiscordWebSocket.received_message is not untouched
    assert tokens == ["a token"]
