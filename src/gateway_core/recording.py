"""Recordings of a gateway connection: its messages with their times, without its secrets.

    with Recorder("traffic.gwrec", compression="zlib-stream", secrets=[token]) as recorder:
        config = Config(compression="zlib-stream", recorder=recorder)
        async with Shard(token, intents, config=config) as shard:
            ...

    for frame in Recording("traffic.gwrec"):
        payload = decoder.feed(frame.data)

A frame of a compressed stream says something only to who has seen all before it. So what comes in
is inflated, scrubbed and compressed anew, as one stream from the first message of the file to the
last, whatever connections it came over: one decoder reads it through. ``docs/recording.md``
describes the file.
"""

from __future__ import annotations

import contextlib
import json
import os
import struct
import time
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any, Final, Self

from ._anonymising import Anonymiser
from ._compressing import compressor_for
from ._scrubbing import Scrubber
from ._version import __version__
from .decoding import DEFAULT_MAX_MESSAGE_SIZE, Payload, make_decoder
from .errors import DecodeError, RecordingError

if TYPE_CHECKING:
    from .config import Compression
    from .sharding import ShardId

__all__ = [
    "FORMAT_VERSION",
    "RecordedFrame",
    "Recorder",
    "Recording",
    "RecordingError",
    "RecordingSummary",
]

FORMAT_VERSION: Final = 1
"""The version of the format that is written here; others are refused."""

_MAGIC: Final = b"\x89GWREC\r\n"
_PREAMBLE: Final = struct.Struct("<8sHI")  # magic, version, bytes of the header
_CHECKSUM: Final = struct.Struct("<I")
_FRAME: Final = struct.Struct("<QII")  # microseconds, bytes received, bytes of data
_COMPRESSIONS: Final = ("zlib-stream", "zstd-stream", "zlib-payload", None)
_FLUSH_AFTER: Final = 1.0
"""Seconds of the connection's clock that may be lost in a crash."""


@dataclass(frozen=True, slots=True)
class RecordedFrame:
    """One message of the gateway.

    Attributes:
        at: seconds since the first one.
        data: what a decoder for the recording's compression is fed with.
        received: bytes of the frame that the gateway sent, before it was scrubbed.
    """

    at: float
    data: bytes
    received: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingSummary:
    """What a recording holds."""

    frames: int
    """Whole frames."""
    seconds: float
    """From the first to the last."""
    received: int
    """Bytes that the gateway sent for them."""
    recorded: int
    """Bytes of their data in the file."""
    cut_short: bool
    """Whether the file ends in the middle of a frame, as after a crash."""


