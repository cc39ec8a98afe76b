// `carillon connections`, `carillon stats` and `carillon token`.
#include "auth/compact_token.hpp"
#include "auth/key.hpp"
#include "base/json_text.hpp"
#include "base/time_text.hpp"
#include "server/auth_routes.hpp"
#include "server/commands.hpp"
#include "server/console.hpp"
#include "server/http_client.hpp"
#include "server/service_url.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include <boost/json.hpp>
#include <fmt/format.h>

namespace carillon::server {

namespace {

namespace json = boost::json;

/// One call to the server, at whichever place the service is. Nothing: it was complained about.
std::optional<http_answer> call(const admin_arguments& a, const std::string& method,
                                const std::string& path) {
    auto where = service_url::parse(a.url);
    if (!where) {
        complain(where.error().detail);
        return std::nullopt;
    }
    http_client client;
    for (;;) {
        http_call c;
        c.url = where->str() + path;
        c.method = method;
        c.headers = a.headers;
        if (!a.token.empty()) c.headers.push_back("Authorization: Bearer " + a.token);
        auto got = client.perform(c);
        if (!got) {
            complain(a.url + ": " + got.error().detail);
            return std::nullopt;
        }
        if (got->status == 404 && where->try_next(client)) continue;
        if (got->status == 200) return std::move(*got);
        complain(explain(*got));
        if (got->status == 401)
            complain("show an admin's token: --token, or the variable CARILLON_TOKEN");
        return std::nullopt;
    }
}

std::string query_of(const admin_arguments& a) {
    std::string text;
    const auto add = [&](std::string_view name, const std::string& value) {
        if (value.empty()) return;
        text += fmt::format("{}{}={}", text.empty() ? "?" : "&", name, percent_encode(value));
    };
    add("user", a.user);
    add("session", a.session);
    add("profile", a.profile);
    add("topic", a.topic);
    return text;
}

std::string text_in(const json::object& o, std::string_view name) {
    const json::value* v = o.if_contains(name);
    if (v == nullptr) return "-";
    return v->is_string() ? std::string(v->get_string()) : json::serialize(*v);
}

std::string line_of(const json::object& c) {
    std::string topics;
    if (const json::value* all = c.if_contains("topics"); all != nullptr && all->is_array()) {
        for (const json::value& t : all->get_array()) {
            if (!topics.empty()) topics += ',';
            if (t.is_string()) topics += std::string_view(t.get_string());
        }
    }
    return fmt::format("{:<29} {:<16} {:<13} {:<25} {:>8} {:<16} {}\n", text_in(c, "id"),
                       text_in(c, "user"), text_in(c, "profile"), text_in(c, "connectedAt"),
                       text_in(c, "events"), text_in(c, "address"), topics);
}

/// Prints pages until there are no more.
int list(const admin_arguments& a) {
    if (!a.json && !say(fmt::format("{:<29} {:<16} {:<13} {:<25} {:>8} {:<16} {}\n", "ID", "USER",
                                    "KIND", "SINCE", "EVENTS", "ADDRESS", "TOPICS")))
        return 1;
    std::string after;
    do {
        const std::string query = query_of(a);
        const std::string page =
            after.empty() ? query
                          : query + (query.empty() ? "?" : "&") + "after=" + percent_encode(after);
        const auto got = call(a, "GET", "/clients" + page);
        if (!got) return 1;
        boost::system::error_code failure;
        const json::value parsed = json::parse(got->body, failure);
        if (failure || !parsed.is_object() || !parsed.get_object().contains("clients")) {
            complain("the server's answer is no list of clients");
            return 1;
        }
        const json::object& o = parsed.get_object();
        for (const json::value& c : o.at("clients").as_array()) {
            if (!say(a.json ? json::serialize(c) + "\n" : line_of(c.as_object()))) return 1;
        }
        after = o.contains("next") ? text_in(o, "next") : "";
    } while (!after.empty());
    return 0;
}

void append_rows(std::string& out, const json::object& o, std::string_view name,
                 std::string_view title) {
    const json::value* rows = o.if_contains(name);
    if (rows == nullptr || !rows->is_array() || rows->get_array().empty()) return;
    out += fmt::format("\n{}\n", title);
    for (const json::value& row : rows->get_array()) {
        if (!row.is_object()) continue;
        out += fmt::format("{:>10}  {}\n", text_in(row.get_object(), "streams"),
                           text_in(row.get_object(), "name"));
    }
}

result<auth::key_ptr> key_of(const settings& s) {
    if (s.auth.secret.empty()) {
        return fail(errc::invalid_request,
                    "tokens are signed with `auth.secret`: give it in --config, or in the variable "
                    "CARILLON_AUTH_SECRET");
    }
    return auth::key::from_secret(s.auth.secret, *auth::parse_algorithm(s.auth.algorithm.value));
}

std::string header_of(const auth::compact_token& t) {
    return fmt::format("algorithm  {}\n{}", to_string(t.alg),
                       t.key_id.empty() ? "" : fmt::format("key        {}\n", t.key_id));
}

std::string times_of(const json::object& claims) {
    std::string text;
    for (const auto& [name, title] :
         {std::pair("iat", "issued "), {"nbf", "not before"}, {"exp", "expires"}}) {
        const json::value* v = claims.if_contains(name);
        if (v == nullptr || !v->is_int64()) continue;
        const std::chrono::system_clock::time_point at{std::chrono::seconds(v->get_int64())};
        const bool over = std::string_view(name) == "exp" && at <= std::chrono::system_clock::now();
        text += fmt::format("{:<10} {}{}\n", title, rfc3339(at), over ? "  (it has expired)" : "");
    }
    return text;
}

}  // namespace

int connections(const admin_arguments& a) {
    if (!a.close) return list(a);
    const std::string query = query_of(a);
    if (query.empty()) {
        complain("say whose streams shall end: --user, --session, --profile or --topic");
        return 2;
    }
    const auto got = call(a, "DELETE", "/clients" + query);
    return got && say(got->body + "\n") ? 0 : 1;
}

int statistics(const admin_arguments& a) {
    const auto got = call(a, "GET", "/stats" + query_of(a));
    if (!got) return 1;
    if (a.json) return say(got->body + "\n") ? 0 : 1;
    boost::system::error_code failure;
    const json::value parsed = json::parse(got->body, failure);
    if (failure || !parsed.is_object()) {
        complain("the server's answer is no JSON object");
        return 1;
    }
    const json::object& o = parsed.get_object();
    std::string text;
    for (const auto& [name, title] : {std::pair("streams", "streams"),
                                      {"users", "users"},
                                      {"durable", "durable clients"},
                                      {"slow", "slow streams"},
                                      {"averageDurationMs", "average age, ms"},
                                      {"events", "events sent"},
                                      {"bytes", "bytes sent"},
                                      {"lastEventAt", "last event"}})
        text += fmt::format("{:<16} {}\n", title, text_in(o, name));
    append_rows(text, o, "byUser", "Streams by user");
    append_rows(text, o, "byTopic", "Streams by topic");
    append_rows(text, o, "byProfile", "Streams by kind");
    return say(text) ? 0 : 1;
}

int token(const token_arguments& a) {
    const auto loaded = load(a.sources);
    if (!loaded) {
        complain(loaded.error().detail);
        return 2;
    }
    const settings& s = loaded->values;
    const auto key = key_of(s);
    if (!key) {
        complain(key.error().detail);
        return 2;
    }
    token_request asked;
    asked.user = a.user;
    asked.session = a.session;
    asked.roles = a.roles;
    if (!a.publish.empty()) asked.publish = a.publish;
    if (!a.subscribe.empty()) asked.subscribe = a.subscribe;
    asked.lifetime = std::chrono::duration_cast<std::chrono::seconds>(
        a.lifetime.value_or(s.auth.token_lifetime));
    const auto signed_text =
        (*key)->sign(claims_of(asked, rules_of(s, {}), std::chrono::system_clock::now()));
    if (!signed_text) {
        complain(signed_text.error().detail);
        return 1;
    }
    return say(*signed_text + "\n") ? 0 : 1;
}

int inspect_token(const token_arguments& a) {
    const auto parsed = auth::compact_token::parse(a.text);
    if (!parsed) {
        complain(parsed.error().detail);
        return 1;
    }
    boost::system::error_code failure;
    const json::value claims = json::parse(parsed->payload, failure);
    if (failure || !claims.is_object()) {
        complain("the token's claims are no JSON object");
        return 1;
    }
    std::string text = header_of(*parsed) + times_of(claims.get_object());
    text += "claims     " + parsed->payload + "\n";
    const auto loaded = load(a.sources);
    if (loaded && !loaded->values.auth.secret.empty()) {
        const auto key = key_of(loaded->values);
        const bool right = key && (*key)->verify(*parsed);
        text += fmt::format("signature  {} `auth.secret`\n", right ? "right, by" : "not by");
    } else {
        text += "signature  not looked at: there is no `auth.secret` here\n";
    }
    return say(text) ? 0 : 1;
}

}  // namespace carillon::server
