#include <carillon/hub/hub.hpp>

#include "base/json_text.hpp"
#include "hub/client_directory.hpp"
#include "hub/client_id.hpp"
#include "hub/private_topic.hpp"
#include "hub/subscriber.hpp"
#include "hub/tail.hpp"
#include "hub/topic_index.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <charconv>
#include <mutex>

#include <fmt/format.h>

namespace carillon {

hub::hub(hub_options options, std::unique_ptr<journal> record)
    : tail_(std::make_unique<tail>(record->head())),
      clients_(std::make_unique<client_directory>()),
      options_(std::make_shared<const hub_options>(std::move(options))),
      journal_(std::move(record)) {
    journal_->on_stored([this](std::span<const event_ptr> all) { committed(all); });
}

hub::~hub() = default;

shard& hub::add_shard(executor& on) {
    assert(shards_.size() < tail::max_shards);
    shards_.push_back(std::make_unique<shard>(*this, on, static_cast<unsigned>(shards_.size())));
    return *shards_.back();
}

std::shared_ptr<const hub_options> hub::options() const { return options_.load(); }

void hub::reload(hub_options options) {
    options.envelopes = this->options()->envelopes;
    options_.store(std::make_shared<const hub_options>(std::move(options)));
    const auto now = this->options();
    for (const auto& s : shards_) {
        s->post([&shard = *s, now] { shard.reload(*now); });
    }
}

namespace {
std::unexpected<error> closed() { return fail(errc::unavailable, "the hub is closed"); }
}  // namespace

result<> hub::is_open() const {
    if (closed_.load(std::memory_order_relaxed)) return closed();
    return {};
}

std::string hub::id_of(position p) const {
    std::string id(journal_->epoch());
    std::array<char, 24> digits{'.'};
    return id.append(digits.data(),
                     std::to_chars(digits.data() + 1, digits.data() + digits.size(), p.value).ptr);
}

std::string hub::id_of(const stored_event& e) const {
    if (e.pos.value == 0) return {};
    return e.content.id ? e.content.id->str() : id_of(e.pos);
}

result<> hub::check(const event& e, const hub_options& limits) const {
    if (e.topics.empty()) return fail(errc::invalid_request, "an event needs a topic");
    if (e.topics.size() > limits.max_topics_per_event) {
        return fail(errc::invalid_request, fmt::format("an event may have at most {} topics",
                                                       limits.max_topics_per_event));
    }
    for (const topic& t : e.topics) {
        if (t.reserved()) {
            return fail(errc::invalid_request,
                        fmt::format("topic `{}` is reserved for the hub", t.str()));
        }
        if (t.str().size() > limits.max_topic_length) {
            return fail(errc::invalid_request,
                        fmt::format("a topic may have at most {} bytes", limits.max_topic_length));
        }
    }
    if (e.name && e.name->str().starts_with("carillon.")) {
        return fail(errc::invalid_request,
                    "event names that begin with `carillon.` are reserved for the hub");
    }
    if (e.id && cursor::parse(e.id->str())) {
        return fail(errc::invalid_request, "`id` has the form of the hub's own ids");
    }
    if (e.retain && e.ephemeral) {
        return fail(errc::invalid_request,
                    "an event is not both `ephemeral` and `retain`: what is not stored is no last "
                    "value");
    }
    if (e.size() > limits.max_event_size) {
        return fail(errc::event_too_large,
                    fmt::format("the event has {} bytes, at most {} are allowed", e.size(),
                                limits.max_event_size));
    }
    return {};
}

void hub::publish(std::vector<event> batch, std::optional<idempotency_key> key,
                  publish_callback done) {
    const auto limits = options();
    if (batch.size() > limits->max_batch) {
        return done(fail(errc::payload_too_large,
                         fmt::format("{} events in one publish, at most {} are allowed",
                                     batch.size(), limits->max_batch)));
    }
    events stored;
    stored.reserve(batch.size());
    for (std::size_t i = 0; i < batch.size(); ++i) {
        if (auto checked = check(batch[i], *limits); !checked) {
            error why = std::move(checked.error());
            if (batch.size() > 1) why.detail = fmt::format("event {}: {}", i, why.detail);
            return done(std::unexpected(std::move(why)));
        }
        stored.push_back(std::make_shared<stored_event>());
        stored.back()->content = std::move(batch[i]);
    }
    append(std::move(stored), std::move(key), std::move(done));
}

namespace {

/// What listeners are told: `{"id": …}`, with the name and the data of what takes the place.
std::string told_of(std::string_view id, const std::optional<event>& instead) {
    std::string data = "{\"id\":";
    append_json_string(data, id);
    if (instead) {
        if (instead->name) {
            data += ",\"event\":";
            append_json_string(data, instead->name->str());
        }
        data += ",\"data\":";
        if (instead->payload == payload_kind::json) {
            data += instead->data;
        } else {
            append_json_string(data, instead->data);
        }
    }
    return data += '}';
}

}  // namespace

void hub::erase(std::string id, topic from, std::optional<event> instead, publish_callback done) {
    if (instead && instead->size() > options()->max_event_size)
        return done(fail(errc::event_too_large, "what takes its place is too large"));
    struct call {
        std::string id;
        topic_pattern pattern;
        std::array<const topic_pattern*, 1> patterns{&pattern};
        std::optional<event> instead;
        publish_callback done;
        void not_found() const {
            done(fail(errc::not_found, "no stored event of this topic has this id"));
        }
    };
    // Until the journal has answered twice.
    auto c = std::make_shared<call>(call{.id = std::move(id),
                                         .pattern = topic_pattern(from),
                                         .instead = std::move(instead),
                                         .done = std::move(done)});
    c->patterns = {&c->pattern};
    journal_->locate({c->patterns, c->id}, [this, c](result<start_point> at) {
        if (!at) return c->done(std::unexpected(at.error()));
        if (at->unknown || at->lost || at->at.value == 0) return c->not_found();
        journal_->read(
            {c->patterns, position{at->at.value - 1}, at->at, 1},
            [this, c, pos = at->at](result<read_page> page) {
                if (!page) return c->done(std::unexpected(page.error()));
                if (page->events.empty() || page->events.front()->pos != pos) return c->not_found();
                auto told = std::make_shared<stored_event>();
                told->content.topics = page->events.front()->content.topics;
                told->content.name =
                    wire::event_name::parse(c->instead ? "carillon.replaced" : "carillon.deleted")
                        .value();
                told->content.data = told_of(c->id, c->instead);
                told->content.payload = payload_kind::json;
                told->erases = pos;
                append({std::move(told)}, std::nullopt, std::move(c->done));
            });
    });
}

void hub::schedule(event e, std::chrono::system_clock::time_point due,
                   std::optional<idempotency_key> key,
                   std::function<void(result<std::uint64_t>)> done) {
    if (auto open = is_open(); !open) return done(std::unexpected(open.error()));
    if (auto checked = check(e, *options()); !checked)
        return done(std::unexpected(checked.error()));
    if (e.ephemeral)
        return done(fail(errc::invalid_request, "what is not stored cannot wait for its time"));
    // Not early: journals keep whole milliseconds.
    journal_->schedule(std::move(e), std::chrono::ceil<std::chrono::milliseconds>(due),
                       std::move(key), std::move(done));
}

void hub::announce(topic where, std::string_view name, std::string data, publish_callback done) {
    auto told = std::make_shared<stored_event>();
    told->content.topics.push_back(std::move(where));
    told->content.name = wire::event_name::parse(name).value();
    told->content.data = std::move(data);
    told->content.payload = payload_kind::json;
    append({std::move(told)}, std::nullopt, std::move(done));
}

void hub::last_of(const topic& where, std::function<void(result<event_ptr>)> done) {
    struct call {
        topic_pattern pattern;
        std::array<const topic_pattern*, 1> patterns{};
        std::function<void(result<event_ptr>)> done;
    };
    auto c = std::make_shared<call>(call{topic_pattern(where), {}, std::move(done)});
    c->patterns = {&c->pattern};
    const position head = journal_->head();
    journal_->locate({c->patterns, {}, rewind_last{1}}, [this, c, head](result<start_point> at) {
        if (!at) return c->done(std::unexpected(at.error()));
        journal_->read({c->patterns, at->at, head, 1}, [c](result<read_page> page) {
            if (!page) return c->done(std::unexpected(page.error()));
            c->done(page->events.empty() ? nullptr : page->events.back());
        });
    });
}

void hub::append(events batch, std::optional<idempotency_key> key, publish_callback done) {
    if (auto open = is_open(); !open) return done(std::unexpected(open.error()));
    journal_->append(
        std::move(batch), std::move(key),
        [this, done = std::move(done)](const result<journal::appended>& stored,
                                       std::span<const std::shared_ptr<stored_event>> all) {
            if (!stored) return done(std::unexpected(stored.error()));
            std::vector<published> answers;
            answers.reserve(all.size());
            for (const auto& e : all) answers.push_back({id_of(*e), e->pos});
            done(std::move(answers));
        });
}

void hub::committed(std::span<const event_ptr> batch) {
    published_.fetch_add(batch.size(), std::memory_order_relaxed);
    std::uint64_t woken =
        tail_->push(batch, static_cast<unsigned>(shards_.size()),
                    [this](unsigned s, const event& e) { return shards_[s]->interest().wants(e); });
    for (; woken != 0; woken &= woken - 1)
        shards_[static_cast<std::size_t>(std::countr_zero(woken))]->wake();
}

// Finds the shard that has the client and runs the task there; a durable client between two
// connections gives null.
void hub::with_client(std::string_view client, client_task t, client_callback done) {
    const auto unknown = [] { return fail(errc::client_not_found, "no client has this id"); };
    const auto durable = clients_->find(client);
    unsigned number = 0;
    if (durable.known) {
        number = durable.where ? durable.where->shard : 0;
    } else if (const auto id = client_id::parse(client); id && id->shard < shards_.size()) {
        number = id->shard;
    } else {
        return done(unknown());
    }
    if (number >= shards_.size()) return done(unknown());
    shard& home = *shards_[number];
    home.post(
        [this, &home, name = std::string(client), t = std::move(t), done, unknown] {
            const auto now = clients_->find(name);
            subscriber* s = nullptr;
            if (!now.known) {
                s = home.find(name);
                if (s == nullptr) return done(unknown());
            } else if (now.where && now.where->shard == home.number()) {
                s = home.at(now.where->slot);
            } else if (now.where) {
                return with_client(name, t, done);  // it has just moved
            }
            done(t(home, s));
        },
        [done] { done(closed()); });
}

void hub::send(std::string_view client, event e, std::optional<idempotency_key> key,
               publish_callback done) {
    if (!is_client_token(client))
        return done(fail(errc::client_not_found, "no client has this id"));
    e.topics.assign(1, *topic::parse("probe"));
    if (auto checked = check(e, *options()); !checked)
        return done(std::unexpected(checked.error()));
    auto stored = std::make_shared<stored_event>();
    stored->content = std::move(e);
    stored->content.topics.assign(1, private_topic_name(client));
    // Listening first, storing second: the client's stream is sure to show it. Both callbacks need
    // `done`, one runs.
    auto answer = std::make_shared<publish_callback>(std::move(done));
    with_client(
        client,
        [topic = private_topic(client)](shard& home, subscriber* s) -> result<> {
            return s == nullptr ? result<>{} : home.listen_privately(*s, topic);
        },
        [this, stored, key = std::move(key), answer](result<> ready) {
            if (!ready) return (*answer)(std::unexpected(ready.error()));
            append({stored}, key, *answer);
        });
}

void hub::subscribe(std::string_view client, topic_pattern topic, client_callback done) {
    with_client(
        client,
        [this, name = std::string(client), topic = std::move(topic)](shard& home,
                                                                     subscriber* s) -> result<> {
            if (s != nullptr) return home.subscribe(*s, topic);
            clients_->change(name, topic, true);
            return {};
        },
        std::move(done));
}

void hub::unsubscribe(std::string_view client, topic_pattern topic, client_callback done) {
    with_client(
        client,
        [this, name = std::string(client), topic = std::move(topic)](shard& home,
                                                                     subscriber* s) -> result<> {
            if (s != nullptr) return home.unsubscribe(*s, topic);
            clients_->change(name, topic, false);
            return {};
        },
        std::move(done));
}

void hub::remove(std::string_view client, client_callback done) {
    with_client(
        client,
        [this, name = std::string(client)](shard& home, subscriber* s) -> result<> {
            if (s != nullptr) home.end(*s, close_reason::removed);
            clients_->forget(name);
            return {};
        },
        std::move(done));
}

void hub::heartbeat(std::string_view client, client_callback done) {
    with_client(
        client,
        [](shard& home, subscriber* s) -> result<> {
            if (s == nullptr)
                return fail(errc::send_error, "the client is between two connections");
            home.heartbeat(*s);
            return {};
        },
        std::move(done));
}

void hub::find_client(std::string_view client, std::function<void(result<client_info>)> done) {
    auto found = std::make_shared<client_info>();
    with_client(
        client,
        [found, name = std::string(client)](shard& home, subscriber* s) -> result<> {
            if (s != nullptr) {
                *found = home.describe(*s);
            } else {
                found->id = name;
                found->durable = true;
            }
            return {};
        },
        [found, done = std::move(done)](result<> ok) {
            if (!ok) return done(std::unexpected(ok.error()));
            done(std::move(*found));
        });
}

void hub::list_clients(std::size_t limit, std::function<void(std::vector<client_info>)> done) {
    struct gathering {
        std::mutex mutex;
        std::vector<client_info> all;
        std::size_t missing;
    };
    auto g = std::make_shared<gathering>();  // lives until the last shard has answered
    g->missing = shards_.size();
    for (const auto& s : shards_) {
        const auto add = [g, limit, done](std::vector<client_info> some) {
            bool last = false;
            {
                const std::lock_guard lock(g->mutex);
                const std::size_t room = limit - std::min(limit, g->all.size());
                some.resize(std::min(some.size(), room));
                g->all.insert(g->all.end(), std::make_move_iterator(some.begin()),
                              std::make_move_iterator(some.end()));
                last = --g->missing == 0;
            }
            if (last) done(std::move(g->all));
        };
        s->post([add, limit, &shard = *s] { add(shard.list(limit)); }, [add] { add({}); });
    }
}

void hub::history(history_query q, std::function<void(result<history_page>)> done) {
    struct call {
        history_query q;
        std::vector<const topic_pattern*> patterns;
        position head;
        std::function<void(result<history_page>)> done;
        history_page page;
    };
    auto c = std::make_shared<call>();  // until both answers of the journal are there
    c->q = std::move(q);
    c->done = std::move(done);
    c->head = journal_->head();
    for (const topic_pattern& t : c->q.topics) c->patterns.push_back(&t);
    rewind from = rewind_last{c->q.max_events};
    if (const auto* last = std::get_if<rewind_last>(&c->q.from)) {
        from = rewind_last{std::min<std::uint64_t>(last->count, c->q.max_events)};
    } else if (std::holds_alternative<rewind_since>(c->q.from)) {
        from = c->q.from;
    }
    journal_->locate({c->patterns, c->q.after_id, from}, [this, c](result<start_point> start) {
        if (!start) return c->done(std::unexpected(start.error()));
        if (!c->q.after_id.empty()) {
            c->page.verdict = start->unknown ? resume_verdict::reset
                              : start->lost  ? resume_verdict::gap
                                             : resume_verdict::resumed;
            c->page.lost = start->lost;
        }
        constexpr std::size_t max_bytes = 8u << 20;
        journal_->read({c->patterns, start->at, c->head, c->q.max_events, max_bytes},
                       [this, c](result<read_page> read) {
                           if (!read) return c->done(std::unexpected(read.error()));
                           c->page.more = read->through < c->head;
                           c->page.next = id_of(read->through);
                           c->page.events = std::move(read->events);
                           if (c->page.verdict == resume_verdict::resumed && read->lost) {
                               c->page.verdict = resume_verdict::gap;
                               c->page.lost = read->lost;
                           }
                           c->done(std::move(c->page));
                       });
    });
}

void hub::drain(std::chrono::milliseconds window, std::function<void()> done) {
    draining_.store(true, std::memory_order_relaxed);
    if (shards_.empty()) return done();
    auto missing = std::make_shared<std::atomic<std::size_t>>(
        shards_.size());  // shared by the shards' callbacks
    const auto finish = [missing, done = std::move(done)] {
        if (missing->fetch_sub(1) == 1) done();
    };
    for (const auto& s : shards_)
        s->post([finish, window, &shard = *s] { shard.drain(window, finish); }, finish);
}

// Each executor runs what was posted before this first: whoever asked then is answered.
void hub::close(std::function<void()> done) {
    draining_.store(true, std::memory_order_relaxed);
    closed_.store(true, std::memory_order_relaxed);
    if (shards_.empty()) return done();
    auto missing = std::make_shared<std::atomic<std::size_t>>(
        shards_.size());  // shared by the shards' callbacks
    const auto finish = [missing, done = std::move(done)] {
        if (missing->fetch_sub(1) == 1) done();
    };
    for (const auto& s : shards_) {
        s->post(
            [finish, &shard = *s] {
                shard.close_all();
                finish();
            },
            finish);
    }
}

hub_stats hub::stats() const {
    hub_stats all;
    all.published = published_.load(std::memory_order_relaxed);
    for (const auto& s : shards_) {
        const shard_counters& c = s->counters();
        all.subscribers += c.subscribers.load(std::memory_order_relaxed);
        all.connections += c.connections.load(std::memory_order_relaxed);
        all.delivered += c.delivered.load(std::memory_order_relaxed);
        all.replayed += c.replayed.load(std::memory_order_relaxed);
        all.bytes += c.bytes.load(std::memory_order_relaxed);
        all.gaps += c.gaps.load(std::memory_order_relaxed);
        all.slow += c.behind.load(std::memory_order_relaxed);
        all.slow_cuts += c.slow_cuts.load(std::memory_order_relaxed);
        all.dead_peers += c.dead_peers.load(std::memory_order_relaxed);
        all.topics += c.topics.load(std::memory_order_relaxed);
        all.fan_out_yields += c.yields.load(std::memory_order_relaxed);
    }
    return all;
}

}  // namespace carillon
