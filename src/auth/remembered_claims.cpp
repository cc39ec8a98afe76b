#include "auth/remembered_claims.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace carillon::auth {

namespace {

packed_texts texts_of(const token_claims& c) {
    std::vector<std::string_view> all{c.issuer, c.subject, c.session, c.token_id, c.text};
    all.insert(all.end(), c.roles.begin(), c.roles.end());
    for (const attribute& a : c.attributes) {
        all.push_back(a.name);
        all.push_back(a.value);
    }
    return packed_texts(all);
}

}  // namespace

remembered_claims::remembered_claims(const token_claims& claims)
    : texts_(texts_of(claims)),
      times_(static_cast<const token_times&>(claims)),
      grants_(claims.grants),
      roles_(static_cast<std::uint32_t>(claims.roles.size())),
      attributes_(static_cast<std::uint32_t>(claims.attributes.size())) {}

token_claims remembered_claims::whole() const {
    token_claims c;
    static_cast<token_times&>(c) = times_;
    auto texts = texts_.read();
    for (std::string* text : {&c.issuer, &c.subject, &c.session, &c.token_id, &c.text})
        *text = texts.next();
    c.roles.reserve(roles_);
    for (std::uint32_t i = 0; i < roles_; ++i) c.roles.emplace_back(texts.next());
    c.attributes.reserve(attributes_);
    for (std::uint32_t i = 0; i < attributes_; ++i) {
        const std::string_view name = texts.next();
        c.attributes.push_back({std::string(name), std::string(texts.next())});
    }
    c.grants = grants_;
    return c;
}

}  // namespace carillon::auth
