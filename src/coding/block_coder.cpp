#include "coding/block_coder.hpp"

#include "coding/kept_memory.hpp"

#include <algorithm>
#include <array>
#include <new>
#include <utility>

#include <brotli/encode.h>
#include <zlib.h>
#include <zstd.h>

namespace carillon::coding {

namespace {

// Past this, more effort would hold the loop up: about 5 ms a megabyte instead of 20.
constexpr std::size_t large_text = 128u << 10;

constexpr int gzip_level = 6;
constexpr int gzip_level_of_large = 1;
constexpr int gzip_memory = 8;
constexpr int brotli_quality = 5;
constexpr int brotli_quality_of_large = 2;
// 16 KiB: with more, the opening would cost clients more, and references to the static dictionary
// longer codes; with less, large events would be larger.
constexpr int brotli_window = 14;
constexpr std::size_t brotli_window_bytes = 1u << brotli_window;
constexpr int zstd_level = 3;

constexpr std::size_t max_stored_deflate = 65'535;       // RFC 1951, 3.2.4
constexpr std::size_t max_stored_brotli = 1u << 16;      // MLEN of four nibbles: RFC 7932, 9.2
constexpr std::size_t max_stored_zstd = 128u << 10;      // RFC 8878, 3.1.1.2.4
constexpr std::string_view end_of_deflate("\x03\0", 2);  // an empty block, the last one
// An empty stored block: what a flush writes. Some decoders (Go's) hand over what they have only
// there.
constexpr std::string_view flush_of_deflate("\0\0\0\xff\xff", 5);
constexpr std::string_view end_of_brotli("\x03", 1);  // ISLAST and ISLASTEMPTY

const std::uint8_t* bytes_of(std::string_view text) noexcept {
    return reinterpret_cast<const std::uint8_t*>(text.data());
}

void append_little_endian(std::string& out, std::uint64_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i) & 0xff);
}

template <class Append>
void in_pieces(std::string_view text, std::size_t most, Append&& append) {
    for (; !text.empty(); text.remove_prefix(std::min(most, text.size())))
        append(text.substr(0, most));
}

void store_deflate(std::string_view text, std::string& out) {
    in_pieces(text, max_stored_deflate, [&](std::string_view piece) {
        out += '\0';  // not the last, stored; the rest of the byte is skipped
        append_little_endian(out, piece.size(), 2);
        append_little_endian(out, ~piece.size() & 0xffff, 2);
        out += piece;
    });
    out += flush_of_deflate;
}

void store_brotli(std::string_view text, std::string& out) {
    in_pieces(text, max_stored_brotli, [&](std::string_view piece) {
        // ISLAST 0, MNIBBLES 0, MLEN - 1, ISUNCOMPRESSED 1; the rest of the byte is skipped.
        append_little_endian(out, (piece.size() - 1) << 3 | 1u << 19, 3);
        out += piece;
    });
}

void store_zstd(std::string_view text, std::string& out) {
    append_little_endian(out, ZSTD_MAGICNUMBER, 4);
    out += '\xe0';  // the frame's content size in eight bytes, and one segment
    append_little_endian(out, text.size(), 8);
    std::size_t left = text.size();
    in_pieces(text, max_stored_zstd, [&](std::string_view piece) {
        left -= piece.size();
        append_little_endian(out, piece.size() << 3 | (left == 0 ? 1 : 0), 3);
        out += piece;
    });
}

class deflater {
public:
    deflater() {
        if (deflateInit2(&stream_, level_, Z_DEFLATED, -MAX_WBITS, gzip_memory,
                         Z_DEFAULT_STRATEGY) != Z_OK)
            throw std::bad_alloc();
    }
    ~deflater() { deflateEnd(&stream_); }
    deflater(const deflater&) = delete;
    deflater& operator=(const deflater&) = delete;

    void append(std::string_view text, std::string& out) {
        deflateReset(&stream_);
        const int level = text.size() > large_text ? gzip_level_of_large : gzip_level;
        if (level != std::exchange(level_, level))
            deflateParams(&stream_, level, Z_DEFAULT_STRATEGY);
        const std::size_t before = out.size();
        // Besides what is said of deflate's bound, the flush.
        out.resize(before + deflateBound(&stream_, text.size()) + 16);
        stream_.next_in = const_cast<Bytef*>(bytes_of(text));
        stream_.avail_in = static_cast<uInt>(text.size());
        stream_.next_out = reinterpret_cast<Bytef*>(out.data() + before);
        stream_.avail_out = static_cast<uInt>(out.size() - before);
        deflate(&stream_, Z_SYNC_FLUSH);
        out.resize(out.size() - stream_.avail_out);
    }

private:
    z_stream stream_{};
    int level_ = gzip_level;
};

