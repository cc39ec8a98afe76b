#include <carillon/store/records.hpp>

namespace carillon::store {

std::string_view to_string(delivery_state s) noexcept {
    switch (s) {
        case delivery_state::queued:
            return "queued";
        case delivery_state::offline:
            return "offline";
        case delivery_state::delivered:
            return "delivered";
        case delivery_state::failed:
            return "failed";
        case delivery_state::read:
            return "read";
    }
    return "queued";
}

}  // namespace carillon::store
