"""The splitter of websocket frames, before `websockets`, against `websockets` alone.

The first bytes of an input are a seed for the cuts between reads; the rest is what a server sends.
"""

from __future__ import annotations

import random
from itertools import pairwise
from unittest import mock

from decoding.test_frames import LARGEST, Judge, is_over
from fuzz.agreement import Disagreement
from gateway_core import _fastpath

HEAD_SIZE = 4


@mock.patch("websockets.frames.secrets.token_bytes", bytes)  # both sides' answers are masked alike
def run(data: bytes) -> None:
    """Receive `data` both ways; raise Disagreement where the verdicts differ."""
    chance = random.Random(data[:HEAD_SIZE])
    # A header is held until it is all there: the zeros end whatever is begun.
    stream = data[HEAD_SIZE:] + bytes(14)
    largest = chance.choice((LARGEST, 125, 1))
    cuts = sorted(chance.randrange(len(stream) + 1) for _ in range(chance.randrange(12)))
    alone, split = Judge(), Judge()
    splitter = _fastpath.FrameSplitter(largest)
    for start, end in pairwise([0, *cuts, len(stream)]):
        chunk = stream[start:end]
        alone.receive(chunk)
        for item in splitter.feed(chunk):
            if isinstance(item, bytearray):
                split.receive(bytes(item))
            elif not is_over(split.protocol):
                split.heard.append(item)
    if split.verdict() != alone.verdict():
        raise Disagreement(f"split: {split.verdict()}, alone: {alone.verdict()}")
