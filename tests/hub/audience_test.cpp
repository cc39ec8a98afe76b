// Events for users, sessions, clients, attributes and everyone, through the one door.
#include "hub/own_topic.hpp"
#include "support/test_hub.hpp"

#include <functional>
#include <map>
#include <random>
#include <set>

#include <gtest/gtest.h>

namespace carillon::testing {
namespace {

using strings = std::vector<std::string>;
using answer = result<std::vector<published>>;

std::shared_ptr<const identity> someone(std::string user, std::string session = {},
                                        std::vector<attribute> attributes = {}) {
    auto who = std::make_shared<identity>();
    who->user = std::move(user);
    who->session = std::move(session);
    who->attributes = std::move(attributes);
    return who;
}

constexpr own_spaces all_spaces{
    .user = true, .session = true, .everyone = true, .attributes = true, .rooms = true};

class audiences : public ::testing::Test {
protected:
    audiences() : t_(limits()) {}
    static hub_options limits() {
        hub_options o;
        o.max_recipients = 6;
        o.max_topics_per_event = 3;
        event e;
        make_large(e);
        o.max_copied = 3 * e.size();
        return o;
    }
    static void make_large(event& e) { e.data = std::string(1000, 'x'); }

    subscriber* open(fake_connection& out, std::shared_ptr<const identity> who,
                     std::string_view cursor = {}) {
        stream_request r = t_.request(out, {}, cursor);
        r.who = std::move(who);
        r.spaces = all_spaces;
        const auto opened = t_.s.open(std::move(r));
        t_.on.run_until_idle();
        return opened ? *opened : nullptr;
    }
    answer publish(audience to, std::size_t events = 1,
                   const std::function<void(event&)>& change = {}) {
        std::vector<event> batch(events);
        for (event& e : batch) {
            e.data = std::to_string(sent_++);
            if (change) change(e);
        }
        answer got = fail(errc::internal, "no answer");
        t_.h.publish(std::move(batch), std::move(to), std::nullopt,
                     [&](answer a) { got = std::move(a); });
        t_.on.run_until_idle();
        return got;
    }
    static errc code_of(const answer& a) { return a ? errc::internal : a.error().code; }

