#include "surfaces/metadata/client_parameters.hpp"

#include <carillon/hub/audience.hpp>
#include <carillon/services/metadata_events.hpp>

#include "surfaces/support/json_answer.hpp"
#include "transport/caller.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include <fmt/format.h>

namespace carillon::surfaces {

namespace {

/// Parameters of every stream, which describe no client.
constexpr std::array<std::string_view, 14> of_streams{
    "token",  "ticket",   "client",        "open",        "heartbeat",   "last",
    "since",  "on_gap",   "last_event_id", "lastEventId", "lastEventID", "evs_last_event_id",
    "userId", "sessionId"};

/// Names that tokens use: those of RFC 7519, section 4.1, and those that applications write into
/// them about their users.
constexpr std::array<std::string_view, 21> of_tokens{
    "iss",  "sub",    "aud",         "exp",   "nbf", "iat", "jti",
    "role", "roles",  "tenant",      "scope", "scp", "sid", "email",
    "name", "groups", "permissions", "admin", "amr", "acr", "username"};

bool is_among(const auto& names, std::string_view name) {
    return std::ranges::find(names, name) != std::ranges::end(names);
}

result<std::vector<attribute>> metadata_of(const http::request& r, std::size_t most) {
    std::vector<attribute> all;
    for (auto& [name, value] : r.query_pairs()) {
        if (is_among(of_streams, name)) continue;
        if (name.empty() || name.size() > max_attribute_length ||
            value.size() > max_attribute_length)
            return fail(errc::invalid_request,
                        fmt::format("names and values of metadata are at most {} bytes long, and "
                                    "names are not empty",
                                    max_attribute_length));
        if (std::ranges::find(all, name, &attribute::name) != all.end())
            return fail(errc::invalid_request, fmt::format("`{}` is given twice", name));
        all.push_back({std::move(name), std::move(value)});
        if (all.size() > most)
            return fail(errc::invalid_request, fmt::format("at most {} names of metadata", most));
    }
    return all;
}

std::string json_of(const std::vector<attribute>& all) {
    if (all.empty()) return {};
    json_object text;
    for (const attribute& a : all) text.text(a.name, a.value);
    return text.take();
}

result<std::string> id_in(const http::request& r, std::string_view name) {
    std::string id = r.query_value(name).value_or("");
    if (id.size() > max_id_length)
        return fail(errc::invalid_request,
                    fmt::format("`{}` has at most {} bytes", name, max_id_length));
    return id;
}

/// Names that the caller may not give itself.
result<> check_names(const std::vector<attribute>& said, const principal& who) {
    for (const attribute& a : said) {
        if (is_among(of_tokens, a.name) ||
            std::ranges::find(who.attributes, a.name, &attribute::name) != who.attributes.end())
            return fail(errc::invalid_request,
                        fmt::format("`{}` is what a token says, not the query", a.name));
    }
    return {};
}

void add_known(identity& to, const std::vector<attribute>& more) {
    for (const attribute& a : more) {
        if (a.value.empty()) continue;
        to.attributes.push_back(a);
        ++to.added_attributes;
    }
}

}  // namespace

result<described_client> described_by(const http::request& r, const principal& who,
                                      const client_options& options) {
    auto said = metadata_of(r, options.max_metadata);
    if (!said) return std::unexpected(said.error());
    auto user = id_in(r, "userId");
    if (!user) return std::unexpected(user.error());
    auto session = id_in(r, "sessionId");
    if (!session) return std::unexpected(session.error());
    const auto known = transport::identity_of(who);
    auto made = std::make_shared<identity>(known ? *known : identity{});
    described_client client;
    client.metadata = json_of(*said);
    if (who.unrestricted) {
        add_known(*made, *said);
    } else {
        if (!user->empty()) {
            if (auto own = transport::may_name(who, *user); !own)
                return std::unexpected(own.error());
        }
        if (auto fine = check_names(*said, who); !fine) return std::unexpected(fine.error());
        if (!made->session.empty() && !session->empty() && made->session != *session)
            return fail(errc::forbidden, "`sessionId` is another one than the token's");
        std::erase_if(*said, [&](const attribute& a) { return !is_among(options.keys, a.name); });
        add_known(*made, *said);
    }
    client.session_is_known = who.unrestricted || !made->session.empty();
    if (!user->empty()) made->user = std::move(*user);
    if (!session->empty() && made->session != *session) {
        made->session = std::move(*session);
        made->added_session = true;
    }
    add_known(*made, services::filter_attributes(made->user, made->session));
    client.who = std::move(made);
    return client;
}

}  // namespace carillon::surfaces
