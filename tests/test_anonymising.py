"""Anonymising: other words and ids of the same length and shape, the same for the same."""

from __future__ import annotations

import json
import unicodedata
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_core._anonymising import Anonymiser
from gateway_core._scrubbing import Scrubber
from gateway_core.testing.traffic import Traffic, encode

ids = st.integers(10**14, 2**63 - 1)


def anonymise(text: str, key: str = "content", secret: bytes = b"secret") -> str:
    escaped = json.dumps(text, ensure_ascii=False)[1:-1].encode()
    return str(json.loads(b'"' + Anonymiser(secret).string(key.encode(), escaped) + b'"'))


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-02T03:04:05.678000+00:00",
        "2026-01-02T03:04:05Z",
        "online",
        "dnd",
        "0",
        "",
        "👍 🎉 — … !?",
        '\n\t"\\',
    ],
)
def test_what_says_nothing_of_anybody_stays(text: str) -> None:
    assert anonymise(text) == text


@pytest.mark.parametrize(
    ("key", "text"),
    [("type", "rich"), ("permissions", "1071698660929"), ("preferred_locale", "en-US")],
)
def test_what_programs_compare_with_stays(key: str, text: str) -> None:
    assert anonymise(text, key) == text


@pytest.mark.parametrize(
    "text",
    [
        "Hello, World! How are you?",
        "straße Ärger ÉTÉ",
        "Привет МИР",
        "こんにちは カタカナ 世界 안녕하세요",
        "שלום سلام नमस्ते สวัสดี γειά",
        "abc123 42",
        "𠀀𠀁 ⁊ ƛ ²",
        'say "it"\nnow',
    ],
)
def test_words_become_others_of_the_same_shape(text: str) -> None:
    after = anonymise(text)
    assert after != text
    assert len(after.encode()) == len(text.encode())
    for old, new in zip(text, after, strict=True):
        assert len(old.encode()) == len(new.encode())
        assert old.isalnum() == new.isalnum()
        assert old.isspace() == new.isspace()
        if old.isascii():
            assert old.isdigit() == new.isdigit()
            assert (unicodedata.category(old) == unicodedata.category(new)) or old == new
        if not old.isalnum():
            assert old == new
    words = {word for word in text.split() if any(map(str.isalnum, word[1:] or word))}
    assert not words & set(after.split())


def test_the_same_word_becomes_the_same_everywhere() -> None:
    first, again, other = anonymise("melon melon lemon").split()
    assert first == again != other
    assert anonymise("a melon!").split()[1] == first + "!"
    assert anonymise("melon", "username") == first


def test_the_key_decides() -> None:
    text = "melon 80351110224678912"
    assert anonymise(text, secret=b"a") == anonymise(text, secret=b"a") != anonymise(text)


def test_ids_are_the_same_in_texts_and_numbers() -> None:
    anonymiser = Anonymiser(b"k")
    snowflake = b"80351110224678912"
    replaced = anonymiser.number(snowflake)
    assert replaced != snowflake
    assert anonymiser.string(b"id", snowflake) == replaced
    assert anonymiser.string(b"content", b"<@!%b>" % snowflake) == b"<@!%b>" % replaced
    assert anonymiser.number(b"1234") == b"1234"


@given(st.sets(ids, min_size=2, max_size=20))
def test_ids_stay_apart_and_keep_their_common_beginning(numbers: set[int]) -> None:
    anonymiser = Anonymiser(b"k")
    before = [str(number) for number in numbers]
    after = [anonymiser.string(b"id", text.encode()).decode() for text in before]
    assert len(set(after)) == len(before)
    for old, new in zip(before, after, strict=True):
        assert len(old) == len(new)
        assert old[0] == new[0]
    for one, other in zip(before[1:], before, strict=False):
        place = before.index(one)
        common = common_prefix(one, other)
        if len(one) == len(other):
            assert common_prefix(after[place], after[place - 1]) == common


def common_prefix(one: str, other: str) -> int:
    return next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), len(one))


def test_urls_and_hashes_keep_their_form() -> None:
    url = "https://cdn.discordapp.com/a%20b/1234?ex=5&hm=0123456789abcdef0123456789abcdef"
    after = anonymise(url, "url")
    assert after.startswith("https://")
    assert "%20" in after
    assert after.count(".") == 2
    assert set(after[-32:]) <= set("0123456789abcdef")
    animated = anonymise("a_0123456789abcdef0123456789abcdef", "avatar")
    assert animated[:2] == "a_"
    assert set(animated[2:]) <= set("0123456789abcdef")


def test_escapes_are_replaced_as_they_are_written() -> None:
    anonymiser = Anonymiser(b"k")
    for text in (rb"\u043f\u0440\u0438", rb"caf\u00e9\n\"x\"", rb"\ud83d\udc4d \ud840\udc00"):
        after = anonymiser.string(b"content", text)
        assert after != text
        assert len(after) == len(text)
        assert after.count(b"\\u") == text.count(b"\\u")
        json.loads(b'"%b"' % after)
    plain = anonymiser.string(b"content", "при".encode()).decode()
    assert json.loads(b'"%b"' % anonymiser.string(b"content", rb"\u043f\u0440\u0438")) == plain


@given(st.text())
def test_any_text_keeps_its_length(text: str) -> None:
    for ascii_only in (True, False):
        raw = json.dumps(text, ensure_ascii=ascii_only)[1:-1].encode()
        after = Anonymiser(b"k").string(b"content", raw)
        assert len(after) == len(raw)
        assert len(json.loads(b'"%b"' % after)) == len(text)


def test_traffic_compresses_about_as_well() -> None:
    traffic = Traffic(seed=5)
    scrubber = Scrubber([], Anonymiser(b"k"))
    steady = traffic.steady()
    before = [encode(0, s, *next(steady)) for s in range(1, 1500)]
    after = [scrubber.scrub(text) for text in before]
    assert [len(text) for text in after] == [len(text) for text in before]
    assert before != after
    sizes = [len(zlib.compress(b"".join(texts))) for texts in (before, after)]
    assert abs(sizes[1] / sizes[0] - 1) < 0.05