    test_hub t_;
    int sent_ = 0;
};

TEST_F(audiences, each_recipient_has_an_event_of_its_own) {
    fake_connection ann, bob, session, other;
    open(ann, someone("ann"));
    open(bob, someone("bob", "s1"));
    open(session, someone("", "s1"));
    open(other, someone("carl"));
    const auto sent = publish({.users = {"ann", "bob", "ann"}, .sessions = {"s1"}});
    ASSERT_TRUE(sent);
    ASSERT_EQ(sent->size(), 3u);
    EXPECT_EQ(ann.data(), strings{"0"});
    EXPECT_EQ(bob.data(), (strings{"0", "0"})) << "as a user and by the session";
    EXPECT_EQ(session.data(), strings{"0"});
    EXPECT_TRUE(other.data().empty());
    EXPECT_EQ(ann.last_event_id(), (*sent)[0].id);
    EXPECT_EQ(session.last_event_id(), (*sent)[2].id);
}

TEST_F(audiences, recipients_may_share_one_event) {
    fake_connection both, other;
    open(both, someone("ann", "s1"));
    open(other, someone("carl"));
    const auto sent =
        publish({.users = {"ann", "bob"}, .sessions = {"s1"}, .stored = audience::copies::shared});
    ASSERT_TRUE(sent);
    EXPECT_EQ(sent->size(), 1u);
    EXPECT_EQ(both.data(), strings{"0"});
    EXPECT_TRUE(other.data().empty());
}

TEST_F(audiences, everyone_is_whoever_asks_for_it) {
    fake_connection named, anonymous, deaf;
    open(named, someone("ann"));
    open(anonymous, nullptr);
    t_.open(deaf, {"**"});
    ASSERT_TRUE(publish({.everyone = true}));
    EXPECT_EQ(named.data(), strings{"0"});
    EXPECT_EQ(anonymous.data(), strings{"0"});
    EXPECT_TRUE(deaf.data().empty());
    EXPECT_EQ(code_of(publish({.users = {"ann"}, .everyone = true})), errc::invalid_request);
}

TEST_F(audiences, attributes_are_asked_for_together) {
    fake_connection both, one, none;
    open(both, someone("a", "", {{"role", "admin"}, {"tenant", "x"}}));
    open(one, someone("b", "", {{"role", "admin"}, {"tenant", "y"}}));
    open(none, someone("c", "", {{"tenant", "x"}}));
    ASSERT_TRUE(publish({.all_of = {{"role", "admin"}, {"tenant", "x"}}}));
    EXPECT_EQ(both.data(), strings{"0"});
    EXPECT_TRUE(one.data().empty());
    EXPECT_TRUE(none.data().empty());
    ASSERT_TRUE(publish({.all_of = {{"role", "admin"}}}));
    EXPECT_EQ(one.data(), strings{"1"});
}

TEST_F(audiences, clients_that_have_gone_are_passed_over_until_none_is_left) {
    fake_connection out, gone;
    const std::string id = t_.s.id_of(*t_.open(out, {"a"}));
    subscriber* left = t_.open(gone, {"a"});
    const std::string old = t_.s.id_of(*left);
    t_.s.remove(*left);
    const auto sent = publish({.clients = {old, id}});
    ASSERT_TRUE(sent);
    EXPECT_EQ(sent->size(), 1u);
    EXPECT_EQ(out.data(), strings{"0"});
    EXPECT_EQ(code_of(publish({.clients = {old, "nobody"}})), errc::client_not_found);
    EXPECT_TRUE(publish({.users = {"ann"}, .clients = {old}}));
}

TEST_F(audiences, events_for_an_audience_name_no_topics_and_no_reserved_names) {
    EXPECT_EQ(
        code_of(publish({.users = {"ann"}}, 1, [](event& e) { e.topics = {*topic::parse("a")}; })),
        errc::invalid_request);
    EXPECT_EQ(code_of(publish({.users = {"ann"}}, 1,
                              [](event& e) { e.name = *wire::event_name::parse("carillon.x"); })),
              errc::invalid_request);
    EXPECT_EQ(code_of(publish({}, 1)), errc::invalid_request) << "nobody at all";
    EXPECT_EQ(code_of(publish({}, 1, [](event& e) { e.topics = {*topic::parse("$user/ann")}; })),
              errc::forbidden);
}

TEST_F(audiences, ids_and_attributes_are_neither_empty_nor_too_long) {
    const std::string id(max_id_length, '/');
    const std::string word(max_attribute_length, '/');
    EXPECT_TRUE(publish({.users = {id}}));
    EXPECT_TRUE(publish({.sessions = {id}}));
    EXPECT_TRUE(publish({.all_of = {{word, word}}}));
    for (const std::string& bad : {id + "x", std::string(), std::string("\xFF")}) {
        EXPECT_EQ(code_of(publish({.users = {bad}})), errc::invalid_request);
        EXPECT_EQ(code_of(publish({.sessions = {bad}})), errc::invalid_request);
    }
    EXPECT_EQ(code_of(publish({.all_of = {{word + "x", "y"}}})), errc::invalid_request);
    EXPECT_EQ(code_of(publish({.all_of = {{"x", word + "y"}}})), errc::invalid_request);
    EXPECT_EQ(code_of(publish({.all_of = {{"x", "y"}, {"z", ""}}})), errc::invalid_request);
}

TEST_F(audiences, events_times_recipients_are_limited) {
    EXPECT_TRUE(publish({.users = {"a", "b", "c"}}, 2));
    EXPECT_EQ(code_of(publish({.users = {"a", "b", "c", "d"}}, 2)), errc::payload_too_large);
    EXPECT_TRUE(publish({.users = {"a", "b", "c"}, .stored = audience::copies::shared}));
    EXPECT_EQ(code_of(publish({.users = {"a", "b", "c", "d"}, .stored = audience::copies::shared})),
              errc::invalid_request);
    EXPECT_TRUE(publish({.all_of = {{"a", "1"}, {"b", "2"}, {"c", "3"}}}));
    EXPECT_EQ(code_of(publish({.all_of = {{"a", "1"}, {"b", "2"}, {"c", "3"}, {"d", "4"}}})),
              errc::invalid_request);
}

TEST_F(audiences, bytes_of_all_copies_are_limited) {
    EXPECT_TRUE(publish({.users = {"a", "b", "c"}}, 1, make_large));
    const answer beyond = publish({.users = {"a", "b", "c", "d"}}, 1, make_large);
    EXPECT_EQ(code_of(beyond), errc::payload_too_large);
    EXPECT_NE(beyond.error().detail.find("publish.max_copied"), std::string::npos);
    EXPECT_EQ(code_of(publish({.users = {"a", "b"}}, 2, make_large)), errc::payload_too_large);
    EXPECT_TRUE(publish({.users = {"a", "b", "c"}, .stored = audience::copies::shared}, 1,
                        [](event& e) {
                            make_large(e);
                            e.data += e.data;
                        }))
        << "one copy";
}

TEST_F(audiences, an_event_names_no_topic_twice) {
    const auto topics = [](std::initializer_list<std::string_view> names) {
        return [names](event& e) { e.topics = make_event(names, "").topics; };
    };
    EXPECT_TRUE(publish({}, 1, topics({"a", "b"})));
    EXPECT_EQ(code_of(publish({}, 1, topics({"a", "b", "a"}))), errc::invalid_request);
}

TEST_F(audiences, the_hubs_own_space_is_reached_by_no_stream_that_names_it) {
    fake_connection out;
    stream_request r = t_.request(out, {"$user/ann"});
    EXPECT_EQ(t_.s.open(std::move(r)).error().code, errc::forbidden);
    errc listed = errc::internal;
    history_query q;
    q.topics = patterns({"$user/ann"});
    t_.h.history(std::move(q), [&](const auto& page) { listed = page.error().code; });
    EXPECT_EQ(listed, errc::forbidden);
    const std::string id = t_.s.id_of(*t_.open(out, {"a"}));
    errc joined = errc::internal;
    t_.h.subscribe(id, patterns({"$user/ann"})[0],
                   [&](const auto& done) { joined = done ? errc::internal : done.error().code; });
    t_.on.run_until_idle();
    EXPECT_EQ(joined, errc::forbidden);
}

TEST_F(audiences, a_private_event_is_taken_back_by_those_who_see_it_and_told_to_them_alone) {
    fake_connection may, may_not;
    auto who = std::make_shared<identity>();
    auto grants = std::make_shared<grant_set>();
    grants->subscribe = patterns({"a"});
    who->grants = grants;
    stream_request r = t_.request(may, {"a"});
    r.who = who;
    ASSERT_TRUE(t_.s.open(std::move(r)));
    t_.open(may_not, {"a"});
    event e = make_event({"a"}, "secret");
    e.is_private = true;
    const published sent = t_.publish(std::move(e));
    errc refused = errc::internal;
    t_.h.take_back({sent.id, *topic::parse("a"), nullptr},
                   [&](const auto& done) { refused = done ? errc::internal : done.error().code; });
    EXPECT_EQ(refused, errc::not_found);
    bool taken = false;
    t_.h.take_back({sent.id, *topic::parse("a"), who},
                   [&](const auto& done) { taken = done.has_value(); });
    t_.on.run_until_idle();
    EXPECT_TRUE(taken);
    EXPECT_EQ(may.own("carillon.deleted").size(), 1u);
    EXPECT_TRUE(may_not.own("carillon.deleted").empty());
    EXPECT_TRUE(may_not.data().empty());
}

TEST_F(audiences, last_values_are_shown_by_the_same_predicate) {
    event open_value = make_event({"a"}, "open");
    open_value.retain = true;
    event secret = make_event({"b"}, "secret");
    secret.retain = true;
    secret.is_private = true;
    t_.publish(std::move(open_value));
    t_.publish(std::move(secret));
    fake_connection out;
    t_.open(out, {"a", "b"});
    EXPECT_EQ(out.data(), strings{"open"});
}

TEST_F(audiences, a_stream_is_shown_what_its_filter_asks_for_and_its_cursor_moves_past_the_rest) {
    fake_connection out;
    stream_request r = t_.request(out, {"a"}, t_.id(0));
    r.filter.names = {"wanted"};
    const auto named = [](std::string_view name) {
        event e = make_event({"a"}, name);
        e.name = *wire::event_name::parse(name);
        return e;
    };
    t_.publish(named("wanted"));
    t_.publish(named("other"));
    const auto opened = t_.s.open(std::move(r));
    ASSERT_TRUE(opened);
    t_.on.run_until_idle();
    t_.publish(named("wanted"));
    t_.publish(named("other"));
    EXPECT_EQ(out.data(), (strings{"wanted", "wanted"}));
    EXPECT_EQ(t_.s.describe(**opened).last_event_id, t_.id(4));
}

/// Random targeting against a plain list: live, on resume, behind, and in history, nobody ever sees
/// what is for others, and everybody sees all that is theirs, once.
class targeting {
public:
    explicit targeting(unsigned seed) : random_(seed) {
        for (int i = 0; i < people; ++i) {
            person& p = people_.emplace_back();
            p.who = someone("u" + std::to_string(i % 4), "s" + std::to_string(i % 3), {});
            auto who = std::make_shared<identity>(*p.who);
            who->attributes = {{"team", std::to_string(i % 2)}, {"site", std::to_string(i % 3)}};
            auto grants = std::make_shared<grant_set>();
            if (i % 2 == 0) grants->subscribe = patterns({"room/*"});
            who->grants = grants;
            p.who = std::move(who);
            p.token = "client-token-number-00" + std::to_string(i);
        }
    }

