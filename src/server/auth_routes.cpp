#include "server/auth_routes.hpp"

#include "base/json_text.hpp"
#include "base/random.hpp"
#include "base/time_text.hpp"
#include "server/live_auth_routes.hpp"
#include "transport/guard.hpp"
#include "transport/publish_body.hpp"
#include "transport/rules.hpp"

#include <algorithm>
#include <utility>

#include <boost/json.hpp>
#include <fmt/format.h>

namespace carillon::server {

namespace {

namespace json = boost::json;
namespace rules = transport::rules;

constexpr std::string_view json_type = "application/json";
constexpr std::size_t token_id_length = 22;
constexpr std::size_t max_name = 256;

std::string_view name_of(principal::source from) noexcept {
    switch (from) {
        case principal::source::token:
            return "token";
        case principal::source::development:
            return "development";
        case principal::source::ticket:
            return "ticket";
        case principal::source::proxy:
            return "proxy";
        case principal::source::nothing:
            break;
    }
    return "nothing";
}

void append_texts(std::string& out, const std::vector<std::string>& all) {
    out += '[';
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (i != 0) out += ',';
        append_json_string(out, all[i]);
    }
    out += ']';
}

void show_caller(http::request&, const principal& who, http::responder answer) {
    std::string text = R"({"userId":)";
    append_json_string(text, who.user);
    if (!who.session.empty()) {
        text += R"(,"sessionId":)";
        append_json_string(text, who.session);
    }
    text += R"(,"roles":)";
    append_texts(text, who.roles);
    text += fmt::format(R"(,"from":"{}")", name_of(who.from));
    if (who.expires) text += fmt::format(R"(,"expiresAt":"{}")", rfc3339(*who.expires));
    answer.send(http::json_response(200, text + '}'));
}

/// A cookie that scripts cannot read, and that other sites' pages do not make browsers send along
/// with anything but a visit.
std::string cookie(const http::request& r, std::string_view value, std::int64_t max_age) {
    // A browser on the developer's own machine would not send a secure one over http.
    const std::string_view secure = transport::is_local(r) ? "" : "; Secure";
    return fmt::format("{}={}; Path=/; HttpOnly; SameSite=Lax; Max-Age={}{}", session_cookie, value,
                       max_age, secure);
}

void begin_session(http::request& r, const principal& who, http::responder answer) {
    const auto token = bearer_token(r.header_value("Authorization").value_or(""));
    if (!token) return answer.send(token.error());
    std::int64_t max_age = std::chrono::seconds(std::chrono::hours(24)).count();
    if (who.expires) {
        const auto left = *who.expires - std::chrono::system_clock::now();
        max_age = std::max<std::int64_t>(
            std::chrono::duration_cast<std::chrono::seconds>(left).count(), 0);
    }
    answer.send(http::response{204, {{"Set-Cookie", cookie(r, *token, max_age)}}, {}, false});
}

void end_session(http::request& r, const principal&, http::responder answer) {
    answer.send(http::response{204, {{"Set-Cookie", cookie(r, "", 0)}}, {}, false});
}

result<std::string> text_of(const json::object& o, std::string_view name) {
    const json::value* v = o.if_contains(name);
    if (v == nullptr) return std::string{};
    if (!v->is_string() || v->get_string().size() > max_name)
        return fail(errc::invalid_request,
                    fmt::format("`{}` is a text of at most {} bytes", name, max_name));
    return std::string(v->get_string());
}

result<std::optional<std::vector<std::string>>> texts_of(const json::object& o,
                                                         std::string_view name) {
    const json::value* v = o.if_contains(name);
    if (v == nullptr) return std::nullopt;
    const auto is_text = [](const json::value& one) { return one.is_string(); };
    if (!v->is_array() || !std::ranges::all_of(v->get_array(), is_text))
        return fail(errc::invalid_request, fmt::format("`{}` is an array of texts", name));
    std::vector<std::string> all;
    for (const json::value& one : v->get_array()) all.emplace_back(one.get_string());
    return all;
}

result<> check_patterns(const std::optional<std::vector<std::string>>& said) {
    const auto grants = auth::grants_of({"", {}, said, {}}, {});
    if (!grants) return fail(errc::invalid_request, grants.error().detail);
    return {};
}

}  // namespace

result<token_request> parse_token_request(std::string_view body, std::chrono::seconds longest) {
    boost::system::error_code failure;
    const json::value parsed = json::parse(body, failure);
    if (failure || !parsed.is_object())
        return fail(errc::invalid_request, "the body is no JSON object");
    const json::object& o = parsed.get_object();
    token_request asked;
    for (const auto& [name, into] :
         {std::pair("userId", &asked.user), std::pair("sessionId", &asked.session)}) {
        auto text = text_of(o, name);
        if (!text) return std::unexpected(text.error());
        *into = std::move(*text);
    }
    if (asked.user.empty()) return fail(errc::invalid_request, "`userId` is missing or empty");
    auto roles = texts_of(o, "roles");
    if (!roles) return std::unexpected(roles.error());
    asked.roles = std::move(*roles).value_or(std::vector<std::string>{});
    for (const auto& [name, into] :
         {std::pair("publish", &asked.publish), std::pair("subscribe", &asked.subscribe)}) {
        auto patterns = texts_of(o, name);
        if (!patterns) return std::unexpected(patterns.error());
        *into = std::move(*patterns);
        if (auto fine = check_patterns(*into); !fine) return std::unexpected(fine.error());
    }
    asked.lifetime = longest;
    if (const json::value* seconds = o.if_contains("expiresIn")) {
        if (!seconds->is_int64() || seconds->get_int64() < 1 ||
            seconds->get_int64() > longest.count()) {
            return fail(
                errc::invalid_request,
                fmt::format("`expiresIn` is a number of seconds from 1 to {}", longest.count()));
        }
        asked.lifetime = std::chrono::seconds(seconds->get_int64());
    }
    return asked;
}

