// JSON strings to Python's, and a cache for the ones that come again and again.

#pragma once

#include <Python.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "text.hpp"

namespace gateway {

// Makes str objects from the inside of JSON strings whose UTF-8 is known to be valid.
class StringMaker {
public:
    // New reference; nullptr with no exception set for a bad escape, else with Python's.
    PyObject* make(const uint8_t* at, size_t size, const uint8_t* text_end);

private:
    PyObject* unescape(const uint8_t* at, size_t size);

    std::string scratch_;
};

// Whether every backslash inside a string begins an escape that JSON has.
bool well_formed_escapes(const uint8_t* at, size_t size, const uint8_t* text_end);

// Two-way set-associative cache of short ASCII strings: object keys and dispatch names.
//
// A key is hashed and compared by its first and last eight bytes and its size; only keys longer
// than 16 bytes need a look at the middle. Strings are interned, so that `d["content"]` in user
// code finds its key by identity.
class StringCache {
public:
    explicit StringCache(size_t sets_log2);
    ~StringCache();
    StringCache(const StringCache&) = delete;
    StringCache& operator=(const StringCache&) = delete;

    // New reference to the str of these bytes, or nullptr with an exception set. `maker` makes
    // those that are not cached: long, escaped, not ASCII.
    PyObject* get(const uint8_t* at, size_t size, const uint8_t* text_end, StringMaker& maker);

private:
    struct Entry {
        uint64_t head;
        uint64_t tail;
        PyObject* string;
        size_t size;
    };

    static constexpr size_t kLongest = 40;

    PyObject* add(const uint8_t* at, size_t size, const uint8_t* text_end, StringMaker& maker,
                  Entry* set, uint64_t head, uint64_t tail);

    int shift_;
    size_t count_;
    std::unique_ptr<Entry[]> entries_;
};

}  // namespace gateway
