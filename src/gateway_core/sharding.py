"""Which shard a connection is, and in what state.

Source:
    Discord documentation, "Gateway", section "Sharding".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

__all__ = ["ShardBucket", "ShardId", "ShardRange", "ShardState"]


@dataclass(frozen=True, slots=True, order=True)
class ShardId:
    """One shard of a bot's total: `ShardId(0, 1)` is the only shard of an unsharded bot.

    ``str(ShardId(3, 16))`` is ``"3/16"``; `parse` reads it back.

    Attributes:
        number: the shard's number, from 0 to ``total - 1``.
        total: how many shards share the bot's guilds, at least 1.

    Raises:
        ValueError: the number is not below the total, or either is out of range.
        TypeError: either is not an integer.

    Source:
        Discord documentation, "Gateway", section "Sharding".
    """

    number: int
    total: int

    def __post_init__(self) -> None:
        for name in ("number", "total"):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool):
                raise TypeError(f"shard {name} must be an int, not {value!r}")
        if self.total < 1:
            raise ValueError(f"the total of shards must be at least 1, not {self.total}")
        if not 0 <= self.number < self.total:
            raise ValueError(
                f"shard number must be from 0 to {self.total - 1} (total - 1), not {self.number}"
            )

    def __str__(self) -> str:
        return f"{self.number}/{self.total}"

    @classmethod
    def parse(cls, text: str) -> ShardId:
        """Read ``"number/total"``, as `str` writes it.

        Raises:
            ValueError: the text has another form, or names no valid shard.
        """
        number, slash, total = text.partition("/")
        if not (slash and number.isdecimal() and total.isdecimal()):
            raise ValueError(f"a shard is written 'number/total', such as '0/1', not {text!r}")
        return cls(int(number), int(total))

    def serves(self, guild_id: int) -> bool:
        """Say whether the events of a guild come to this shard.

        Source:
            Discord documentation, "Gateway", section "Sharding", "Sharding Formula".
        """
        return (guild_id >> 22) % self.total == self.number


@dataclass(frozen=True, slots=True)
class ShardRange:
    """The shards from `first` up to but not including `stop`, of a total: one process's part.

    ``ShardRange(0, 16, 16)`` are all of 16 shards, ``ShardRange(0, 8, 16)`` the first half.

    Attributes:
        first: the first shard's number.
        stop: one more than the last shard's number.
        total: how many shards share the bot's guilds.

    Raises:
        ValueError: the range is empty or leaves the total.
        TypeError: a value is not an integer.

    Source:
        Discord documentation, "Gateway", section "Sharding".
    """

    first: int
    stop: int
    total: int

    def __post_init__(self) -> None:
        if not self.first < self.stop:
            raise ValueError(f"the range of shards {self.first} to {self.stop} is empty")
        ShardId(self.first, self.total)
        ShardId(self.stop - 1, self.total)

    def __iter__(self) -> Iterator[ShardId]:
        """Give the shards in order."""
        return (ShardId(number, self.total) for number in range(self.first, self.stop))


@dataclass(frozen=True, slots=True)
class ShardBucket:
    """Every `buckets`-th shard of a total, from number `bucket` on: one process's part.

    Where `buckets` is Discord's ``max_concurrency``, the shards of one bucket identify one after
    another, and the shards of different buckets need not know of each other.

    Attributes:
        bucket: the first shard's number, from 0 to ``buckets - 1``.
        buckets: how many buckets there are.
        total: how many shards share the bot's guilds.

    Raises:
        ValueError: a value is out of range, or the bucket holds no shard.
        TypeError: a value is not an integer.

    Source:
        Discord documentation, "Gateway", section "Sharding", "Max Concurrency".
    """

    bucket: int
    buckets: int
    total: int

    def __post_init__(self) -> None:
        if not 0 <= self.bucket < self.buckets:
            raise ValueError(
                f"bucket must be from 0 to {self.buckets - 1} (buckets - 1), not {self.bucket}"
            )
        ShardId(self.bucket, self.total)

    def __iter__(self) -> Iterator[ShardId]:
        """Give the shards in order."""
        numbers = range(self.bucket, self.total, self.buckets)
        return (ShardId(number, self.total) for number in numbers)


class ShardState(Enum):
    """Where a shard's connection stands. `gateway_core.transitions` tells how it moves."""

    IDLE = "idle"
    """Made, not started."""
    CONNECTING = "connecting"
    """A websocket connection has been asked for."""
    AWAITING_HELLO = "awaiting hello"
    """Connected; Discord speaks first."""
    AWAITING_PERMIT = "awaiting permit"
    """Heartbeats go out; it is not yet this shard's turn to identify."""
    IDENTIFYING = "identifying"
    """Identify is sent; READY is to come."""
    RESUMING = "resuming"
    """Resume is sent; missed events come, then RESUMED."""
    ACTIVE = "active"
    """Events come and commands go."""
    CLOSING = "closing"
    """A close frame is sent; when the connection has ended, a new one is made."""
    WAITING = "waiting"
    """No connection; the next attempt comes after a delay."""
    STOPPING = "stopping"
    """A close frame is sent, for good."""
    CLOSED = "closed"
    """Over, because the user asked for it."""
    FATALLY_CLOSED = "fatally closed"
    """Over, because Discord refuses this shard; a person must change something."""
