// Compressed blocks that may follow each other in any order, so that each is made once for all
// streams, whoever joined when.
#pragma once

#include <carillon/coding/content_coding.hpp>

#include "coding/text_sum.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace carillon::coding {

/// Whether a block may be compressed. One that is stored has no context that could tell of its
/// text by its size; in a compressed stream it costs a few bytes.
enum class effort : std::uint8_t { store, squeeze };

/// A stream is an opening, then blocks, then a trailer; every block is flushed, ends at a byte and
/// refers to nothing before it.
///
/// - gzip: raw deflate blocks behind the ten bytes of a head; the trailer ends it with the sum.
/// - br: parts made with BROTLI_PARAM_STREAM_OFFSET, which suppresses the head and keeps a part
///   from using distances of the one before. References to the static dictionary count from behind
///   the window, so the window must be full before the first: the opening is one of white space.
/// - zstd: one frame for each block.
///
/// Keeps contexts between blocks, about 1 MiB once it was used. Confined to one thread. Throws
/// `std::bad_alloc` and nothing else.
class block_coder {
public:
    block_coder();
    ~block_coder();
    block_coder(block_coder&&) noexcept;
    block_coder& operator=(block_coder&&) noexcept;

    /// Appends the block for `text`; nothing for an empty one. With `squeeze` it is stored all the
    /// same if that is shorter.
    void append(content_coding c, std::string_view text, effort how, std::string& out);

private:
    struct contexts;
    std::unique_ptr<contexts> contexts_;
};

/// A block that is stored.
void append_stored(content_coding c, std::string_view text, std::string& out);

/// What a stream begins with.
std::string_view opening_of(content_coding c);
/// What a client decodes it to: comments of an event stream, or nothing.
std::string_view opening_text_of(content_coding c);
/// The same as part of the sum.
text_part opening_part_of(content_coding c);

/// The sum's part of a block's text in this coding.
text_part part_of(content_coding c, std::string_view text) noexcept;

/// What ends a stream of this sum, its opening's text included.
std::string trailer_of(content_coding c, const text_sum& all);

}  // namespace carillon::coding
