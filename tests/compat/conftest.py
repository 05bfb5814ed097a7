"""Leaves no drop-in installed behind a test."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module

import pytest

NAMES = ("discordpy", "disnake", "nextcord", "pycord", "hikari", "interactions")


@pytest.fixture(autouse=True)
def _uninstalled() -> Iterator[None]:
    yield
    for name in NAMES:
        import_module(f"gateway_core.compat.{name}").uninstall()
