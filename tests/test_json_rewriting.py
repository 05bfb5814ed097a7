"""Rewriting JSON text: what is asked for changes, every other byte stays."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gateway_core._json_rewriting import rewrite, unescape

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=30,
)  # fmt: skip


class Unchanged:
    """Asks for nothing, and notes what it sees."""

    def __init__(self) -> None:
        self.strings: list[tuple[list[bytes], bytes, bytes]] = []
        self.numbers: list[tuple[list[bytes], bytes, bytes]] = []

    def on_key(self, path: list[bytes], key: bytes) -> bytes:
        return key

    def on_string(self, path: list[bytes], key: bytes, text: bytes) -> bytes:
        self.strings.append((list(path), key, text))
        return text

    def on_number(self, path: list[bytes], key: bytes, text: bytes) -> bytes:
        self.numbers.append((list(path), key, text))
        return text


class Marking(Unchanged):
    def on_key(self, path: list[bytes], key: bytes) -> bytes:
        return key + b"!"

    def on_string(self, path: list[bytes], key: bytes, text: bytes) -> bytes:
        return b"<" + text + b">"

    def on_number(self, path: list[bytes], key: bytes, text: bytes) -> bytes:
        return text + b"0"


def marked(value: Any) -> Any:
    """What `Marking` makes of strings and keys, done to objects."""
    match value:
        case dict():
            return {key + "!": marked(inner) for key, inner in value.items()}
        case list():
            return [marked(inner) for inner in value]
        case str():
            return f"<{value}>"
    return value


@given(JSON, st.booleans(), st.sampled_from([None, 1, "\t"]))
def test_nothing_changes_by_itself(value: Any, ascii_only: bool, indent: Any) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent).encode("utf-8", "replace")
    assert rewrite(text, Unchanged()) == text


@given(JSON.map(lambda value: json.loads(json.dumps(value))))
def test_all_strings_and_keys_are_offered(value: Any) -> None:
    class Strings(Marking):
        def on_number(self, path: list[bytes], key: bytes, text: bytes) -> bytes:
            return text

    assert json.loads(rewrite(json.dumps(value).encode(), Strings())) == marked(value)


def test_numbers_are_offered() -> None:
    assert rewrite(b'{"a":1,"b":[-2.5e3,true]}', Marking()) == b'{"a!":10,"b!":[-2.5e30,true]}'


def test_keys_lead_to_each_value() -> None:
    seen = Unchanged()
    rewrite(b'{"t":"X","d":{"a":["p",{"b":"q"},"r"],"c":1,"\\u0065":{"f":"s"}}}', seen)
    assert seen.strings == [
        ([b""], b"t", b"X"),
        ([b"", b"d", b"a"], b"a", b"p"),
        ([b"", b"d", b"a", b"a"], b"b", b"q"),
        ([b"", b"d", b"a"], b"a", b"r"),
        ([b"", b"d", b"e"], b"f", b"s"),
    ]
    assert seen.numbers == [([b"", b"d"], b"c", b"1")]


@given(st.text())
def test_unescape_is_what_json_reads(text: str) -> None:
    raw = json.dumps(text).encode()[1:-1]
    assert unescape(raw) == text.encode("utf-8", "surrogatepass")
