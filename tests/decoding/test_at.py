"""`Payload.at`: one value by JSON Pointer (RFC 6901), without the rest."""

from __future__ import annotations

import json
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decoding.backends import BACKENDS
from gateway_core import JSONError
from gateway_core.testing.traffic import Traffic, encode

D = {
    "id": "1",
    "author": {"id": "2", "name": "é", "flags": {"": [], "a/b": 1, "m~n": 2, "~1": 3}},
    "list": [10, [20, 21, [30]], {"x": None}, "s", -1.5, True, False, []],
    "text": "abc",
    "nothing": None,
    "number": 7,
    "yes": True,
    "0": "zero",
    'quote"d': 4,
    "\u00e9\u65e5": 5,
    "deep": {"a": {"b": {"c": {"d": "e"}}}},
}

PRESENT = [
    ("", D),
    ("/id", "1"),
    ("/author", D["author"]),
    ("/author/id", "2"),
    ("/author/name", "é"),
    ("/author/flags/", []),
    ("/author/flags/a~1b", 1),
    ("/author/flags/m~0n", 2),
    ("/author/flags/~01", 3),
    ("/list", D["list"]),
    ("/list/0", 10),
    ("/list/1/2/0", 30),
    ("/list/2/x", None),
    ("/list/4", -1.5),
    ("/list/5", True),
    ("/list/7", []),
    ("/0", "zero"),
    ('/quote"d', 4),
    ("/\u00e9\u65e5", 5),
    ("/deep/a/b/c/d", "e"),
    ("/nothing", None),
]

ABSENT = [
    ("/missing", KeyError),
    ("/author/Id", KeyError),
    ("/author/flags/a", KeyError),
    ("//", KeyError),
    ("/", KeyError),
    ("/list/8", IndexError),
    ("/list/7/0", IndexError),
    ("/list/999999999999", IndexError),
    ("/list/-", TypeError),
    ("/list/-1", TypeError),
    ("/list/00", TypeError),
    ("/list/", TypeError),
    ("/list/1e0", TypeError),
    ("/list/x", TypeError),
    ("/text/0", TypeError),
    ("/nothing/a", TypeError),
    ("/number/a", TypeError),
    ("/yes/a", TypeError),
    ("id", ValueError),
    ("/a~", ValueError),
    ("/a~2", ValueError),
    ("/missing/~x", ValueError),
]


def payload(backend: ModuleType, d: str | None = None) -> Any:
    if d is None:
        return backend.PlainDecoder().feed(encode(0, 1, "EVENT", D))
    return backend.PlainDecoder().feed('{"t":"EVENT","s":1,"op":0,"d":' + d + "}")


@pytest.mark.parametrize("dumps", [json.dumps, lambda d: json.dumps(d, indent=2)])
@pytest.mark.parametrize(("pointer", "value"), PRESENT)
def test_what_is_there(backend: ModuleType, dumps: Any, pointer: str, value: object) -> None:
    got = payload(backend, dumps(D)).at(pointer)
    assert got == value
    assert type(got) is type(value)


@pytest.mark.parametrize(("pointer", "error"), ABSENT)
def test_what_is_not_there(backend: ModuleType, pointer: str, error: type[Exception]) -> None:
    with pytest.raises(error) as caught:
        payload(backend).at(pointer)
    assert type(caught.value) is error


def test_a_key_error_names_the_key_as_a_dict_does(backend: ModuleType) -> None:
    with pytest.raises(KeyError) as caught:
        payload(backend).at("/author/a~1b~0c")
    assert caught.value.args == ("a/b~c",)


@pytest.mark.parametrize("pointer", [None, 1, b"/id"])
def test_a_pointer_is_a_str(backend: ModuleType, pointer: object) -> None:
    with pytest.raises(TypeError):
        payload(backend).at(pointer)


def test_many_look_ups_interleaved(backend: ModuleType) -> None:
    first, second = payload(backend), payload(backend, '{"id":"9","list":[1]}')
    for _ in range(3):
        assert first.at("/author/id") == "2"
        assert second.at("/id") == "9"
        assert second.at("/list/0") == 1
        assert first.at("/id") == "1"
        assert first.d == D
        assert second.d == {"id": "9", "list": [1]}
        assert first.at("/list/1/0") == 20


