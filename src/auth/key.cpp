#include "auth/key.hpp"

#include "auth/curve_verifier.hpp"
#include "auth/eddsa_key.hpp"
#include "base/base64url.hpp"

#include <array>
#include <cstdlib>
#include <utility>

#include <boost/json.hpp>
#include <cjose/cjose.h>
#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

namespace carillon::auth {

namespace {

namespace json = boost::json;

struct freed {
    void operator()(cjose_jwk_t* p) const noexcept { cjose_jwk_release(p); }
    void operator()(cjose_jws_t* p) const noexcept { cjose_jws_release(p); }
    void operator()(cjose_header_t* p) const noexcept { cjose_header_release(p); }
    void operator()(EVP_PKEY* p) const noexcept { EVP_PKEY_free(p); }
    void operator()(BIO* p) const noexcept { BIO_free(p); }
    void operator()(BIGNUM* p) const noexcept { BN_clear_free(p); }
};
template <class T>
using owned = std::unique_ptr<T, freed>;

constexpr int min_rsa_bits = 2048;

std::unexpected<error> refused(std::string why) {
    return fail(errc::invalid_request, std::move(why));
}

/// Every algorithm but EdDSA.
class jose_key final : public key {
public:
    jose_key(owned<cjose_jwk_t> k, std::unique_ptr<const curve_verifier> curve, algorithm alg,
             std::string id, bool signs, bool weak)
        : key(alg, std::move(id), weak),
          key_(std::move(k)),
          curve_(std::move(curve)),
          signs_(signs) {}

    bool can_sign() const noexcept override { return signs_; }

    bool verify(const compact_token& token) const override {
        if (token.alg != alg()) return false;
        if (curve_ != nullptr) {
            const auto signature = parse_base64url(token.signature_part());
            return signature && curve_->verify(token.signed_part(), *signature);
        }
        cjose_err failure{};
        const owned<cjose_jws_t> jws(
            cjose_jws_import(token.text.data(), token.text.size(), &failure));
        return jws != nullptr && cjose_jws_verify(jws.get(), key_.get(), &failure);
    }

