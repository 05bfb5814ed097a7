"""Huffman codes that no compressor writes, and lengths that make no code, against zlib's reading.

Source: RFC 1951, 3.2.2 and 3.2.7.
"""

from __future__ import annotations

import random
import zlib
from types import ModuleType

import pytest

from gateway_core import InflateError

END_OF_BLOCK = 256
LENGTH_EXTRA = [*[0] * 8, *(extra for extra in range(1, 6) for _ in range(4)), 0]
DISTANCE_EXTRA = [*[0] * 4, *(extra for extra in range(1, 14) for _ in range(2))]
LENGTH_BASE = [3 + sum(1 << extra for extra in LENGTH_EXTRA[:n]) for n in range(28)] + [258]
DISTANCE_BASE = [1 + sum(1 << extra for extra in DISTANCE_EXTRA[:n]) for n in range(30)]
HEADER = b"\x78\x01"


class BitWriter:
    """Bits into bytes, the first bit lowest."""

    def __init__(self) -> None:
        self.value = 0
        self.size = 0

    def add(self, value: int, size: int) -> None:
        self.value |= value << self.size
        self.size += size

    def flush(self) -> bytes:
        """Return what was added and an empty stored block: a message's end."""
        self.add(0, 3)
        self.size += -self.size % 8
        return self.value.to_bytes(self.size // 8, "little") + b"\x00\x00\xff\xff"


def codes_of(lengths: list[int]) -> dict[int, tuple[int, int]]:
    """Return the canonical code of each symbol, its first bit lowest, and its length."""
    code = 0
    codes = {}
    for length in range(1, 16):
        for symbol, own in enumerate(lengths):
            if own == length:
                codes[symbol] = (int(f"{code:0{length}b}"[::-1], 2), length)
                code += 1
        code <<= 1
    return codes


def write_lengths(bits: BitWriter, literals: list[int], distances: list[int]) -> None:
    bits.add(0b100, 3)  # not the last block; dynamic codes
    bits.add(len(literals) - 257, 5)
    bits.add(len(distances) - 1, 5)
    bits.add(15, 4)
    for symbol in (16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15):
        bits.add(0 if symbol > 15 else 4, 3)
    plain = codes_of([4] * 16)
    for length in (*literals, *distances):
        bits.add(*plain[length])


def complete_lengths(dice: random.Random, count: int) -> list[int]:
    """Return the lengths of `count` codes (2 at least) that together leave nothing over."""
    lengths = [0]
    skewed = dice.random() < 0.4  # towards the full 15 bits
    while len(lengths) < count:
        open_ones = [n for n, length in enumerate(lengths) if length < 15]
        place = open_ones[-1] if skewed and dice.random() < 0.9 else dice.choice(open_ones)
        lengths[place] += 1
        lengths.append(lengths[place])
    return lengths


def spread(dice: random.Random, lengths: list[int], symbols: list[int], size: int) -> list[int]:
    dice.shuffle(lengths)
    table = [0] * size
    for symbol, length in zip(symbols, lengths, strict=True):
        table[symbol] = length
    return table


def random_codes(dice: random.Random) -> tuple[list[int], list[int]]:
    """Return code lengths of literals and lengths, and of distances, as a block may have them."""
    size = dice.choice([257, 258, 265, 280, 286])
    used = dice.sample([n for n in range(size) if n != END_OF_BLOCK], dice.randrange(1, size))
    literals = spread(dice, complete_lengths(dice, len(used) + 1), [*used, END_OF_BLOCK], size)
    size = dice.choice([1, 2, 10, 29, 30])
    used = dice.sample(range(size), dice.randrange(size + 1))
    if len(used) < 2:  # no code, or one of a single bit
        return literals, spread(dice, [1] * len(used), used, size)
    return literals, spread(dice, complete_lengths(dice, len(used)), used, size)


def write_message(dice: random.Random, window: bytes) -> tuple[bytes, bytes]:
    """Return a message's compressed bytes and its text."""
    bits = BitWriter()
    literals, distances = random_codes(dice)
    write_lengths(bits, literals, distances)
    codes, distance_codes = codes_of(literals), codes_of(distances)
    text = bytearray(window)
    for _ in range(dice.choice([1, 20, 300])):
        symbol = dice.choice(list(codes))
        if symbol < END_OF_BLOCK:
            bits.add(*codes[symbol])
            text.append(symbol)
            continue
        reachable = [n for n in distance_codes if DISTANCE_BASE[n] <= len(text)]
        if symbol == END_OF_BLOCK or not reachable:
            continue
        extra = dice.randrange(1 << LENGTH_EXTRA[symbol - 257])
        if symbol == 284 and extra == 31:  # 258 has a symbol of its own
            extra = 30
        distance_symbol = dice.choice(reachable)
        distance_extra = dice.randrange(1 << DISTANCE_EXTRA[distance_symbol])
        distance = DISTANCE_BASE[distance_symbol] + distance_extra
        if distance > len(text):
            continue
        bits.add(*codes[symbol])
        bits.add(extra, LENGTH_EXTRA[symbol - 257])
        bits.add(*distance_codes[distance_symbol])
        bits.add(distance_extra, DISTANCE_EXTRA[distance_symbol])
        for _ in range(LENGTH_BASE[symbol - 257] + extra):
            text.append(text[-distance])
    bits.add(*codes[END_OF_BLOCK])
    return bits.flush(), bytes(text[len(window) :])


def test_codes_of_any_shape(backend: ModuleType) -> None:
    dice = random.Random(11)
    for _ in range(20):
        inflator = backend.Inflator()
        reference = zlib.decompressobj()
        window = b""
        frame = HEADER
        for _ in range(15):
            message, text = write_message(dice, window)
            frame += message
            assert reference.decompress(frame) == text  # the test itself is right
            assert inflator.decompress(frame) == text
            window = (window + text)[-32768:]
            frame = b""


@pytest.mark.parametrize(("far", "left"), [(14, 1), (12, 2)])
def test_the_marker_with_the_first_bits_of_another_block_ends_no_message(
    backend: ModuleType, far: int, left: int
) -> None:
    """A block that ends one or two bits before the end of 00 00 FF FF."""
    a, b, match, near = ord("a"), ord("b"), 281, 4
    literals, distances = [0] * 286, [0] * 30
    literals[match], literals[a], literals[b], literals[END_OF_BLOCK] = 1, 2, 3, 3
    distances[near] = distances[far] = 1
    codes, distance_codes = codes_of(literals), codes_of(distances)
    for padding in range(8):
        bits = BitWriter()
        write_lengths(bits, literals, distances)
        for symbol in [a] * 200 + [b] * padding:
            bits.add(*codes[symbol])
        for _ in range(3):
            bits.add(*codes[match])
            bits.add(0, 5)
            bits.add(*distance_codes[near])
            bits.add(0, DISTANCE_EXTRA[near])
        bits.add(*codes[match])
        if bits.size % 8 == 0:  # so far two bytes and more of zeros; then nothing but ones
            break
    bits.add(0b11111, 5)
    bits.add(*distance_codes[far])
    bits.add((1 << DISTANCE_EXTRA[far]) - 1, DISTANCE_EXTRA[far])
    bits.add(*codes[END_OF_BLOCK])
    assert bits.size % 8 == 8 - left
    bits.add((1 << left) - 1, left)
    frame = HEADER + bits.value.to_bytes(bits.size // 8, "little")
    assert frame.endswith(b"\x00\x00\xff\xff")
    assert len(zlib.decompressobj().decompress(frame)) > 200
    assert backend.Inflator().decompress(frame) is None


@pytest.mark.parametrize("seed", range(4))
def test_lengths_that_may_make_no_code(backend: ModuleType, seed: int) -> None:
    """Whatever the lengths and whatever follows, the outcome is zlib's."""
    dice = random.Random(seed)
    outcomes = set()
    for _ in range(500):
        literals, distances = random_codes(dice)
        for table in dice.choice(([literals], [distances], [literals, distances], [])):
            for _ in range(dice.choice([1, 2, 40])):
                table[dice.randrange(len(table))] = dice.randrange(16)
        bits = BitWriter()
        write_lengths(bits, literals, distances)
        bits.add(dice.getrandbits(400), 400)
        frame = HEADER + bits.flush()
        try:
            expected = zlib.decompressobj().decompress(frame)
        except zlib.error:
            outcomes.add("error")
            with pytest.raises(InflateError):
                backend.Inflator().decompress(frame)
            continue
        outcomes.add("text")
        stream = zlib.decompressobj()
        stream.decompress(frame)
        try:
            got = backend.Inflator(max_message_size=1 << 20).decompress(frame)
        except InflateError:  # the stream's end came up by chance
            assert stream.eof
            continue
        assert got is None or got == expected
    assert outcomes == {"error", "text"}
