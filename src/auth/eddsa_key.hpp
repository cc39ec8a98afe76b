// Ed25519 keys (RFC 8037), by OpenSSL: the library for the other algorithms has none.
#pragma once

#include "auth/key.hpp"

#include <string>
#include <string_view>

#include <openssl/evp.h>

namespace carillon::auth {

/// Takes the key over. Null if it is not an Ed25519 key.
key_ptr make_eddsa_key(EVP_PKEY* owned, std::string id);
/// From the raw bytes; `seed` is the private part, or empty. Null if they are of a wrong size.
key_ptr make_eddsa_key(std::string_view public_bytes, std::string_view seed, std::string id);

}  // namespace carillon::auth