    void run() {
        for (int step = 0; step < 150; ++step) {
            person& p = people_[roll(people)];
            switch (roll(9)) {
                case 0:
                    leave(p);
                    break;
                case 8:
                    move(roll(4));
                    break;
                case 1:
                case 2:
                    come(p);
                    break;
                case 3:
                    if (p.out) p.out->per_write = roll(2) == 0 ? 7 : fake_connection::unlimited;
                    break;
                case 4:
                    flush(p);
                    break;
                default:
                    send();
            }
            if (roll(3) == 0) t_.on.run_until_idle();
        }
        for (person& p : people_) {
            come(p);
            p.out->per_write = fake_connection::unlimited;
            flush(p);
            leave(p);
            come(p);  // all that is left comes from the journal
            flush(p);
            leave(p);
            check(p);
        }
    }

private:
    static constexpr int people = 6;
    /// Of a user and the blue room: each comes once and goes once.
    enum class standing { outside, inside, gone };
    struct person {
        std::shared_ptr<const identity> who;
        std::string token;
        std::unique_ptr<fake_connection> out;
        subscriber* stream = nullptr;
        std::string cursor;
        std::multiset<std::string> seen;
        std::multiset<std::string> due;
        std::set<std::string> heard;  ///< in the blue room, on a live stream
        std::set<std::string> forbidden;
        bool began = false;
    };

