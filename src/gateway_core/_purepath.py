"""The pure-Python twin of the extension: same names, results and errors, on the standard library.

It is used where the extension is not built (PyPy, unknown platforms, ``GATEWAY_CORE_PURE=1``), and
its `loads` is the extension's referee: what simdjson refuses is given to it, for `json.loads`'s
answer or for the error with its place.
"""

from __future__ import annotations

import importlib
import json
import platform
import re
import sys
import threading
import zlib
from collections.abc import Callable, Collection
from typing import Any, Final, NoReturn

from ._envelope import UTF8_BOM, json_error, read_head
from .errors import DecodeError, GatewayError, InflateError, JSONError, MessageTooLarge

__all__ = [
    "DEFAULT_MAX_MESSAGE_SIZE",
    "Inflator",
    "Payload",
    "PlainDecoder",
    "ZlibStreamDecoder",
    "ZstdStreamDecoder",
    "backend_details",
    "loads",
]

Buffer = bytes | bytearray | memoryview
Loads = Callable[[bytes], Any]
MakeObject = Callable[[list[tuple[str, Any]]], dict[str, Any]]

DEFAULT_MAX_MESSAGE_SIZE: Final = 64 * 1024 * 1024
MAX_DEPTH: Final = 1024

_SYNC_FLUSH: Final = b"\x00\x00\xff\xff"
_LARGEST_LIMIT: Final = sys.maxsize - 1  # one byte more must still be a size
_ZSTD_WINDOW_LOG_MAX: Final = 23  # 8 MiB, what RFC 8878 recommends that every decoder can do
_UNSET: Final = object()
# A last, empty block and three bytes of its checksum: only an inflater between blocks, with no bit
# left over, complains of the sum at the very next byte.
_BOUNDARY_PROBE: Final = b"\x01\x00\x00\xff\xff" + b"\x00\x00\x00"
_POINTER: Final = re.compile(r"(?:/(?:[^~/]|~[01])*)*", re.DOTALL)
_INDEX: Final = re.compile(r"0|[1-9][0-9]{0,17}")
# The last quote may be missing: looking for it anew from each quote behind would take for ever.
_BRACKETS: Final = re.compile(r'[\[{]|[\]}]|"[^"\\]*(?:\\.[^"\\]*)*"?', re.DOTALL)


def loads(data: Buffer | str, /) -> Any:
    """Parse one JSON text, as `json.loads` does.

    Refused beyond what `json.loads` refuses: NaN, Infinity and -Infinity, bytes that are not
    UTF-8, nesting deeper than 1,024, integers of more digits than the interpreter converts.

    Raises JSONError, which is a `json.JSONDecodeError`; TypeError for other types.
    Source: RFC 8259.
    """
    return _load(data, None)


def _load(data: Buffer | str, make_object: MakeObject | None) -> Any:
    if isinstance(data, str):
        text = data
    elif isinstance(data, (bytes, bytearray, memoryview)):
        raw = _own_bytes(data)
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError as error:
            raise json_error(f"text is not UTF-8: {error.reason}", raw, error.start) from None
        if raw.startswith(UTF8_BOM):
            text = text[1:]
    else:
        raise TypeError(
            f"the JSON text must be bytes, bytearray, memoryview or str, not {type(data).__name__}"
        )
    if text.count("[") + text.count("{") > MAX_DEPTH:
        _check_depth(text)
    try:
        return _parse(text, make_object)
    except RecursionError:
        return _parse_on_a_fresh_stack(text, make_object)


def _parse(text: str, make_object: MakeObject | None) -> Any:
    try:
        return json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=make_object)
    except JSONError:
        raise
    except json.JSONDecodeError as error:
        raise JSONError(error.msg, text, error.pos) from None
    except ValueError as error:  # an integer of more digits than the interpreter converts
        raise JSONError(str(error), text, 0) from None


def _refuse_constant(name: str) -> NoReturn:
    raise JSONError(f"{name} is not JSON")


def _check_depth(text: str) -> None:
    depth = 0
    for piece in _BRACKETS.finditer(text):
        first = piece.group()[0]
        if first in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise JSONError(f"nested deeper than {MAX_DEPTH}", text, piece.start())
        elif first in "]}":
            depth -= 1


