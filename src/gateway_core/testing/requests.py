"""The data of what clients send, checked field by field as Discord describes it.

Source: Discord documentation, "Gateway Events", section "Send Events".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

__all__ = ["Identify", "Malformed", "Resume", "member", "snowflake"]

T = TypeVar("T")


class Malformed(Exception):
    """The data of a message is not what its opcode asks for."""


def member(data: Any, name: str, kind: type[T], default: Any = ...) -> T:
    """Return a field of an object, of one JSON type; a missing one needs a `default`."""
    if not isinstance(data, dict):
        raise Malformed(f"an object is needed, not {type(data).__name__}")
    value = data.get(name, default)
    if value is ...:
        raise Malformed(f"{name} is missing")
    if value is default:
        return value  # type: ignore[no-any-return]
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise Malformed(f"{name} must be {kind.__name__}, not {type(value).__name__}")
    return value


def snowflake(value: Any) -> int:
    """Return an id, given as a string or as a number."""
    if isinstance(value, str) and value.isdecimal():
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise Malformed(f"an id is needed, not {value!r:.40}")


def _shard(value: Sequence[Any]) -> tuple[int, int]:
    if len(value) != 2 or not all(type(number) is int for number in value):
        raise Malformed("shard must be two integers")
    return value[0], value[1]


@dataclass(frozen=True, slots=True)
class Identify:
    """The data of an Identify."""

    token: str = field(repr=False)
    shard: tuple[int, int]
    intents: int | None
    compress: bool
    large_threshold: int
    presence: dict[str, Any] | None

    @classmethod
    def parse(cls, data: Any) -> Identify:
        """Read the data of an Identify.

        Raises:
            Malformed: a field is missing or is not what it should be.
        """
        member(data, "properties", dict)
        large_threshold = member(data, "large_threshold", int, 50)
        if not 50 <= large_threshold <= 250:
            raise Malformed("large_threshold must be between 50 and 250")
        return cls(
            token=member(data, "token", str),
            shard=_shard(member(data, "shard", list, (0, 1))),
            intents=member(data, "intents", int, None),
            compress=member(data, "compress", bool, False),
            large_threshold=large_threshold,
            presence=member(data, "presence", dict, None),
        )


@dataclass(frozen=True, slots=True)
class Resume:
    """The data of a Resume."""

    token: str = field(repr=False)
    session_id: str
    sequence: int

    @classmethod
    def parse(cls, data: Any) -> Resume:
        """Read the data of a Resume.

        Raises:
            Malformed: a field is missing or is not what it should be.
        """
        return cls(
            token=member(data, "token", str),
            session_id=member(data, "session_id", str),
            sequence=member(data, "seq", int),
        )
