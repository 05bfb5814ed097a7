"""Frames to Payloads: streams, splits, limits, damage, and `wanted`."""

from __future__ import annotations

import itertools
import json
import random
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decoding.backends import BACKENDS
from gateway_core import DecodeError, InflateError, JSONError, MessageTooLarge
from gateway_core.testing.traffic import Traffic, encode

DATA = Path(__file__).parent.parent / "data"
SAMPLES: list[dict[str, Any]] = [
    envelope
    for path in sorted((DATA / "dispatches").glob("*.json"))
    for envelope in json.loads(path.read_text("utf-8"))
] + list(json.loads((DATA / "control.json").read_text("utf-8")).values())


def envelope_text(d: object, t: str | None = "EVENT", s: int | None = 1, op: int = 0) -> bytes:
    return encode(op, s, t, d)


class Deflater:
    """The server's side of a zlib-stream connection."""

    def __init__(self, level: int = 6) -> None:
        self.stream = zlib.compressobj(level)

    def __call__(self, text: bytes) -> bytes:
        return self.stream.compress(text) + self.stream.flush(zlib.Z_SYNC_FLUSH)


def dump(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def same_as_json(payload: Any, text: bytes) -> None:
    expected = json.loads(text)
    assert (payload.op, payload.s, payload.t, payload.d, payload.raw) == (
        expected["op"],
        expected.get("s"),
        expected.get("t"),
        expected.get("d"),
        text,
    )
    assert dump(payload.d) == dump(expected.get("d"))  # and the order of keys


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: str(sample.get("t") or sample["op"]))
def test_every_documented_event(backend: ModuleType, sample: dict[str, Any]) -> None:
    zlib_stream, plain = backend.ZlibStreamDecoder(), backend.PlainDecoder()
    deflate = Deflater()
    for text in (dump(sample), json.dumps(sample).encode(), json.dumps(sample, indent=1).encode()):
        same_as_json(zlib_stream.feed(deflate(text)), text)
        same_as_json(plain.feed(text), text)
        same_as_json(plain.feed(text.decode()), text)
        same_as_json(plain.feed(zlib.compress(text)), text)


def test_a_message_split_at_every_byte(backend: ModuleType) -> None:
    decoder = backend.ZlibStreamDecoder()
    for sample in SAMPLES[::12]:
        text = dump(sample)
        frame = Deflater()(text)
        for cut in range(1, len(frame)):
            decoder.reset()
            assert decoder.feed(frame[:cut]) is None
            payload = decoder.feed(frame[cut:])
            assert payload.raw == text
        same_as_json(payload, text)


def test_a_message_of_one_byte_frames(backend: ModuleType) -> None:
    deflate = Deflater()
    decoder = backend.ZlibStreamDecoder()
    for sample in SAMPLES:
        text = dump(sample)
        *most, last = (bytes([byte]) for byte in deflate(text))
        assert all(decoder.feed(frame) is None for frame in most)
        same_as_json(decoder.feed(last), text)


def steady(count: int) -> Iterator[bytes]:
    events = Traffic(seed=3).steady()
    for sequence, (t, d) in zip(range(1, count + 1), events, strict=False):
        yield encode(0, sequence, t, d)


def test_a_stream_of_ten_thousand_messages(backend: ModuleType) -> None:
    deflate = Deflater()
    decoder = backend.ZlibStreamDecoder()
    chunks = random.Random(7)
    bytes_in = bytes_out = 0
    for text in steady(10_000):
        frame = deflate(text)
        bytes_in += len(frame)
        bytes_out += len(text)
        if chunks.random() < 0.1:
            cut = chunks.randrange(len(frame))
            assert decoder.feed(frame[:cut]) is None
            frame = frame[cut:]
        payload = decoder.feed(frame)
        expected = json.loads(text)
        assert (payload.op, payload.s, payload.t) == (0, expected["s"], expected["t"])
        assert payload.d == expected["d"]
    assert (decoder.bytes_in, decoder.bytes_out, decoder.messages) == (bytes_in, bytes_out, 10_000)