def _parse_on_a_fresh_stack(text: str, make_object: MakeObject | None) -> Any:
    """Parse where the caller's own depth does not count against the recursion limit."""
    outcome: list[Any] = []

    def run() -> None:
        try:
            outcome.append(_parse(text, make_object))
        except RecursionError:
            outcome.append(JSONError("nested too deeply for the interpreter's recursion limit"))
        except BaseException as error:
            outcome.append(error)

    thread = threading.Thread(target=run, name="gateway-core-deep-json")
    try:
        thread.start()
    except RuntimeError as error:
        raise JSONError(f"nested too deeply for this stack, and for another: {error}") from None
    thread.join()
    result = outcome[0]
    if isinstance(result, BaseException):
        raise result
    return result


def value_at(raw: bytes | None, pointer: str) -> Any:
    """Return the value at a JSON Pointer inside the `d` of a message; see `Payload.at`."""
    if not isinstance(pointer, str):
        raise TypeError(f"a JSON Pointer must be str, not {type(pointer).__name__}")
    if not _POINTER.fullmatch(pointer):
        raise ValueError(
            f"not a JSON Pointer: {pointer!r}; it is empty or like '/author/id', with ~0 for ~ and "
            f"~1 for / inside a name"
        )
    firsts = _FirstOfDuplicates()
    envelope = {} if raw is None else _load(raw, firsts.make_object)
    value = firsts.of(envelope).get("d")
    for token in pointer.split("/")[1:]:
        token = token.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict):
            value = firsts.of(value)[token]
        elif not isinstance(value, list):
            raise TypeError(f"{type(value).__name__!r} object has no item {token!r}")
        elif _INDEX.fullmatch(token):
            value = value[int(token)]
        else:
            raise TypeError(f"list indices must be integers, not {token!r}")
    return value


class _FirstOfDuplicates:
    """Makes the dicts that `json.loads` makes, and remembers the first of duplicate keys."""

    def __init__(self) -> None:
        self._made: dict[int, tuple[dict[str, Any], dict[str, Any]]] = {}

    def make_object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        if len(made) != len(pairs):
            self._made[id(made)] = (made, dict(reversed(pairs)))
        return made

    def of(self, made: dict[str, Any]) -> dict[str, Any]:
        """Return what a made dict would be if the first of duplicate keys won."""
        return self._made.get(id(made), (made, made))[1]


class Payload:
    """One gateway message: the envelope's `op`, `s` and `t`, and `d` when it is asked for.

    Attributes:
        op: The opcode.
        s: The sequence number, None where the message carries none.
        t: The name of the dispatch, None for other opcodes.

    Made by the decoders only. Source: Discord, Gateway Events, "Payload Structure".
    """

    __slots__ = ("_d", "_loads", "_raw", "op", "s", "t")

    op: int
    s: int | None
    t: str | None
    _d: Any
    _raw: bytes | None
    _loads: Loads

    def __new__(cls) -> Payload:
        """Refuse: a Payload comes from a decoder."""
        raise TypeError("a Payload is made by a decoder: use PlainDecoder().feed(text)")

    def __reduce_ex__(self, protocol: object, /) -> NoReturn:
        """Refuse to be copied or pickled: `raw` is what can be passed on."""
        refuse_copy()

    @property
    def d(self) -> Any:
        """The event's data, built on first access, then kept; None for an unwanted dispatch.

        Raises JSONError where the text behind the envelope is malformed.
        """
        if self._d is _UNSET:
            assert self._raw is not None
            d = self._loads(self._raw).get("d")
            if self._d is _UNSET:  # else another thread was faster
                self._d = d
        return self._d

    def at(self, pointer: str, /) -> Any:
        """Return one value inside `d`, named by a JSON Pointer, without building the rest.

        ``payload.at("/author/id")`` is ``payload.d["author"]["id"]``, read from the text: of
        duplicate keys the first, and a new object each time. The empty pointer names all of `d`.

        Raises KeyError, IndexError or TypeError as a dict and a list would; ValueError for what is
        no JSON Pointer; JSONError where the text behind the envelope is malformed. An unwanted
        dispatch has nothing but None at the empty pointer. Source: RFC 6901.
        """
        return value_at(self._raw, pointer)

    @property
    def raw(self) -> bytes | None:
        """The JSON text exactly as inflated; None for an unwanted dispatch."""
        return self._raw

    def __repr__(self) -> str:
        size = "unwanted" if self._raw is None else f"{len(self._raw)} bytes"
        return f"<Payload op={self.op} s={self.s} t={self.t!r} {size}>"


