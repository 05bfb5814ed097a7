// Splitting websocket frames (RFC 6455, section 5.2) where that is all there is to do.

#pragma once

#include <cstddef>
#include <cstdint>

namespace gateway {

// What stands at the start of some bytes received from a server.
struct FrameStart {
    enum class Kind {
        message,     // a whole unfragmented, unmasked binary message without reserved bits
        other,       // anything else, whose first `size` bytes are there or still to come
        incomplete,  // not enough bytes to say which, or a message that is not all there
    };

    Kind kind;
    uint64_t header;        // bytes of the header, where it is all there
    uint64_t size;          // bytes of the whole frame, where the header is all there
    bool fragments_follow;  // other: a data frame that is not the last of its message
    bool ends_fragments;    // other: a continuation frame that is
};

// `largest` is the largest payload of a message; a longer one is `other`, for its judge.
FrameStart look_at_frame(const uint8_t* data, size_t size, uint64_t largest);

}  // namespace gateway
