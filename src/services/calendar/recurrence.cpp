#include "services/calendar/recurrence.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <libical/ical.h>

namespace carillon::services {

namespace {

// More occurrences than this between the beginning of the search and its end are refused rather
// than walked.
constexpr std::size_t max_steps = 20'000;
constexpr int last_year = 2200;        ///< of what takes place
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

/// At least as many as the set of one period has, from which BYSETPOS takes.
std::size_t most_in_a_set(const icalrecurrencetype& r) {
    const auto count = [](std::size_t part) { return std::max<std::size_t>(part, 1); };
    const std::size_t times =
        count(count_of(r.by_hour)) * count(count_of(r.by_minute)) * count(count_of(r.by_second));
    const std::size_t weekdays = count_of(r.by_day);
    switch (r.freq) {
        case ICAL_YEARLY_RECURRENCE:
            return times * (weekdays == 0 ? 366 : std::min<std::size_t>(366, 53 * weekdays));
        case ICAL_MONTHLY_RECURRENCE:
            return times * (weekdays == 0 ? 31 : std::min<std::size_t>(31, 5 * weekdays));
        case ICAL_WEEKLY_RECURRENCE:
            return times * count(weekdays);
        default:
            return times;
    }
}

std::size_t largest_position(const icalrecurrencetype& r) {
    int largest = 0;
    for (std::size_t i = 0; i < count_of(r.by_set_pos); ++i)
        largest = std::max(largest, std::abs(r.by_set_pos[i]));
    return static_cast<std::size_t>(largest);
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
    if (count_of(r.by_set_pos) != 0 && most_in_a_set(r) < largest_position(r))
        return refused("`rule` never comes: BYSETPOS asks for more than there is");
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
    if (s.start.year > last_year)
        return refused(fmt::format("`starts` is later than the year {}", last_year));
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

std::int64_t seconds_of(const icaltimetype& t) {
    return icaltime_as_timet_with_zone(t, icaltimezone_get_utc_timezone());
}

/// The zone's distance from UTC at a moment.
std::int64_t offset_at(std::int64_t moment, icaltimezone* zone) {
    icaltimetype t = icaltime_from_timet_with_zone(moment, 0, icaltimezone_get_utc_timezone());
    int is_daylight = 0;
    return icaltimezone_get_utc_offset_of_utc_time(zone, &t, &is_daylight);
}

// RFC 5545, 3.3.5: of a local time that comes twice the first one is meant, and one that is left
// out is reckoned by the distance from UTC before it.
store::time_point time_of(icaltimetype t, icaltimezone* zone) {
    constexpr std::int64_t day = std::int64_t{24} * 60 * 60;
    const std::int64_t local = seconds_of(t);
    const std::int64_t before = offset_at(local - day, zone);
    const std::int64_t after = offset_at(local + day, zone);
    std::int64_t moment = local - before;
    if (before != after && offset_at(moment, zone) != before &&
        offset_at(local - after, zone) == after)
        moment = local - after;
    return std::chrono::system_clock::from_time_t(moment);
}

/// The last local time until `limit` that is a multiple of so many hours behind the start.
icaltimetype hours_on(const icaltimetype& start, const icaltimetype& limit, int interval,
                      icaltimezone* zone) {
    const std::int64_t step = std::int64_t{3600} * std::max(interval, 1);
    const std::int64_t begun = seconds_of(start);
    const std::int64_t past = std::max<std::int64_t>(seconds_of(limit) - begun, 0) / step * step;
    icaltimetype t =
        icaltime_from_timet_with_zone(begun + past, 0, icaltimezone_get_utc_timezone());
    return icaltime_set_timezone(&t, zone);
}

struct freed {
    void operator()(icalrecur_iterator* i) const noexcept { icalrecur_iterator_free(i); }
};

}  // namespace

result<> check_schedule(const store::calendar_event& e) {
    const std::lock_guard lock(zones_mutex());
    const auto s = schedule_of(e);
    if (!s) return std::unexpected(s.error());
    if (!s->recurs) return {};
    // To find out that a rule never comes takes up to half a second: once, and not at each look.
    const std::unique_ptr<icalrecur_iterator, freed> each(
        icalrecur_iterator_new(s->rule, s->start));
    if (each == nullptr) return refused("`rule` and `starts` do not go together");
    if (icaltime_is_null_time(icalrecur_iterator_next(each.get())))
        return refused("`rule` never comes");
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
    // A rule that counts has to be walked from its start; any other may be entered a day before.
    icaltimetype begins = s->start;
    std::optional<icaltimetype> enters;
    if (s->rule.count == 0 && from > time_of(s->start, s->zone)) {
        const std::time_t day_before =
            std::chrono::system_clock::to_time_t(from - std::chrono::hours(24));
        const icaltimetype enter = icaltime_from_timet_with_zone(day_before, 0, s->zone);
        if (icaltime_compare(enter, s->start) > 0) enters = enter;
    }
    // libical would count an interval of hours from where it is entered.
    if (enters && s->rule.freq == ICAL_HOURLY_RECURRENCE)
        begins = hours_on(s->start, *std::exchange(enters, {}), s->rule.interval, s->zone);
    const std::unique_ptr<icalrecur_iterator, freed> each(icalrecur_iterator_new(s->rule, begins));
    if (each == nullptr) return refused("`rule` and `starts` do not go together");
    if (enters) icalrecur_iterator_set_start(each.get(), *enters);
    for (std::size_t steps = 0; found.size() < limit; ++steps) {
        if (steps == max_steps) return refused("`rule` has too many occurrences to get there");
        icaltimetype t = icalrecur_iterator_next(each.get());
        if (icaltime_is_null_time(t) || t.year > last_year) break;
        t = icaltime_set_timezone(&t, s->zone);
        const store::time_point at = time_of(t, s->zone);
        if (at >= to) break;
        take(at);
    }
    return found;
}

}  // namespace carillon::services
