"""`loads` means what `json.loads` means, but for the refusals that are documented."""

from __future__ import annotations

import json
import math
import struct
import threading
from contextlib import suppress
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decoding.backends import BACKENDS, cpython
from gateway_core import DecodeError, GatewayError, JSONError


def same(ours: Any, theirs: Any) -> bool:
    """Equality that tells 1 from 1.0 and True, -0.0 from 0.0, and the order of keys."""
    if type(ours) is not type(theirs):
        return False
    if isinstance(ours, dict):
        return list(ours) == list(theirs) and all(same(ours[k], theirs[k]) for k in ours)
    if isinstance(ours, list):
        return len(ours) == len(theirs) and all(map(same, ours, theirs))
    if isinstance(ours, float):
        return struct.pack("d", ours) == struct.pack("d", theirs)
    return bool(ours == theirs)


class ConstantError(ValueError):
    """NaN, Infinity or -Infinity."""


def referee(text: bytes) -> Any:
    """json.loads with the documented refusals; raises ValueError."""

    def refuse(name: str) -> None:
        raise ConstantError(name)

    return json.loads(text.decode("utf-8-sig"), parse_constant=refuse)


ACCEPTED = [
    b"null",
    b"true",
    b"false",
    b" \t\r\n[ ] \n",
    b"{}",
    b'{ "a" : [ 1 , 2 ] , "b" : { } }',
    b'""',
    b'{"":1}',
    b'{"a":1,"b":2,"a":3}',
    b'{"a":{"a":{"a":[]}}}',
    b'[[],{},"",0,null]',
    b"0",
    b"-0",
    b"-0.0",
    b"0.0",
    b"-1",
    b"9007199254740993",
    b"9223372036854775807",
    b"9223372036854775808",
    b"-9223372036854775808",
    b"-9223372036854775809",
    b"18446744073709551615",
    b"18446744073709551616",
    b"1e5",
    b"1E+5",
    b"1e-5",
    b"1.5e300",
    b"1e400",
    b"-1e400",
    b"1e-400",
    b"0e0",
    b"0e999999999999",
    b"1e-999999999999999999999",
    b"4.9406564584124654e-324",
    b"2.2250738585072014e-308",
    b"2.2250738585072011e-308",
    b"1.7976931348623157e308",
    b"9007199254740992.5",
    b"0.1",
    b"0.30000000000000004",
    b"123456789012345678901234567890.123456789e-10",
    b"1.00000000000000011102230246251565",
    b"1.00000000000000011102230246251566",
    b"8.5e22",
    b"9e22",
    b"1e23",
    b'"\\"\\\\\\/\\b\\f\\n\\r\\t"',
    b'"\\u0000\\u0041\\u00e9\\u20ac\\uFFFF"',
    b'"\\ud83d\\ude00"',
    b'"\\uD83D"',
    b'"\\uDE00\\uD83D"',
    b'"\\ud83d\\ud83d\\ude00"',
    b'"\\ud83dx\\ude00"',
    b'"a\\ud800"',
    b'"\\ud800\\u0041"',
    b'{"\\u0061":1,"a":2}',
    b'{"\\ud800":1}',
    b'"\x7f"',
    '"é ñ ß"'.encode(),
    '"Привет, мир"'.encode(),
    '"日本語のテキスト"'.encode(),
    '"👋🏽 mixed é 日"'.encode(),
    '"a long line of plain text with one \\n escape and é"'.encode(),
    '{"ключ":"значение"}'.encode(),
    "\ufeff[1]".encode(),
    '"\u2028\u2029\ufeff"'.encode(),
    b'["' + b"x" * 7 + b'","' + b"x" * 8 + b'","' + b"x" * 9 + b'"]',
]

