// Numbers, durations and times as people write them.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace carillon {

/// Decimal digits alone. Nothing for anything else, or beyond 63 bits.
std::optional<std::int64_t> parse_whole_number(std::string_view text);

/// `500ms`, `30s`, `10m`, `24h`, `7d`.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);
/// The same in the largest unit that has a whole number of it: `1500ms`, `2m`; `0s`.
std::string duration_text(std::chrono::milliseconds d);

/// `date-time` of RFC 3339, section 5.6, and nothing else: `2026-01-31T12:00:00.5Z`,
/// `2026-01-31T14:00:00+02:00`. What is finer than a nanosecond is rounded up. A time beyond the
/// clock's years (1677 to 2262) is the clock's first or last second.
std::optional<std::chrono::system_clock::time_point> parse_time(std::string_view text);
/// The same form, in UTC with milliseconds.
std::string rfc3339(std::chrono::system_clock::time_point t);
/// The time that is so many seconds after the beginning of 1970, within the clock's years.
std::chrono::system_clock::time_point time_of_seconds(std::int64_t since_1970);

}  // namespace carillon
