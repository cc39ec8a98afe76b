#include "auth/token_cache.hpp"

#include <utility>

#include <openssl/evp.h>

namespace carillon::auth {

token_cache::digest token_cache::digest_of(std::string_view token) {
    digest d{};
    unsigned size = 0;
    EVP_Digest(token.data(), token.size(), d.data(), &size, EVP_sha256(), nullptr);
    return d;
}

token_cache::remembered& token_cache::put(const digest& d, remembered r) {
    if (recent_.size() >= half_) older_ = std::exchange(recent_, map());
    return recent_.insert_or_assign(d, std::move(r)).first->second;
}

std::optional<token_cache::entry> token_cache::find(const digest& d) {
    const auto whole = [](const remembered& r) { return entry{r.claims.whole(), r.issuer}; };
    const std::lock_guard lock(mutex_);
    if (const auto found = recent_.find(d); found != recent_.end()) return whole(found->second);
    // Out of the older ones first: they go when the newer ones take their place.
    auto older = older_.extract(d);
    if (older.empty()) return std::nullopt;
    return whole(put(d, std::move(older.mapped())));
}

void token_cache::add(const digest& d, const entry& e) {
    remembered r{remembered_claims(e.claims), e.issuer};
    const std::lock_guard lock(mutex_);
    put(d, std::move(r));
}

void token_cache::clear() {
    const std::lock_guard lock(mutex_);
    recent_.clear();
    older_.clear();
}

}  // namespace carillon::auth
