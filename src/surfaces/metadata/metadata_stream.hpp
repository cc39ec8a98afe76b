// How system D shows events: under the name that their publisher gave them.
#pragma once

#include <carillon/hub/envelope.hpp>

#include <string>
#include <string_view>

namespace carillon::surfaces {

/// `event:` is the publisher's name, else `notification`; announcements are `system`. Data is the
/// publisher's own. Events of topics, chat, and updates of entities are not shown.
class metadata_envelope final : public envelope {
public:
    bool encode(const stored_event& e, std::string_view id, std::string& out) const override;
};

}  // namespace carillon::surfaces
