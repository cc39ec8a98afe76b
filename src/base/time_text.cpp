#include "base/time_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>

#include <fmt/chrono.h>
#include <fmt/format.h>

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

namespace {

using std::chrono::system_clock;

/// Takes text from its front; broken once something else stands there.
class time_reader {
public:
    explicit time_reader(std::string_view text) : rest_(text) {}

    /// A number of exactly so many digits.
    int number(std::size_t digits) {
        int value = 0;
        for (std::size_t i = 0; i < digits; ++i) {
            if (rest_.empty() || rest_[0] < '0' || rest_[0] > '9') {
                broken_ = true;
                return 0;
            }
            value = value * 10 + (rest_[0] - '0');
            rest_.remove_prefix(1);
        }
        return value;
    }

    bool take_if(std::string_view one_of) {
        if (rest_.empty() || !one_of.contains(rest_[0])) return false;
        rest_.remove_prefix(1);
        return true;
    }
    void take(std::string_view one_of) { broken_ = !take_if(one_of) || broken_; }

    /// Digits behind the point, at least one, in nanoseconds. Further ones round up.
    std::chrono::nanoseconds fraction() {
        std::int64_t value = 0;
        std::size_t count = 0;
        bool more = false;
        for (; !rest_.empty() && rest_[0] >= '0' && rest_[0] <= '9'; rest_.remove_prefix(1)) {
            if (++count <= 9) {
                value = value * 10 + (rest_[0] - '0');
            } else {
                more = more || rest_[0] != '0';
            }
        }
        if (count == 0) broken_ = true;
        for (std::size_t i = count; i < 9; ++i) value *= 10;
        return std::chrono::nanoseconds(value + (more ? 1 : 0));
    }

    bool done() const noexcept { return !broken_ && rest_.empty(); }

private:
    std::string_view rest_;
    bool broken_ = false;
};

/// The clock counts nanoseconds: its last year is 2262.
system_clock::time_point within_clock(std::chrono::sys_seconds whole,
                                      std::chrono::nanoseconds rest) {
    using namespace std::chrono;
    if (whole >= floor<seconds>(system_clock::time_point::max()))
        return floor<seconds>(system_clock::time_point::max());
    return std::max(whole, ceil<seconds>(system_clock::time_point::min())) + rest;
}

/// A leap second is the last of a month in UTC; `at` counts it as the first of the next.
bool may_be_leap_second(std::chrono::sys_seconds at) {
    const auto day = std::chrono::floor<std::chrono::days>(at);
    return at == day && std::chrono::year_month_day(day).day() == std::chrono::day(1);
}

}  // namespace

system_clock::time_point time_of_seconds(std::int64_t since_1970) {
    return within_clock(std::chrono::sys_seconds(std::chrono::seconds(since_1970)), {});
}

std::optional<system_clock::time_point> parse_time(std::string_view text) {
    using namespace std::chrono;
    time_reader in(text);
    const year y(in.number(4));
    in.take("-");
    const month m(static_cast<unsigned>(in.number(2)));
    in.take("-");
    const day d(static_cast<unsigned>(in.number(2)));
    in.take("Tt");
    const int hour = in.number(2);
    in.take(":");
    const int minute = in.number(2);
    in.take(":");
    const int second = in.number(2);
    const nanoseconds rest = in.take_if(".") ? in.fraction() : nanoseconds(0);
    int offset_hour = 0;
    int offset_minute = 0;
    int sign = 0;
    if (!in.take_if("Zz")) {
        sign = in.take_if("-") ? -1 : 1;
        if (sign > 0) in.take("+");
        offset_hour = in.number(2);
        in.take(":");
        offset_minute = in.number(2);
    }
    const year_month_day date{y, m, d};
    if (!in.done() || !date.ok() || hour > 23 || minute > 59 || second > 60 || offset_hour > 23 ||
        offset_minute > 59)
        return std::nullopt;
    const sys_seconds at = sys_days(date) + hours(hour - sign * offset_hour) +
                           minutes(minute - sign * offset_minute) + seconds(second);
    if (second == 60 && !may_be_leap_second(at)) return std::nullopt;
    return within_clock(at, rest);
}

std::string rfc3339(std::chrono::system_clock::time_point t) {
    const auto ms = std::chrono::floor<std::chrono::milliseconds>(t.time_since_epoch());
    const auto seconds = std::chrono::floor<std::chrono::seconds>(ms);
    return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z",
                       fmt::gmtime(static_cast<std::time_t>(seconds.count())),
                       (ms - seconds).count());
}

}  // namespace carillon
