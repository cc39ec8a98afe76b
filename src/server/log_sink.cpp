#include "server/log_sink.hpp"

#include "base/json_text.hpp"
#include "base/utf8.hpp"
#include "server/log_writer.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

namespace carillon::server {

std::string without_url_credentials(std::string text) {
    constexpr std::string_view scheme = "://";
    for (std::size_t at = text.find(scheme); at != std::string::npos; at = text.find(scheme, at)) {
        at += scheme.size();
        const std::size_t end = text.find_first_of("/?#\", ", at);
        const std::size_t sign = text.rfind('@', end == std::string::npos ? end : end - 1);
        if (sign != std::string::npos && sign > at) text.replace(at, sign - at, "…");
    }
    return text;
}

namespace {

constexpr std::array<std::string_view, 5> level_names{"debug", "info", "warning", "error", "off"};
constexpr std::array<std::string_view, 5> secret_names{"token", "secret", "password",
                                                       "authorization", "cookie"};

std::atomic<log_format> current_format{log_format::text};

bool is_secret(std::string_view name) {
    for (const std::string_view secret : secret_names) {
        if (name.find(secret) != std::string_view::npos) return true;
    }
    return false;
}

/// A client's token, a ticket, or the id of a stream that ends is enough to act for its owner.
constexpr std::array<std::string_view, 8> secret_marks{
    "token=",   "ticket=",   "client=",  "/clients/",
    "$client/", "/streams/", "$stream/", "$open-stream/"};

std::string without_marked(std::string_view text) {
    std::string out;
    for (;;) {
        std::size_t secret = text.size();
        for (const std::string_view mark : secret_marks) {
            const std::size_t at = text.find(mark);
            if (at != std::string_view::npos) secret = std::min(secret, at + mark.size());
        }
        out += text.substr(0, secret);
        text.remove_prefix(secret);
        if (text.empty()) return out;
        out += "***";
        text.remove_prefix(std::min(text.find_first_of("&/? \""), text.size()));
    }
}

/// Hides what follows a mark, and what stands before the host in URLs.
std::string masked(std::string_view text) {
    return without_marked(without_url_credentials(std::string(text)));
}

/// UTF-8 without DEL and the C1 controls, which JSON leaves as they are and terminals obey.
std::string without_controls(std::string_view text) {
    std::string out = as_utf8(text);
    for (std::size_t i = 0; i < out.size(); ++i) {
        const bool c1 = out[i] == '\xc2' && static_cast<unsigned char>(out[i + 1]) < 0xa0;
        if (out[i] == '\x7f') out.replace(i, 1, "?");
        if (c1) out.replace(i, 2, "?");
    }
    return out;
}

bool needs_quotes(std::string_view text) {
    return text.empty() || std::ranges::any_of(text, [](char c) {
               return static_cast<unsigned char>(c) <= ' ' || c == '"' || c == '=';
           });
}

std::string value_text(const log::field& f, bool json) {
    if (is_secret(f.name)) return json ? "\"***\"" : "***";
    return std::visit(
        [&](const auto& v) -> std::string {
            if constexpr (std::is_same_v<std::decay_t<decltype(v)>, std::string_view>) {
                std::string text = without_controls(masked(v));
                if (!json && !needs_quotes(text)) return text;
                std::string out;
                append_json_string(out, text);
                return out;
            } else {
                return fmt::format("{}", v);
            }
        },
        f.value);
}

/// A line with the present time, in the present format.
std::string line_now(log::level l, std::string_view message,
                     std::initializer_list<log::field> fields) {
    const auto now = std::chrono::system_clock::now();
    const auto ms =
        std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count();
    const log_format format = current_format.load(std::memory_order_relaxed);
    const std::string time =
        format == log_format::json
            ? fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z",
                          fmt::gmtime(static_cast<std::time_t>(ms / 1000)), ms % 1000)
            : fmt::format("{:%H:%M:%S}", fmt::localtime(static_cast<std::time_t>(ms / 1000)));
    return format_line(format, l, time, message, fields);
}

/// Made with the first line; at the end of the process it waits a moment for those that are left.
log_writer& writer() {
    static log_writer to_stderr(STDERR_FILENO, log_settings{}.max_queued, [](std::uint64_t lines) {
        return line_now(log::level::warning, "log lines dropped", {{"lines", lines}});
    });
    return to_stderr;
}

void sink(log::level l, std::string_view message, std::initializer_list<log::field> fields) {
    writer().push(line_now(l, message, fields));
}

}  // namespace

std::string format_line(log_format format, log::level l, std::string_view time,
                        std::string_view message, std::initializer_list<log::field> fields) {
    const std::string_view level = level_names[static_cast<std::size_t>(l)];
    if (format == log_format::text) {
        std::string line = fmt::format("{} {:<7} {}", time, level, masked(message));
        for (const log::field& f : fields)
            line += fmt::format("  {}={}", f.name, value_text(f, false));
        return line;
    }
    std::string line = fmt::format(R"({{"time":"{}","level":"{}","message":)", time, level);
    append_json_string(line, masked(message));
    for (const log::field& f : fields) {
        line += ',';
        append_json_string(line, f.name);
        line += ':';
        line += value_text(f, true);
    }
    return line += '}';
}

void start_logging(const log_settings& s) {
    const bool text = s.format == "text" || (s.format == "auto" && ::isatty(STDERR_FILENO) == 1);
    current_format.store(text ? log_format::text : log_format::json, std::memory_order_relaxed);
    log::level threshold = log::level::info;
    for (std::size_t i = 0; i < level_names.size(); ++i) {
        if (level_names[i] == s.level) threshold = static_cast<log::level>(i);
    }
    writer().set_limit(s.max_queued);
    log::set_sink(sink, threshold);
}

void flush_log() { writer().flush(log_writer::patience); }

std::uint64_t log_lines_dropped() { return writer().dropped(); }

}  // namespace carillon::server