def test_d_is_built_once_and_outlives_the_decoder(backend: ModuleType) -> None:
    deflate = Deflater()
    decoder = backend.ZlibStreamDecoder()
    payload = decoder.feed(deflate(envelope_text({"a": [1, "x"]})))
    for number in range(100):
        decoder.feed(deflate(envelope_text({"n": number, "pad": "y" * 5000})))
    del decoder
    assert payload.d == {"a": [1, "x"]}
    assert payload.d is payload.d
    payload.d["b"] = 2
    assert payload.d == {"a": [1, "x"], "b": 2}
    assert payload.raw == envelope_text({"a": [1, "x"]})


def test_payloads_are_made_by_decoders_only(backend: ModuleType) -> None:
    with pytest.raises(TypeError, match="PlainDecoder"):
        backend.Payload()
    payload = backend.PlainDecoder().feed(envelope_text({}))
    with pytest.raises(AttributeError):
        payload.d = 1
    with pytest.raises(AttributeError):
        payload.raw = b""


def test_repr_shows_the_envelope_and_not_the_data(backend: ModuleType) -> None:
    text = envelope_text({"token": "secret"}, t="READY", s=5)
    payload = backend.PlainDecoder().feed(text)
    assert repr(payload) == f"<Payload op=0 s=5 t='READY' {len(text)} bytes>"
    unwanted = backend.PlainDecoder(wanted={"OTHER"}).feed(text)
    assert repr(unwanted) == "<Payload op=0 s=5 t='READY' unwanted>"


# Envelopes


ENVELOPES = [
    (b'{"t":"A","s":1,"op":0,"d":{}}', (0, 1, "A", {})),
    (b'{"op":0,"s":1,"t":"A","d":{}}', (0, 1, "A", {})),
    (
        b'{"d":{"op":9,"t":"B","s":2},"op":0,"s":1,"t":"A"}',
        (0, 1, "A", {"op": 9, "t": "B", "s": 2}),
    ),
    (b'{"d":"}{][\\"","t":"A","op":0,"s":1}', (0, 1, "A", '}{][\\"'.replace("\\", ""))),
    (b'{"d":[1,[2,{"a":"]"}]],"t":"A","op":0,"s":1}', (0, 1, "A", [1, [2, {"a": "]"}]])),
    (b'{"d":-1.5e3,"t":"A","op":0,"s":1}', (0, 1, "A", -1500.0)),
    (b' { "t" : "A" ,\n"s" : 1 , "op"\t: 0 , "d" : [ ] } ', (0, 1, "A", [])),
    (b'{"op":11}', (11, None, None, None)),
    (b'{"t":null,"s":null,"op":11,"d":null}', (11, None, None, None)),
    (
        b'{"op":10,"d":{"heartbeat_interval":41250}}',
        (10, None, None, {"heartbeat_interval": 41250}),
    ),
    (b'{"\\u0074":"\\u0041B","s":1,"\\u006fp":0,"d":1}', (0, 1, "AB", 1)),
    (b'{"t":"\\"","s":1,"op":0,"d":1}', (0, 1, '"', 1)),
    ('{"t":"É","s":1,"op":0,"d":1}'.encode(), (0, 1, "É", 1)),
    (b'{"t":"","s":0,"op":0,"d":1}', (0, 0, "", 1)),
    (b'{"t":"A","s":-7,"op":-3,"d":1}', (-3, -7, "A", 1)),
    (b'{"t":"A","s":%d,"op":0,"d":1}' % 2**63, (0, 2**63, "A", 1)),
    (b'{"t":"A","s":%d,"op":0,"d":1}' % 10**30, (0, 10**30, "A", 1)),
    (b'{"t":"A","t":"B","s":1,"s":2,"op":0,"op":5,"d":1,"d":2}', (0, 1, "A", 2)),
    (b'{"x":1,"op":0,"y":{"op":7},"s":1,"z":"op","t":"A"}', (0, 1, "A", None)),
    (b"\xef\xbb\xbf" + b'{"t":"A","s":1,"op":0,"d":1}', (0, 1, "A", 1)),
]


