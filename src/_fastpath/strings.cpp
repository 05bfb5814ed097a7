#include "strings.hpp"

#include <new>

namespace gateway {

namespace {

// Decodes valid UTF-8 that has at least one byte beyond ASCII. Knowing that it is valid leaves
// counting and one branch a character, half the work of the general decoder.
template <typename Unit>
void decode_into(Unit* out, const uint8_t* at, const uint8_t* end) {
    while (at < end) {
        const uint32_t lead = *at;
        if (lead < 0x80) {
            *out++ = static_cast<Unit>(lead);
            at += 1;
        } else if (lead < 0xE0) {
            *out++ = static_cast<Unit>((lead & 0x1F) << 6 | (at[1] & 0x3Fu));
            at += 2;
        } else if (lead < 0xF0) {
            *out++ = static_cast<Unit>((lead & 0x0F) << 12 | (at[1] & 0x3Fu) << 6 |
                                       (at[2] & 0x3Fu));
            at += 3;
        } else {
            *out++ = static_cast<Unit>((lead & 0x07) << 18 | (at[1] & 0x3Fu) << 12 |
                                       (at[2] & 0x3Fu) << 6 | (at[3] & 0x3Fu));
            at += 4;
        }
    }
}

PyObject* decode_utf8(const uint8_t* at, size_t size) {
    size_t characters = 0;
    uint8_t highest = 0;
    for (size_t i = 0; i < size; ++i) {
        characters += (at[i] & 0xC0) != 0x80;
        highest = at[i] > highest ? at[i] : highest;
    }
    const Py_UCS4 largest = highest >= 0xF0 ? 0x10FFFF : highest >= 0xC4 ? 0xFFFF : 0xFF;
    PyObject* string = PyUnicode_New(static_cast<Py_ssize_t>(characters), largest);
    if (string == nullptr) {
        return nullptr;
    }
    if (largest == 0xFF) {
        decode_into(PyUnicode_1BYTE_DATA(string), at, at + size);
    } else if (largest == 0xFFFF) {
        decode_into(PyUnicode_2BYTE_DATA(string), at, at + size);
    } else {
        decode_into(PyUnicode_4BYTE_DATA(string), at, at + size);
    }
    return string;
}

PyObject* copy_ascii(const uint8_t* at, size_t size) {
    PyObject* string = PyUnicode_New(static_cast<Py_ssize_t>(size), 127);
    if (string != nullptr) {
        std::memcpy(PyUnicode_1BYTE_DATA(string), at, size);
    }
    return string;
}

int hex_value(uint8_t byte) {
    if (is_digit(byte)) {
        return byte - '0';
    }
    const uint8_t lower = byte | 0x20;
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// The four hex digits at `at`, or -1.
int32_t hex4(const uint8_t* at, const uint8_t* end) {
    if (end - at < 4) {
        return -1;
    }
    int32_t value = 0;
    for (int i = 0; i < 4; ++i) {
        const int digit = hex_value(at[i]);
        if (digit < 0) {
            return -1;
        }
        value = value << 4 | digit;
    }
    return value;
}

void append_utf8(std::string& out, uint32_t code) {
    const auto put = [&out](uint32_t byte) { out.push_back(static_cast<char>(byte)); };
    if (code < 0x80) {
        put(code);
    } else if (code < 0x800) {
        put(0xC0 | code >> 6);
        put(0x80 | (code & 0x3F));
    } else if (code < 0x10000) {
        put(0xE0 | code >> 12);
        put(0x80 | (code >> 6 & 0x3F));
        put(0x80 | (code & 0x3F));
    } else {
        put(0xF0 | code >> 18);
        put(0x80 | (code >> 12 & 0x3F));
        put(0x80 | (code >> 6 & 0x3F));
        put(0x80 | (code & 0x3F));
    }
}

bool is_high_surrogate(int32_t code) { return code >= 0xD800 && code < 0xDC00; }
bool is_low_surrogate(int32_t code) { return code >= 0xDC00 && code < 0xE000; }

char simple_escape(uint8_t byte) {
    switch (byte) {
        case '"': return '"';
        case '\\': return '\\';
        case '/': return '/';
        case 'b': return '\b';
        case 'f': return '\f';
        case 'n': return '\n';
        case 'r': return '\r';
        case 't': return '\t';
        default: return 0;
    }
}

}  // namespace

PyObject* StringMaker::make(const uint8_t* at, size_t size, const uint8_t* text_end) {
    const TextKind kind = kind_of(at, size, text_end);
    if (kind.escaped) {
        return unescape(at, size);
    }
    return kind.ascii ? copy_ascii(at, size) : decode_utf8(at, size);
}

PyObject* StringMaker::unescape(const uint8_t* at, size_t size) {
    const uint8_t* const end = at + size;
    bool lone_surrogate = false;
    bool ascii = true;
    try {
        scratch_.clear();
        scratch_.reserve(size);
        while (at < end) {
            const void* found = std::memchr(at, '\\', static_cast<size_t>(end - at));
            const uint8_t* const run_end = found ? static_cast<const uint8_t*>(found) : end;
            if (ascii) {
                ascii = kind_of(at, static_cast<size_t>(run_end - at), end).ascii;
            }
            scratch_.append(reinterpret_cast<const char*>(at), static_cast<size_t>(run_end - at));
            at = run_end;
            if (at == end) {
                break;
            }
            if (end - at < 2) {
                return nullptr;
            }
            if (at[1] != 'u') {
                const char plain = simple_escape(at[1]);
                if (plain == 0) {
                    return nullptr;
                }
                scratch_.push_back(plain);
                at += 2;
                continue;
            }
            int32_t code = hex4(at + 2, end);
            if (code < 0) {
                return nullptr;
            }
            at += 6;
            if (is_high_surrogate(code) && end - at >= 6 && at[0] == '\\' && at[1] == 'u') {
                const int32_t low = hex4(at + 2, end);
                if (is_low_surrogate(low)) {
                    code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
                    at += 6;
                }
            }
            lone_surrogate |= is_high_surrogate(code) || is_low_surrogate(code);
            ascii &= code < 0x80;
            append_utf8(scratch_, static_cast<uint32_t>(code));
        }
    } catch (const std::bad_alloc&) {
        return PyErr_NoMemory();
    }
    const auto* text = reinterpret_cast<const uint8_t*>(scratch_.data());
    PyObject* string;
    if (ascii) {
        string = copy_ascii(text, scratch_.size());
    } else if (lone_surrogate) {
        string = PyUnicode_DecodeUTF8(scratch_.data(), static_cast<Py_ssize_t>(scratch_.size()),
                                      "surrogatepass");
    } else {
        string = decode_utf8(text, scratch_.size());
    }
    constexpr size_t kKept = 16 * 1024;
    if (scratch_.capacity() > kKept) {
        std::string().swap(scratch_);
    }
    return string;
}

bool well_formed_escapes(const uint8_t* at, size_t size, const uint8_t* text_end) {
    if (!kind_of(at, size, text_end).escaped) {
        return true;
    }
    const uint8_t* const end = at + size;
    for (; at < end; ++at) {
        if (*at != '\\') {
            continue;
        }
        ++at;
        if (at == end || (*at == 'u' ? hex4(at + 1, end) < 0 : simple_escape(*at) == 0)) {
            return false;
        }
    }
    return true;
}

StringCache::StringCache(size_t sets_log2)
    : shift_(64 - static_cast<int>(sets_log2)),
      count_(size_t{2} << sets_log2),
      entries_(new Entry[count_]()) {}

StringCache::~StringCache() {
    for (size_t i = 0; i < count_; ++i) {
        Py_XDECREF(entries_[i].string);
    }
}

PyObject* StringCache::get(const uint8_t* at, size_t size, const uint8_t* text_end,
                           StringMaker& maker) {
    if (size == 0 || size > kLongest) {
        return maker.make(at, size, text_end);
    }
    const uint64_t head = load_partial(at, size < 8 ? size : 8, text_end);
    const uint64_t tail = size > 8 ? load_word(at + size - 8) : 0;
    const uint64_t mixed = (head ^ (tail * 0x9E3779B97F4A7C15u) ^ size) * 0xD6E8FEB86659FD93u;
    Entry* const set = &entries_[(mixed >> shift_) * 2];
    for (int way = 0; way < 2; ++way) {
        const Entry& entry = set[way];
        if (entry.head == head && entry.tail == tail && entry.size == size &&
            (size <= 16 ||
             std::memcmp(PyUnicode_1BYTE_DATA(entry.string) + 8, at + 8, size - 16) == 0)) {
            Py_INCREF(entry.string);
            return entry.string;
        }
    }
    return add(at, size, text_end, maker, set, head, tail);
}

PyObject* StringCache::add(const uint8_t* at, size_t size, const uint8_t* text_end,
                           StringMaker& maker, Entry* set, uint64_t head, uint64_t tail) {
    PyObject* string = maker.make(at, size, text_end);
    if (string == nullptr) {
        return nullptr;
    }
    // Keys that are ids do not come again, and would push out those that do.
    const TextKind kind = kind_of(at, size, text_end);
    if (!kind.ascii || kind.escaped || is_digit(*at)) {
        return string;
    }
#ifndef Py_GIL_DISABLED  // there interned strings are never freed
    PyUnicode_InternInPlace(&string);
#endif
    if (PyObject_Hash(string) == -1) {
        Py_DECREF(string);
        return nullptr;
    }
    Py_XDECREF(set[1].string);
    set[1] = set[0];
    Py_INCREF(string);
    set[0] = Entry{head, tail, string, size};
    return string;
}

}  // namespace gateway
