"""The extension module: Python's face of the C++ files beside it.

Names, results and errors are those of its twin, `gateway_core._purepath`; the docstrings there
and in `gateway_core.decoding` hold here too.
"""

# cython: language_level=3, freethreading_compatible=True
# cython: boundscheck=False, wraparound=False, cdivision=True
# distutils: language=c++

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.buffer cimport PyBUF_SIMPLE, PyBuffer_Release, PyObject_GetBuffer
from cpython.ref cimport PyObject
from cpython.unicode cimport PyUnicode_AsUTF8AndSize
from libc.stddef cimport size_t
from libc.stdint cimport uint8_t

from native cimport (
    Head,
    Inflated,
    Outcome,
    Parser,
    ParserPool,
    StringCache,
    StringMaker,
    ZlibStream,
    read_head,
    simdjson_version,
    z_name,
    z_version,
)

from gateway_core import _envelope, _purepath
from gateway_core.errors import DecodeError, InflateError, JSONError, MessageTooLarge

__all__ = [
    "Inflator",
    "Payload",
    "PlainDecoder",
    "ZlibStreamDecoder",
    "backend_details",
    "loads",
]

cdef extern from *:
    """
    // Takes the reference over, where Cython's cast would add one.
    #define GATEWAY_TAKE(object) ((PyObject*)(object))
    """
    object take "GATEWAY_TAKE"(PyObject* owned)

cdef object DEFAULT_MAX_MESSAGE_SIZE = _purepath.DEFAULT_MAX_MESSAGE_SIZE
cdef object referee = _purepath.loads


cdef object parse(object owner, const uint8_t* text, size_t size, bint only_d):
    """Build a text's value, or only that of its `d`; `owner` is what the referee gets to see."""
    cdef Parser* parser = ParserPool.acquire()
    cdef PyObject* result = NULL
    cdef Outcome outcome
    if parser is NULL:
        raise MemoryError
    if only_d:
        outcome = parser.parse_d(text, size, &result)
    else:
        outcome = parser.parse(text, size, &result)
    ParserPool.release(parser)
    if outcome == Outcome.built:
        return take(result)
    if outcome == Outcome.exception:
        reraise()
    value = referee(owner)
    return value.get("d") if only_d else value


cdef extern from *:
    """
    static inline PyObject* gateway_reraise(void) { return NULL; }
    """
    object reraise "gateway_reraise"()


def loads(data, /):
    """Parse one JSON text, as `json.loads` does; see `gateway_core._purepath.loads`."""
    cdef Py_ssize_t size
    cdef const char* text
    if type(data) is bytes:
        text = PyBytes_AS_STRING(data)
        size = PyBytes_GET_SIZE(data)
        if size >= 3 and text[0] == c"\xef" and text[1] == c"\xbb" and text[2] == c"\xbf":
            text += 3
            size -= 3
        return parse(data, <const uint8_t*>text, size, False)
    if isinstance(data, str):
        try:
            text = PyUnicode_AsUTF8AndSize(data, &size)
        except UnicodeEncodeError:  # lone surrogates
            return referee(data)
        if size >= 3 and text[0] == c"\xef" and text[1] == c"\xbb" and text[2] == c"\xbf":
            return referee(data)
        return parse(data, <const uint8_t*>text, size, False)
    if isinstance(data, (bytes, bytearray, memoryview)):
        return loads(bytes(data))  # a copy that nobody can change while it is read
    return referee(data)


cdef enum:
    UNBUILT
    BUILT


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

    def __init__(self):
        raise TypeError("a Payload is made by a decoder: use PlainDecoder().feed(text)")

    @property
    def d(self):
        """The event's data, built on first access, then kept; None for an unwanted dispatch.

        Raises JSONError where the text behind the envelope is malformed.
        """
        if self._state == UNBUILT:
            if self._loads is None:
                raw = self._raw
                self._d = parse_d_of(raw)
            else:
                self._d = self._loads(self._raw).get("d")
            self._state = BUILT
        return self._d

    @property
    def raw(self):
        """The JSON text exactly as inflated; None for an unwanted dispatch."""
        return self._raw

    def __repr__(self):
        size = "unwanted" if self._raw is None else f"{len(self._raw)} bytes"
        return f"<Payload op={self.op} s={self.s} t={self.t!r} {size}>"


cdef object parse_d_of(bytes raw):
    cdef const uint8_t* text = <const uint8_t*>PyBytes_AS_STRING(raw)
    cdef size_t size = PyBytes_GET_SIZE(raw)
    if size >= 3 and text[0] == 0xEF and text[1] == 0xBB and text[2] == 0xBF:
        text += 3
        size -= 3
    return parse(raw, text, size, True)


cdef size_t checked_limit(max_message_size) except 0:
    return _purepath.check_limit(max_message_size)


