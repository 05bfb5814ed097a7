"""The time in which the simulated world lives, and the ids and timestamps that come of it.

Source:
    Discord documentation, "API Reference", sections "Snowflakes" and "ISO8601 Date/Time".
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from gateway_core.testing.dice import Dice

__all__ = ["BIRTH", "DAY", "DISCORD_EPOCH", "iso", "past_snowflake", "snowflake_at"]

DISCORD_EPOCH = 1_420_070_400_000
"""Unix time, in milliseconds, from which snowflakes count."""
BIRTH = 1_767_225_600_000
"""Unix time, in milliseconds, at which every world starts: 2026-01-01."""
DAY = 86_400_000
"""Milliseconds."""

_START = datetime(2026, 1, 1, tzinfo=UTC)


def iso(ms: int) -> str:
    """Write a Unix time in milliseconds as Discord writes timestamps."""
    return (_START + timedelta(milliseconds=ms - BIRTH)).isoformat(timespec="microseconds")


def snowflake_at(dice: Dice, ms: int) -> str:
    """Make an id of a Unix time in milliseconds."""
    return str((ms - DISCORD_EPOCH) << 22 | dice.below(1 << 12))


def past_snowflake(dice: Dice, days: int, *, until: int = 0) -> str:
    """Make an id of some moment between `days` and `until` days before the world's birth."""
    return snowflake_at(dice, BIRTH - 1 - until * DAY - dice.below((days - until) * DAY))
