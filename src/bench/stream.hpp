// The subscriber's side of one HTTP/1.1 response that is an event stream: head, chunks, blocks.
// Pure.
#pragma once

#include <carillon/base/result.hpp>
#include <carillon/wire/parser.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace carillon::bench {

/// What one stream has to remember between two reads; nothing, as long as chunks and blocks arrive
/// whole.
struct stream_state {
    enum class phase : std::uint8_t { head, body, ended };
    phase at = phase::head;
    std::string raw;   ///< bytes of a head or chunk that is not complete
    std::string text;  ///< bytes of a block that is not complete, out of their chunks
};

/// Decodes many streams, one read at a time, with one parser: ten thousand parsers would not stay
/// in the cache, and the client would measure itself. That is sound because a parser holds nothing
/// after the blank line that ends a block, and it is fed whole blocks only. Blocks must end in LF
/// LF, as ours do. Confined to one thread.
class stream_decoder {
public:
    explicit stream_decoder(wire::parser_listener& listener) : parser_(listener) {}

    /// Tells the listener every event that `bytes` complete. Fails on a status other than 200, a
    /// body that is not chunked, broken framing, and an event over the parser's limit; the stream
    /// is then of no more use.
    result<> feed(stream_state& stream, std::string_view bytes);

private:
    result<> body(stream_state& stream, std::string_view bytes);
    result<> blocks(stream_state& stream, std::string_view text);

    wire::parser parser_;
    std::string joined_;  // the kept bytes and the new ones
};

/// A chunk at the start of `bytes`.
struct chunk {
    std::string_view content;  ///< empty: the last chunk
    std::size_t size = 0;      ///< in `bytes`, with its framing
};

/// Empty: more bytes are needed. Fails on anything that is not a chunk of at most 64 MiB (RFC 9112,
/// section 7.1).
result<std::optional<chunk>> first_chunk(std::string_view bytes);

/// The bytes of a response that the floor repeats, so that it writes what the server wrote.
struct wire_sample {
    std::string opening;  ///< response head and everything before the first measured event
    std::string
        before;  ///< of the first event: chunk head, id and field name in front of the payload
    std::string after;  ///< of the first event: what follows its payload, with the chunk's end
};

/// From the first bytes of a subscriber's response. Parts that the bytes do not hold, or that hold
/// several events in one chunk, stay empty.
wire_sample sample_response(std::string_view raw);

}  // namespace carillon::bench
