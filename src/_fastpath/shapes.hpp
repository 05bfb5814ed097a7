// Dicts that are born with their keys.
//
// A dict that is filled key by key is resized again and again, and CPython's means to ask for a size
// (private besides) make the wider kind of table, for keys of any type. But objects of one kind have
// the same keys in the same order, so one dict with those keys serves as a model: a copy of it has
// the compact kind of table, at the right size, in one allocation, and only takes values.

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

    // New dict for `count` keys, which stand at pairs[0], pairs[2], ...: with these keys where they
    // were seen before, empty where not. nullptr with an exception set.
    PyObject* dict_for(PyObject* const* pairs, size_t count);

private:
    struct Shape {
        uint64_t hash = 0;
        PyObject* model = nullptr;     // made when the shape is seen for the second time
        std::vector<PyObject*> keys;   // kept alive by the model
    };

    static constexpr size_t kShapes = 128;
    static constexpr size_t kFewest = 6;  // a new dict has room for five
    static constexpr size_t kMost = 100;
    static constexpr Py_ssize_t kLongestKey = 40;  // longer ones would keep much memory

    PyObject* make_model(PyObject* const* pairs, size_t count, Shape& shape);

    std::vector<Shape> shapes_;
};

}  // namespace gateway
