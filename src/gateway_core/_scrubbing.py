"""Taking secrets out of gateway messages, and on request what people are called and have said.

A secret is the value of a key that holds one (``token``, ``session_id``, ...), wherever it stands,
and any string that is known to be one. Each becomes as many times the letter x.

Source:
    Discord documentation, "Gateway Events", sections "Ready" and "Voice Server Update";
    "Receiving and Responding", section "Interaction Structure"; RFC 8259.
"""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from ._anonymising import Anonymiser
from ._json_rewriting import rewrite, unescape
from .decoding import loads

__all__ = ["Scrubber"]

_NAMES: Final = (b"token", b"session_id", b"resume_gateway_url")
_ENDINGS: Final = tuple(name + b'"' for name in _NAMES)
_SECRET_KEY: Final = re.compile(rb"(?:.*[_-])?(?:%b)" % b"|".join(_NAMES), re.DOTALL)
# A quote inside of a string has a backslash before it, so that these match keys alone.
_MEMBER: Final = rb'(?<=["_-])(?:%b)"[ \t\r\n]*:[ \t\r\n]*' % b"|".join(_NAMES)
_SECRET_STRING: Final = re.compile(b"(" + _MEMBER + rb'")([^"\\]*(?:\\.[^"\\]*)*)', re.DOTALL)
_SECRET_HOLDER: Final = re.compile(_MEMBER + rb"[\[{]")
_SECRETS: Final = b"secrets"
_LETTER: Final = re.compile(rb"[0-9A-Za-z\x80-\xff]")
_SCHEME: Final = re.compile(rb"(?:wss?|https?)://")
_LONG: Final = 8
"""Bytes from which a known secret is looked for inside of strings; shorter ones must be all."""

_SESSIONS: Final = 8
"""Of how many sessions secrets are looked for; more would make every message slower for good."""

_ENVELOPE: Final = 1
"""Length of the path at which ``t`` is the name of the dispatch."""


class Scrubber:
    """Scrubs one message after another.

    Args:
        secrets: strings that must not be left anywhere, such as the bot's token.
        anonymiser: what replaces names, contents and ids; None for nobody.
    """

    def __init__(self, secrets: Iterable[str], anonymiser: Anonymiser | None) -> None:
        self._anonymiser = anonymiser
        self._lasting = _encoded(secrets)
        self._sessions: deque[frozenset[bytes]] = deque(maxlen=_SESSIONS)
        self._suspect = False
        """Whether there may be a known or hidden secret in the text at hand."""
        self._look_for_known()

    def __repr__(self) -> str:
        return f"<Scrubber of {len(self._known)} known secrets>"

    def add_session(self, secrets: Iterable[str]) -> None:
        """Look for the secrets of another session too, until eight more have begun."""
        self._sessions.append(_encoded(secrets))
        self._look_for_known()

    def _look_for_known(self) -> None:
        self._known = self._lasting.union(*self._sessions)
        known = [
            form if len(secret) >= _LONG else b'"%b"' % form
            for secret in self._known
            for form in {secret, _escaped(secret)}
        ]
        # Other escapes may hide a key or a secret.
        self._hints = (_SECRETS, rb"\u", rb"\/", *known)

    def scrub(self, text: bytes) -> bytes:
        """Give a message without secrets; every byte that is none stays as it is.

        Raises:
            JSONError: the text is malformed, so that nobody can say what is a secret in it.
        """
        has_names = any(name in text for name in _ENDINGS)
        self._suspect = any(hint in text for hint in self._hints) or (
            has_names and _SECRET_HOLDER.search(text) is not None
        )
        if self._suspect or self._anonymiser is not None:
            loads(text)
            return rewrite(text, self)
        if not has_names:
            return text
        loads(text)
        return _SECRET_STRING.sub(_blank_string, text)

    # Rewriter

    def on_key(self, path: list[bytes], key: bytes) -> bytes:
        """Replace a key that is a known secret, or an id."""
        if self._suspect and self._is_known(key):
            return _blank(key)
        if self._anonymiser is not None and key.isdigit():
            return self._anonymiser.number(key)
        return key

    def on_string(self, path: list[bytes], key: bytes, text: bytes) -> bytes:
        """Replace a secret, or what is somebody's."""
        if _is_secret_key(key) or (
            self._suspect and (any(map(_holds_secrets, path)) or self._is_known(text))
        ):
            return _blank(text)
        if self._anonymiser is None or (len(path) == _ENVELOPE and key == b"t"):
            return text
        return self._anonymiser.string(key, text)

    def on_number(self, path: list[bytes], key: bytes, text: bytes) -> bytes:
        """Replace an id."""
        return text if self._anonymiser is None else self._anonymiser.number(text)

    def _is_known(self, text: bytes) -> bool:
        if b"\\" in text:
            text = unescape(text)
        return any(
            text == known or (len(known) >= _LONG and known in text) for known in self._known
        )


@lru_cache(4096)
def _is_secret_key(key: bytes) -> bool:
    return _SECRET_KEY.fullmatch(key) is not None


def _holds_secrets(key: bytes) -> bool:
    return key == _SECRETS or _is_secret_key(key)


def _encoded(secrets: Iterable[str]) -> frozenset[bytes]:
    return frozenset(secret.encode("utf-8", "surrogatepass") for secret in secrets if secret)


def _escaped(secret: bytes) -> bytes:
    """Give a secret as it stands inside of a string, with the escapes that it needs there."""
    text = secret.decode("utf-8", "surrogatepass")
    return json.dumps(text, ensure_ascii=False)[1:-1].encode("utf-8", "surrogatepass")


def _blank_string(match: re.Match[bytes]) -> bytes:
    return match[1] + _blank(match[2])


def _blank(text: bytes) -> bytes:
    """Give as many bytes that say nothing; the beginning and the marks of a URL stay."""
    if b"\\" in text:
        return b"x" * len(text)
    scheme = _SCHEME.match(text)
    start = 0 if scheme is None else scheme.end()
    return text[:start] + _LETTER.sub(b"x", text[start:])