std::string claims_of(const token_request& asked, const auth::claim_rules& as,
                      std::chrono::system_clock::time_point now) {
    const auto seconds =
        std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
    std::string out = "{";
    const auto name = [&](std::string_view claim) {
        if (out.size() > 1) out += ',';
        append_json_string(out, claim);
        out += ':';
    };
    name(as.user_claim);
    append_json_string(out, asked.user);
    if (!asked.session.empty()) {
        name(as.session_claim);
        append_json_string(out, asked.session);
    }
    name(as.roles_claim);
    append_texts(out, asked.roles);
    if (asked.publish || asked.subscribe) {
        name(as.grants_claim);
        out += '{';
        if (asked.publish) append_texts(out += R"("publish":)", *asked.publish);
        if (asked.publish && asked.subscribe) out += ',';
        if (asked.subscribe) append_texts(out += R"("subscribe":)", *asked.subscribe);
        out += '}';
    }
    if (!as.issuer.empty()) {
        name("iss");
        append_json_string(out, as.issuer);
    }
    if (!as.audiences.empty()) {
        name("aud");
        append_texts(out, as.audiences);
    }
    return out += fmt::format(R"(,"jti":"{}","iat":{},"exp":{}}})", random_token(token_id_length),
                              seconds, seconds + asked.lifetime.count());
}

namespace {

transport::route_handler minting(const identity_check& callers, std::chrono::seconds lifetime) {
    return [&callers, lifetime](http::request& r, const principal&, http::responder answer) {
        if (callers.signing_key() == nullptr) {
            return answer.send(
                error{errc::disabled, "tokens are signed with `auth.secret`, and there is none"});
        }
        const auto asked = parse_token_request(r.body, lifetime);
        if (!asked) return answer.send(asked.error());
        const auto now = std::chrono::system_clock::now();
        const auto token = callers.signing_key()->sign(callers.claims_for(*asked, now));
        if (!token) return answer.send(token.error());
        answer.send(http::json_response(200, fmt::format(R"({{"token":"{}","expiresAt":"{}"}})",
                                                         *token, rfc3339(now + asked->lifetime))));
    };
}

transport::route_handler ticketing(identity_check& callers) {
    return [&callers](http::request&, const principal& who, http::responder answer) {
        const auto ticket = callers.issue_ticket(who);
        if (!ticket) return answer.send(ticket.error());
        answer.send(
            http::json_response(200, fmt::format(R"({{"ticket":"{}","expiresIn":{}}})", *ticket,
                                                 callers.ticket_lifetime().count())));
    };
}

}  // namespace

std::vector<transport::route> auth_routes(const auth_route_parts& with) {
    using transport::form;
    std::vector<transport::route> all;
    all.push_back({.method = "GET",
                   .path = "/auth/me",
                   .summary = "tells who the caller is",
                   .who = rules::own_credentials,
                   .answers = {{200, json_type, "user, session and roles"}},
                   .handle = show_caller});
    all.push_back({.method = "POST",
                   .path = "/auth/session",
                   .summary = "puts the caller's token into a cookie that scripts cannot read",
                   .who = rules::own_credentials,
                   .answers = {{204, "", "the cookie is set"}},
                   .handle = begin_session});
    all.push_back({.method = "DELETE",
                   .path = "/auth/session",
                   .summary = "takes the cookie away",
                   .who = rules::open,
                   .answers = {{204, "", "the cookie is gone"}},
                   .handle = end_session});
    all.push_back(
        {.method = "POST",
         .path = "/auth/token",
         .summary = "signs a token for a user",
         .who = rules::administration,
         .takes = {.needed = true,
                   .whole = transport::json_types(),
                   .fields = {{"userId", form::text, "whom it is for", true},
                              {"sessionId"},
                              {"roles", form::texts},
                              {"publish", form::texts, "topics and patterns"},
                              {"subscribe", form::texts, "topics and patterns"},
                              {"expiresIn", form::whole_number, "seconds"}},
                   .open = true},
         .answers = {{200,
                      json_type,
                      "the token, and when it ends",
                      {{"token", form::text, {}, true}, {"expiresAt", form::text, {}, true}}}},
         .handle = minting(with.callers, with.token_lifetime)});
    all.push_back({.method = "POST",
                   .path = "/auth/ticket",
                   .summary = "gives a ticket that opens one stream and its reconnections",
                   .who = rules::own_credentials,
                   .answers = {{200,
                                json_type,
                                "the ticket, and how long it waits",
                                {{"ticket", form::text, {}, true},
                                 {"expiresIn", form::whole_number, "seconds", true}}}},
                   .handle = ticketing(with.callers)});
    add_live_routes(all, with);
    return all;
}

}  // namespace carillon::server
