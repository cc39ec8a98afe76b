// Calls about single clients: wherever their stream is, the call goes to its shard.
#include <carillon/hub/hub.hpp>

#include "hub/client_id.hpp"
#include "hub/hub_core.hpp"
#include "hub/own_topic.hpp"
#include "hub/shard_impl.hpp"

#include <charconv>
#include <memory>
#include <mutex>
#include <optional>

#include <fmt/format.h>

namespace carillon {

namespace {

std::unexpected<error> unknown() { return fail(errc::client_not_found, "no client has this id"); }

std::unexpected<error> internal_topic() {
    return fail(errc::forbidden, "topics that begin with `$` are the hub's own");
}

/// Of topics and metadata in one page, about: an answer is bounded whatever clients listen to.
constexpr std::size_t max_page_bytes = 4u << 20;
/// Slots that a listing looks at in one task.
constexpr std::size_t slots_at_once = 4096;

struct listing_place {
    std::size_t shard = 0;
    std::uint32_t slot = 0;
};

std::string text_of(const listing_place& p) { return fmt::format("{}.{}", p.shard, p.slot); }

std::optional<listing_place> parse_place(std::string_view text) {
    if (text.empty()) return listing_place{};
    listing_place p;
    const char* const end = text.data() + text.size();
    const auto shard = std::from_chars(text.data(), end, p.shard);
    if (shard.ec != std::errc{} || shard.ptr == end || *shard.ptr != '.') return std::nullopt;
    const auto slot = std::from_chars(shard.ptr + 1, end, p.slot);
    if (slot.ec != std::errc{} || slot.ptr != end) return std::nullopt;
    return p;
}

}  // namespace

// Finds the shard that has the client and runs the task there; a durable client between two
// connections gives null.
void hub::core::with_client(std::string_view client, client_task t, client_callback done) {
    const auto durable = directory.find(client);
    unsigned number = 0;
    if (durable) {
        number = durable->where ? durable->where->shard : 0;
    } else if (const auto id = client_id::parse(client); id && id->shard < shards.size()) {
        number = id->shard;
    } else {
        return done(unknown());
    }
    if (number >= shards.size()) return done(unknown());
    shard::impl& home = shards[number]->inside();
    home.post(
        [this, &home, name = std::string(client), t = std::move(t), done] {
            const auto now = directory.find(name);
            subscriber* s = nullptr;
            if (!now) {
                s = home.find(name);
                if (s == nullptr) return done(unknown());
            } else if (now->where && now->where->shard == home.number()) {
                s = home.at(now->where->slot);
            } else if (now->where) {
                return with_client(name, t, done);  // it has just moved
            }
            const auto name_there = s != nullptr ? home.name_of(*s) : stream_name{};
            result<> outcome = fail(errc::unavailable, "no memory");
            home.guarded(name_there, [&] { outcome = t(home, s); });
            done(outcome);
        },
        [done] { done(closed()); });
}

void hub::send(std::string client, event e, std::optional<idempotency_key> key,
               publish_callback done) {
    e.topics.clear();
    audience to;
    to.clients.push_back(std::move(client));
    std::vector<event> one;
    one.push_back(std::move(e));
    publish(std::move(one), std::move(to), std::move(key), std::move(done));
}

// Listening first, storing second: the clients' streams are sure to show it. `done` is told which
// of them there are.
void hub::core::listen_privately(std::vector<std::string> clients,
                                 std::function<void(std::vector<std::string>)> done) {
    struct gathering {
        std::mutex mutex;
        std::vector<std::string> found;
        std::size_t missing;
        std::function<void(std::vector<std::string>)> done;
    };
    auto g = std::make_shared<gathering>();  // until the last shard has answered
    g->missing = clients.size();
    g->done = std::move(done);
    for (const std::string& client : clients) {
        const auto listen = [topic = topic_pattern(client_topic(as_segment(client)))](
                                shard::impl& home, subscriber* s) -> result<> {
            return s == nullptr ? result<>{} : home.listen_privately(*s, topic);
        };
        with_client(client, listen, [g, client](const result<>& ready) {
            bool last = false;
            {
                const std::lock_guard lock(g->mutex);
                if (ready) g->found.push_back(client);
                last = --g->missing == 0;
            }
            if (last) g->done(std::move(g->found));
        });
    }
}

namespace {

/// `change` gets the client's stream, null while it is away, and its token.
void change_topics(hub::core& core, std::string_view client, const topic_pattern& topic,
                   std::function<result<>(shard::impl&, subscriber*, std::string_view)> change,
                   hub::client_callback done) {
    if (is_internal(topic)) return done(internal_topic());
    auto token = core.directory.token_of(client);
    if (!token) return done(unknown());
    core.with_client(
        client,
        [token = std::move(*token), change = std::move(change)](shard::impl& home, subscriber* s) {
            return change(home, s, token);
        },
        std::move(done));
}

}  // namespace

void hub::subscribe(std::string_view client, topic_pattern topic, client_callback done) {
    const auto add = [this, topic](shard::impl& home, subscriber* s, std::string_view token) {
        if (s != nullptr) return home.subscribe(*s, topic);
        return core_->directory.add(token, client_directory::presence::away, topic,
                                    options()->max_topics_per_client);
    };
    change_topics(*core_, client, topic, add, std::move(done));
}

void hub::unsubscribe(std::string_view client, topic_pattern topic, client_callback done) {
    const auto take = [this, topic](shard::impl& home, subscriber* s, std::string_view token) {
        if (s != nullptr) return home.unsubscribe(*s, topic);
        return core_->directory.remove(token, client_directory::presence::away, topic);
    };
    change_topics(*core_, client, topic, take, std::move(done));
}

void hub::remove(std::string_view client, client_callback done) {
    core_->with_client(
        client,
        [this, name = std::string(client)](shard::impl& home, subscriber* s) -> result<> {
            if (s != nullptr) home.end(*s, close_reason::removed);
            if (const auto token = core_->directory.token_of(name)) core_->directory.forget(*token);
            return {};
        },
        std::move(done));
}

void hub::heartbeat(std::string_view client, client_callback done) {
    core_->with_client(
        client,
        [](shard::impl& home, subscriber* s) -> result<> {
            if (s == nullptr)
                return fail(errc::send_error, "the client is between two connections");
            home.heartbeat(*s);
            return {};
        },
        std::move(done));
}

void hub::find_client(std::string_view client, std::function<void(result<client_info>)> done) {
    auto found = std::make_shared<client_info>();
    core_->with_client(
        client,
        [this, found, name = std::string(client)](shard::impl& home, subscriber* s) -> result<> {
            if (s != nullptr) {
                *found = home.describe(*s);
                return {};
            }
            const auto away = core_->directory.find(name);
            if (!away) return unknown();
            found->id = away->public_id;
            found->durable = true;
            for (const topic_pattern& t : core_->directory.topics_of(away->token))
                found->topics.push_back(t.str());
            return {};
        },
        [found, done = std::move(done)](result<> ok) {
            if (!ok) return done(std::unexpected(ok.error()));
            done(std::move(*found));
        });
}

/// Goes from shard to shard; used by one of them at a time.
struct hub::core::listing {
    client_query q;
    listing_place at;
    client_page page;
    std::size_t measured = 0;  ///< clients of the page whose bytes were counted
    std::size_t bytes = 0;     ///< of their topics and metadata
    std::function<void(result<client_page>)> done;
};

void hub::list_clients(client_query q, std::function<void(result<client_page>)> done) {
    const auto at = parse_place(q.after);
    if (!at) return done(fail(errc::invalid_request, "`after` is the `next` of another listing"));
    const auto l = std::make_shared<core::listing>();
    l->q = std::move(q);
    l->at = *at;
    l->done = std::move(done);
    core_->list_on(l);
}

void hub::core::list_on(const std::shared_ptr<listing>& l) {
    if (l->at.shard >= shards.size()) return l->done(std::move(l->page));
    shard::impl& home = shards[l->at.shard]->inside();
    home.post(
        [this, &home, l] {
            const auto next = home.list(l->q, l->at.slot, slots_at_once, l->page.clients);
            l->at = next ? listing_place{l->at.shard, *next} : listing_place{l->at.shard + 1, 0};
            for (; l->measured < l->page.clients.size(); ++l->measured) {
                l->bytes += l->page.clients[l->measured].metadata.size();
                for (const std::string& t : l->page.clients[l->measured].topics)
                    l->bytes += t.size();
            }
            const bool full = l->page.clients.size() >= l->q.limit || l->bytes >= max_page_bytes;
            if (!full) return list_on(l);
            if (l->at.shard < shards.size()) l->page.next = text_of(l->at);
            l->done(std::move(l->page));
        },
        [l] { l->done(client_page{}); });
}

}  // namespace carillon
