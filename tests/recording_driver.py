"""Recordings made without a network, and what tests do with them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from gateway_core._compressing import compressor_for
from gateway_core.config import Compression
from gateway_core.recording import Recorder, Recording
from gateway_core.testing.traffic import Traffic, encode

TOKEN = "MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs"
SESSION_ID = "0f4c2d7be83a4bd1a6a3d5f0c1f2e9b7"
RESUME_URL = "wss://gateway-us-east1-b.discord.gg"

Message = tuple[float, bytes]
"""Seconds and the text."""


def hello(now: float = 0.0, interval: int = 41_250) -> Message:
    return now, encode(10, None, None, {"heartbeat_interval": interval})


def ready(now: float = 0.0, **more: Any) -> Message:
    data = Traffic(seed=3, guilds=1, members=4).ready(SESSION_ID, RESUME_URL)
    return now, encode(0, 1, "READY", {**data, **more})


def dispatch(now: float, s: int, t: str = "TYPING_START", d: Any = None) -> Message:
    return now, encode(0, s, t, {"number": s} if d is None else d)


def record(
    path: Path,
    messages: Iterable[Message],
    compression: Compression | None = "zlib-stream",
    **options: Any,
) -> Recording:
    """Record messages that come over one connection."""
    compress = compressor_for(compression)
    with Recorder(path, compression=compression, secrets=[TOKEN], **options) as recorder:
        recorder.connected()
        for now, text in messages:
            recorder.receive(compress(text), now)
    return Recording(path)


def inflated(recording: Recording) -> bytes:
    """All the text of a recording, one message a line."""
    return b"\n".join(payload.raw or b"" for _, payload in recording.payloads())
