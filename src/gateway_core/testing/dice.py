"""Chances that follow from a seed, on every platform and every Python.

All are drawn with `random.Random.random`, the only method whose sequence Python promises to keep;
nothing goes through functions that round differently elsewhere (powers, logarithms, `sum`).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from random import Random
from typing import TypeVar

__all__ = ["Dice"]

T = TypeVar("T")

_ZIPF_STEPS = 1024


def _by_frequency(count: int) -> tuple[int, ...]:
    """Make a table in which index i stands as often as Zipf's law has the i-th word occur."""
    # accumulate(), for sum() rounds differently since Python 3.12
    upto = list(accumulate(1 / (rank + 2) for rank in range(count)))
    table: list[int] = []
    for index, reached in enumerate(upto):
        while len(table) < reached / upto[-1] * _ZIPF_STEPS:
            table.append(index)
    return tuple(table)


class Dice:
    """Chances that fall alike on every Python."""

    __slots__ = ("_tables", "random")

    def __init__(self, seed: int) -> None:
        self.random = Random(seed).random
        """A float from 0 up to 1."""
        self._tables: dict[int, tuple[int, ...]] = {}

    def below(self, limit: int) -> int:
        """Draw an integer from 0 up to but not including `limit`."""
        return int(self.random() * limit)

    def pick(self, choices: Sequence[T]) -> T:
        """Draw one of `choices`, all as likely."""
        return choices[int(self.random() * len(choices))]

    def word(self, choices: Sequence[T]) -> T:
        """Draw one of `choices`, the first ones most often."""
        table = self._tables.get(len(choices))
        if table is None:
            table = self._tables[len(choices)] = _by_frequency(len(choices))
        return choices[table[int(self.random() * len(table))]]

    def hex32(self) -> str:
        """Draw 32 hexadecimal digits, the form of Discord's image hashes."""
        draw = self.random
        return f"{int(draw() * 2**52):013x}{int(draw() * 2**52):013x}{int(draw() * 2**24):06x}"
