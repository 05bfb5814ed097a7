"""How an event is written."""

from __future__ import annotations

import json

from gateway_core.cli.formats import json_line, make_formatter, pretty_line, raw_line
from gateway_core.decoding import Payload, PlainDecoder

TEXT = '{"t":"MESSAGE_CREATE","s":42,"op":0,"d":{"author":{"username":"ada"},"content":"hé 🔥"}}'


def payload(text: str = TEXT) -> Payload:
    decoded = PlainDecoder().feed(text)
    assert decoded is not None
    return decoded


def test_json_has_the_shard_and_the_message() -> None:
    line = json_line(3, payload())
    assert list(json.loads(line)) == ["shard", "op", "s", "t", "d"]
    assert json.loads(line) == {"shard": 3, **json.loads(TEXT)}
    assert "🔥" in line
    assert "\n" not in json_line(0, payload(TEXT.replace("hé", "\\n")))


def test_raw_is_the_text_as_it_came() -> None:
    assert raw_line(3, payload()) == TEXT


def test_raw_is_one_line_even_of_text_that_is_not() -> None:
    text = json.dumps(json.loads(TEXT), indent=2)
    line = raw_line(0, payload(text))
    assert "\n" not in line
    assert json.loads(line) == json.loads(TEXT)


def test_pretty_names_shard_sequence_event_and_gist() -> None:
    assert pretty_line(3, payload()).split() == ["[3]", "42", "MESSAGE_CREATE", "ada:", "hé", "🔥"]


def test_pretty_keeps_to_the_width() -> None:
    long = payload(TEXT.replace("hé", "x" * 500))
    for width in (60, 80, 120):
        line = pretty_line(0, long, width=width)
        assert len(line) == width
        assert line.endswith("…")
    assert len(pretty_line(0, long, width=10)) < 45  # the head stays whole
    assert "x" * 500 in pretty_line(0, long)


def test_pretty_is_coloured_on_request_only() -> None:
    assert "\x1b" not in pretty_line(0, payload())
    coloured = pretty_line(0, payload(), colour=True)
    assert "\x1b[" in coloured
    assert "MESSAGE_CREATE" in coloured


def test_the_formatter_is_chosen_by_name() -> None:
    assert make_formatter("json")(0, payload()) == json_line(0, payload())
    assert make_formatter("raw")(0, payload()) == TEXT
    made = make_formatter("pretty", width=50, colour=True)(1, payload())
    assert made == pretty_line(1, payload(), width=50, colour=True)
