#include "inflate_zlib.hpp"

namespace gateway {

namespace {

constexpr uint32_t kSyncFlush = 0x0000FFFF;

// Of data_type, as inflate() documents it: the bits left over of the last byte, and the state.
constexpr int kLeftOver = 63;
constexpr int kBetweenBlocks = 128;

uint32_t last_four(uint32_t before, const uint8_t* frame, size_t size) {
    for (size_t i = size < 4 ? 0 : size - 4; i < size; ++i) {
        before = before << 8 | frame[i];
    }
    return before;
}

}  // namespace

ZlibStream::~ZlibStream() {
    if (started_) {
        z_end(&zlib_);
    }
}

void ZlibStream::reset() {
    Stream::reset();
    tail_ = 0;
    if (started_) {
        z_reset(&zlib_);
    }
}

Inflated ZlibStream::run(const uint8_t* frame, size_t size) {
    if (!started_) {
        if (z_init(&zlib_) != Z_OK) {
            return die(Inflated::no_memory, "out of memory");
        }
        started_ = true;
        if (checksum_ == Checksum::ignored) {
            z_ignore_checksum(&zlib_);
        }
    }
    do {
        constexpr size_t kMost = size_t{1} << 30;  // avail_in and avail_out have 32 bits
        const size_t piece = size < kMost ? size : kMost;
        zlib_.next_in = const_cast<uint8_t*>(frame);
        zlib_.avail_in = static_cast<uint32_t>(piece);
        do {
            const Inflated room = make_room();
            if (room != Inflated::complete) {
                return room;
            }
            const size_t space = buffer_.space_size() < kMost ? buffer_.space_size() : kMost;
            zlib_.next_out = buffer_.space();
            zlib_.avail_out = static_cast<uint32_t>(space);
            const int result = z_inflate(&zlib_);
            buffer_.add(space - zlib_.avail_out);
            if (passed_limit()) {
                return die(Inflated::too_large, "a message passed max_message_size");
            }
            switch (result) {
                case Z_OK:
                case Z_BUF_ERROR:  // there was nothing left to do
                    break;
                case Z_STREAM_END:
                    return Inflated::partial;
                case Z_NEED_DICT:
                    return die(Inflated::corrupt, "the zlib stream wants a preset dictionary");
                case Z_MEM_ERROR:
                    return die(Inflated::no_memory, "out of memory");
                default:
                    return die(Inflated::corrupt, zlib_.msg ? zlib_.msg : "corrupt zlib stream");
            }
        } while (zlib_.avail_in != 0 || zlib_.avail_out == 0);
        frame += piece;
        size -= piece;
    } while (size != 0);
    return Inflated::complete;
}

Inflated ZlibStream::feed(const uint8_t* frame, size_t size) {
    const Inflated result = run(frame, size);
    if (result == Inflated::partial) {
        return die(Inflated::corrupt, "the zlib stream ended in the middle of the connection");
    }
    if (result != Inflated::complete) {
        return result;
    }
    tail_ = last_four(tail_, frame, size);
    if (tail_ != kSyncFlush || (zlib_.data_type & (kBetweenBlocks | kLeftOver)) != kBetweenBlocks) {
        return Inflated::partial;
    }
    tail_ = 0;
    return complete();
}

Inflated ZlibMessages::feed(const uint8_t* frame, size_t size) {
    reset();
    const Inflated result = run(frame, size);
    if (result == Inflated::complete) {
        return die(Inflated::corrupt, "the zlib payload is cut short");
    }
    if (result != Inflated::partial) {
        return result;
    }
    if (zlib_.avail_in != 0) {
        return die(Inflated::corrupt, "there is more behind the end of the zlib payload");
    }
    return complete();
}

}  // namespace gateway