    unsigned roll(unsigned n) { return static_cast<unsigned>(random_()) % n; }

    void leave(person& p) {
        if (!p.stream) return;
        if (!p.out->closed) t_.s.remove(*p.stream);
        for (const std::string& d : p.out->data()) p.seen.insert(d);
        p.cursor = p.out->last_event_id();
        p.out.reset();
        p.stream = nullptr;
    }
    void come(person& p) {
        if (p.stream) return;
        p.out = std::make_unique<fake_connection>();
        stream_request r = t_.request(*p.out, {"room/1", "open"}, p.cursor);
        if (!p.began) r.last_event_id = t_.id(0);
        p.began = true;
        r.who = p.who;
        r.spaces = all_spaces;
        r.rooms = rooms_of(p);
        r.client = p.token;
        p.stream = *t_.s.open(std::move(r));
        t_.on.run_until_idle();
    }
    void flush(person& p) {
        if (p.stream) t_.flush(*p.stream, *p.out);
    }

    // Whoever is in a room: the first two users are in the red one, nobody is in the green one.
    static bool is_in_red(const person& p) { return p.who->user < "u2"; }
    standing& in_blue(const person& p) { return blue_[p.who->user]; }
    std::vector<topic> rooms_of(const person& p) {
        std::vector<topic> rooms;
        if (is_in_red(p)) rooms.push_back(red_);
        if (in_blue(p) == standing::inside) rooms.push_back(blue_room_);
        return rooms;
    }
    void move(unsigned number) {
        const std::string user = "u" + std::to_string(number);
        standing& now = blue_[user];
        if (now == standing::gone) return;
        now = now == standing::outside ? standing::inside : standing::gone;
        t_.h.change_room(user, blue_room_, now == standing::inside,
                         [](const auto& done) { EXPECT_TRUE(done); });
        t_.on.run_until_idle();
    }
    // A member may see what was said before, and need not; whoever has gone sees nothing more.
    void send_blue() {
        std::vector<event> one(1);
        one[0].data = "blue" + std::to_string(number_++);
        for (person& p : people_)
            if (in_blue(p) == standing::gone) p.forbidden.insert(one[0].data);
        for (person& p : people_) {
            const bool reads = p.stream && p.out->per_write == fake_connection::unlimited &&
                               !t_.s.describe(*p.stream).behind;
            if (in_blue(p) == standing::inside && reads) p.heard.insert(one[0].data);
        }
        t_.h.publish(std::move(one), {.rooms = {blue_room_}}, std::nullopt,
                     [](const answer& done) { EXPECT_TRUE(done); });
        t_.on.run_until_idle();
    }

