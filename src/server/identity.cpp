#include "server/identity.hpp"

#include <carillon/base/log.hpp>

#include "auth/development_token.hpp"
#include "server/auth_routes.hpp"
#include "server/trusted_keys.hpp"

#include <algorithm>
#include <atomic>
#include <utility>

#include <fmt/format.h>

namespace carillon::server {

namespace {

result<std::vector<auth::role_grant>> rows_of(const strings& texts, std::string_view setting) {
    std::vector<auth::role_grant> rows;
    for (const std::string& text : texts) {
        auto row = auth::role_grant::parse(text);
        if (!row)
            return fail(row.error().code, fmt::format("`{}`: {}", setting, row.error().detail));
        rows.push_back(std::move(*row));
    }
    return rows;
}

result<auth::role_grants> grants_of_roles(const settings& s) {
    auto publish = rows_of(s.auth.publish_grants, "auth.publish_grants");
    if (!publish) return std::unexpected(publish.error());
    auto subscribe = rows_of(s.auth.subscribe_grants, "auth.subscribe_grants");
    if (!subscribe) return std::unexpected(subscribe.error());
    return auth::role_grants{std::move(*publish), std::move(*subscribe)};
}

std::chrono::seconds seconds_of(milliseconds t) {
    return std::chrono::ceil<std::chrono::seconds>(t);
}

/// Keeps a ticket in use for as long as its stream is there.
class ticket_lease final : public stream_lease {
public:
    ticket_lease(std::shared_ptr<auth::ticket_book> book, std::string ticket, bool again)
        : book_(std::move(book)), ticket_(std::move(ticket)), again_(again) {}
    ticket_lease(const ticket_lease&) = delete;
    ticket_lease& operator=(const ticket_lease&) = delete;
    ~ticket_lease() override {
        const auto now = auth::ticket_book::clock::now();
        if (begun_) {
            book_->release(ticket_, now);
        } else {
            book_->give_back(ticket_, now);
        }
    }
    void begun() noexcept override { begun_ = true; }
    bool again() const noexcept override { return again_; }

private:
    const std::shared_ptr<auth::ticket_book> book_;
    const std::string ticket_;
    const bool again_;
    std::atomic<bool> begun_{false};
};

std::unexpected<error> taken_back() { return fail(errc::unauthenticated, "the token was revoked"); }

/// A row's rules: those of `[auth]`, but for what it says itself.
auth::claim_rules rules_of(const issuer_row& row, auth::claim_rules r) {
    r.issuer = row.issuer;
    r.audiences = row.audience;
    if (!row.user_claim.empty()) r.user_claim = row.user_claim;
    if (!row.session_claim.empty()) r.session_claim = row.session_claim;
    if (!row.roles_claim.empty()) r.roles_claim = row.roles_claim;
    r.user_prefix = row.user_prefix;
    if (std::ranges::find(row.roles, "*") == row.roles.end()) r.allowed_roles = row.roles;
    r.grants_believed = row.grants;
    return r;
}

strings names_of(const std::vector<issuer_row>& rows) {
    strings names;
    for (const issuer_row& row : rows) names.push_back(row.issuer);
    return names;
}

bool needs_web(const settings& s) {
    const auto at_url = [](const strings& keys) { return std::ranges::any_of(keys, is_web_url); };
    return !s.auth.forward_url.empty() || at_url(s.auth.keys) ||
           std::ranges::any_of(s.auth.issuers, at_url, &issuer_row::keys);
}

}  // namespace

auth::claim_rules rules_of(const settings& s, auth::role_grants roles) {
    auth::claim_rules r;
    r.roles = std::move(roles);
    r.grants_claim = s.auth.grants_claim;
    r.issuer = s.auth.issuer;
    r.audiences = s.auth.audience;
    r.leeway = std::chrono::duration_cast<std::chrono::seconds>(s.auth.leeway);
    r.expiry_required = s.auth.expiry_required;
    r.user_claim = s.auth.user_claim;
    r.session_claim = s.auth.session_claim;
    r.roles_claim = s.auth.roles_claim;
    return r;
}

principal principal_of(auth::token_claims claims, principal::source from) {
    principal who;
    who.from = from;
    who.user = std::move(claims.subject);
    who.session = std::move(claims.session);
    who.roles = std::move(claims.roles);
    who.claims = std::move(claims.text);
    who.token_id = std::move(claims.token_id);
    who.issuer = std::move(claims.issuer);
    who.grants = std::move(claims.grants);
    who.attributes = std::move(claims.attributes);
    who.expires = claims.expires;
    who.issued = claims.issued_at;
    return who;
}

result<std::string_view> bearer_token(std::string_view header) {
    constexpr std::string_view scheme = "bearer ";
    const bool bearer = header.size() > scheme.size() &&
                        std::ranges::equal(header.substr(0, scheme.size()), scheme, {}, [](char c) {
                            return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
                        });
    if (!bearer) {
        return fail(errc::unauthenticated,
                    "`Authorization` is `Bearer` and a token; nothing else is understood");
    }
    header.remove_prefix(header.find_first_not_of(' ', scheme.size() - 1));
    return header;
}

std::string_view cookie_value(std::string_view header, std::string_view name) {
    while (!header.empty()) {
        std::string_view one = header.substr(0, header.find(';'));
        header.remove_prefix(std::min(one.size() + 1, header.size()));
        one.remove_prefix(std::min(one.find_first_not_of(' '), one.size()));
        if (!one.starts_with(name) || one.size() <= name.size() || one[name.size()] != '=')
            continue;
        one.remove_prefix(name.size() + 1);
        if (one.size() >= 2 && one.front() == '"' && one.back() == '"')
            one = one.substr(1, one.size() - 2);
        return one;
    }
    return {};
}

identity_check::identity_check(const settings& s, auth::role_grants roles)
    : roles_(std::move(roles)),
      rules_(rules_of(s, roles_)),
      issuers_(names_of(s.auth.issuers)),
      token_in_query_(s.auth.token_in_query),
      development_tokens_(s.auth.dev_tokens && !s.production),
      local_development_tokens_(!s.production),
      ticket_options_{s.auth.max_tickets, s.auth.max_tickets_per_user,
                      seconds_of(s.auth.ticket_lifetime), seconds_of(s.auth.ticket_grace)},
      tickets_(std::make_shared<auth::ticket_book>(ticket_options_)),
      revoked_(s.auth.max_revocations) {}

// What is under way is answered by the client's end, and needs the rest for it.
identity_check::~identity_check() { web_.reset(); }

result<std::unique_ptr<identity_check>> identity_check::make(const settings& s) {
    for (const std::string& text : s.auth.public_topics) {
        if (auto pattern = topic_pattern::parse(text); !pattern) {
            return fail(errc::invalid_request,
                        fmt::format("`auth.public_topics = {}`: {}", text, pattern.error().detail));
        }
    }
    auto roles = grants_of_roles(s);
    if (!roles) return std::unexpected(roles.error());
    std::unique_ptr<identity_check> made(new identity_check(s, std::move(*roles)));
    if (auto added = made->add_keys(s); !added) return std::unexpected(added.error());
    return made;
}

result<> identity_check::add_signing_key(const settings& s) {
    if (s.auth.secret.empty()) return {};
    auto k = auth::key::from_secret(s.auth.secret, *auth::parse_algorithm(s.auth.algorithm.value));
    if (!k) return fail(errc::invalid_request, fmt::format("`auth.secret`: {}", k.error().detail));
    if ((*k)->weak()) {
        log::warning(
            "the secret is shorter than the hash it is used with; a longer one is "
            "harder to guess",
            {{"setting", "auth.secret"}});
    }
    signing_key_ = std::move(*k);
    return {};
}

result<> identity_check::add_keys(const settings& s) {
    if (auto added = add_signing_key(s); !added) return added;
    if (needs_web(s)) web_ = std::make_unique<web_client>();
    if (auto fine = add_forwarding(s); !fine) return fine;

    const key_places how{
        s.auth.plain_http,
        [this](web_request r, web_client::callback done) {
            web_->ask(std::move(r), std::move(done));
        },
        [this] { verifier_->forget(); },
    };
    std::vector<auth::trusted_issuer> trusted;
    const auto add = [&](auth::claim_rules rules, const strings& places, auth::key_ptr secret,
                         std::string_view setting) -> result<> {
        auto keys = trusted_keys(places, std::move(secret), setting, how);
        if (!keys) return std::unexpected(keys.error());
        if (*keys != nullptr) trusted.push_back({std::move(rules), std::move(*keys)});
        return {};
    };
    const auth::claim_rules own = rules_of(s, roles_);
    if (auto added = add(own, s.auth.keys, signing_key_, "auth.keys"); !added) return added;
    for (const issuer_row& row : s.auth.issuers) {
        if (!trusted.empty() && trusted.front().rules.issuer == row.issuer)
            return fail(
                errc::invalid_request,
                fmt::format("`auth.issuer` has a row in `auth.issuers` too: {}", row.issuer));
        const std::string name = fmt::format("auth.issuers ({}): keys", row.issuer);
        if (auto added = add(rules_of(row, own), row.keys, nullptr, name); !added) return added;
    }
    if (trusted.empty()) return {};
    verifier_ = std::make_unique<auth::token_verifier>(auth::verifier_options{
        .issuers = std::move(trusted), .remembered = s.auth.max_remembered_tokens});
    return {};
}

result<> identity_check::add_forwarding(const settings& s) {
    if (s.auth.forward_url.empty()) return {};
    if (auto fine = check_web_url(s.auth.forward_url, s.auth.plain_http); !fine)
        return fail(errc::invalid_request,
                    fmt::format("`auth.forward_url`: {}", fine.error().detail));
    forward_ = std::make_unique<forward_auth>(forward_options{.url = s.auth.forward_url,
                                                              .headers = s.auth.forward_headers,
                                                              .timeout = s.auth.forward_timeout,
                                                              .kept = s.auth.forward_kept,
                                                              .max_kept = s.auth.max_forwarded,
                                                              .plain_http = s.auth.plain_http},
                                              rules_of(s, roles_),
                                              [this](web_request r, web_client::callback done) {
                                                  web_->ask(std::move(r), std::move(done));
                                              });
    return {};
}

std::string identity_check::claims_for(const token_request& asked,
                                       std::chrono::system_clock::time_point now) const {
    return claims_of(asked, rules_, now);
}

bool identity_check::shows_own_credentials(const auth::credentials& given) const {
    if (!given.ticket.empty()) return true;
    if (verifier_ == nullptr) return false;
    // A signed token has dots; what else comes in this header is the back end's.
    const auto token = bearer_token(given.authorization);
    if (!given.authorization.empty()) return token && token->contains('.');
    return !cookie_value(given.cookie, session_cookie).empty() || !given.token.empty();
}

void identity_check::check(const auth::credentials& given, callback done) {
    if (forward_ != nullptr && !shows_own_credentials(given)) {
        return forward_->check(given, [this, done = std::move(done)](result<principal> who) {
            if (who && revoked_.concern(*who)) return done(taken_back());
            done(std::move(who));
        });
    }
    if (!given.authorization.empty()) {
        const auto token = bearer_token(given.authorization);
        if (!token) return done(std::unexpected(token.error()));
        return check_token(*token, given.local, std::move(done));
    }
    if (!given.ticket.empty()) return done(redeem(given));
    const std::string_view cookie = cookie_value(given.cookie, session_cookie);
    if (!cookie.empty()) return check_token(cookie, given.local, std::move(done));
    if (!given.token.empty()) {
        if (!token_in_query_) {
            return done(fail(errc::unauthenticated,
                             "tokens in the query are switched off (`auth.token_in_query`)"));
        }
        return check_token(given.token, given.local, std::move(done));
    }
    done(principal{});
}

result<std::string> identity_check::issue_ticket(const principal& who) {
    if (who.from == principal::source::ticket)
        return fail(errc::invalid_request, "a ticket opens its stream and nothing else");
    auto bearer = std::make_shared<principal>(who);
    bearer->from = principal::source::ticket;
    return tickets_->issue(std::move(bearer), std::chrono::system_clock::now());
}

bool identity_check::knows_issuer(std::string_view name) const {
    return rules_.issuer.empty() || rules_.issuer == name ||
           std::ranges::find(issuers_, name) != issuers_.end();
}

std::chrono::seconds identity_check::clocks_ahead() const noexcept {
    return verifier_ != nullptr ? verifier_->clocks_ahead() : std::chrono::seconds(0);
}

void identity_check::purge() { tickets_->purge(std::chrono::system_clock::now()); }

result<principal> identity_check::redeem(const auth::credentials& given) {
    using refusal = auth::ticket_book::refusal;
    if (!given.for_stream)
        return fail(errc::unauthenticated, "a ticket opens a stream and nothing else");
    const auto now = std::chrono::system_clock::now();
    const auto [why, bearer, again] =
        tickets_->redeem(given.ticket, given.has_cursor, now, given.stream);
    switch (why) {
        case refusal::none:
            break;
        case refusal::unknown:
            return fail(errc::unauthenticated,
                        "the ticket was never issued, or its time is over; ask for another one");
        case refusal::not_resumed:
            return fail(errc::unauthenticated,
                        "the ticket has opened its stream; it opens it again with a cursor only");
        case refusal::another:
            return fail(errc::unauthenticated, "the ticket is of another stream");
        case refusal::in_use:
            // What a network left half open is noticed late: its client comes back with a cursor.
            if (given.has_cursor)
                return fail(errc::unavailable, "the ticket's earlier stream has not ended yet");
            return fail(errc::unauthenticated, "the ticket's stream is connected");
    }
    principal who = *bearer;
    who.lease = std::make_shared<ticket_lease>(tickets_, given.ticket, again);
    if (revoked_.concern(who)) return taken_back();
    return who;
}

void identity_check::check_token(std::string_view token, bool local, callback done) {
    // A signed token has dots, and Base64 has none.
    const bool development = token.find('.') == std::string_view::npos;
    if (development &&
        (development_tokens_ || (local && local_development_tokens_ && verifier_ == nullptr))) {
        auto claims = auth::parse_development_token(token, roles_);
        if (!claims) return done(std::unexpected(claims.error()));
        principal who = principal_of(std::move(*claims), principal::source::development);
        if (revoked_.concern(who)) return done(taken_back());
        return done(std::move(who));
    }
    if (verifier_ == nullptr) {
        return done(fail(errc::unauthenticated,
                         "no key is configured that a token could be verified with"));
    }
    verifier_->check(token, std::chrono::system_clock::now(),
                     [this, done = std::move(done)](result<auth::token_claims> claims) {
                         if (!claims) return done(std::unexpected(claims.error()));
                         principal who = principal_of(std::move(*claims), principal::source::token);
                         if (revoked_.concern(who)) return done(taken_back());
                         done(std::move(who));
                     });
}

}  // namespace carillon::server