@pytest.mark.parametrize(("text", "expected"), ENVELOPES)
def test_the_head_in_any_order(
    backend: ModuleType, text: bytes, expected: tuple[object, ...]
) -> None:
    payload = backend.PlainDecoder().feed(text)
    assert (payload.op, payload.s, payload.t) == expected[:3]
    assert payload.d == expected[3]
    unwanted = backend.PlainDecoder(wanted=["OTHER"]).feed(text)
    assert (unwanted.op, unwanted.s, unwanted.t) == expected[:3]
    if expected[2] is not None:
        assert (unwanted.d, unwanted.raw) == (None, None)


BAD_ENVELOPES = [
    (b"[1]", DecodeError, "not a JSON object"),
    (b"1", DecodeError, "not a JSON object"),
    (b'"op"', DecodeError, "not a JSON object"),
    (b"null", DecodeError, "not a JSON object"),
    (b"{}", DecodeError, "no op"),
    (b'{"t":"A","s":1}', DecodeError, "no op"),
    (b'{"d":{"op":1}}', DecodeError, "no op"),
    (b'{"op":null}', DecodeError, "op is not an integer"),
    (b'{"op":"0"}', DecodeError, "op is not an integer"),
    (b'{"op":1.0}', DecodeError, "op is not an integer"),
    (b'{"op":1e1}', DecodeError, "op is not an integer"),
    (b'{"op":true}', DecodeError, "op is not an integer"),
    (b'{"op":[1]}', DecodeError, "op is not an integer"),
    (b'{"op":0,"s":"1","t":"A"}', DecodeError, "s is neither"),
    (b'{"op":0,"s":1.5,"t":"A"}', DecodeError, "s is neither"),
    (b'{"op":0,"s":{},"t":"A"}', DecodeError, "s is neither"),
    (b'{"op":0,"s":1,"t":1}', DecodeError, "t is neither"),
    (b'{"op":0,"s":1,"t":["A"]}', DecodeError, "t is neither"),
    (b'{"op":0,"s":1,"t":false}', DecodeError, "t is neither"),
    (b" ", JSONError, "empty"),
    (b'{"op"', JSONError, "':'"),
    (b'{"op":0', JSONError, "','"),
    (b'{"op":0 "s":1}', JSONError, "','"),
    (b'{"op":0,', JSONError, "string"),
    (b"{op:0}", JSONError, "string"),
    (b'{"d":[1', JSONError, "value"),
    (b'{"d":"abc', JSONError, "','"),
    (b'{"d":,"op":1}', JSONError, "value"),
    (b'{"t":"\\x","op":1,"s":1}', JSONError, "escape"),
    (b'{"t":"\xff","op":1,"s":1}', JSONError, "UTF-8"),
    (b'{"op":%s}' % (b"1" * 5000), JSONError, "4300"),
]


@pytest.mark.parametrize(("text", "error", "message"), BAD_ENVELOPES)
def test_bad_envelopes(
    backend: ModuleType, text: bytes, error: type[DecodeError], message: str
) -> None:
    deflate = Deflater()
    decoder = backend.ZlibStreamDecoder()
    with pytest.raises(DecodeError, match=message) as caught:
        decoder.feed(deflate(text))
    assert type(caught.value) is error
    same_as_json(decoder.feed(deflate(b'{"op":1,"d":2}')), b'{"op":1,"d":2}')  # the stream goes on


@pytest.mark.parametrize(
    "text",
    [
        b'{"t":"A","s":1,"op":0',
        b'{"x":1\x0b,"t":"A","s":1,"op":0}',
        b'{"x":\x0c,"t":"A","s":1,"op":0}',
        b'{"t":"A","s":1,"op":0,"d":}',
        b'{"t":"A","s":1,"op":0,"d":[}}',
        b'{"t":"A","s":1,"op":0,"d":NaN}',
        b'{"t":"A","s":1,"op":0,"d":"\xff"}',
        b'{"t":"A","s":1,"op":0,"d":1}{"t":"A","s":2,"op":0,"d":2}',
        b'{"t":"A","s":1,"op":0,"d":%s1%s}' % (b"[" * 1024, b"]" * 1024),
    ],
)
def test_malformed_text_behind_a_sound_envelope(backend: ModuleType, text: bytes) -> None:
    payload = backend.PlainDecoder().feed(text)
    assert (payload.op, payload.s, payload.t, payload.raw) == (0, 1, "A", text)
    for _ in range(2):
        with pytest.raises(JSONError):
            _ = payload.d


