#include "http/response_writer.hpp"

#include <carillon/base/log.hpp>

#include "http/problem.hpp"
#include "http/text.hpp"

#include <algorithm>
#include <charconv>

namespace carillon::http {

namespace {

void append_number(std::string& out, std::uint64_t number) {
    char digits[20];
    out.append(digits, std::to_chars(digits, digits + sizeof digits, number).ptr);
}

/// A line break in a value would let whoever chose the value write headers of their own.
bool is_safe(const header& h) noexcept {
    const auto breaks = [](char c) { return c == '\r' || c == '\n' || c == '\0'; };
    return !h.first.empty() && std::ranges::all_of(h.first, is_token_char) &&
           std::ranges::none_of(h.second, breaks);
}

void append_status_line(std::string& out, int status) {
    out += "HTTP/1.1 ";
    append_number(out, static_cast<std::uint64_t>(status));
    out += ' ';
    out += phrase_of(status);
    out += "\r\n";
}

void append_fields(std::string& out, const std::vector<header>& headers, int status) {
    for (const header& h : headers) {
        if (!is_safe(h)) {
            log::error("left out a response header that would break the response",
                       {{"status", status}});
            continue;
        }
        out += h.first;
        out += ": ";
        out += h.second;
        out += "\r\n";
    }
}

}  // namespace

void append_head(std::string& out, const response& r, const response_frame& frame) {
    append_status_line(out, r.status);
    out += frame.date_line;
    out += sniffing_line;
    append_fields(out, r.headers, r.status);
    out += frame.common_lines;
    if (r.of_stream && !frame.http10) {
        out += "Transfer-Encoding: chunked\r\n";
    } else if (status_has_body(r.status) && !r.of_stream) {
        out += "Content-Length: ";
        append_number(out, r.body.size());
        out += "\r\n";
    }
    if (frame.close) {
        out += "Connection: close\r\n";
    } else if (frame.http10 || r.of_stream) {
        out += "Connection: keep-alive\r\n";
    }
    out += "\r\n";
}

void append_stream_head(std::string& out, const stream_head& head, std::string_view lines,
                        body_layout layout, after_body then) {
    append_status_line(out, head.status);
    append_fields(out, head.headers, head.status);
    out += lines;
    out += then == after_body::close ? "Connection: close\r\n" : "Connection: keep-alive\r\n";
    if (layout == body_layout::chunked) out += "Transfer-Encoding: chunked\r\n";
    out += "\r\n";
}

}  // namespace carillon::http
