#include "auth/revocations.hpp"

#include "base/json_text.hpp"

#include <utility>

#include <boost/json.hpp>
#include <fmt/format.h>

namespace carillon::auth {

namespace {

namespace json = boost::json;

std::int64_t as_ms(revocation::time_point t) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(t.time_since_epoch()).count();
}

std::string text_of(const json::object& o, std::string_view name) {
    const json::value* v = o.if_contains(name);
    return v != nullptr && v->is_string() ? std::string(v->get_string()) : std::string{};
}

std::optional<revocation::time_point> time_of(const json::object& o, std::string_view name) {
    const json::value* v = o.if_contains(name);
    if (v == nullptr || !v->is_int64()) return std::nullopt;
    return revocation::time_point(std::chrono::milliseconds(v->get_int64()));
}

}  // namespace

bool revocation::concerns(const principal& who) const {
    if (!issuer.empty() && issuer != who.issuer) return false;
    if (!token_id.empty()) return token_id == who.token_id;
    return !user.empty() && user == who.user && (!who.issued || *who.issued < before);
}

std::string revocation::text() const {
    std::string out = R"({"tokenId":)";
    append_json_string(out, token_id);
    out += R"(,"user":)";
    append_json_string(out, user);
    out += R"(,"issuer":)";
    append_json_string(out, issuer);
    return out += fmt::format(R"(,"before":{},"until":{}}})", as_ms(before), as_ms(until));
}

result<revocation> revocation::parse(std::string_view text) {
    const auto refused = [] { return fail(errc::invalid_request, "this is no revocation"); };
    boost::system::error_code failure;
    const json::value parsed = json::parse(text, failure);
    if (failure || !parsed.is_object()) return refused();
    const json::object& o = parsed.get_object();
    const auto before = time_of(o, "before");
    const auto until = time_of(o, "until");
    revocation r{text_of(o, "tokenId"), text_of(o, "user"), text_of(o, "issuer"),
                 before.value_or(time_point{}), until.value_or(time_point{})};
    if (!before || !until || r.token_id.empty() == r.user.empty()) return refused();
    return r;
}

revocations::key revocations::key_of(const revocation& r) {
    return {r.issuer, r.token_id.empty() ? r.user : r.token_id};
}

revocation revocations::in_force(const revocation& r) const {
    const std::lock_guard lock(mutex_);
    const table& in = r.token_id.empty() ? users_ : tokens_;
    const auto found = in.find(key_of(r));
    return found == in.end() ? r : found->second;
}

result<> revocations::add(revocation r, time_point now) {
    const bool by_token = !r.token_id.empty();
    key k = key_of(r);
    const std::lock_guard lock(mutex_);
    table& into = by_token ? tokens_ : users_;
    const auto found = into.find(k);
    if (found != into.end()) {
        r.before = std::max(r.before, found->second.before);
        r.until = std::max(r.until, found->second.until);
        found->second = std::move(r);
        return {};
    }
    if (tokens_.size() + users_.size() >= most_) {
        const auto over = [&](const auto& entry) { return entry.second.until <= now; };
        std::erase_if(tokens_, over);
        std::erase_if(users_, over);
        if (tokens_.size() + users_.size() >= most_)
            return fail(errc::unavailable, "too many revocations are in force");
    }
    into.emplace(std::move(k), std::move(r));
    return {};
}

bool revocations::found_in(const table& t, const principal& who, const std::string& name) {
    if (name.empty()) return false;
    for (const std::string& issuer : {who.issuer, std::string{}}) {
        const auto found = t.find({issuer, name});
        if (found != t.end() && found->second.concerns(who)) return true;
    }
    return false;
}

bool revocations::concern(const principal& who) const {
    const std::lock_guard lock(mutex_);
    if (tokens_.empty() && users_.empty()) return false;
    return found_in(tokens_, who, who.token_id) || found_in(users_, who, who.user);
}

bool revocations::concern(const identity& who) const {
    if (size() == 0) return false;
    principal named;
    named.user = who.user;
    named.issuer = who.issuer;
    named.token_id = who.token_id;
    named.issued = who.issued;
    return concern(named);
}

std::size_t revocations::size() const {
    const std::lock_guard lock(mutex_);
    return tokens_.size() + users_.size();
}

}  // namespace carillon::auth
