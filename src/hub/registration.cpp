// Registration: streams come and go, topics are added and removed.
#include <carillon/hub/hub.hpp>

#include "base/random.hpp"
#include "hub/client_id.hpp"
#include "hub/client_selection.hpp"
#include "hub/hub_core.hpp"
#include "hub/own_topic.hpp"
#include "hub/record_access.hpp"
#include "hub/shard_impl.hpp"
#include "hub/wall_time.hpp"

#include <algorithm>
#include <string_view>
#include <unordered_set>

namespace carillon {

namespace {

// Of topics and metadata, in one go; a listing may take several.
constexpr std::size_t max_listed_bytes = 1u << 20;
constexpr auto tick_length = std::chrono::milliseconds(50);
constexpr const char* no_memory = "no memory";  // so short that it takes none itself

encode_cache::envelopes with_plain(const hub_options& options) {
    encode_cache::envelopes all{std::make_shared<plain_envelope>()};
    all.insert(all.end(), options.envelopes.begin(), options.envelopes.end());
    return all;
}

/// A topic may keep its events from being compressed, whatever others they are published under.
std::size_t compress_from(const hub_options& options, const event& e) {
    std::size_t from = options.options_of ? 0 : topic_options{}.compress_from;
    for (const topic& t : e.topics) {
        if (options.options_of) from = std::max(from, options.options_of(t.str()).compress_from);
    }
    return from;
}

}  // namespace

shard::impl::impl(hub& owner, executor& on, unsigned number)
    : hub_(owner),
      on_(on),
      number_(number),
      settled_at_(on.now() + owner.options()->presence_grace),
      index_(interest_),
      cache_(with_plain(*owner.options()), owner.record(), owner.options()->encode_cache_bytes,
             [&owner](const event& e) { return compress_from(*owner.options(), e); }),
      replayer_(*this),
      wheel_(on.now(), tick_length) {
    const tail::end end = tail_end();
    head_ = end.head;
    next_seq_ = end.next_seq;
}

std::vector<topic_pattern> subscriber::patterns() const {
    std::vector<topic_pattern> all;
    all.reserve(topic_count());
    each_subscription([&](const subscription& on) { all.push_back(on.node->pattern); });
    return all;
}

journal& shard::impl::record() const { return hub_.record(); }
tail::end shard::impl::tail_end() const { return hub_.inside().recent.now(); }

namespace {

error full_house(const stream_quota& q) {
    return {errc::max_clients,
            q.whose() + " has as many streams as it may (" + std::to_string(q.most()) + ")"};
}

client_directory::owner owner_of(const identity* who) {
    return who == nullptr ? client_directory::owner{}
                          : client_directory::owner{who->user, who->issuer};
}

}  // namespace

bool shard::impl::is_full(const stream_profile& for_one_of) const {
    if (for_one_of.beyond_max_clients) return false;
    return hub_.subscribers() >=
           hub_.options()->max_clients + hub_.inside().beyond_max_clients.load();
}

result<> shard::impl::holds(const identity& who) const {
    const auto& rules = hub_.inside().rules;
    if (!rules.holds || rules.holds(who)) return {};
    return fail(errc::unauthenticated, "what this caller came with was taken back");
}

result<> shard::impl::admits(const stream_request& request) const {
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
    // Looked at on the thread that registers the stream: a revocation that comes later finds it.
    if (request.who) {
        if (auto holding = holds(*request.who); !holding) return holding;
    }
    if (hub_.draining()) return fail(errc::unavailable, "the server is going down");
    if (is_full(*request.profile))
        return fail(errc::max_clients, "the hub is full (`stream.max_clients`)");
    if (const auto& quota = request.profile->quota; quota && quota->full())
        return std::unexpected(full_house(*quota));
    if (!request.client.empty()) {
        return hub_.inside().directory.admits(request.client, owner_of(request.who.get()),
                                              limits->max_durable_clients);
    }
    return {};
}

/// Counts first and then looks: other shards count too.
result<> shard::impl::count_in(const stream_profile& p) {
    auto& core = hub_.inside();
    const std::size_t others = core.subscribers.fetch_add(1);
    if (p.beyond_max_clients) {
        core.beyond_max_clients.fetch_add(1);
    } else if (others >= hub_.options()->max_clients + core.beyond_max_clients.load()) {
        core.subscribers.fetch_sub(1);
        return fail(errc::max_clients, "the hub is full (`stream.max_clients`)");
    }
    if (p.quota && !p.quota->take()) {
        if (p.beyond_max_clients) core.beyond_max_clients.fetch_sub(1);
        core.subscribers.fetch_sub(1);
        return std::unexpected(full_house(*p.quota));
    }
    return {};
}

void shard::impl::count_out(const stream_profile& p) noexcept {
    auto& core = hub_.inside();
    if (p.beyond_max_clients) core.beyond_max_clients.fetch_sub(1);
    core.subscribers.fetch_sub(1);
    if (p.quota) p.quota->give_back();
}

// Whatever lacks memory, and whatever an embedder's options throw, nothing of the stream is left.
result<subscriber*> shard::impl::open(stream_request request) {
    bool counts = false;
    std::optional<stream_name> made;
    const auto undo = [&] {
        subscriber* const still = made ? find(*made) : nullptr;
        if (still != nullptr) release(*still);
        if (counts && !made) count_out(*request.profile);
    };
    try {
        if (auto admitted = admits(request); !admitted) return std::unexpected(admitted.error());
        if (auto counted = count_in(*request.profile); !counted)
            return std::unexpected(counted.error());
        counts = true;
        subscriber& s = allocate(request);
        made = name_of(s);
        return fill(s, request);
    } catch (const std::bad_alloc&) {
        undo();
        return fail(errc::unavailable, no_memory);
    } catch (...) {
        undo();
        throw;
    }
}

/// Null if it has ended already.
result<subscriber*> shard::impl::fill(subscriber& s, stream_request& request) {
    note_facts(s, request);
    if (auto claimed = claim_durable(s, request); !claimed) {
        release(s);
        return std::unexpected(claimed.error());
    }
    claim_user(s, request);
    for (topic_pattern& own : own_patterns(request.who.get(), request.spaces, request.rooms))
        request.topics.push_back(std::move(own));
    if (request.topics.size() > 1) s.more().more_topics.reserve(request.topics.size() - 1);
    std::unordered_set<std::string_view> seen;
    for (const topic_pattern& topic : request.topics) {
        if (seen.insert(topic.str()).second) join(s, node_of(topic));
    }
    const std::uint32_t slot = s.slot;
    replayer_.begin(s, request);
    subscriber* begun = at(slot);
    // One that waits for the journal expires too.
    if (begun != nullptr && deadline_of(*begun) != clock::time_point::max())
        schedule(*begun, deadline_of(*begun));
    return begun;
}

// What takes memory comes before what would have to be taken back.
subscriber& shard::impl::allocate(const stream_request& request) {
    auto made = std::make_unique<subscriber>();
    auto slot = static_cast<std::uint32_t>(slots_.size());
    if (free_.empty()) {
        ticks_.resize(std::max(ticks_.size(), slots_.size() + 1));
        slots_.emplace_back();
    } else {
        slot = free_.back();
        free_.pop_back();
    }
    slots_[slot] = std::move(made);
    subscriber& s = *slots_[slot];
    s.slot = slot;
    s.out = request.out;
    s.profile = request.profile;
    s.form = encode_cache::form_of(request.envelope, request.coding);
    s.chunked = request.out->layout() == framing::chunked;
    s.heartbeat_event = request.heartbeat_event;
    s.finite = request.finite;
    s.spaces = request.spaces;
    s.connected_ms = wall_ms();
    s.last_event = on_.now();
    fill_random(s.key);
    counters_.connections.fetch_add(1, std::memory_order_relaxed);
    counters_.subscribers.fetch_add(1, std::memory_order_relaxed);
    return s;
}

void shard::impl::note_facts(subscriber& s, const stream_request& request) {
    if (!request.metadata.empty()) s.rare().metadata = request.metadata;
    if (request.who) {
        keep(s, *request.who);
        note_expiry(s);
    }
    if (!request.filter.empty()) {
        s.rare().filter = filters_.intern(request.filter);
        s.filters = true;
    }
    start_ticking();
}

void shard::impl::keep(subscriber& s, const identity& who) {
    subscriber_extras& x = s.more();
    x.who = kept_identity(who);
    x.grants = who.grants ? grants_.intern(*who.grants) : nullptr;
    if (who.lease || (x.rare && x.rare->lease)) s.rare().lease = who.lease;
}

/// Topics that were added for an earlier caller, and that this one may not listen to.
void shard::impl::drop_refused(std::vector<topic_pattern>& topics, const stream_request& request) {
    const auto& rules = hub_.inside().rules;
    if (!rules.may_listen) return;
    std::erase_if(topics, [&](const topic_pattern& t) {
        if (std::ranges::find(request.topics, t) != request.topics.end()) return false;
        if (rules.may_listen(request.who.get(), t)) return false;
        [[maybe_unused]] const auto gone = hub_.inside().directory.remove(
            request.client, client_directory::presence::connected, t);
        return true;
    });
}

// The topics in force may differ from those that the request names: some were added or given up on
// an earlier connection.
result<> shard::impl::claim_durable(subscriber& s, stream_request& request) {
    if (request.client.empty()) return {};
    const auto limits = hub_.options();
    // Before: whatever happens, the claim is given back.
    s.rare().durable = std::make_unique<durable_extras>(durable_extras{.token = request.client});
    durable_extras& durable = *s.rare().durable;
    auto claimed = hub_.inside().directory.claim(
        request.client, owner_of(request.who.get()), {number_, s.slot}, request.topics,
        {limits->max_durable_clients, limits->max_topics_per_client});
    if (!claimed) return std::unexpected(claimed.error());
    if (!request.last_event_id.empty()) durable.remembered = claimed->known;
    durable.public_id = std::move(claimed->public_id);
    durable.values_owed = claimed->values_owed;
    if (claimed->previous) {
        impl& other = hub_.inside().shards[claimed->previous->shard]->inside();
        const auto replace = [&other, slot = claimed->previous->slot, token = request.client] {
            subscriber* old = other.at(slot);
            if (old == nullptr || old->token() != token) return;
            // The next connection may have got the slot meanwhile.
            const auto now = other.hub_.inside().directory.find(token);
            if (now && now->where == stream_place{other.number_, slot}) return;
            other.end(*old, close_reason::replaced);
        };
        if (&other == this) {
            replace();
        } else {
            other.post(replace);
        }
    }
    drop_refused(claimed->topics, request);
    std::unordered_set<std::string_view> in_force;
    for (const topic_pattern& t : claimed->topics) in_force.insert(t.str());
    std::erase_if(request.topics,
                  [&](const topic_pattern& t) { return !in_force.contains(t.str()); });
    request.topics.insert(request.topics.end(), claimed->topics.begin(), claimed->topics.end());
    request.topics.emplace_back(client_topic(request.client));
    return {};
}

void shard::impl::release(subscriber& s) {
    if (!s.token().empty()) {
        hub_.inside().directory.release(s.token(), {number_, s.slot},
                                        on_.now() + hub_.options()->client_grace);
    }
    release_user(s);
    detach_all(s);
    if (s.behind) counters_.behind.fetch_sub(1, std::memory_order_relaxed);
    counters_.subscribers.fetch_sub(1, std::memory_order_relaxed);
    count_out(*s.profile);
    const std::uint32_t slot = s.slot;
    slots_[slot].reset();
    try {
        free_.push_back(slot);
    } catch (const std::bad_alloc&) {
        // Nobody gets this slot any more: there are others.
    }
}

topic_node& shard::impl::node_of(const topic_pattern& topic) {
    if (topic_node* known = index_.find(topic)) return *known;
    const auto limits = hub_.options();
    topic_options options = limits->options_of ? limits->options_of(topic.str()) : topic_options{};
    if (is_room(topic.str()))
        options.presence =
            std::min(limits->room_presence, hub_.inside().presence_of_room(topic.str()));
    // Changes of who is there would have no topic.
    if (!may_have_presence(topic.str())) options.presence = presence_rule::off;
    return index_.get(topic, options);
}

topic_node& shard::impl::attach(subscriber& s, const topic_pattern& topic) {
    topic_node& node = node_of(topic);
    if (!listens(s, &node)) join(s, node);
    return node;
}

void shard::impl::join(subscriber& s, topic_node& node) {
    const subscription added{&node, static_cast<std::uint32_t>(node.subscribers.size())};
    const bool own = is_internal(node.pattern);
    try {
        if (own || s.first.node != nullptr) s.more();
        node.subscribers.push_back(&s);
        if (s.first.node != nullptr) s.extras->more_topics.push_back(added);
    } catch (...) {
        if (node.subscribers.size() > added.index) node.subscribers.pop_back();
        leave_empty(node);
        throw;
    }
    if (own) ++s.extras->own_topics;
    if (s.first.node == nullptr) s.first = added;
    counters_.topics.store(index_.size(), std::memory_order_relaxed);
    if (node.options->presence != presence_rule::off) note_presence(s, node);
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

void shard::impl::detach(subscriber& s, topic_node& node) {
    const std::size_t place = place_in(s, node);
    if (node.options->presence != presence_rule::off) note_absence(s, node);
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
    if (s.behind) replayer_.forget_topic(s, node);
    std::optional<topic> watched;
    if (node.options->presence != presence_rule::off && node.pattern.is_literal())
        watched = presence_topic(node.pattern.str());
    leave(node, place);
    counters_.topics.store(index_.size(), std::memory_order_relaxed);
    if (!watched) return;
    topic_node* changes = index_.find(topic_pattern(*watched));
    if (listens(s, changes)) detach(s, *changes);
}

/// Takes the subscriber at `place` off the node, and the node off the index if it was the last.
void shard::impl::leave(topic_node& node, std::size_t place) {
    std::size_t hole = place;
    // Those before `next` are served in the pass under way: keep them before it, or someone is left
    // out or served twice.
    if (node.in_pass && hole < node.pass->next) {
        --node.pass->next;
        move_place(node, node.pass->next, hole);
        hole = node.pass->next;
    }
    move_place(node, node.subscribers.size() - 1, hole);
    node.subscribers.pop_back();
    leave_empty(node);
}

/// Forgets a node that nobody needs.
void shard::impl::leave_empty(topic_node& node) {
    if (node.subscribers.empty() && !node.dirty && !node.in_pass && !node.waiting)
        index_.erase(node);
}

void shard::impl::detach_all(subscriber& s) {
    s.each_subscription([&](const subscription& on) {
        if (on.node->options->presence != presence_rule::off) note_absence(s, *on.node);
        leave(*on.node, on.index);
    });
    s.first = {};
    if (s.extras) s.extras->more_topics.clear();
    counters_.topics.store(index_.size(), std::memory_order_relaxed);
}

bool shard::impl::listens(const subscriber& s, const topic_node* node) const {
    bool found = false;
    s.each_subscription([&](const subscription& on) { found = found || on.node == node; });
    return node != nullptr && found;
}

// Everything from before is written first, so that the cursor can move to now: the new topic starts
// here and a later catch-up does not reach behind it. A stream that is behind keeps its cursor, and
// the replayer knows where the topic starts.
// The node is there before the tail is asked: what is published from then on wakes this shard.
result<> shard::impl::add_live(subscriber& s, const topic_pattern& topic, bool wants_values) {
    if (listens(s, index_.find(topic))) return {};
    const std::uint32_t slot = s.slot;
    topic_node& node = node_of(topic);
    take_tail();
    if (!s.behind && serve(s) == outcome::gone) {
        leave_empty(node);
        return fail(errc::send_error, "the client has just gone");
    }
    join(s, node);
    if (!s.behind) s.cursor = std::max(s.cursor, head_);
    replayer_.add_topic(s, node, head_, wants_values);
    if (at(slot) != &s) return fail(errc::send_error, "the client has just gone");
    return {};
}

result<> shard::impl::subscribe(subscriber& s, const topic_pattern& topic) {
    if (s.named_topics() >= hub_.options()->max_topics_per_client &&
        !listens(s, index_.find(topic))) {
        return fail(errc::invalid_request, "this client listens to as many topics as it may");
    }
    const bool known = listens(s, index_.find(topic));
    if (auto added = add_live(s, topic, true); !added) return added;
    if (!known && !s.behind && tell_presence(s, topic.str()) == outcome::gone)
        return fail(errc::send_error, "the client has just gone");
    if (s.token().empty()) return {};
    client_directory& clients = hub_.inside().directory;
    if (replayer::owes_values(s)) clients.owe_values(s.token(), true);
    return clients.add(s.token(), client_directory::presence::connected, topic,
                       hub_.options()->max_topics_per_client);
}

result<> shard::impl::listen_privately(subscriber& s, const topic_pattern& topic) {
    return add_live(s, topic, false);
}

result<> shard::impl::unsubscribe(subscriber& s, const topic_pattern& topic) {
    topic_node* node = index_.find(topic);
    if (!listens(s, node)) return fail(errc::not_found, "the client does not listen to this topic");
    detach(s, *node);
    if (!s.token().empty())
        return hub_.inside().directory.remove(s.token(), client_directory::presence::connected,
                                              topic);
    return {};
}

void shard::impl::reload(const hub_options& options) {
    cache_.resize(options.encode_cache_bytes);
    index_.give_options([&](const topic_node& node) {
        topic_options now =
            options.options_of ? options.options_of(node.pattern.str()) : topic_options{};
        // A user that was noted as present is to be noted as gone.
        now.presence = node.options->presence;
        return now;
    });
}

std::vector<std::string> shard::impl::topics_of(const subscriber& s) const {
    std::vector<std::string> names;
    s.each_subscription([&](const subscription& on) {
        if (!on.node->pattern.str().starts_with('$')) names.push_back(on.node->pattern.str());
    });
    return names;
}

subscriber* shard::impl::at(std::uint32_t slot) const noexcept {
    return slot < slots_.size() ? slots_[slot].get() : nullptr;
}

stream_name shard::impl::name_of(const subscriber& s) noexcept { return {s.slot, s.key}; }

subscriber* shard::impl::find(const stream_name& name) const noexcept {
    subscriber* s = at(name.slot);
    return s != nullptr && s->key == name.key ? s : nullptr;
}

std::string shard::impl::id_of(const subscriber& s) const {
    if (!s.token().empty()) return std::string(s.token());
    return client_id{s.key, s.slot, static_cast<std::uint8_t>(number_)}.str();
}

std::string shard::impl::public_id_of(const subscriber& s) const {
    return !s.token().empty() ? std::string(s.public_id()) : id_of(s);
}

subscriber* shard::impl::find(std::string_view id) const {
    const auto parsed = client_id::parse(id);
    if (!parsed || parsed->shard != number_) return nullptr;
    subscriber* s = at(parsed->slot);
    if (s == nullptr || s->key != parsed->key) return nullptr;
    // A durable client answers to its token alone.
    return !s->token().empty() ? nullptr : s;
}

client_info shard::impl::describe(const subscriber& s) const {
    const auto time_of = [](std::int64_t ms) {
        return std::chrono::system_clock::time_point(std::chrono::milliseconds(ms));
    };
    client_info info;
    info.id = public_id_of(s);
    if (s.who() != nullptr) {
        auto who = std::make_shared<identity>(s.who()->whole());
        if (const auto& grants = s.extras->grants)
            who->grants = std::shared_ptr<const grant_set>(grants, &grants->grants);
        if (s.extras->rare) who->lease = s.extras->rare->lease;
        info.user = who->user;
        info.session = who->session;
        info.who = std::move(who);
    }
    info.profile = s.profile->name;
    info.events = s.events;
    info.bytes = s.bytes;
    info.topics = topics_of(s);
    info.metadata = s.metadata();
    info.address = s.out->remote_address();
    info.last_event_id = hub_.id_of(s.cursor);
    info.connected_at = time_of(s.connected_ms);
    if (s.events != 0) {
        const auto ago = on_.now() - s.last_event;
        info.last_event_at = std::chrono::time_point_cast<std::chrono::milliseconds>(
            std::chrono::system_clock::now() - ago);
    }
    if (s.last_heartbeat_ms != 0) info.last_heartbeat_at = time_of(s.last_heartbeat_ms);
    info.durable = !s.token().empty();
    info.behind = s.behind != nullptr;
    return info;
}

std::optional<std::uint32_t> shard::impl::list(const client_query& q, std::uint32_t from,
                                               std::size_t slots,
                                               std::vector<client_info>& into) const {
    std::size_t bytes = 0;
    for (std::uint32_t slot = from; slot < slots_.size(); ++slot) {
        if (slots-- == 0 || into.size() >= q.limit || bytes >= max_listed_bytes) return slot;
        if (!slots_[slot] || !is_asked_for(q, *slots_[slot], *this)) continue;
        into.push_back(describe(*slots_[slot]));
        bytes += into.back().metadata.size();
        for (const std::string& t : into.back().topics) bytes += t.size();
    }
    return std::nullopt;
}

}  // namespace carillon
