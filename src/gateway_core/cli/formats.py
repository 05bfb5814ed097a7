"""How one event is written: as JSON, as a line for people, or as the text that came."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Literal

from gateway_core.decoding import Payload

from .gist import gist, printable

__all__ = ["Format", "Formatter", "json_line", "make_formatter", "pretty_line", "raw_line"]

Format = Literal["json", "pretty", "raw"]
Formatter = Callable[[int, Payload], str]
"""Makes the line of an event, without its line end, from the shard's number and the Payload."""

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def json_line(shard: int, payload: Payload) -> str:
    """Write an event as one JSON object: shard, op, s, t, d."""
    return _encode(
        {"shard": shard, "op": payload.op, "s": payload.s, "t": payload.t, "d": payload.d}
    )


def raw_line(shard: int, payload: Payload) -> str:
    """Write the text as it came, save for line ends between its tokens: one event is one line."""
    text = (payload.raw or b"").decode("utf-8", "replace")
    return text if "\n" not in text and "\r" not in text else " ".join(text.splitlines())


def pretty_line(shard: int, payload: Payload, *, width: int = 0, colour: bool = False) -> str:
    """Write an event for people: shard, sequence, name, gist.

    Args:
        shard: number of the shard that the event came over.
        payload: the event.
        width: characters that the line may have; 0 for no limit.
        colour: whether to colour the line for a terminal.
    """
    head = f"[{shard}] {payload.s or 0:>6} "
    name = f"{printable(payload.t or ''):<26} "
    text = gist(payload.t, payload.d)
    room = width - len(head) - len(name)
    if width and len(text) > room:
        text = text[: max(room - 1, 0)] + "…"
    if colour:
        return f"\x1b[2m{head}\x1b[0;36m{name}\x1b[0m{text}"
    return f"{head}{name}{text}".rstrip()


def make_formatter(kind: Format, *, width: int = 0, colour: bool = False) -> Formatter:
    """Give the function that writes events in this format.

    `width` and `colour` are those of `pretty_line`.
    """
    if kind == "json":
        return json_line
    if kind == "raw":
        return raw_line
    return lambda shard, payload: pretty_line(shard, payload, width=width, colour=colour)
