// Signatures on an elliptic curve, in the form of tokens (RFC 7518, section 3.4).
#pragma once

#include "auth/algorithm.hpp"

#include <memory>
#include <string_view>

#include <openssl/evp.h>

namespace carillon::auth {

/// A public key on P-256 or P-384. Immutable, thread-safe.
class curve_verifier {
public:
    /// `x` and `y` are the point's numbers, big-endian. Null: they are none of a point of the
    /// curve.
    static std::unique_ptr<const curve_verifier> make(key_family curve, std::string_view x,
                                                      std::string_view y);

    /// `signature`: two numbers side by side, each as long as the curve's; another size is wrong.
    bool verify(std::string_view text, std::string_view signature) const;

private:
    struct freed {
        void operator()(EVP_PKEY* p) const noexcept { EVP_PKEY_free(p); }
    };
    curve_verifier(EVP_PKEY* owned, key_family curve) : key_(owned), curve_(curve) {}

    const std::unique_ptr<EVP_PKEY, freed> key_;
    const key_family curve_;
};

}  // namespace carillon::auth
