#include "shapes.hpp"

#include <new>

namespace gateway {

ShapeCache::~ShapeCache() {
    for (Shape& shape : shapes_) {
        Py_XDECREF(shape.model);
    }
}

PyObject* ShapeCache::dict_for(PyObject* const* pairs, size_t count) {
    if (count < kFewest || count > kMost) {
        return PyDict_New();
    }
    // Keys that are cached are told apart by their addresses; others never make a known shape.
    uint64_t hash = count;
    for (size_t i = 0; i < count; ++i) {
        hash = (hash ^ reinterpret_cast<uintptr_t>(pairs[2 * i])) * 0x9E3779B97F4A7C15u;
    }
    Shape& shape = shapes_[(hash >> 32) % kShapes];
    if (shape.hash != hash) {
        Py_CLEAR(shape.model);
        shape.hash = hash;
        return PyDict_New();
    }
    if (shape.model == nullptr) {
        return make_model(pairs, count, shape);
    }
    for (size_t i = 0; i < count; ++i) {
        if (i == shape.keys.size() || shape.keys[i] != pairs[2 * i]) {
            return PyDict_New();
        }
    }
    return PyDict_Copy(shape.model);
}

PyObject* ShapeCache::make_model(PyObject* const* pairs, size_t count, Shape& shape) {
    PyObject* model = PyDict_New();
    if (model == nullptr) {
        return nullptr;
    }
    try {
        shape.keys.clear();
        bool usual = true;
        for (size_t i = 0; i < count; ++i) {
            PyObject* const key = pairs[2 * i];
            if (PyDict_SetItem(model, key, Py_None) < 0) {
                Py_DECREF(model);
                return nullptr;
            }
            usual &= PyUnicode_GET_LENGTH(key) <= kLongestKey;
            shape.keys.push_back(key);
        }
        // A key that came twice is not kept alive by the model: another could take its address.
        if (!usual || PyDict_GET_SIZE(model) != static_cast<Py_ssize_t>(count)) {
            Py_DECREF(model);
            return PyDict_New();
        }
    } catch (const std::bad_alloc&) {
        Py_DECREF(model);
        return PyErr_NoMemory();
    }
    shape.model = model;
    return PyDict_Copy(model);
}

}  // namespace gateway
