// zstd streams (RFC 8878): transport compression.

#pragma once

#include <zstd.h>

#include "inflate.hpp"

namespace gateway {

// A connection's zstd stream: one frame that never ends. Each websocket message is flushed, so it
// is a gateway message of its own.
class ZstdStream : public Stream {
public:
    using Stream::Stream;
    ~ZstdStream() override;

    Inflated feed(const uint8_t* frame, size_t size) override;
    void reset() override;

private:
    ZSTD_DCtx* zstd_ = nullptr;
};

}  // namespace gateway
