#include <carillon/services/calendar.hpp>

#include "services/calendar/calendar_state.hpp"
#include "services/service_fixture.hpp"

#include <future>
#include <set>
#include <string>
#include <vector>

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
    void start(calendar_limits limits) {
        service = std::make_unique<calendar>(*relay, *records, limits, [this] { return wall; });
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
    /// Ticks, and waits until what that began is read and written.
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

TEST_F(calendar_test, a_rule_that_is_searched_for_long_delays_nobody) {
    // As an earlier version has taken it.
    ASSERT_TRUE(answer_of<void>([&](auto done) {
        records->write(
            [](store::records& r) {
                store::calendar_event e = daily();
                e.id = "hostile";
                e.starts = "20000101T000000";
                e.rule = "FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30";
                return r.calendar().put(e);
            },
            std::move(done));
    }));
    ASSERT_TRUE(create(daily()));
    const auto begun = std::chrono::steady_clock::now();
    service.reset();
    open_records();
    start();
    tick();
    EXPECT_EQ(upcoming(24h).value(), 2u) << "the others are seen to";
    EXPECT_FALSE(answer_of<std::uint64_t>(
        [&](auto done) { service->remind_of("hostile", std::move(done)); }));
    EXPECT_LT(std::chrono::steady_clock::now() - begun, 2s);
}

TEST_F(calendar_test, reminds_of_all_pages_of_events) {
    constexpr int count = 600;
    ASSERT_TRUE(answer_of<void>([&](auto done) {
        records->write(
            [](store::records& r) -> result<> {
                for (int i = 0; i < count; ++i) {
                    store::calendar_event e = daily();
                    e.id = "many-" + std::to_string(i);
                    EXPECT_TRUE(r.calendar().put(e));
                }
                return {};
            },
            std::move(done));
    }));
    EXPECT_EQ(upcoming(24h).value(), std::uint64_t{2 * count});
    EXPECT_EQ(upcoming(24h).value(), 0u);
}

TEST_F(calendar_test, makes_one_event_of_a_repeated_call) {
    const auto call = [](std::uint64_t body) {
        return repeatable_call{"boss", {"key", {body, 0}}};
    };
    const auto make = [&](std::uint64_t body) {
        store::calendar_event e = daily();
        e.id.clear();
        return answer_of<std::string>(
            [&](auto done) { service->create(std::move(e), std::move(done), call(body)); });
    };
    const auto first = make(1);
    ASSERT_TRUE(first);
    EXPECT_EQ(make(1).value(), *first);
    EXPECT_EQ(make(2).error().code, errc::conflict);
    EXPECT_THAT(inbox("alice"), SizeIs(1)) << "told once";
    const auto all = answer_of<std::vector<store::calendar_event>>(
        [&](auto done) { service->list("boss", {}, 10, std::move(done)); });
    EXPECT_THAT(all.value(), SizeIs(1));
}

TEST_F(calendar_test, makes_one_event_of_calls_at_the_same_time) {
    constexpr int calls = 50;
    std::vector<std::promise<result<std::string>>> answers(calls);
    for (auto& a : answers) {
        store::calendar_event e = daily();
        e.id.clear();
        service->create(
            std::move(e), [&a](result<std::string> id) { a.set_value(std::move(id)); },
            repeatable_call{"boss", {"key", {1, 0}}});
    }
    std::set<std::string> ids;
    for (auto& a : answers) ids.insert(a.get_future().get().value());
    EXPECT_THAT(ids, SizeIs(1));
    EXPECT_THAT(inbox("alice"), SizeIs(1));
}

TEST_F(calendar_test, lets_a_user_name_so_many_attendees_without_events) {
    outbox_relay strict(events, *records, outbox_limits{.new_topics_per_user = 2});
    calendar other(strict, *records);
    const auto make = [&](std::string owner, std::vector<std::string> attendees,
                          calendar::rights as) {
        store::calendar_event e = daily();
        e.id.clear();
        e.owner = std::move(owner);
        e.attendees = std::move(attendees);
        return answer_of<std::string>(
            [&](auto done) { other.create(std::move(e), std::move(done), std::nullopt, as); });
    };
    const auto made = make("mallory", {"made", "up"}, calendar::rights::owner);
    ASSERT_TRUE(made);
    const auto refused = make("mallory", {"another"}, calendar::rights::owner);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, errc::rate_limited);
    EXPECT_THAT(refused.error().detail, HasSubstr("user_events.new_topics_per_user"));
    store::calendar_event changed = daily();
    changed.id = *made;
    changed.attendees = {"another"};
    const auto change = answer_of<void>([&](auto done) {
        other.change(changed, "mallory", calendar::rights::owner, std::move(done));
    });
    ASSERT_FALSE(change);
    EXPECT_EQ(change.error().code, errc::rate_limited);
    EXPECT_TRUE(make("mallory", {"made"}, calendar::rights::owner)) << "it has events";
    EXPECT_TRUE(make("back end", {"a", "b", "c"}, calendar::rights::admin));
}

