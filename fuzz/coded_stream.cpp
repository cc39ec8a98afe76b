// Coded streams: whatever blocks follow each other, whoever joined when and wherever the bytes are
// cut, what a client decodes is the text.
#include "coding/block_coder.hpp"
#include "support/decoder.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace carillon;

void require(bool holds) {
    if (!holds) std::abort();
}

/// The fuzzer's bytes as numbers; 0 at their end.
class choices {
public:
    explicit choices(std::string_view bytes) noexcept : rest_(bytes) {}
    bool left() const noexcept { return !rest_.empty(); }
    std::uint8_t next() noexcept {
        if (rest_.empty()) return 0;
        const auto byte = static_cast<std::uint8_t>(rest_.front());
        rest_.remove_prefix(1);
        return byte;
    }
    std::string_view take(std::size_t bytes) noexcept {
        const std::string_view taken = rest_.substr(0, bytes);
        rest_.remove_prefix(taken.size());
        return taken;
    }

private:
    std::string_view rest_;
};

struct made_block {
    std::string text;
    std::string bytes;
    coding::text_part part;
};

std::vector<made_block> blocks_of(choices& from, content_coding c) {
    coding::block_coder coder;
    std::vector<made_block> blocks;
    while (from.left() && blocks.size() < 16) {
        const std::size_t size = from.next();
        const std::size_t repeats = from.next();
        const auto how = from.next() % 2 == 0 ? coding::effort::squeeze : coding::effort::store;
        const std::string_view piece = from.take(size);
        made_block b;
        for (std::size_t i = 0; i <= repeats * repeats / 16; ++i) b.text += piece;
        coder.append(c, b.text, how, b.bytes);
        b.part = coding::part_of(c, b.text);
        blocks.push_back(std::move(b));
    }
    return blocks;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    choices from({reinterpret_cast<const char*>(data), size});
    const auto c = static_cast<content_coding>(from.next() % content_coding_count);
    const std::size_t step = from.next() + 1u;
    const std::uint8_t joins = from.next();
    const auto blocks = blocks_of(from, c);
    for (std::size_t stream = 0; stream < 3; ++stream) {
        std::string bytes(coding::opening_of(c));
        std::string text(coding::opening_text_of(c));
        coding::text_sum sum;
        sum.add(coding::opening_part_of(c));
        for (std::size_t i = stream * joins; i < blocks.size(); i += 1 + stream) {
            bytes += blocks[i].bytes;
            text += blocks[i].text;
            sum.add(blocks[i].part);
        }
        testing::decoder client(c);
        for (std::size_t at = 0; at < bytes.size(); at += step)
            client.feed(std::string_view(bytes).substr(at, step));
        require(!client.failed() && client.text == text);
        client.feed(coding::trailer_of(c, sum));
        require(!client.failed() && client.text == text);
        require(client.ended() == (c == content_coding::gzip || c == content_coding::br));
    }
    return 0;
}
