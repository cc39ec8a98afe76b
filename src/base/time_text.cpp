#include <carillon/base/time_text.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <string>

namespace carillon {

namespace {

struct unit {
    std::string_view name;
    std::int64_t ms;
};
// "ms" first: it ends like "s".
constexpr std::array units{unit{"ms", 1}, unit{"s", 1000}, unit{"m", 60'000}, unit{"h", 3'600'000},
                           unit{"d", 86'400'000}};

}  // namespace

std::optional<std::int64_t> parse_whole_number(std::string_view text) {
    if (text.starts_with('-')) return std::nullopt;
    std::int64_t value = 0;
    const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (bad != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
    for (const auto& [name, ms] : units) {
        if (!text.ends_with(name)) continue;
        const auto count = parse_whole_number(text.substr(0, text.size() - name.size()));
        if (count && *count <= 1'000'000'000'000 / ms)
            return std::chrono::milliseconds(*count * ms);
    }
    return std::nullopt;
}

std::string duration_text(std::chrono::milliseconds d) {
    if (d.count() == 0) return "0s";
    const auto whole = [&](const unit& u) { return d.count() % u.ms == 0; };
    const auto& largest = *std::ranges::find_if(units.rbegin(), units.rend(), whole);
    return std::to_string(d.count() / largest.ms).append(largest.name);
}

std::optional<std::chrono::system_clock::time_point> parse_time(std::string_view given) {
    const std::string text(given);  // sscanf needs its end
    int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, used = 0;
    if (std::sscanf(text.c_str(), "%4d-%2d-%2d%*[Tt ]%2d:%2d:%2d%n", &year, &month, &day, &hour,
                    &minute, &second, &used) != 6) {
        return std::nullopt;
    }
    using namespace std::chrono;
    const year_month_day date{std::chrono::year(year),
                              std::chrono::month(static_cast<unsigned>(month)),
                              std::chrono::day(static_cast<unsigned>(day))};
    if (!date.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
    std::string_view rest = std::string_view(text).substr(static_cast<std::size_t>(used));
    if (rest.starts_with('.'))
        rest.remove_prefix(std::min(rest.find_first_not_of("0123456789", 1), rest.size()));
    int offset = 0;
    if (rest != "Z" && rest != "z") {
        int h = 0, m = 0;
        char sign = 0;
        if (std::sscanf(std::string(rest).c_str(), "%c%2d:%2d", &sign, &h, &m) != 3)
            return std::nullopt;
        if (sign != '+' && sign != '-') return std::nullopt;
        offset = (sign == '-' ? -1 : 1) * (h * 60 + m);
    }
    // The clock counts nanoseconds: its last year is 2262.
    const sys_seconds at =
        sys_days(date) + hours(hour) + minutes(minute - offset) + seconds(second);
    return std::clamp(at, ceil<seconds>(system_clock::time_point::min()),
                      floor<seconds>(system_clock::time_point::max()));
}

}  // namespace carillon
