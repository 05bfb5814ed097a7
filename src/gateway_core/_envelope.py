"""Reading `op`, `s` and `t` from the head of a message without parsing the rest.

Discord writes ``{"t":...,"s":...,"op":...,"d":...}``; one regular expression reads that. The
general path serves every other order, white space and escapes, and says what is wrong with the
rest. The extension reads ordinary heads by itself and leaves the odd ones to this module, so that
both backends agree.
"""

from __future__ import annotations

import json
import re

from .errors import DecodeError, JSONError

__all__ = ["UTF8_BOM", "Head", "json_error", "read_head"]

Head = tuple[int, int | None, str | None]

UTF8_BOM = b"\xef\xbb\xbf"

_USUAL_HEAD = re.compile(
    rb'\{"t":(?:null|"([A-Z0-9_]+)"),"s":(?:null|(0|[1-9][0-9]{0,17})),"op":(0|[1-9][0-9]{0,17})[,}]'
)
_SPACE = re.compile(rb"[ \t\n\r]*")
_STRING = re.compile(rb'"[^"\\\x00-\x1f]*(?:\\.[^"\\\x00-\x1f]*)*"')
_INTEGER = re.compile(rb"-?(?:0|[1-9][0-9]*)")
_SCALAR = re.compile(rb'[^ \t\n\r,:\[\]{}"]+')
_STRUCTURE = re.compile(rb'[\[{]|[\]}]|"[^"\\]*(?:\\.[^"\\]*)*"?', re.DOTALL)


def read_head(text: bytes) -> Head:
    """Return ``(op, s, t)`` of a message, the first of duplicate keys.

    Raises DecodeError for an envelope that is no object, lacks `op` or has an `op`, `s` or `t` of
    a wrong type, and JSONError where the text stops being JSON before all three are found.
    """
    usual = _USUAL_HEAD.match(text)
    if usual:
        t, s, op = usual.groups()
        return int(op), None if s is None else int(s), None if t is None else t.decode("ascii")
    return _read_any_head(text)


def _read_any_head(text: bytes) -> Head:
    found: dict[str, object] = {}
    at = _skip_space(text, len(UTF8_BOM) if text.startswith(UTF8_BOM) else 0)
    if at == len(text):
        raise json_error("the message is empty", text, at)
    if text[at : at + 1] != b"{":
        raise DecodeError(
            f"the envelope is not a JSON object: the message starts with {text[at : at + 12]!r}"
        )
    at = _skip_space(text, at + 1)
    if text[at : at + 1] == b"}":
        raise DecodeError("the envelope has no op")
    while True:
        key, at = _read_string(text, at)
        at = _expect(text, _skip_space(text, at), b":", "Expecting ':' delimiter")
        at = _skip_space(text, at)
        if key not in ("op", "s", "t") or key in found:
            at = _skip_value(text, at)
        else:
            found[key], at = _read_envelope_value(text, at, key)
            if len(found) == 3:
                break
        at = _skip_space(text, at)
        if text[at : at + 1] == b"}":
            break
        at = _skip_space(text, _expect(text, at, b",", "Expecting ',' delimiter"))
    op, s, t = found.get("op"), found.get("s"), found.get("t")
    if "op" not in found:
        raise DecodeError("the envelope has no op")
    if not isinstance(op, int):
        raise DecodeError("the envelope's op is not an integer")
    if not (s is None or isinstance(s, int)):
        raise DecodeError("the envelope's s is neither an integer nor null")
    if not (t is None or isinstance(t, str)):
        raise DecodeError("the envelope's t is neither a string nor null")
    return op, s, t


class _WrongType:
    """Stands for a value that none of op, s and t may have."""


def _read_envelope_value(text: bytes, at: int, key: str) -> tuple[object, int]:
    if text[at : at + 1] == b'"':
        return _read_string(text, at)
    scalar = _SCALAR.match(text, at)
    if scalar is None:
        return _WrongType(), _skip_value(text, at)
    token = scalar.group()
    if token == b"null":
        return None, scalar.end()
    if _INTEGER.fullmatch(token):
        try:
            return int(token), scalar.end()
        except ValueError as error:  # more digits than the interpreter converts
            raise json_error(f"the envelope's {key}: {error}", text, at) from None
    return _WrongType(), _skip_value(text, at)


def _read_string(text: bytes, at: int) -> tuple[str, int]:
    string = _STRING.match(text, at)
    if string is None:
        raise json_error("Expecting a string", text, at)
    try:
        value = json.loads(string.group().decode("utf-8"))
    except UnicodeDecodeError:
        raise json_error("text is not UTF-8", text, at) from None
    except json.JSONDecodeError as error:
        raise json_error(error.msg, text, at + error.pos) from None
    assert isinstance(value, str)
    return value, string.end()


def _skip_value(text: bytes, at: int) -> int:
    """Return the end of the value at `at`, trusting that brackets match: `d` is checked later."""
    scalar = _SCALAR.match(text, at)
    if scalar:
        return scalar.end()
    depth = 0
    for piece in _STRUCTURE.finditer(text, at):
        if depth == 0 and piece.start() != at:
            break
        first = text[piece.start()]
        if first in b"[{":
            depth += 1
        elif first in b"]}":
            depth -= 1
        if depth <= 0:
            return piece.end()
    raise json_error("Expecting value", text, at)


def _skip_space(text: bytes, at: int) -> int:
    space = _SPACE.match(text, at)
    assert space is not None
    return space.end()


def _expect(text: bytes, at: int, token: bytes, message: str) -> int:
    if text[at : at + 1] != token:
        raise json_error(message, text, at)
    return at + 1


def json_error(message: str, text: bytes, at: int) -> JSONError:
    """Return a JSONError for byte `at` of a text, in the characters that its attributes count."""
    return JSONError(
        message, text.decode("utf-8", "replace"), len(text[:at].decode("utf-8", "replace"))
    )