REFUSED = [
    b"",
    b" ",
    b"nul",
    b"nulll",
    b"True",
    b"tru e",
    b"falsey",
    b"[",
    b"]",
    b"{",
    b"}",
    b"[1",
    b"[1,",
    b"[1,]",
    b"[,1]",
    b"[1 2]",
    b"[1:2]",
    b"[1}",
    b"{1:2}",
    b'{"a"}',
    b'{"a":}',
    b'{"a":1,}',
    b'{"a" 1}',
    b'{"a":1 "b":2}',
    b'{"a":1]',
    b'{"a":1}}',
    b'{"a":1}{"b":2}',
    b"{,}",
    b"[1]x",
    b"[1],",
    b"1 2",
    b"'a'",
    b'"abc',
    b'"abc\\"',
    b'"\\x41"',
    b'"\\u12"',
    b'"\\u12G4"',
    b'"\\',
    b'"a\nb"',
    b'"a\x00b"',
    b'"\x1f"',
    b'["a"b]',
    b'[1"a"]',
    b'["a""b"]',
    b'["a"1]',
    b"01",
    b"-01",
    b"+1",
    b"-",
    b"--1",
    b"1.",
    b".5",
    b"1.e5",
    b"1e",
    b"1e+",
    b"1e5.5",
    b"0x10",
    b"1_000",
    b"1a",
    b"NaN",
    b"[NaN]",
    b"Infinity",
    b"[-Infinity]",
    b"nan",
    b"// a\n1",
    b"[1]\x00",
    b"\x00",
    b"\xef\xbb\xbf",
    b"\xef\xbb\xbf\xef\xbb\xbf1",
    b"\xef\xbb",
    b'"\xff"',
    b'"\xc0\x80"',
    b'"\xed\xa0\x80"',
    b'"\xf5\x80\x80\x80"',
    b'"\xe2\x82"',
    b'{"\xff":1}',
    b'["a", "\xc3',
    b"[1]\xff",
    "[1]".encode("utf-16"),
    "[1]".encode("utf-16-le"),
    "[1]".encode("utf-32"),
    b"\xa0[1]",
    "\u00a0[1]".encode(),
    b"[1]\x0c",
]


@pytest.mark.parametrize("text", ACCEPTED)
def test_what_json_accepts(backend: ModuleType, text: bytes) -> None:
    assert same(backend.loads(text), referee(text))


@pytest.mark.parametrize("text", REFUSED)
def test_what_json_refuses(backend: ModuleType, text: bytes) -> None:
    with pytest.raises((json.JSONDecodeError, UnicodeDecodeError, ConstantError)):
        referee(text)  # the list itself is right
    with pytest.raises(JSONError) as caught:
        backend.loads(text)
    assert isinstance(caught.value, (DecodeError, json.JSONDecodeError, GatewayError))
    assert "line" in str(caught.value)


@cpython
@pytest.mark.parametrize("text", [b"[1 2]", '["é", tru]'.encode(), b'{\n"a": \n1]'])
def test_an_error_names_its_place_as_json_does(backend: ModuleType, text: bytes) -> None:
    with pytest.raises(json.JSONDecodeError) as theirs:
        json.loads(text)
    with pytest.raises(JSONError) as ours:
        backend.loads(text)
    assert (ours.value.pos, ours.value.lineno, ours.value.colno) == (
        theirs.value.pos,
        theirs.value.lineno,
        theirs.value.colno,
    )
    assert ours.value.msg == theirs.value.msg


@pytest.mark.parametrize("size", range(1, 401))
def test_integers_of_any_size(backend: ModuleType, size: int) -> None:
    for number in (10 ** (size - 1), int("9" * size), -int("1234567890" * 40) % 10**size):
        for text in (b"%d" % number, b"[-%d ]" % number, b'{"a":%d}' % number):
            assert same(backend.loads(text), json.loads(text))


def test_an_integer_that_the_interpreter_will_not_convert(backend: ModuleType) -> None:
    assert backend.loads(b"1" * 4300) == int("1" * 4300)
    with pytest.raises(JSONError, match="4300"):
        backend.loads(b"1" * 4301)


@pytest.mark.parametrize("depth", [1, 2, 500])
@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}")])
def test_depth_that_is_always_accepted(
    backend: ModuleType, depth: int, opening: bytes, closing: bytes
) -> None:
    value = backend.loads(opening * (depth - 1) + opening[:1] + closing * depth)
    for _ in range(depth - 1):
        value = value[0] if isinstance(value, list) else value["a"]
    assert value in ([], {})


def test_depth_500_is_accepted_deep_in_the_callers_stack(backend: ModuleType) -> None:
    def descend(levels: int) -> Any:
        return backend.loads(b"[" * 500 + b"]" * 500) if levels == 0 else descend(levels - 1)

    assert isinstance(descend(700), list)


