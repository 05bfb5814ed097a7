"""Scrubbing: no secret stays, and nothing else goes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway_core._anonymising import Anonymiser
from gateway_core._scrubbing import Scrubber
from gateway_core.errors import JSONError
from gateway_core.testing.traffic import Traffic, encode
from recording_driver import TOKEN

ANONYMISERS = [None, Anonymiser(b"key")]


def dump(d: Any, t: str = "SOMETHING") -> bytes:
    return encode(0, 1, t, d)


def strings(value: Any) -> list[str]:
    """Every key and every string in a value."""
    match value:
        case dict():
            return [*value, *(found for inner in value.values() for found in strings(inner))]
        case list():
            return [found for inner in value for found in strings(inner)]
        case str():
            return [value]
    return []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"token": "abc.d-e"}, {"token": "xxx.x-x"}),
        ({"a": [{"session_id": "0a1b"}]}, {"a": [{"session_id": "xxxx"}]}),
        ({"voice_session_id": "0a"}, {"voice_session_id": "xx"}),
        ({"resume_gateway_url": "wss://a.b.gg/?x=1"}, {"resume_gateway_url": "wss://x.x.xx/?x=x"}),
        ({"secrets": {"join": "s", "n": ["t", 1]}}, {"secrets": {"join": "x", "n": ["x", 1]}}),
        ({"token": "é"}, {"token": "xx"}),
        ({"token": ["ab", {"c": "de"}]}, {"token": ["xx", {"c": "xx"}]}),
        ({"token": None, "session_id": 5}, {"token": None, "session_id": 5}),
        ({"tokens": "a", "broken": "b"}, {"tokens": "a", "broken": "b"}),
        ({"content": "my token is secret"}, {"content": "my token is secret"}),
    ],
)
def test_keys_that_hold_secrets(before: Any, after: Any) -> None:
    assert json.loads(Scrubber([], None).scrub(dump(before)))["d"] == after


def test_known_secrets_wherever_they_are() -> None:
    scrubber = Scrubber([TOKEN], None)
    blank = "".join("." if character == "." else "x" for character in TOKEN)
    before = dump({"content": f"look: {TOKEN}!", TOKEN: [TOKEN], "other": "stays"})
    after = {"content": f"look: {blank}!", blank: [blank], "other": "stays"}
    # What the secret stands in is scrubbed as a whole, save for marks.
    scrubbed = json.loads(scrubber.scrub(before))["d"]
    assert list(scrubbed) == list(after)
    assert scrubbed[blank] == [blank]
    assert scrubbed["other"] == "stays"
    assert TOKEN not in json.dumps(scrubbed)


def test_a_short_secret_is_only_looked_for_as_a_whole() -> None:
    scrubbed = Scrubber(["e"], None).scrub(dump({"content": "e", "name": "eve", "e": 1}))
    assert json.loads(scrubbed)["d"] == {"content": "x", "name": "eve", "x": 1}


def test_escapes_hide_nothing() -> None:
    escaped = "".join(f"\\u{ord(character):04x}" for character in TOKEN)
    text = (
        '{"t":"X","s":1,"op":0,"d":{"content":"' + escaped + '",'
        '"t\\u006fken":"abc","session\\u005fid":"d\\u0065f","quote":"\\"\\u0041"}}'
    )
    scrubbed = Scrubber([TOKEN], None).scrub(text.encode())
    assert len(scrubbed) == len(text)
    assert json.loads(scrubbed)["d"] == {
        "content": "x" * len(escaped),
        "token": "xxx",
        "session_id": "x" * 8,
        "quote": '"A',
    }


def test_an_escaped_slash_hides_no_url() -> None:
    url = "wss://gateway-1.discord.gg"
    text = b'{"t":"X","s":1,"op":0,"d":{"a":"%b"}}' % url.replace("/", "\\/").encode()
    assert json.loads(Scrubber([url], None).scrub(text))["d"] == {"a": "x" * (len(url) + 2)}


def test_secrets_need_not_be_ascii() -> None:
    text = json.dumps({"op": 0, "t": "X", "s": 1, "d": {"a": "пароль-1234"}}).encode()
    assert b"\\u04" in text
    assert json.loads(Scrubber(["пароль-1234"], None).scrub(text))["d"]["a"] == "x" * 41


@pytest.mark.parametrize("secret", ['pass"word1234', "abc\\defghijk", "two\nlines", 'a"', "\\"])
def test_a_secret_that_needs_escapes_is_found(secret: str) -> None:
    texts = [secret, f"hi {secret}"] if len(secret) >= 8 else [secret]
    for text in texts:
        raw = dump({"a": text, secret: 1, "b": "stays"})
        scrubbed = Scrubber([secret], None).scrub(raw)
        assert len(scrubbed) == len(raw)
        d = json.loads(scrubbed)["d"]
        assert d["b"] == "stays"
        assert set("".join([d["a"], *d]).replace(" ", "")) <= set("xab")


def test_secrets_of_the_last_eight_sessions_are_looked_for_and_given_ones_forever() -> None:
    scrubber = Scrubber([TOKEN], None)
    session_ids = [f"session-{number:04}" for number in range(40)]
    for session_id in session_ids:
        scrubber.add_session([session_id, "wss://gateway.discord.gg"])
    for session_id in session_ids[-8:]:
        assert session_id.encode() not in scrubber.scrub(dump({"said": session_id}))
    assert TOKEN.encode() not in scrubber.scrub(dump({"said": TOKEN}))
    assert b"discord.gg" not in scrubber.scrub(dump({"said": "wss://gateway.discord.gg"}))
    for session_id in session_ids[:-8]:
        text = dump({"said": session_id})
        assert scrubber.scrub(text) is text


def test_what_holds_no_secret_is_not_even_read() -> None:
    text = b'{"t":"X", "s":1,"op":0,"d":{"content": "no token here" } malformed'
    assert Scrubber([TOKEN], None).scrub(text) is text


def test_what_may_hold_a_secret_must_be_sound() -> None:
    with pytest.raises(JSONError):
        Scrubber([], None).scrub(b'{"t":"X","s":1,"op":0,"d":{"token":"abc","b":"')


def test_every_other_byte_stays() -> None:
    text = b'{ "op":0,"t":"X",\n"s":1, "d":{"n":1.50,"u":"\\u00e9\\/","token":"ab","z":[ ]}}\t'
    assert Scrubber([], None).scrub(text) == text.replace(b'"ab"', b'"xx"')


JSON = st.recursive(
    st.none() | st.integers() | st.text() | st.just(TOKEN) | st.just(f"a {TOKEN}"),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(st.text() | st.sampled_from([TOKEN, "token", "session_id"]), inner)
    ),
    max_leaves=20,
)


@given(JSON, st.booleans(), st.sampled_from(ANONYMISERS))
def test_no_secret_survives(value: Any, ascii_only: bool, anonymiser: Anonymiser | None) -> None:
    text = json.dumps({"op": 0, "t": "X", "s": 1, "d": value}, ensure_ascii=ascii_only)
    raw = text.encode("utf-8", "replace")
    scrubbed = Scrubber([TOKEN], anonymiser).scrub(raw)
    assert len(scrubbed) == len(raw)
    assert all(TOKEN not in found for found in strings(json.loads(scrubbed)))


SECRETIVE = st.recursive(
    st.none() | st.integers() | st.text('"\\\\:,_-tokensi ', max_size=9) | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(
            st.text('"\\\\:_-', max_size=3)
            | st.sampled_from(["token", "a_token", "session_id", "tokens", "x-resume_gateway_url"]),
            inner,
        )
    ),
    max_leaves=20,
)


@settings(max_examples=150)
@given(SECRETIVE, st.booleans(), st.sampled_from([None, 1]))
def test_the_short_way_is_as_thorough(value: Any, ascii_only: bool, indent: int | None) -> None:
    message = {"op": 0, "t": "X", "s": 1, "d": value}
    raw = json.dumps(message, ensure_ascii=ascii_only, indent=indent).encode("utf-8", "replace")
    short = Scrubber([], None).scrub(raw)
    # A hint makes it take the long way.
    hint = raw[:-1] + b',"secrets":0}'
    long = Scrubber([], None).scrub(hint)
    assert long[: len(raw) - 1] == short[:-1]
    assert long.endswith(b',"secrets":0}')


@given(st.integers(0, 50))
def test_generated_traffic_keeps_its_size_and_its_shape(seed: int) -> None:
    traffic = Traffic(seed=seed, guilds=1, members=10)
    scrubber = Scrubber([], Anonymiser(b"k"))
    for s, (t, d) in enumerate(traffic.startup(), 1):
        before = encode(0, s, t, d)
        after = scrubber.scrub(before)
        assert len(after) == len(before)
        assert shape(json.loads(after)) == shape(json.loads(before))


def shape(value: Any) -> Any:
    """A value without what may be somebody's: lengths and kinds only."""
    match value:
        case dict():
            return [(len(key.encode()), shape(inner)) for key, inner in value.items()]
        case list():
            return [shape(inner) for inner in value]
        case str():
            return len(value.encode())
    return type(value)
