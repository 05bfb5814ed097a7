#include "objects.hpp"

#include <new>

#include "numbers.hpp"

namespace gateway {

namespace {

#if PY_VERSION_HEX < 0x030C0000
// Holds the cyclic collector off while a large text is built: until 3.12 it runs inside
// allocations, would go through the half-built message again and again, and finds nothing.
class CollectorPause {
public:
    explicit CollectorPause(size_t text_size)
        : paused_(text_size > kLargeText && PyGC_Disable() == 1) {}
    ~CollectorPause() {
        if (paused_) {
            PyGC_Enable();
        }
    }
    CollectorPause(const CollectorPause&) = delete;
    CollectorPause& operator=(const CollectorPause&) = delete;

private:
    static constexpr size_t kLargeText = 32 * 1024;

    bool paused_;
};
#else
// The collector waits for the interpreter's loop by itself.
struct CollectorPause {
    explicit CollectorPause(size_t) {}
};
#endif

PyObject* shared(PyObject* constant) {
    Py_INCREF(constant);
    return constant;
}

}  // namespace

Builder::Builder() : keys_(9) {
    open_.reserve(32);
    values_.reserve(512);
}

Builder::~Builder() { drop_values(0); }

Outcome Builder::build(Cursor& place, bool only_d, PyObject** result) {
    Cursor cursor = place;  // a copy stays in registers
    const CollectorPause pause(static_cast<size_t>(cursor.end - cursor.text));
    Outcome outcome;
    try {
        PyObject* value;
        const uint8_t* at;
        const uint8_t* quote;

    next_value:
        at = cursor.take();
        switch (*at) {
            case '"':
                quote = cursor.closing_quote(at);
                if (quote == nullptr) {
                    goto refuse;
                }
                value = strings_.make(at + 1, static_cast<size_t>(quote - at - 1), cursor.end);
                break;
            case '{':
                if (open_.size() == kMaxDepth) {
                    goto refuse;
                }
                open_.push_back({values_.size(), true, false});
                if (cursor.take_if('}')) {
                    goto close;
                }
                goto next_key;
            case '[':
                if (open_.size() == kMaxDepth) {
                    goto refuse;
                }
                open_.push_back({values_.size(), false, false});
                if (cursor.take_if(']')) {
                    goto close;
                }
                goto next_value;
            default:
                value = make_scalar(at, cursor.end);
        }
        if (value == nullptr) {
            goto refuse_or_raise;
        }

    have_value:
        if (open_.empty()) {
            *result = value;
            place = cursor;
            return Outcome::built;
        }
        push(value);
        if (cursor.take_if(',')) {
            if (open_.back().is_object) {
                goto next_key;
            }
            goto next_value;
        }
        if (!cursor.take_if(open_.back().is_object ? '}' : ']')) {
            goto refuse;
        }

    close: {
        const Container closed = open_.back();
        open_.pop_back();
        if (!closed.is_object) {
            value = make_list(closed.first);
        } else if (only_d && open_.empty()) {
            value = take_d(closed.first);
        } else {
            value = make_dict(closed);
        }
        if (value == nullptr) {
            goto refuse_or_raise;
        }
        if (!open_.empty()) {
            open_.back().nested = true;
        }
        goto have_value;
    }

    next_key:
        at = cursor.take();
        quote = *at == '"' ? cursor.closing_quote(at) : nullptr;
        if (quote == nullptr) {
            goto refuse;
        }
        value = keys_.get(at + 1, static_cast<size_t>(quote - at - 1), cursor.end, strings_);
        if (value == nullptr) {
            goto refuse_or_raise;
        }
        push(value);
        if (!cursor.take_if(':')) {
            goto refuse;
        }
        goto next_value;

    refuse_or_raise:
        outcome = PyErr_Occurred() ? Outcome::exception : Outcome::refused;
        goto clean_up;
    refuse:
        outcome = Outcome::refused;
    clean_up:;
    } catch (const std::bad_alloc&) {
        PyErr_NoMemory();
        outcome = Outcome::exception;
    }
    open_.clear();
    drop_values(0);
    return outcome;
}

// Takes the reference over, also when it throws.
inline void Builder::push(PyObject* value) {
    try {
        values_.push_back(value);
    } catch (...) {
        Py_DECREF(value);
        throw;
    }
}

PyObject* Builder::make_scalar(const uint8_t* at, const uint8_t* text_end) {
    switch (*at) {
        case 'n': return name_is(at, text_end, "null") ? shared(Py_None) : nullptr;
        case 't': return name_is(at, text_end, "true") ? shared(Py_True) : nullptr;
        case 'f': return name_is(at, text_end, "false") ? shared(Py_False) : nullptr;
        default: {
            const uint8_t* digit = at;
            long value = 0;
            while (is_digit(*digit) && digit - at < 9) {
                value = value * 10 + (*digit++ - '0');
            }
            if (digit != at && (*at != '0' || digit - at == 1) && scalar_ends(digit, text_end)) {
                return PyLong_FromLong(value);  // most numbers are flags and counts
            }
            Number number;
            if (!read_number(at, &number) || !scalar_ends(number.end, text_end)) {
                return nullptr;
            }
            return make_number(number);
        }
    }
}

PyObject* Builder::make_list(size_t first) {
    const size_t count = values_.size() - first;
    PyObject* list = PyList_New(static_cast<Py_ssize_t>(count));
    if (list == nullptr) {
        return nullptr;
    }
    for (size_t i = 0; i < count; ++i) {
        PyList_SET_ITEM(list, static_cast<Py_ssize_t>(i), values_[first + i]);
    }
    values_.resize(first);
    return list;
}

PyObject* Builder::make_dict(const Container& closed) {
    PyObject* const* const pairs = values_.data() + closed.first;
    const size_t count = (values_.size() - closed.first) / 2;
    PyObject* dict = shapes_.make_dict(pairs, count, closed.nested);
    if (dict != nullptr) {
        values_.resize(closed.first);
    }
    return dict;
}

PyObject* Builder::take_d(size_t first) {
    PyObject* d = Py_None;
    for (size_t i = first; i < values_.size(); i += 2) {
        if (PyUnicode_GET_LENGTH(values_[i]) == 1 && PyUnicode_READ_CHAR(values_[i], 0) == 'd') {
            d = values_[i + 1];
        }
    }
    Py_INCREF(d);
    drop_values(first);
    return d;
}

void Builder::drop_values(size_t first) {
    // Popped before it is released: a destructor may run Python code, which must not see it again.
    while (values_.size() > first) {
        PyObject* value = values_.back();
        values_.pop_back();
        Py_DECREF(value);
    }
}

}  // namespace gateway
