// A parser with its working memory, and the pool from which each use takes one.

#pragma once

#include <Python.h>

#include <cstddef>
#include <cstdint>

#include "objects.hpp"
#include "structure.hpp"

namespace gateway {

// A number that no text had before, for Parser::at.
uint64_t new_text_id();

class Parser {
public:
    // Builds the value of a whole text. Here and below, text[size] must be NUL.
    Outcome parse(const uint8_t* text, size_t size, PyObject** result);

    // The same, but of an object only the value of its last "d" (None if it has none).
    Outcome parse_d(const uint8_t* text, size_t size, PyObject** result);

    // Builds the value at a JSON Pointer inside the envelope's first "d". `text_id` tells texts
    // apart, so that several look-ups in one text find its structure once.
    Outcome at(const uint8_t* text, size_t size, uint64_t text_id, const char* pointer,
               size_t pointer_size, PyObject** result);

private:
    Outcome index(const uint8_t* text, size_t size, uint64_t text_id);
    Outcome build_all(const uint8_t* text, size_t size, bool only_d, PyObject** result);

    Structure structure_;
    Builder builder_;
    uint64_t indexed_ = 0;  // the text_id of a well-formed text whose structure is still known
};

// Parsers not in use. A garbage collection in the middle of a build may run code that parses, so
// even with the GIL one parser a module is not enough.
class ParserPool {
public:
    static Parser* acquire();  // nullptr with MemoryError set
    static void release(Parser* parser);
};

}  // namespace gateway
