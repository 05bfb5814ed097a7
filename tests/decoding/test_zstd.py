"""zstd-stream: one endless frame, one gateway message in each websocket message."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decoding.backends import BACKENDS
from gateway_core import (
    DecodeError,
    GatewayError,
    InflateError,
    JSONError,
    MessageTooLarge,
    _purepath,
)
from gateway_core.testing.traffic import Traffic, encode

zstd = pytest.importorskip("compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd")


class Compressor:
    """The server's side of a zstd-stream connection."""

    def __init__(self, **options: int) -> None:
        parameters = zstd.CompressionParameter
        named = {getattr(parameters, name): value for name, value in options.items()}
        self.stream = zstd.ZstdCompressor(options={parameters.window_log: 18, **named})

    def __call__(self, text: bytes) -> bytes:
        frame: bytes = self.stream.compress(text, mode=self.stream.FLUSH_BLOCK)
        return frame


def message(d: object, s: int = 1) -> bytes:
    return encode(0, s, "EVENT", d)


def test_a_stream_of_many_messages(backend: ModuleType) -> None:
    compress = Compressor()
    decoder = backend.ZstdStreamDecoder()
    bytes_in = bytes_out = 0
    for s, (t, d) in zip(range(1, 3001), Traffic(seed=5).steady(), strict=False):
        text = encode(0, s, t, d)
        frame = compress(text)
        bytes_in += len(frame)
        bytes_out += len(text)
        payload = decoder.feed(frame)
        assert (payload.op, payload.s, payload.t, payload.raw) == (0, s, t, text)
        assert payload.d == json.loads(text)["d"]
    assert (decoder.bytes_in, decoder.bytes_out, decoder.messages) == (bytes_in, bytes_out, 3000)


