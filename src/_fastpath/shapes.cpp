#include "shapes.hpp"

#include <new>

#include "dict_slots.hpp"

namespace gateway {

namespace {

PyObject* fill(PyObject* dict, PyObject* const* pairs, size_t count) {
    if (dict == nullptr) {
        return nullptr;
    }
    for (size_t i = 0; i < 2 * count; i += 2) {
        if (PyDict_SetItem(dict, pairs[i], pairs[i + 1]) < 0) {
            Py_DECREF(dict);
            return nullptr;
        }
    }
    for (size_t i = 0; i < 2 * count; ++i) {
        Py_DECREF(pairs[i]);  // plain data: even a duplicate dies without running Python code
    }
    return dict;
}

PyObject* fill_slots(PyObject* dict, PyObject* const* pairs, size_t count, bool nested) {
    if (dict == nullptr) {
        return nullptr;
    }
    DictSlot* const slots = dict_slots(dict);
    for (size_t i = 0; i < count; ++i) {
        PyObject* const key = pairs[2 * i];
        slots[i].value = pairs[2 * i + 1];
        Py_DECREF(key);  // once for the pair,
        Py_DECREF(key);  // once for the value that the model had here
    }
    if (nested && !PyObject_GC_IsTracked(dict)) {
        PyObject_GC_Track(dict);
    }
    return dict;
}

}  // namespace

ShapeCache::~ShapeCache() {
    for (Shape& shape : shapes_) {
        Py_XDECREF(shape.model);
    }
}

PyObject* ShapeCache::make_dict(PyObject* const* pairs, size_t count, bool nested) {
    Shape* const shape = find(pairs, count);
    if (shape == nullptr) {
        return PyErr_Occurred() ? nullptr : fill(PyDict_New(), pairs, count);
    }
    PyObject* const dict = PyDict_Copy(shape->model);
    return shape->has_slots ? fill_slots(dict, pairs, count, nested) : fill(dict, pairs, count);
}

ShapeCache::Shape* ShapeCache::find(PyObject* const* pairs, size_t count) {
    if (count < kFewest || count > kMost) {
        return nullptr;
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
        return nullptr;
    }
    if (shape.model == nullptr) {
        return make_model(pairs, count, shape) ? &shape : nullptr;
    }
    for (size_t i = 0; i < count; ++i) {
        if (i == shape.keys.size() || shape.keys[i] != pairs[2 * i]) {
            return nullptr;
        }
    }
    return &shape;
}

bool ShapeCache::make_model(PyObject* const* pairs, size_t count, Shape& shape) {
    PyObject* model = PyDict_New();
    if (model == nullptr) {
        return false;
    }
    try {
        shape.keys.clear();
        bool usual = true;
        for (size_t i = 0; i < count; ++i) {
            PyObject* const key = pairs[2 * i];
            if (PyDict_SetItem(model, key, key) < 0) {
                Py_DECREF(model);
                return false;
            }
            usual &= PyUnicode_GET_LENGTH(key) <= kLongestKey;
            shape.keys.push_back(key);
        }
        // A key that came twice is not kept alive by the model: another could take its address.
        if (!usual || PyDict_GET_SIZE(model) != static_cast<Py_ssize_t>(count)) {
            Py_DECREF(model);
            return false;
        }
    } catch (const std::bad_alloc&) {
        Py_DECREF(model);
        PyErr_NoMemory();
        return false;
    }
    PyObject* const copy = PyDict_Copy(model);
    if (copy == nullptr) {
        Py_DECREF(model);
        return false;
    }
    shape.has_slots = has_dict_slots(copy, shape.keys.data(), count);
    Py_DECREF(copy);
    shape.model = model;
    return true;
}

}  // namespace gateway
