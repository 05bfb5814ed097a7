#include "dict_slots.hpp"

namespace gateway {

#if PY_VERSION_HEX < 0x03100000 && !defined(Py_GIL_DISABLED)

bool has_dict_slots(PyObject* dict, PyObject* const* keys, size_t count) {
    constexpr uint8_t kStrKeys = 1;
    const auto* const typed = reinterpret_cast<const PyDictObject*>(dict);
    if (typed->ma_values != nullptr) {
        return false;
    }
    // What is read next is inside the table, whatever its layout, until the sizes are plausible.
    const auto* const table = reinterpret_cast<const DictTable*>(typed->ma_keys);
    const size_t size = size_t{1} << (table->log2_size & 31);
    if (table->kind != kStrKeys || table->log2_size != table->log2_index_bytes ||
        table->log2_size > 7 || static_cast<size_t>(table->entries) != count || count > size) {
        return false;
    }
    const DictSlot* const slots = dict_slots(dict);
    for (size_t i = 0; i < count; ++i) {
        if (slots[i].key != keys[i] || slots[i].value != keys[i]) {
            return false;
        }
    }
    return true;
}

#else

bool has_dict_slots(PyObject*, PyObject* const*, size_t) { return false; }

#endif

}  // namespace gateway
