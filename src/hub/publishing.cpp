// The way in: what publishers give is checked, addressed and appended.
#include <carillon/hub/hub.hpp>

#include "hub/copies.hpp"
#include "hub/hub_core.hpp"
#include "hub/own_topic.hpp"

#include <algorithm>
#include <iterator>
#include <span>
#include <unordered_set>

#include <fmt/format.h>

namespace carillon {

namespace {

/// The topics of one stored event: a recipient's, or those of all of them.
using address = std::vector<topic>;

bool has_repetition(const std::vector<topic>& topics) {
    std::vector<std::string_view> names;
    names.reserve(topics.size());
    for (const topic& t : topics) names.emplace_back(t.str());
    std::ranges::sort(names);
    return std::ranges::adjacent_find(names) != names.end();
}

result<> check_topics(const event& e, const hub_options& limits) {
    if (e.topics.empty()) return fail(errc::invalid_request, "an event needs a topic");
    if (e.topics.size() > limits.max_topics_per_event) {
        return fail(errc::invalid_request, fmt::format("an event may have at most {} topics",
                                                       limits.max_topics_per_event));
    }
    for (const topic& t : e.topics) {
        if (t.reserved()) {
            return fail(errc::forbidden,
                        fmt::format("topic `{}` is reserved for the hub", t.str()));
        }
        if (t.str().size() > limits.max_topic_length) {
            return fail(errc::invalid_request,
                        fmt::format("a topic may have at most {} bytes", limits.max_topic_length));
        }
    }
    if (e.topics.size() > 1 && has_repetition(e.topics))
        return fail(errc::invalid_request, "an event names a topic twice");
    return {};
}

result<> check_name(const event& e) {
    if (!e.name || !e.name->str().starts_with("carillon.")) return {};
    return fail(errc::invalid_request,
                "event names that begin with `carillon.` are reserved for the hub");
}

result<> check_content(const event& e, const hub_options& limits) {
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

/// What an event must be that goes to whoever listens to its topics.
result<> check_public(const event& e, const hub_options& limits) {
    if (auto checked = check_topics(e, limits); !checked) return checked;
    if (auto checked = check_name(e); !checked) return checked;
    return check_content(e, limits);
}

/// `check` for each event; in a batch the error says which one it is about.
template <class Check>
result<> check_each(std::span<const event> batch, const hub_options& limits, Check&& check) {
    if (batch.size() > limits.max_batch) {
        return fail(errc::payload_too_large,
                    fmt::format("{} events in one publish, at most {} are allowed", batch.size(),
                                limits.max_batch));
    }
    for (std::size_t i = 0; i < batch.size(); ++i) {
        if (auto checked = check(batch[i]); !checked) {
            error why = std::move(checked.error());
            if (batch.size() > 1) why.detail = fmt::format("event {}: {}", i, why.detail);
            return std::unexpected(std::move(why));
        }
    }
    return {};
}

/// The audience's addresses, one for each recipient and none twice.
class addressing {
public:
    result<std::vector<address>> of(const audience& to) && {
        several_ = to.users.size() + to.sessions.size() + to.clients.size() + to.rooms.size() > 1;
        if (to.everyone) {
            if (!to.users.empty() || !to.sessions.empty() || !to.clients.empty() ||
                !to.rooms.empty() || !to.all_of.empty())
                return fail(errc::invalid_request, "an audience of everyone names nobody else");
            all_.push_back({everyone_topic()});
        }
        for (const std::string& id : to.users) add("user", id, user_topic);
        for (const std::string& id : to.sessions) add("session", id, session_topic);
        for (const std::string& id : to.clients) add("client", id, client_topic);
        for (const topic& room : to.rooms) add_room(room);
        if (!to.all_of.empty()) add_attributes(to.all_of);
        if (!wrong_.empty()) return fail(errc::invalid_request, wrong_);
        return std::move(all_);
    }

private:
    void add(std::string_view what, std::string_view id, topic (*topic_of)(std::string_view)) {
        const std::string segment = as_segment(id);
        if (segment.empty()) {
            wrong_ = fmt::format("the id of a {} has 1 to {} bytes of UTF-8", what, max_id_length);
            return;
        }
        topic where = topic_of(segment);
        if (is_new(where)) all_.push_back({std::move(where)});
    }

    bool is_new(const topic& where) { return !several_ || seen_.insert(where.str()).second; }

    void add_room(const topic& room) {
        if (!room.internal()) {
            wrong_ = "a room is a topic in the hub's own space";
        } else if (is_new(room)) {
            all_.push_back({room});
        }
    }

    void add_attributes(const std::vector<attribute>& all_of) {
        address one;
        for (const attribute& a : all_of) {
            auto t = one.empty() ? attribute_topic(a) : condition_topic(a);
            if (!t) {
                wrong_ = fmt::format(
                    "an attribute has a name and a value, each of 1 to {} bytes of UTF-8",
                    max_attribute_length);
                return;
            }
            if (std::ranges::find(one, *t) == one.end()) one.push_back(std::move(*t));
        }
        all_.push_back(std::move(one));
    }

    std::vector<address> all_;
    bool several_ = false;  ///< one may be named twice
    std::unordered_set<std::string> seen_;
    std::string wrong_;
};

result<> check_size(const std::vector<address>& to, std::span<const event> batch,
                    audience::copies stored, const hub_options& limits) {
    const std::size_t events = batch.size();
    if (events * to.size() > limits.max_recipients) {
        return fail(errc::payload_too_large,
                    fmt::format("{} events for {} recipients in one publish; events times "
                                "recipients may be at most {}",
                                events, to.size(), limits.max_recipients));
    }
    if (stored == audience::copies::one_each) {
        std::size_t bytes = 0;
        for (const event& e : batch) bytes += e.size() * to.size();
        if (auto fits = check_copies(bytes, limits); !fits) return fits;
    }
    std::size_t topics = 0;
    for (const address& one : to)
        topics =
            stored == audience::copies::shared ? topics + one.size() : std::max(topics, one.size());
    if (topics <= limits.max_topics_per_event) return {};
    return fail(errc::invalid_request,
                fmt::format("an event that recipients share, or that asks for several attributes, "
                            "may have at most {} of them",
                            limits.max_topics_per_event));
}

/// One address for all, if the audience wants one event only.
std::vector<address> shared_by(const audience& to, std::vector<address> all) {
    if (to.stored != audience::copies::shared) return all;
    address one;
    for (address& a : all)
        one.insert(one.end(), std::make_move_iterator(a.begin()), std::make_move_iterator(a.end()));
    return {std::move(one)};
}

/// Without clients that are not there.
std::vector<address> without_missing(std::vector<address> all,
                                     const std::vector<std::string>& found) {
    std::unordered_set<std::string> there;
    for (const std::string& client : found) there.insert(client_topic(as_segment(client)).str());
    std::erase_if(all, [&](const address& a) {
        return a.front().str().starts_with("$client/") && !there.contains(a.front().str());
    });
    return all;
}

}  // namespace

result<> check_copies(std::size_t bytes, const hub_options& limits) {
    if (bytes <= limits.max_copied) return {};
    return fail(errc::payload_too_large,
                fmt::format("the copies of all recipients have {} bytes together, at most {} are "
                            "allowed (`publish.max_copied`)",
                            bytes, limits.max_copied));
}

result<> hub::core::check(const event& e) const { return check_public(e, *limits()); }

void hub::publish(std::vector<event> batch, std::optional<idempotency_key> key,
                  publish_callback done) {
    core_->publish_openly(std::move(batch), std::move(key), std::move(done), {});
}

void hub::core::publish_openly(std::vector<event> batch, std::optional<idempotency_key> key,
                               publish_callback done, receipt_callback delivered) {
    const auto limits = this->limits();
    const auto checked =
        check_each(batch, *limits, [&](const event& e) { return check_public(e, *limits); });
    if (!checked) return done(std::unexpected(checked.error()));
    events stored;
    stored.reserve(batch.size());
    for (event& e : batch) {
        stored.push_back(std::make_shared<stored_event>());
        stored.back()->content = std::move(e);
    }
    append(std::move(stored), std::move(key), std::move(done), std::move(delivered));
}

void hub::publish(std::vector<event> batch, audience to, std::optional<idempotency_key> key,
                  publish_callback done) {
    publish(std::move(batch), std::move(to), std::move(key), std::move(done), {});
}

void hub::publish(std::vector<event> batch, audience to, std::optional<idempotency_key> key,
                  publish_callback done, receipt_callback delivered) {
    if (to.empty()) {
        return core_->publish_openly(std::move(batch), std::move(key), std::move(done),
                                     std::move(delivered));
    }
    const auto limits = options();
    const auto checked = check_each(batch, *limits, [&](const event& e) -> result<> {
        if (!e.topics.empty())
            return fail(errc::invalid_request, "an event for an audience names no topics");
        if (auto named = check_name(e); !named) return named;
        return check_content(e, *limits);
    });
    if (!checked) return done(std::unexpected(checked.error()));
    // Public ids stand for tokens, under which durable clients' events are kept.
    std::erase_if(to.clients, [this](std::string& client) {
        auto token = core_->directory.token_of(client);
        if (token && is_client_token(*token)) client = std::move(*token);
        return !token || !is_client_token(client);
    });
    if (to.empty()) return done(fail(errc::client_not_found, "no client has this id"));
    auto all = addressing().of(to);
    if (!all) return done(std::unexpected(all.error()));
    if (auto size = check_size(*all, batch, to.stored, *limits); !size)
        return done(std::unexpected(size.error()));
    if (to.clients.empty())
        return core_->append_for(std::move(batch), shared_by(to, std::move(*all)), std::move(key),
                                 std::move(done), std::move(delivered));
    std::vector<std::string> clients = to.clients;
    core_->listen_privately(
        std::move(clients),
        [this, batch = std::move(batch), to = std::move(to), all = std::move(*all),
         key = std::move(key), done = std::move(done),
         delivered = std::move(delivered)](const std::vector<std::string>& found) {
            auto left = without_missing(all, found);
            if (left.empty()) return done(fail(errc::client_not_found, "no client has this id"));
            core_->append_for(batch, shared_by(to, std::move(left)), key, done, delivered);
        });
}

void hub::core::append_for(std::vector<event> batch, addresses to,
                           std::optional<idempotency_key> key, publish_callback done,
                           receipt_callback delivered) {
    events stored;
    stored.reserve(batch.size() * to.size());
    const auto add = [&stored](event content, const address& one) {
        auto& made = stored.emplace_back(std::make_shared<stored_event>());
        made->content = std::move(content);
        made->content.topics = one;
        made->content.is_private = true;
    };
    for (event& e : batch) {
        for (std::size_t i = 0; i + 1 < to.size(); ++i) add(e, to[i]);
        if (!to.empty()) add(std::move(e), to.back());
    }
    append(std::move(stored), std::move(key), std::move(done), std::move(delivered));
}

void hub::publish_own(std::vector<event> batch, std::optional<idempotency_key> key,
                      publish_callback done, receipt_callback delivered) {
    const auto limits = options();
    core::events stored;
    stored.reserve(batch.size());
    for (event& e : batch) {
        if (auto checked = check_content(e, *limits); !checked)
            return done(std::unexpected(checked.error()));
        stored.push_back(std::make_shared<stored_event>());
        stored.back()->content = std::move(e);
    }
    core_->append(std::move(stored), std::move(key), std::move(done), std::move(delivered));
}

void hub::core::append(events batch, std::optional<idempotency_key> key, publish_callback done,
                       receipt_callback delivered) {
    if (auto open = is_open(); !open) return done(std::unexpected(open.error()));
    std::shared_ptr<receipt_call> call;
    if (delivered) call = receipts_of(batch, std::move(delivered));
    record->append(std::move(batch), std::move(key),
                   [this, done = std::move(done), call, began = std::chrono::steady_clock::now()](
                       const result<journal::appended>& stored,
                       std::span<const std::shared_ptr<stored_event>> all) {
                       publish_times.add(std::chrono::steady_clock::now() - began);
                       if (!stored) {
                           if (call) call->cancel();
                           return done(std::unexpected(stored.error()));
                       }
                       std::vector<published> answers;
                       answers.reserve(all.size());
                       for (const auto& e : all) answers.push_back({reads.id_of(*e), e->pos});
                       if (call) call->name(answers, *stored == journal::appended::stored);
                       done(std::move(answers));
                   });
}

}  // namespace carillon