/// False without memory, or if the encoder refuses; `out` is as it was then.
bool append_brotli(kept_memory& memory, std::string_view text, std::size_t offset,
                   std::string& out) {
    const std::unique_ptr<BrotliEncoderState, void (*)(BrotliEncoderState*)> encoder(
        BrotliEncoderCreateInstance(&kept_memory::take, &kept_memory::give_back, &memory),
        &BrotliEncoderDestroyInstance);
    if (!encoder) return false;
    const auto set = [&](BrotliEncoderParameter p, std::size_t value) {
        BrotliEncoderSetParameter(encoder.get(), p, static_cast<std::uint32_t>(value));
    };
    set(BROTLI_PARAM_QUALITY,
        static_cast<std::size_t>(text.size() > large_text ? brotli_quality_of_large
                                                          : brotli_quality));
    set(BROTLI_PARAM_LGWIN, brotli_window);
    set(BROTLI_PARAM_SIZE_HINT, text.size());
    if (offset != 0) set(BROTLI_PARAM_STREAM_OFFSET, offset);
    const std::size_t before = out.size();
    std::size_t in_left = text.size();
    const std::uint8_t* in = bytes_of(text);
    std::size_t used = before;
    // One round, since there is room for whatever becomes of the text.
    do {
        out.resize(used + in_left + in_left / 8 + 1024);
        std::size_t room = out.size() - used;
        auto* at = reinterpret_cast<std::uint8_t*>(out.data() + used);
        if (BrotliEncoderCompressStream(encoder.get(), BROTLI_OPERATION_FLUSH, &in_left, &in, &room,
                                        &at, nullptr) == BROTLI_FALSE) {
            out.resize(before);
            return false;
        }
        used = out.size() - room;
    } while (in_left != 0 || BrotliEncoderHasMoreOutput(encoder.get()) == BROTLI_TRUE);
    out.resize(used);
    return true;
}

void append_zstd(ZSTD_CCtx* context, std::string_view text, std::string& out) {
    const std::size_t before = out.size();
    out.resize(before + ZSTD_compressBound(text.size()));
    const std::size_t size = ZSTD_compressCCtx(context, out.data() + before, out.size() - before,
                                               text.data(), text.size(), zstd_level);
    const bool failed = ZSTD_isError(size) != 0;
    out.resize(failed ? before : before + size);
    if (failed) throw std::bad_alloc();
}

/// Lines of a length that every client takes.
std::string white_space(std::size_t bytes) {
    constexpr std::size_t line = 1024;
    std::string text;
    while (text.size() < bytes) text.append(":").append(line - 2, ' ').append("\n");
    return text;
}

struct brotli_opening {
    std::string text = white_space(brotli_window_bytes);
    std::string bytes;

    brotli_opening() {
        kept_memory memory;
        if (!append_brotli(memory, text, 0, bytes)) throw std::bad_alloc();
    }
    static const brotli_opening& get() {
        static const brotli_opening made;
        return made;
    }
};

}  // namespace

struct block_coder::contexts {
    struct zstd_end {
        void operator()(ZSTD_CCtx* c) const noexcept { ZSTD_freeCCtx(c); }
    };

    std::unique_ptr<deflater> gzip;
    kept_memory brotli;
    std::unique_ptr<ZSTD_CCtx, zstd_end> zstd;

    void squeeze(content_coding c, std::string_view text, std::string& out) {
        switch (c) {
            case content_coding::identity:
                out += text;
                return;
            case content_coding::gzip:
                if (!gzip) gzip = std::make_unique<deflater>();
                return gzip->append(text, out);
            case content_coding::br:
                if (!append_brotli(brotli, text, brotli_window_bytes, out)) throw std::bad_alloc();
                return;
            case content_coding::zstd:
                if (!zstd) zstd.reset(ZSTD_createCCtx());
                if (!zstd) throw std::bad_alloc();
                return append_zstd(zstd.get(), text, out);
        }
    }
};

void append_stored(content_coding c, std::string_view text, std::string& out) {
    if (text.empty()) return;
    switch (c) {
        case content_coding::identity:
            out += text;
            return;
        case content_coding::gzip:
            return store_deflate(text, out);
        case content_coding::br:
            return store_brotli(text, out);
        case content_coding::zstd:
            return store_zstd(text, out);
    }
}

block_coder::block_coder() : contexts_(std::make_unique<contexts>()) {}
block_coder::~block_coder() = default;
block_coder::block_coder(block_coder&&) noexcept = default;
block_coder& block_coder::operator=(block_coder&&) noexcept = default;

void block_coder::append(content_coding c, std::string_view text, effort how, std::string& out) {
    if (text.empty()) return;
    if (how == effort::store) return append_stored(c, text, out);
    const std::size_t before = out.size();
    contexts_->squeeze(c, text, out);
    if (out.size() - before <= text.size()) return;
    out.resize(before);
    append_stored(c, text, out);
}

std::string_view opening_of(content_coding c) {
    // Magic, deflate, no flags, no time, no extra flags, unknown system.
    static constexpr std::string_view gzip("\x1f\x8b\x08\0\0\0\0\0\0\xff", 10);
    if (c == content_coding::gzip) return gzip;
    if (c == content_coding::br) return brotli_opening::get().bytes;
    return {};
}

std::string_view opening_text_of(content_coding c) {
    return c == content_coding::br ? std::string_view(brotli_opening::get().text)
                                   : std::string_view();
}

text_part opening_part_of(content_coding c) { return part_of(c, opening_text_of(c)); }

text_part part_of(content_coding c, std::string_view text) noexcept {
    return c == content_coding::gzip ? summed_part(text) : sized_part(text);
}

std::string trailer_of(content_coding c, const text_sum& all) {
    std::string out;
    if (c == content_coding::br) out = end_of_brotli;
    if (c == content_coding::gzip) {
        out = end_of_deflate;
        append_little_endian(out, all.crc, 4);
        append_little_endian(out, all.size, 4);
    }
    return out;
}

}  // namespace carillon::coding
