// A record and its event are one unit: the process is killed at each step between the two.
#include <carillon/journal/open.hpp>
#include <carillon/services/calendar.hpp>
#include <carillon/services/chat.hpp>
#include <carillon/services/notifications.hpp>

#include "base/random.hpp"
#include "support/temporary_folder.hpp"

#include <array>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

namespace carillon::services {
namespace {

using namespace std::chrono_literals;
using carillon::testing::temporary_folder;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using strings = std::vector<std::string>;

constexpr std::array all_steps{
    outbox_step::written,  outbox_step::committed, outbox_step::publishing, outbox_step::published,
    outbox_step::answered, outbox_step::leaving,   outbox_step::left};

template <class T>
result<T> answer_of(const std::function<void(std::function<void(result<T>)>)>& ask) {
    std::promise<result<T>> answer;
    ask([&](result<T> r) { answer.set_value(std::move(r)); });
    return answer.get_future().get();
}

/// What must be there for the test to go on.
template <class T>
T got(result<T> from) {
    if (!from) throw std::runtime_error(from.error().detail);
    return std::move(*from);
}

/// One life of a server: a hub and services on the files of a folder.
class life {
public:
    explicit life(const temporary_folder& folder, outbox_relay::observer watch = {},
                  std::chrono::hours late = {})
        : records(got(store::open_record_store({.path = folder.path_of("records.db")}))),
          events({}, got(open_sqlite_journal(
                         {.path = folder.path_of("journal.db"),
                          .now = [late] { return std::chrono::system_clock::now() + late; }}))),
          relay(events, *records, {}, std::chrono::system_clock::now, std::move(watch)),
          told(events, relay, *records, [](auto) { return std::size_t{0}; }),
          dates(relay, *records),
          rooms(events, relay, *records) {}
    ~life() { records->close(); }
    life(const life&) = delete;
    life& operator=(const life&) = delete;

    void start() {
        ASSERT_TRUE(answer_of<void>([&](auto done) { relay.start(std::move(done)); }));
        finish();
    }
    /// Waits until the rows that are done with have left.
    void finish() {
        for (int i = 0; i < 400 && rows() != 0; ++i) {
            relay.tick();
            ::usleep(5000);
        }
    }
    std::size_t rows() {
        std::size_t count = 0;
        EXPECT_TRUE(answer_of<void>([&](auto done) {
            records->read(
                [&](store::records& r) -> result<> {
                    count = r.outbox().list(0, 1000).value().size();
                    return {};
                },
                std::move(done));
        }));
        return count;
    }

    /// What the journal has for the user or the topic.
    strings heard_by(std::string user, std::vector<topic> where = {}) {
        identity who;
        who.user = std::move(user);
        history_query q;
        q.who = std::make_shared<const identity>(std::move(who));
        q.spaces.user = true;
        q.rooms = std::move(where);
        q.from = rewind_since{};
        auto page = answer_of<history_page>(
            [&](auto done) { events.history(std::move(q), std::move(done)); });
        strings all;
        const history_page kept = got(std::move(page));
        for (const event_ptr& e : kept.events) all.push_back(e->content.data);
        return all;
    }