class Recording:
    """A recording in a file; iterate over its `RecordedFrame`\\ s, as often as wanted.

    A file that is cut short is read up to its last whole frame. Frames are read as they are asked
    for: a recording may be larger than the memory.

    Args:
        path: the file.

    Attributes:
        path: the file.
        compression: that of its frames: ``"zlib-stream"``, ``"zstd-stream"``, ``"zlib-payload"``
            or None.
        anonymised: whether names, contents and ids were replaced.
        began: when it was begun.
        software: what wrote it.

    Raises:
        OSError: the file cannot be read.
        RecordingError: it is no recording, of another version, or cut short in its header.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        with self.path.open("rb") as file:
            header = self._read_header(file)
            self._start = file.tell()
        self.compression: Compression | None = header["compression"]
        self.anonymised: bool = header["anonymised"]
        self.began: datetime = header["began"]
        self.software: str = header["software"]

    def __repr__(self) -> str:
        return f"<Recording {str(self.path)!r} {self.compression}>"

    def __iter__(self) -> Iterator[RecordedFrame]:
        """Read the frames from the first on.

        Raises:
            OSError: the file cannot be read.
            RecordingError: a frame is damaged.
        """
        for at, received, data in self._frames():
            yield RecordedFrame(at, data, received)

    def payloads(self) -> Iterator[tuple[float, Payload]]:
        """Decode the messages, each with its seconds since the first.

        Raises:
            OSError: the file cannot be read.
            RecordingError: a frame is damaged.
            DecodeError: a frame cannot be decoded.
            GatewayError: it is a zstd-stream, and no library for that is installed.
        """
        transport = None if self.compression == "zlib-payload" else self.compression
        feed = make_decoder(transport).feed
        for at, _, data in self._frames():
            payload = feed(data)
            if payload is not None:
                yield at, payload

    def summary(self) -> RecordingSummary:
        """Read the file through and sum up.

        Raises:
            OSError: the file cannot be read.
            RecordingError: a frame is damaged.
        """
        frames = received_bytes = recorded_bytes = 0
        end = self._start
        seconds = 0.0
        for at, received, data in self._frames():
            frames += 1
            seconds = at
            received_bytes += received
            recorded_bytes += len(data)
            end += _FRAME.size + _CHECKSUM.size + len(data) + _CHECKSUM.size
        return RecordingSummary(
            frames=frames,
            seconds=seconds,
            received=received_bytes,
            recorded=recorded_bytes,
            cut_short=self.path.stat().st_size > end,
        )

    def _read_header(self, file: IO[bytes]) -> dict[str, Any]:
        preamble = file.read(_PREAMBLE.size)
        if preamble[: len(_MAGIC)] != _MAGIC[: len(preamble)]:
            raise RecordingError(f"{self.path} is not a recording of a gateway connection")
        if len(preamble) < _PREAMBLE.size:
            raise self._headless()
        _, version, size = _PREAMBLE.unpack(preamble)
        if version != FORMAT_VERSION:
            raise RecordingError(
                f"{self.path} is a recording in version {version} of the format; this gateway-core "
                f"({__version__}) reads version {FORMAT_VERSION}"
            )
        if size > _left(file):
            raise self._headless()
        text = file.read(size)
        checksum = file.read(_CHECKSUM.size)
        if len(checksum) < _CHECKSUM.size:
            raise self._headless()
        try:
            if checksum != _checksum(preamble, text):
                raise ValueError("its checksum is wrong")
            header: dict[str, Any] = json.loads(text)
            header["began"] = datetime.fromisoformat(header["began"])
            if header["compression"] not in _COMPRESSIONS:
                raise ValueError(f"unknown compression {header['compression']!r:.40}")
            header["anonymised"], header["software"]
        except (ValueError, KeyError, TypeError) as error:
            raise RecordingError(f"the header of {self.path} is damaged: {error}") from None
        return header

    def _headless(self) -> RecordingError:
        return RecordingError(f"{self.path} is cut short in its header: there is no frame in it")

    def _frames(self) -> Iterator[tuple[float, int, bytes]]:
        with self.path.open("rb") as file:
            file.seek(self._start)
            while len(head := file.read(_FRAME.size)) == _FRAME.size:
                start = file.tell() - _FRAME.size
                checksum = file.read(_CHECKSUM.size)
                if len(checksum) < _CHECKSUM.size:
                    return
                # Checked before the size is believed: a damaged one must not look like the end.
                if checksum != _checksum(head):
                    raise self._damaged(start)
                microseconds, received, size = _FRAME.unpack(head)
                if size + _CHECKSUM.size > _left(file):
                    return
                data = file.read(size)
                if file.read(_CHECKSUM.size) != _checksum(head, data):
                    raise self._damaged(start)
                yield microseconds / 1e6, received, data

    def _damaged(self, start: int) -> RecordingError:
        return RecordingError(f"{self.path} is damaged: the frame at byte {start:,}")


class Recorder:
    """Writes a recording; a context manager.

    Give it to a shard as `Config.recorder`, or tell it of another library's connection with
    `connected` and `receive`. The file is readable by its owner only; it must not exist yet. In a
    crash at most a second's frames are lost.

    A frame that cannot be decoded is left out, as is what follows it on its connection where that
    depends on it: no client could have read it either.

    Args:
        path: the file to make.
        compression: that of the connection, as in `Config.compression`; the file has the same.
        secrets: strings that must not be in the file, such as the bot's token. Session ids, resume
            URLs and all kinds of tokens are scrubbed in any case.
        anonymise: whether to replace names, contents and ids too.
        key: bytes on which the replacements depend, so that two recordings with the same key
            replace alike; None for random ones that nobody learns.

    Attributes:
        messages: how many were written.
        received: bytes of the frames that they came in.
        written: bytes of the file so far.
        lost: frames that were left out.

    Raises:
        FileExistsError: there is such a file.
        OSError: it cannot be written; then there is none left behind.
        GatewayError: the compression is zstd-stream, and no library that compresses it is
            installed.
        ValueError: the compression is unknown.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        compression: Compression | None,
        secrets: Iterable[str] = (),
        anonymise: bool = False,
        key: bytes | None = None,
        max_message_size: int = DEFAULT_MAX_MESSAGE_SIZE,
    ) -> None:
        if compression not in _COMPRESSIONS:
            raise ValueError(f"unknown compression {compression!r}")
        self.messages = self.received = self.written = self.lost = 0
        anonymiser = Anonymiser(key or os.urandom(32)) if anonymise else None
        self._scrubber = Scrubber(secrets, anonymiser)
        transport = None if compression == "zlib-payload" else compression
        self._decoder = make_decoder(transport, max_message_size=max_message_size)
        self._compress = compressor_for(compression)
        self._shard_id: ShardId | None = None
        self._first: float | None = None
        self._flushed = 0.0
        self._gathered = 0
        try:
            self._file = open(path, "xb", opener=_open_for_owner)  # noqa: SIM115
        except FileExistsError:
            raise FileExistsError(
                f"{path} is there already: remove it, or record into another file"
            ) from None
        try:
            self._write_header(compression, anonymise)
        except BaseException:
            # What could not be written is still in the buffer, and fails again.
            with contextlib.suppress(OSError):
                self._file.close()
            with contextlib.suppress(OSError):
                Path(path).unlink()
            raise

    def __repr__(self) -> str:
        return f"<Recorder {self._file.name!r} of {self.messages} messages>"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Write what is left, and close the file.

        Raises:
            OSError: it cannot be written.
        """
        self._file.close()

    def connected(self, shard_id: ShardId | None = None) -> None:
        """Note that a new connection begins: its stream, too.

        Args:
            shard_id: whose it is, where that is known.

        Raises:
            ValueError: it is another shard's than the one before.
        """
        if self._shard_id is not None and shard_id != self._shard_id:
            raise ValueError(
                f"this Recorder records shard {self._shard_id}: shard {shard_id} needs its own"
            )
        self._shard_id = shard_id
        self._decoder.reset()
        self._gathered = 0

    def receive(self, frame: bytes | str, now: float | None = None) -> None:
        """Record a frame.

        Args:
            frame: the websocket message as it came.
            now: when it came, in seconds of any monotonic clock; by default `time.monotonic`'s.

        Raises:
            OSError: the file cannot be written.
            ValueError: the recorder is closed.
        """
        if now is None:
            now = time.monotonic()
        size = len(frame) if isinstance(frame, bytes) else len(frame.encode())
        self._gathered += size
        try:
            payload = self._decoder.feed(frame)  # type: ignore[arg-type]
            if payload is None:
                return
            text = self._scrubbed(payload)
        except DecodeError:
            self.lost += 1
            self._gathered = 0
            return
        if self._first is None:
            self._first = self._flushed = now
        microseconds = max(0, round((now - self._first) * 1e6))
        data = self._compress(text)
        head = _FRAME.pack(microseconds, self._gathered, len(data))
        self._write(head, _checksum(head), data, _checksum(head, data))
        self.messages += 1
        self.received += self._gathered
        self._gathered = 0
        if now - self._flushed >= _FLUSH_AFTER:
            self._file.flush()
            self._flushed = now

    def _scrubbed(self, payload: Payload) -> bytes:
        assert payload.raw is not None
        if payload.t == "READY" and isinstance(payload.d, dict):
            values = map(payload.d.get, ("session_id", "resume_gateway_url"))
            self._scrubber.add_session(value for value in values if isinstance(value, str))
        return self._scrubber.scrub(payload.raw)

    def _write_header(self, compression: Compression | None, anonymised: bool) -> None:
        header = {
            "compression": compression,
            "anonymised": anonymised,
            "began": datetime.now(UTC).isoformat(timespec="seconds"),
            "software": f"gateway-core {__version__}",
        }
        text = json.dumps(header).encode()
        preamble = _PREAMBLE.pack(_MAGIC, FORMAT_VERSION, len(text))
        self._write(preamble, text, _checksum(preamble, text))
        self._file.flush()

    def _write(self, *parts: bytes) -> None:
        block = b"".join(parts)
        self._file.write(block)
        self.written += len(block)


def _open_for_owner(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _checksum(head: bytes, data: bytes = b"") -> bytes:
    return _CHECKSUM.pack(zlib.crc32(data, zlib.crc32(head)))


def _left(file: IO[bytes]) -> int:
    """Give the bytes behind the position, more than which need not be read."""
    return os.fstat(file.fileno()).st_size - file.tell()
