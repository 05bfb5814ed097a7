"""Objects with the same keys, seen again and again, are dicts like any other."""

from __future__ import annotations

import gc
import json
import sys
import weakref
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decoding.backends import BACKENDS, cpython

SIZES = (1, 2, 3, 5, 6, 10, 11, 21, 42, 43, 85, 86, 99, 100, 101, 170)
"""Around the sizes at which CPython's tables grow, and the largest that is copied from a model."""


class Marker:
    """An object whose death can be seen."""


def again_and_again(backend: ModuleType, text: str) -> list[Any]:
    """What several messages with the same objects give."""
    return [backend.loads(text) for _ in range(4)]


@pytest.mark.parametrize("size", SIZES)
def test_every_one_has_its_own_values(backend: ModuleType, size: int) -> None:
    expected = [{f"k{key}": f"{key}/{message}" for key in range(size)} for message in range(5)]
    built = [backend.loads(json.dumps(d)) for d in expected]
    assert built == expected
    assert [list(d) for d in built] == [list(d) for d in expected]


@pytest.mark.parametrize("size", SIZES)
def test_can_be_changed(backend: ModuleType, size: int) -> None:
    text = json.dumps({f"k{key}": key for key in range(size)})
    for d in again_and_again(backend, text):
        expected = json.loads(text)
        for each in (d, expected):
            del each["k0"]
            each["k0"] = "last"
            each["new"] = each.pop(f"k{size // 2}")
            each |= {f"more{i}": i for i in range(size)}
        assert d == expected
        assert list(d) == list(expected)
        assert d.copy() == expected
        assert dict(**d) == expected
    assert backend.loads(text) == json.loads(text)


@cpython
@pytest.mark.parametrize("size", SIZES)
def test_are_as_small_as_copies(backend: ModuleType, size: int) -> None:
    text = json.dumps({f"k{key}": key for key in range(size)})
    for d in again_and_again(backend, text):
        assert sys.getsizeof(d) <= sys.getsizeof(json.loads(text))


@cpython
@pytest.mark.parametrize("value", ["1", "[]", "{}", '"x"', "[[1]]"])
def test_are_tracked_by_the_collector_as_others_are(backend: ModuleType, value: str) -> None:
    text = f'{{"a":1,"b":null,"c":"x","d":{value},"e":true,"f":2.5,"g":0}}'
    for d in again_and_again(backend, text):
        assert gc.is_tracked(d) or not gc.is_tracked(json.loads(text))


def test_cycles_through_them_are_collected(backend: ModuleType) -> None:
    for _ in range(4):
        d = backend.loads('{"a":1,"b":2,"c":3,"d":4,"e":5,"f":[],"g":{}}')
        marker = Marker()
        d["f"].append(d)
        d["f"].append(marker)
        seen = weakref.ref(marker)
        del d, marker
        gc.collect()
        assert seen() is None


def test_a_key_that_comes_twice(backend: ModuleType) -> None:
    text = '{"a":1,"b":2,"c":3,"d":4,"e":5,"f":6,"a":7}'
    for d in again_and_again(backend, text):
        assert d == json.loads(text)


@cpython
def test_keys_are_not_lost_or_leaked(backend: ModuleType) -> None:
    key = sys.intern("a_key_of_this_test")
    text = json.dumps({key: 1, **{f"k{i}": i for i in range(8)}})
    again_and_again(backend, text)
    before = sys.getrefcount(key)
    for _ in range(1000):
        backend.loads(text)
    assert sys.getrefcount(key) == before
    alive = [backend.loads(text) for _ in range(10)]
    assert key in alive[0]
    del alive
    assert sys.getrefcount(key) == before


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.sampled_from(["abc", "abcdef", "abcdefg", "xyz", "aab", "cba"]).flatmap(
            lambda keys: st.fixed_dictionaries(
                {
                    key: st.integers() | st.text() | st.just([]) | st.just({"x": 1, "y": 2, "z": 3})
                    for key in keys
                }
            )
        ),
        max_size=30,
    )
)
def test_shapes_that_alternate(messages: list[dict[str, Any]]) -> None:
    for backend in BACKENDS:
        loads = backend.loads
        assert [loads(json.dumps(d)) for d in messages] == messages
        assert loads(json.dumps(messages)) == messages
