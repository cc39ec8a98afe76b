// What a caller may do, beyond what its route asks of everybody; and what the hub knows of it.
#pragma once

#include <carillon/base/result.hpp>
#include <carillon/hub/identity.hpp>
#include <carillon/hub/principal.hpp>
#include <carillon/journal/topic.hpp>

#include <memory>
#include <string_view>

namespace carillon::transport {

/// Whose stream it is, for the hub; null for nobody in particular.
std::shared_ptr<const identity> identity_of(const principal& who);

/// With the role, or where nobody is asked.
bool is_admin(const principal& who) noexcept;
/// An admin, with the role `publisher`, or with grants to publish.
bool is_publisher(const principal& who) noexcept;
/// Whether a route that says `owner` lets this caller do something about what belongs to `owner`
/// (empty: to nobody): its owner, an admin, a caller with the role `publisher`. Error `forbidden`.
result<> may_act_on(const principal& who, std::string_view owner);
/// Whether the caller may name this user: itself, or anybody if it is an admin. Error `forbidden`.
result<> may_name(const principal& who, std::string_view user);

}  // namespace carillon::transport
