"""Replacing values inside JSON text while every other byte stays as it is.

Algorithm: one pass over the tokens of the text with a stack of the keys that lead to each value;
what is replaced is spliced in, everything between is copied. Parsing and writing anew would change
escapes, blanks and numbers, and with them the sizes.

Source: RFC 8259.
"""

from __future__ import annotations

import json
import re
from typing import Final, Protocol

__all__ = ["Rewriter", "rewrite", "unescape"]

# Keys keep their colon, which tells them from values.
_TOKEN: Final = re.compile(
    rb'"[^"\\]*(?:\\.[^"\\]*)*"(?:[ \t\r\n]*:)?|[{}\[\]]|-?[0-9][0-9.eE+-]*', re.DOTALL
)
_QUOTE, _COLON = b'":'
_OPENING, _CLOSING = b"{[", b"}]"


class Rewriter(Protocol):
    """Decides what becomes of each value.

    `path` holds the keys of the objects and arrays around, the outermost first; the message itself
    has the key ``b""``. What is given and returned stands between the quotes, escapes included.
    """

    def on_key(self, path: list[bytes], key: bytes, /) -> bytes:
        """Give what stands in place of a key."""

    def on_string(self, path: list[bytes], key: bytes, text: bytes, /) -> bytes:
        """Give what stands in place of a string; in an array, `key` is that of the array."""

    def on_number(self, path: list[bytes], key: bytes, text: bytes, /) -> bytes:
        """Give what stands in place of a number."""


def rewrite(text: bytes, rewriter: Rewriter) -> bytes:
    """Give a JSON text with its values as `rewriter` wants them.

    Args:
        text: sound JSON; what is not gives nonsense, or IndexError.
        rewriter: asked for every key, string and number, in order.
    """
    pieces: list[bytes] = []
    copied = 0
    path: list[bytes] = []
    key = b""
    for match in _TOKEN.finditer(text):
        token = match.group()
        first = token[0]
        if first in _OPENING:
            path.append(key)
            continue
        if first in _CLOSING:
            key = path.pop()
            continue
        start = match.start()
        if first != _QUOTE:
            old, new = token, rewriter.on_number(path, key, token)
        else:
            start += 1
            if token[-1] == _COLON:
                old = token[1 : token.rindex(b'"')]
                new = rewriter.on_key(path, old)
                key = unescape(old) if b"\\" in old else old
            else:
                old = token[1:-1]
                new = rewriter.on_string(path, key, old)
        if new is not old:
            pieces += text[copied:start], new
            copied = start + len(old)
    return b"".join((*pieces, text[copied:]))


def unescape(text: bytes) -> bytes:
    """Give a string of JSON as UTF-8, halves of surrogate pairs as they would be encoded."""
    value: str = json.loads(b'"%b"' % text, strict=False)
    return value.encode("utf-8", "surrogatepass")
