// A key that signs or verifies tokens, bound to one algorithm.
#pragma once

#include <carillon/base/result.hpp>

#include "auth/algorithm.hpp"
#include "auth/compact_token.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::auth {

class key;
/// Shared by the key sources and the checks that are under way; either may end first.
using key_ptr = std::shared_ptr<const key>;

/// Immutable, thread-safe. The algorithm is the key's and never the token's: a token that names
/// another one is not verified with it, so a public key cannot be taken for a secret (RFC 8725,
/// section 3.1).
class key {
public:
    virtual ~key() = default;

    /// For the HS algorithms. Errors `invalid_request`: empty, not an HS algorithm, or the text of
    /// a PEM file, which is no secret.
    static result<key_ptr> from_secret(std::string_view secret, algorithm alg, std::string id = {});
    /// A JSON Web Key (RFC 7517). Without `alg` the type decides: P-256 ES256, P-384 ES384, Ed25519
    /// EdDSA, RSA RS256; a symmetric key needs one. RSA keys have at least 2048 bits. Errors
    /// `invalid_request`: not a key, a key for encryption, a type or curve that is not used here.
    static result<key_ptr> from_jwk(std::string_view json);
    /// A public or private key in PEM; `alg` as above if it is not given. Errors as above.
    static result<key_ptr> from_pem(std::string_view pem, std::optional<algorithm> alg = {},
                                    std::string id = {});

    algorithm alg() const noexcept { return alg_; }
    const std::string& id() const noexcept { return id_; }
    /// A secret shorter than its hash (RFC 7518, section 3.2): it works, and deserves a warning.
    bool weak() const noexcept { return weak_; }
    /// Whether it is private, or a secret.
    virtual bool can_sign() const noexcept = 0;

    /// False for another algorithm, a wrong signature, and a signature of a wrong size.
    virtual bool verify(const compact_token& token) const = 0;
    /// The compact token of these claims, a JSON object's text. Error `invalid_request`: the key
    /// cannot sign.
    virtual result<std::string> sign(std::string_view claims) const = 0;

protected:
    key(algorithm alg, std::string id, bool weak = false)
        : alg_(alg), id_(std::move(id)), weak_(weak) {}

private:
    algorithm alg_;
    std::string id_;
    bool weak_;
};

/// The keys of a JSON Web Key Set (RFC 7517, section 5). Keys that are for encryption, or of a kind
/// that is not used here, are left out, as the RFC asks. Error `invalid_request`: no JSON object
/// with `keys`, or more than `max_keys`.
inline constexpr std::size_t max_keys = 100;
result<std::vector<key_ptr>> parse_key_set(std::string_view json);

}  // namespace carillon::auth