def test_odd_values_cost_no_session(backend: ModuleType) -> None:
    text = b'{"t":"A","s":1,"op":0,"d":["\\ud800",%d,1e400,{"a":1,"a":2}]}' % 10**25
    payload = backend.PlainDecoder().feed(text)
    assert payload.d == ["\ud800", 10**25, float("inf"), {"a": 2}]


# Wanted


def test_unwanted_dispatches_keep_the_envelope_only(backend: ModuleType) -> None:
    deflate = Deflater()
    decoder = backend.ZlibStreamDecoder(wanted={"A", "C"})
    got = [
        decoder.feed(deflate(envelope_text({"x": s}, t=t, s=s, op=op)))
        for s, (t, op) in enumerate([("A", 0), ("B", 0), ("C", 0), (None, 11), ("AA", 0)])
    ]
    assert [(p.t, p.s, p.d) for p in got] == [
        ("A", 0, {"x": 0}),
        ("B", 1, None),
        ("C", 2, {"x": 2}),
        (None, 3, {"x": 3}),
        ("AA", 4, None),
    ]
    assert [p.raw is None for p in got] == [False, True, False, False, True]
    assert decoder.messages == 5


def test_nothing_wanted(backend: ModuleType) -> None:
    decoder = backend.PlainDecoder(wanted=())
    assert decoder.feed(envelope_text({})).raw is None
    assert decoder.feed(envelope_text({}, t=None)).raw is not None


# Another parser


@pytest.mark.parametrize("parser", [json.loads, "orjson"])
def test_another_parser_of_d(backend: ModuleType, parser: Any) -> None:
    if parser == "orjson":
        parser = pytest.importorskip("orjson").loads
    calls: list[bytes] = []

    def spy(text: bytes) -> Any:
        calls.append(text)
        return parser(text)

    text = envelope_text({"a": [1, None, "é"]}, t="A", s=3)
    payload = backend.PlainDecoder(loads=spy).feed(text)
    assert (payload.op, payload.s, payload.t, calls) == (0, 3, "A", [])
    assert payload.d == {"a": [1, None, "é"]}
    assert payload.d is payload.d
    assert calls == [text]


def test_errors_of_another_parser_become_ours(backend: ModuleType) -> None:
    text = b'{"t":"A","s":1,"op":0,"d":[}'
    payload = backend.PlainDecoder(loads=json.loads).feed(text)
    with pytest.raises(JSONError, match="JSONDecodeError") as caught:
        _ = payload.d
    assert isinstance(caught.value.__cause__, json.JSONDecodeError)

    def broken(_: bytes) -> None:
        raise KeyError("not about JSON")

    with pytest.raises(KeyError):
        _ = backend.PlainDecoder(loads=broken).feed(envelope_text({})).d


# The zlib stream


def stored_block(data: bytes, last: bool = False) -> bytes:
    size = len(data).to_bytes(2, "little")
    return bytes([last]) + size + bytes(255 - b for b in size) + data


HEADER = b"\x78\x01"
EMPTY_BLOCK = b"\x00\x00\x00\xff\xff"


def test_the_marker_inside_a_message_does_not_end_it(backend: ModuleType) -> None:
    inflator = backend.Inflator()
    body = b"abc\x00\x00\xff\xff"
    block = stored_block(body + b"def")
    cut = block.index(body) + len(body)
    assert inflator.decompress(HEADER + block[:cut]) is None  # ends in the marker
    assert inflator.decompress(block[cut:]) is None
    assert inflator.decompress(EMPTY_BLOCK) == body + b"def"


