// What a client's decoder makes of a coded stream, by the codings' own libraries.
#pragma once

#include <carillon/coding/content_coding.hpp>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <string_view>

#include <brotli/decode.h>
#include <zlib.h>
#include <zstd.h>

namespace carillon::testing {

/// Decodes piece by piece: after each, `text` holds all that a client could have by then.
class decoder {
public:
    explicit decoder(content_coding c) : coding_(c) {
        // 16 + 15: gzip's frame alone, which checks the trailer.
        if (c == content_coding::gzip) failed_ = inflateInit2(&gzip_, 16 + MAX_WBITS) != Z_OK;
        if (c == content_coding::br)
            brotli_.reset(BrotliDecoderCreateInstance(nullptr, nullptr, nullptr));
        if (c == content_coding::zstd) zstd_.reset(ZSTD_createDCtx());
    }
    ~decoder() {
        if (coding_ == content_coding::gzip) inflateEnd(&gzip_);
    }
    decoder(const decoder&) = delete;
    decoder& operator=(const decoder&) = delete;

    void feed(std::string_view bytes) {
        if (failed_ || bytes.empty()) return;
        if (ended_) {
            failed_ = true;  // nothing may follow the trailer
            return;
        }
        switch (coding_) {
            case content_coding::identity:
                text += bytes;
                return;
            case content_coding::gzip:
                return inflate_all(bytes);
            case content_coding::br:
                return brotli_all(bytes);
            case content_coding::zstd:
                return zstd_all(bytes);
        }
    }

    std::string text;
    bool failed() const noexcept { return failed_; }
    /// The trailer has come, and was right. Zstandard and identity have none.
    bool ended() const noexcept { return ended_; }

private:
    void inflate_all(std::string_view bytes) {
        gzip_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
        gzip_.avail_in = static_cast<uInt>(bytes.size());
        do {
            gzip_.next_out = reinterpret_cast<Bytef*>(room_.data());
            gzip_.avail_out = static_cast<uInt>(room_.size());
            const int state = inflate(&gzip_, Z_SYNC_FLUSH);
            text.append(room_.data(), room_.size() - gzip_.avail_out);
            ended_ = state == Z_STREAM_END;
            failed_ = (state != Z_OK && state != Z_BUF_ERROR && !ended_) ||
                      (ended_ && gzip_.avail_in != 0);
        } while (!failed_ && !ended_ && (gzip_.avail_in != 0 || gzip_.avail_out == 0));
    }

    void brotli_all(std::string_view bytes) {
        std::size_t left = bytes.size();
        const auto* in = reinterpret_cast<const std::uint8_t*>(bytes.data());
        auto state = BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT;
        // It may have more output though it asks for input first.
        while (state == BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT ||
               BrotliDecoderHasMoreOutput(brotli_.get()) == BROTLI_TRUE) {
            auto* out = reinterpret_cast<std::uint8_t*>(room_.data());
            std::size_t room = room_.size();
            state = BrotliDecoderDecompressStream(brotli_.get(), &left, &in, &room, &out, nullptr);
            text.append(room_.data(), room_.size() - room);
        }
        ended_ = state == BROTLI_DECODER_RESULT_SUCCESS;
        failed_ = state == BROTLI_DECODER_RESULT_ERROR || (ended_ && left != 0);
    }

    void zstd_all(std::string_view bytes) {
        ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
        ZSTD_outBuffer out{room_.data(), room_.size(), 0};
        do {
            out.pos = 0;
            failed_ = ZSTD_isError(ZSTD_decompressStream(zstd_.get(), &out, &in)) != 0;
            text.append(room_.data(), out.pos);
        } while (!failed_ && (in.pos < in.size || out.pos == out.size));
    }

    struct brotli_end {
        void operator()(BrotliDecoderState* s) const noexcept { BrotliDecoderDestroyInstance(s); }
    };
    struct zstd_end {
        void operator()(ZSTD_DCtx* c) const noexcept { ZSTD_freeDCtx(c); }
    };

    const content_coding coding_;
    z_stream gzip_{};
    std::unique_ptr<BrotliDecoderState, brotli_end> brotli_;
    std::unique_ptr<ZSTD_DCtx, zstd_end> zstd_;
    std::array<char, 16u << 10> room_{};
    bool failed_ = false;
    bool ended_ = false;
};

}  // namespace carillon::testing
