"""The extension module: Python's face of the C++ files beside it.

Names, results and errors are those of its twin, `gateway_core._purepath`; the docstrings there
and in `gateway_core.decoding` hold here too.
"""

# cython: language_level=3, freethreading_compatible=True
# cython: boundscheck=False, wraparound=False, cdivision=True
# distutils: language=c++

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.ref cimport PyObject
from cpython.unicode cimport PyUnicode_AsUTF8AndSize
from libc.stddef cimport size_t
from libc.stdint cimport uint8_t, uint64_t

from native cimport (
    FrameKind,
    FrameStart,
    Head,
    Inflated,
    Outcome,
    Parser,
    ParserPool,
    StringCache,
    StringMaker,
    Stream,
    ZlibMessages,
    ZlibStream,
    ZstdStream,
    ZSTD_versionString,
    look_at_frame,
    new_text_id,
    read_head,
    simdjson_version,
    z_name,
    z_version,
)

from gateway_core import _envelope, _purepath
from gateway_core.errors import DecodeError, InflateError, JSONError, MessageTooLarge

__all__ = [
    "FrameSplitter",
    "Inflator",
    "Payload",
    "PlainDecoder",
    "ZlibStreamDecoder",
    "ZstdStreamDecoder",
    "backend_details",
    "loads",
]

cdef extern from *:
    """
    // Takes the reference over, where Cython's cast would add one.
    #define GATEWAY_TAKE(object) ((PyObject*)(object))
    """
    object take "GATEWAY_TAKE"(PyObject* owned)

    # A bytes object, whatever an object with a buffer says of itself (`__bytes__`).
    bytes copy_buffer "PyBytes_FromObject"(object buffer)

cdef enum:
    # Bytes of a frame from which it is inflated without the GIL. Two threads that decode gain from
    # 1 kB on (1.4 times as much; 1.9 times at 175 kB), but beside a thread that is busy with Python
    # code the GIL comes back only after up to its switch interval, 5 ms: not worth it for what takes
    # less than a tenth of a millisecond.
    GIL_FREE_FRAME = 16 * 1024

cdef object DEFAULT_MAX_MESSAGE_SIZE = _purepath.DEFAULT_MAX_MESSAGE_SIZE
cdef object referee = _purepath.loads
cdef object referee_at = _purepath.value_at


cdef extern from *:
    """
    // The bytes of a text; what Python code owns keeps them alive.
    struct Text {
        const uint8_t* start;
        size_t size;
    };

    static inline PyObject* gateway_reraise(void) { return NULL; }
    """
    struct Text:
        const uint8_t* start
        size_t size

    object reraise "gateway_reraise"()  # passes the exception on that C++ code has set


cdef Text text_of(const char* start, size_t size) noexcept:
    """Return a text without its byte order mark."""
    cdef Text text
    if size >= 3 and start[0] == c"\xef" and start[1] == c"\xbb" and start[2] == c"\xbf":
        start += 3
        size -= 3
    text.start = <const uint8_t*>start
    text.size = size
    return text


cdef object parse(object owner, Text text, bint only_d):
    """Build a text's value, or only that of its `d`; `owner` is what the referee gets to see."""
    cdef Parser* parser = ParserPool.acquire()
    cdef PyObject* result = NULL
    cdef Outcome outcome
    if parser is NULL:
        return reraise()
    if only_d:
        outcome = parser.parse_d(text.start, text.size, &result)
    else:
        outcome = parser.parse(text.start, text.size, &result)
    ParserPool.release(parser)
    if outcome == Outcome.built:
        return take(result)
    if outcome == Outcome.exception:
        return reraise()
    value = referee(owner)
    return value.get("d") if only_d else value


def loads(data, /):
    """Parse one JSON text, as `json.loads` does; see `gateway_core._purepath.loads`."""
    cdef Py_ssize_t size
    cdef const char* start
    cdef Text text
    if type(data) is bytes:
        text = text_of(PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data))
        return parse(data, text, False)
    if isinstance(data, str):
        try:
            start = PyUnicode_AsUTF8AndSize(data, &size)
        except UnicodeEncodeError:  # lone surrogates
            return referee(data)
        text.start = <const uint8_t*>start
        text.size = size
        return parse(data, text, False)
    if isinstance(data, (bytes, bytearray, memoryview)):
        return loads(copy_buffer(data))  # that nobody can change while it is read
    return referee(data)


