#include <carillon/services/calendar.hpp>

#include "services/service_fixture.hpp"

#include <gmock/gmock.h>

namespace carillon::services {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class calendar_test : public carillon::testing::service_fixture {
protected:
    calendar_test() {
        wall = std::chrono::sys_days(std::chrono::year(2026) / 3 / 27) + 12h;
        start();
    }
    void start() {
        service = std::make_unique<calendar>(*relay, *records, calendar_limits{.max_attendees = 2},
                                             [this] { return wall; });
        ASSERT_TRUE(answer_of<void>([&](auto done) { service->start(std::move(done)); }));
    }
    static store::calendar_event daily() {
        store::calendar_event e;
        e.id = "e1";
        e.title = "Stand-up";
        e.owner = "boss";
        e.starts = "20260327T090000";
        e.zone = "Europe/Zurich";
        e.rule = "FREQ=DAILY";
        e.length = 15min;
        e.reminders = {10min};
        e.attendees = {"alice", "bob"};
        return e;
    }
    result<std::string> create(store::calendar_event e) {
        return answer_of<std::string>(
            [&](auto done) { service->create(std::move(e), std::move(done)); });
    }
    result<std::uint64_t> upcoming(std::chrono::seconds window) {
        return answer_of<std::uint64_t>(
            [&](auto done) { service->remind_of_upcoming(window, std::move(done)); });
    }
    /// Ticks, and waits until what that began is written.
    void tick() {
        for (int i = 0; i < 2; ++i) {
            service->tick();
            settle();
        }
    }
    std::vector<std::string> reminders(const std::string& user) {
        std::vector<std::string> all;
        for (const std::string& text : inbox(user)) {
            if (text.find("startsAt") != std::string::npos) all.push_back(text);
        }
        return all;
    }

    std::unique_ptr<calendar> service;
};

TEST_F(calendar_test, reminds_by_schedule_once_for_each_occurrence_across_summer_time) {
    ASSERT_TRUE(create(daily()));
    tick();
    EXPECT_THAT(reminders("alice"), SizeIs(0));
    wall += 20h - 10min;  // 28 March, 08:50 in Zurich
    tick();
    tick();
    EXPECT_THAT(reminders("alice"),
                ElementsAre(HasSubstr(R"("startsAt":"2026-03-28T08:00:00.000Z")")));
    wall += 23h;  // the next morning comes an hour earlier
    tick();
    EXPECT_THAT(reminders("alice"), ElementsAre(HasSubstr("03-28T08"), HasSubstr("03-29T07")));
    EXPECT_THAT(reminders("bob"), SizeIs(2));
}

TEST_F(calendar_test, catches_up_after_a_restart_and_repeats_nothing) {
    ASSERT_TRUE(create(daily()));
    wall += 20h - 5min;  // due for five minutes, and nobody ticked
    service.reset();
    open_records();
    start();
    tick();
    EXPECT_THAT(reminders("alice"), SizeIs(1));
    service.reset();
    open_records();
    start();
    tick();
    EXPECT_THAT(reminders("alice"), SizeIs(1));
    wall += 6min;  // the occurrence has begun
    service.reset();
    open_records();
    start();
    tick();
    EXPECT_THAT(reminders("alice"), SizeIs(1));
}

TEST_F(calendar_test, reminds_on_request_once) {
    ASSERT_TRUE(create(daily()));
    EXPECT_EQ(upcoming(1h).value(), 0u);
    EXPECT_EQ(upcoming(24h).value(), 2u);
    EXPECT_EQ(upcoming(24h).value(), 0u);
    const auto one = [&](std::string id) {
        return answer_of<std::uint64_t>(
            [&](auto done) { service->remind_of(std::move(id), std::move(done)); });
    };
    EXPECT_EQ(one("e1").value(), 0u) << "reminded of this occurrence already";
    EXPECT_EQ(one("e2").error().code, errc::not_found);
    EXPECT_FALSE(upcoming(0s));
    EXPECT_FALSE(upcoming(24h * 32));
}

TEST_F(calendar_test, tells_attendees_of_changes_and_lets_owners_make_them) {
    ASSERT_TRUE(create(daily()));
    EXPECT_EQ(create(daily()).error().code, errc::conflict);
    const auto change = [&](std::string user, calendar::rights as) {
        auto e = daily();
        e.title = "Later";
        return answer_of<void>([&](auto done) { service->change(e, user, as, std::move(done)); });
    };
    EXPECT_EQ(change("alice", calendar::rights::owner).error().code, errc::not_found);
    EXPECT_TRUE(change("boss", calendar::rights::owner));
    EXPECT_TRUE(change("root", calendar::rights::admin));
    EXPECT_TRUE(answer_of<void>([&](auto done) {
        service->remove("e1", "boss", calendar::rights::owner, std::move(done));
    }));
    EXPECT_THAT(inbox("alice"), SizeIs(4));
    const auto find = [&](std::string user) {
        return answer_of<store::calendar_event>([&](auto done) {
            service->find("e1", std::move(user), calendar::rights::owner, std::move(done));
        });
    };
    EXPECT_EQ(find("alice").error().code, errc::not_found);
    tick();
}

TEST_F(calendar_test, refuses_events_that_it_could_not_keep) {
    const auto refused = [&](auto change) {
        auto e = daily();
        change(e);
        const auto made = create(std::move(e));
        return made ? std::string() : made.error().detail;
    };
    EXPECT_THAT(refused([](auto& e) { e.title.clear(); }), HasSubstr("title"));
    EXPECT_THAT(refused([](auto& e) { e.zone = "Mars"; }), HasSubstr("zone"));
    EXPECT_THAT(refused([](auto& e) { e.rule = "often"; }), HasSubstr("rule"));
    EXPECT_THAT(refused([](auto& e) { e.attendees.emplace_back("carol"); }),
                HasSubstr("attendees"));
    EXPECT_THAT(refused([](auto& e) { e.attendees = {""}; }), HasSubstr("attendees"));
    EXPECT_THAT(refused([](auto& e) { e.reminders.assign(9, 1min); }), HasSubstr("reminders"));
    EXPECT_THAT(refused([](auto& e) { e.reminders = {-1s}; }), HasSubstr("reminders"));
    EXPECT_EQ(refused([](auto& e) { e.id.clear(); }), "");
}

TEST_F(calendar_test, events_that_took_place_go_when_they_are_old) {
    calendar old(*relay, *records, {.max_age = std::chrono::hours(24 * 10)},
                 [this] { return wall; });
    store::calendar_event once = daily();
    once.id = "once";
    once.rule.clear();
    ASSERT_TRUE(create(once));
    ASSERT_TRUE(create(daily()));
    const auto kept = [&] {
        const auto all = answer_of<std::vector<store::calendar_event>>(
            [&](auto done) { old.list("boss", {}, 10, std::move(done)); });
        std::vector<std::string> ids;
        for (const store::calendar_event& e : all.value()) ids.push_back(e.id);
        return ids;
    };
    wall = std::chrono::sys_days(std::chrono::year(2026) / 4 / 7) + 9h;  // and a day for zones
    old.trim();
    settle();
    EXPECT_THAT(kept(), ElementsAre("e1", "once"));
    wall += 1s;
    service->trim();  // without a limit
    settle();
    EXPECT_THAT(kept(), SizeIs(2));
    old.trim();
    settle();
    EXPECT_THAT(kept(), ElementsAre("e1"));
}

}  // namespace
}  // namespace carillon::services
