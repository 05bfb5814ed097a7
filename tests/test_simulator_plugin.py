"""The pytest plugin, in a pytest of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

TESTS = """
import asyncio

import pytest

from gateway_core.testing import FakeGateway


async def test_it_runs(fake_gateway):
    assert isinstance(fake_gateway, FakeGateway)
    assert len(fake_gateway.guilds) == 3
    await asyncio.open_connection("127.0.0.1", fake_gateway.port)


@pytest.mark.fake_gateway(guilds=5, token="a token")
async def test_it_is_as_marked(fake_gateway):
    assert len(fake_gateway.guilds) == 5
    assert not fake_gateway.accepts_token("another")
"""


def run_pytest(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    (folder / "test_bot.py").write_text(TESTS)
    return subprocess.run(
        [sys.executable, "-m", "pytest", "--strict-markers", "-q", *arguments, "test_bot.py"],
        cwd=folder,
        env={
            **os.environ,
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "PYTEST_ADDOPTS": "",
            "PYTHONPATH": os.pathsep.join(filter(None, map(os.path.abspath, sys.path))),
        },
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_fixture_is_a_running_gateway(tmp_path: Path) -> None:
    plugins = ("-p", "pytest_asyncio.plugin", "-p", "gateway_core.testing.plugin")
    result = run_pytest(tmp_path, *plugins, "-o", "asyncio_mode=auto")
    assert "2 passed" in result.stdout, result.stdout + result.stderr


def test_the_plugin_does_not_burden_other_runs_of_pytest() -> None:
    code = "import sys, gateway_core.testing.plugin; print(*sys.modules)"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    loaded = set(result.stdout.split())
    assert "gateway_core.testing.plugin" in loaded
    assert not {"websockets", "gateway_core.testing.gateway"} & loaded
