"""Objects and calls that nobody should make: they are an error or work, never a crash or a hang."""

from __future__ import annotations

import copy
import pickle
import sys
import threading
import time
import zlib
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from gateway_core import DecodeError, InflateError, JSONError
from gateway_core.testing.traffic import encode


class Deflater:
    """The server's side of a zlib-stream connection, each message in one stored block."""

    def __init__(self) -> None:
        self.stream = zlib.compressobj(0)

    def __call__(self, text: bytes) -> bytes:
        return self.stream.compress(text) + self.stream.flush(zlib.Z_SYNC_FLUSH)


def decoders(backend: ModuleType) -> list[type]:
    return [backend.ZlibStreamDecoder, backend.ZstdStreamDecoder, backend.PlainDecoder]


# Payloads


@pytest.mark.parametrize(
    "duplicate",
    [copy.copy, copy.deepcopy, *(lambda p, n=n: pickle.dumps(p, n) for n in range(6))],
)
def test_a_payload_is_not_copied(backend: ModuleType, duplicate: Callable[[Any], Any]) -> None:
    payload = backend.PlainDecoder().feed(encode(0, 1, "EVENT", {"id": "1"}))
    assert payload.at("/id") == "1"
    with pytest.raises(TypeError, match="raw"):
        duplicate(payload)


def test_a_payload_made_without_a_decoder_is_empty_or_refused(backend: ModuleType) -> None:
    try:
        payload = backend.Payload.__new__(backend.Payload)
    except TypeError:
        return
    assert (payload.d, payload.raw, payload.at("")) == (None, None, None)
    assert "None" in repr(payload)


def test_threads_that_ask_for_a_large_d_get_the_same_object(backend: ModuleType) -> None:
    text = encode(0, 1, "EVENT", [1] * 600_000)  # so large that the GIL is released
    for _ in range(5):
        payload = backend.PlainDecoder().feed(text)
        start = threading.Barrier(4)
        got: list[Any] = []

        def read(payload: Any = payload, start: Any = start, got: list[Any] = got) -> None:
            start.wait()
            got.append(payload.d)

        threads = [threading.Thread(target=read) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(got) == 4
        assert all(d is payload.d for d in got)


def test_a_parser_that_asks_for_d_again(backend: ModuleType) -> None:
    depth = 0

    def parse(_: bytes) -> dict[str, object]:
        nonlocal depth
        depth += 1
        if depth == 1:
            assert payload.d == 2
        return {"d": depth}

    payload = backend.PlainDecoder(loads=parse).feed(b'{"op":0,"d":null}')
    assert payload.d == 2  # the first to finish wins, and stays
    assert payload.d == 2


# Decoders


def test_a_decoder_that_is_no_decoder(backend: ModuleType) -> None:
    kind = backend.ZlibStreamDecoder.__base__
    try:
        nothing = kind()
        nothing.reset()
    except (TypeError, AttributeError):
        pass


class Reentrant(str):
    """Compares by calling; made to be found in a set of wanted names."""

    call: Callable[[], object]

    def __eq__(self, other: object) -> bool:
        call, self.call = self.call, lambda: None
        call()
        return str.__eq__(self, other)

    __hash__ = str.__hash__


def test_feeding_a_decoder_while_it_makes_a_payload(backend: ModuleType) -> None:
    deflate = Deflater()
    first, second = encode(0, 1, "EVENT", "x" * 10_000), encode(0, 2, "OTHER", "y" * 300_000)
    frames = [deflate(first), deflate(second)]
    name = Reentrant("EVENT")
    decoder = backend.ZlibStreamDecoder(wanted={name})
    errors: list[Exception] = []

    def feed_again() -> None:
        for call in (lambda: decoder.feed(frames[1]), decoder.reset):
            try:
                call()
            except RuntimeError as error:
                errors.append(error)

    name.call = feed_again
    payload = decoder.feed(frames[0])
    assert payload.raw == first
    if backend.__name__.endswith("_fastpath"):
        assert len(errors) == 2
        assert decoder.feed(frames[1]).t == "OTHER"


@pytest.mark.parametrize("limit", [sys.maxsize, 2**64 - 1, 2**64, 2**70])
def test_a_limit_beyond_all_memory(backend: ModuleType, limit: int) -> None:
    text = encode(0, 1, "EVENT", "x" * 100_000)
    decoder = backend.ZlibStreamDecoder(max_message_size=limit)
    assert decoder.feed(Deflater()(text)).raw == text
    assert backend.PlainDecoder(max_message_size=limit).feed(zlib.compress(text)).raw == text


def test_bytes_that_a_dead_stream_refuses_were_received_all_the_same(backend: ModuleType) -> None:
    decoder = backend.ZlibStreamDecoder()
    for _ in range(3):
        with pytest.raises(InflateError):
            decoder.feed(b"nonsense")
    assert (decoder.bytes_in, decoder.bytes_out, decoder.messages) == (24, 0, 0)


# Frames and texts of odd types


class OddBytes(bytes):
    def __bytes__(self) -> OddBytes:
        return self


class OddBytearray(bytearray):
    def __bytes__(self) -> bytes:
        return OddBytes(b"[0]")


class OddStr(str):
    def encode(self, *_: object) -> Any:
        return None


def test_texts_of_odd_types(backend: ModuleType) -> None:
    assert backend.loads(OddBytes(b"[1]")) == [1]
    assert backend.loads(OddBytearray(b"[1]")) == [1]
    assert backend.loads(OddStr("[1]")) == [1]
    assert backend.PlainDecoder().feed(OddStr('{"op":1}')).op == 1
    assert backend.PlainDecoder().feed(OddBytes(b'{"op":1}')).op == 1
    raw = backend.PlainDecoder().feed(OddBytes(b'{"op":1}')).raw
    assert type(raw) is bytes


def test_a_frame_with_gaps(backend: ModuleType) -> None:
    text = encode(0, 1, "EVENT", {})
    for kind, frame in (
        (backend.ZlibStreamDecoder, Deflater()(text)),
        (backend.PlainDecoder, zlib.compress(text)),
        (backend.PlainDecoder, text),
    ):
        spread = bytearray(2 * len(frame))
        spread[::2] = frame
        assert kind().feed(memoryview(spread)[::2]).raw == text
        assert kind().feed(memoryview(frame[::-1])[::-1]).raw == text


# Texts that take long


@pytest.mark.parametrize(
    "text",
    [
        b"[]" * 1100 + b'"' + b'\\"' * 200_000,
        b'{"a":' * 1100 + b'"' + b"\\\\" * 200_000,
        b"[" + b'"",[],' * 100_000,
        b'{"op":' + b'"",' * 100_000,
        b'{"d":"' + b'\\"' * 200_000,
        b'{"d":[' + b'"\\\\",' * 100_000,
        b"\\" * 400_000,
        b'"' * 400_001,
        b"[" * 400_000,
        b"1" * 400_000,
        b"\xef\xbb\xbf" * 100_000,
    ],
    ids=lambda text: repr(text[:6]),
)
def test_malformed_text_costs_time_in_proportion(backend: ModuleType, text: bytes) -> None:
    start = time.process_time()
    with pytest.raises(JSONError):
        backend.loads(text)
    for message in (text, b'{"op":0,"d":' + text, b'{"d":' + text):
        with pytest.raises(DecodeError):
            _ = backend.PlainDecoder().feed(message).d
        with pytest.raises(DecodeError):
            backend.PlainDecoder().feed(message).at("/a")
    assert time.process_time() - start < 10
