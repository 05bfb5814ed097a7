// Dicts that are born with their keys.
//
// A dict that is filled key by key is resized again and again, and CPython's means to ask for a size
// (private besides) make the wider kind of table, for keys of any type. But objects of one kind have
// the same keys in the same order, so one dict with those keys serves as a model: a copy of it has
// the compact kind of table, at the right size, in one allocation, and only takes values, without a
// look-up where `dict_slots` says where they go.

#pragma once

#include <Python.h>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace gateway {

class ShapeCache {
public:
    ShapeCache() : shapes_(kShapes) {}
    ~ShapeCache();
    ShapeCache(const ShapeCache&) = delete;
    ShapeCache& operator=(const ShapeCache&) = delete;

    // New dict of `count` keys and values, which stand in turn at `pairs`; `nested` if there is a
    // dict or list among the values. Takes the references over, unless it returns nullptr, with an
    // exception set.
    PyObject* make_dict(PyObject* const* pairs, size_t count, bool nested);

private:
    struct Shape {
        uint64_t hash = 0;
        PyObject* model = nullptr;     // made when the shape is seen for the second time
        std::vector<PyObject*> keys;   // kept alive by the model
        bool has_slots = false;
    };

    static constexpr size_t kShapes = 128;
    static constexpr size_t kFewest = 3;
    static constexpr size_t kMost = 100;
    static constexpr Py_ssize_t kLongestKey = 40;  // longer ones would keep much memory

    // The shape of these keys if its dicts are copied from a model; nullptr where they are not, or,
    // with an exception set, where there is no memory.
    Shape* find(PyObject* const* pairs, size_t count);
    bool make_model(PyObject* const* pairs, size_t count, Shape& shape);

    std::vector<Shape> shapes_;
};

}  // namespace gateway