def test_the_marker_as_a_blocks_last_bytes_is_a_boundary_only_by_the_block(
    backend: ModuleType,
) -> None:
    # A stored block that ends in the marker leaves the inflater between blocks: RFC 1951 gives no
    # means to tell it from a flush, and neither does Discord's rule.
    inflator = backend.Inflator()
    assert inflator.decompress(HEADER + stored_block(b"x\x00\x00\xff\xff")) == b"x\x00\x00\xff\xff"
    assert inflator.decompress(EMPTY_BLOCK) == b""


def test_the_marker_cut_over_frames(backend: ModuleType) -> None:
    deflate = Deflater()
    inflator = backend.Inflator()
    for cut in (1, 2, 3, 4, 5):
        frame = deflate(b"hello %d" % cut)
        assert inflator.decompress(frame[:-cut]) is None
        assert inflator.decompress(b"") is None
        assert inflator.decompress(frame[-cut:]) == b"hello %d" % cut
        assert inflator.decompress(b"") is None


def test_the_marker_in_the_streams_checksum_ends_no_message(backend: ModuleType) -> None:
    inflator = backend.Inflator()
    assert inflator.decompress(bytes.fromhex("789cb2368c004c0000ffff")) is None
    with pytest.raises(InflateError):
        inflator.decompress(b"\x00" * 4)


def test_an_empty_frame_is_nothing(backend: ModuleType) -> None:
    decoder = backend.ZlibStreamDecoder()
    assert decoder.feed(b"") is None
    assert backend.PlainDecoder().feed(b"") is None
    assert backend.PlainDecoder().feed("") is None
    assert decoder.messages == 0


def test_two_messages_in_one_frame(backend: ModuleType) -> None:
    deflate = Deflater()
    decoder = backend.ZlibStreamDecoder()
    payload = decoder.feed(deflate(envelope_text(1)) + deflate(envelope_text(2)))
    with pytest.raises(JSONError, match="Extra data"):
        _ = payload.d
    assert decoder.feed(deflate(envelope_text(3))).d == 3


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_kinds_of_frames(backend: ModuleType, kind: Callable[[bytes], Any]) -> None:
    text = envelope_text({"a": 1})
    assert backend.ZlibStreamDecoder().feed(kind(Deflater()(text))).d == {"a": 1}
    assert backend.PlainDecoder().feed(kind(text)).d == {"a": 1}
    assert backend.Inflator().decompress(kind(Deflater()(text))) == text


def test_frames_of_wrong_types(backend: ModuleType) -> None:
    for feed in (backend.ZlibStreamDecoder().feed, backend.Inflator().decompress):
        with pytest.raises(DecodeError, match="text frame"):
            feed("{}")
        for frame in (None, 1, [b""]):
            with pytest.raises(TypeError, match="a frame must be bytes"):
                feed(frame)
    with pytest.raises(TypeError, match="a frame must be bytes"):
        backend.PlainDecoder().feed(1)
    with pytest.raises(JSONError, match="UTF-8"):
        backend.PlainDecoder().feed('{"op":1,"d":"\ud800"}')


CORRUPT = {
    "wrong header": b"\x79\x9c" + b"\x00" * 8,
    "gzip": b"\x1f\x8b\x08" + b"\x00" * 8,
    "preset dictionary": b"\x78\xbb\x00\x01\x00\x01" + EMPTY_BLOCK,
    "reserved block type": HEADER + b"\x07",
    "stored sizes differ": HEADER + b"\x00\x05\x00\x00\x00",
    "distance too far back": HEADER + bytes.fromhex("4b04620000ffff"),
    "text": b'{"op":1}',
}


@pytest.mark.parametrize("frame", CORRUPT.values(), ids=CORRUPT.keys())
def test_a_corrupt_stream_is_dead_until_reset(backend: ModuleType, frame: bytes) -> None:
    decoder = backend.ZlibStreamDecoder()
    with pytest.raises(InflateError):
        decoder.feed(frame)
    for _ in range(2):
        with pytest.raises(InflateError, match=r"reset\(\)"):
            decoder.feed(Deflater()(envelope_text(1)))
    decoder.reset()
    assert decoder.feed(Deflater()(envelope_text(1))).d == 1


