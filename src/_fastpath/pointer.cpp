#include "pointer.hpp"

#include <cstring>
#include <new>
#include <string>

namespace gateway {

namespace {

bool is_pointer(const char* at, const char* end) {
    if (at != end && *at != '/') {
        return false;
    }
    for (; at < end; ++at) {
        if (*at == '~' && (at + 1 == end || (at[1] != '0' && at[1] != '1'))) {
            return false;
        }
    }
    return true;
}

// The next reference token, its escapes undone; `*at` moves behind it.
void next_token(const char** at, const char* end, std::string* token) {
    const char* from = *at + 1;  // behind the slash
    const void* slash = std::memchr(from, '/', static_cast<size_t>(end - from));
    const char* const to = slash ? static_cast<const char*>(slash) : end;
    token->clear();
    for (; from < to; ++from) {
        const bool escape = *from == '~';
        from += escape;
        token->push_back(!escape ? *from : *from == '0' ? '~' : '/');
    }
    *at = to;
}

enum class Found { yes, no, exception };

// Whether the key that opens at `open` is `wanted`.
Found key_is(const Cursor& cursor, const uint8_t* open, const std::string& wanted,
             StringMaker& strings) {
    const uint8_t* const inside = open + 1;
    const auto size = static_cast<size_t>(cursor.closing_quote(open) - inside);
    if (std::memchr(inside, '\\', size) == nullptr) {
        return size == wanted.size() && std::memcmp(inside, wanted.data(), size) == 0 ? Found::yes
                                                                                      : Found::no;
    }
    PyObject* key = strings.make(inside, size, cursor.end);
    PyObject* other = key ? PyUnicode_DecodeUTF8(wanted.data(),
                                                 static_cast<Py_ssize_t>(wanted.size()), nullptr)
                          : nullptr;
    const int order = other ? PyUnicode_Compare(key, other) : -1;
    Py_XDECREF(key);
    Py_XDECREF(other);
    if (PyErr_Occurred()) {
        return Found::exception;
    }
    return order == 0 ? Found::yes : Found::no;
}

// Moves the cursor, which stands on an object, to the value of the first such key.
Found enter_key(Cursor& cursor, const std::string& wanted, StringMaker& strings) {
    cursor.take();
    if (cursor.take_if('}')) {
        return Found::no;
    }
    do {
        const uint8_t* const open = cursor.take();
        const Found found = key_is(cursor, open, wanted, strings);
        cursor.take();  // the colon
        if (found != Found::no) {
            return found;
        }
        cursor.skip_value();
    } while (cursor.take_if(','));
    return Found::no;
}

// Moves the cursor, which stands on an array, to its element number `index`.
bool enter_element(Cursor& cursor, size_t index) {
    cursor.take();
    if (!cursor.at_end() && cursor.text[*cursor.next] == ']') {
        return false;
    }
    for (; index != 0; --index) {
        cursor.skip_value();
        if (!cursor.take_if(',')) {
            return false;
        }
    }
    return true;
}

bool is_index(const std::string& token) {
    if (token.empty() || token.size() > 18 || (token.size() > 1 && token[0] == '0')) {
        return false;
    }
    for (const char digit : token) {
        if (!is_digit(static_cast<uint8_t>(digit))) {
            return false;
        }
    }
    return true;
}

const char* type_name(uint8_t first) {
    switch (first) {
        case '"': return "str";
        case 'n': return "NoneType";
        case 't':
        case 'f': return "bool";
        default: return "number";
    }
}

}  // namespace

Outcome build_at(Cursor cursor, const char* pointer, size_t pointer_size, Builder& builder,
                 PyObject** result) {
    const char* at = pointer;
    const char* const end = pointer + pointer_size;
    if (!is_pointer(at, end)) {
        PyErr_Format(PyExc_ValueError,
                     "not a JSON Pointer: '%s'; it is empty or like '/author/id', with ~0 for ~ and "
                     "~1 for / inside a name",
                     pointer);
        return Outcome::exception;
    }
    try {
        std::string token = "d";
        Found found = enter_key(cursor, token, builder.strings());
        if (found == Found::no && at == end) {
            Py_INCREF(Py_None);
            *result = Py_None;
            return Outcome::built;
        }
        const bool no_d = found == Found::no;
        while (at < end && found != Found::exception) {
            next_token(&at, end, &token);
            const uint8_t first = no_d ? 'n' : cursor.text[*cursor.next];
            if (first == '{') {
                found = enter_key(cursor, token, builder.strings());
                if (found == Found::no) {
                    PyObject* key = PyUnicode_DecodeUTF8(
                        token.data(), static_cast<Py_ssize_t>(token.size()), nullptr);
                    if (key != nullptr) {
                        PyErr_SetObject(PyExc_KeyError, key);
                        Py_DECREF(key);
                    }
                    return Outcome::exception;
                }
            } else if (first == '[') {
                if (!is_index(token)) {
                    PyErr_Format(PyExc_TypeError, "list indices must be integers, not '%s'",
                                 token.c_str());
                    return Outcome::exception;
                }
                if (!enter_element(cursor, std::stoull(token))) {
                    PyErr_SetString(PyExc_IndexError, "list index out of range");
                    return Outcome::exception;
                }
            } else {
                PyErr_Format(PyExc_TypeError, "'%s' object has no item '%s'", type_name(first),
                             token.c_str());
                return Outcome::exception;
            }
        }
        if (found == Found::exception) {
            return Outcome::exception;
        }
    } catch (const std::bad_alloc&) {
        PyErr_NoMemory();
        return Outcome::exception;
    }
    return builder.build(cursor, false, result);
}

}  // namespace gateway
