#include "surfaces/topics/client_routes.hpp"

#include "base/json_text.hpp"
#include "base/time_text.hpp"
#include "surfaces/topics/event_json.hpp"
#include "transport/caller.hpp"
#include "transport/on_loop.hpp"
#include "transport/publish_body.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace carillon::surfaces {

namespace {

constexpr std::size_t max_listed = 1000;
constexpr std::size_t max_rows = 100;  ///< of each kind in the statistics
constexpr std::size_t default_rows = 10;

void answer_done(http::responder& answer, const result<>& done) {
    if (!done) return answer.send(done.error());
    answer.send(http::response{204, {}, {}, false});
}

/// What the query of a request asks for, page aside.
client_query filters_of(const http::request& r) {
    client_query q;
    q.ids = r.query_values("client");
    q.users = r.query_values("user");
    q.sessions = r.query_values("session");
    q.profiles = r.query_values("profile");
    q.topic = r.query_value("topic").value_or("");
    for (auto& [name, value] : r.query_pairs()) {
        constexpr std::string_view prefix = "metadata.";
        if (name.starts_with(prefix))
            q.metadata.push_back({name.substr(prefix.size()), std::move(value)});
    }
    return q;
}

result<std::size_t> count_of(const http::request& r, std::string_view name, std::size_t usual,
                             std::size_t most) {
    const auto text = r.query_value(name);
    if (!text) return usual;
    const auto count = parse_whole_number(*text);
    if (!count || *count <= 0)
        return fail(errc::invalid_request,
                    fmt::format("`{}` is a number from 1 to {}", name, most));
    return std::min(static_cast<std::size_t>(*count), most);
}

void append_rows(std::string& out, std::string_view name, const std::vector<census_row>& rows) {
    out += fmt::format(R"(,"{}":[)", name);
    bool first = true;
    for (const census_row& row : rows) {
        if (!std::exchange(first, false)) out += ',';
        out += R"({"name":)";
        append_json_string(out, row.name);
        out += fmt::format(R"(,"streams":{}}})", row.streams);
    }
    out += ']';
}

std::string statistics_text(const hub_census& c, const hub_stats& s) {
    std::string text = fmt::format(
        R"({{"streams":{},"users":{},"durable":{},"slow":{},"averageDurationMs":{},"events":{},"bytes":{})",
        c.streams, c.users, c.durable, c.slow, c.average_age.count(), c.events, c.bytes);
    if (c.last_event_at) text += fmt::format(R"(,"lastEventAt":"{}")", rfc3339(*c.last_event_at));
    append_rows(text, "byUser", c.by_user);
    append_rows(text, "byTopic", c.by_topic);
    append_rows(text, "byProfile", c.by_profile);
    return text +
           fmt::format(
               R"(,"sinceStart":{{"connections":{},"published":{},"delivered":{},"bytes":{},"gaps":{}}}}})",
               s.connections, s.published, s.delivered, s.bytes, s.gaps);
}

}  // namespace

void client_routes::list(http::request& r, http::responder answer) {
    client_query query = filters_of(r);
    query.after = r.query_value("after").value_or("");
    const auto limit = count_of(r, "limit", max_listed, max_listed);
    if (!limit) return answer.send(limit.error());
    query.limit = *limit;
    hub_.list_clients(
        std::move(query),
        transport::on_loop_of(
            std::move(answer), [this](http::responder& to, result<client_page> page) {
                if (!page) return to.send(page.error());
                std::string text = fmt::format(R"({{"total":{},"clients":[)", hub_.subscribers());
                bool first = true;
                for (const client_info& c : page->clients) {
                    if (!std::exchange(first, false)) text += ',';
                    append_client_json(text, c);
                }
                text += page->next.empty() ? "]}" : fmt::format(R"(],"next":"{}"}})", page->next);
                to.send(http::json_response(200, std::move(text)));
            }));
}

void client_routes::end_all(http::request& r, http::responder answer) {
    client_query query = filters_of(r);
    if (query.all()) {
        return answer.send(error{errc::invalid_request,
                                 "say which: `client`, `user`, `session`, `profile`, `topic`"});
    }
    hub_.end_streams(
        std::move(query), close_reason::removed,
        transport::on_loop_of(
            std::move(answer), [](http::responder& to, result<std::size_t> ended) {
                if (!ended) return to.send(ended.error());
                to.send(http::json_response(200, fmt::format(R"({{"ended":{}}})", *ended)));
            }));
}

