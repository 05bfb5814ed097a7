// One name for the two libraries that can stand under the extension.

#pragma once

#ifdef GATEWAY_CORE_STOCK_ZLIB
#include <zlib.h>

namespace gateway {
using ZStream = z_stream;
inline int z_init(ZStream* stream) { return inflateInit(stream); }
inline int z_ignore_checksum(ZStream* stream) { return inflateValidate(stream, 0); }
inline int z_inflate(ZStream* stream) { return inflate(stream, Z_SYNC_FLUSH); }
inline int z_reset(ZStream* stream) { return inflateReset(stream); }
inline int z_end(ZStream* stream) { return inflateEnd(stream); }
inline const char* z_name() { return "zlib"; }
inline const char* z_version() { return zlibVersion(); }
}  // namespace gateway

#else
#include <zlib-ng.h>

namespace gateway {
using ZStream = zng_stream;
inline int z_init(ZStream* stream) { return zng_inflateInit(stream); }
inline int z_ignore_checksum(ZStream* stream) { return zng_inflateValidate(stream, 0); }
inline int z_inflate(ZStream* stream) { return zng_inflate(stream, Z_SYNC_FLUSH); }
inline int z_reset(ZStream* stream) { return zng_inflateReset(stream); }
inline int z_end(ZStream* stream) { return zng_inflateEnd(stream); }
inline const char* z_name() { return "zlib-ng"; }
inline const char* z_version() { return zlibng_version(); }
}  // namespace gateway

#endif
