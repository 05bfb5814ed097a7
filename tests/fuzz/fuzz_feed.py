"""`feed`, then `d`, `raw` and `at` of what comes out: the extension against its twin.

The first bytes of an input choose the decoder, its arguments and a seed for all chance; the rest
are texts to compress, cut and damage, or the compressed stream itself.
"""

from __future__ import annotations

import json
import random
import zlib
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from fuzz.agreement import (
    BETWEEN_TEXTS,
    SURE_DEPTH,
    Disagreement,
    Outcome,
    check,
    depth_of,
    outcome,
    same,
)
from gateway_core import InflateError, MessageTooLarge, _fastpath, _purepath

HEAD_SIZE = 6
KINDS = (
    *("zlib texts", "zlib stream", "zstd texts", "zstd stream"),
    *("plain texts", "payload texts", "payload stream"),
)
LIMITS = (1 << 20, 1 << 20, 1 << 20, 16_384, 1000, 100, 10, 1)
WANTED = (None, None, (), ("EVENT", "READY"), ("",))
FLUSHES = (*[zlib.Z_SYNC_FLUSH] * 12, zlib.Z_FULL_FLUSH, zlib.Z_BLOCK, zlib.Z_PARTIAL_FLUSH)
WHERE_AT = (KeyError, IndexError, TypeError, ValueError)

zstd: Any = _purepath.zstd_module()


