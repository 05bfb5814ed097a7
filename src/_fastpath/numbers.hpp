// JSON numbers: their grammar once, for those who build them and those who only check.

#pragma once

#include <Python.h>

#include <cstdint>

namespace gateway {

struct Number {
    const uint8_t* start;
    const uint8_t* end;
    uint64_t mantissa;  // of the first 19 digits at least; overflowed behind
    long significant;   // digits, leading zeros included
    long exponent;      // of ten, by which the mantissa is multiplied
    bool negative;
    bool integer;
};

// Reads the number at `at` up to the first byte that cannot belong to it: the NUL behind the text at
// the latest. False where no number stands.
bool read_number(const uint8_t* at, Number* number);

// New reference to an int or a float; nullptr with no exception set for an integer of more digits
// than the interpreter converts.
PyObject* make_number(const Number& number);

}  // namespace gateway
