#include "surfaces/metadata/metadata_stream.hpp"

#include <carillon/wire/encoder.hpp>

namespace carillon::surfaces {

bool metadata_envelope::encode(const stored_event& e, std::string_view id, std::string& out) const {
    static const auto notification = wire::event_name::parse("notification").value();
    static const auto system = wire::event_name::parse("system").value();
    const event& what = e.content;
    wire::block b;
    if (what.kind == "system") {
        b.name = &system;
    } else if (what.kind == "notification" || what.kind == "broadcast" || what.kind == "custom" ||
               what.kind == "calendar") {
        b.name = what.name ? &*what.name : &notification;
    } else {
        return false;
    }
    b.retry = what.retry;
    b.data = what.data;
    wire::append(out, b, id);
    return true;
}

}  // namespace carillon::surfaces
