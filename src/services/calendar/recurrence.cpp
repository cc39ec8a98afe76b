#include "services/calendar/recurrence.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <utility>

#include <fmt/format.h>
#include <libical/ical.h>

namespace carillon::services {

namespace {

// More occurrences than this between the beginning of the search and its end are refused rather
// than walked.
constexpr std::size_t max_steps = 20'000;
constexpr std::size_t max_a_day = 24;  ///< occurrences
constexpr std::size_t max_rule = 1024;
constexpr std::size_t local_time_size = 15;  // YYYYMMDDTHHMMSS

/// libical loads time zones at first use, into tables of the whole process.
std::mutex& zones_mutex() {
    static std::mutex m;
    return m;
}

struct schedule {
    icaltimetype start{};
    icaltimezone* zone = nullptr;
    icalrecurrencetype rule{};
    bool recurs = false;
};

std::unexpected<error> refused(std::string why) {
    return fail(errc::invalid_request, std::move(why));
}

char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

bool is_local_time(std::string_view text) {
    if (text.size() != local_time_size || text[8] != 'T') return false;
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    return std::ranges::all_of(text.substr(0, 8), is_digit) &&
           std::ranges::all_of(text.substr(9), is_digit);
}

template <std::size_t N>
std::size_t count_of(const short (&part)[N]) {
    constexpr auto end = static_cast<short>(ICAL_RECURRENCE_ARRAY_MAX);
    return static_cast<std::size_t>(std::ranges::find(part, end) - std::ranges::begin(part));
}

/// Whether one of the months has one of the days; counted from the end it is in any.
bool is_possible(const icalrecurrencetype& r) {
    const std::size_t months = count_of(r.by_month), days = count_of(r.by_month_day);
    if (months == 0 || days == 0) return true;
    constexpr std::array longest{31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    for (std::size_t m = 0; m < months; ++m) {
        const int month = r.by_month[m];
        for (std::size_t d = 0; d < days; ++d) {
            if (month >= 1 && month <= 12 &&
                std::abs(r.by_month_day[d]) <= longest.at(static_cast<std::size_t>(month - 1)))
                return true;
        }
    }
    return false;
}

// libical looks for the next occurrence step by step, up to the year 2582 if there is none, and a
// step is a second in a rule of seconds: such a search would take minutes.
result<> check_cost(const icalrecurrencetype& r) {
    const auto count = [](std::size_t part) { return std::max<std::size_t>(part, 1); };
    if (r.freq == ICAL_SECONDLY_RECURRENCE || r.freq == ICAL_MINUTELY_RECURRENCE)
        return refused("`rule` comes more often than hourly");
    const std::size_t at_times =
        count_of(r.by_hour) + count_of(r.by_minute) + count_of(r.by_second);
    const std::size_t on_days = count_of(r.by_day) + count_of(r.by_month_day) +
                                count_of(r.by_year_day) + count_of(r.by_week_no) +
                                count_of(r.by_month) + count_of(r.by_set_pos);
    if (r.freq == ICAL_HOURLY_RECURRENCE && at_times + on_days != 0)
        return refused("`rule`: an hourly one takes no parts that begin with BY");
    if (count(count_of(r.by_hour)) * count(count_of(r.by_minute)) * count(count_of(r.by_second)) >
        max_a_day)
        return refused("`rule` comes more often than hourly");
    const bool of_years = r.freq == ICAL_YEARLY_RECURRENCE;
    if (!of_years && count_of(r.by_year_day) + count_of(r.by_week_no) != 0)
        return refused("`rule`: BYYEARDAY and BYWEEKNO are for yearly ones");
    if (!is_possible(r)) return refused("`rule` never comes: no such month has such a day");
    return {};
}

result<schedule> schedule_of(const store::calendar_event& e) {
    schedule s;
    s.zone = e.zone.empty() || e.zone == "UTC" ? icaltimezone_get_utc_timezone()
                                               : icaltimezone_get_builtin_timezone(e.zone.c_str());
    if (s.zone == nullptr) return refused(fmt::format("`zone` is no known zone: {}", e.zone));
    if (!is_local_time(e.starts))
        return refused("`starts` is a local time of the form YYYYMMDDTHHMMSS");
    s.start = icaltime_from_string(e.starts.c_str());
    // An impossible day such as the 30th of February changes when it is made possible.
    const icaltimetype normal = icaltime_normalize(s.start);
    if (icaltime_is_null_time(s.start) || icaltime_compare(s.start, normal) != 0 ||
        normal.day != s.start.day || normal.hour != s.start.hour ||
        normal.minute != s.start.minute || normal.second != s.start.second)
        return refused("`starts` is no time of the calendar");
    s.start = icaltime_set_timezone(&s.start, s.zone);
    if (e.rule.empty()) return s;
    if (e.rule.size() > max_rule || e.rule.find_first_of("\r\n") != std::string::npos)
        return refused("`rule` is too long or has several lines");
    if (std::ranges::search(e.rule, std::string_view("RSCALE"), {}, upper).begin() != e.rule.end())
        return refused("`rule`: RSCALE is not known here");
    s.rule = icalrecurrencetype_from_string(e.rule.c_str());
    s.recurs = true;
    if (s.rule.freq == ICAL_NO_RECURRENCE)
        return refused(fmt::format("`rule` is no RRULE of RFC 5545: {}", e.rule));
    if (auto fine = check_cost(s.rule); !fine) return std::unexpected(fine.error());
    return s;
}

store::time_point time_of(icaltimetype t, icaltimezone* zone) {
    return std::chrono::system_clock::from_time_t(icaltime_as_timet_with_zone(t, zone));
}

struct freed {
    void operator()(icalrecur_iterator* i) const noexcept { icalrecur_iterator_free(i); }
};

}  // namespace

result<> check_schedule(const store::calendar_event& e) {
    const std::lock_guard lock(zones_mutex());
    const auto s = schedule_of(e);
    if (!s) return std::unexpected(s.error());
    return {};
}

result<std::vector<store::time_point>> occurrences(const store::calendar_event& e,
                                                   store::time_point from, store::time_point to,
                                                   std::size_t limit) {
    const std::lock_guard lock(zones_mutex());
    auto s = schedule_of(e);
    if (!s) return std::unexpected(s.error());
    std::vector<store::time_point> found;
    const auto take = [&](store::time_point at) {
        if (at >= from && at < to) found.push_back(at);
    };
    if (!s->recurs) {
        take(time_of(s->start, s->zone));
        found.resize(std::min(found.size(), limit));
        return found;
    }
    const std::unique_ptr<icalrecur_iterator, freed> each(
        icalrecur_iterator_new(s->rule, s->start));
    if (each == nullptr) return refused("`rule` and `starts` do not go together");
    // A rule that counts has to be walked from its start; any other may be entered a day before.
    if (s->rule.count == 0 && from > time_of(s->start, s->zone)) {
        const std::time_t day_before =
            std::chrono::system_clock::to_time_t(from - std::chrono::hours(24));
        icaltimetype enter = icaltime_from_timet_with_zone(day_before, 0, s->zone);
        if (icaltime_compare(enter, s->start) > 0) icalrecur_iterator_set_start(each.get(), enter);
    }
    for (std::size_t steps = 0; found.size() < limit; ++steps) {
        if (steps == max_steps) return refused("`rule` has too many occurrences to get there");
        icaltimetype t = icalrecur_iterator_next(each.get());
        if (icaltime_is_null_time(t)) break;
        t = icaltime_set_timezone(&t, s->zone);
        const store::time_point at = time_of(t, s->zone);
        if (at >= to) break;
        take(at);
    }
    return found;
}

}  // namespace carillon::services