    std::unique_ptr<store::record_store> records;
    hub events;
    outbox_relay relay;
    notifications told;
    calendar dates;
    chat rooms;
};

/// A kind of record: how one is made, and what there is of it.
struct kind_of_record {
    const char* name;
    void (*make)(life&);
    std::size_t (*count)(life&);            ///< records
    std::vector<strings> (*events)(life&);  ///< for each that ought to hear of it
    bool is_logged = false;
};

void notify(life& on) {
    (void)answer_of<notifications::sent>([&](auto done) {
        on.told.notify({.id = "n1", .title = "Deploy"}, {"ann", "bob"}, std::move(done));
    });
}
std::size_t count_notifications(life& on) {
    return got(answer_of<std::vector<store::inbox_entry>>(
                   [&](auto done) { on.told.list({.user = "ann"}, std::move(done)); }))
        .size();
}
std::vector<strings> notified(life& on) { return {on.heard_by("ann"), on.heard_by("bob")}; }

void make_date(life& on) {
    store::calendar_event e;
    e.id = "e1";
    e.title = "Stand-up";
    e.owner = "boss";
    e.starts = "20260327T090000";
    e.attendees = {"ann"};
    (void)answer_of<std::string>(
        [&](auto done) { on.dates.create(std::move(e), std::move(done)); });
}
std::size_t count_dates(life& on) {
    return got(answer_of<std::vector<store::calendar_event>>(
                   [&](auto done) { on.dates.list("ann", {}, 10, std::move(done)); }))
        .size();
}
std::vector<strings> invited(life& on) { return {on.heard_by("ann")}; }

void make_room(life& on) {
    (void)answer_of<store::room>(
        [&](auto done) { on.rooms.create({.id = "r"}, "ann", std::move(done)); });
}
std::size_t count_rooms(life& on) {
    return got(answer_of<std::vector<store::room>>(
                   [&](auto done) { on.rooms.rooms_of("ann", std::move(done)); }))
        .size();
}
std::vector<strings> said_in_room(life& on) {
    return {on.heard_by("nobody", {chat::topic_of("r").value()})};
}

constexpr std::array kinds{
    kind_of_record{"notification", notify, count_notifications, notified, true},
    kind_of_record{"calendar", make_date, count_dates, invited},
    kind_of_record{"room", make_room, count_rooms, said_in_room}};

/// Runs a life in a process of its own, which is killed at a step or ends by itself.
enum class ending : std::uint8_t { killed, reached_the_end, wrong };
ending live(const temporary_folder& folder, outbox_step last,
            const std::function<void(life&)>& deeds) {
    const pid_t child = ::fork();
    if (child == 0) {
        (void)random_token(8192);  // random numbers that wait in the parent are not given again
        {
            life on(folder, [last](outbox_step at, std::uint64_t) {
                if (at == last) ::kill(::getpid(), SIGKILL);
            });
            deeds(on);
        }
        ::_exit(0);
    }
    int status = 0;
    if (child < 0 || ::waitpid(child, &status, 0) != child) return ending::wrong;
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) return ending::killed;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? ending::reached_the_end : ending::wrong;
}

class outbox_crash : public ::testing::TestWithParam<kind_of_record> {
protected:
    /// A record, and one event for each that hears of it; or neither.
    static void expect_one_unit(life& on, std::size_t records, const std::string& when) {
        EXPECT_EQ(GetParam().count(on), records) << when;
        for (const strings& heard : GetParam().events(on))
            EXPECT_THAT(heard, SizeIs(records)) << when;
        EXPECT_EQ(on.rows(), 0u) << when;
    }
};

TEST_P(outbox_crash, leaves_a_record_with_one_event_or_neither_at_whichever_step) {
    for (const outbox_step step : all_steps) {
        const temporary_folder folder;
        SCOPED_TRACE("step " + std::to_string(static_cast<int>(step)));
        ASSERT_EQ(live(folder, step,
                       [](life& on) {
                           GetParam().make(on);
                           on.finish();
                       }),
                  ending::killed);
        life again(folder);
        again.start();
        expect_one_unit(again, step == outbox_step::written ? 0 : 1, "after the restart");
        if (step == outbox_step::written || !GetParam().is_logged) continue;
        const auto log = answer_of<std::vector<store::delivery>>(
            [&](auto done) { again.told.deliveries("n1", {}, 10, std::move(done)); });
        for (const store::delivery& d : log.value())
            EXPECT_EQ(d.state, store::delivery_state::offline) << d.user;
    }
}

TEST_P(outbox_crash, leaves_one_event_when_the_restart_is_killed_as_well) {
    for (const outbox_step first :
         {outbox_step::committed, outbox_step::published, outbox_step::leaving}) {
        for (const outbox_step second : {outbox_step::publishing, outbox_step::published,
                                         outbox_step::leaving, outbox_step::left}) {
            const temporary_folder folder;
            SCOPED_TRACE("steps " + std::to_string(static_cast<int>(first)) + ", " +
                         std::to_string(static_cast<int>(second)));
            ASSERT_EQ(live(folder, first,
                           [](life& on) {
                               GetParam().make(on);
                               on.finish();
                           }),
                      ending::killed);
            ASSERT_EQ(live(folder, second, [](life& on) { on.start(); }), ending::killed);
            life again(folder);
            again.start();
            expect_one_unit(again, 1, "after two restarts");
        }
    }
}

// The journal's window for keys is a day; the row's own key is held for as long as the row is
// there.
TEST_P(outbox_crash, tells_nothing_twice_however_late_the_restart_is) {
    const temporary_folder folder;
    ASSERT_EQ(live(folder, outbox_step::answered,
                   [](life& on) {
                       GetParam().make(on);
                       on.finish();
                   }),
              ending::killed);
    constexpr auto late = std::chrono::hours(24 * 40);
    life again(folder, {}, late);
    again.events.record().trim(std::chrono::system_clock::now() + late);
    again.start();
    for (const strings& heard : GetParam().events(again)) EXPECT_THAT(heard, SizeIs(1));
}

INSTANTIATE_TEST_SUITE_P(, outbox_crash, ::testing::ValuesIn(kinds),
                         [](const auto& tested) { return std::string(tested.param.name); });

}  // namespace
}  // namespace carillon::services
