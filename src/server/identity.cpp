#include "server/identity.hpp"

#include <carillon/base/log.hpp>

#include "auth/development_token.hpp"
#include "server/auth_routes.hpp"
#include "server/remote_keys.hpp"

#include <algorithm>
#include <atomic>
#include <fstream>
#include <sstream>
#include <utility>

#include <fmt/format.h>

namespace carillon::server {

namespace {

constexpr std::size_t max_key_file = 1u << 20;

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

result<std::string> read_key_file(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    std::string text(max_key_file + 1, '\0');
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(in.gcount()));
    if (in.bad() || (text.empty() && !in.eof()) || !in.is_open())
        return fail(errc::io_error, "the file cannot be read");
    if (text.size() > max_key_file)
        return fail(errc::invalid_request, "the file is larger than a mebibyte");
    return text;
}

result<std::vector<auth::key_ptr>> keys_of_file(const std::string& path) {
    const auto text = read_key_file(path);
    if (!text) return std::unexpected(text.error());
    if (text->find("-----BEGIN ") != std::string::npos) {
        auto k = auth::key::from_pem(*text);
        if (!k) return std::unexpected(k.error());
        return std::vector{std::move(*k)};
    }
    if (auto set = auth::parse_key_set(*text)) return set;
    auto k = auth::key::from_jwk(*text);
    if (!k)
        return fail(errc::invalid_request,
                    "neither a PEM key, a JSON Web Key nor a set of them: " + k.error().detail);
    return std::vector{std::move(*k)};
}

/// Asks one source after the other until one has a key for the token.
class several_keys final : public auth::key_source {
public:
    explicit several_keys(std::vector<std::shared_ptr<auth::key_source>> all)
        : all_(std::move(all)) {}

    void find(std::string_view key_id, auth::algorithm alg, callback done) override {
        ask(0, std::string(key_id), alg, std::move(done));
    }

private:
    void ask(std::size_t at, std::string key_id, auth::algorithm alg, callback done) {
        if (at + 1 >= all_.size()) return all_[at]->find(key_id, alg, std::move(done));
        all_[at]->find(key_id, alg,
                       [this, at, key_id, alg,
                        done = std::move(done)](result<std::vector<auth::key_ptr>> found) mutable {
                           if (found && !found->empty()) return done(std::move(found));
                           ask(at + 1, key_id, alg, std::move(done));
                       });
    }

    const std::vector<std::shared_ptr<auth::key_source>> all_;
};

std::chrono::seconds seconds_of(milliseconds t) {
    return std::chrono::ceil<std::chrono::seconds>(t);
}

/// Keeps a ticket in use for as long as its stream is there.
class ticket_lease final : public stream_lease {
public:
    ticket_lease(std::shared_ptr<auth::ticket_book> book, std::string ticket)
        : book_(std::move(book)), ticket_(std::move(ticket)) {}
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

private:
    const std::shared_ptr<auth::ticket_book> book_;
    const std::string ticket_;
    std::atomic<bool> begun_{false};
};

std::unexpected<error> taken_back() { return fail(errc::unauthenticated, "the token was revoked"); }

bool is_url(std::string_view text) {
    return text.starts_with("https://") || text.starts_with("http://");
}

}  // namespace