cdef enum:
    BUILT  # d is there, or there is none
    UNBUILT


@cython.freelist(16)
cdef class Payload:
    """One gateway message: op, s and t, and `d` when it is asked for.

    See `gateway_core._purepath.Payload`.
    """

    cdef readonly object op
    cdef readonly object s
    cdef readonly object t
    cdef object _d
    cdef object _raw  # bytes, or None
    cdef object _loads  # another parser, or None
    cdef int _state
    cdef uint64_t _text_id

    def __init__(self):
        raise TypeError("a Payload is made by a decoder: use PlainDecoder().feed(text)")

    def __reduce_ex__(self, protocol, /):
        """Refuse to be copied or pickled: `raw` is what can be passed on."""
        return _purepath.refuse_copy()

    @property
    def d(self):
        """The event's data, built on first access, then kept; None for an unwanted dispatch.

        Raises JSONError where the text behind the envelope is malformed.
        """
        with cython.critical_section(self):
            if self._state == UNBUILT:
                d = parse_d_of(self._raw, self._loads)
                if self._state == UNBUILT:  # else another thread was faster
                    self._d = d
                    self._state = BUILT
            return self._d

    def at(self, pointer, /):
        """Build one value inside `d`, named by a JSON Pointer; see `gateway_core._purepath`."""
        cdef Py_ssize_t pointer_size
        cdef const char* path
        try:
            path = PyUnicode_AsUTF8AndSize(pointer, &pointer_size)
        except UnicodeEncodeError:  # lone surrogates
            return referee_at(self._raw, pointer)
        if self._raw is None:
            return referee_at(None, pointer)
        with cython.critical_section(self):
            if self._text_id == 0:
                self._text_id = new_text_id()
        return value_at(self._raw, self._text_id, path, pointer_size, pointer)

    @property
    def raw(self):
        """The JSON text exactly as inflated; None for an unwanted dispatch."""
        return self._raw

    def __repr__(self):
        size = "unwanted" if self._raw is None else f"{len(self._raw)} bytes"
        return f"<Payload op={self.op} s={self.s} t={self.t!r} {size}>"


cdef object parse_d_of(bytes raw, loads):
    if loads is not None:
        return loads(raw).get("d")
    cdef Text text = text_of(PyBytes_AS_STRING(raw), PyBytes_GET_SIZE(raw))
    return parse(raw, text, True)


cdef object value_at(
    bytes raw, uint64_t text_id, const char* path, size_t path_size, object pointer
):
    cdef Text text = text_of(PyBytes_AS_STRING(raw), PyBytes_GET_SIZE(raw))
    cdef Parser* parser = ParserPool.acquire()
    cdef PyObject* result = NULL
    cdef Outcome outcome
    if parser is NULL:
        return reraise()
    outcome = parser.at(text.start, text.size, text_id, path, path_size, &result)
    ParserPool.release(parser)
    if outcome == Outcome.built:
        return take(result)
    if outcome == Outcome.exception:
        return reraise()
    return referee_at(raw, pointer)


