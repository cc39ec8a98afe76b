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

void token_cache::put(const digest& d, entry e) {
    if (recent_.size() >= half_) {
        older_ = std::move(recent_);
        recent_ = {};
    }
    recent_.insert_or_assign(d, std::move(e));
}

token_cache::entry token_cache::find(const digest& d) {
    const std::lock_guard lock(mutex_);
    if (const auto found = recent_.find(d); found != recent_.end()) return found->second;
    const auto found = older_.find(d);
    if (found == older_.end()) return {};
    entry e = found->second;
    put(d, e);
    return e;
}

void token_cache::add(const digest& d, entry e) {
    const std::lock_guard lock(mutex_);
    put(d, std::move(e));
}

void token_cache::clear() {
    const std::lock_guard lock(mutex_);
    recent_.clear();
    older_.clear();
}

}  // namespace carillon::auth
