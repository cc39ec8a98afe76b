#include "hub/kept_identity.hpp"

#include <algorithm>
#include <span>
#include <vector>

namespace carillon {

namespace {

/// As many as are counted: no token has so many.
template <class List>
std::uint16_t count_of(const List& list) noexcept {
    return static_cast<std::uint16_t>(std::min<std::size_t>(list.size(), ~std::uint16_t{0}));
}

packed_texts texts_of(const identity& who) {
    std::vector<std::string_view> all{who.user, who.session, who.issuer, who.token_id};
    const auto roles = std::span(who.roles).first(count_of(who.roles));
    all.insert(all.end(), roles.begin(), roles.end());
    for (const attribute& a : std::span(who.attributes).first(count_of(who.attributes))) {
        all.push_back(a.name);
        all.push_back(a.value);
    }
    return packed_texts(all);
}

}  // namespace

kept_identity::kept_identity(const identity& who)
    : texts_(texts_of(who)),
      expires_(who.expires.value_or(time_point::max())),
      issued_(who.issued.value_or(time_point::max())),
      roles_(count_of(who.roles)),
      attributes_(count_of(who.attributes)),
      added_attributes_(who.added_attributes),
      added_session_(who.added_session) {}

packed_texts::reader kept_identity::after_roles() const noexcept {
    auto texts = texts_.read();
    for (std::size_t i = 0; i < names + roles_; ++i) texts.next();
    return texts;
}

identity kept_identity::whole() const {
    identity who;
    auto texts = texts_.read();
    for (std::string* name : {&who.user, &who.session, &who.issuer, &who.token_id})
        *name = texts.next();
    for (std::size_t i = 0; i < roles_; ++i) who.roles.emplace_back(texts.next());
    for (std::size_t i = 0; i < attributes_; ++i) {
        const std::string_view name = texts.next();
        who.attributes.push_back({std::string(name), std::string(texts.next())});
    }
    who.expires = expires();
    who.issued = issued();
    who.added_attributes = added_attributes_;
    who.added_session = added_session_;
    return who;
}

}  // namespace carillon
