// Log lines on stderr: text for people, JSON lines for machines.
#pragma once

#include <carillon/base/log.hpp>

#include <initializer_list>
#include <string>
#include <string_view>

namespace carillon::server {

enum class log_format : std::uint8_t { text, json };

/// One line without its end, whatever the fields hold. Masked are the values of fields that are
/// named like secrets, and in texts what follows `token=`, `client=`, `/clients/` and `$client/`.
std::string format_line(log_format format, log::level l, std::string_view time,
                        std::string_view message, std::initializer_list<log::field> fields);

/// Makes this process's log lines go to stderr. `format`: "auto" (text on a terminal), "text" or
/// "json"; `level` as in the setting `log.level`. Call again to change.
void start_logging(std::string_view format, std::string_view level);

}  // namespace carillon::server
