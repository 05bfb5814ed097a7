// Streaming inflation into a bounded buffer that is used again and again.

#pragma once

#include <cstddef>
#include <cstdint>

#include "zlib_api.hpp"

namespace gateway {

enum class Inflated {
    complete,   // text() is a whole message
    partial,    // the message goes on in the next frame
    corrupt,    // reason() says why; the stream is dead
    too_large,  // the stream is dead
    no_memory,  // the stream is dead
};

// A growing buffer whose bytes are followed by a NUL, and that gives back what it rarely needs.
class TextBuffer {
public:
    TextBuffer() = default;
    ~TextBuffer();
    TextBuffer(const TextBuffer&) = delete;
    TextBuffer& operator=(const TextBuffer&) = delete;

    const uint8_t* data() const { return data_; }
    size_t size() const { return size_; }
    uint8_t* space() { return data_ + size_; }
    size_t space_size() const { return capacity_ - size_; }

    bool grow(size_t limit);  // doubles, not beyond `limit`; false when there is no memory
    void add(size_t count) { size_ += count; }
    void terminate() { data_[size_] = 0; }
    void clear();

private:
    uint8_t* data_ = nullptr;
    size_t size_ = 0;
    size_t capacity_ = 0;
    unsigned idle_ = 0;
};

// One zlib stream cut into messages by Z_SYNC_FLUSH (RFC 1950, RFC 1951). A message is complete when
// the last four bytes received are 00 00 FF FF and the inflater stands between two blocks: the
// same four bytes inside a block's data do not end it.
class ZlibStream {
public:
    explicit ZlibStream(size_t limit) : limit_(limit) {}
    ~ZlibStream();
    ZlibStream(const ZlibStream&) = delete;
    ZlibStream& operator=(const ZlibStream&) = delete;

    // Takes one frame. Runs no Python code and needs no GIL.
    Inflated feed(const uint8_t* frame, size_t size);

    // The complete message, valid until the next call of feed, done or reset.
    const uint8_t* text() const { return buffer_.data(); }
    size_t text_size() const { return buffer_.size(); }
    void done() { buffer_.clear(); }

    // As feed, for a frame that is a whole zlib stream: payload compression.
    Inflated inflate_whole(const uint8_t* frame, size_t size);

    const char* reason() const { return reason_; }
    bool dead() const { return dead_; }
    void reset();

private:
    Inflated die(Inflated how, const char* reason);
    int run(const uint8_t* frame, size_t size);

    size_t limit_;
    ZStream stream_ = {};
    bool started_ = false;
    bool dead_ = false;
    uint32_t tail_ = 0;  // the last four bytes received since the last message
    const char* reason_ = "";
    TextBuffer buffer_;
};

}  // namespace gateway
