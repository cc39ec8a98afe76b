// The caller of a request: what the settings say of tokens, put together.
#pragma once

#include "auth/authenticator.hpp"
#include "auth/key.hpp"
#include "auth/revocations.hpp"
#include "auth/ticket_book.hpp"
#include "auth/token_verifier.hpp"
#include "server/forward_auth.hpp"
#include "server/settings.hpp"
#include "server/web_client.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace carillon::server {

struct token_request;

/// The cookie that `POST /auth/session` sets.
inline constexpr std::string_view session_cookie = "carillon_session";

/// Believes what the settings say: tokens signed with the secret or with one of the keys, from the
/// header `Authorization`, a ticket, the session cookie or the query, in this order. The first that
/// is there decides. Thread-safe.
class identity_check final : public auth::authenticator {
public:
    /// Reads key files; URLs are asked when a token needs their keys. Errors `invalid_request` and
    /// `io_error`, naming the setting.
    static result<std::unique_ptr<identity_check>> make(const settings& s);
    ~identity_check() override;

    void check(const auth::credentials& given, callback done) override;

    /// Whether it can be found out who calls: by tokens, or by asking a back end. Otherwise only a
    /// developer's own token is looked at.
    bool has_keys() const noexcept { return verifier_ != nullptr || forward_ != nullptr; }

    /// A ticket for a stream and its reconnections. Errors: `invalid_request` (the caller came with
    /// a ticket), `unavailable` (too many are out), `rate_limited` (too many of this user are).
    result<std::string> issue_ticket(const principal& who);
    /// How long a new ticket opens its first stream.
    std::chrono::seconds ticket_lifetime() const noexcept { return ticket_options_.first_use; }
    /// Forgets tickets that nobody came back with; call it now and then.
    void purge();
    /// Whether a token may be of this issuer, which may be any if `auth.issuer` names none.
    bool knows_issuer(std::string_view name) const;
    /// How far issuers' clocks were seen to be ahead: what was issued until now may say that it was
    /// issued later by so much.
    std::chrono::seconds clocks_ahead() const noexcept;
    /// What is believed no more. It may be added to while calls are checked.
    auth::revocations& revoked() noexcept { return revoked_; }

    /// The key that signs tokens for `POST /auth/token`; null: there is no secret.
    const auth::key_ptr& signing_key() const noexcept { return signing_key_; }
    /// The claims of a token that this server believes, a JSON object's text.
    std::string claims_for(const token_request& asked,
                           std::chrono::system_clock::time_point now) const;

private:
    identity_check(const settings& s, auth::role_grants roles);

    result<> add_signing_key(const settings& s);
    result<> add_keys(const settings& s);
    result<> add_forwarding(const settings& s);
    void check_token(std::string_view token, bool local, callback done);
    bool shows_own_credentials(const auth::credentials& given) const;
    result<principal> redeem(const auth::credentials& given);

    const auth::role_grants roles_;
    const auth::claim_rules rules_;  ///< of the server's own tokens
    const strings issuers_;          ///< of rows
    const bool token_in_query_;
    const bool development_tokens_;  ///< wherever the request comes from
    const bool local_development_tokens_;
    const auth::ticket_options ticket_options_;
    /// Shared with the leases of streams, which may end later.
    const std::shared_ptr<auth::ticket_book> tickets_;
    auth::revocations revoked_;
    auth::key_ptr signing_key_;
    std::unique_ptr<web_client> web_;        ///< only if keys or answers are at a URL
    std::unique_ptr<forward_auth> forward_;  ///< null: no back end is asked
    std::unique_ptr<auth::token_verifier> verifier_;
};

/// What the settings say of the claims of tokens, but for those of other issuers.
auth::claim_rules rules_of(const settings& s, auth::role_grants roles);

/// The caller that the claims tell of.
principal principal_of(auth::token_claims claims, principal::source from);

/// The token of an `Authorization` header. Error `unauthenticated`: another scheme than Bearer
/// (RFC 6750, section 2.1).
result<std::string_view> bearer_token(std::string_view header);
/// The value of a cookie (RFC 6265, section 4.2.1); empty if it is not there.
std::string_view cookie_value(std::string_view header, std::string_view name);

}  // namespace carillon::server
