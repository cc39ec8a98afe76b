#include "auth/eddsa_key.hpp"

#include "base/base64url.hpp"

#include <array>
#include <memory>

#include <fmt/format.h>

namespace carillon::auth {

namespace {

struct freed {
    void operator()(EVP_PKEY* p) const noexcept { EVP_PKEY_free(p); }
    void operator()(EVP_MD_CTX* p) const noexcept { EVP_MD_CTX_free(p); }
};
using owned_key = std::unique_ptr<EVP_PKEY, freed>;
using context = std::unique_ptr<EVP_MD_CTX, freed>;

constexpr std::size_t signature_size = 64;
constexpr std::size_t raw_key_size = 32;

const unsigned char* bytes_of(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

bool has_private_part(EVP_PKEY* k) {
    std::size_t size = 0;
    return EVP_PKEY_get_raw_private_key(k, nullptr, &size) == 1;
}

class eddsa_key final : public key {
public:
    eddsa_key(owned_key k, std::string id)
        : key(algorithm::eddsa, std::move(id)),
          key_(std::move(k)),
          private_(has_private_part(key_.get())) {}

    bool can_sign() const noexcept override { return private_; }

    bool verify(const compact_token& token) const override {
        if (token.alg != algorithm::eddsa) return false;
        const auto signature = parse_base64url(token.signature_part());
        if (!signature || signature->size() != signature_size) return false;
        const std::string_view text = token.signed_part();
        const context c(EVP_MD_CTX_new());
        return c != nullptr &&
               EVP_DigestVerifyInit(c.get(), nullptr, nullptr, nullptr, key_.get()) == 1 &&
               EVP_DigestVerify(c.get(), bytes_of(*signature), signature->size(), bytes_of(text),
                                text.size()) == 1;
    }

    result<std::string> sign(std::string_view claims) const override {
        if (!private_) return fail(errc::invalid_request, "a public key cannot sign");
        const std::string header =
            id().empty() ? std::string(R"({"alg":"EdDSA","typ":"JWT"})")
                         : fmt::format(R"({{"alg":"EdDSA","typ":"JWT","kid":"{}"}})", id());
        std::string text = base64url(header) + '.' + base64url(claims);
        std::array<unsigned char, signature_size> signature{};
        std::size_t size = signature.size();
        const context c(EVP_MD_CTX_new());
        if (c == nullptr ||
            EVP_DigestSignInit(c.get(), nullptr, nullptr, nullptr, key_.get()) != 1 ||
            EVP_DigestSign(c.get(), signature.data(), &size, bytes_of(text), text.size()) != 1) {
            return fail(errc::internal, "the key did not sign");
        }
        return text + '.' + base64url({reinterpret_cast<const char*>(signature.data()), size});
    }

private:
    const owned_key key_;
    const bool private_;
};

}  // namespace

key_ptr make_eddsa_key(EVP_PKEY* owned, std::string id) {
    owned_key k(owned);
    if (k == nullptr || EVP_PKEY_get_base_id(k.get()) != EVP_PKEY_ED25519) return nullptr;
    return std::make_shared<const eddsa_key>(std::move(k), std::move(id));
}

key_ptr make_eddsa_key(std::string_view public_bytes, std::string_view seed, std::string id) {
    if (!seed.empty()) {
        if (seed.size() != raw_key_size) return nullptr;
        return make_eddsa_key(
            EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, bytes_of(seed), seed.size()),
            std::move(id));
    }
    if (public_bytes.size() != raw_key_size) return nullptr;
    return make_eddsa_key(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr,
                                                      bytes_of(public_bytes), public_bytes.size()),
                          std::move(id));
}

}  // namespace carillon::auth
