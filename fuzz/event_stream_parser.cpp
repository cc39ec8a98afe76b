// The event-stream parser: the same bytes whole and in pieces, whose sizes come from the input too,
// must come to the same events, whether they stay within the limit or pass it.
#include <carillon/wire/parser.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using namespace carillon::wire;

void require(bool holds) {
    if (!holds) std::abort();
}

/// Everything that a parser told, in one string that two readings can be compared by.
class reading final : private parser_listener {
public:
    bool feed(std::string_view bytes) { return parser_.feed(bytes).has_value(); }
    std::string end() {
        told_ += "last " + parser_.last_event_id();
        parser_.reset();
        require(parser_.feed("data: on\n\n").has_value());
        return std::move(told_);
    }

private:
    void on_event(const message& m) override {
        require(!m.type.empty());
        require(m.type.find_first_of("\r\n") == std::string_view::npos);
        require(m.data.find('\r') == std::string_view::npos);
        require(m.last_event_id.find('\0') == std::string_view::npos);
        told_.append("event ").append(m.type).append("\n").append(m.data);
        told_.append("\nid ").append(m.last_event_id).append("\n");
    }
    void on_retry(std::chrono::milliseconds value) override {
        require(value.count() >= 0);
        told_ += "retry " + std::to_string(value.count()) + "\n";
    }
    void on_comment(std::string_view text) override { told_.append("comment ").append(text); }

    std::string told_;
    parser parser_{*this, {.max_event_size = 200}};
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 4) return 0;
    const std::string_view cuts(reinterpret_cast<const char*>(data), 4);
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 4, size - 4);

    reading whole;
    const bool taken = whole.feed(bytes);
    reading in_pieces;
    bool all_taken = true;
    for (std::size_t at = 0, turn = 0; at < bytes.size() && all_taken; ++turn) {
        const auto cut = static_cast<std::uint8_t>(cuts[turn % cuts.size()]);
        // A copy of its own, so that reading beyond a piece is found.
        const std::string piece(bytes.substr(at, std::size_t{cut} % 64 + 1));
        at += piece.size();
        all_taken = in_pieces.feed(piece);
    }
    require(taken == all_taken);
    require(whole.end() == in_pieces.end());
    return 0;
}
