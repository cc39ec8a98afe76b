// What the hub keeps of a stream's caller.
#pragma once

#include <carillon/hub/identity.hpp>

#include "base/packed_texts.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace carillon {

/// An identity without its grants and its lease, in a quarter of the memory: there may be a hundred
/// thousand. By default there is none, and all is empty. Immutable, but for being moved.
class kept_identity {
public:
    using time_point = std::chrono::system_clock::time_point;

    kept_identity() = default;
    explicit kept_identity(const identity& who);

    explicit operator bool() const noexcept { return !texts_.empty(); }
    std::string_view user() const noexcept { return texts_[0]; }
    std::string_view session() const noexcept { return texts_[1]; }
    std::string_view issuer() const noexcept { return texts_[2]; }
    std::string_view token_id() const noexcept { return texts_[3]; }
    std::optional<time_point> expires() const noexcept { return of(expires_); }
    std::optional<time_point> issued() const noexcept { return of(issued_); }
    /// `call(name, value)` for each attribute, in their order, until it returns true. True if one
    /// did.
    template <class Call>
    bool any_attribute(Call&& call) const {
        auto texts = after_roles();
        for (std::size_t i = 0; i < attributes_; ++i) {
            const std::string_view name = texts.next();
            if (call(name, texts.next())) return true;
        }
        return false;
    }
    /// As it was given, but for the grants and the lease.
    identity whole() const;

private:
    static constexpr std::size_t names = 4;  ///< texts before the roles
    static std::optional<time_point> of(time_point t) noexcept {
        return t == time_point::max() ? std::nullopt : std::optional(t);
    }
    packed_texts::reader after_roles() const noexcept;

    packed_texts texts_;  ///< the four names, the roles, the attributes by turns of name and value
    time_point expires_ = time_point::max(), issued_ = time_point::max();  ///< `max`: unknown
    std::uint16_t roles_ = 0, attributes_ = 0;                             ///< how many
    std::uint16_t added_attributes_ = 0;
    bool added_session_ = false;
};

}  // namespace carillon
