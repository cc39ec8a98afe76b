#include "server/live_auth_routes.hpp"

#include <carillon/hub/audience.hpp>
#include <carillon/services/metadata_events.hpp>

#include "base/json_text.hpp"
#include "base/time_text.hpp"
#include "transport/caller.hpp"
#include "transport/on_loop.hpp"
#include "transport/publish_body.hpp"
#include "transport/rules.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <span>
#include <utility>

#include <boost/json.hpp>
#include <fmt/format.h>

namespace carillon::server {

namespace {

namespace json = boost::json;
namespace rules = transport::rules;

constexpr std::string_view json_type = "application/json";

result<> read_text(const json::object& o, std::string_view name, std::string& into) {
    const json::value* v = o.if_contains(name);
    if (v == nullptr) return {};
    if (!v->is_string() || v->get_string().empty() || v->get_string().size() > max_id_length) {
        return fail(errc::invalid_request,
                    fmt::format("`{}` is a text of 1 to {} bytes", name, max_id_length));
    }
    into = std::string(v->get_string());
    return {};
}

void answer_ended(http::responder& to, const result<std::size_t>& ended) {
    if (!ended) return to.send(ended.error());
    to.send(http::json_response(200, fmt::format(R"({{"ended":{}}})", *ended)));
}

/// Takes back the token that a client came with, so that it does not come back with it, and ends
/// its stream. Where there was no token, nothing could be taken back: 409.
void revoke_client(const auth_route_parts& with, const std::string& client,
                   std::chrono::system_clock::time_point until, http::responder answer) {
    const auto end = [&events = with.events](const std::string& id, std::size_t ended,
                                             http::responder to) {
        events.remove(id, transport::on_loop_of(std::move(to), [ended](http::responder& answering,
                                                                       const result<>& gone) {
                          // It may have ended with its token.
                          const std::size_t all = ended == 0 && gone ? 1 : ended;
                          answer_ended(answering, all);
                      }));
    };
    with.events.find_client(
        client, transport::on_loop_of(std::move(answer), [&revoked = with.revoked, until, end](
                                                             http::responder& to,
                                                             result<client_info> found) {
            if (!found) return to.send(found.error());
            const std::string token = found->who ? found->who->token_id : "";
            if (token.empty()) {
                return to.send(error{errc::conflict,
                                     "this client came with no token that could be taken back; "
                                     "`userId` takes back what its user was given, and DELETE of "
                                     "the client ends its stream"});
            }
            revoked.add({token, {}, found->who->issuer, {}, until},
                        transport::on_loop_of(std::move(to),
                                              [end, id = found->id](http::responder& answering,
                                                                    result<std::size_t> ended) {
                                                  if (!ended) return answering.send(ended.error());
                                                  end(id, *ended, std::move(answering));
                                              }));
        }));
}

transport::route_handler revoking(const auth_route_parts& with) {
    return [with](http::request& r, const principal&, http::responder answer) {
        const auto now = std::chrono::system_clock::now();
        auto asked = parse_revocation_request(r.body, now);
        if (!asked) return answer.send(asked.error());
        if (!asked->issuer.empty() && !with.callers.knows_issuer(asked->issuer))
            return answer.send(
                error{errc::invalid_request,
                      fmt::format("no token of the issuer `{}` is believed here", asked->issuer)});
        asked->before += with.callers.clocks_ahead();
        const auto until = now + with.revocations_kept;
        if (!asked->client.empty())
            return revoke_client(with, asked->client, until, std::move(answer));
        with.revoked.add({std::move(asked->token_id), std::move(asked->user),
                          std::move(asked->issuer), asked->before, until},
                         transport::on_loop_of(std::move(answer), answer_ended));
    };
}

std::string renewed_text(const std::optional<std::chrono::system_clock::time_point>& expires,
                         const std::vector<std::string>& dropped) {
    std::string text = R"({"dropped":[)";
    bool first = true;
    for (const std::string& t : dropped) {
        if (!std::exchange(first, false)) text += ',';
        append_json_string(text, t);
    }
    text += ']';
    if (expires) text += fmt::format(R"(,"expiresAt":"{}")", rfc3339(*expires));
    return text + '}';
}

void add(identity& to, attribute more) {
    const auto says_it = [&](const attribute& a) { return a.name == more.name; };
    if (std::ranges::any_of(to.attributes, says_it)) return;
    to.attributes.push_back(std::move(more));
    ++to.added_attributes;
}

/// The caller with what its stream's own request said, where the fresh token does not say it.
std::shared_ptr<const identity> renewed_identity(const principal& who, const identity& before) {
    auto made = std::make_shared<identity>(*transport::identity_of(who));
    if (before.added_session && made->session.empty()) {
        made->session = before.session;
        made->added_session = true;
    }
    if (before.added_attributes == 0) return made;
    for (attribute& a : services::filter_attributes(made->user, made->session))
        add(*made, std::move(a));
    const auto gone = services::filter_attributes({}, before.session);
    const auto added = std::span(before.attributes).last(before.added_attributes);
    for (const attribute& a : added) {
        if (std::ranges::find(gone, a) == gone.end()) add(*made, a);
    }
    return made;
}

/// Puts the caller in the place of the identity that the stream came with, if it is the same user.
void renew(const auth_route_parts& with, principal who, const client_info& found,
           http::responder answer) {
    if (!found.who || found.who->user != who.user || found.who->issuer != who.issuer)
        return answer.send(error{errc::forbidden, "the stream is another user's"});
    who.lease = found.who->lease;  // a ticket stays in use
    const auto renewed = renewed_identity(who, *found.who);
    // What everybody may listen to, and what the new token grants.
    const auto may = [renewed, open = with.public_topics,
                      admin = transport::is_admin(who)](const topic_pattern& t) {
        return admin || transport::may_listen(renewed->grants.get(), open, t).has_value();
    };
    with.events.renew(
        found.id, renewed, may,
        transport::on_loop_of(
            std::move(answer),
            [expires = who.expires](http::responder& to, result<std::vector<std::string>> dropped) {
                if (!dropped) return to.send(dropped.error());
                to.send(http::json_response(200, renewed_text(expires, *dropped)));
            }));
}

transport::route_handler renewing(const auth_route_parts& with) {
    return [with](http::request& r, const principal& who, http::responder answer) {
        boost::system::error_code failure;
        const json::value parsed = json::parse(r.body, failure);
        std::string client;
        if (failure || !parsed.is_object())
            return answer.send(error{errc::invalid_request, "the body is no JSON object"});
        if (auto read = read_text(parsed.get_object(), "client", client); !read)
            return answer.send(read.error());
        if (client.empty()) return answer.send(error{errc::invalid_request, "`client` is missing"});
        with.events.find_client(
            client,
            transport::on_loop_of(std::move(answer),
                                  [with, who](http::responder& to, result<client_info> found) {
                                      if (!found) return to.send(found.error());
                                      renew(with, who, *found, std::move(to));
                                  }));
    };
}

}  // namespace

result<revocation_request> parse_revocation_request(std::string_view body,
                                                    std::chrono::system_clock::time_point now) {
    boost::system::error_code failure;
    const json::value parsed = json::parse(body, failure);
    if (failure || !parsed.is_object())
        return fail(errc::invalid_request, "the body is no JSON object");
    const json::object& o = parsed.get_object();
    revocation_request asked;
    std::string before;
    for (const auto& [name, into] : {std::pair("tokenId", &asked.token_id),
                                     {"userId", &asked.user},
                                     {"client", &asked.client},
                                     {"issuer", &asked.issuer},
                                     {"before", &before}}) {
        if (auto read = read_text(o, name, *into); !read) return std::unexpected(read.error());
    }
    // A name that is misspelled would revoke more than was meant, or nothing.
    constexpr std::array<std::string_view, 5> known{"tokenId", "userId", "client", "issuer",
                                                    "before"};
    for (const auto& field : o) {
        if (std::ranges::find(known, std::string_view(field.key())) == known.end())
            return fail(errc::invalid_request, fmt::format("`{}` is no field of a revocation",
                                                           std::string_view(field.key())));
    }
    const int named = static_cast<int>(!asked.token_id.empty()) +
                      static_cast<int>(!asked.user.empty()) +
                      static_cast<int>(!asked.client.empty());
    if (named != 1)
        return fail(errc::invalid_request, "name one of `tokenId`, `userId` and `client`");
    asked.before = now;
    if (before.empty()) return asked;
    const auto time = parse_time(before);
    if (!time || asked.user.empty())
        return fail(errc::invalid_request, "`before` is an RFC 3339 time, beside `userId`");
    asked.before = *time;
    return asked;
}

void add_live_routes(std::vector<transport::route>& to, const auth_route_parts& with) {
    to.push_back({.method = "POST",
                  .path = "/auth/revoke",
                  .summary = "takes back a token, all tokens of a user, or a client's",
                  .who = rules::administration,
                  .takes = {.needed = true, .whole = transport::json_types()},
                  .answers = {{200, json_type, "how many streams have ended"}},
                  .handle = revoking(with)});
    to.push_back({.method = "POST",
                  .path = "/auth/renew",
                  .summary = "lets a live stream go on with a fresh token of its user",
                  .who = rules::own_credentials,
                  .takes = {.needed = true, .whole = transport::json_types()},
                  .answers = {{200, json_type, "topics that were dropped, and when it ends"}},
                  .handle = renewing(with)});
}

}  // namespace carillon::server
