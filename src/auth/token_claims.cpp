#include "auth/token_claims.hpp"

#include <carillon/hub/audience.hpp>

#include <algorithm>
#include <array>
#include <cmath>

#include <boost/json.hpp>
#include <fmt/format.h>

namespace carillon::auth {

namespace {

namespace json = boost::json;
using time_point = token_claims::time_point;

std::unexpected<error> refused(std::string why) {
    return fail(errc::unauthenticated, std::move(why));
}

std::unexpected<error> wrong_type(std::string_view claim) {
    return refused(fmt::format("the token's claim `{}` has a wrong type", claim));
}

// NumericDate (RFC 7519, section 2): seconds, perhaps with a fraction. What a clock cannot hold is
// moved to its end.
std::optional<time_point> time_of(const json::value& v) {
    double seconds = 0;
    if (v.is_int64()) {
        seconds = static_cast<double>(v.get_int64());
    } else if (v.is_uint64()) {
        seconds = static_cast<double>(v.get_uint64());
    } else if (v.is_double()) {
        seconds = v.get_double();
    } else {
        return std::nullopt;
    }
    if (!std::isfinite(seconds)) return std::nullopt;
    constexpr double farthest = 9.0e9;  // about the year 2255
    seconds = std::clamp(seconds, 0.0, farthest);
    return time_point(std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1000)));
}

result<> read_time(const json::object& claims, std::string_view name,
                   std::optional<time_point>& into) {
    const json::value* v = claims.if_contains(name);
    if (v == nullptr) return {};
    into = time_of(*v);
    if (!into) return wrong_type(name);
    return {};
}

result<> read_text(const json::object& claims, std::string_view name, std::string& into) {
    const json::value* v = name.empty() ? nullptr : claims.if_contains(name);
    if (v == nullptr || v->is_null()) return {};
    if (v->is_string()) {
        into = std::string(v->get_string());
    } else if (v->is_int64() || v->is_uint64()) {
        into = json::serialize(*v);
    } else {
        return wrong_type(name);
    }
    return {};
}

void split_words(std::string_view text, std::vector<std::string>& into) {
    constexpr std::string_view separators = " ,";
    while (!text.empty()) {
        const std::size_t end = std::min(text.find_first_of(separators), text.size());
        if (end != 0) into.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
}

result<> read_texts(const json::value& v, std::string_view name, std::vector<std::string>& into) {
    if (v.is_string()) {
        split_words(v.get_string(), into);
        return {};
    }
    if (!v.is_array()) return wrong_type(name);
    for (const json::value& entry : v.get_array()) {
        if (!entry.is_string()) return wrong_type(name);
        into.emplace_back(entry.get_string());
    }
    return {};
}

/// Topic patterns that a token grants instead of what its roles do; nothing: it says nothing.
struct claimed_patterns {
    std::optional<std::vector<std::string>> publish, subscribe;
};

result<> read_grants(const json::object& claims, const claim_rules& rules, claimed_patterns& into) {
    if (!rules.grants_believed) return {};
    const json::value* v = claims.if_contains(rules.grants_claim);
    if (v == nullptr) v = claims.if_contains("mercure");
    if (v == nullptr) return {};
    if (!v->is_object()) return wrong_type(rules.grants_claim);
    const auto read = [&](std::string_view name, std::optional<std::vector<std::string>>& list) {
        const json::value* patterns = v->get_object().if_contains(name);
        if (patterns == nullptr) return result<>{};
        if (!patterns->is_array()) return result<>(wrong_type(rules.grants_claim));
        return read_texts(*patterns, rules.grants_claim, list.emplace());
    };
    if (auto done = read("publish", into.publish); !done) return done;
    return read("subscribe", into.subscribe);
}

void read_attributes(const json::object& claims, const claim_rules& rules, token_claims& into) {
    for (const std::string& role : into.roles) add_attribute(into.attributes, "role", role);
    for (const auto& [name, value] : claims) {
        const std::string_view n = name;
        if (is_token_claim(n) || n == rules.grants_claim || n == "mercure" ||
            n == rules.user_claim || n == rules.session_claim || n == rules.roles_claim ||
            n == "role") {
            continue;
        }
        if (value.is_string()) {
            add_attribute(into.attributes, n, value.get_string());
        } else if (value.is_number() || value.is_bool()) {
            add_attribute(into.attributes, n, json::serialize(value));
        }
    }
}

result<> check_audience(const json::object& claims, const claim_rules& rules) {
    const json::value* v = claims.if_contains("aud");
    if (v == nullptr) {
        if (rules.audiences.empty()) return {};
        return refused("the token names no audience (`aud`)");
    }
    std::vector<std::string> named;
    if (v->is_string()) {
        named.emplace_back(v->get_string());
    } else if (auto read = read_texts(*v, "aud", named); !read) {
        return read;
    }
    const bool ours = std::ranges::any_of(named, [&](const std::string& a) {
        return std::ranges::find(rules.audiences, a) != rules.audiences.end();
    });
    if (!ours) return refused("the token is for another audience (`aud`)");
    return {};
}

}  // namespace

