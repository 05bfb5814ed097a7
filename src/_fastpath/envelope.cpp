#include "envelope.hpp"

#include <cstring>

#include "text.hpp"

namespace gateway {

namespace {

// A cursor over the text. The NUL behind it stops every loop.
struct Cursor {
    const uint8_t* at;
    const uint8_t* const end;

    void skip_space() {
        while (is_space(*at)) {
            ++at;
        }
    }

    bool take(char token) {
        const bool there = *at == static_cast<uint8_t>(token);
        at += there;
        return there;
    }

    // The inside of a string without escapes or bytes beyond ASCII.
    bool plain_string(const uint8_t** inside, size_t* size) {
        if (!take('"')) {
            return false;
        }
        *inside = at;
        while (*at != '"') {
            if (*at < 0x20 || *at >= 0x80 || *at == '\\') {
                return false;
            }
            ++at;
        }
        *size = static_cast<size_t>(at - *inside);
        ++at;
        return true;
    }

    bool integer(int64_t* value) {
        const bool negative = take('-');
        const uint8_t* const first = at;
        int64_t number = 0;
        while (is_digit(*at) && at - first <= 18) {
            number = number * 10 + (*at++ - '0');
        }
        const auto digits = at - first;
        if (digits == 0 || digits > 18 || (digits > 1 && *first == '0')) {
            return false;
        }
        *value = negative ? -number : number;
        return *at == ',' || *at == '}' || is_space(*at);
    }

    bool null() {
        if (end - at < 4 || std::memcmp(at, "null", 4) != 0) {
            return false;
        }
        at += 4;
        return *at == ',' || *at == '}' || is_space(*at);
    }

    bool skip_string() {
        ++at;
        for (;;) {
            if (*at == '"') {
                ++at;
                return true;
            }
            if (*at == '\\') {
                ++at;
            }
            if (at >= end) {
                return false;
            }
            ++at;
        }
    }

    // Trusts that brackets match: `d` is checked when it is asked for.
    bool skip_value() {
        size_t depth = 0;
        do {
            if (at >= end) {
                return false;
            }
            switch (*at) {
                case '"':
                    if (!skip_string()) {
                        return false;
                    }
                    break;
                case '{':
                case '[':
                    ++depth;
                    ++at;
                    break;
                case '}':
                case ']':
                    if (depth == 0) {
                        return false;
                    }
                    --depth;
                    ++at;
                    break;
                case ',':
                case ':':
                    if (depth == 0) {
                        return false;
                    }
                    ++at;
                    break;
                default:
                    if (depth == 0) {
                        while (at < end && !is_space(*at) && std::strchr(",:[]{}\"", *at) == nullptr) {
                            ++at;
                        }
                        return true;
                    }
                    ++at;
            }
        } while (depth != 0);
        return true;
    }
};

// Passes over `expected`, which has no NUL, if it stands at `at`. Stops at the NUL behind the text.
template <size_t kSize>
bool pass(const uint8_t** at, const char (&expected)[kSize]) {
    for (size_t i = 0; i < kSize - 1; ++i) {
        if ((*at)[i] != static_cast<uint8_t>(expected[i])) {
            return false;
        }
    }
    *at += kSize - 1;
    return true;
}

// The number at `at` of less than 18 digits, or -1.
int64_t short_number(const uint8_t** at) {
    const uint8_t* const first = *at;
    const uint8_t* digit = first;
    int64_t number = 0;
    while (is_digit(*digit) && digit - first < 18) {
        number = number * 10 + (*digit++ - '0');
    }
    *at = digit;
    return digit == first || is_digit(*digit) || (*first == '0' && digit - first > 1) ? -1 : number;
}

// A dispatch as Discord writes it: {"t":"NAME","s":N,"op":N,
bool read_usual_head(const uint8_t* at, Head* head) {
    if (!pass(&at, "{\"t\":\"")) {
        return false;
    }
    head->t = at;
    while ((*at >= 'A' && *at <= 'Z') || *at == '_') {
        ++at;
    }
    head->t_size = static_cast<size_t>(at - head->t);
    if (!pass(&at, "\",\"s\":")) {
        return false;
    }
    head->s = short_number(&at);
    if (head->s < 0 || !pass(&at, ",\"op\":")) {
        return false;
    }
    head->op = short_number(&at);
    head->has_s = true;
    return head->op >= 0 && *at == ',';
}

bool read_any_head(const uint8_t* text, size_t size, Head* head) {
    Cursor in{text, text + size};
    bool op_seen = false;
    bool s_seen = false;
    bool t_seen = false;
    head->has_s = false;
    head->t = nullptr;
    in.skip_space();
    if (!in.take('{')) {
        return false;
    }
    for (;;) {
        const uint8_t* key;
        size_t key_size;
        in.skip_space();
        if (!in.plain_string(&key, &key_size)) {
            return false;
        }
        in.skip_space();
        if (!in.take(':')) {
            return false;
        }
        in.skip_space();
        if (key_size == 1 && *key == 't' && !t_seen) {
            t_seen = true;
            if (*in.at == '"' ? !in.plain_string(&head->t, &head->t_size) : !in.null()) {
                return false;
            }
        } else if (key_size == 1 && *key == 's' && !s_seen) {
            s_seen = true;
            if (*in.at == 'n') {
                if (!in.null()) {
                    return false;
                }
            } else {
                if (!in.integer(&head->s)) {
                    return false;
                }
                head->has_s = true;
            }
        } else if (key_size == 2 && key[0] == 'o' && key[1] == 'p' && !op_seen) {
            op_seen = true;
            if (!in.integer(&head->op)) {
                return false;
            }
        } else if (!in.skip_value()) {
            return false;
        }
        if (op_seen && s_seen && t_seen) {
            return true;
        }
        in.skip_space();
        if (in.take('}')) {
            return op_seen;
        }
        if (!in.take(',')) {
            return false;
        }
    }
}

}  // namespace

bool read_head(const uint8_t* text, size_t size, Head* head) {
    return read_usual_head(text, head) || read_any_head(text, size, head);
}

}  // namespace gateway
