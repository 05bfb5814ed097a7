"""Writes the inputs that a fuzzer starts from: ``python -m fuzz.seeds TARGET FOLDER``."""

from __future__ import annotations

import json
import random
import sys
import zlib
from collections.abc import Iterator
from itertools import islice, product
from pathlib import Path

from decoding.test_at import ABSENT, PRESENT, D
from decoding.test_decoders import BAD_ENVELOPES, CORRUPT, ENVELOPES, SAMPLES, dump
from decoding.test_frames import frame
from decoding.test_huffman import HEADER, write_message
from decoding.test_loads import ACCEPTED, REFUSED
from fuzz import fuzz_feed
from fuzz.agreement import BETWEEN_TEXTS
from gateway_core.testing.traffic import Traffic, encode


def loads() -> Iterator[bytes]:
    """Yield JSON texts, sound and unsound."""
    yield from ACCEPTED
    yield from REFUSED
    for sample in SAMPLES:
        yield dump(sample)
    for depth in (500, 1000, 1024, 1025):
        yield b"[" * depth + b"]" * depth
        yield b'{"a":' * depth + b"0" + b"}" * depth
    for s, (t, d) in enumerate(islice(Traffic(seed=1).steady(), 50)):
        yield encode(0, s, t, d)
    yield json.dumps(D, indent=1).encode()
    usual = b'{"a":1,"b":2,"c":3,"d":[],"e":{},"f":null}'
    for key in (b"a", rb"\u0062", b"1", "\u00e9".encode()):
        yield BETWEEN_TEXTS.join([usual, usual.replace(b"b", key)])
    yield BETWEEN_TEXTS.join(ACCEPTED)


def feed() -> Iterator[bytes]:
    """Yield inputs of the target `feed`, for each of its kinds."""
    texts = [text for text, *_ in ENVELOPES + BAD_ENVELOPES] + [dump(s) for s in SAMPLES]
    pointers = [pointer.encode("utf-8", "replace") for pointer, _ in PRESENT + ABSENT]
    for kind, name in enumerate(fuzz_feed.KINDS):
        if not name.endswith("texts"):
            continue
        for number in range(0, len(texts), 3):
            pointer = pointers[number % len(pointers)]
            yield message(kind, number, *texts[number : number + 3], pointer)
        for number, pointer in enumerate(pointers):
            yield message(kind, number, encode(0, 1, "EVENT", D), pointer)
    for kind, name in enumerate(fuzz_feed.KINDS):
        for number, text in enumerate(texts[::4]):
            stream = zlib.compressobj()
            frame = stream.compress(text) + stream.flush(zlib.Z_SYNC_FLUSH)
            if name == "zlib stream":
                yield message(kind, number, frame)
            elif name == "zstd stream":
                compress = fuzz_feed.zstd.ZstdCompressor()
                yield message(kind, number, compress.compress(text, mode=compress.FLUSH_BLOCK))
            elif name == "payload stream":
                yield message(kind, number, zlib.compress(text)[1:], b"")
    dice = random.Random(6)
    odd_codes = [HEADER + write_message(dice, b"")[0] for _ in range(30)]
    for frame in (*CORRUPT.values(), *odd_codes):
        yield message(fuzz_feed.KINDS.index("zlib stream"), 0, frame)


def message(kind: int, number: int, *parts: bytes) -> bytes:
    seed = number.to_bytes(4, "little")
    return bytes([kind, 0]) + seed + BETWEEN_TEXTS.join(parts)


def frames() -> Iterator[bytes]:
    """Yield what websocket servers send, right and wrong, after four bytes of seed."""
    kinds = [frame(2, b"message"), frame(1, b"text"), frame(9, b"ping"), frame(8, b"\x03\xe8")]
    kinds += [frame(2, b"be", first=0) + frame(9, b"amid") + frame(0, b"gun")]
    kinds += [frame(2, bytes(size)) for size in (0, 125, 126, 3000)] + [b"\x82\x7f" + b"\xff" * 8]
    for number, (one, other) in enumerate(product(kinds, kinds)):
        yield number.to_bytes(4, "little") + one + other


def main() -> None:
    """Write one file an input."""
    name, folder = sys.argv[1:]
    Path(folder).mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate({"loads": loads, "feed": feed, "frames": frames}[name]()):
        Path(folder, f"seed-{number:04}").write_bytes(seed)


if __name__ == "__main__":
    main()
