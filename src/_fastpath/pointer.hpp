// JSON Pointer (RFC 6901): finds one value of a message's `d` without building the rest.

#pragma once

#include <Python.h>

#include <cstddef>

#include "objects.hpp"

namespace gateway {

// Builds the value that `pointer` names inside the first "d" of a well-formed envelope. Sets
// KeyError, IndexError or TypeError where a dict or a list would raise it, ValueError for what is
// no pointer.
Outcome build_at(Cursor cursor, const char* pointer, size_t pointer_size, Builder& builder,
                 PyObject** result);

}  // namespace gateway