def test_where_no_thread_can_start_depth_is_an_error_of_ours(
    backend: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    def start(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    def descend(levels: int) -> Any:
        return backend.loads(b"[" * 500 + b"]" * 500) if levels == 0 else descend(levels - 1)

    monkeypatch.setattr(threading.Thread, "start", start)
    with suppress(JSONError):  # of the twin, where the caller's stack counts
        assert isinstance(descend(700), list)


@pytest.mark.parametrize("depth", [1025, 1026, 100_000])
def test_depth_that_is_always_refused(backend: ModuleType, depth: int) -> None:
    for text in (b"[" * depth + b"]" * depth, b'{"a":' * depth + b"1" + b"}" * depth, b"[" * depth):
        with pytest.raises(JSONError):
            backend.loads(text)


@pytest.mark.parametrize("depth", [1023, 1024])
def test_depth_between_is_built_or_refused(backend: ModuleType, depth: int) -> None:
    try:
        value = backend.loads(b"[" * depth + b"]" * depth)
    except JSONError:
        assert not backend.__name__.endswith("_fastpath")
        return
    for _ in range(depth - 1):
        (value,) = value
    assert value == []


def test_brackets_in_strings_are_no_depth(backend: ModuleType) -> None:
    assert backend.loads(json.dumps(["[{" * 2000])) == ["[{" * 2000]


def test_every_code_point(backend: ModuleType) -> None:
    for first in range(0x20, 0x110000, 0x400):
        points = [c for c in range(first, min(first + 0x400, 0x110000)) if not 0xD800 <= c < 0xE000]
        text = "".join(map(chr, points))
        raw = json.dumps(text, ensure_ascii=False).encode()
        assert backend.loads(raw) == text
        assert backend.loads(json.dumps(text)) == text


@pytest.mark.parametrize("size", [*range(0, 40), 255, 10_000, 65_536])
def test_strings_and_keys_of_every_small_size(backend: ModuleType, size: int) -> None:
    for letter in ("a", "é", "日", "😀", '"', "\\", "\n"):
        text = letter * size
        for raw in (json.dumps({text: text}), json.dumps({text: text}, ensure_ascii=False)):
            assert backend.loads(raw.encode()) == {text: text}
            assert backend.loads(raw) == {text: text}


def test_one_odd_byte_anywhere_in_a_string(backend: ModuleType) -> None:
    for place in range(33):
        for odd in ("é", "日", "😀", "\n", '"', "\\"):
            text = "a" * place + odd + "b" * (32 - place)
            assert backend.loads(json.dumps([text], ensure_ascii=False).encode()) == [text]


def test_a_string_of_16_mebibytes(backend: ModuleType) -> None:
    text = "0123456789abcdef" * (1 << 20)
    assert backend.loads(b'["%s"]' % text.encode()) == [text]


def test_keys_that_share_their_ends_are_told_apart(backend: ModuleType) -> None:
    keys = [f"abcdefgh{middle:06}ijklmnop" for middle in range(2000)]
    keys += [f"k{number}" for number in range(2000)]
    document = {key: number for number, key in enumerate(keys)}
    for _ in range(2):
        assert backend.loads(json.dumps(document)) == document


def test_keys_keep_their_order_whatever_came_before(backend: ModuleType) -> None:
    start, rest = '{"aa":1,"', '":2,"bb":3,"cc":4,"dd":5,"ee":6,"ff":7}'
    twice = [start + key + rest for key in (r"\u0061a", r"a\u0061", r"\u0061\u0061")]
    other = [start + key + rest for key in ("9", "10", r"\u007a", "\u00e9", r"\n")]
    for _ in range(20):
        for text in (*twice * 3, *other):
            assert same(backend.loads(text), json.loads(text))


def test_large_keys_do_not_stay(backend: ModuleType) -> None:
    tracemalloc = pytest.importorskip("tracemalloc", reason="the interpreter traces no memory")
    tracemalloc.start()
    try:
        for size in range(1_000_000, 1_000_020):
            text = json.dumps({letter * size: 0 for letter in "abcdef"})
            for _ in range(4):
                backend.loads(text)
        del text
        assert tracemalloc.get_traced_memory()[0] < 4_000_000
    finally:
        tracemalloc.stop()


def test_results_are_fresh_and_mutable(backend: ModuleType) -> None:
    first = backend.loads(b'{"a":[1],"b":{}}')
    first["a"].append(2)
    first["c"] = 3
    assert backend.loads(b'{"a":[1],"b":{}}') == {"a": [1], "b": {}}


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview, lambda b: b.decode()])
def test_types_of_input(backend: ModuleType, kind: Any) -> None:
    assert backend.loads(kind('[1,"é"]'.encode())) == [1, "é"]


