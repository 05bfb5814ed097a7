"""Whether two backends agree: the same value, or an error of the same class."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gateway_core import DecodeError, InflateError, JSONError, MessageTooLarge

OUR_ERRORS = (DecodeError, InflateError, JSONError, MessageTooLarge)

BETWEEN_TEXTS = b"\xff\xfe"  # in no JSON text

# Up to here both must accept; between here and 1,024 the twin may refuse.
SURE_DEPTH = 500

_BRACKETS = re.compile(rb'[\[{]|[\]}]|"(?:[^"\\]|\\.)*+"?', re.DOTALL)


class Disagreement(AssertionError):
    """The backends differ, or one raised what it must not."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a call gave: a value, or an error."""

    value: Any = None
    error: Exception | None = None

    def __str__(self) -> str:
        return repr(self.value) if self.error is None else repr(self.error)


def outcome(
    call: Callable[..., Any], *arguments: Any, also: tuple[type[Exception], ...] = ()
) -> Outcome:
    """Call, and catch what may be raised: our own errors and some `also`, nothing else."""
    try:
        return Outcome(value=call(*arguments))
    except Exception as error:
        if type(error) not in (*OUR_ERRORS, *also):
            raise Disagreement(f"{type(error).__name__} must not be raised") from error
        return Outcome(error=error)


def same(ours: Any, theirs: Any) -> bool:
    """Equality that tells 1 from 1.0 and True, -0.0 from 0.0, and the order of keys."""
    waiting = [(ours, theirs)]
    while waiting:
        one, other = waiting.pop()
        if type(one) is not type(other):
            return False
        if isinstance(one, dict):
            if list(one) != list(other):
                return False
            waiting += zip(one.values(), other.values(), strict=True)
        elif isinstance(one, list):
            if len(one) != len(other):
                return False
            waiting += zip(one, other, strict=True)
        elif isinstance(one, float):
            if struct.pack("d", one) != struct.pack("d", other):
                return False
        elif one != other:
            return False
    return True


def depth_of(text: bytes) -> int:
    """Return how deep a text nests, roughly where it is not JSON."""
    depth = deepest = 0
    for piece in _BRACKETS.finditer(text):
        first = piece.group()[:1]
        if first in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif first in b"]}":
            depth -= 1
    return deepest


def agree(native: Outcome, twin: Outcome, text: bytes) -> bool:
    """Whether both gave the same; errors by class, and of JSON by message and place too."""
    if native.error is None and twin.error is None:
        return same(native.value, twin.value)
    if type(native.error) is not type(twin.error):
        refused = isinstance(twin.error, JSONError) and native.error is None
        return refused and depth_of(text) > SURE_DEPTH
    if isinstance(native.error, JSONError):
        return str(native.error) == str(twin.error) or depth_of(text) > SURE_DEPTH
    if isinstance(native.error, KeyError):
        return native.error.args == (twin.error.args if twin.error else None)
    return True


def check(native: Outcome, twin: Outcome, text: bytes, what: str) -> None:
    """Raise Disagreement unless both gave the same."""
    if not agree(native, twin, text):
        raise Disagreement(f"{what}: the extension gives {native}, its twin {twin}")