def test_corruption_in_mid_stream(backend: ModuleType) -> None:
    deflate = Deflater()
    decoder = backend.ZlibStreamDecoder()
    decoder.feed(deflate(envelope_text("first")))
    with pytest.raises(InflateError):
        decoder.feed(b"\x07" + deflate(envelope_text("second")))
    decoder.reset()
    assert decoder.feed(Deflater()(envelope_text("third"))).d == "third"
    assert decoder.messages == 2


def test_the_end_of_the_stream_is_an_error(backend: ModuleType) -> None:
    decoder = backend.ZlibStreamDecoder()
    with pytest.raises(InflateError, match="ended"):
        decoder.feed(zlib.compress(envelope_text(1)))
    with pytest.raises(InflateError):
        decoder.feed(b"")


def test_reset_forgets_half_a_message(backend: ModuleType) -> None:
    decoder = backend.ZlibStreamDecoder()
    assert decoder.feed(Deflater()(envelope_text(1))[:-6]) is None
    decoder.reset()
    assert decoder.feed(Deflater()(envelope_text(2))).d == 2


@pytest.mark.parametrize(
    "frame",
    [
        zlib.compress(envelope_text(1))[:-1],
        zlib.compress(envelope_text(1))[:-5],
        zlib.compress(envelope_text(1)) + b"\x00",
        zlib.compress(envelope_text(1))[:-1] + b"\x00",
        b"x",
        b"xyz",
    ],
)
def test_payload_compression_must_be_a_whole_stream(backend: ModuleType, frame: bytes) -> None:
    decoder = backend.PlainDecoder()
    with pytest.raises(InflateError):
        decoder.feed(frame)
    assert decoder.feed(envelope_text(2)).d == 2
    assert decoder.feed(zlib.compress(envelope_text(3))).d == 3


# Limits


def test_the_largest_message(backend: ModuleType) -> None:
    text = envelope_text("x" * 1000)
    limit = len(text)
    assert backend.ZlibStreamDecoder(max_message_size=limit).feed(Deflater()(text)).raw == text
    assert backend.PlainDecoder(max_message_size=limit).feed(text).raw == text
    assert backend.PlainDecoder(max_message_size=limit).feed(zlib.compress(text)).raw == text
    assert backend.Inflator(max_message_size=limit).decompress(Deflater()(text)) == text


def test_one_byte_too_many(backend: ModuleType) -> None:
    text = envelope_text("x" * 1000)
    limit = len(text) - 1
    decoder = backend.ZlibStreamDecoder(max_message_size=limit)
    with pytest.raises(MessageTooLarge, match=str(limit)):
        decoder.feed(Deflater()(text))
    with pytest.raises(InflateError, match="dead"):
        decoder.feed(b"")
    decoder.reset()
    assert decoder.feed(Deflater()(envelope_text(1))).d == 1
    plain = backend.PlainDecoder(max_message_size=limit)
    for frame in (text, text.decode(), zlib.compress(text)):
        with pytest.raises(MessageTooLarge, match=str(limit)):
            plain.feed(frame)
    assert plain.feed(envelope_text(1)).d == 1
    with pytest.raises(MessageTooLarge):
        backend.Inflator(max_message_size=limit).decompress(Deflater()(text))


def test_the_limit_counts_a_message_over_all_its_frames(backend: ModuleType) -> None:
    decoder = backend.ZlibStreamDecoder(max_message_size=5000)
    stream = zlib.compressobj(0)
    frames = [stream.compress(b"x" * 1000) + stream.flush(zlib.Z_BLOCK) for _ in range(6)]
    for frame in frames[:4]:
        assert decoder.feed(frame) is None
    with pytest.raises(MessageTooLarge):
        decoder.feed(frames[4] + frames[5])


def test_the_limit_starts_anew_with_each_message(backend: ModuleType) -> None:
    decoder = backend.ZlibStreamDecoder(max_message_size=2000)
    deflate = Deflater()
    for _ in range(100):
        decoder.feed(deflate(envelope_text("x" * 1500)))


