"""Serving: what becomes of the simulator's log."""

from __future__ import annotations

import logging

import pytest

from gateway_core.cli import serving
from gateway_core.cli.serving import _Diary

LOG = logging.getLogger("gateway_core.testing")


async def taken(diary: _Diary, count: int) -> list[str]:
    """Take lines, without their times."""
    return [(await diary.line()).partition(" ")[2] for _ in range(count)]


async def test_lines_that_nobody_takes_are_left_out_and_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(serving, "_MOST_LINES", 3)
    diary = _Diary()
    with diary.kept():
        for number in range(5):
            LOG.info("line %d", number)
        assert await taken(diary, 2) == ["line 0", "line 1"]
        # There is room again, but this line must not come before word of those that are missing.
        LOG.info("line 5")
        assert await taken(diary, 1) == ["line 2"]
        assert await diary.line() == "(3 lines were left out: the reader is too slow)"
        LOG.info("line 6")
        assert await taken(diary, 1) == ["line 6"]


@pytest.mark.parametrize("level", [logging.NOTSET, logging.WARNING])
def test_the_logger_is_left_as_it_was(level: int) -> None:
    before = LOG.level
    LOG.setLevel(level)
    handlers = list(LOG.handlers)
    try:
        with _Diary().kept():
            assert LOG.isEnabledFor(logging.INFO)
        assert LOG.level == level
        assert LOG.handlers == handlers
    finally:
        LOG.setLevel(before)
