// zlib streams (RFC 1950, RFC 1951): transport compression and payload compression.

#pragma once

#include "inflate.hpp"
#include "zlib_api.hpp"

namespace gateway {

// A connection's zlib stream. A message is complete when the last four bytes received are
// 00 00 FF FF and the inflater stands between two blocks: the same four bytes inside a block's data
// do not end it.
class ZlibStream : public Stream {
public:
    explicit ZlibStream(size_t limit) : ZlibStream(limit, Checksum::ignored) {}
    ~ZlibStream() override;

    Inflated feed(const uint8_t* frame, size_t size) override;
    void reset() override;

protected:
    // Only the end of a stream brings the checksum, and a connection's stream does not end.
    enum class Checksum { ignored, verified };

    ZlibStream(size_t limit, Checksum checksum) : Stream(limit), checksum_(checksum) {}

    // Inflates `frame` behind what the buffer holds. `complete` when all of it is consumed;
    // `partial` when the stream ended, with what is left in zlib_.avail_in.
    Inflated run(const uint8_t* frame, size_t size);

    ZStream zlib_ = {};

private:
    Checksum checksum_;
    bool started_ = false;
    uint32_t tail_ = 0;  // the last four bytes received since the last message
};

// Messages that are a whole zlib stream each: Discord's payload compression.
class ZlibMessages : public ZlibStream {
public:
    explicit ZlibMessages(size_t limit) : ZlibStream(limit, Checksum::verified) {}

    Inflated feed(const uint8_t* frame, size_t size) override;
};

}  // namespace gateway
