#include "parser.hpp"

#include <atomic>
#include <mutex>
#include <new>

#include "pointer.hpp"

namespace gateway {

namespace {

// Bytes of a text from which finding its structure takes so long that other threads had better run.
constexpr size_t kGilFreeText = 1024 * 1024;

}  // namespace

uint64_t new_text_id() {
    static std::atomic<uint64_t> last{0};
    return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

Outcome Parser::index(const uint8_t* text, size_t size, uint64_t text_id) {
    Structure::Indexed indexed;
    indexed_ = 0;
    if (size < kGilFreeText) {
        indexed = structure_.index(text, size);
    } else {
        Py_BEGIN_ALLOW_THREADS
        indexed = structure_.index(text, size);
        Py_END_ALLOW_THREADS
    }
    switch (indexed) {
        case Structure::Indexed::refused:
            return Outcome::refused;
        case Structure::Indexed::no_memory:
            PyErr_NoMemory();
            return Outcome::exception;
        default:
            indexed_ = text_id;
            return Outcome::built;
    }
}

Outcome Parser::build_all(const uint8_t* text, size_t size, bool only_d, PyObject** result) {
    Outcome outcome = index(text, size, 0);
    if (outcome == Outcome::built) {
        Cursor cursor = structure_.cursor();
        outcome = builder_.build(cursor, only_d, result);
        if (outcome == Outcome::built && !cursor.at_end()) {
            Py_CLEAR(*result);
            outcome = Outcome::refused;
        }
    }
    if (structure_.shrink_if_idle()) {
        builder_.shrink();
    }
    return outcome;
}

Outcome Parser::parse(const uint8_t* text, size_t size, PyObject** result) {
    return build_all(text, size, false, result);
}

Outcome Parser::parse_d(const uint8_t* text, size_t size, PyObject** result) {
    return build_all(text, size, true, result);
}

Outcome Parser::at(const uint8_t* text, size_t size, uint64_t text_id, const char* pointer,
                   size_t pointer_size, PyObject** result) {
    if (indexed_ != text_id) {
        const Outcome outcome = index(text, size, text_id);
        if (outcome != Outcome::built) {
            return outcome;
        }
        if (!structure_.well_formed()) {
            indexed_ = 0;
            return Outcome::refused;
        }
    }
    return build_at(structure_.cursor(), pointer, pointer_size, builder_, result);
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

}  // namespace gateway
