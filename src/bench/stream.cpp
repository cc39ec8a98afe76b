#include "bench/stream.hpp"

#include "bench/payload.hpp"

#include <algorithm>
#include <charconv>

namespace carillon::bench {

namespace {

constexpr std::size_t max_chunk = 64u << 20;
constexpr std::size_t max_chunk_line = 256;
constexpr std::size_t max_head = 64u << 10;
constexpr std::string_view head_end = "\r\n\r\n";
constexpr std::string_view block_end = "\n\n";

bool contains_ignoring_case(std::string_view text, std::string_view wanted) {
    const auto same = [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; };
    return std::search(text.begin(), text.end(), wanted.begin(), wanted.end(), same) != text.end();
}

result<> check_head(std::string_view head) {
    const auto status_line = head.substr(0, head.find('\r'));
    if (!head.starts_with("HTTP/1.1 200 "))
        return fail(errc::unavailable, "a subscriber was answered: " + std::string(status_line));
    if (!contains_ignoring_case(head, "transfer-encoding: chunked"))
        return fail(errc::invalid_request, "a stream is not chunked");
    return {};
}

}  // namespace

result<> stream_decoder::feed(stream_state& stream, std::string_view bytes) {
    if (!stream.raw.empty()) {
        joined_.swap(stream.raw);
        stream.raw.clear();
        joined_ += bytes;
        bytes = joined_;
    }
    if (stream.at == stream_state::phase::head) {
        const auto end = bytes.find(head_end);
        if (end == std::string_view::npos && bytes.size() > max_head)
            return fail(errc::headers_too_large, "a response head does not end");
        if (end == std::string_view::npos) {
            stream.raw = bytes;
            return {};
        }
        if (auto checked = check_head(bytes.substr(0, end)); !checked) return checked;
        stream.at = stream_state::phase::body;
        bytes.remove_prefix(end + head_end.size());
    }
    return body(stream, bytes);
}

result<> stream_decoder::body(stream_state& stream, std::string_view bytes) {
    while (!bytes.empty() && stream.at == stream_state::phase::body) {
        const auto next = first_chunk(bytes);
        if (!next) return std::unexpected(next.error());
        if (!*next) {
            stream.raw = bytes;
            return {};
        }
        const auto& found = **next;
        if (found.content.empty()) stream.at = stream_state::phase::ended;
        if (auto fed = blocks(stream, found.content); !fed) return fed;
        bytes.remove_prefix(found.size);
    }
    return {};
}

result<> stream_decoder::blocks(stream_state& stream, std::string_view text) {
    if (!stream.text.empty()) {
        stream.text += text;
        text = stream.text;
    }
    const auto last_end = text.rfind(block_end);
    const auto whole = last_end == std::string_view::npos ? 0 : last_end + block_end.size();
    if (whole > 0) {
        if (auto fed = parser_.feed(text.substr(0, whole)); !fed) return fed;
    }
    if (stream.text.empty())
        stream.text = text.substr(whole);
    else
        stream.text.erase(0, whole);
    return {};
}

result<std::optional<chunk>> first_chunk(std::string_view bytes) {
    const auto line_end = bytes.find("\r\n");
    if (line_end == std::string_view::npos) {
        if (bytes.size() > max_chunk_line)
            return fail(errc::invalid_request, "a chunk's first line does not end");
        return std::nullopt;
    }
    std::size_t length = 0;
    const auto* first = bytes.data();
    const auto [digits_end, problem] = std::from_chars(first, first + line_end, length, 16);
    const bool ends_well = digits_end == first + line_end || *digits_end == ';';
    if (problem != std::errc{} || !ends_well || length > max_chunk)
        return fail(errc::invalid_request, "a chunk does not begin with its length");
    const auto content_at = line_end + 2;
    if (bytes.size() < content_at + length + 2) return std::nullopt;
    if (bytes.substr(content_at + length, 2) != "\r\n")
        return fail(errc::invalid_request, "a chunk is longer than it said");
    return chunk{bytes.substr(content_at, length), content_at + length + 2};
}

wire_sample sample_response(std::string_view raw) {
    wire_sample sample;
    const auto end = raw.find(head_end);
    if (end == std::string_view::npos) return sample;
    auto at = end + head_end.size();
    while (true) {
        const auto next = first_chunk(raw.substr(at));
        if (!next || !*next || (*next)->content.empty()) break;
        const auto bytes = raw.substr(at, (*next)->size);
        const auto payload_at = bytes.find(payload_start);
        if (payload_at != std::string_view::npos) {
            if (bytes.find(payload_start, payload_at + 1) != std::string_view::npos) break;
            sample.before = bytes.substr(0, payload_at);
            sample.after = bytes.substr(payload_at + payload_size);
            break;
        }
        at += (*next)->size;
    }
    sample.opening = raw.substr(0, at);
    return sample;
}

}  // namespace carillon::bench
