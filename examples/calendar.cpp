// A calendar with reminders, as system B's document has it: attendees hear of a new event, and once
// of each occurrence that is about to begin, whatever repeats the call.
#include <carillon/hub/in_process_hub.hpp>
#include <carillon/services/calendar.hpp>
#include <carillon/services/outbox_relay.hpp>
#include <carillon/store/record_store.hpp>

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <string>

int main() {
    using namespace std::chrono_literals;
    carillon::in_process_hub hub;
    const auto records = carillon::store::open_record_store({}).value();
    carillon::services::outbox_relay outbox(hub.events(), *records);
    const auto five_to_nine = std::chrono::sys_days(std::chrono::year(2026) / 7 / 1) + 6h + 55min;
    carillon::services::calendar calendar(outbox, *records, {}, [=] { return five_to_nine; });
    auto* alice = hub.listen_as("alice").value();

    carillon::store::calendar_event standup;
    standup.id = "standup";
    standup.title = "Stand-up";
    standup.owner = "boss";
    standup.starts = "20260601T090000";
    standup.zone = "Europe/Berlin";  // two hours ahead of UTC in July
    standup.rule = "FREQ=DAILY";
    standup.length = 15min;
    standup.attendees = {"alice"};
    std::atomic<int> missing = 1;
    calendar.create(standup, [&](const carillon::result<std::string>& made) {
        if (!made) std::printf("failed: %s\n", made.error().detail.c_str());
        --missing;
    });
    if (!hub.run_until([&] { return missing == 0; })) return 1;

    std::uint64_t reminders = 0;
    for (int times = 0; times < 2; ++times) {
        ++missing;
        calendar.remind_of_upcoming(10min, [&](const carillon::result<std::uint64_t>& sent) {
            reminders += sent.value_or(0);
            --missing;
        });
        if (!hub.run_until([&] { return missing == 0; })) return 1;
    }

    for (const auto& e : alice->heard())
        std::printf("alice: %s %s\n", e.type.c_str(), e.data.c_str());
    const bool right =
        reminders == 1 && alice->types() == std::vector<std::string>{"calendar_event_created",
                                                                     "calendar_event_reminder"};
    return right ? 0 : 1;
}
