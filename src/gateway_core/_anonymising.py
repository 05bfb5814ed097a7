"""Replacing names, contents and ids by others of the same length and shape.

Algorithm: words (what stands between blanks and ASCII punctuation) are replaced as a whole, letter
by letter, with letters drawn from SHAKE-256 over a key and the word: the same word becomes the same
word everywhere, so that a compressor finds what it found before, and no letter stands for another
one, as in a puzzle. Ids are replaced digit by digit, each shifted by what a keyed hash makes of the
digits before it: ids stay apart, and those that share their first digits still do (a
prefix-preserving permutation: Xu, Fan, Ammar and Moon, "Prefix-Preserving IP Address
Anonymization", 2002).
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from hashlib import blake2b, shake_256
from typing import Final

__all__ = ["Anonymiser"]

_KEPT_KEYS: Final = frozenset(
    b"type features locale preferred_locale guild_locale user_locale rtc_region content_type "
    b"permissions permissions_new app_permissions allow deny".split()
)
_KEPT_VALUES: Final = frozenset({"online", "idle", "dnd", "offline", "invisible"})
"""What programs compare with, and what is nobody's name."""

_TIMESTAMP: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)?")
_PIECE: Final = re.compile(r"%[0-9A-Fa-f]{2}|https?:|a_(?=[0-9a-f]{16})|[^\s!-/:-@\[-`{-~]+")
"""An escaped byte of a URL, the beginning of one, that of an animated image's hash, or a word."""

_SHORTEST_ID: Final = 15
_LONGEST_ID: Final = 20
_HASH: Final = re.compile(r"[0-9a-f]{16,}")
_UNIT: Final = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.|.", re.DOTALL
)
"""What stands for one character in a string of JSON."""

# About as often as in English, so that texts compress about as well.
_LOWER: Final = "eeeeeeettttttaaaaaooooiiiiinnnnnssssrrrrhhhhlllddduuuccmmwwffggyyppbvkjxqz"
_SCRIPTS: Final = (
    (0x30, 0x39),  # digits
    (0xC0, 0xDE),  # Latin with accents, capital
    (0xDF, 0xFF),  # and small
    (0x100, 0x17F),
    (0x3B1, 0x3C9),  # Greek
    (0x410, 0x42F),  # Cyrillic, capital
    (0x430, 0x44F),  # and small
    (0x5D0, 0x5EA),  # Hebrew
    (0x620, 0x64A),  # Arabic
    (0x904, 0x939),  # Devanagari
    (0xE01, 0xE2E),  # Thai
    (0x3041, 0x3096),  # Hiragana
    (0x30A1, 0x30FA),  # Katakana
    (0x4E00, 0x9FFF),  # CJK
    (0xAC00, 0xD7A3),  # Hangul
    (0x20000, 0x2A6DF),  # CJK, rare
)
_BY_SIZE: Final = {2: (0x430, 0x44F), 3: (0x4E00, 0x9FFF), 4: (0x20000, 0x2A6DF)}
"""What letters of any other script become, by their bytes in UTF-8."""


class Anonymiser:
    """Gives each string its replacement, always the same one.

    Kept are: times, permissions, locales, names of types and features, statuses, blanks,
    punctuation, emoji, and the lengths of everything.

    Args:
        key: secret bytes on which everything depends. Who knows it can look for known ids and
            words.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key[:64]
        self._text = lru_cache(1 << 12)(self._make_text)
        self._word = lru_cache(1 << 16)(self._make_word)
        self._shift = lru_cache(1 << 16)(self._make_shift)
        self._id = lru_cache(1 << 16)(self._make_id)

    def string(self, key: bytes, text: bytes) -> bytes:
        """Replace a string.

        Args:
            key: the key under which it stands, as UTF-8.
            text: what stands between its quotes, escapes included.
        """
        if key in _KEPT_KEYS:
            return text
        if b"\\" not in text:
            return self._text(text.decode()).encode()
        units = _UNIT.findall(text.decode())
        # An escape that is not a letter's stays one character of no word.
        before: list[str] = [json.loads(f'"{unit}"', strict=False) for unit in units]
        after = self._text("".join(before))
        return "".join(
            unit if old == new else _as_unit(unit, new)
            for unit, old, new in zip(units, before, after, strict=True)
        ).encode()

    def number(self, text: bytes) -> bytes:
        """Replace a number if it is an id."""
        if _SHORTEST_ID <= len(text) <= _LONGEST_ID and text.isdigit():
            return self._id(text.decode()).encode()
        return text

    def _make_text(self, text: str) -> str:
        if text in _KEPT_VALUES or _TIMESTAMP.fullmatch(text):
            return text
        return _PIECE.sub(lambda match: self._word(match.group()), text)

    def _make_word(self, word: str) -> str:
        if word[0] == "%" or word[-1] in ":_":  # no word at all
            return word
        if word.isdecimal() and word.isascii() and _SHORTEST_ID <= len(word) <= _LONGEST_ID:
            return self._id(word)
        data = shake_256(self._key + word.encode("utf-8", "surrogatepass")).digest(3 * len(word))
        draws = [int.from_bytes(data[at : at + 3]) for at in range(0, len(data), 3)]
        if _HASH.fullmatch(word):
            return "".join("0123456789abcdef"[draw & 15] for draw in draws)
        return "".join(map(_draw, word, draws))

    def _make_id(self, digits: str) -> str:
        # The first digit stays: it must not be 0, nor make the id too large for 64 bits.
        return digits[0] + "".join(
            str((int(digit) + self._shift(digits[:place])) % 10)
            for place, digit in enumerate(digits[1:], 1)
        )

    def _make_shift(self, prefix: str) -> int:
        return int.from_bytes(blake2b(prefix.encode(), key=self._key, digest_size=4).digest()) % 10


def _draw(character: str, draw: int) -> str:
    if character == "0":  # a discriminator of 0 says that there is none
        return character
    letters = _alphabet(character)
    return letters[draw % len(letters)] if letters else character


@lru_cache(1 << 14)
def _alphabet(character: str) -> str:
    """Give what may stand for a character; nothing if it stays."""
    if not character.isalnum():
        return ""
    if character.isascii() and character.isalpha():
        return _LOWER if character.islower() else _LOWER.upper()
    code = ord(character)
    for script in _SCRIPTS:
        if script[0] <= code <= script[1]:
            return _letters(*script)
    return _letters(*_BY_SIZE[len(character.encode())])


@lru_cache
def _letters(first: int, last: int) -> str:
    return "".join(filter(str.isalnum, map(chr, range(first, last + 1))))


def _as_unit(unit: str, character: str) -> str:
    """Write a character as the one it replaces was written."""
    if not unit.startswith("\\u"):
        return character
    code = character.encode("utf-16-be").hex()
    return "".join(f"\\u{code[at : at + 4]}" for at in range(0, len(code), 4))
