# Declarations of our own C++ files, one block a header.

from cpython.ref cimport PyObject
from libc.stddef cimport size_t
from libc.stdint cimport int64_t, uint8_t, uint64_t
from libcpp.string cimport string

cdef extern from "envelope.hpp" namespace "gateway" nogil:
    cdef struct Head:
        int64_t op
        int64_t s
        bint has_s
        const uint8_t* t
        size_t t_size

    bint read_head(const uint8_t* text, size_t size, Head* head)

cdef extern from "frames.hpp" namespace "gateway" nogil:
    cdef enum class FrameKind "gateway::FrameStart::Kind":
        message
        other
        incomplete

    cdef struct FrameStart:
        FrameKind kind
        uint64_t header
        uint64_t size
        bint fragments_follow
        bint ends_fragments

    FrameStart look_at_frame(const uint8_t* data, size_t size, uint64_t largest)

cdef extern from "inflate.hpp" namespace "gateway" nogil:
    cdef enum class Inflated:
        complete
        partial
        corrupt
        too_large
        no_memory

    cdef cppclass Stream:
        Inflated feed(const uint8_t* frame, size_t size)
        void reset()
        const uint8_t* text()
        size_t text_size()
        void done()
        bint dead()
        const char* reason()

cdef extern from "inflate_zlib.hpp" namespace "gateway" nogil:
    cdef cppclass ZlibStream(Stream):
        ZlibStream(size_t limit) except +

    cdef cppclass ZlibMessages(Stream):
        ZlibMessages(size_t limit) except +

    const char* z_name()
    const char* z_version()

cdef extern from "inflate_zstd.hpp" namespace "gateway" nogil:
    cdef cppclass ZstdStream(Stream):
        ZstdStream(size_t limit) except +

    const char* ZSTD_versionString "::ZSTD_versionString"()

cdef extern from "strings.hpp" namespace "gateway":
    cdef cppclass StringMaker:
        pass

    cdef cppclass StringCache:
        StringCache(size_t sets_log2) except +
        # A new reference, or NULL with an exception set.
        PyObject* get(
            const uint8_t* at, size_t size, const uint8_t* text_end, StringMaker& maker
        )

cdef extern from "objects.hpp" namespace "gateway":
    cdef enum class Outcome:
        built
        refused
        exception

cdef extern from "parser.hpp" namespace "gateway":
    uint64_t new_text_id()

    cdef cppclass Parser:
        Outcome parse(const uint8_t* text, size_t size, PyObject** result)
        Outcome parse_d(const uint8_t* text, size_t size, PyObject** result)
        Outcome at(
            const uint8_t* text,
            size_t size,
            uint64_t text_id,
            const char* pointer,
            size_t pointer_size,
            PyObject** result,
        )

    cdef cppclass ParserPool:
        @staticmethod
        Parser* acquire()
        @staticmethod
        void release(Parser* parser)

cdef extern from "structure.hpp" namespace "gateway":
    string simdjson_version()
