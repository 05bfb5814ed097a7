// JSON numbers: their grammar once, for those who build them and those who only check.

#pragma once

#include <Python.h>

#include <cstdint>

#include "text.hpp"

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
inline bool read_number(const uint8_t* at, Number* number) {
    number->start = at;
    number->negative = *at == '-';
    at += number->negative;
    const uint8_t* const digits = at;
    uint64_t mantissa = 0;
    while (is_digit(*at)) {
        mantissa = mantissa * 10 + (*at++ - '0');
    }
    number->significant = static_cast<long>(at - digits);
    number->exponent = 0;
    number->integer = true;
    if (at == digits || (*digits == '0' && at - digits > 1)) {
        return false;
    }
    if (*at == '.') {
        const uint8_t* const fraction = ++at;
        while (is_digit(*at)) {
            mantissa = mantissa * 10 + (*at++ - '0');
        }
        if (at == fraction) {
            return false;
        }
        number->significant += static_cast<long>(at - fraction);
        number->exponent = -static_cast<long>(at - fraction);
        number->integer = false;
    }
    if ((*at | 0x20) == 'e') {
        ++at;
        const bool minus = *at == '-';
        at += (*at == '-' || *at == '+');
        const uint8_t* const power = at;
        long value = 0;
        while (is_digit(*at)) {
            value = value < 100000 ? value * 10 + (*at - '0') : value;
            ++at;
        }
        if (at == power) {
            return false;
        }
        number->exponent += minus ? -value : value;
        number->integer = false;
    }
    number->mantissa = mantissa;
    number->end = at;
    return true;
}

// New reference to an int or a float; nullptr with no exception set for an integer of more digits
// than the interpreter converts.
PyObject* make_number(const Number& number);

}  // namespace gateway
