#include <carillon/hub/stream_facts.hpp>

namespace carillon {

std::string_view to_string(resume_verdict v) noexcept {
    switch (v) {
        case resume_verdict::fresh:
            return "fresh";
        case resume_verdict::resumed:
            return "resumed";
        case resume_verdict::gap:
            return "gap";
        case resume_verdict::reset:
            return "reset";
    }
    return "fresh";
}

std::string_view to_string(close_reason why) noexcept {
    switch (why) {
        case close_reason::removed:
            return "removed";
        case close_reason::replaced:
            return "replaced";
        case close_reason::drained:
            return "drain";
        case close_reason::slow:
            return "slow";
        case close_reason::dead:
            return "dead";
        case close_reason::broken:
            return "broken";
        case close_reason::unavailable:
            return "unavailable";
        case close_reason::finished:
            return "finished";
        case close_reason::gap:
            return "gap";
        case close_reason::expired:
            return "expired";
        case close_reason::inactive:
            return "inactive";
        case close_reason::revoked:
            return "revoked";
        case close_reason::unknown_cursor:
            return "unknown_cursor";
    }
    return "removed";
}

}  // namespace carillon