principal principal_of(const auth::token_claims& claims, principal::source from) {
    principal who;
    who.from = from;
    who.user = claims.subject;
    who.session = claims.session;
    who.roles = claims.roles;
    who.claims = claims.text;
    who.token_id = claims.token_id;
    who.issuer = claims.issuer;
    who.grants = claims.grants;
    who.attributes = claims.attributes;
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
      issuer_(s.auth.issuer),
      audience_(s.auth.audience),
      token_in_query_(s.auth.token_in_query),
      development_tokens_(s.auth.dev_tokens && !s.production),
      local_development_tokens_(!s.production),
      ticket_options_{s.auth.max_tickets, seconds_of(s.auth.ticket_lifetime),
                      seconds_of(s.auth.ticket_grace)},
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

result<> identity_check::add_keys(const settings& s) {
    std::vector<auth::key_ptr> fixed;
    std::vector<std::shared_ptr<auth::key_source>> sources;
    if (!s.auth.secret.empty()) {
        auto k =
            auth::key::from_secret(s.auth.secret, *auth::parse_algorithm(s.auth.algorithm.value));
        if (!k)
            return fail(errc::invalid_request, fmt::format("`auth.secret`: {}", k.error().detail));
        if ((*k)->weak()) {
            log::warning(
                "the secret is shorter than the hash it is used with; a longer one is "
                "harder to guess",
                {{"setting", "auth.secret"}});
        }
        signing_key_ = *k;
        fixed.push_back(std::move(*k));
    }
    std::vector<std::string> urls;
    for (const std::string& place : s.auth.keys) {
        if (is_url(place)) {
            if (auto fine = check_web_url(place, s.auth.plain_http); !fine) {
                return fail(errc::invalid_request,
                            fmt::format("`auth.keys = {}`: {}", place, fine.error().detail));
            }
            urls.push_back(place);
            continue;
        }
        auto keys = keys_of_file(place);
        if (!keys)
            return fail(keys.error().code,
                        fmt::format("`auth.keys = {}`: {}", place, keys.error().detail));
        fixed.insert(fixed.end(), keys->begin(), keys->end());
    }
    if (!fixed.empty()) sources.push_back(std::make_shared<auth::fixed_keys>(std::move(fixed)));
    if (!urls.empty() || !s.auth.forward_url.empty()) web_ = std::make_unique<web_client>();
    if (auto fine = add_forwarding(s); !fine) return fine;
    for (const std::string& url : urls) {
        sources.push_back(std::make_shared<remote_keys>(
            remote_keys_options{.url = url, .plain_http = s.auth.plain_http},
            [this](web_request r, web_client::callback done) {
                web_->ask(std::move(r), std::move(done));
            },
            [this] { verifier_->forget(); }));
    }
    if (sources.empty()) return {};
    verifier_ = std::make_unique<auth::token_verifier>(auth::verifier_options{
        .issuers = {{rules_of(s, roles_), std::make_shared<several_keys>(std::move(sources))}},
        .remembered = s.auth.max_remembered_tokens});
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
    return claims_of(asked, issuer_, audience_, now);
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

void identity_check::purge() { tickets_->purge(std::chrono::system_clock::now()); }

result<principal> identity_check::redeem(const auth::credentials& given) {
    using refusal = auth::ticket_book::refusal;
    if (!given.for_stream)
        return fail(errc::unauthenticated, "a ticket opens a stream and nothing else");
    const auto now = std::chrono::system_clock::now();
    auto [why, bearer] = tickets_->redeem(given.ticket, given.has_cursor, now);
    switch (why) {
        case refusal::none:
            break;
        case refusal::unknown:
            return fail(errc::unauthenticated,
                        "the ticket was never issued, or its time is over; ask for another one");
        case refusal::not_resumed:
            return fail(errc::unauthenticated,
                        "the ticket has opened its stream; it opens it again with a cursor only");
        case refusal::in_use:
            // What a network left half open is noticed late: its client comes back with a cursor.
            if (given.has_cursor)
                return fail(errc::unavailable, "the ticket's earlier stream has not ended yet");
            return fail(errc::unauthenticated, "the ticket's stream is connected");
    }
    principal who = *bearer;
    who.lease = std::make_shared<ticket_lease>(tickets_, given.ticket);
    if (revoked_.concern(who)) return taken_back();
    return who;
}

void identity_check::check_token(std::string_view token, bool local, callback done) {
    // A signed token has dots, and Base64 has none.
    const bool development = token.find('.') == std::string_view::npos;
    if (development &&
        (development_tokens_ || (local && local_development_tokens_ && verifier_ == nullptr))) {
        const auto claims = auth::parse_development_token(token, roles_);
        if (!claims) return done(std::unexpected(claims.error()));
        principal who = principal_of(*claims, principal::source::development);
        if (revoked_.concern(who)) return done(taken_back());
        return done(std::move(who));
    }
    if (verifier_ == nullptr) {
        return done(fail(errc::unauthenticated,
                         "no key is configured that a token could be verified with"));
    }
    verifier_->check(
        token, std::chrono::system_clock::now(),
        [this, done = std::move(done)](result<auth::token_verifier::claims_ptr> claims) {
            if (!claims) return done(std::unexpected(claims.error()));
            principal who = principal_of(**claims, principal::source::token);
            if (revoked_.concern(who)) return done(taken_back());
            done(std::move(who));
        });
}

}  // namespace carillon::server