@pytest.mark.parametrize("size", [0, -1])
def test_senseless_limits(backend: ModuleType, size: int) -> None:
    for kind in (backend.ZlibStreamDecoder, backend.PlainDecoder, backend.Inflator):
        with pytest.raises(ValueError, match="max_message_size"):
            kind(max_message_size=size)


def test_names_of_the_backend(backend: ModuleType) -> None:
    details = backend.backend_details()
    assert details["name"] == ("native" if backend.__name__.endswith("_fastpath") else "pure")
    assert details["zlib"].startswith("zlib")
    assert "json" in details["json"]


# Properties


@pytest.mark.parametrize("module", BACKENDS, ids=lambda module: str(module.__name__))
class TestAgainstZlib:
    @pytest.mark.parametrize(
        "strategy",
        [zlib.Z_DEFAULT_STRATEGY, zlib.Z_FILTERED, zlib.Z_HUFFMAN_ONLY, zlib.Z_RLE, zlib.Z_FIXED],
    )
    def test_huffman_codes_of_every_shape(self, module: ModuleType, strategy: int) -> None:
        """Codes of one symbol and of all, flat ones and ones of the full 15 bits."""
        dice = random.Random(strategy)
        fibonacci = [1, 1]
        while len(fibonacci) < 24:
            fibonacci.append(fibonacci[-1] + fibonacci[-2])
        stream = zlib.compressobj(9, zlib.DEFLATED, 15, 9, strategy)
        inflator = module.Inflator()
        for number in range(150):
            symbols = dice.sample(range(1, 256), dice.choice([1, 2, 3, 10, 24, 60, 255]))
            weights: list[int] = [1] * len(symbols)
            if number % 3 == 0:
                weights = (fibonacci * 11)[: len(symbols)]
            elif number % 3 == 1:
                weights = [dice.randint(1, 100) for _ in symbols]
            size = dice.choice([1, 50, 700, 5000, 90_000 if number % 10 == 0 else 2000])
            text = bytes(dice.choices(symbols, weights, k=size))
            frame = stream.compress(text) + stream.flush(zlib.Z_SYNC_FLUSH)
            assert inflator.decompress(frame) == text

    @given(
        messages=st.lists(st.binary(max_size=300), min_size=1, max_size=8),
        level=st.integers(0, 9),
        data=st.data(),
    )
    @settings(max_examples=150, deadline=None)
    def test_any_messages_in_any_frames(
        self, module: ModuleType, messages: list[bytes], level: int, data: st.DataObject
    ) -> None:
        deflate = Deflater(level)
        inflator = module.Inflator()
        for message in messages:
            frame = deflate(message)
            cuts = sorted(data.draw(st.lists(st.integers(0, len(frame)), max_size=4)))
            edges = [0, *cuts, len(frame)]
            pieces = [frame[a:b] for a, b in itertools.pairwise(edges)]
            got = [inflator.decompress(piece) for piece in pieces]
            whole = [text for text in got if text is not None]
            if message and b"\x00\x00\xff\xff" not in message:
                assert whole == [message]
            else:  # nothing to flush, or a stored marker that a cut laid bare
                assert b"".join(whole) == message

    @given(damage=st.binary(min_size=1, max_size=60), data=st.data())
    @settings(max_examples=300, deadline=None)
    def test_damage_raises_our_errors_only(
        self, module: ModuleType, damage: bytes, data: st.DataObject
    ) -> None:
        frame = bytearray(Deflater()(envelope_text({"a": ["text"] * 20})))
        place = data.draw(st.integers(0, len(frame)))
        frame[place : place + data.draw(st.integers(0, 20))] = damage
        decoder = module.ZlibStreamDecoder(max_message_size=100_000)
        try:
            payload = decoder.feed(bytes(frame))
            if payload is not None:
                _ = payload.d
        except DecodeError:
            pass
        decoder.reset()
        assert decoder.feed(Deflater()(envelope_text(1))).d == 1
