#include "inflate.hpp"

#include <cstdlib>

namespace gateway {

namespace {

constexpr size_t kFirstCapacity = 16 * 1024;
constexpr unsigned kIdleMessages = 64;
constexpr uint32_t kSyncFlush = 0x0000FFFF;
// Beyond what zlib defines; for lack of room below the limit and for lack of memory.
constexpr int kTooLarge = 100;
constexpr int kBetweenBlocks = 128;

uint32_t last_four(uint32_t before, const uint8_t* frame, size_t size) {
    for (size_t i = size < 4 ? 0 : size - 4; i < size; ++i) {
        before = before << 8 | frame[i];
    }
    return before;
}

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

ZlibStream::~ZlibStream() {
    if (started_) {
        z_end(&stream_);
    }
}

void ZlibStream::reset() {
    if (started_) {
        z_reset(&stream_);
    }
    dead_ = false;
    tail_ = 0;
    reason_ = "";
    buffer_.clear();
}

Inflated ZlibStream::die(Inflated how, const char* reason) {
    dead_ = true;
    reason_ = reason;
    buffer_.clear();
    return how;
}

// Inflates all of `frame` behind what the buffer holds; returns zlib's last word, or kTooLarge.
int ZlibStream::run(const uint8_t* frame, size_t size) {
    if (!started_) {
        if (z_init(&stream_) != Z_OK) {
            return Z_MEM_ERROR;
        }
        started_ = true;
    }
    for (;;) {
        constexpr size_t kMost = 1u << 30;  // avail_in and avail_out have 32 bits
        const size_t piece = size < kMost ? size : kMost;
        stream_.next_in = const_cast<uint8_t*>(frame);
        stream_.avail_in = static_cast<uint32_t>(piece);
        do {
            if (buffer_.space_size() == 0) {
                if (!buffer_.grow(limit_ + 1)) {  // one more, to see that there is more
                    return Z_MEM_ERROR;
                }
            }
            const size_t space = buffer_.space_size() < kMost ? buffer_.space_size() : kMost;
            stream_.next_out = buffer_.space();
            stream_.avail_out = static_cast<uint32_t>(space);
            const int result = z_inflate(&stream_);
            buffer_.add(space - stream_.avail_out);
            if (buffer_.size() > limit_) {
                return kTooLarge;
            }
            if (result == Z_BUF_ERROR && stream_.avail_in == 0) {
                break;  // nothing was left to do
            }
            if (result != Z_OK) {
                return result;
            }
        } while (stream_.avail_in != 0 || stream_.avail_out == 0);
        frame += piece;
        size -= piece;
        if (size == 0) {
            return Z_OK;
        }
    }
}

Inflated ZlibStream::feed(const uint8_t* frame, size_t size) {
    switch (run(frame, size)) {
        case Z_OK:
            break;
        case Z_STREAM_END:
            return die(Inflated::corrupt, "the zlib stream ended in the middle of the connection");
        case Z_NEED_DICT:
            return die(Inflated::corrupt, "the zlib stream wants a preset dictionary");
        case Z_MEM_ERROR:
            return die(Inflated::no_memory, "out of memory");
        case kTooLarge:
            return die(Inflated::too_large, "a message passed max_message_size");
        default:
            return die(Inflated::corrupt, stream_.msg ? stream_.msg : "corrupt zlib stream");
    }
    tail_ = last_four(tail_, frame, size);
    if (tail_ != kSyncFlush || !(stream_.data_type & kBetweenBlocks)) {
        return Inflated::partial;
    }
    tail_ = 0;
    buffer_.terminate();
    return Inflated::complete;
}

Inflated ZlibStream::inflate_whole(const uint8_t* frame, size_t size) {
    reset();
    const int result = run(frame, size);
    if (result == Z_STREAM_END) {
        if (stream_.avail_in != 0) {
            return die(Inflated::corrupt, "there is more behind the end of the zlib payload");
        }
        buffer_.terminate();
        return Inflated::complete;
    }
    switch (result) {
        case Z_OK:
            return die(Inflated::corrupt, "the zlib payload is cut short");
        case Z_MEM_ERROR:
            return die(Inflated::no_memory, "out of memory");
        case kTooLarge:
            return die(Inflated::too_large, "a message passed max_message_size");
        case Z_NEED_DICT:
            return die(Inflated::corrupt, "the zlib payload wants a preset dictionary");
        default:
            return die(Inflated::corrupt, stream_.msg ? stream_.msg : "corrupt zlib payload");
    }
}

}  // namespace gateway