def refuse_copy() -> NoReturn:
    """Raise TypeError for whoever copies or pickles a Payload."""
    raise TypeError("a Payload cannot be copied or pickled: pass its raw on, and feed that")


def _new_payload(
    op: int, s: int | None, t: str | None, d: object, raw: bytes | None, loads: Loads
) -> Payload:
    payload = object.__new__(Payload)
    payload.op = op
    payload.s = s
    payload.t = t
    payload._d = d
    payload._raw = raw
    payload._loads = loads
    return payload


class _Inflater:
    """What the compressions share: the limit, the pieces of a message, and death."""

    __slots__ = ("_dead", "_limit", "_pieces", "_size")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.reset()

    def reset(self) -> None:
        self._pieces: list[bytes] = []
        self._size = 0
        self._dead: str | None = None

    def _check_alive(self) -> None:
        if self._dead is not None:
            raise InflateError(f"the stream is dead since: {self._dead}; call reset()")

    def _add(self, piece: bytes) -> None:
        self._size += len(piece)
        if self._size > self._limit:
            raise self._die(MessageTooLarge(f"a message inflates to more than {self._limit} bytes"))
        if piece:
            self._pieces.append(piece)

    def _message(self) -> bytes:
        text = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
        self._pieces = []
        self._size = 0
        return text

    def _die(self, error: DecodeError) -> DecodeError:
        self._dead = str(error)
        self._pieces = []
        return error


class _ZlibInflater(_Inflater):
    """One zlib stream, cut into messages at Z_SYNC_FLUSH (RFC 1950, RFC 1951)."""

    __slots__ = ("_stream", "_tail")

    def reset(self) -> None:
        super().reset()
        self._stream = zlib.decompressobj()
        self._tail = b""

    def inflate(self, frame: bytes) -> bytes | None:
        """Return the message that `frame` completes, or None."""
        self._check_alive()
        try:
            piece = self._stream.decompress(frame, self._limit - self._size + 1)
        except zlib.error as error:
            raise self._die(InflateError(f"corrupt stream: {error}")) from None
        self._add(piece)
        if self._stream.eof:
            raise self._die(InflateError("the zlib stream ended in the middle of the connection"))
        self._tail = (self._tail + frame[-4:])[-4:]
        if self._tail != _SYNC_FLUSH or not self._between_blocks():
            return None
        self._tail = b""
        return self._message()

    def _between_blocks(self) -> bool:
        probe = self._stream.copy()
        try:
            if probe.decompress(_BOUNDARY_PROBE, 1) or probe.eof:
                return False
        except zlib.error:
            return False
        try:
            probe.decompress(b"\x00")
        except zlib.error as error:
            return "incorrect data check" in str(error)
        return probe.eof


class _ZstdInflater(_Inflater):
    """One zstd frame that never ends (RFC 8878); each websocket message is flushed."""

    __slots__ = ("_stream", "_zstd")

    def __init__(self, limit: int) -> None:
        self._zstd = zstd_module()  # kept: looking for a module that is not there takes long
        super().__init__(limit)

    def reset(self) -> None:
        super().reset()
        self._stream = self._zstd.ZstdDecompressor(
            options={self._zstd.DecompressionParameter.window_log_max: _ZSTD_WINDOW_LOG_MAX}
        )

    def inflate(self, frame: bytes) -> bytes | None:
        """Return the message in `frame`, or None if nothing was in it."""
        self._check_alive()
        try:
            self._add(self._stream.decompress(frame, self._limit + 1))
            while not (self._stream.eof or self._stream.needs_input):
                more = self._stream.decompress(b"", self._limit - self._size + 1)
                if not more:
                    break
                self._add(more)
        except self._zstd.ZstdError as error:
            raise self._die(InflateError(f"corrupt stream: {error}")) from None
        if self._stream.eof:
            raise self._die(InflateError("the zstd stream ended in the middle of the connection"))
        return self._message() if self._pieces else None


