// Where things stand in a JSON text: simdjson's first stage, and a cursor that walks its findings.
//
// The first stage checks UTF-8, control characters and unclosed strings, and leaves the position of
// every bracket, colon, comma and start of a string, number or name. Working right from those
// positions saves simdjson's second stage, which would write a tape and copy all strings only for us
// to read them again. A string's end is known without a search: before the next position, but for
// white space.

#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>

#include "simdjson.h"
#include "text.hpp"

namespace gateway {

constexpr size_t kMaxDepth = 1024;

// Whether a number or name that ends before `at` ends where one may. A quote does not count: no
// string may follow directly.
inline bool scalar_ends(const uint8_t* at, const uint8_t* text_end) {
    return *at == ',' || *at == '}' || *at == ']' || is_space(*at) || at == text_end;
}

// Whether one of JSON's names stands at `at`.
template <size_t kSize>
bool name_is(const uint8_t* at, const uint8_t* text_end, const char (&name)[kSize]) {
    constexpr size_t kLetters = kSize - 1;
    return static_cast<size_t>(text_end - at) >= kLetters &&
           std::memcmp(at, name, kLetters) == 0 && scalar_ends(at + kLetters, text_end);
}

// Walks the positions of one text. Behind the last one simdjson leaves the end of the text as one
// more, and there stands a NUL, which is no token: whoever takes it goes no further.
struct Cursor {
    const uint8_t* end;
    const uint8_t* text;
    const uint32_t* next;
    const uint32_t* last;

    bool at_end() const { return next >= last; }

    // The next token, consumed.
    const uint8_t* take() { return text + *next++; }

    bool take_if(uint8_t token) {
        const bool there = text[*next] == token;
        next += there;
        return there;
    }

    // The closing quote of the string that opens at `open`, the token taken last; nullptr where
    // something else stands before the next token.
    const uint8_t* closing_quote(const uint8_t* open) const {
        const uint8_t* quote = text + *next - 1;
        while (is_space(*quote)) {
            --quote;
        }
        return quote > open && *quote == '"' ? quote : nullptr;
    }

    // Passes over a value of a text that is known to be well formed.
    void skip_value();
};

class Structure {
public:
    enum class Indexed { yes, refused, no_memory };

    // Finds the positions of a text, which must stay where it is while cursors walk it and have a
    // NUL behind it.
    // Runs no Python code and needs no GIL.
    Indexed index(const uint8_t* text, size_t size);

    Cursor cursor() const;

    // Whether the whole indexed text is JSON as `json.loads` has it, nesting bounded.
    bool well_formed() const;

    // Gives large working memory back after many texts in a row that needed little. True if it did.
    bool shrink_if_idle();

private:
    std::unique_ptr<simdjson::internal::dom_parser_implementation> stage_one_;
    const uint8_t* text_ = nullptr;
    size_t size_ = 0;
    unsigned idle_ = 0;
};

// "simdjson 3.12.3 (haswell)": the library and the kernel that this CPU gets.
std::string simdjson_version();

}  // namespace gateway