    result<std::string> sign(std::string_view claims) const override {
        if (!signs_) return refused("a public key cannot sign");
        cjose_err failure{};
        const owned<cjose_header_t> header(cjose_header_new(&failure));
        const std::string name(to_string(alg()));
        bool ready = header != nullptr &&
                     cjose_header_set(header.get(), CJOSE_HDR_ALG, name.c_str(), &failure) &&
                     cjose_header_set(header.get(), "typ", "JWT", &failure);
        if (ready && !id().empty())
            ready = cjose_header_set(header.get(), CJOSE_HDR_KID, id().c_str(), &failure);
        owned<cjose_jws_t> jws;
        if (ready) {
            jws.reset(cjose_jws_sign(key_.get(), header.get(),
                                     reinterpret_cast<const std::uint8_t*>(claims.data()),
                                     claims.size(), &failure));
        }
        const char* text = nullptr;
        if (jws == nullptr || !cjose_jws_export(jws.get(), &text, &failure))
            return fail(errc::internal, "the key did not sign");
        return std::string(text);
    }

private:
    const owned<cjose_jwk_t> key_;
    /// Of keys on a curve: cjose would take the token apart a second time. Null: it verifies.
    const std::unique_ptr<const curve_verifier> curve_;
    const bool signs_;
};

std::string_view text_of(const json::object& o, std::string_view name) {
    const json::value* v = o.if_contains(name);
    return v != nullptr && v->is_string() ? std::string_view(v->get_string()) : std::string_view{};
}

std::size_t hash_size(algorithm a) {
    return a == algorithm::hs256 ? 32 : a == algorithm::hs384 ? 48 : 64;
}

/// What the type of a key says, or nothing if it is no type that is used here.
std::optional<key_family> family_of(const json::object& jwk) {
    const std::string_view type = text_of(jwk, "kty");
    const std::string_view curve = text_of(jwk, "crv");
    if (type == "oct") return key_family::secret;
    if (type == "RSA") return key_family::rsa;
    if (type == "EC" && curve == "P-256") return key_family::p256;
    if (type == "EC" && curve == "P-384") return key_family::p384;
    if (type == "OKP" && curve == "Ed25519") return key_family::ed25519;
    return std::nullopt;
}

std::optional<algorithm> default_algorithm(key_family f) {
    switch (f) {
        case key_family::rsa:
            return algorithm::rs256;
        case key_family::p256:
            return algorithm::es256;
        case key_family::p384:
            return algorithm::es384;
        case key_family::ed25519:
            return algorithm::eddsa;
        case key_family::secret:
            break;
    }
    return std::nullopt;
}

bool for_signatures(const json::object& jwk) {
    if (const std::string_view use = text_of(jwk, "use"); !use.empty() && use != "sig")
        return false;
    const json::value* operations = jwk.if_contains("key_ops");
    if (operations == nullptr || !operations->is_array()) return true;
    for (const json::value& operation : operations->get_array()) {
        if (operation == "verify" || operation == "sign") return true;
    }
    return false;
}

result<algorithm> algorithm_of(const json::object& jwk, key_family family) {
    const json::value* named = jwk.if_contains("alg");
    std::optional<algorithm> alg = default_algorithm(family);
    if (named != nullptr) alg = parse_algorithm(text_of(jwk, "alg"));
    if (!alg) return refused("the key's algorithm (`alg`) is missing or not accepted");
    if (auth::family_of(*alg) != family)
        return refused(fmt::format("the key's type is not that of {}", to_string(*alg)));
    return *alg;
}

result<key_ptr> make_jose_key(const json::object& jwk, algorithm alg, key_family family) {
    bool weak = false;
    std::string id(text_of(jwk, "kid"));
    if (family == key_family::secret) {
        const auto secret = parse_base64url(text_of(jwk, "k"));
        if (!secret || secret->empty()) return refused("the key's `k` is empty or not base64url");
        weak = secret->size() < hash_size(alg);
    }
    if (family == key_family::rsa) {
        const auto modulus = parse_base64url(text_of(jwk, "n"));
        const std::size_t bits = modulus ? modulus->size() * 8 : 0;
        if (bits < min_rsa_bits)
            return refused(fmt::format("the RSA key has fewer than {} bits", min_rsa_bits));
    }
    const std::string text = json::serialize(jwk);
    cjose_err failure{};
    owned<cjose_jwk_t> k(cjose_jwk_import(text.data(), text.size(), &failure));
    if (k == nullptr) return refused("the key's numbers are missing or wrong");
    std::unique_ptr<const curve_verifier> curve;
    if (family == key_family::p256 || family == key_family::p384) {
        curve = curve_verifier::make(family, parse_base64url(text_of(jwk, "x")).value_or(""),
                                     parse_base64url(text_of(jwk, "y")).value_or(""));
    }
    const bool signs = family == key_family::secret || jwk.contains("d");
    return std::make_shared<const jose_key>(std::move(k), std::move(curve), alg, std::move(id),
                                            signs, weak);
}

result<key_ptr> key_of(const json::object& jwk) {
    const auto family = family_of(jwk);
    if (!family) return refused("the key's type or curve is not used here");
    if (!for_signatures(jwk)) return refused("the key is not for signatures");
    const auto alg = algorithm_of(jwk, *family);
    if (!alg) return std::unexpected(alg.error());
    if (*family != key_family::ed25519) return make_jose_key(jwk, *alg, *family);
    const auto x = parse_base64url(text_of(jwk, "x"));
    const auto d = parse_base64url(text_of(jwk, "d"));
    if (!x || !d) return refused("the key's numbers are missing or wrong");
    auto k = make_eddsa_key(*x, *d, std::string(text_of(jwk, "kid")));
    if (k == nullptr) return refused("the key's numbers are missing or wrong");
    return k;
}

// A number of the key in the form of a JWK; `size` pads it, 0: as long as it needs.
void put_number(json::object& jwk, const char* name, EVP_PKEY* k, const char* parameter,
                int size = 0) {
    BIGNUM* number = nullptr;
    if (EVP_PKEY_get_bn_param(k, parameter, &number) != 1) return;
    const owned<BIGNUM> owner(number);
    const int bytes = size != 0 ? size : BN_num_bytes(number);
    std::string text(static_cast<std::size_t>(bytes), '\0');
    if (BN_bn2binpad(number, reinterpret_cast<unsigned char*>(text.data()), bytes) != bytes) return;
    jwk[name] = base64url(text);
}

json::object jwk_of_rsa(EVP_PKEY* k) {
    json::object jwk{{"kty", "RSA"}};
    put_number(jwk, "n", k, OSSL_PKEY_PARAM_RSA_N);
    put_number(jwk, "e", k, OSSL_PKEY_PARAM_RSA_E);
    put_number(jwk, "d", k, OSSL_PKEY_PARAM_RSA_D);
    put_number(jwk, "p", k, OSSL_PKEY_PARAM_RSA_FACTOR1);
    put_number(jwk, "q", k, OSSL_PKEY_PARAM_RSA_FACTOR2);
    put_number(jwk, "dp", k, OSSL_PKEY_PARAM_RSA_EXPONENT1);
    put_number(jwk, "dq", k, OSSL_PKEY_PARAM_RSA_EXPONENT2);
    put_number(jwk, "qi", k, OSSL_PKEY_PARAM_RSA_COEFFICIENT1);
    return jwk;
}

json::object jwk_of_curve(EVP_PKEY* k) {
    const bool p256 = EVP_PKEY_get_bits(k) == 256;
    const int size = p256 ? 32 : 48;
    json::object jwk{{"kty", "EC"}, {"crv", p256 ? "P-256" : "P-384"}};
    put_number(jwk, "x", k, OSSL_PKEY_PARAM_EC_PUB_X, size);
    put_number(jwk, "y", k, OSSL_PKEY_PARAM_EC_PUB_Y, size);
    put_number(jwk, "d", k, OSSL_PKEY_PARAM_PRIV_KEY, size);
    return jwk;
}

bool on_curve_in_use(EVP_PKEY* k) {
    std::array<char, 64> group{};
    std::size_t size = 0;
    if (EVP_PKEY_get_group_name(k, group.data(), group.size(), &size) != 1) return false;
    const std::string_view name(group.data(), size);
    return name == "prime256v1" || name == "secp384r1";
}

owned<EVP_PKEY> read_pem(std::string_view pem) {
    const auto open = [&] {
        return owned<BIO>(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    };
    // Without a pass phrase: nobody is there to be asked for one.
    const auto no_phrase = [](char*, int, int, void*) { return 0; };
    owned<EVP_PKEY> k(PEM_read_bio_PUBKEY(open().get(), nullptr, no_phrase, nullptr));
    if (k == nullptr) k.reset(PEM_read_bio_PrivateKey(open().get(), nullptr, no_phrase, nullptr));
    return k;
}

}  // namespace

result<key_ptr> key::from_secret(std::string_view secret, algorithm alg, std::string id) {
    if (auth::family_of(alg) != key_family::secret)
        return refused(fmt::format("{} does not work with a secret", to_string(alg)));
    if (secret.empty()) return refused("the secret is empty");
    if (secret.find("-----BEGIN ") != std::string_view::npos)
        return refused("the secret is a PEM file; a public key is no secret");
    json::object jwk{{"kty", "oct"}, {"k", base64url(secret)}};
    if (!id.empty()) jwk["kid"] = id;
    return make_jose_key(jwk, alg, key_family::secret);
}

result<key_ptr> key::from_jwk(std::string_view text) {
    boost::system::error_code failure;
    const json::value parsed = json::parse(text, failure);
    if (failure || !parsed.is_object()) return refused("the key is no JSON object");
    return key_of(parsed.get_object());
}

result<key_ptr> key::from_pem(std::string_view pem, std::optional<algorithm> alg, std::string id) {
    owned<EVP_PKEY> k = read_pem(pem);
    if (k == nullptr) return refused("the PEM text holds no key that can be read");
    if (EVP_PKEY_is_a(k.get(), "ED25519") == 1) {
        if (alg && *alg != algorithm::eddsa)
            return refused(fmt::format("the key's type is not that of {}", to_string(*alg)));
        return make_eddsa_key(k.release(), std::move(id));
    }
    json::object jwk;
    if (EVP_PKEY_is_a(k.get(), "RSA") == 1) {
        jwk = jwk_of_rsa(k.get());
    } else if (EVP_PKEY_is_a(k.get(), "EC") == 1 && on_curve_in_use(k.get())) {
        jwk = jwk_of_curve(k.get());
    } else {
        return refused("the key's type or curve is not used here");
    }
    if (alg) jwk["alg"] = to_string(*alg);
    if (!id.empty()) jwk["kid"] = id;
    return key_of(jwk);
}

result<std::vector<key_ptr>> parse_key_set(std::string_view text) {
    boost::system::error_code failure;
    const json::value parsed = json::parse(text, failure);
    const json::value* list =
        !failure && parsed.is_object() ? parsed.get_object().if_contains("keys") : nullptr;
    if (list == nullptr || !list->is_array())
        return refused("a key set is a JSON object with an array `keys`");
    if (list->get_array().size() > max_keys)
        return refused(fmt::format("the key set has more than {} keys", max_keys));
    std::vector<key_ptr> keys;
    for (const json::value& entry : list->get_array()) {
        if (!entry.is_object()) continue;
        if (auto k = key_of(entry.get_object())) keys.push_back(std::move(*k));
    }
    return keys;
}

}  // namespace carillon::auth
