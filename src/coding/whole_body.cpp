#include "coding/whole_body.hpp"

#include <brotli/encode.h>
#include <zlib.h>
#include <zstd.h>

namespace carillon::coding {

namespace {

constexpr int gzip_level = 6;
constexpr int gzip_memory = 8;
constexpr int with_gzip_frame = 16;  ///< added to the window's bits: zlib's deflateInit2
constexpr int brotli_quality = 5;
constexpr int brotli_window = 18;
constexpr int zstd_level = 3;

std::optional<std::string> gzip_of(std::string_view text) {
    z_stream stream{};
    if (deflateInit2(&stream, gzip_level, Z_DEFLATED, with_gzip_frame + MAX_WBITS, gzip_memory,
                     Z_DEFAULT_STRATEGY) != Z_OK)
        return std::nullopt;
    std::string out(deflateBound(&stream, text.size()), '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    stream.avail_in = static_cast<uInt>(text.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    const int state = deflate(&stream, Z_FINISH);
    out.resize(out.size() - stream.avail_out);
    deflateEnd(&stream);
    if (state != Z_STREAM_END) return std::nullopt;
    return out;
}

std::optional<std::string> brotli_of(std::string_view text) {
    std::size_t size = BrotliEncoderMaxCompressedSize(text.size());
    std::string out(size, '\0');
    if (BrotliEncoderCompress(brotli_quality, brotli_window, BROTLI_MODE_TEXT, text.size(),
                              reinterpret_cast<const std::uint8_t*>(text.data()), &size,
                              reinterpret_cast<std::uint8_t*>(out.data())) == BROTLI_FALSE)
        return std::nullopt;
    out.resize(size);
    return out;
}

std::optional<std::string> zstd_of(std::string_view text) {
    std::string out(ZSTD_compressBound(text.size()), '\0');
    const std::size_t size =
        ZSTD_compress(out.data(), out.size(), text.data(), text.size(), zstd_level);
    if (ZSTD_isError(size) != 0) return std::nullopt;
    out.resize(size);
    return out;
}

}  // namespace

std::optional<std::string> coded_body(content_coding c, std::string_view text) {
    switch (c) {
        case content_coding::identity:
            return std::string(text);
        case content_coding::gzip:
            return gzip_of(text);
        case content_coding::br:
            return brotli_of(text);
        case content_coding::zstd:
            return zstd_of(text);
    }
    return std::nullopt;
}

}  // namespace carillon::coding
