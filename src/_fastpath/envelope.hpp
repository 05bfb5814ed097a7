// op, s and t from the head of a message, without parsing the rest.

#pragma once

#include <cstddef>
#include <cstdint>

namespace gateway {

struct Head {
    int64_t op;
    int64_t s;
    bool has_s;
    const uint8_t* t;  // nullptr for null; else the inside of its string, plain ASCII
    size_t t_size;
};

// Reads an ordinary head whatever the order of its keys. False when anything is out of the
// ordinary (escapes, numbers of more than 18 digits, errors): then `_envelope.read_head` decides.
// `text[size]` must be readable and NUL.
bool read_head(const uint8_t* text, size_t size, Head* head);

}  // namespace gateway
