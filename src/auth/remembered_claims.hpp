// What a token says, for as long as it is remembered.
#pragma once

#include "auth/token_claims.hpp"
#include "base/packed_texts.hpp"

#include <cstdint>
#include <memory>

namespace carillon::auth {

/// Claims in a third of the memory: a hundred thousand of them may be remembered. Immutable, but
/// for being moved.
class remembered_claims {
public:
    explicit remembered_claims(const token_claims& claims);
    /// As they were given.
    token_claims whole() const;

private:
    packed_texts texts_;  ///< five names, the roles, the attributes by turns of name and value
    token_times times_;
    std::shared_ptr<const grant_set> grants_;  // shared with the callers
    std::uint32_t roles_, attributes_;         ///< how many
};

}  // namespace carillon::auth
