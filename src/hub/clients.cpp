// Calls about single clients: wherever their stream is, the call goes to its shard.
#include <carillon/hub/hub.hpp>

#include "hub/client_directory.hpp"
#include "hub/client_id.hpp"
#include "hub/own_topic.hpp"
#include "hub/subscriber.hpp"

#include <algorithm>
#include <memory>
#include <mutex>

namespace carillon {

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

void hub::send(std::string client, event e, std::optional<idempotency_key> key,
               publish_callback done) {
    if (!is_client_token(client))
        return done(fail(errc::client_not_found, "no client has this id"));
    e.topics.clear();
    audience to;
    to.clients.push_back(std::move(client));
    std::vector<event> one;
    one.push_back(std::move(e));
    publish(std::move(one), std::move(to), std::move(key), std::move(done));
}

// Listening first, storing second: the clients' streams are sure to show it. `done` is told which
// of them there are.
void hub::listen_privately(std::vector<std::string> clients,
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
                                shard& home, subscriber* s) -> result<> {
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

void hub::subscribe(std::string_view client, topic_pattern topic, client_callback done) {
    if (is_internal(topic))
        return done(fail(errc::forbidden, "topics that begin with `$` are the hub's own"));
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
    if (is_internal(topic))
        return done(fail(errc::forbidden, "topics that begin with `$` are the hub's own"));
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

}  // namespace carillon