def run(data: bytes) -> None:
    """Feed both backends the frames that `data` describes; raise Disagreement where they differ."""
    if len(data) < HEAD_SIZE:
        return
    kind = KINDS[data[0] % len(KINDS)]
    limit = LIMITS[data[1] % len(LIMITS)]
    wanted = WANTED[data[1] // len(LIMITS) % len(WANTED)]
    chance = random.Random(data[2:HEAD_SIZE])
    body = data[HEAD_SIZE:]
    texts = body.split(BETWEEN_TEXTS)
    pointer = texts.pop().decode("utf-8", chance.choice(("replace", "surrogateescape")))
    frames = list(frames_of(kind, texts, body, chance))
    if kind.startswith("zlib") and chance.random() < 0.2:
        inflate(frames, limit)
        return
    name = {"zlib": "ZlibStreamDecoder", "zstd": "ZstdStreamDecoder"}.get(kind[:4], "PlainDecoder")
    loads = json.loads if chance.random() < 0.05 else None
    native, twin = (
        getattr(backend, name)(wanted=wanted, max_message_size=limit, loads=loads)
        for backend in (_fastpath, _purepath)
    )
    for frame in frames:
        ours, theirs = outcome(native.feed, frame), outcome(twin.feed, frame)
        compare_messages(ours, theirs, pointer, chance)
        counters = [(d.bytes_in, d.bytes_out, d.messages) for d in (native, twin)]
        if counters[0] != counters[1]:
            raise Disagreement(f"bytes in, bytes out and messages differ: {counters}")
        if ours.error is not None and chance.random() < 0.5:
            native.reset()
            twin.reset()


def inflate(frames: list[Any], limit: int) -> None:
    native = _fastpath.Inflator(max_message_size=limit)
    twin = _purepath.Inflator(max_message_size=limit)
    for frame in frames:
        ours, theirs = outcome(native.decompress, frame), outcome(twin.decompress, frame)
        check_stream(ours, theirs, "decompress")


def check_stream(ours: Outcome, theirs: Outcome, what: str) -> None:
    # Damage right behind the byte that passes the limit is seen first by the one or the other.
    stream_errors = (InflateError, MessageTooLarge)
    if isinstance(ours.error, stream_errors) and isinstance(theirs.error, stream_errors):
        return
    check(ours, theirs, b"", what)


def compare_messages(ours: Outcome, theirs: Outcome, pointer: str, chance: random.Random) -> None:
    one, other = ours.value, theirs.value
    if one is None or other is None:
        check_stream(ours, theirs, "feed")
        return
    for name in ("op", "s", "t", "raw"):
        mine, its = getattr(one, name), getattr(other, name)
        if not same(mine, its):
            raise Disagreement(f"{name}: the extension gives {mine!r}, its twin {its!r}")
    text = one.raw or b""
    looked_up_first = chance.random() < 0.5
    if looked_up_first:
        compare_values(one, other, text, pointer)
    d = outcome(lambda: one.d)
    check(d, outcome(lambda: other.d), text, "d")
    if d.error is None and one.d is not one.d:
        raise Disagreement("d is built anew")
    if not looked_up_first:
        compare_values(one, other, text, pointer)
    for _ in range(3):
        compare_values(one, other, text, pointer_into(d.value, chance))


def compare_values(one: Any, other: Any, text: bytes, pointer: str) -> None:
    ours = outcome(one.at, pointer, also=WHERE_AT)
    theirs = outcome(other.at, pointer, also=WHERE_AT)
    if theirs.error is not None and ours.error is None and depth_of(text) > SURE_DEPTH:
        return
    check(ours, theirs, text, f"at({pointer!r})")


def pointer_into(value: Any, chance: random.Random) -> str:
    """Return a pointer to something in a value, now and then to nothing."""
    pointer = ""
    while isinstance(value, (dict, list)) and value and chance.random() < 0.8:
        key = (
            chance.choice(list(value)) if isinstance(value, dict) else chance.randrange(len(value))
        )
        value = value[key]
        pointer += "/" + str(key).replace("~", "~0").replace("/", "~1")
    if chance.random() < 0.2:
        pointer += chance.choice(("/", "/x", "/0", "/-1", "/00", "/99", "~", "x", "/~0", "/\u00e9"))
    return pointer


def frames_of(kind: str, texts: list[bytes], body: bytes, chance: random.Random) -> Iterator[Any]:
    if kind == "plain texts":
        for text in texts:
            yield text.decode("utf-8", "surrogatepass") if is_text(text, chance) else text
        return
    if kind == "payload texts":
        for text in texts:
            yield damaged(zlib.compress(text, chance.randrange(10)), chance)
        return
    if kind == "payload stream":
        for frame in texts:
            yield b"x" + frame
        return
    if kind.endswith("stream"):
        frames = [body]
    elif kind == "zlib texts":
        frames = deflated(texts, chance)
    else:
        frames = zstd_compressed(texts, chance)
    for frame in frames:
        for piece in cut(damaged(frame, chance), chance):
            yield chance.choice((bytes, bytes, bytearray, memoryview))(piece)


def is_text(text: bytes, chance: random.Random) -> bool:
    if chance.random() < 0.5:
        return False
    try:
        text.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return False
    return True


def deflated(texts: list[bytes], chance: random.Random) -> list[bytes]:
    stream = zlib.compressobj(
        level=chance.choice((0, 1, 6, 9)),
        wbits=chance.choice((9, 12, 15, 15, 15)),
        memLevel=chance.randrange(1, 10),
        strategy=chance.choice((zlib.Z_DEFAULT_STRATEGY, zlib.Z_FIXED, zlib.Z_HUFFMAN_ONLY)),
    )
    frames = [stream.compress(text) + stream.flush(chance.choice(FLUSHES)) for text in texts]
    return [*frames, stream.flush()] if chance.random() < 0.05 else frames


def zstd_compressed(texts: list[bytes], chance: random.Random) -> list[bytes]:
    parameter = zstd.CompressionParameter
    stream = zstd.ZstdCompressor(
        options={
            parameter.window_log: chance.choice((*[10, 18] * 8, 23, 24)),
            parameter.compression_level: chance.choice((-5, 1)),
            parameter.checksum_flag: chance.randrange(2),
        }
    )
    frames = [stream.compress(text, mode=stream.FLUSH_BLOCK) for text in texts]
    return [*frames, stream.flush()] if chance.random() < 0.05 else frames


def damaged(frame: bytes, chance: random.Random) -> bytes:
    if not frame or chance.random() < 0.8:
        return frame
    spoiled = bytearray(frame)
    place = chance.randrange(len(frame))
    spoiled[place : place + chance.randrange(3)] = chance.randbytes(chance.randrange(3))
    return bytes(spoiled)


def cut(frame: bytes, chance: random.Random) -> list[bytes]:
    if chance.random() < 0.6:
        return [frame]
    places = sorted(chance.randrange(len(frame) + 1) for _ in range(chance.randrange(1, 4)))
    return [frame[a:b] for a, b in pairwise([0, *places, len(frame)])]
