#include <carillon/services/notifications.hpp>

#include "base/ago.hpp"
#include "base/json_text.hpp"
#include "base/random.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include <fmt/format.h>

namespace carillon::services {

namespace {

constexpr std::size_t id_length = 22;
constexpr std::size_t trimmed_at_once = 500;

void put(std::string& out, std::string_view name, std::string_view text) {
    if (text.empty()) return;
    out.append(",\"").append(name).append("\":");
    append_json_string(out, text);
}

}  // namespace

notifications::notifications(hub& h, outbox_relay& relay, store::record_store& records,
                             connection_count connections, notification_limits limits,
                             wall_clock now)
    : hub_(h),
      relay_(relay),
      records_(records),
      connections_(std::move(connections)),
      limits_(limits),
      now_(std::move(now)) {
    relay_.record_outcomes([this](const message& m, const outbox_relay::settled& outcome) {
        return outcome_of(m, outcome);
    });
}

notifications::~notifications() { relay_.record_outcomes({}); }

result<> notifications::check(const notification_draft& what) const {
    if (what.type.empty() && what.title.empty() && what.message.empty())
        return fail(errc::invalid_request, "a notification has a `type`, `title` or `message`");
    const std::size_t size = what.id.size() + what.type.size() + what.action.size() +
                             what.priority.size() + what.title.size() + what.message.size() +
                             what.sender.size();
    if (size > limits_.max_text)
        return fail(errc::event_too_large,
                    fmt::format("a notification has at most {} bytes of text", limits_.max_text));
    return {};
}

event notifications::event_of(const notification_draft& what, std::string_view kind) const {
    event e;
    e.kind = kind;
    e.name = what.name;
    e.timestamp = what.timestamp;
    e.payload = payload_kind::json;
    e.data = "{\"id\":";
    append_json_string(e.data, what.id);
    put(e.data, "type", what.type);
    put(e.data, "action", what.action);
    put(e.data, "priority", what.priority);
    put(e.data, "title", what.title);
    put(e.data, "message", what.message);
    if (!what.data.empty()) e.data.append(",\"data\":").append(what.data);
    put(e.data, "sender", what.sender);
    e.data += '}';
    return e;
}

void notifications::notify(notification_draft what, std::vector<std::string> recipients,
                           sent_callback done) {
    if (auto fine = check(what); !fine) return done(std::unexpected(fine.error()));
    std::ranges::sort(recipients);
    const auto repeated = std::ranges::unique(recipients);
    recipients.erase(repeated.begin(), repeated.end());
    if (recipients.empty() || recipients.front().empty())
        return done(
            fail(errc::invalid_request, "a notification has recipients, none of them empty"));
    if (recipients.size() > limits_.max_recipients)
        return done(
            fail(errc::payload_too_large,
                 fmt::format("a notification has at most {} recipients", limits_.max_recipients)));
    if (what.id.empty()) what.id = random_token(id_length);
    event e = event_of(what, "notification");
    if (e.size() > hub_.options()->max_event_size)
        return done(fail(errc::event_too_large, "the notification is larger than an event may be"));
    struct call {
        store::notification row;
        std::vector<std::string> recipients;
        event e;
        std::optional<repeatable_call> once;
        bool repeated = false;
        sent_callback done;
    };
    auto c = std::make_shared<call>();  // until the records and the hub have answered
    c->row = {.id = what.id,
              .type = std::move(what.type),
              .action = std::move(what.action),
              .priority = std::move(what.priority),
              .title = std::move(what.title),
              .message = std::move(what.message),
              .data = std::move(what.data),
              .sender = std::move(what.sender),
              .created = now_()};
    c->recipients = std::move(recipients);
    c->e = std::move(e);
    c->once = std::move(what.call);
    c->done = std::move(done);
    relay_.write(
        [c, &relay = relay_](store::records& r, std::vector<message>& out) -> result<> {
            auto before = relay.made_before(r, c->once);
            if (!before) return std::unexpected(before.error());
            c->repeated = before->has_value();
            if (c->repeated) {
                c->row.id = std::move(**before);
                return {};
            }
            if (auto put = r.notifications().insert(c->row, c->recipients); !put) return put;
            out.push_back({audience{.users = c->recipients}, c->e, c->row.id});
            return relay.remember(r, c->once, c->row.id);
        },
        [c](result<outbox_relay::outcome> outcome) {
            if (!outcome) return c->done(std::unexpected(outcome.error()));
            sent s{c->row.id, {}, c->repeated};
            if (!s.repeated && outcome->front()) s.events = std::move(*outcome->front());
            c->done(std::move(s));
        });
}

// Those who did not get it live find it in the journal when they come. Where no receipts are known
// it counts whether they listen now.
store::record_store::work notifications::outcome_of(const message& m,
                                                    const outbox_relay::settled& outcome) const {
    std::vector<store::delivery> all;
    all.reserve(m.to.users.size());
    for (std::size_t i = 0; i < m.to.users.size(); ++i) {
        store::delivery d{.user = m.to.users[i], .updated = now_()};
        std::size_t streams = 0;
        if (outcome.events && i < outcome.receipts.size()) {
            const delivery_receipt& r = outcome.receipts[i];
            streams = r.handed != 0 ? r.handed : r.matched;  // one that is behind catches up
        } else if (outcome.events) {
            streams = connections_(d.user);
        }
        d.connections = static_cast<std::uint32_t>(streams);
        d.state = !outcome.events ? store::delivery_state::failed
                  : streams == 0  ? store::delivery_state::offline
                                  : store::delivery_state::delivered;
        if (outcome.events && i < outcome.events->size())
            d.position = (*outcome.events)[i].pos.value;
        all.push_back(std::move(d));
    }
    return [id = m.about, all = std::move(all)](store::records& r) -> result<> {
        for (const store::delivery& d : all) {
            if (auto logged = r.notifications().log(id, d); !logged) return logged;
        }
        return {};
    };
}

void notifications::pending(std::string user, callback<store::pending_deliveries> done) {
    store::read_one<store::pending_deliveries>(
        records_,
        [user = std::move(user)](store::records& r) { return r.notifications().pending(user); },
        std::move(done));
}

void notifications::settle(std::string user, position up_to) {
    records_.write(
        [user = std::move(user), up_to, at = now_()](store::records& r) -> result<> {
            const auto settled = r.notifications().settle(user, up_to.value, at);
            if (!settled) return std::unexpected(settled.error());
            return {};
        },
        [](const result<>&) {});
}

void notifications::broadcast(notification_draft what, sent_callback done) {
    if (auto fine = check(what); !fine) return done(std::unexpected(fine.error()));
    if (what.id.empty()) what.id = random_token(id_length);
    event e = event_of(what, "broadcast");
    if (what.call) return broadcast_once(std::move(what), std::move(e), std::move(done));
    hub_.publish({std::move(e)}, audience{.everyone = true}, std::nullopt,
                 [id = what.id, done = std::move(done)](result<std::vector<published>> stored) {
                     if (!stored) return done(std::unexpected(stored.error()));
                     done(sent{id, std::move(*stored)});
                 });
}

// The call is kept with the event in the outbox, so that its repetition has the same id.
void notifications::broadcast_once(notification_draft what, event e, sent_callback done) {
    auto told = std::make_shared<sent>(sent{std::move(what.id), {}});
    relay_.write(
        [told, e = std::move(e), call = std::move(what.call), &relay = relay_](
            store::records& r, std::vector<message>& out) -> result<> {
            auto before = relay.made_before(r, call);
            if (!before) return std::unexpected(before.error());
            told->repeated = before->has_value();
            if (told->repeated) {
                told->id = std::move(**before);
                return {};
            }
            out.push_back({audience{.everyone = true}, e});
            return relay.remember(r, call, told->id);
        },
        [told, done = std::move(done)](result<outbox_relay::outcome> outcome) {
            if (!outcome) return done(std::unexpected(outcome.error()));
            if (!told->repeated && outcome->front()) told->events = std::move(*outcome->front());
            done(std::move(*told));
        });
}

void notifications::list(store::inbox_query q, callback<std::vector<store::inbox_entry>> done) {
    q.limit = std::clamp<std::size_t>(q.limit, 1, limits_.max_page);
    store::read_one<std::vector<store::inbox_entry>>(
        records_, [q = std::move(q)](store::records& r) { return r.notifications().list(q); },
        std::move(done));
}

void notifications::count_unread(std::string user, callback<std::uint64_t> done) {
    store::read_one<std::uint64_t>(
        records_,
        [user = std::move(user)](store::records& r) {
            return r.notifications().count_unread(user);
        },
        std::move(done));
}

void notifications::mark_read(std::string user, std::string id, callback<void> done) {
    records_.write(
        [user = std::move(user), id = std::move(id), at = now_()](store::records& r) -> result<> {
            const auto there = r.notifications().mark_read(user, id, at);
            if (!there) return std::unexpected(there.error());
            if (!*there) return fail(errc::not_found, "you have no notification with this id");
            return {};
        },
        std::move(done));
}

void notifications::mark_all_read(std::string user, callback<std::uint64_t> done) {
    auto count = std::make_shared<std::uint64_t>(0);
    records_.write(
        [count, user = std::move(user), at = now_()](store::records& r) -> result<> {
            const auto marked = r.notifications().mark_all_read(user, at);
            if (!marked) return std::unexpected(marked.error());
            *count = *marked;
            return {};
        },
        [count, done = std::move(done)](result<> ok) {
            if (!ok) return done(std::unexpected(ok.error()));
            done(*count);
        });
}

void notifications::deliveries(std::string id, std::string after_user, std::size_t limit,
                               callback<std::vector<store::delivery>> done) {
    limit = std::clamp<std::size_t>(limit, 1, limits_.max_page);
    store::read_one<std::vector<store::delivery>>(
        records_,
        [id = std::move(id), after = std::move(after_user),
         limit](store::records& r) -> result<std::vector<store::delivery>> {
            const auto known = r.notifications().find(id);
            if (!known) return std::unexpected(known.error());
            if (!*known) return fail(errc::not_found, "there is no notification with this id");
            return r.notifications().deliveries(id, after, limit);
        },
        std::move(done));
}

void notifications::newest(std::uint64_t before, std::size_t limit,
                           callback<std::vector<store::sent_notification>> done) {
    limit = std::clamp<std::size_t>(limit, 1, limits_.max_page);
    read_one<std::vector<store::sent_notification>>(
        records_,
        [before, limit](store::records& r) { return r.notifications().newest(before, limit); },
        std::move(done));
}

void notifications::trim() {
    records_.write(
        [before = ago(now_(), limits_.max_age)](store::records& r) -> result<> {
            const auto gone = r.notifications().trim(before, trimmed_at_once);
            if (!gone) return std::unexpected(gone.error());
            return {};
        },
        [](const result<>&) {});
}

}  // namespace carillon::services