    bool concerned(const person& p, const audience& to) const {
        const auto has = [](const auto& all, const auto& one) {
            return std::ranges::find(all, one) != all.end();
        };
        return to.everyone || has(to.users, p.who->user) || has(to.sessions, p.who->session) ||
               has(to.clients, p.token) || (has(to.rooms, red_) && is_in_red(p)) ||
               (!to.all_of.empty() && std::ranges::all_of(to.all_of, [&](const attribute& a) {
                   return has(p.who->attributes, a);
               }));
    }

    void send() {
        std::vector<event> one(1);
        one[0].data = std::to_string(number_++);
        audience to;
        std::string where;
        switch (roll(9)) {
            case 6:
                return send_blue();
            case 7:
                to.rooms = {roll(2) == 0 ? red_ : *topic::parse("$room/green")};
                if (roll(2) == 0) to.users = {"u" + std::to_string(roll(4))};
                break;
            case 8:
                to.clients = {people_[roll(people)].token};
                one[0].data += "client";
                break;
            case 0:
                to.users = {"u" + std::to_string(roll(4)), "u" + std::to_string(roll(4))};
                break;
            case 1:
                to.sessions = {"s" + std::to_string(roll(3))};
                break;
            case 2:
                to.everyone = true;
                break;
            case 3:
                to.all_of = {{"team", std::to_string(roll(2))}, {"site", std::to_string(roll(3))}};
                break;
            case 4:
                to.users = {"u" + std::to_string(roll(4))};
                to.sessions = {"s" + std::to_string(roll(3))};
                break;
            default:
                where = roll(2) == 0 ? "room/1" : "open";
                one[0].is_private = roll(2) == 0;
                one[0].topics = {*topic::parse(where)};
        }
        to.stored = audience::copies::shared;
        const std::string data = one[0].data;
        const bool is_private = one[0].is_private;
        for (person& p : people_) {
            const bool granted = where == "room/1" && !p.who->grants->subscribe.empty();
            const bool due = where.empty() ? concerned(p, to) : !is_private || granted;
            if (due) {
                p.due.insert(data);
            } else {
                p.forbidden.insert(data);
            }
        }
        t_.h.publish(std::move(one), where.empty() ? to : audience{}, std::nullopt,
                     [this, to, data](const answer& done) {
                         if (done) return;
                         // A client that has not come yet: nobody is due anything.
                         EXPECT_EQ(done.error().code, errc::client_not_found);
                         for (person& p : people_) p.due.erase(data);
                     });
    }

    void check(person& p) {
        std::multiset<std::string> seen = p.seen;
        std::multiset<std::string> in_room;
        std::erase_if(seen, [&](const std::string& data) {
            if (!data.starts_with("blue")) return false;
            in_room.insert(data);
            return true;
        });
        EXPECT_EQ(seen, p.due) << p.who->user;
        for (const std::string& data : in_room) EXPECT_EQ(in_room.count(data), 1u) << data;
        for (const std::string& data : p.heard) EXPECT_TRUE(in_room.contains(data)) << data;
        // History knows no clients.
        std::multiset<std::string> kept = p.due;
        std::erase_if(kept, [](const std::string& data) { return data.ends_with("client"); });
        history_query q;
        q.rooms = rooms_of(p);
        q.topics = patterns({"room/1", "open"});
        q.who = p.who;
        q.spaces = all_spaces;
        q.from = rewind_since{};
        q.max_events = 1000;
        std::multiset<std::string> read;
        t_.h.history(std::move(q), [&](const result<history_page>& page) {
            ASSERT_TRUE(page);
            for (const event_ptr& e : page->events) {
                if (!e->content.data.starts_with("blue")) read.insert(e->content.data);
                EXPECT_FALSE(p.forbidden.contains(e->content.data)) << p.who->user;
            }
        });
        EXPECT_EQ(read, kept) << p.who->user;
        for (const std::string& data : p.forbidden) {
            EXPECT_FALSE(p.seen.contains(data)) << p.who->user << " sees " << data;
            EXPECT_FALSE(read.contains(data)) << p.who->user << " reads " << data;
        }
    }

    const topic red_ = room_topic("red");
    const topic blue_room_ = room_topic("blue");
    std::minstd_rand random_;
    test_hub t_;
    std::vector<person> people_;
    std::map<std::string, standing> blue_;
    int number_ = 0;
};

TEST(targeting_model, nobody_ever_sees_what_is_for_others) {
    for (unsigned seed = 1; seed <= 150; ++seed) {
        targeting(seed).run();
        ASSERT_FALSE(::testing::Test::HasFailure()) << "seed " << seed;
    }
}

}  // namespace
}  // namespace carillon::testing