bool is_token_claim(std::string_view name) noexcept {
    constexpr std::array<std::string_view, 9> names{"iss", "sub", "aud",   "exp",      "nbf",
                                                    "iat", "jti", "scope", "auth_time"};
    return std::ranges::find(names, name) != names.end();
}

void add_attribute(std::vector<attribute>& to, std::string_view name, std::string_view value) {
    if (to.size() >= max_attributes || name.empty() || name.size() > max_attribute_length ||
        value.empty() || value.size() > max_attribute_length) {
        return;
    }
    to.push_back({std::string(name), std::string(value)});
}

result<token_claims> read_claims(std::string_view payload, const claim_rules& rules) {
    boost::system::error_code failure;
    const json::value parsed = json::parse(payload, failure);
    const json::object* claims = failure ? nullptr : parsed.if_object();
    if (claims == nullptr) return refused("the token's claims are no JSON object");
    token_claims all;
    all.text = payload;
    claimed_patterns said;
    const auto text = [&](std::string_view name, std::string& into) {
        return read_text(*claims, name, into);
    };
    for (auto done :
         {text("iss", all.issuer), text(rules.user_claim, all.subject),
          text(rules.session_claim, all.session), text("jti", all.token_id),
          read_time(*claims, "exp", all.expires), read_time(*claims, "nbf", all.not_before),
          read_time(*claims, "iat", all.issued_at), check_audience(*claims, rules),
          read_grants(*claims, rules, said)}) {
        if (!done) return std::unexpected(done.error());
    }
    if (!rules.issuer.empty() && all.issuer != rules.issuer)
        return refused("the token is of another issuer (`iss`)");
    if (all.subject.empty())
        return refused(fmt::format("the token names no user (`{}`)", rules.user_claim));
    all.subject.insert(0, rules.user_prefix);
    if (const json::value* roles = claims->if_contains(rules.roles_claim)) {
        if (auto read = read_texts(*roles, rules.roles_claim, all.roles); !read)
            return std::unexpected(read.error());
        if (rules.allowed_roles) {
            std::erase_if(all.roles, [&](const std::string& role) {
                return std::ranges::find(*rules.allowed_roles, role) == rules.allowed_roles->end();
            });
        }
    }
    read_attributes(*claims, rules, all);
    auto grants = grants_of({all.subject, all.roles, said.publish, said.subscribe}, rules.roles);
    if (!grants) return std::unexpected(grants.error());
    all.grants = std::move(*grants);
    return all;
}

result<> check_times(const token_times& times, const claim_rules& rules, time_point now) {
    if (!times.expires && rules.expiry_required)
        return refused("the token has no end (`exp`), and one is required");
    if (times.expires && now >= *times.expires + rules.leeway)
        return refused("the token has expired");
    if (times.not_before && now + rules.leeway < *times.not_before)
        return refused("the token is not valid yet (`nbf`)");
    // A revocation could never reach it.
    if (times.issued_at && now + rules.leeway < *times.issued_at)
        return refused("the token was issued at a time that is to come (`iat`)");
    return {};
}

std::string claimed_issuer(std::string_view payload) {
    boost::system::error_code failure;
    const json::value parsed = json::parse(payload, failure);
    if (failure || !parsed.is_object()) return {};
    const json::value* v = parsed.get_object().if_contains("iss");
    return v != nullptr && v->is_string() ? std::string(v->get_string()) : std::string{};
}

}  // namespace carillon::auth
