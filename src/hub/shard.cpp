// Registration: streams come and go, topics are added and removed.
#include <carillon/hub/hub.hpp>
#include <carillon/hub/shard.hpp>

#include "base/random.hpp"
#include "hub/client_directory.hpp"
#include "hub/client_id.hpp"
#include "hub/lifeline.hpp"
#include "hub/own_topic.hpp"
#include "hub/record_access.hpp"
#include "hub/subscriber.hpp"
#include "hub/tail.hpp"
#include "hub/topic_index.hpp"
#include "hub/wall_time.hpp"

#include <algorithm>

namespace carillon {

namespace {

constexpr std::size_t encode_cache_bytes = 4u << 20;
constexpr auto tick_length = std::chrono::milliseconds(50);

encode_cache::envelopes with_plain(const hub_options& options) {
    encode_cache::envelopes all{std::make_shared<plain_envelope>()};
    all.insert(all.end(), options.envelopes.begin(), options.envelopes.end());
    return all;
}

}  // namespace

shard::shard(hub& owner, executor& on, unsigned number)
    : hub_(owner),
      on_(on),
      number_(number),
      interest_(std::make_unique<interest_filter>()),
      index_(std::make_unique<topic_index>(*interest_)),
      cache_(std::make_unique<encode_cache>(with_plain(*owner.options()), owner.record(),
                                            encode_cache_bytes)),
      life_(std::make_unique<lifeline>()),
      grants_(std::make_unique<grant_table>()),
      wheel_(on.now(), tick_length) {
    const tail::end end = hub_.tail_->now();
    head_ = end.head;
    next_seq_ = end.next_seq;
}

shard::~shard() = default;

result<> shard::admits(const stream_request& request) const {
    const auto limits = hub_.options();
    if (request.topics.empty() && !request.topics_later &&
        own_patterns(request.who.get(), request.spaces, request.rooms).empty())
        return fail(errc::invalid_request, "a stream needs at least one topic");
    if (std::ranges::any_of(request.topics, [](const topic_pattern& p) { return is_internal(p); }))
        return fail(errc::forbidden, "topics that begin with `$` are the hub's own");
    if (request.topics.size() > limits->max_topics_per_client) {
        return fail(errc::invalid_request, "a stream may listen to at most " +
                                               std::to_string(limits->max_topics_per_client) +
                                               " topics");
    }
    if (!request.client.empty() && !is_client_token(request.client)) {
        return fail(errc::invalid_request,
                    "`client` must be 22 to 128 characters of A-Z, a-z, 0-9, `_` and `-`");
    }
    if (hub_.draining()) return fail(errc::unavailable, "the server is going down");
    if (hub_.subscribers() >= limits->max_clients)
        return fail(errc::max_clients, "the hub is full");
    return {};
}

result<subscriber*> shard::open(stream_request request) {
    if (auto admitted = admits(request); !admitted) return std::unexpected(admitted.error());
    // Counted first and looked at again: other shards count too.
    if (hub_.subscribers_.fetch_add(1) >= hub_.options()->max_clients) {
        hub_.subscribers_.fetch_sub(1);
        return fail(errc::max_clients, "the hub is full");
    }
    subscriber& s = allocate(request);
    claim_durable(s, request);
    for (const topic_pattern& topic : request.topics) attach(s, topic);
    for (const topic_pattern& own : own_patterns(request.who.get(), request.spaces, request.rooms))
        attach(s, own);
    const std::uint32_t slot = s.slot;
    begin(s, request);
    return at(slot);
}

subscriber& shard::allocate(const stream_request& request) {
    if (free_.empty()) {
        free_.push_back(static_cast<std::uint32_t>(slots_.size()));
        slots_.emplace_back();
        ticks_.push_back(0);
    }
    const std::uint32_t slot = free_.back();
    free_.pop_back();
    slots_[slot] = std::make_unique<subscriber>();
    subscriber& s = *slots_[slot];
    s.slot = slot;
    s.out = request.out;
    s.profile = request.profile;
    s.envelope = request.envelope;
    s.chunked = request.out->layout() == framing::chunked;
    s.heartbeat_event = request.heartbeat_event;
    s.finite = request.finite;
    s.connected_ms = wall_ms();
    fill_random(s.key);
    if (!request.metadata.empty()) s.more().metadata = request.metadata;
    if (request.who) {
        s.more().who = request.who;
        if (request.who->grants) s.more().grants = grants_->intern(*request.who->grants);
    }
    if (!request.filter.empty()) {
        s.more().filter = request.filter;
        s.filters = true;
    }
    counters_.connections.fetch_add(1, std::memory_order_relaxed);
    counters_.subscribers.fetch_add(1, std::memory_order_relaxed);
    start_ticking();
    return s;
}

void shard::claim_durable(subscriber& s, stream_request& request) {
    if (request.client.empty()) return;
    s.more().token = request.client;
    auto claimed = hub_.clients_->claim(request.client, {number_, s.slot});
    if (claimed.previous) {
        shard& other = *hub_.shards_[claimed.previous->shard];
        const auto replace = [&other, slot = claimed.previous->slot, token = request.client] {
            subscriber* old = other.at(slot);
            if (old != nullptr && old->extras && old->extras->token == token)
                other.end(*old, close_reason::replaced);
        };
        if (&other == this) {
            replace();
        } else {
            other.post(replace);
        }
    }
    std::erase_if(request.topics, [&](const topic_pattern& t) {
        return std::ranges::find(claimed.removed, t) != claimed.removed.end();
    });
    request.topics.insert(request.topics.end(), claimed.added.begin(), claimed.added.end());
    request.topics.emplace_back(client_topic(request.client));
}

void shard::release(subscriber& s) {
    if (s.extras && !s.extras->token.empty()) {
        hub_.clients_->release(s.extras->token, {number_, s.slot},
                               on_.now() + hub_.options()->client_grace);
    }
    detach_all(s);
    if (s.behind) counters_.behind.fetch_sub(1, std::memory_order_relaxed);
    counters_.subscribers.fetch_sub(1, std::memory_order_relaxed);
    hub_.subscribers_.fetch_sub(1);
    const std::uint32_t slot = s.slot;
    slots_[slot].reset();
    free_.push_back(slot);
}

void shard::attach(subscriber& s, const topic_pattern& topic) {
    topic_node& node = index_->get(topic, hub_.options()->options_of);
    if (listens(s, &node)) return;
    const subscription added{&node, static_cast<std::uint32_t>(node.subscribers.size())};
    node.subscribers.push_back(&s);
    if (is_internal(topic)) ++s.more().own_topics;
    if (s.first.node == nullptr) {
        s.first = added;
    } else {
        s.more().more_topics.push_back(added);
    }
    counters_.topics.store(index_->size(), std::memory_order_relaxed);
}

namespace {

/// Where `s` notes its place in `node`.
std::uint32_t& place_in(subscriber& s, const topic_node& node) {
    if (s.first.node == &node) return s.first.index;
    return std::ranges::find(s.extras->more_topics, &node, &subscription::node)->index;
}

/// Puts the subscriber at `from` into the hole at `to`.
void move_place(topic_node& node, std::size_t from, std::size_t to) {
    if (from == to) return;
    node.subscribers[to] = node.subscribers[from];
    place_in(*node.subscribers[to], node) = static_cast<std::uint32_t>(to);
}

}  // namespace

void shard::detach(subscriber& s, topic_node& node) {
    std::size_t hole = place_in(s, node);
    // Those before `next` are served in the pass under way: keep them before it, or someone is left
    // out or served twice.
    if (node.in_pass && hole < node.next) {
        --node.next;
        move_place(node, node.next, hole);
        hole = node.next;
    }
    move_place(node, node.subscribers.size() - 1, hole);
    node.subscribers.pop_back();
    if (is_internal(node.pattern)) --s.extras->own_topics;
    if (s.first.node == &node) {
        s.first = {};
        if (s.extras && !s.extras->more_topics.empty()) {
            s.first = s.extras->more_topics.back();
            s.extras->more_topics.pop_back();
        }
    } else {
        std::erase_if(s.extras->more_topics,
                      [&](const subscription& known) { return known.node == &node; });
    }
    if (s.extras)
        std::erase_if(s.extras->late_topics, [&](const late_topic& l) { return l.node == &node; });
    if (node.subscribers.empty() && !node.dirty && !node.in_pass && !node.waiting)
        index_->erase(node);
    counters_.topics.store(index_->size(), std::memory_order_relaxed);
}

void shard::detach_all(subscriber& s) {
    while (s.first.node != nullptr) detach(s, *s.first.node);
}

// Most events are nobody's secret and most streams filter nothing: those cost two flags.
bool shard::shows(const subscriber& s, encoded_event& e) const {
    if (!e.guarded && !s.filters) return true;
    if (!e.memo) e.memo = std::make_unique<visibility_memo>();
    viewer v;
    if (s.extras) {
        v.grants = s.extras->grants.get();
        v.attributes = s.extras->who ? &s.extras->who->attributes : nullptr;
        v.filter = s.filters ? &s.extras->filter : nullptr;
    }
    return carillon::shows(v, e.event->content, *e.memo, [&](const topic& t) {
        bool found = false;
        s.each_subscription(
            [&](const subscription& on) { found = found || on.node->pattern.str() == t.str(); });
        return found;
    });
}

bool shard::listens(const subscriber& s, const topic_node* node) const {
    bool found = false;
    s.each_subscription([&](const subscription& on) { found = found || on.node == node; });
    return node != nullptr && found;
}

// Everything from before is written first, so that the cursor can move to now: the new topic starts
// here and a later catch-up does not reach behind it. Who is behind keeps its cursor and notes
// where the topic starts.
result<> shard::add_live(subscriber& s, const topic_pattern& topic) {
    if (listens(s, index_->find(topic))) return {};
    take_tail();
    if (!s.behind && serve(s) == outcome::gone)
        return fail(errc::send_error, "the client has just gone");
    attach(s, topic);
    if (s.behind) {
        s.more().late_topics.push_back({index_->find(topic), head_});
    } else {
        s.cursor = std::max(s.cursor, head_);
    }
    return {};
}

result<> shard::subscribe(subscriber& s, const topic_pattern& topic) {
    if (s.named_topics() >= hub_.options()->max_topics_per_client &&
        !listens(s, index_->find(topic))) {
        return fail(errc::invalid_request, "this client listens to as many topics as it may");
    }
    const bool known = listens(s, index_->find(topic));
    if (auto added = add_live(s, topic); !added) return added;
    if (!known && !s.behind) {
        std::string values;
        append_values(s, {&topic}, values);
        const auto block = encode_cache::control(s.envelope, values);
        if (!values.empty() && write(s, {{&block, {}, false}}) == outcome::gone)
            return fail(errc::send_error, "the client has just gone");
    }
    if (s.extras && !s.extras->token.empty()) hub_.clients_->change(s.extras->token, topic, true);
    return {};
}

result<> shard::listen_privately(subscriber& s, const topic_pattern& topic) {
    return add_live(s, topic);
}

result<> shard::unsubscribe(subscriber& s, const topic_pattern& topic) {
    topic_node* node = index_->find(topic);
    if (!listens(s, node)) return fail(errc::not_found, "the client does not listen to this topic");
    detach(s, *node);
    if (s.extras && !s.extras->token.empty()) hub_.clients_->change(s.extras->token, topic, false);
    return {};
}

void shard::reload(const hub_options& options) {
    index_->each([&](topic_node& node) {
        node.options =
            options.options_of ? options.options_of(node.pattern.str()) : topic_options{};
    });
}

void shard::remove(subscriber& s) { release(s); }

void shard::close(subscriber& s, close_reason why) {
    connection* out = s.out;
    release(s);
    out->close(why);
}

std::vector<std::string> shard::topics_of(const subscriber& s) const {
    std::vector<std::string> names;
    s.each_subscription([&](const subscription& on) {
        if (!on.node->pattern.str().starts_with('$')) names.push_back(on.node->pattern.str());
    });
    return names;
}

subscriber* shard::at(std::uint32_t slot) const noexcept {
    return slot < slots_.size() ? slots_[slot].get() : nullptr;
}

std::string shard::id_of(const subscriber& s) const {
    if (s.extras && !s.extras->token.empty()) return s.extras->token;
    return client_id{s.key, s.slot, static_cast<std::uint8_t>(number_)}.str();
}

subscriber* shard::find(std::string_view id) const {
    const auto parsed = client_id::parse(id);
    if (!parsed || parsed->shard != number_) return nullptr;
    subscriber* s = at(parsed->slot);
    if (s == nullptr || s->key != parsed->key) return nullptr;
    // A durable client answers to its token alone.
    return s->extras && !s->extras->token.empty() ? nullptr : s;
}

client_info shard::describe(const subscriber& s) const {
    const auto time_of = [](std::int64_t ms) {
        return std::chrono::system_clock::time_point(std::chrono::milliseconds(ms));
    };
    client_info info;
    info.id = id_of(s);
    info.topics = topics_of(s);
    info.metadata = s.extras ? s.extras->metadata : std::string{};
    info.address = s.out->remote_address();
    info.last_event_id = hub_.id_of(s.cursor);
    info.connected_at = time_of(s.connected_ms);
    if (s.last_event_ms != 0) info.last_event_at = time_of(s.last_event_ms);
    if (s.last_heartbeat_ms != 0) info.last_heartbeat_at = time_of(s.last_heartbeat_ms);
    info.durable = s.extras && !s.extras->token.empty();
    info.behind = s.behind != nullptr;
    return info;
}

std::vector<client_info> shard::list(std::size_t limit) const {
    std::vector<client_info> clients;
    for (const auto& s : slots_) {
        if (clients.size() >= limit) break;
        if (s) clients.push_back(describe(*s));
    }
    return clients;
}

}  // namespace carillon
