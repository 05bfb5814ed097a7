#include "objects.hpp"

#include <mutex>
#include <new>
#include <string>

#if PY_VERSION_HEX >= 0x030D0000
// Still exported, but no longer declared for extensions.
extern "C" PyAPI_FUNC(PyObject*) _PyDict_NewPresized(Py_ssize_t minused);
#endif

namespace gateway {

namespace {

// After this many texts in a row that needed little, large working memory is given back.
constexpr unsigned kIdleTexts = 64;
constexpr size_t kSmallText = 32 * 1024;

bool ends_scalar(uint8_t byte) {
    return is_space(byte) || byte == ',' || byte == ']' || byte == '}';
}

#if PY_VERSION_HEX < 0x030C0000
// Holds the cyclic collector off while a large text is built: until 3.12 it runs inside
// allocations, would go through the half-built message again and again, and finds nothing.
class CollectorPause {
public:
    explicit CollectorPause(size_t text_size)
        : paused_(text_size > kSmallText && PyGC_Disable() == 1) {}
    ~CollectorPause() {
        if (paused_) {
            PyGC_Enable();
        }
    }
    CollectorPause(const CollectorPause&) = delete;
    CollectorPause& operator=(const CollectorPause&) = delete;

private:
    bool paused_;
};
#else
// The collector waits for the interpreter's loop by itself.
struct CollectorPause {
    explicit CollectorPause(size_t) {}
};
#endif

// Powers of ten that a double holds exactly.
constexpr double kPowersOfTen[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                   1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                   1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

}  // namespace

Parser::Parser() : keys_(9) {
    open_.reserve(32);
    values_.reserve(512);
}

Parser::~Parser() { drop_values(0); }

Outcome Parser::parse(const uint8_t* text, size_t size, PyObject** result) {
    return build(text, size, false, result);
}

Outcome Parser::parse_d(const uint8_t* text, size_t size, PyObject** result) {
    return build(text, size, true, result);
}

Outcome Parser::index(const uint8_t* text, size_t size) {
    if (size > UINT32_MAX - 64) {
        return Outcome::refused;
    }
    simdjson::error_code error = simdjson::SUCCESS;
    if (!structure_) {
        error = simdjson::get_active_implementation()->create_dom_parser_implementation(
            size < 4096 ? 4096 : size, 1, structure_);
    } else if (structure_->capacity() < size) {
        error = structure_->set_capacity(size + size / 4);
    }
    if (error) {
        structure_.reset();
        PyErr_NoMemory();
        return Outcome::exception;
    }
    error = structure_->stage1(text, size, simdjson::stage1_mode::regular);
    return error ? Outcome::refused : Outcome::built;
}

Outcome Parser::build(const uint8_t* text, size_t size, bool only_d, PyObject** result) {
    const Outcome indexed = index(text, size);
    if (indexed != Outcome::built) {
        return indexed;
    }
    const CollectorPause pause(size);
    Outcome outcome;
    const uint8_t* const end = text + size;
    const uint32_t* const first = structure_->structural_indexes.get();
    const uint32_t* next = first;
    const uint32_t* const last = first + structure_->n_structural_indexes;
    try {
        PyObject* value;
        const uint8_t* at;

        // The closing quote of the string that opens at `at`: before the next position.
        const auto closing_quote = [&]() -> const uint8_t* {
            const uint8_t* quote = (next < last ? text + *next : end) - 1;
            while (is_space(*quote)) {
                --quote;
            }
            return quote;
        };

    next_value:
        if (next >= last) {
            goto refuse;
        }
        at = text + *next++;
        switch (*at) {
            case '"': {
                const uint8_t* quote = closing_quote();
                if (quote <= at || *quote != '"') {
                    goto refuse;
                }
                value = strings_.make(at + 1, static_cast<size_t>(quote - at - 1), end);
                break;
            }
            case '{':
                if (open_.size() == kMaxDepth) {
                    goto refuse;
                }
                open_.push_back({values_.size(), true});
                if (next < last && text[*next] == '}') {
                    ++next;
                    goto close;
                }
                goto next_key;
            case '[':
                if (open_.size() == kMaxDepth) {
                    goto refuse;
                }
                open_.push_back({values_.size(), false});
                if (next < last && text[*next] == ']') {
                    ++next;
                    goto close;
                }
                goto next_value;
            case 'n':
                if (end - at < 4 || std::memcmp(at, "null", 4) != 0 ||
                    !(at + 4 == end || ends_scalar(at[4]))) {
                    goto refuse;
                }
                value = Py_None;
                Py_INCREF(value);
                break;
            case 't':
                if (end - at < 4 || std::memcmp(at, "true", 4) != 0 ||
                    !(at + 4 == end || ends_scalar(at[4]))) {
                    goto refuse;
                }
                value = Py_True;
                Py_INCREF(value);
                break;
            case 'f':
                if (end - at < 5 || std::memcmp(at, "false", 5) != 0 ||
                    !(at + 5 == end || ends_scalar(at[5]))) {
                    goto refuse;
                }
                value = Py_False;
                Py_INCREF(value);
                break;
            default:
                value = make_number(at, end);
        }
        if (value == nullptr) {
            goto refuse_or_raise;
        }

    have_value:
        values_.push_back(value);  // cannot throw behind the reserve below
        if (open_.empty()) {
            if (next != last) {
                goto refuse;
            }
            *result = values_.back();
            values_.pop_back();
            shrink_if_idle(size);
            return Outcome::built;
        }
        if (next >= last) {
            goto refuse;
        }
        at = text + *next++;
        if (*at == ',') {
            if (open_.back().is_object) {
                goto next_key;
            }
            goto next_value;
        }
        if (*at != (open_.back().is_object ? '}' : ']')) {
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
            value = make_dict(closed.first);
        }
        if (value == nullptr) {
            goto refuse_or_raise;
        }
        goto have_value;
    }

    next_key:
        if (next >= last) {
            goto refuse;
        }
        at = text + *next++;
        if (*at != '"') {
            goto refuse;
        }
        {
            const uint8_t* quote = closing_quote();
            if (quote <= at || *quote != '"') {
                goto refuse;
            }
            value = keys_.get(at + 1, static_cast<size_t>(quote - at - 1), end, strings_);
        }
        if (value == nullptr) {
            goto refuse_or_raise;
        }
        values_.push_back(value);
        if (next >= last || text[*next++] != ':') {
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
    drop_values(0);
    open_.clear();
    shrink_if_idle(size);
    return outcome;
}

PyObject* Parser::make_list(size_t first) {
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

PyObject* Parser::make_dict(size_t first) {
    const size_t count = (values_.size() - first) / 2;
    PyObject* dict = count > 5 ? _PyDict_NewPresized(static_cast<Py_ssize_t>(count)) : PyDict_New();
    if (dict == nullptr) {
        return nullptr;
    }
    for (size_t i = first; i < values_.size(); i += 2) {
        if (PyDict_SetItem(dict, values_[i], values_[i + 1]) < 0) {
            Py_DECREF(dict);
            return nullptr;
        }
    }
    drop_values(first);
    return dict;
}

PyObject* Parser::take_d(size_t first) {
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

// New reference; nullptr with no exception set where no JSON number stands.
PyObject* Parser::make_number(const uint8_t* const start, const uint8_t* const end) {
    const uint8_t* at = start;
    const bool negative = *at == '-';
    at += negative;
    if (at == end || !is_digit(*at) || (*at == '0' && at + 1 < end && is_digit(at[1]))) {
        return nullptr;
    }
    const uint8_t* const digits = at;
    uint64_t mantissa = 0;
    while (at < end && is_digit(*at)) {
        mantissa = mantissa * 10 + (*at++ - '0');
    }
    const auto whole_digits = at - digits;
    if (at == end || (*at != '.' && (*at | 0x20) != 'e')) {
        if (at != end && !ends_scalar(*at)) {
            return nullptr;
        }
        if (whole_digits <= 18) {
            const auto value = static_cast<long long>(mantissa);
            return PyLong_FromLongLong(negative ? -value : value);
        }
        const std::string copy(reinterpret_cast<const char*>(start), static_cast<size_t>(at - start));
        PyObject* value = PyLong_FromString(copy.c_str(), nullptr, 10);
        if (value == nullptr && PyErr_ExceptionMatches(PyExc_ValueError)) {
            PyErr_Clear();  // more digits than the interpreter converts
        }
        return value;
    }
    auto significant = whole_digits;
    long exponent = 0;
    if (*at == '.') {
        const uint8_t* const fraction = ++at;
        while (at < end && is_digit(*at)) {
            mantissa = mantissa * 10 + (*at++ - '0');
        }
        if (at == fraction) {
            return nullptr;
        }
        significant += at - fraction;
        exponent = -static_cast<long>(at - fraction);
    }
    if (at < end && (*at | 0x20) == 'e') {
        ++at;
        const bool minus = at < end && *at == '-';
        at += at < end && (*at == '-' || *at == '+');
        const uint8_t* const power = at;
        long value = 0;
        while (at < end && is_digit(*at)) {
            value = value < 100000 ? value * 10 + (*at - '0') : value;
            ++at;
        }
        if (at == power) {
            return nullptr;
        }
        exponent += minus ? -value : value;
    }
    if (at != end && !ends_scalar(*at)) {
        return nullptr;
    }
    // Exact operands make one correctly rounded operation (Clinger's fast path).
    if (significant <= 19 && mantissa <= (uint64_t{1} << 53) && exponent >= -22 && exponent <= 22) {
        double value = static_cast<double>(mantissa);
        value = exponent < 0 ? value / kPowersOfTen[-exponent] : value * kPowersOfTen[exponent];
        return PyFloat_FromDouble(negative ? -value : value);
    }
    const std::string copy(reinterpret_cast<const char*>(start), static_cast<size_t>(at - start));
    const double value = PyOS_string_to_double(copy.c_str(), nullptr, nullptr);
    return value == -1.0 && PyErr_Occurred() ? nullptr : PyFloat_FromDouble(value);
}

void Parser::drop_values(size_t first) {
    // Popped before it is released: a destructor may run Python code, which must not see it again.
    while (values_.size() > first) {
        PyObject* value = values_.back();
        values_.pop_back();
        Py_DECREF(value);
    }
}

void Parser::shrink_if_idle(size_t size) {
    if (size > kSmallText) {
        idle_ = 0;
    } else if (structure_->capacity() > kSmallText && ++idle_ == kIdleTexts) {
        idle_ = 0;
        structure_.reset();
        values_.shrink_to_fit();
    }
}

namespace {

constexpr size_t kPooled = 4;

#ifdef Py_GIL_DISABLED
using PoolMutex = std::mutex;
#else
struct PoolMutex {  // the GIL is held
    void lock() {}
    void unlock() {}
};
#endif

struct Pool {
    PoolMutex mutex;
    Parser* parsers[kPooled];
    size_t count = 0;
};

// Never destroyed: it holds Python objects, and may outlive the interpreter.
Pool& pool() {
    static Pool* const the_pool = new Pool;
    return *the_pool;
}

}  // namespace

Parser* ParserPool::acquire() {
    {
        Pool& free = pool();
        const std::lock_guard<PoolMutex> lock(free.mutex);
        if (free.count != 0) {
            return free.parsers[--free.count];
        }
    }
    try {
        return new Parser;
    } catch (const std::bad_alloc&) {
        PyErr_NoMemory();
        return nullptr;
    }
}

void ParserPool::release(Parser* parser) {
    {
        Pool& free = pool();
        const std::lock_guard<PoolMutex> lock(free.mutex);
        if (free.count != kPooled) {
            free.parsers[free.count++] = parser;
            return;
        }
    }
    delete parser;
}

std::string simdjson_version() {
    return std::string("simdjson ") + SIMDJSON_VERSION + " (" +
           simdjson::get_active_implementation()->name() + ")";
}

}  // namespace gateway
