#include "auth/curve_verifier.hpp"

#include <string>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>

namespace carillon::auth {

namespace {

struct freed {
    void operator()(EVP_PKEY_CTX* p) const noexcept { EVP_PKEY_CTX_free(p); }
    void operator()(EVP_MD_CTX* p) const noexcept { EVP_MD_CTX_free(p); }
    void operator()(ECDSA_SIG* p) const noexcept { ECDSA_SIG_free(p); }
    void operator()(unsigned char* p) const noexcept { OPENSSL_free(p); }
};
template <class T>
using owned = std::unique_ptr<T, freed>;

/// Bytes of a number of the curve.
std::size_t size_of(key_family curve) { return curve == key_family::p256 ? 32 : 48; }

const unsigned char* bytes_of(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

std::string padded(std::string_view number, std::size_t size) {
    return std::string(size - number.size(), '\0').append(number);
}

/// The form that OpenSSL takes (RFC 3279, section 2.2.3): its bytes, and how many.
std::pair<owned<unsigned char>, int> der_of(std::string_view signature) {
    const std::size_t size = signature.size() / 2;
    const auto number = [&](std::string_view n) {
        return BN_bin2bn(bytes_of(n), static_cast<int>(n.size()), nullptr);
    };
    const owned<ECDSA_SIG> both(ECDSA_SIG_new());
    BIGNUM* const r = number(signature.substr(0, size));
    BIGNUM* const s = number(signature.substr(size));
    if (both == nullptr || r == nullptr || s == nullptr ||
        ECDSA_SIG_set0(both.get(), r, s) != 1) {  // which owns them from here on
        BN_free(r);
        BN_free(s);
        return {};
    }
    unsigned char* out = nullptr;
    const int length = i2d_ECDSA_SIG(both.get(), &out);
    return {owned<unsigned char>(out), length};
}

}  // namespace

std::unique_ptr<const curve_verifier> curve_verifier::make(key_family curve, std::string_view x,
                                                           std::string_view y) {
    const std::size_t size = size_of(curve);
    if (x.empty() || y.empty() || x.size() > size || y.size() > size) return nullptr;
    constexpr char uncompressed = '\x04';  // SEC 1, section 2.3.3
    std::string point = uncompressed + padded(x, size) + padded(y, size);
    std::string group = curve == key_family::p256 ? "prime256v1" : "secp384r1";
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group.data(), group.size()),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()),
        OSSL_PARAM_construct_end()};
    const owned<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
    EVP_PKEY* made = nullptr;
    if (context == nullptr || EVP_PKEY_fromdata_init(context.get()) != 1 ||
        EVP_PKEY_fromdata(context.get(), &made, EVP_PKEY_PUBLIC_KEY, parameters) != 1)
        return nullptr;
    return std::unique_ptr<const curve_verifier>(new curve_verifier(made, curve));
}

bool curve_verifier::verify(std::string_view text, std::string_view signature) const {
    if (signature.size() != 2 * size_of(curve_)) return false;
    const auto [der, length] = der_of(signature);
    const EVP_MD* const hash = curve_ == key_family::p256 ? EVP_sha256() : EVP_sha384();
    const owned<EVP_MD_CTX> context(EVP_MD_CTX_new());
    return length > 0 && context != nullptr &&
           EVP_DigestVerifyInit(context.get(), nullptr, hash, nullptr, key_.get()) == 1 &&
           EVP_DigestVerify(context.get(), der.get(), static_cast<std::size_t>(length),
                            bytes_of(text), text.size()) == 1;
}

}  // namespace carillon::auth
