#include "numbers.hpp"

#include <string>

namespace gateway {

namespace {

// Powers of ten that a double holds exactly.
constexpr double kPowersOfTen[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                   1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                   1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

std::string copy_of(const Number& number) {
    return std::string(reinterpret_cast<const char*>(number.start),
                       static_cast<size_t>(number.end - number.start));
}

}  // namespace

PyObject* make_number(const Number& number) {
    if (number.integer) {
        if (number.significant <= 18) {
            const auto value = static_cast<long long>(number.mantissa);
            return PyLong_FromLongLong(number.negative ? -value : value);
        }
        PyObject* value = PyLong_FromString(copy_of(number).c_str(), nullptr, 10);
        if (value == nullptr && PyErr_ExceptionMatches(PyExc_ValueError)) {
            PyErr_Clear();
        }
        return value;
    }
    // Exact operands make one correctly rounded operation (Clinger's fast path).
    if (number.significant <= 19 && number.mantissa <= (uint64_t{1} << 53) &&
        number.exponent >= -22 && number.exponent <= 22) {
        double value = static_cast<double>(number.mantissa);
        value = number.exponent < 0 ? value / kPowersOfTen[-number.exponent]
                                    : value * kPowersOfTen[number.exponent];
        return PyFloat_FromDouble(number.negative ? -value : value);
    }
    const double value = PyOS_string_to_double(copy_of(number).c_str(), nullptr, nullptr);
    return value == -1.0 && PyErr_Occurred() ? nullptr : PyFloat_FromDouble(value);
}

}  // namespace gateway
