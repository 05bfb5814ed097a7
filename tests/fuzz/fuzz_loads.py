"""`loads`: the extension against its twin and against `json.loads`.

An input is one text or several; several are parsed again and again, so that what the extension
remembers of the one (keys, shapes of objects) meets the others.
"""

from __future__ import annotations

import json
import zlib
from typing import Any, NoReturn

from fuzz.agreement import BETWEEN_TEXTS, Disagreement, Outcome, check, outcome, same
from gateway_core import _fastpath, _purepath


def json_says(text: bytes) -> Outcome:
    """Return the meaning of json.loads, with the refusals that ours documents."""

    def refuse(name: str) -> NoReturn:
        raise ValueError(name)

    try:
        value: Any = json.loads(text.decode("utf-8-sig"), parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        return Outcome(error=error)
    return Outcome(value=value)


def run(data: bytes) -> None:
    """Parse the texts in `data` every way, and raise Disagreement where two ways differ."""
    texts = data.split(BETWEEN_TEXTS)
    for _ in range(1 if len(texts) == 1 else 3):
        for text in texts:
            compare(text)


def compare(data: bytes) -> None:
    native = outcome(_fastpath.loads, data)
    twin = outcome(_purepath.loads, data)
    check(native, twin, data, "loads")
    theirs = json_says(data)
    if theirs.error is None:
        if twin.error is None and not same(twin.value, theirs.value):
            raise Disagreement(f"loads gives {twin}, json.loads {theirs}")
    elif twin.error is None:
        raise Disagreement(f"loads accepts what json.loads refuses: {theirs}")
    if zlib.crc32(data) % 4 == 0:
        try:
            text = data.decode("utf-8", "surrogatepass")
        except UnicodeDecodeError:
            return
        native = outcome(_fastpath.loads, text)
        check(native, outcome(_purepath.loads, text), data, "loads of a str")