cdef class DecoderBase:
    """What the decoders share: a stream, limits, counters and the step from text to Payload."""

    cdef readonly unsigned long long bytes_in
    cdef readonly unsigned long long bytes_out
    cdef readonly unsigned long long messages
    cdef object _wanted  # frozenset, or None
    cdef object _loads  # another parser, or None
    cdef size_t _limit
    cdef Stream* _stream  # made by the subclass
    cdef bint _busy  # the stream is in use: without the GIL, or where Python code may run
    cdef StringCache* _names
    cdef StringMaker _maker

    def __cinit__(self, *, wanted=None, max_message_size=DEFAULT_MAX_MESSAGE_SIZE, loads=None):
        self._limit = _purepath.check_limit(max_message_size)
        self._wanted = None if wanted is None else frozenset(wanted)
        self._loads = None if loads is None else _purepath.foreign_loads(loads)
        self._names = new StringCache(6)

    def __dealloc__(self):
        del self._stream
        del self._names

    def reset(self):
        """Forget the stream, for a new connection. The counters go on."""
        with cython.critical_section(self):
            if self._stream is NULL:
                raise TypeError("this is no decoder: use make_decoder()")
            self.check_idle()
            self._stream.reset()

    cdef int check_idle(self) except -1:
        if self._busy:
            raise RuntimeError(
                "the decoder is at work already, in another thread or further up the stack: give each "
                "its own"
            )
        return 0

    cdef bint inflate(self, frame) except *:
        """Take a frame of any buffer type; return whether the stream's text is a whole message."""
        cdef bytes owned = frame if type(frame) is bytes else copy_buffer(frame)
        return self.inflate_bytes(
            <const uint8_t*>PyBytes_AS_STRING(owned), PyBytes_GET_SIZE(owned)
        )

    cdef bint inflate_bytes(self, const uint8_t* frame, size_t size) except *:
        cdef Inflated result
        self.check_idle()
        self.bytes_in += size
        if self._stream.dead():
            raise InflateError(f"the stream is dead since: {self.reason()}; call reset()")
        if size < GIL_FREE_FRAME:
            result = self._stream.feed(frame, size)
        else:
            self._busy = True
            with nogil:
                result = self._stream.feed(frame, size)
            self._busy = False
        if result == Inflated.complete:
            return True
        if result == Inflated.partial:
            return False
        if result == Inflated.too_large:
            raise MessageTooLarge(f"a message inflates to more than {self._limit} bytes")
        if result == Inflated.no_memory:
            raise MemoryError
        raise InflateError(f"corrupt stream: {self.reason()}")

    cdef str reason(self):
        return self._stream.reason().decode("utf-8", "replace")

    cdef Payload take_payload(self):
        """Make the Payload of the stream's text, and give the text's room back."""
        self._busy = True
        try:
            return self.payload(self._stream.text(), self._stream.text_size(), None)
        finally:
            self._busy = False
            self._stream.done()

    cdef Payload payload(self, const uint8_t* text, size_t size, object whole):
        """Make the Payload of a text; `whole` is the text where there is such an object."""
        cdef Head head
        cdef Payload payload = Payload.__new__(Payload)
        cdef PyObject* name
        self.bytes_out += size
        self.messages += 1
        if read_head(text, size, &head):
            payload.op = head.op
            if head.has_s:
                payload.s = head.s
            if head.t is not NULL:
                name = self._names.get(head.t, head.t_size, text + size, self._maker)
                if name is NULL:
                    return reraise()
                payload.t = take(name)
        else:
            if whole is None:
                whole = PyBytes_FromStringAndSize(<const char*>text, size)
            payload.op, payload.s, payload.t = _envelope.read_head(whole)
        if (
            self._wanted is not None
            and payload.t is not None
            and payload.t not in <frozenset>self._wanted
        ):
            return payload
        if whole is None:
            whole = PyBytes_FromStringAndSize(<const char*>text, size)
        payload._state = UNBUILT
        payload._raw = whole
        payload._loads = self._loads
        return payload


cdef class ZlibStreamDecoder(DecoderBase):
    """Decoder of a connection with ``compress=zlib-stream``.

    See `gateway_core.decoding` for the arguments, results and errors of all decoders.
    Source: Discord, Gateway, "Transport Compression".
    """

    def __cinit__(self, **_):
        self._stream = new ZlibStream(self._limit)

    def feed(self, frame, /):
        """Take one websocket message; return the Payload that it completes, or None."""
        if type(frame) is not bytes:
            _purepath.check_frame(frame, "zlib-stream")
        with cython.critical_section(self):
            return self.take_payload() if self.inflate(frame) else None


cdef class ZstdStreamDecoder(DecoderBase):
    """Decoder of a connection with ``compress=zstd-stream``.

    See `gateway_core.decoding` for the arguments, results and errors of all decoders.
    Source: Discord, Gateway, "Transport Compression".
    """

    def __cinit__(self, **_):
        self._stream = new ZstdStream(self._limit)

    def feed(self, frame, /):
        """Take one websocket message; return its Payload, or None if nothing was in it."""
        if type(frame) is not bytes:
            _purepath.check_frame(frame, "zstd-stream")
        with cython.critical_section(self):
            return self.take_payload() if self.inflate(frame) else None


