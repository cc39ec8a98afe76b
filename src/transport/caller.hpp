// What a caller may do, beyond what its route asks of everybody; and what the hub knows of it.
#pragma once

#include <carillon/base/result.hpp>
#include <carillon/hub/identity.hpp>
#include <carillon/hub/principal.hpp>
#include <carillon/journal/event.hpp>
#include <carillon/journal/topic.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::transport {

/// Whose stream it is, for the hub; null for nobody in particular.
std::shared_ptr<const identity> identity_of(const principal& who);

/// With the role, or where nobody is asked.
bool is_admin(const principal& who) noexcept;
/// An admin, with the role `publisher`, or with grants to publish under some topics.
bool is_publisher(const principal& who) noexcept;
/// An admin, with the role `publisher`, or with a grant to publish under all topics: may send to
/// users and to everybody, where no topic says what a narrower grant is about.
bool is_sender(const principal& who) noexcept;
/// In front of the idempotency keys that the caller chooses. Back ends share theirs, so that any of
/// them may repeat a call; whoever is none has keys of their own, and takes nobody else's.
std::string key_space_of(const principal& who);
/// Whether a route that says `owner` lets this caller do something about what belongs to `owner`
/// (empty: to nobody): its owner, an admin, a caller with the role `publisher`. Error `forbidden`.
result<> may_act_on(const principal& who, std::string_view owner);
/// Whether the caller may name this user: itself, or anybody if it is an admin. Error `forbidden`.
result<> may_name(const principal& who, std::string_view user);

/// Whether it may publish under the topic. Error `forbidden`, which says what is missing. Topics of
/// the hub's own are the hub's to refuse.
result<> may_publish(const principal& who, const topic& where);
/// The same for all topics of an event.
result<> may_publish(const principal& who, const event& e);

/// Whether whoever has these grants (null: none) may listen to all that `asked` matches: it is
/// public, or granted. Error `forbidden`, which says what is missing.
result<> may_listen(const grant_set* grants, const std::vector<topic_pattern>& is_public,
                    const topic_pattern& asked);

}  // namespace carillon::transport