def zstd_module() -> Any:
    """Return the zstd library of the interpreter, or the one that backports it.

    Raises GatewayError where there is neither.
    """
    for name in ("compression.zstd", "backports.zstd"):
        try:
            return importlib.import_module(name)
        except ImportError:
            continue
    raise GatewayError(
        "zstd-stream without the extension needs Python 3.14 or the package backports.zstd: "
        "install gateway-core[zstd]"
    )


def inflate_payload(frame: bytes, limit: int) -> bytes:
    """Return the text of one message of payload compression: a whole zlib stream of its own."""
    stream = zlib.decompressobj()
    try:
        text = stream.decompress(frame, limit + 1)
    except zlib.error as error:
        raise InflateError(f"corrupt zlib payload: {error}") from None
    if len(text) > limit:
        raise MessageTooLarge(f"a message inflates to more than {limit} bytes")
    if not stream.eof:
        raise InflateError("the zlib payload is cut short")
    if stream.unused_data:
        raise InflateError("there is more behind the end of the zlib payload")
    return text


def check_frame(frame: object, compression: str) -> None:
    """Raise TypeError or DecodeError for what is no binary frame."""
    if isinstance(frame, (bytes, bytearray, memoryview)):
        return
    if isinstance(frame, str):
        raise DecodeError(f"a text frame on a {compression} connection: its frames are binary")
    raise TypeError(f"a frame must be bytes, bytearray or memoryview, not {type(frame).__name__}")


def _frame_bytes(frame: Buffer, compression: str) -> bytes:
    check_frame(frame, compression)
    return _own_bytes(frame)


def _own_bytes(data: Buffer) -> bytes:
    """Return a bytes object, whatever an object with a buffer says of itself (`__bytes__`)."""
    return data if type(data) is bytes else memoryview(data).tobytes()


def check_limit(max_message_size: int) -> int:
    """Return a sound bound of a message's bytes; raise ValueError for another."""
    if max_message_size < 1:
        raise ValueError(f"max_message_size must be at least 1 byte, not {max_message_size}")
    return min(max_message_size, _LARGEST_LIMIT)


class _Decoder:
    """What the decoders share: limits, counters and the step from text to Payload."""

    __slots__ = ("_limit", "_loads", "_wanted", "bytes_in", "bytes_out", "messages")

    def __init__(
        self,
        *,
        wanted: Collection[str] | None = None,
        max_message_size: int = DEFAULT_MAX_MESSAGE_SIZE,
        loads: Loads | None = None,
    ) -> None:
        self._limit = check_limit(max_message_size)
        self._wanted = None if wanted is None else frozenset(wanted)
        self._loads = _own_loads if loads is None else foreign_loads(loads)
        self.bytes_in = 0
        self.bytes_out = 0
        self.messages = 0

    def _payload(self, text: bytes) -> Payload:
        self.bytes_out += len(text)
        self.messages += 1
        op, s, t = read_head(text)
        if t is not None and self._wanted is not None and t not in self._wanted:
            return _new_payload(op, s, t, None, None, self._loads)
        return _new_payload(op, s, t, _UNSET, text, self._loads)


def _own_loads(raw: bytes) -> Any:
    return loads(raw)


def foreign_loads(parse: Loads) -> Loads:
    """Return another library's parser, with its errors made ours."""

    def parse_as_ours(raw: bytes) -> Any:
        try:
            return parse(raw)
        except JSONError:
            raise
        except (ValueError, RecursionError) as error:
            raise JSONError(
                f"{type(error).__name__}: {error}", raw.decode("utf-8", "replace")
            ) from error

    return parse_as_ours


class ZlibStreamDecoder(_Decoder):
    """Decoder of a connection with ``compress=zlib-stream``.

    See `gateway_core.decoding` for the arguments, results and errors of all decoders.
    Source: Discord, Gateway, "Transport Compression".
    """

    __slots__ = ("_inflater",)

    def __init__(
        self,
        *,
        wanted: Collection[str] | None = None,
        max_message_size: int = DEFAULT_MAX_MESSAGE_SIZE,
        loads: Loads | None = None,
    ) -> None:
        super().__init__(wanted=wanted, max_message_size=max_message_size, loads=loads)
        self._inflater = _ZlibInflater(self._limit)

    def feed(self, frame: Buffer, /) -> Payload | None:
        """Take one websocket message; return the Payload that it completes, or None.

        Raises InflateError or MessageTooLarge, after which the stream is dead until `reset`;
        JSONError or DecodeError for a message with a bad envelope, after which it goes on.
        """
        data = _frame_bytes(frame, "zlib-stream")
        self.bytes_in += len(data)
        text = self._inflater.inflate(data)
        return None if text is None else self._payload(text)

    def reset(self) -> None:
        """Forget the stream, for a new connection. The counters go on."""
        self._inflater.reset()


