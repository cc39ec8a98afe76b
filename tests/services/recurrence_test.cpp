#include "services/calendar/recurrence.hpp"

#include <ctime>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace carillon::services {
namespace {

using namespace std::chrono;
using store::time_point;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

time_point at(int y, unsigned m, unsigned d, int hour, int minute = 0) {
    return sys_days(year(y) / month(m) / day(d)) + hours(hour) + minutes(minute);
}

store::calendar_event event(std::string starts, std::string zone, std::string rule = {}) {
    store::calendar_event e;
    e.starts = std::move(starts);
    e.zone = std::move(zone);
    e.rule = std::move(rule);
    return e;
}

std::vector<time_point> in(const store::calendar_event& e, time_point from, time_point to,
                           std::size_t limit = 100) {
    const auto found = occurrences(e, from, to, limit);
    EXPECT_TRUE(found) << (found ? "" : found.error().detail);
    return found.value_or(std::vector<time_point>{});
}

TEST(recurrence, stays_at_nine_when_summer_time_begins_and_ends) {
    const auto e = event("20260327T090000", "Europe/Zurich", "FREQ=DAILY");
    EXPECT_THAT(in(e, at(2026, 3, 28, 0), at(2026, 3, 31, 0)),
                ElementsAre(at(2026, 3, 28, 8), at(2026, 3, 29, 7), at(2026, 3, 30, 7)));
    EXPECT_THAT(in(e, at(2026, 10, 24, 0), at(2026, 10, 27, 0)),
                ElementsAre(at(2026, 10, 24, 7), at(2026, 10, 25, 8), at(2026, 10, 26, 8)));
}

TEST(recurrence, reckons_left_out_and_repeated_times_as_rfc_5545_does) {
    for (const char* rule : {"", "FREQ=YEARLY"}) {
        const auto only = [&](std::string starts, const char* zone, time_point day) {
            const auto found = in(event(std::move(starts), zone, rule), day, day + days(1), 1);
            return found.empty() ? time_point{} : found.front();
        };
        EXPECT_EQ(only("20270328T023000", "Europe/Berlin", at(2027, 3, 28, 0)),
                  at(2027, 3, 28, 1, 30));
        EXPECT_EQ(only("20271031T023000", "Europe/Berlin", at(2027, 10, 31, 0)),
                  at(2027, 10, 31, 0, 30));
        EXPECT_EQ(only("20270314T023000", "America/New_York", at(2027, 3, 14, 0)),
                  at(2027, 3, 14, 7, 30));
        EXPECT_EQ(only("20271107T013000", "America/New_York", at(2027, 11, 7, 0)),
                  at(2027, 11, 7, 5, 30));
        EXPECT_EQ(only("20270601T023000", "Europe/Berlin", at(2027, 6, 1, 0)),
                  at(2027, 6, 1, 0, 30));
    }
}

TEST(recurrence, counts_hours_from_the_start_wherever_the_search_begins) {
    const auto e = event("20260101T030000", "UTC", "FREQ=HOURLY;INTERVAL=7");
    const auto all = in(e, at(2026, 1, 1, 0), at(2026, 2, 1, 0), 200);
    ASSERT_GT(all.size(), 100u);
    for (std::size_t i = 0; i + 1 < all.size(); ++i)
        EXPECT_THAT(in(e, all[i] + minutes(1), at(2026, 2, 2, 0), 1), ElementsAre(all[i + 1])) << i;
}

TEST(recurrence, ends_with_the_year_2200) {
    EXPECT_FALSE(check_schedule(event("26110617T194535", "UTC")));
    EXPECT_TRUE(check_schedule(event("22001231T235959", "UTC")));
    const auto e = event("22001230T120000", "UTC", "FREQ=DAILY");
    EXPECT_EQ(in(e, at(2200, 12, 1, 0), at(2201, 6, 1, 0)).size(), 2u);
}

TEST(recurrence, takes_an_event_without_a_rule_once) {
    const auto e = event("20261126T090000", "");
    EXPECT_THAT(in(e, at(2026, 11, 26, 9), at(2026, 11, 26, 10)), ElementsAre(at(2026, 11, 26, 9)));
    EXPECT_THAT(in(e, at(2026, 11, 26, 9, 1), at(2027, 1, 1, 0)), ElementsAre());
    EXPECT_THAT(in(e, at(2026, 1, 1, 0), at(2026, 11, 26, 9)), ElementsAre());
}

TEST(recurrence, counts_from_the_start_and_ends_where_the_rule_says) {
    const auto e = event("20260101T120000", "UTC", "FREQ=WEEKLY;COUNT=3;BYDAY=TH");
    EXPECT_THAT(in(e, at(2026, 1, 5, 0), at(2027, 1, 1, 0)),
                ElementsAre(at(2026, 1, 8, 12), at(2026, 1, 15, 12)));
    const auto until = event("20260101T120000", "UTC", "FREQ=DAILY;UNTIL=20260103T120000Z");
    EXPECT_EQ(in(until, at(2026, 1, 1, 0), at(2027, 1, 1, 0)).size(), 3u);
    EXPECT_EQ(in(until, at(2026, 1, 1, 0), at(2027, 1, 1, 0), 2).size(), 2u);
}

TEST(recurrence, gets_far_into_the_future_of_an_old_rule_at_once) {
    const auto e = event("19800101T120000", "UTC", "FREQ=HOURLY");
    EXPECT_THAT(in(e, at(2026, 1, 1, 0), at(2026, 1, 1, 2)),
                ElementsAre(at(2026, 1, 1, 0), at(2026, 1, 1, 1)));
    const auto counted = event("19800101T120000", "UTC", "FREQ=SECONDLY;COUNT=1000000000");
    EXPECT_FALSE(occurrences(counted, at(2026, 1, 1, 0), at(2026, 1, 1, 2), 10));
}

TEST(recurrence, takes_no_rule_that_is_searched_for_long) {
    const auto begun = std::clock();
    const auto spent = [&] { return static_cast<double>(std::clock() - begun) / CLOCKS_PER_SEC; };
    for (const char* rule :
         {"FREQ=SECONDLY", "FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30", "FREQ=SECONDLY;INTERVAL=86400",
          "FREQ=MINUTELY;BYSETPOS=-1;BYMONTH=2;BYMONTHDAY=30", "FREQ=MINUTELY",
          "FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30", "FREQ=HOURLY;BYHOUR=3", "FREQ=HOURLY;BYSETPOS=2",
          "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "FREQ=YEARLY;BYMONTH=4,6;BYMONTHDAY=31",
          "FREQ=DAILY;BYYEARDAY=1;BYMONTH=2",
          "FREQ=DAILY;BYMINUTE=0,10,20,30,40;BYHOUR=1,2,3,4,5,6",
          "FREQ=YEARLY;BYSECOND=0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24",
          "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=50", "FREQ=DAILY;INTERVAL=7;BYDAY=MO",
          "FREQ=MONTHLY;BYDAY=2MO;BYMONTHDAY=1", "freq=daily;rscale=chinese"}) {
        const auto e = event("20000101T000000", "UTC", rule);
        const auto fine = check_schedule(e);
        ASSERT_FALSE(fine) << rule;
        EXPECT_THAT(fine.error().detail, HasSubstr("`rule`"));
        const auto some = occurrences(e, at(2026, 1, 1, 0), at(2031, 1, 1, 0), 1);
        EXPECT_TRUE(!some || some->empty()) << rule;
    }
    // What seldom comes.
    for (const char* rule :
         {"FREQ=DAILY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO", "FREQ=MONTHLY;BYMONTHDAY=31;BYDAY=FR",
          "FREQ=YEARLY;BYWEEKNO=53;BYDAY=MO", "FREQ=DAILY;COUNT=20000", "FREQ=HOURLY;INTERVAL=5",
          "FREQ=DAILY;BYHOUR=9,17;BYMINUTE=0,30", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29,30"}) {
        const auto e = event("20000101T000000", "UTC", rule);
        EXPECT_TRUE(check_schedule(e)) << rule;
        const double before = spent();
        (void)occurrences(e, at(2026, 1, 1, 0), at(2031, 1, 1, 0), 1);
        EXPECT_LT(spent() - before, 1.0) << rule;
    }
}

TEST(recurrence, names_what_is_wrong) {
    const auto why = [](const store::calendar_event& e) {
        const auto fine = check_schedule(e);
        return fine ? std::string() : fine.error().detail;
    };
    EXPECT_EQ(why(event("20260101T120000", "America/New_York", "FREQ=MONTHLY;BYMONTHDAY=-1")), "");
    EXPECT_THAT(why(event("20260101T120000", "Mars/Olympus")), HasSubstr("zone"));
    EXPECT_THAT(why(event("20260101T120000", "../../etc/passwd")), HasSubstr("zone"));
    for (const char* wrong : {"", "2026-01-01T12:00", "20260101", "20260230T120000",
                              "20260101T250000", "20260101T120000Z", "99999999T999999"})
        EXPECT_THAT(why(event(wrong, "UTC")), HasSubstr("starts")) << wrong;
    for (const char* wrong : {"every day", "FREQ=SOMETIMES", "INTERVAL=2", "FREQ=DAILY\r\nX:1"})
        EXPECT_THAT(why(event("20260101T120000", "UTC", wrong)), HasSubstr("rule")) << wrong;
}

}  // namespace
}  // namespace carillon::services