def test_each_look_up_gives_a_new_object(backend: ModuleType) -> None:
    one = payload(backend)
    one.at("/list").append(1)
    one.d["list"].clear()
    assert one.at("/list") == D["list"]


def test_first_of_duplicate_keys_on_the_way_last_in_what_is_built(backend: ModuleType) -> None:
    one = payload(backend, '{"a":{"x":1},"a":{"x":2},"b":{"c":1,"c":2}}')
    assert one.at("/a/x") == 1
    assert one.at("/a") == {"x": 1}
    assert one.at("/b") == {"c": 2}
    assert one.at("/b/c") == 1
    assert one.d == {"a": {"x": 2}, "b": {"c": 2}}
    both = backend.PlainDecoder().feed('{"t":"E","s":1,"op":0,"d":{"k":1},"d":{"k":2}}')
    assert (both.at("/k"), both.at(""), both.d) == (1, {"k": 1}, {"k": 2})


def test_escaped_keys(backend: ModuleType) -> None:
    one = payload(backend, r'{"\u0061\n":1,"\ud83d\ude00":{"\/":2},"\ud800":3}')
    assert one.at("/a\n") == 1
    assert one.at("/\U0001f600/~1") == 2
    assert one.at("/\ud800") == 3


def test_values_beyond_the_usual(backend: ModuleType) -> None:
    one = payload(backend, f'{{"big":{10**40},"lone":"\\ud800","inf":1e400}}')
    assert one.at("/big") == 10**40
    assert one.at("/lone") == "\ud800"
    assert one.at("/inf") == float("inf")


@pytest.mark.parametrize(
    "d",
    [
        *("[1,]", '{"a":1,}', "[1}", '{"a"}', "{1:2}", '["a" "b"]', "1 2", ""),
        *("nul", "tru", "[NaN]", "01", "[-]", "1.", "[1e]", '"\\x"', '{"a":"\\u12"}'),
        *("[" * 1024 + "]" * 1024, "1" * 4301),
    ],
)
def test_malformed_text_is_refused_wherever_it_stands(backend: ModuleType, d: str) -> None:
    for text in (d, '{"id":1,"z":' + d + "}", '{"z":' + d + ',"id":1}'):
        for pointer in ("", "/id"):
            one = payload(backend, text)
            with pytest.raises(JSONError):
                one.at(pointer)


def test_messages_without_d_and_unwanted_ones(backend: ModuleType) -> None:
    unwanted = backend.PlainDecoder(wanted=()).feed(encode(0, 1, "EVENT", D))
    for one in (backend.PlainDecoder().feed('{"op":11}'), payload(backend, "null"), unwanted):
        assert one.at("") is None
        with pytest.raises(TypeError):
            one.at("/a")


def test_at_does_not_use_another_parser(backend: ModuleType) -> None:
    one = backend.PlainDecoder(loads=lambda _: {"d": "other"}).feed(encode(0, 1, "EVENT", D))
    assert one.d == "other"
    assert one.at("/id") == "1"


def walk(d: Any, pointer: str = "") -> Any:
    yield pointer, d
    if isinstance(d, dict):
        for key, value in d.items():
            yield from walk(value, f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}")
    elif isinstance(d, list):
        for index, value in enumerate(d):
            yield from walk(value, f"{pointer}/{index}")


def test_every_value_of_real_traffic(backend: ModuleType) -> None:
    for _, (t, d) in zip(range(60), Traffic(seed=2).steady(), strict=False):
        one = backend.PlainDecoder().feed(encode(0, 1, t, d))
        expected = json.loads(one.raw)["d"]
        for pointer, value in walk(expected):
            assert one.at(pointer) == value


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4)
    ),
    max_leaves=15,
)


@pytest.mark.parametrize("module", BACKENDS, ids=lambda module: str(module.__name__))
@given(value=json_values, indent=st.sampled_from([None, 1]), ascii_only=st.booleans())
@settings(max_examples=200, deadline=None)
def test_every_value_of_any_json(
    module: ModuleType, value: Any, indent: int | None, ascii_only: bool
) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    try:
        text.encode()
    except UnicodeEncodeError:
        return
    one = payload(module, text)
    for pointer, inner in walk(json.loads(text)):
        assert one.at(pointer) == inner