@pytest.mark.parametrize("size", [0, 1, 100, 16_000, 131_072, 131_073, 5_000_000])
def test_messages_of_any_size(backend: ModuleType, size: int) -> None:
    compress = Compressor()
    decoder = backend.ZstdStreamDecoder()
    for letter in "ab":
        text = message((letter * 7 + "0123456789")[: 1 + size % 17] * (size // 8))
        assert decoder.feed(compress(text)).raw == text


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_kinds_of_frames(backend: ModuleType, kind: Callable[[bytes], Any]) -> None:
    assert backend.ZstdStreamDecoder().feed(kind(Compressor()(message(1)))).d == 1


def test_frames_of_wrong_types(backend: ModuleType) -> None:
    with pytest.raises(DecodeError, match="text frame"):
        backend.ZstdStreamDecoder().feed("{}")
    with pytest.raises(TypeError, match="a frame must be bytes"):
        backend.ZstdStreamDecoder().feed(None)


def test_an_empty_frame_is_nothing(backend: ModuleType) -> None:
    decoder = backend.ZstdStreamDecoder()
    assert decoder.feed(b"") is None
    compress = Compressor()
    assert decoder.feed(compress(message(1))).d == 1
    assert decoder.feed(b"") is None
    assert decoder.messages == 1


def test_two_messages_in_one_frame(backend: ModuleType) -> None:
    compress = Compressor()
    decoder = backend.ZstdStreamDecoder()
    payload = decoder.feed(compress(message(1)) + compress(message(2)))
    with pytest.raises(JSONError, match="Extra data"):
        _ = payload.d
    assert decoder.feed(compress(message(3))).d == 3


def test_wanted_and_another_parser(backend: ModuleType) -> None:
    compress = Compressor()
    decoder = backend.ZstdStreamDecoder(wanted={"OTHER"})
    payload = decoder.feed(compress(message(1)))
    assert (payload.s, payload.t, payload.d, payload.raw) == (1, "EVENT", None, None)
    assert backend.ZstdStreamDecoder(loads=json.loads).feed(Compressor()(message(1))).d == 1


def test_a_bad_message_leaves_the_stream_sound(backend: ModuleType) -> None:
    compress = Compressor()
    decoder = backend.ZstdStreamDecoder()
    with pytest.raises(JSONError):
        decoder.feed(compress(b'{"op"'))
    with pytest.raises(DecodeError, match="no op"):
        decoder.feed(compress(b"{}"))
    assert decoder.feed(compress(message(2))).d == 2


@pytest.mark.parametrize(
    "frame",
    [
        b"\x78\x9c" + b"\x00" * 20,
        b'{"op":1}' * 4,
        b"\x28\xb5\x2f\xfd\x00\x88" + b"\x07\x00\x00\x00",  # a reserved kind of block
        b"\x28\xb5\x2f\xfd\x00\xff" + b"\x00" * 20,  # a window of terabytes
        b"\x28\xb5\x2f\xfd\x00\x70" + b"\x01\x00\x00",  # 16 MiB of window: one step too much
    ],
)
def test_a_corrupt_stream_is_dead_until_reset(backend: ModuleType, frame: bytes) -> None:
    decoder = backend.ZstdStreamDecoder()
    with pytest.raises(InflateError):
        decoder.feed(frame)
    for _ in range(2):
        with pytest.raises(InflateError, match=r"reset\(\)"):
            decoder.feed(Compressor()(message(1)))
    decoder.reset()
    assert decoder.feed(Compressor()(message(1))).d == 1


def test_a_window_of_8_mebibytes_is_served(backend: ModuleType) -> None:
    compress = Compressor(window_log=23)
    decoder = backend.ZstdStreamDecoder()
    for number in range(3):
        assert decoder.feed(compress(message(number))).d == number


def test_the_end_of_the_stream_is_an_error(backend: ModuleType) -> None:
    with pytest.raises(InflateError, match="ended"):
        backend.ZstdStreamDecoder().feed(zstd.compress(message(1)))


def test_limits(backend: ModuleType) -> None:
    text = message("x" * 300_000)
    assert (
        backend.ZstdStreamDecoder(max_message_size=len(text)).feed(Compressor()(text)).raw == text
    )
    decoder = backend.ZstdStreamDecoder(max_message_size=len(text) - 1)
    with pytest.raises(MessageTooLarge, match=str(len(text) - 1)):
        decoder.feed(Compressor()(text))
    with pytest.raises(InflateError, match="dead"):
        decoder.feed(b"")
    decoder.reset()
    assert decoder.feed(Compressor()(message(1))).d == 1


def test_without_a_zstd_library_the_twin_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("compression.zstd", "backports.zstd"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(GatewayError, match=r"gateway-core\[zstd\]"):
        _purepath.ZstdStreamDecoder()
    assert _purepath.backend_details()["zstd"] == "no zstd"


@pytest.mark.parametrize("module", BACKENDS, ids=lambda module: str(module.__name__))
class TestAgainstZstd:
    @given(texts=st.lists(st.text(max_size=400), min_size=1, max_size=8), level=st.integers(-5, 12))
    @settings(max_examples=100, deadline=None)
    def test_any_messages(self, module: ModuleType, texts: list[str], level: int) -> None:
        compress = Compressor(compression_level=level)
        decoder = module.ZstdStreamDecoder()
        for text in texts:
            try:
                raw = message(text)
            except ValueError:  # lone surrogates
                continue
            assert decoder.feed(compress(raw)).d == text

    @given(damage=st.binary(min_size=1, max_size=60), data=st.data())
    @settings(max_examples=300, deadline=None)
    def test_damage_raises_our_errors_only(
        self, module: ModuleType, damage: bytes, data: st.DataObject
    ) -> None:
        frame = bytearray(Compressor()(message({"a": ["text"] * 20})))
        place = data.draw(st.integers(0, len(frame)))
        frame[place : place + data.draw(st.integers(0, 20))] = damage
        decoder = module.ZstdStreamDecoder(max_message_size=100_000)
        try:
            payload = decoder.feed(bytes(frame))
            if payload is not None:
                _ = payload.d
        except DecodeError:
            pass
        decoder.reset()
        assert decoder.feed(Compressor()(message(1))).d == 1