class ZstdStreamDecoder(_Decoder):
    """Decoder of a connection with ``compress=zstd-stream``.

    See `gateway_core.decoding` for the arguments, results and errors of all decoders.
    Raises GatewayError where no zstd library is installed.
    Source: Discord, Gateway, "Transport Compression"; RFC 8878.
    """

    __slots__ = ("_inflater",)

    def __init__(
        self,
        *,
        wanted: Collection[str] | None = None,
        max_message_size: int = DEFAULT_MAX_MESSAGE_SIZE,
        loads: Loads | None = None,
    ) -> None:
        super().__init__(wanted=wanted, max_message_size=max_message_size, loads=loads)
        self._inflater = _ZstdInflater(self._limit)

    def feed(self, frame: Buffer, /) -> Payload | None:
        """Take one websocket message; return its Payload, or None if nothing was in it.

        Raises InflateError or MessageTooLarge, after which the stream is dead until `reset`;
        JSONError or DecodeError for a message with a bad envelope, after which it goes on.
        """
        data = _frame_bytes(frame, "zstd-stream")
        self.bytes_in += len(data)
        text = self._inflater.inflate(data)
        return None if text is None else self._payload(text)

    def reset(self) -> None:
        """Forget the stream, for a new connection. The counters go on."""
        self._inflater.reset()


class PlainDecoder(_Decoder):
    """Decoder of a connection without transport compression.

    Takes text frames (str, or their bytes) and the binary frames of payload compression, each a
    zlib stream of its own. Source: Discord, Gateway, "Payload Compression".
    """

    __slots__ = ()

    def feed(self, frame: Buffer | str, /) -> Payload | None:
        """Take one websocket message; return its Payload.

        Raises InflateError, MessageTooLarge, JSONError or DecodeError; the next message is
        decoded whatever came before. An empty frame gives None.
        """
        if isinstance(frame, str):
            try:
                data = str.encode(frame)
            except UnicodeEncodeError as error:
                raise JSONError(f"text is not UTF-8: {error.reason}", frame, error.start) from None
        else:
            data = _frame_bytes(frame, "plain")
        self.bytes_in += len(data)
        if not data:
            return None
        if data[0] == 0x78:  # no JSON text starts with "x"; a zlib stream of Discord's does
            data = inflate_payload(data, self._limit)
        elif len(data) > self._limit:
            raise MessageTooLarge(f"a message of {len(data)} bytes is more than {self._limit}")
        return self._payload(data)

    def reset(self) -> None:
        """Do nothing: messages do not depend on one another."""


class Inflator:
    """Inflates a zlib-stream connection to JSON texts, for libraries that parse by themselves."""

    __slots__ = ("_inflater",)

    def __init__(self, *, max_message_size: int = DEFAULT_MAX_MESSAGE_SIZE) -> None:
        self._inflater = _ZlibInflater(check_limit(max_message_size))

    def decompress(self, frame: Buffer, /) -> bytes | None:
        """Take one websocket message; return the text that it completes (UTF-8), or None.

        Raises InflateError or MessageTooLarge, after which the stream is dead until `reset`.
        """
        return self._inflater.inflate(_frame_bytes(frame, "zlib-stream"))

    def reset(self) -> None:
        """Forget the stream, for a new connection."""
        self._inflater.reset()


def backend_details() -> dict[str, str]:
    """Return what this backend is made of, by part."""
    try:
        zstd = f"zstd {zstd_module().zstd_version}"
    except GatewayError:
        zstd = "no zstd"
    return {
        "name": "pure",
        "zlib": f"zlib {zlib.ZLIB_RUNTIME_VERSION}",
        "zstd": zstd,
        "json": f"json ({platform.python_implementation()} {platform.python_version()})",
    }
