// JSON text to Python objects, built from the positions that `Structure` found.
//
// What the builder refuses is not yet an error: the caller asks `json.loads`, which has the last
// word.

#pragma once

#include <Python.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "shapes.hpp"
#include "strings.hpp"
#include "structure.hpp"

namespace gateway {

enum class Outcome {
    built,
    refused,    // not JSON, or JSON beyond this builder; no exception is set
    exception,  // a Python exception is set
};

class Builder {
public:
    Builder();
    ~Builder();
    Builder(const Builder&) = delete;
    Builder& operator=(const Builder&) = delete;

    // Builds the value at `place` and moves `place` behind it. With `only_d`, of a first
    // object only the value of its last "d" (None if it has none).
    Outcome build(Cursor& place, bool only_d, PyObject** result);

    StringMaker& strings() { return strings_; }

    // Gives large working memory back; between two builds.
    void shrink() { values_.shrink_to_fit(); }

private:
    struct Container {
        size_t first;  // index in values_ of its first key or element
        bool is_object;
        bool nested;  // it holds containers
    };

    void push(PyObject* value);
    PyObject* make_scalar(const uint8_t* at, const uint8_t* text_end);
    PyObject* make_list(size_t first);
    PyObject* make_dict(const Container& closed);
    PyObject* take_d(size_t first);
    void drop_values(size_t first);

    std::vector<PyObject*> values_;
    std::vector<Container> open_;
    StringMaker strings_;
    StringCache keys_;
    ShapeCache shapes_;
};

}  // namespace gateway