cdef class DecoderBase:
    """What the decoders share: limits, counters and the step from text to Payload."""

    cdef readonly unsigned long long bytes_in
    cdef readonly unsigned long long bytes_out
    cdef readonly unsigned long long messages
    cdef object _wanted  # frozenset, or None
    cdef object _loads
    cdef size_t _limit
    cdef ZlibStream* _stream
    cdef StringCache* _names
    cdef StringMaker _maker

    def __cinit__(self, *, wanted=None, max_message_size=DEFAULT_MAX_MESSAGE_SIZE, loads=None):
        self._limit = checked_limit(max_message_size)
        self._wanted = None if wanted is None else frozenset(wanted)
        self._loads = None if loads is None else _purepath.foreign_loads(loads)
        self._stream = new ZlibStream(self._limit)
        self._names = new StringCache(6)

    def __dealloc__(self):
        del self._stream
        del self._names

    cdef Payload payload(self, const uint8_t* text, size_t size, object whole):
        """Make the Payload of a text; `whole` is the text as bytes where there is such an object."""
        cdef Head head
        cdef Payload payload = Payload.__new__(Payload)
        cdef PyObject* name
        self.bytes_out += size
        self.messages += 1
        if read_head(text, size, &head):
            payload.op = head.op
            payload.s = head.s if head.has_s else None
            if head.t is NULL:
                payload.t = None
            else:
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
            payload._state = BUILT
            return payload
        if whole is None:
            whole = PyBytes_FromStringAndSize(<const char*>text, size)
        payload._raw = whole
        payload._loads = self._loads
        return payload

    cdef Inflated inflate(self, frame, bint whole_stream) except *:
        """Inflate a frame of any buffer type into the stream's text."""
        cdef Py_buffer view
        cdef Inflated result
        if type(frame) is bytes:
            self.bytes_in += PyBytes_GET_SIZE(frame)
            return self.inflate_bytes(
                <const uint8_t*>PyBytes_AS_STRING(frame), PyBytes_GET_SIZE(frame), whole_stream
            )
        PyObject_GetBuffer(frame, &view, PyBUF_SIMPLE)
        try:
            self.bytes_in += view.len
            return self.inflate_bytes(<const uint8_t*>view.buf, view.len, whole_stream)
        finally:
            PyBuffer_Release(&view)

    cdef Inflated inflate_bytes(
        self, const uint8_t* frame, size_t size, bint whole_stream
    ) except *:
        cdef Inflated result
        if self._stream.dead() and not whole_stream:
            raise InflateError(f"the stream is dead since: {self.reason()}; call reset()")
        if whole_stream:
            result = self._stream.inflate_whole(frame, size)
        else:
            result = self._stream.feed(frame, size)
        if result == Inflated.complete or result == Inflated.partial:
            return result
        if result == Inflated.too_large:
            raise MessageTooLarge(f"a message inflates to more than {self._limit} bytes")
        if result == Inflated.no_memory:
            raise MemoryError
        raise InflateError(f"corrupt zlib stream: {self.reason()}")

    cdef str reason(self):
        return self._stream.reason().decode("utf-8", "replace")


cdef class ZlibStreamDecoder(DecoderBase):
    """Decoder of a connection with ``compress=zlib-stream``.

    See `gateway_core.decoding` for the arguments, results and errors of all decoders.
    Source: Discord, Gateway, "Transport Compression".
    """

    def feed(self, frame, /):
        """Take one websocket message; return the Payload that it completes, or None."""
        if type(frame) is not bytes:
            _purepath.check_frame(frame, "zlib-stream")
        if self.inflate(frame, False) == Inflated.partial:
            return None
        try:
            return self.payload(self._stream.text(), self._stream.text_size(), None)
        finally:
            self._stream.done()

    def reset(self):
        """Forget the stream, for a new connection. The counters go on."""
        self._stream.reset()


cdef class PlainDecoder(DecoderBase):
    """Decoder of a connection without transport compression.

    Takes text frames (str, or their bytes) and the binary frames of payload compression, each a
    zlib stream of its own. Source: Discord, Gateway, "Payload Compression".
    """

    def feed(self, frame, /):
        """Take one websocket message; return its Payload. An empty frame gives None."""
        if isinstance(frame, str):
            try:
                data = frame.encode("utf-8")
            except UnicodeEncodeError as error:
                raise JSONError(f"text is not UTF-8: {error.reason}", frame, error.start) from None
        elif type(frame) is bytes:
            data = frame
        else:
            _purepath.check_frame(frame, "plain")
            data = bytes(frame)
        cdef bytes text = data
        cdef size_t size = PyBytes_GET_SIZE(text)
        if size == 0:
            return None
        if text[0] == 0x78:  # no JSON text starts with "x"; a zlib stream of Discord's does
            self.inflate(text, True)
            try:
                return self.payload(self._stream.text(), self._stream.text_size(), None)
            finally:
                self._stream.done()
        self.bytes_in += size
        if size > self._limit:
            raise MessageTooLarge(f"a message of {size} bytes is more than {self._limit}")
        return self.payload(<const uint8_t*>PyBytes_AS_STRING(text), size, text)

    def reset(self):
        """Do nothing: messages do not depend on one another."""


cdef class Inflator(DecoderBase):
    """Inflates a zlib-stream connection to JSON texts, for libraries that parse by themselves."""

    def decompress(self, frame, /):
        """Take one websocket message; return the text that it completes (UTF-8), or None."""
        if type(frame) is not bytes:
            _purepath.check_frame(frame, "zlib-stream")
        if self.inflate(frame, False) == Inflated.partial:
            return None
        try:
            return PyBytes_FromStringAndSize(
                <const char*>self._stream.text(), self._stream.text_size()
            )
        finally:
            self._stream.done()

    def reset(self):
        """Forget the stream, for a new connection."""
        self._stream.reset()


def backend_details():
    """Return what this backend is made of, by part."""
    return {
        "name": "native",
        "zlib": f"{z_name().decode()} {z_version().decode()}",
        "json": simdjson_version().decode(),
    }
