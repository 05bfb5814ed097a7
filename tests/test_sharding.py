"""Shard ids."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from gateway_core.sharding import ShardBucket, ShardId, ShardRange


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


class TestParts:
    def test_a_range(self) -> None:
        assert list(ShardRange(2, 5, 16)) == [ShardId(2, 16), ShardId(3, 16), ShardId(4, 16)]
        assert len(list(ShardRange(0, 16, 16))) == 16

    def test_a_bucket(self) -> None:
        assert [shard.number for shard in ShardBucket(1, 4, 10)] == [1, 5, 9]
        assert {shard.total for shard in ShardBucket(1, 4, 10)} == {10}

    def test_all_buckets_together_are_all_shards(self) -> None:
        shards = [shard for bucket in range(3) for shard in ShardBucket(bucket, 3, 10)]
        assert sorted(shards) == list(ShardRange(0, 10, 10))

    @pytest.mark.parametrize(
        "make",
        [
            lambda: ShardRange(1, 1, 4),
            lambda: ShardRange(2, 1, 4),
            lambda: ShardRange(0, 5, 4),
            lambda: ShardRange(-1, 2, 4),
            lambda: ShardBucket(4, 4, 16),
            lambda: ShardBucket(-1, 4, 16),
            lambda: ShardBucket(3, 4, 3),
        ],
    )
    def test_out_of_range(self, make: Callable[[], object]) -> None:
        with pytest.raises(ValueError, match=r"empty|must be"):
            make()
