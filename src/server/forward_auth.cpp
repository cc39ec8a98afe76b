#include "server/forward_auth.hpp"

#include <carillon/base/log.hpp>

#include "auth/token_cache.hpp"
#include "server/identity.hpp"

#include <map>
#include <mutex>
#include <utility>

namespace carillon::server {

namespace {

using digest = auth::token_cache::digest;
using headers = std::vector<std::pair<std::string, std::string>>;

headers passed_on(const std::vector<std::string>& names, const auth::credentials& given) {
    headers all;
    for (const std::string& name : names) {
        const auto value = given.header ? given.header(name) : std::nullopt;
        if (value && !value->empty()) all.emplace_back(name, *value);
    }
    return all;
}

digest digest_of(const headers& all) {
    std::string text;
    for (const auto& [name, value] : all) text.append(name).append(":").append(value).append("\n");
    return auth::token_cache::digest_of(text);
}

std::string_view either(const web_answer& answer, std::string_view name, std::string_view other) {
    const std::string_view found = answer.header_value(name);
    return found.empty() ? answer.header_value(other) : found;
}

result<principal> of_headers(const web_answer& answer, const auth::claim_rules& rules) {
    auth::token_claims claims;
    claims.subject = either(answer, "remote-user", "x-auth-request-user");
    if (claims.subject.empty()) return principal{};
    std::string_view groups = either(answer, "remote-groups", "x-auth-request-groups");
    while (!groups.empty()) {
        const std::size_t end = std::min(groups.find_first_of(", "), groups.size());
        if (end != 0) claims.roles.emplace_back(groups.substr(0, end));
        groups.remove_prefix(std::min(end + 1, groups.size()));
    }
    for (const std::string& role : claims.roles)
        auth::add_attribute(claims.attributes, "role", role);
    auto grants = auth::grants_of({claims.subject, claims.roles, {}, {}}, rules.roles);
    if (!grants) return std::unexpected(grants.error());
    claims.grants = std::move(*grants);
    return principal_of(std::move(claims), principal::source::proxy);
}

result<principal> caller_of(const result<web_answer>& answer, const auth::claim_rules& rules) {
    if (!answer) return fail(errc::unavailable, "who calls cannot be found out at the moment");
    if (answer->status == 401 || answer->status == 403)
        return fail(errc::unauthenticated, "the back end does not know this caller");
    if (answer->status < 200 || answer->status > 299)
        return fail(errc::unavailable, "who calls cannot be found out at the moment");
    if (answer->body.empty()) return of_headers(*answer, rules);
    auto claims = auth::read_claims(answer->body, rules);
    if (!claims) return fail(errc::unavailable, "the back end says of no user who calls");
    if (auto valid = auth::check_times(*claims, rules, std::chrono::system_clock::now()); !valid)
        return std::unexpected(valid.error());
    return principal_of(std::move(*claims), principal::source::proxy);
}

}  // namespace

struct forward_auth::state : std::enable_shared_from_this<state> {
    struct answer {
        result<principal> who;
        clock::time_point until;
    };

    forward_options options;
    auth::claim_rules rules;
    fetch ask;
    std::function<clock::time_point()> now;

    std::mutex mutex;  // guards all below
    std::map<digest, answer> recent, older;
    std::map<digest, std::vector<callback>> waiting;

    const answer* find(const digest& of);
    void on_answer(const digest& of, const result<web_answer>& got);
};

const forward_auth::state::answer* forward_auth::state::find(const digest& of) {
    for (auto* half : {&recent, &older}) {
        const auto found = half->find(of);
        if (found != half->end() && now() < found->second.until) return &found->second;
    }
    return nullptr;
}

void forward_auth::state::on_answer(const digest& of, const result<web_answer>& got) {
    auto who = caller_of(got, rules);
    // What the back end says now is newer than a revocation of before, and what is remembered from
    // before it is not.
    if (who && !who->issued) who->issued = std::chrono::system_clock::now();
    const bool certain = who || who.error().code != errc::unavailable;
    if (!certain) {
        log::warning(
            "who calls could not be found out",
            {{"url", options.url},
             {"reason", got ? "status " + std::to_string(got->status) : got.error().detail}});
    }
    std::vector<callback> all;
    {
        const std::lock_guard lock(mutex);
        if (certain && options.kept.count() != 0) {
            if (recent.size() >= std::max<std::size_t>(options.max_kept / 2, 1))
                older = std::exchange(recent, {});
            recent.insert_or_assign(of, answer{who, now() + options.kept});
        }
        const auto found = waiting.find(of);
        all = std::move(found->second);
        waiting.erase(found);
    }
    for (const callback& done : all) done(who);
}

forward_auth::forward_auth(forward_options options, auth::claim_rules rules, fetch ask,
                           std::function<clock::time_point()> now)
    : state_(std::make_shared<state>()) {
    rules.issuer.clear();
    rules.audiences.clear();
    rules.expiry_required = false;
    state_->options = std::move(options);
    state_->rules = std::move(rules);
    state_->ask = std::move(ask);
    state_->now = std::move(now);
}

forward_auth::~forward_auth() = default;

void forward_auth::check(const auth::credentials& given, callback done) {
    const std::shared_ptr<state> s = state_;
    headers shown = passed_on(s->options.headers, given);
    if (shown.empty()) return done(principal{});
    const digest of = digest_of(shown);
    std::optional<result<principal>> known;
    bool first = false;
    {
        const std::lock_guard lock(s->mutex);
        if (const auto* found = s->find(of)) {
            known = found->who;
        } else {
            auto& others = s->waiting[of];
            first = others.empty();
            others.push_back(std::move(done));
        }
    }
    if (known) return done(std::move(*known));  // NOLINT(bugprone-use-after-move): not moved then
    if (!first) return;
    shown.emplace_back("Accept", "application/json");
    s->ask({.url = s->options.url,
            .headers = std::move(shown),
            .timeout = s->options.timeout,
            .plain_http = s->options.plain_http},
           [s, of](const result<web_answer>& got) { s->on_answer(of, got); });
}

}  // namespace carillon::server