void client_routes::statistics(http::request& r, http::responder answer) {
    const auto rows = count_of(r, "top", default_rows, max_rows);
    if (!rows) return answer.send(rows.error());
    hub_.census(filters_of(r), *rows,
                transport::on_loop_of(
                    std::move(answer), [this](http::responder& to, result<hub_census> census) {
                        if (!census) return to.send(census.error());
                        to.send(http::json_response(200, statistics_text(*census, hub_.stats())));
                    }));
}

void client_routes::with_client(http::request& r, const principal& who, http::responder answer,
                                std::function<void(const client_info&, http::responder)> then) {
    hub_.find_client(r.path_rest[0],
                     transport::on_loop_of(
                         std::move(answer), [named = r.path_rest[0], who, then = std::move(then)](
                                                http::responder& to, result<client_info> found) {
                             if (!found) return to.send(found.error());
                             // Whoever has a durable client's token is the client.
                             const bool by_token = found->durable && found->id != named;
                             const auto may = transport::may_act_on(who, found->user);
                             if (!by_token && !may) return to.send(may.error());
                             then(*found, std::move(to));
                         }));
}

void client_routes::show(http::request& r, const principal& who, http::responder answer) {
    with_client(r, who, std::move(answer), [](const client_info& c, http::responder to) {
        std::string text;
        append_client_json(text, c);
        to.send(http::json_response(200, std::move(text)));
    });
}

void client_routes::send(http::request& r, const principal& who, http::responder answer) {
    auto e = transport::parse_event(r.body, transport::body_target::elsewhere(), *hub_.options());
    if (!e) return answer.send(e.error());
    auto key = transport::idempotency_key_of(r, std::move(e->idempotency_key),
                                             transport::key_space_of(who));
    if (!key) return answer.send(key.error());
    std::optional<idempotency_key> once;
    if (*key) once = transport::keyed(std::move(**key), "$client/" + r.path_rest[0], r.body);
    const auto answer_published = [](http::responder& to, result<std::vector<published>> done) {
        if (!done) return to.send(done.error());
        const published& p = done->front();
        to.send(http::json_response(
            200, p.pos.value == 0
                     ? "{}"
                     : fmt::format(R"({{"id":"{}","position":{}}})", p.id, p.pos.value)));
    };
    with_client(r, who, std::move(answer),
                [this, content = std::move(e->content), once = std::move(once), answer_published](
                    const client_info& c, http::responder to) mutable {
                    hub_.send(c.id, std::move(content), std::move(once),
                              transport::on_loop_of(std::move(to), answer_published));
                });
}

void client_routes::change_topic(http::request& r, const principal& who, http::responder answer) {
    auto pattern = topic_pattern::parse(r.path_rest[1], hub_.options()->max_topic_length);
    if (!pattern) return answer.send(pattern.error());
    if (pattern->str().starts_with('$')) {
        return answer.send(error{errc::forbidden, "topics that begin with `$` are the hub's own"});
    }
    with_client(r, who, std::move(answer),
                [this, adds = r.method == "PUT", pattern = std::move(*pattern)](
                    const client_info& c, http::responder to) {
                    if (!adds) {
                        return hub_.unsubscribe(c.id, pattern,
                                                transport::on_loop_of(std::move(to), answer_done));
                    }
                    // What the client may hear counts, whoever asks for it.
                    const grant_set* const grants = c.who ? c.who->grants.get() : nullptr;
                    if (auto may = transport::may_listen(grants, public_, pattern); !may) {
                        return to.send(may.error());
                    }
                    hub_.subscribe(c.id, pattern,
                                   transport::on_loop_of(std::move(to), answer_done));
                });
}

void client_routes::beat(http::request& r, const principal& who, http::responder answer) {
    with_client(r, who, std::move(answer), [this](const client_info& c, http::responder to) {
        hub_.heartbeat(c.id, transport::on_loop_of(std::move(to), answer_done));
    });
}

void client_routes::remove(http::request& r, const principal& who, http::responder answer) {
    with_client(r, who, std::move(answer), [this](const client_info& c, http::responder to) {
        hub_.remove(c.id, transport::on_loop_of(std::move(to), answer_done));
    });
}

}  // namespace carillon::surfaces
