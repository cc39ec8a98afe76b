#include <carillon/wire/parser.hpp>

#include "base/time_text.hpp"

namespace carillon::wire {

namespace {

constexpr std::string_view bom = "\xEF\xBB\xBF";
constexpr std::uint8_t past_start = 4;

}  // namespace

parser::parser(parser_listener& listener, limits l) : listener_(listener), limits_(l) {}

result<> parser::feed(std::string_view bytes) {
    if (failed_) return fail(errc::event_too_large, "an event of the stream passed the limit");
    while (bom_matched_ < bom.size() && !bytes.empty()) {
        if (bytes.front() != bom[bom_matched_]) {
            // It was no BOM: what looked like one belongs to the first line.
            line_.append(bom.substr(0, bom_matched_));
            bom_matched_ = past_start;
            break;
        }
        ++bom_matched_;
        bytes.remove_prefix(1);
    }
    while (!bytes.empty()) {
        if (std::exchange(after_cr_, false) && bytes.front() == '\n') {
            bytes.remove_prefix(1);
            continue;
        }
        const std::size_t end = bytes.find_first_of("\r\n");
        const std::string_view piece = bytes.substr(0, end);
        if (line_.size() + piece.size() + data_.size() > limits_.max_event_size) {
            failed_ = true;
            return fail(errc::event_too_large, "an event of the stream passes the limit");
        }
        if (end == std::string_view::npos) {
            line_.append(piece);
            return {};
        }
        if (line_.empty()) {
            line(piece);
        } else {
            line_.append(piece);
            line(line_);
            line_.clear();
        }
        after_cr_ = bytes[end] == '\r';
        bytes.remove_prefix(end + 1);
    }
    return {};
}

void parser::reset() {
    line_.clear();
    data_.clear();
    type_.clear();
    id_ = last_event_id_;
    bom_matched_ = 0;
    after_cr_ = false;
    failed_ = false;
}

void parser::line(std::string_view text) {
    if (text.empty()) return dispatch();
    const std::size_t colon = text.find(':');
    if (colon == 0) return listener_.on_comment(text.substr(1));
    if (colon == std::string_view::npos) return field(text, {});
    std::string_view value = text.substr(colon + 1);
    if (value.starts_with(' ')) value.remove_prefix(1);
    field(text.substr(0, colon), value);
}

void parser::field(std::string_view name, std::string_view value) {
    if (name == "data") {
        data_.append(value).push_back('\n');
    } else if (name == "event") {
        type_ = value;
    } else if (name == "id") {
        if (value.find('\0') == std::string_view::npos) id_ = value;
    } else if (name == "retry") {
        if (const auto ms = parse_whole_number(value))
            listener_.on_retry(std::chrono::milliseconds(*ms));
    }
}

void parser::dispatch() {
    last_event_id_ = id_;
    // A lone `data` line leaves one LF in the buffer: that is not empty, so an event with empty
    // data is dispatched.
    if (!data_.empty()) {
        data_.pop_back();
        listener_.on_event(
            {type_.empty() ? std::string_view("message") : type_, data_, last_event_id_});
    }
    data_.clear();
    type_.clear();
}

}  // namespace carillon::wire
