#include "inflate_zstd.hpp"

#include <zstd_errors.h>

namespace gateway {

namespace {

// 8 MiB, what RFC 8878 (3.1.1.1.2) recommends that every decoder can do. A stream that asks for
// more asks for our memory.
constexpr int kWindowLogMax = 23;

}  // namespace

ZstdStream::~ZstdStream() { ZSTD_freeDCtx(zstd_); }

void ZstdStream::reset() {
    Stream::reset();
    if (zstd_ != nullptr) {
        ZSTD_DCtx_reset(zstd_, ZSTD_reset_session_only);
    }
}

Inflated ZstdStream::feed(const uint8_t* frame, size_t size) {
    if (zstd_ == nullptr) {
        zstd_ = ZSTD_createDCtx();
        if (zstd_ == nullptr) {
            return die(Inflated::no_memory, "out of memory");
        }
        ZSTD_DCtx_setParameter(zstd_, ZSTD_d_windowLogMax, kWindowLogMax);
    }
    ZSTD_inBuffer in{frame, size, 0};
    bool room_left = true;
    while (in.pos < in.size || !room_left) {
        const Inflated room = make_room();
        if (room != Inflated::complete) {
            return room;
        }
        ZSTD_outBuffer out{buffer_.space(), buffer_.space_size(), 0};
        const size_t result = ZSTD_decompressStream(zstd_, &out, &in);
        buffer_.add(out.pos);
        room_left = out.pos < out.size;
        if (ZSTD_isError(result)) {
            const ZSTD_ErrorCode code = ZSTD_getErrorCode(result);
            return code == ZSTD_error_memory_allocation
                       ? die(Inflated::no_memory, "out of memory")
                       : die(Inflated::corrupt, ZSTD_getErrorString(code));
        }
        if (result == 0) {
            return passed_limit()
                       ? die(Inflated::too_large, "a message passed max_message_size")
                       : die(Inflated::corrupt,
                             "the zstd stream ended in the middle of the connection");
        }
    }
    return buffer_.size() == 0 ? Inflated::partial : complete();
}

}  // namespace gateway
