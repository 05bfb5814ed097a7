// What the compressions share: a bounded buffer that is used again and again, and the face of a
// stream that fills it.

#pragma once

#include <cstddef>
#include <cstdint>

namespace gateway {

enum class Inflated {
    complete,   // text() is a whole message
    partial,    // the message goes on in the next frame
    corrupt,    // reason() says why; the stream is dead
    too_large,  // the message passed the limit; the stream is dead
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

// One connection's compressed stream, cut into messages. Runs no Python code and needs no GIL.
class Stream {
public:
    explicit Stream(size_t limit) : limit_(limit) {}
    virtual ~Stream() = default;
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;

    // Takes one websocket message. A dead stream must not be fed.
    virtual Inflated feed(const uint8_t* frame, size_t size) = 0;

    // Forgets everything, for a new connection.
    virtual void reset();

    // The complete message, valid until the next call of feed, done or reset.
    const uint8_t* text() const { return buffer_.data(); }
    size_t text_size() const { return buffer_.size(); }
    void done() { buffer_.clear(); }

    bool dead() const { return dead_; }
    const char* reason() const { return reason_; }

protected:
    // Makes room for output: complete when there is some, else too_large or no_memory.
    Inflated make_room();
    bool passed_limit() const { return buffer_.size() > limit_; }
    Inflated complete();
    Inflated die(Inflated how, const char* reason);

    TextBuffer buffer_;

private:
    size_t limit_;
    bool dead_ = false;
    const char* reason_ = "";
};

}  // namespace gateway
