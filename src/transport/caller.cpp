#include "transport/caller.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace carillon::transport {

std::shared_ptr<const identity> identity_of(const principal& who) {
    if (who.is_anonymous()) return nullptr;
    auto made = std::make_shared<identity>();
    made->user = who.user;
    made->session = who.session;
    made->roles = who.roles;
    made->grants = who.grants;
    made->token_id = who.token_id;
    made->issuer = who.issuer;
    made->expires = who.expires;
    made->issued = who.issued;
    made->attributes = who.attributes;
    made->lease = who.lease;
    return made;
}

bool is_admin(const principal& who) noexcept {
    return who.unrestricted || (!who.is_anonymous() && who.has_role("admin"));
}

bool is_publisher(const principal& who) noexcept {
    if (is_admin(who)) return true;
    if (who.is_anonymous()) return false;
    return who.has_role("publisher") || (who.grants && !who.grants->publish.empty());
}

bool is_sender(const principal& who) noexcept {
    if (is_admin(who)) return true;
    if (who.is_anonymous()) return false;
    const auto is_all = [](const topic_pattern& p) { return p.str() == "**"; };
    return who.has_role("publisher") ||
           (who.grants && std::ranges::any_of(who.grants->publish, is_all));
}

std::string key_space_of(const principal& who) {
    if (is_sender(who)) return {};
    return '~' + who.issuer + '\n' + who.user + '\n';
}

result<> may_act_on(const principal& who, std::string_view owner) {
    if (is_admin(who) || (!who.is_anonymous() && who.user == owner)) return {};
    if (!who.is_anonymous() && who.has_role("publisher")) return {};
    return fail(errc::forbidden,
                "this is its owner's; others need the role `publisher` or `admin`");
}

result<> may_publish(const principal& who, const topic& where) {
    if (is_admin(who) || where.reserved()) return {};
    if (!who.is_anonymous() && who.grants && who.grants->may_publish(where)) return {};
    return fail(errc::forbidden,
                fmt::format("publishing under `{}` is granted to you by no role and no token",
                            where.str()));
}

result<> may_publish(const principal& who, const event& e) {
    for (const topic& t : e.topics) {
        if (auto may = may_publish(who, t); !may) return may;
    }
    return {};
}

result<> may_listen(const grant_set* grants, const std::vector<topic_pattern>& is_public,
                    const topic_pattern& asked) {
    const bool open =
        std::ranges::any_of(is_public, [&](const topic_pattern& p) { return covers(p, asked); });
    if (open || (grants != nullptr && grants->may_subscribe(asked))) return {};
    return fail(errc::forbidden,
                fmt::format("`{}` is not public, and listening to it is granted by no role and "
                            "no token",
                            asked.str()));
}

result<> may_name(const principal& who, std::string_view user) {
    if (is_admin(who) || (!who.is_anonymous() && who.user == user)) return {};
    return fail(errc::forbidden, "another user than the caller: this needs the role `admin`");
}

}  // namespace carillon::transport
