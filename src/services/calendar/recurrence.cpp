#include "services/calendar/recurrence.hpp"

#include <algorithm>
#include <memory>
#include <mutex>
#include <utility>

#include <fmt/format.h>
#include <libical/ical.h>

namespace carillon::services {

namespace {

// A rule such as "every second" that began years ago: more steps than this are refused rather than
// walked.
constexpr std::size_t max_steps = 200'000;
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

bool is_local_time(std::string_view text) {
    if (text.size() != local_time_size || text[8] != 'T') return false;
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    return std::ranges::all_of(text.substr(0, 8), is_digit) &&
           std::ranges::all_of(text.substr(9), is_digit);
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
    s.rule = icalrecurrencetype_from_string(e.rule.c_str());
    s.recurs = true;
    if (s.rule.freq == ICAL_NO_RECURRENCE)
        return refused(fmt::format("`rule` is no RRULE of RFC 5545: {}", e.rule));
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
