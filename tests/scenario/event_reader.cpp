#include "support/event_reader.hpp"

#include <charconv>

#include <gtest/gtest.h>

namespace carillon::testing {

event_reader::event_reader(std::uint16_t port, std::string_view target, std::string_view fields,
                           reader_options options)
    : connection_(port, options.receive_buffer), options_(options) {
    std::string text = options_.whole_path ? "GET " : "GET /events/subscribe";
    text.append(target).append(" ").append(options_.version).append("\r\nHost: localhost\r\n");
    connection_.send(text.append(fields).append("\r\n"));
}

const answer& event_reader::head() {
    while (head_.status == 0) {
        const std::size_t end = raw_.find("\r\n\r\n");
        if (end != std::string::npos) {
            head_.head = raw_.substr(0, end + 2);
            raw_.erase(0, end + 4);
            std::from_chars(head_.head.data() + 9, head_.head.data() + 12, head_.status);
            chunked_ = head_.header("Transfer-Encoding") == "chunked";
            break;
        }
        const std::string piece = connection_.receive(options_.piece);
        if (piece.empty()) break;
        raw_ += piece;
    }
    return head_;
}

bool event_reader::read_more() {
    if (head().status == 0 || last_chunk_) return false;
    // What came with the head is taken first.
    if (!std::exchange(begun_, true) && !raw_.empty()) return take_raw();
    const std::string piece = connection_.receive(options_.piece);
    if (piece.empty()) return false;
    raw_ += piece;
    return take_raw();
}

bool event_reader::take_raw() {
    if (chunked_) {
        take_chunks();
    } else {
        take(std::exchange(raw_, {}));
    }
    return true;
}

// Strictly as RFC 9112 (section 7.1) has it: a size in hexadecimal digits, CRLF, the bytes, CRLF.
void event_reader::take_chunks() {
    for (;;) {
        const std::size_t line = raw_.find("\r\n");
        if (line == std::string::npos) return;
        std::size_t size = 0;
        const auto [end, bad] = std::from_chars(raw_.data(), raw_.data() + line, size, 16);
        if (bad != std::errc{} || end != raw_.data() + line) {
            ADD_FAILURE() << "malformed chunk head: " << raw_.substr(0, line);
            return raw_.clear();
        }
        if (raw_.size() < line + 2 + size + 2) return;
        EXPECT_EQ(raw_.substr(line + 2 + size, 2), "\r\n") << "malformed chunk";
        take(std::string_view(raw_).substr(line + 2, size));
        raw_.erase(0, line + 2 + size + 2);
        if (size != 0) continue;
        last_chunk_ = true;
        EXPECT_EQ(raw_, "") << "bytes after the last chunk";
        return;
    }
}

void event_reader::take(std::string_view piece) {
    bytes_ += piece;
    EXPECT_TRUE(parser_.feed(piece));
}

void event_reader::on_event(const wire::message& m) {
    events_.push_back({std::string(m.type), std::string(m.data), std::string(m.last_event_id)});
}

std::optional<received> event_reader::poll() {
    while (events_.empty()) {
        if (!read_more()) return std::nullopt;
    }
    received first = std::move(events_.front());
    events_.pop_front();
    return first;
}

received event_reader::next() {
    auto event = poll();
    if (event) return std::move(*event);
    ADD_FAILURE() << "no event comes; status " << head_.status << ", stream so far: "
                  << bytes_.substr(bytes_.size() - std::min<std::size_t>(bytes_.size(), 2000));
    return {};
}

received event_reader::open() {
    received first = next();
    EXPECT_EQ(first.type, "carillon.open");
    return first;
}

strings event_reader::data(std::size_t count) {
    strings all;
    while (all.size() < count) {
        auto event = poll();
        if (!event) {
            ADD_FAILURE() << "only " << all.size() << " of " << count << " events come";
            break;
        }
        all.push_back(std::move(event->data));
    }
    return all;
}

strings event_reader::data_until(std::string_view last) {
    strings all;
    for (;;) {
        auto event = poll();
        if (!event) {
            ADD_FAILURE() << "`" << last << "` does not come";
            return all;
        }
        if (event->data == last) return all;
        all.push_back(std::move(event->data));
    }
}

bool event_reader::is_complete() {
    while (read_more()) {
    }
    return chunked_ ? last_chunk_ : connection_.ended();
}

bool event_reader::ends_well() {
    return is_complete() && (!chunked_ || (connection_.receive().empty() && connection_.ended()));
}

bool event_reader::reads_comments(std::size_t count) {
    while (comments_.size() < count) {
        if (!read_more()) return false;
    }
    return true;
}

std::string after(std::string_view id) { return "Last-Event-ID: " + std::string(id) + "\r\n"; }

std::string verdict(const received& opening) { return json_value(opening.data, "resume"); }

}  // namespace carillon::testing