TEST_F(calendar_test, keeps_so_many_events_of_a_user) {
    start(calendar_limits{.max_events = 2});
    const auto make = [&](calendar::rights as) {
        store::calendar_event e = daily();
        e.id.clear();
        return answer_of<std::string>(
            [&](auto done) { service->create(std::move(e), std::move(done), std::nullopt, as); });
    };
    ASSERT_TRUE(make(calendar::rights::owner));
    ASSERT_TRUE(make(calendar::rights::owner));
    const auto third = make(calendar::rights::owner);
    ASSERT_FALSE(third);
    EXPECT_EQ(third.error().code, errc::payload_too_large);
    EXPECT_THAT(third.error().detail, HasSubstr("calendar.max_events"));
    EXPECT_TRUE(make(calendar::rights::admin)) << "a back end keeps those of many";
}

TEST_F(calendar_test, tells_attendees_so_many_bytes_together) {
    store::calendar_event e = daily();
    const auto size_of = [](store::calendar_event told) {
        return services::calendar_message(told, "created", {}, store::time_point{})
            .what.data.size();
    };
    start(calendar_limits{.max_copied = 2 * size_of(e)});
    EXPECT_TRUE(create(e));
    e.id = "e2";
    e.title += '!';
    const auto beyond = create(e);
    ASSERT_FALSE(beyond);
    EXPECT_EQ(beyond.error().code, errc::payload_too_large);
    EXPECT_THAT(beyond.error().detail, HasSubstr("calendar.max_copied"));
    e.attendees = {"alice"};
    EXPECT_TRUE(create(e));
}

TEST_F(calendar_test, answers_a_repeated_call_for_reminders_alike) {
    ASSERT_TRUE(create(daily()));
    wall += 20h;
    const auto call = [](const char* key, std::uint64_t body) {
        return repeatable_call{"back end", {key, {body, 0}}};
    };
    const auto one = [&](std::uint64_t body) {
        return answer_of<std::uint64_t>(
            [&](auto done) { service->remind_of("e1", std::move(done), call("one", body)); });
    };
    EXPECT_EQ(one(1).value(), 2u);
    EXPECT_EQ(one(1).value(), 2u) << "what the first call did";
    EXPECT_EQ(one(2).error().code, errc::conflict);
    wall += 22h;  // the next one comes an hour earlier
    const auto all = [&](std::uint64_t body) {
        return answer_of<std::uint64_t>([&](auto done) {
            service->remind_of_upcoming(2h, std::move(done), call("all", body));
        });
    };
    EXPECT_EQ(all(1).value(), 2u);
    EXPECT_EQ(all(1).value(), 2u);
    EXPECT_EQ(all(2).error().code, errc::conflict);
    EXPECT_EQ(upcoming(2h).value(), 0u) << "told once";
    EXPECT_THAT(reminders("alice"), SizeIs(2));
}

}  // namespace
}  // namespace carillon::services
