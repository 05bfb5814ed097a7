#include "frames.hpp"

namespace gateway {

namespace {

constexpr uint8_t kFinal = 0x80;
constexpr uint8_t kOpcode = 0x0F;
constexpr uint8_t kMasked = 0x80;
constexpr uint8_t kFinalBinary = 0x82;

uint64_t big_endian(const uint8_t* at, size_t bytes) {
    uint64_t value = 0;
    for (size_t i = 0; i < bytes; ++i) {
        value = value << 8 | at[i];
    }
    return value;
}

}  // namespace

FrameStart look_at_frame(const uint8_t* data, size_t size, uint64_t largest) {
    FrameStart frame{FrameStart::Kind::incomplete, 0, 0, false, false};
    if (size < 2) {
        return frame;
    }
    const uint8_t short_length = data[1] & 0x7F;
    const size_t extended = short_length == 126 ? 2 : short_length == 127 ? 8 : 0;
    const bool masked = data[1] & kMasked;
    frame.header = 2 + extended + (masked ? 4 : 0);
    if (size < 2 + extended) {
        return frame;
    }
    const uint64_t length = extended == 0 ? short_length : big_endian(data + 2, extended);
    const bool shortest = extended == 0 || (extended == 2 ? length > 125 : length > 0xFFFF);
    if (length > UINT64_MAX / 2) {  // nobody waits for so much; its judge refuses the header
        frame.kind = FrameStart::Kind::other;
        frame.size = frame.header;
        return frame;
    }
    frame.size = frame.header + length;
    if (data[0] == kFinalBinary && !masked && shortest && length <= largest) {
        if (size >= frame.size) {
            frame.kind = FrameStart::Kind::message;
        }
        return frame;
    }
    frame.kind = FrameStart::Kind::other;
    const uint8_t opcode = data[0] & kOpcode;
    const bool final = data[0] & kFinal;
    frame.fragments_follow = !final && (opcode == 1 || opcode == 2);
    frame.ends_fragments = final && opcode == 0;
    return frame;
}

}  // namespace gateway