cdef class PlainDecoder(DecoderBase):
    """Decoder of a connection without transport compression.

    Takes text frames (str, or their bytes) and the binary frames of payload compression, each a
    zlib stream of its own. Source: Discord, Gateway, "Payload Compression".
    """

    def __cinit__(self, **_):
        self._stream = new ZlibMessages(self._limit)

    def feed(self, frame, /):
        """Take one websocket message; return its Payload. An empty frame gives None."""
        cdef bytes text
        if isinstance(frame, str):
            try:
                text = (<str>frame).encode("utf-8")
            except UnicodeEncodeError as error:
                raise JSONError(f"text is not UTF-8: {error.reason}", frame, error.start) from None
        else:
            if type(frame) is not bytes:
                _purepath.check_frame(frame, "plain")
            text = copy_buffer(frame)
        cdef size_t size = PyBytes_GET_SIZE(text)
        if size == 0:
            return None
        with cython.critical_section(self):
            self.check_idle()
            if text[0] == c"x":  # no JSON text starts so; a zlib stream of Discord's does
                self._stream.reset()
                self.inflate(text)
                return self.take_payload()
            self.bytes_in += size
            if size > self._limit:
                raise MessageTooLarge(f"a message of {size} bytes is more than {self._limit}")
            return self.payload(<const uint8_t*>PyBytes_AS_STRING(text), size, text)


cdef class Inflator(DecoderBase):
    """Inflates a zlib-stream connection to JSON texts, for libraries that parse by themselves."""

    def __cinit__(self, **_):
        self._stream = new ZlibStream(self._limit)

    def decompress(self, frame, /):
        """Take one websocket message; return the text that it completes (UTF-8), or None."""
        if type(frame) is not bytes:
            _purepath.check_frame(frame, "zlib-stream")
        with cython.critical_section(self):
            if not self.inflate(frame):
                return None
            try:
                return PyBytes_FromStringAndSize(
                    <const char*>self._stream.text(), self._stream.text_size()
                )
            finally:
                self._stream.done()


cdef class FrameSplitter:
    """Splits the bytes of a websocket connection, as a client receives them, into messages.

    It knows one kind of frame: whole, unfragmented, unmasked binary messages without reserved bits,
    of at most `largest` bytes. All other bytes are for a full implementation, which stays the judge
    of the protocol. Source: RFC 6455, section 5.2.
    """

    cdef list _held  # pieces of the start of a frame that is not all there
    cdef uint64_t _missing  # bytes still to come of it; 0 where that is not known
    cdef uint64_t _largest
    cdef uint64_t _passing  # bytes still to come of a frame that is passed on
    cdef bint _fragments  # inside a fragmented message, where every frame is passed on

    def __cinit__(self, largest):
        self._held = []
        self._largest = largest

    def feed(self, bytes data not None, /):
        """Take what was received; return what it holds, in order.

        Items are `bytes`, the payload of one binary message, and `bytearray`, bytes to pass on.
        """
        with cython.critical_section(self):
            if self._held:
                self._held.append(data)
                if <uint64_t>PyBytes_GET_SIZE(data) < self._missing:
                    self._missing -= PyBytes_GET_SIZE(data)
                    return []
                data = b"".join(self._held)
                self._held = []
            return self.split(data)

    cdef list split(self, bytes data):
        cdef const uint8_t* start
        cdef size_t size
        cdef size_t at = 0
        cdef size_t pass_from = 0
        cdef FrameStart frame
        cdef list items = []
        start = <const uint8_t*>PyBytes_AS_STRING(data)
        size = PyBytes_GET_SIZE(data)
        if self._passing:
            at = <size_t>min(self._passing, <uint64_t>size)
            self._passing -= at
        while at < size:
            frame = look_at_frame(start + at, size - at, self._largest)
            if frame.kind == FrameKind.message and not self._fragments:
                if pass_from < at:
                    items.append(bytearray(data[pass_from:at]))
                items.append(
                    PyBytes_FromStringAndSize(
                        <const char*>start + at + frame.header, frame.size - frame.header
                    )
                )
                at += frame.size
                pass_from = at
                continue
            if frame.kind == FrameKind.incomplete and not (self._fragments and frame.size):
                self._held = [data[at:]]
                self._missing = frame.size - (size - at) if frame.size else 0
                size = at
                break
            if frame.fragments_follow:
                self._fragments = True
            elif frame.ends_fragments:
                self._fragments = False
            if frame.size > size - at:
                self._passing = frame.size - (size - at)
                at = size
            else:
                at += frame.size
        if pass_from < size:
            items.append(bytearray(data[pass_from:size]))
        return items


def backend_details():
    """Return what this backend is made of, by part."""
    return {
        "name": "native",
        "zlib": f"{z_name().decode()} {z_version().decode()}",
        "zstd": f"zstd {ZSTD_versionString().decode()}",
        "json": simdjson_version().decode(),
    }
