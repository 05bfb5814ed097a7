#include "inflate.hpp"

#include <cstdlib>

namespace gateway {

namespace {

constexpr size_t kFirstCapacity = 16 * 1024;

// After this many messages in a row that left most of it empty, a grown buffer is given back.
constexpr unsigned kIdleMessages = 64;

}  // namespace

TextBuffer::~TextBuffer() { std::free(data_); }

bool TextBuffer::grow(size_t limit) {
    size_t wanted = capacity_ == 0 ? kFirstCapacity : capacity_ * 2;
    wanted = wanted < limit ? wanted : limit;
    auto* grown = static_cast<uint8_t*>(std::realloc(data_, wanted + 1));  // and a NUL
    if (grown == nullptr) {
        return false;
    }
    data_ = grown;
    capacity_ = wanted;
    return true;
}

void TextBuffer::clear() {
    if (capacity_ > kFirstCapacity) {
        idle_ = size_ > capacity_ / 4 ? 0 : idle_ + 1;
        if (idle_ == kIdleMessages) {
            std::free(data_);
            data_ = nullptr;
            capacity_ = 0;
            idle_ = 0;
        }
    }
    size_ = 0;
}

void Stream::reset() {
    dead_ = false;
    reason_ = "";
    buffer_.clear();
}

Inflated Stream::make_room() {
    if (passed_limit()) {
        return die(Inflated::too_large, "a message passed max_message_size");
    }
    // One byte beyond the limit is asked for, to see whether there is more.
    if (buffer_.space_size() == 0 && !buffer_.grow(limit_ + 1)) {
        return die(Inflated::no_memory, "out of memory");
    }
    return Inflated::complete;
}

Inflated Stream::complete() {
    if (passed_limit()) {
        return die(Inflated::too_large, "a message passed max_message_size");
    }
    buffer_.terminate();
    return Inflated::complete;
}

Inflated Stream::die(Inflated how, const char* reason) {
    dead_ = true;
    reason_ = reason;
    buffer_.clear();
    return how;
}

}  // namespace gateway
