"""The Python in the pages on the decoder and on recordings runs, and does what the pages say."""

from __future__ import annotations

import json
import sys
import zlib
from pathlib import Path
from typing import Any

import pytest

import docs_code
from gateway_core import DecodeError
from gateway_core._bench.streams import stream
from gateway_core._compressing import compressor_for
from gateway_core.recording import Recording

DOCS = Path(__file__).parents[1] / "docs"
TEXTS = stream("steady").texts[:200]
DAMAGED = b"\xff" * 8 + b"\x00\x00\xff\xff"
MESSAGES = [json.loads(text) for text in TEXTS]


def run_page(name: str, **names: Any) -> dict[str, Any]:
    """Run the blocks of a page; give what they have defined."""
    namespace = {**docs_code.names(), **names}
    for block in docs_code.blocks(DOCS / name):
        docs_code.run(block, namespace)
    return namespace


class TestDecoder:
    @pytest.fixture
    def page(self) -> dict[str, Any]:
        return run_page("decoder.md")

    def test_has_no_block_that_another_hides(self, page: dict[str, Any]) -> None:
        code = [block.code for block in docs_code.blocks(DOCS / "decoder.md")]
        defined = [
            line.split()[1].partition("(")[0].rstrip(":")
            for block in code
            for line in block.splitlines()
            if line.startswith(("class ", "def "))
        ]
        assert len(set(defined)) == len(defined) > 6

    @pytest.mark.parametrize("name", ["Transport", "TransportOfText"])
    def test_text_is_the_same_faster(self, page: dict[str, Any], name: str) -> None:
        transport = page[name]()
        for _ in range(2):  # connections
            transport.connected()
            compress = compressor_for("zlib-stream")
            for text, message in zip(TEXTS, MESSAGES, strict=True):
                frame = compress(text)
                assert transport.receive(frame[:10]) is None
                assert transport.receive(frame[10:]) == message

    def test_payloads_reach_listeners(self, page: dict[str, Any]) -> None:
        client = page["Client"]()
        taken: list[Any] = []
        client.listeners["MESSAGE_CREATE"] = taken.append
        client.connected()
        compress = compressor_for("zlib-stream")
        for text in TEXTS:
            client.receive(compress(text))
        assert client.sequence == MESSAGES[-1]["s"]
        assert taken == [m["d"] for m in MESSAGES if m["t"] == "MESSAGE_CREATE"]
        assert taken
        assert page["receive"](client, DAMAGED).startswith("reconnect and resume: ")

    @pytest.mark.parametrize("name", ["Decoder", "SlowDecoder", "CountingDecoder"])
    def test_what_stands_in_does_the_same(self, page: dict[str, Any], name: str) -> None:
        decoder = page[name]()
        for _ in range(2):
            compress = compressor_for("zlib-stream")
            for text, message in zip(TEXTS, MESSAGES, strict=True):
                frame = compress(text)
                assert decoder.feed(frame[:7]) is None
                payload = decoder.feed(frame[7:])
                envelope = {"op": payload.op, "s": payload.s, "t": payload.t, "d": payload.d}
                assert envelope == message
            decoder.reset()
        if name == "CountingDecoder":
            assert sum(decoder.names.values()) == 2 * len(TEXTS)
        with pytest.raises((DecodeError, page["DecodeError"])):
            decoder.feed(DAMAGED)

    def test_the_fallback_needs_no_gateway_core(self, monkeypatch: pytest.MonkeyPatch) -> None:
        (block,) = (
            block
            for block in docs_code.blocks(DOCS / "decoder.md")
            if "except ImportError" in block.code
        )
        monkeypatch.setitem(sys.modules, "gateway_core", None)
        namespace: dict[str, Any] = {}
        docs_code.run(block, namespace)
        assert namespace["Decoder"] is namespace["SlowDecoder"]
        decoder = namespace["Decoder"]()
        deflate = zlib.compressobj()
        frame = deflate.compress(TEXTS[0]) + deflate.flush(zlib.Z_SYNC_FLUSH)
        assert decoder.feed(frame).t == MESSAGES[0]["t"]
        with pytest.raises(namespace["DecodeError"]):
            decoder.feed(DAMAGED)


@pytest.mark.timeout(120)
def test_recording(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with docs_code.simulated(monkeypatch):
        page = run_page("recording.md")
    recording = Recording("traffic.gwrec")
    assert recording.summary().frames > docs_code.EVENTS
    page["asyncio"].run(page["replay"]())
