// JSON text to Python objects: simdjson finds the structure, this file builds what stands there.
//
// simdjson's first stage checks UTF-8, control characters and unclosed strings, and leaves the
// position of every bracket, colon, comma and start of a string, number or name. Building right
// from those positions saves simdjson's second stage, which would write a tape and copy all strings
// only for us to read them again. A string's end is known without a search: before the next
// position but for white space.
//
// What this file refuses is not yet an error: the caller asks `json.loads`, which has the last word.

#pragma once

#include <Python.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "simdjson.h"
#include "strings.hpp"

namespace gateway {

constexpr size_t kMaxDepth = 1024;

enum class Outcome {
    built,
    refused,    // not JSON, or JSON beyond this builder; no exception is set
    exception,  // a Python exception is set
};

// A parser with its working memory. One thread at a time uses it; see ParserPool.
class Parser {
public:
    Parser();
    ~Parser();
    Parser(const Parser&) = delete;
    Parser& operator=(const Parser&) = delete;

    // Builds the value of a whole text. `text[size]` must be readable and no digit or letter.
    Outcome parse(const uint8_t* text, size_t size, PyObject** result);

    // The same, but of an object only the value of its last "d" (None if it has none).
    Outcome parse_d(const uint8_t* text, size_t size, PyObject** result);

private:
    struct Container {
        size_t first;  // index in values_ of its first key or element
        bool is_object;
    };

    Outcome index(const uint8_t* text, size_t size);
    Outcome build(const uint8_t* text, size_t size, bool only_d, PyObject** result);
    Outcome finish(const uint8_t* text, bool only_d, PyObject** result);
    PyObject* make_list(size_t first);
    PyObject* make_dict(size_t first);
    PyObject* take_d(size_t first);
    PyObject* make_number(const uint8_t* at, const uint8_t* end);
    void drop_values(size_t first);
    void shrink_if_idle(size_t size);

    std::unique_ptr<simdjson::internal::dom_parser_implementation> structure_;
    std::vector<PyObject*> values_;
    std::vector<Container> open_;
    StringMaker strings_;
    StringCache keys_;
    unsigned idle_ = 0;
};

// Parsers not in use. A garbage collection in the middle of a build may run code that parses, so
// even with the GIL one parser a module is not enough.
class ParserPool {
public:
    static Parser* acquire();  // nullptr with MemoryError set
    static void release(Parser* parser);
};

// "simdjson 3.12.3 (haswell)": the library and the kernel that this CPU gets.
std::string simdjson_version();

}  // namespace gateway
