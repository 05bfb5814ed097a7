"""Shard ids."""

from __future__ import annotations

from typing import Any

import pytest

from gateway_core.sharding import ShardId


def test_is_written_and_read_back() -> None:
    assert str(ShardId(3, 16)) == "3/16"
    assert ShardId.parse("3/16") == ShardId(3, 16)


@pytest.mark.parametrize("text", ["", "1", "1/", "/1", "a/b", "-1/2", "1/2/3", " 1/2", "2/2"])
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="shard"):
        ShardId.parse(text)


@pytest.mark.parametrize(("number", "total"), [(1, 1), (-1, 2), (0, 0), (0, -1)])
def test_out_of_range(number: int, total: int) -> None:
    with pytest.raises(ValueError, match="must be"):
        ShardId(number, total)


@pytest.mark.parametrize(("number", "total"), [("0", 1), (0, 1.0), (False, 1), (0, None)])
def test_wrong_types(number: Any, total: Any) -> None:
    with pytest.raises(TypeError, match="must be an int"):
        ShardId(number, total)


def test_are_ordered_and_hashable() -> None:
    assert sorted({ShardId(2, 3), ShardId(0, 3), ShardId(1, 3)}) == [
        ShardId(0, 3),
        ShardId(1, 3),
        ShardId(2, 3),
    ]


def test_serves_the_guilds_that_discord_routes_to_it() -> None:
    guild = 197038439483310086
    assert [number for number in range(16) if ShardId(number, 16).serves(guild)] == [2]
    assert ShardId(0, 1).serves(guild)
