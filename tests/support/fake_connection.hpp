// A subscriber's connection that takes as many bytes as the test says, and reads what it took as a
// browser would.
#pragma once

#include <carillon/hub/connection.hpp>
#include <carillon/wire/parser.hpp>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace carillon::testing {

/// One dispatched event.
struct received {
    std::string type;
    std::string data;
    std::string id;  ///< the last event id when it was dispatched

    friend bool operator==(const received&, const received&) = default;
};

class fake_connection final : public connection, private wire::parser_listener {
public:
    static constexpr std::size_t unlimited = std::numeric_limits<std::size_t>::max();

    explicit fake_connection(framing layout = framing::raw) : layout_(layout) {}

    // What the test sets.
    std::size_t room = unlimited;       ///< bytes that it takes in all from now on
    std::size_t per_write = unlimited;  ///< bytes that one write takes
    std::size_t fail_at = 0;  ///< the write, counted from 1, that fails with all after it; 0: none
    bool silent = false;      ///< the peer acknowledges nothing
    std::function<void()> at_next_write = {};  ///< called once, within it

    // What it saw.
    std::string bytes;
    std::vector<received> events;  ///< those of the hub itself too
    std::vector<std::string> comments;
    std::vector<std::int64_t> retries;
    std::optional<opening_facts> begun;
    std::optional<close_reason> closed;
    std::size_t writes = 0;
    bool blocked = false;    ///< the last write was short: reset it and call `shard::writable`
    bool misused = false;    ///< called before its beginning or after its end
    bool malformed = false;  ///< the chunks are not valid

    framing layout() const noexcept override { return layout_; }
    const std::string& last_event_id() const noexcept { return parser_.last_event_id(); }
    const received& opening() const { return events.at(0); }

    /// The events that publishers sent.
    std::vector<std::string> data() const {
        std::vector<std::string> all;
        for (const received& e : events) {
            if (!e.type.starts_with("carillon.")) all.push_back(e.data);
        }
        return all;
    }
    /// The hub's own events of a type.
    std::vector<received> own(std::string_view type) const {
        std::vector<received> all;
        for (const received& e : events) {
            if (e.type == type) all.push_back(e);
        }
        return all;
    }

    void begin(const opening_facts& facts) override {
        misused = misused || closed || begun || writes != 0;
        begun = facts;
    }
    std::ptrdiff_t write(std::span<const iovec> slices) override {
        misused = misused || closed || !begun;
        if (at_next_write) std::exchange(at_next_write, nullptr)();
        if (++writes >= fail_at && fail_at != 0) return broken;
        std::size_t taken = 0;
        std::size_t offered = 0;
        for (const iovec& slice : slices) {
            offered += slice.iov_len;
            const std::size_t size = std::min({slice.iov_len, per_write - taken, room});
            take({static_cast<const char*>(slice.iov_base), size});
            taken += size;
            if (room != unlimited) room -= size;
        }
        blocked = taken < offered;
        return static_cast<std::ptrdiff_t>(taken);
    }
    void close(close_reason why) override {
        misused = misused || closed;
        closed = why;
    }
    bool peer_silent_for(std::chrono::milliseconds) const override { return silent; }
    std::string remote_address() const override { return "192.0.2.1:1"; }

private:
    void take(std::string_view text) {
        bytes += text;
        if (layout_ == framing::raw) {
            (void)parser_.feed(text);
            return;
        }
        for (const char c : text) chunk(c);
    }

    // Chunks without extensions or trailers (RFC 9112, section 7.1), byte by byte.
    void chunk(char c) {
        if (in_chunk_ && left_ > 0) {
            (void)parser_.feed({&c, 1});
            --left_;
            return;
        }
        line_ += c;
        if (!line_.ends_with("\r\n")) return;
        line_.resize(line_.size() - 2);
        if (in_chunk_) {
            malformed = malformed || !line_.empty();
            in_chunk_ = false;
        } else {
            const auto [end, error] =
                std::from_chars(line_.data(), line_.data() + line_.size(), left_, 16);
            malformed = malformed || error != std::errc{} || end != line_.data() + line_.size();
            malformed = malformed || left_ == 0;  // the last chunk is not the hub's to write
            in_chunk_ = true;
        }
        line_.clear();
    }

    void on_event(const wire::message& m) override {
        events.push_back({std::string(m.type), std::string(m.data), std::string(m.last_event_id)});
    }
    void on_retry(std::chrono::milliseconds value) override { retries.push_back(value.count()); }
    void on_comment(std::string_view text) override { comments.emplace_back(text); }

    const framing layout_;
    wire::parser parser_{*this};
    std::string line_;
    std::size_t left_ = 0;
    bool in_chunk_ = false;
};

}  // namespace carillon::testing
