"""The splitter of websocket frames never changes what `websockets` would have said."""

from __future__ import annotations

import importlib.util
import itertools
import struct
import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.protocol import OPEN, Protocol
from websockets.uri import parse_uri

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("gateway_core._fastpath") is None, reason="needs the extension"
)

LARGEST = 100_000


def splitter(largest: int = LARGEST) -> Any:
    from gateway_core import _fastpath

    return _fastpath.FrameSplitter(largest)


def client() -> ClientProtocol:
    protocol = ClientProtocol(parse_uri("ws://localhost/"), max_size=LARGEST)
    Protocol.__init__(protocol, protocol.side, state=OPEN, max_size=LARGEST)
    return protocol


def is_over(protocol: ClientProtocol) -> bool:
    return protocol.parser_exc is not None or protocol.close_rcvd is not None


@pytest.fixture(autouse=True, scope="module")
def _masks_without_chance() -> Iterator[None]:
    """Let both sides' answers be masked alike."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("websockets.frames.secrets.token_bytes", bytes)
        yield


class Judge:
    """What websockets makes of received bytes: messages and control frames, answers, the end."""

    def __init__(self) -> None:
        self.protocol = client()
        self.heard: list[Any] = []
        self.fragments: list[bytes] = []

    def receive(self, data: bytes) -> None:
        self.protocol.receive_data(data)
        for event in self.protocol.events_received():
            assert isinstance(event, Frame)
            if event.opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
                self.fragments.append(bytes(event.data))
                if event.fin:
                    self.heard.append(b"".join(self.fragments))
                    self.fragments = []
            else:
                self.heard.append((event.opcode, bytes(event.data)))

    def verdict(self) -> tuple[Any, ...]:
        return (
            self.heard,
            b"".join(self.protocol.data_to_send()),
            self.protocol.state,
            self.protocol.close_rcvd,
            type(self.protocol.parser_exc),
        )


def frame(opcode: int, payload: bytes, *, first: int = 0x80, mask: bool = False) -> bytes:
    size = len(payload)
    if size < 126:
        head = struct.pack("!BB", first | opcode, size | mask << 7)
    elif size < 65_536:
        head = struct.pack("!BBH", first | opcode, 126 | mask << 7, size)
    else:
        head = struct.pack("!BBQ", first | opcode, 127 | mask << 7, size)
    return head + (b"\x00\x00\x00\x00" if mask else b"") + payload


payloads = st.binary(max_size=40) | st.sampled_from([125, 126, 127, 65_535, 65_536]).map(bytes)
good = st.one_of(
    payloads.map(lambda payload: [frame(2, payload)]),
    payloads.map(lambda payload: [frame(2, payload)]),
    st.text(max_size=20).map(lambda text: [frame(1, text.encode("utf-8", "replace"))]),
    st.binary(max_size=20).map(lambda data: [frame(9, data)]),
    st.binary(max_size=20).map(lambda data: [frame(10, data)]),
    st.lists(st.binary(max_size=30), min_size=2, max_size=4).map(
        lambda parts: [
            frame(2, parts[0], first=0),
            *(frame(0, part, first=0) for part in parts[1:-1]),
            frame(9, b"amid"),
            frame(0, parts[-1]),
        ]
    ),
)
bad = st.sampled_from(
    [
        [frame(2, b"masked", mask=True)],
        [frame(2, b"reserved", first=0xC0)],
        [frame(3, b"unknown")],
        [frame(0, b"nothing to continue")],
        [frame(2, b"begun", first=0), frame(2, b"another")],
        [frame(9, b"x" * 126)],
        [frame(9, b"fragment", first=0)],
        [frame(2, bytes(LARGEST + 1))],
        [b"\x82\x7e\x00\x05short"],
        [b"\x82\x7f" + b"\xff" * 8],
        [b"\x82\x7f\x00\x00\x00\x00\x00\x00\x00\x01x"],
        [frame(8, b"\x03\xe8bye")],
        [frame(8, b"\x0f\xa0")],
        [frame(8, b"x")],
    ]
)


@given(
    groups=st.lists(good | good | good | bad, max_size=10),
    data=st.data(),
)
@settings(max_examples=150, deadline=None)
def test_same_verdict_as_websockets_alone(groups: list[list[bytes]], data: st.DataObject) -> None:
    stream = b"".join(frame for group in groups for frame in group)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=12)))
    edges = [0, *cuts, len(stream)]
    alone, split = Judge(), Judge()
    splitting = splitter()
    for start, end in itertools.pairwise(edges):
        chunk = stream[start:end]
        alone.receive(chunk)
        for item in splitting.feed(chunk):
            if isinstance(item, bytearray):
                split.receive(bytes(item))
            elif not is_over(split.protocol):
                split.heard.append(item)
    assert split.verdict() == alone.verdict()


def test_a_burst_is_split_at_once() -> None:
    burst = b"".join(frame(2, b"%d" % number) for number in range(100))
    assert splitter().feed(burst) == [b"%d" % number for number in range(100)]


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536, LARGEST])
def test_every_byte_may_come_alone(size: int) -> None:
    payload = bytes(size)
    whole = frame(2, payload) + frame(2, b"next")
    splitting = splitter()
    step = max(1, len(whole) // 500)
    got = [
        item
        for start in range(0, len(whole), step)
        for item in splitting.feed(whole[start : start + step])
    ]
    assert got == [payload, b"next"]


def test_what_is_too_large_is_passed_on() -> None:
    whole = frame(2, bytes(11)) + frame(2, bytes(10))
    (passed, message) = splitter(10).feed(whole)
    assert (type(passed), type(message)) == (bytearray, bytes)
    assert (bytes(passed), message) == (whole[:13], bytes(10))


def test_gathering_a_large_message_takes_time_in_proportion_to_its_size() -> None:
    payload = bytes(48 << 20)
    whole = frame(2, payload)
    splitting = splitter(64 << 20)
    start = time.process_time()
    got = [
        item
        for at in range(0, len(whole), 16_384)
        for item in splitting.feed(whole[at : at + 16_384])
    ]
    assert time.process_time() - start < 2
    assert got == [payload]
    assert splitting.feed(frame(2, b"next")) == [b"next"]


@pytest.mark.parametrize("data", [None, "text", bytearray(b"x"), 1])
def test_only_bytes_are_split(data: object) -> None:
    with pytest.raises(TypeError):
        splitter().feed(data)
