// Log lines on stderr: text for people, JSON lines for machines.
#pragma once

#include <carillon/base/log.hpp>

#include <initializer_list>
#include <string>
#include <string_view>

namespace carillon::server {

enum class log_format : std::uint8_t { text, json };

/// One line without its end, whatever the fields hold. Masked are the values of fields that are
/// named like secrets, in texts what follows `token=`, `client=`, `/clients/`, `/streams/` and the
/// like, and what stands before the host in URLs.
std::string format_line(log_format format, log::level l, std::string_view time,
                        std::string_view message, std::initializer_list<log::field> fields);

/// A text whose URLs have lost their names and passwords.
std::string without_url_credentials(std::string text);

struct log_settings {
    std::string_view format = "auto";   ///< "auto" (text on a terminal), "text" or "json"
    std::string_view level = "info";    ///< as in the setting `log.level`
    std::size_t max_queued = 1u << 20;  ///< bytes of lines that wait for the reader of the log
};

/// Makes this process's log lines go to stderr, by a thread that may wait for it where nobody else
/// does. Call again to change.
void start_logging(const log_settings& s);

/// Waits a moment for the lines that are queued, so that what is written to stderr next comes
/// after them.
void flush_log();

/// Lines that stderr had no room for, since the process began.
std::uint64_t log_lines_dropped();

}  // namespace carillon::server
