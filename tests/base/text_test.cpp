#include <carillon/base/log.hpp>
#include <carillon/base/result.hpp>

#include "base/json_text.hpp"
#include "base/time_text.hpp"

#include <set>
#include <string>

#include <gtest/gtest.h>

namespace carillon {
namespace {

using namespace std::chrono_literals;
using std::chrono::sys_days;
using std::chrono::system_clock;

std::string quoted(std::string_view text) {
    std::string out;
    append_json_string(out, text);
    return out;
}

TEST(json_text, escapes_what_json_demands_and_nothing_else) {
    EXPECT_EQ(quoted(""), "\"\"");
    EXPECT_EQ(quoted("plain ä €"), "\"plain ä €\"");
    EXPECT_EQ(quoted("a\"b\\c"), R"("a\"b\\c")");
    EXPECT_EQ(quoted("\n\r\t"), R"("\n\r\t")");
    EXPECT_EQ(quoted(std::string_view("\0\x01\x1f", 3)), R"("\u0000\u0001\u001f")");
    EXPECT_EQ(quoted("\x7f/"), "\"\x7f/\"");
}

TEST(time_text, reads_whole_numbers_alone) {
    EXPECT_EQ(parse_whole_number("0"), 0);
    EXPECT_EQ(parse_whole_number("9223372036854775807"), INT64_MAX);
    for (const char* bad : {"", "-1", "-0", "+1", " 1", "1 ", "1.0", "0x1", "9223372036854775808"})
        EXPECT_FALSE(parse_whole_number(bad)) << bad;
}

TEST(time_text, reads_durations_with_their_unit) {
    EXPECT_EQ(parse_duration("500ms"), 500ms);
    EXPECT_EQ(parse_duration("30s"), 30s);
    EXPECT_EQ(parse_duration("10m"), 10min);
    EXPECT_EQ(parse_duration("24h"), 24h);
    EXPECT_EQ(parse_duration("7d"), 168h);
    for (const char* bad : {"", "5", "s", "-1s", "1.5s", "1 s", "1w", "99999999999999d"})
        EXPECT_FALSE(parse_duration(bad)) << bad;
}

TEST(time_text, writes_durations_in_the_largest_whole_unit) {
    for (const char* text : {"1ms", "1001ms", "30s", "90s", "10m", "25h", "7d"})
        EXPECT_EQ(duration_text(*parse_duration(text)), text);
    EXPECT_EQ(duration_text(0ms), "0s");
    EXPECT_EQ(duration_text(1000ms), "1s");
    EXPECT_EQ(duration_text(24h), "1d");
}

TEST(time_text, reads_times_of_rfc_3339) {
    using std::chrono::January;
    const auto noon = sys_days(std::chrono::year(2026) / January / 31) + 12h;
    EXPECT_EQ(parse_time("2026-01-31T12:00:00Z"), noon);
    EXPECT_EQ(parse_time("2026-01-31t12:00:00z"), noon);
    EXPECT_EQ(parse_time("2026-01-31T14:30:00+02:30"), noon);
    EXPECT_EQ(parse_time("2026-01-31T06:00:00-06:00"), noon);
    EXPECT_EQ(parse_time("2026-01-31T12:00:00-00:00"), noon);
    EXPECT_EQ(parse_time("2026-02-01T11:59:00+23:59"), noon);
    EXPECT_EQ(parse_time("2024-02-29T00:00:00Z"),
              sys_days(std::chrono::year(2024) / std::chrono::February / 29));
}

TEST(time_text, reads_fractions_of_any_length_and_rounds_up) {
    using std::chrono::January;
    const auto noon = sys_days(std::chrono::year(2026) / January / 31) + 12h;
    EXPECT_EQ(parse_time("2026-01-31T12:00:00.9Z"), noon + 900ms);
    EXPECT_EQ(parse_time("2026-01-31T12:00:00.999+00:00"), noon + 999ms);
    EXPECT_EQ(parse_time("2026-01-31T12:00:00.000000001Z"), noon + 1ns);
    EXPECT_EQ(parse_time("2026-01-31T12:00:00.0000000000Z"), noon);
    EXPECT_EQ(parse_time("2026-01-31T12:00:00.0000000001Z"), noon + 1ns);
    EXPECT_EQ(parse_time("2026-01-31T12:00:00.9999999999Z"), noon + 1s);
    EXPECT_EQ(parse_time("2026-01-31T12:00:00." + std::string(1000, '1') + "Z"),
              noon + 111'111'112ns);
}

TEST(time_text, reads_a_leap_second_where_one_may_be) {
    const auto new_year = sys_days(std::chrono::year(2017) / std::chrono::January / 1);
    EXPECT_EQ(parse_time("2016-12-31T23:59:60Z"), new_year);
    EXPECT_EQ(parse_time("2017-01-01T01:59:60.5+02:00"), new_year + 500ms);
    for (const char* bad : {"2016-12-31T12:00:60Z", "2016-12-30T23:59:60Z", "2016-12-31T23:59:61Z"})
        EXPECT_FALSE(parse_time(bad)) << bad;
}

TEST(time_text, refuses_whatever_is_no_time) {
    for (const char* bad : {"",
                            "tomorrow",
                            "2026-01-31",
                            "2026-02-30T12:00:00Z",
                            "2026-13-01T12:00:00Z",
                            "2026-00-01T12:00:00Z",
                            "2026-01-00T12:00:00Z",
                            "2025-02-29T12:00:00Z",
                            "2026-01-31T24:00:00Z",
                            "2026-01-31T12:60:00Z",
                            "2026-01-31T12:00:00",
                            "2026-01-31T12:00:00*02:00",
                            "2026-01-31T12:00:00+01:00junk",
                            "2026-01-31T12:00:00Zjunk",
                            "2026-01-31T12:00:00Z ",
                            " 2026-01-31T12:00:00Z",
                            "2026-01-31 12:00:00Z",
                            "2026-01-31T12:00:00 Z",
                            "2026-01-31T12:00:00.Z",
                            "2026-01-31T12:00:00,5Z",
                            "2026-01-31T12:00:00+99:99",
                            "2026-01-31T12:00:00+24:00",
                            "2026-01-31T12:00:00+01:60",
                            "2026-01-31T12:00:00:-5Z",
                            "2026-01-31T18:00:-5Z",
                            "2026-01-31T12:00:00+1:00",
                            "2026-01-31T12:00:00+0100",
                            "2026-01-31T12:00:00+01",
                            "+030-01-31T12:00:00Z",
                            "-001-01-31T12:00:00Z",
                            "226-01-31T12:00:00Z",
                            "12026-01-31T12:00:00Z",
                            "2026-1-31T12:00:00Z",
                            "2026-01-31T12:00Z",
                            "2026-01-31T 2:00:00Z"})
        EXPECT_FALSE(parse_time(bad)) << bad;
    EXPECT_FALSE(parse_time(std::string_view("2026-01-31T12:00:00Z\0", 21)));
}

TEST(time_text, times_beyond_the_clock_are_its_ends) {
    EXPECT_GT(*parse_time("2999-01-01T00:00:00Z"), system_clock::now() + 24h * 365 * 100);
    EXPECT_EQ(parse_time("9999-12-31T23:59:59.9-23:59"), parse_time("2999-01-01T00:00:00Z"));
    EXPECT_LT(*parse_time("0000-01-01T00:00:00+23:59"), system_clock::now() - 24h * 365 * 100);
    EXPECT_LT(*parse_time("0001-01-01T00:00:00Z"), system_clock::now() - 24h * 365 * 100);
    EXPECT_EQ(time_of_seconds(INT64_MAX), time_of_seconds(9'223'372'036));
    EXPECT_EQ(time_of_seconds(9'223'372'035), system_clock::time_point(9'223'372'035s));
}

TEST(result, each_code_has_a_name_of_its_own) {
    std::set<std::string_view> names;
    for (int code = 0; code <= static_cast<int>(errc::internal); ++code)
        EXPECT_TRUE(names.insert(to_string(static_cast<errc>(code))).second) << code;
}

TEST(log_gate, holds_back_what_is_too_much_and_counts_it) {
    log::gate gate(3);
    const std::chrono::steady_clock::time_point now(100s);
    for (int i = 0; i < 1000; ++i)
        EXPECT_EQ(gate.pass(now), i < 3 ? std::optional<std::uint64_t>(0) : std::nullopt);
    EXPECT_EQ(gate.pass(now + 999ms), std::nullopt);
    EXPECT_EQ(gate.pass(now + 1s), 998u);
    EXPECT_EQ(gate.pass(now + 1s), 0u);
}

}  // namespace
}  // namespace carillon
