// Where a dict keeps its values: in a row, in the order of its keys.
//
// The copy of a model has its keys in place, so there is nothing to look up; but CPython's API sets
// values by key alone. The table behind a dict of str keys has had one layout from 3.11 on
// (PyDictKeysObject in Include/internal/pycore_dict.h): a header, the indices, then the entries.
// `has_dict_slots` compares what it finds there with what the dict is known to hold. Where that
// differs, and where CPython's version is not known yet or has no GIL, its API does the work.

#pragma once

#include <Python.h>

#include <cstddef>
#include <cstdint>

namespace gateway {

struct DictSlot {
    PyObject* key;
    PyObject* value;
};

struct DictTable {
    Py_ssize_t references;
    uint8_t log2_size;
    uint8_t log2_index_bytes;
    uint8_t kind;
    uint32_t version;
    Py_ssize_t usable;
    Py_ssize_t entries;
};

// Whether `dict_slots` can be used on this dict, and on every copy of it: it holds `count` keys, at
// least one, each as its own value.
bool has_dict_slots(PyObject* dict, PyObject* const* keys, size_t count);

inline DictSlot* dict_slots(PyObject* dict) {
    auto* const table = reinterpret_cast<PyDictObject*>(dict)->ma_keys;
    const auto* const header = reinterpret_cast<const DictTable*>(table);
    return reinterpret_cast<DictSlot*>(reinterpret_cast<char*>(table) + sizeof(DictTable) +
                                       (size_t{1} << header->log2_index_bytes));
}

}  // namespace gateway