def test_a_slice_of_a_memoryview_ends_where_it_says(backend: ModuleType) -> None:
    assert backend.loads(memoryview(b"123456")[1:3]) == 23
    assert backend.loads(memoryview(b'["a"]"b"')[:5]) == ["a"]
    assert backend.loads(memoryview(b"[.1.].")[::2]) == [1]


@pytest.mark.parametrize("data", [None, 1, ["[]"], object()])
def test_other_types_are_refused(backend: ModuleType, data: object) -> None:
    with pytest.raises(TypeError, match="bytes, bytearray, memoryview or str"):
        backend.loads(data)


def test_str_with_bom_and_lone_surrogates_as_json_has_it(backend: ModuleType) -> None:
    assert backend.loads('"\ud800"') == "\ud800"
    with pytest.raises(JSONError, match="BOM"):
        backend.loads("\ufeff[1]")


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.text(), inner, max_size=6),
    max_leaves=40,
)


@pytest.mark.parametrize("module", BACKENDS, ids=lambda module: str(module.__name__))
class TestAgainstJson:
    """Differential properties: whatever json makes or breaks, we make or break."""

    @given(value=json_values, indent=st.sampled_from([None, 0, 3]), ascii_only=st.booleans())
    @settings(max_examples=150, deadline=None)
    def test_round_trip(
        self, module: ModuleType, value: Any, indent: int | None, ascii_only: bool
    ) -> None:
        try:
            text = json.dumps(value, indent=indent, ensure_ascii=ascii_only).encode()
        except UnicodeEncodeError:
            return
        assert same(module.loads(text), json.loads(text))

    @given(value=st.floats(allow_nan=False, allow_infinity=False))
    @settings(max_examples=200, deadline=None)
    def test_floats_survive(self, module: ModuleType, value: float) -> None:
        for text in (repr(value), f"{value:.25e}", f"{value:.3f}", f"{value:.17g}"):
            if text.lstrip("-").replace("e+", "e").isdigit():
                continue
            assert same(module.loads(text), json.loads(text))
        assert math.isclose(module.loads(repr(value)), value, rel_tol=0)

    @given(
        text=st.text(
            alphabet=st.sampled_from('[]{}:,"\\ \n-+.0123456789eEtrufalsn/bd\u00e9\U0001f600'),
            max_size=30,
        )
    )
    @settings(max_examples=500, deadline=None)
    def test_json_like_noise(self, module: ModuleType, text: str) -> None:
        self.agree(module, text.encode())

    @given(value=json_values, data=st.data())
    @settings(max_examples=250, deadline=None)
    def test_one_byte_changed(self, module: ModuleType, value: Any, data: st.DataObject) -> None:
        try:
            text = bytearray(json.dumps(value, ensure_ascii=False).encode())
        except UnicodeEncodeError:
            return
        place = data.draw(st.integers(0, len(text) - 1))
        how = data.draw(st.sampled_from(["replace", "delete", "insert"]))
        byte = data.draw(st.integers(0, 255) | st.sampled_from(list(b'"\\{}[]:,0 ')))
        if how == "delete":
            del text[place]
        elif how == "insert":
            text.insert(place, byte)
        else:
            text[place] = byte
        self.agree(module, bytes(text))

    @given(raw=st.binary(max_size=40))
    @settings(max_examples=250, deadline=None)
    def test_any_bytes(self, module: ModuleType, raw: bytes) -> None:
        self.agree(module, raw)
        self.agree(module, b'"' + raw + b'"')

    def agree(self, module: ModuleType, text: bytes) -> None:
        try:
            expected = referee(text)
        except ValueError:
            with pytest.raises(JSONError):
                module.loads(text)
        else:
            assert same(module.loads(text), expected)
