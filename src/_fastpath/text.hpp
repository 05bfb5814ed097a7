// Looking at the bytes of a text eight at a time, on every CPU alike: the strings of gateway traffic
// are short, so a few words decide.

#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace gateway {

constexpr uint64_t kOnes = 0x0101010101010101u;
constexpr uint64_t kHighs = 0x8080808080808080u;

inline uint64_t load_word(const uint8_t* at) {
    uint64_t word;
    std::memcpy(&word, at, sizeof word);
    return word;
}

// The first `count` (0 to 8) bytes at `at`, the rest zero. Reads a whole word only where the text
// has one, so that no text needs padding.
inline uint64_t load_partial(const uint8_t* at, size_t count, const uint8_t* text_end) {
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    if (text_end - at >= 8) {
        return count == 8 ? load_word(at) : load_word(at) & ((uint64_t{1} << (count * 8)) - 1);
    }
#else
    (void)text_end;
#endif
    uint64_t word = 0;
    std::memcpy(&word, at, count);
    return word;
}

// Nonzero where a byte of `word` is `wanted`; exact for "is there one at all".
inline uint64_t find_byte(uint64_t word, uint8_t wanted) {
    const uint64_t zero_where_equal = word ^ (kOnes * wanted);
    return (zero_where_equal - kOnes) & ~zero_where_equal & kHighs;
}

struct TextKind {
    bool ascii;
    bool escaped;
};

// Whether a string's bytes are all ASCII, and whether a backslash is among them.
inline TextKind kind_of(const uint8_t* at, size_t size, const uint8_t* text_end) {
    if (size < 8) {
        const uint64_t word = load_partial(at, size, text_end);
        return {(word & kHighs) == 0, find_byte(word, '\\') != 0};
    }
    const uint8_t* const last_word = at + size - 8;  // which may overlap the one before
    uint64_t highs = load_word(last_word);
    uint64_t backslashes = find_byte(highs, '\\');
    for (; at < last_word; at += 8) {
        const uint64_t word = load_word(at);
        highs |= word;
        backslashes |= find_byte(word, '\\');
    }
    return {(highs & kHighs) == 0, backslashes != 0};
}

inline bool is_space(uint8_t byte) {
    return byte == ' ' || byte == '\n' || byte == '\t' || byte == '\r';
}

inline bool is_digit(uint8_t byte) { return static_cast<uint8_t>(byte - '0') < 10; }

}  // namespace gateway
