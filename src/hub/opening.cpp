#include "hub/opening.hpp"

#include "hub/record_access.hpp"

#include <algorithm>

namespace carillon {

// A stream that rewinds asks for what is there: it is told what is missing, and gets the rest.
opening::opening(const stream_request& request)
    : given(request.snapshot),
      on_gap(request.last_event_id.empty() ? gap_policy::replay : request.on_gap),
      event(request.opening_event),
      has_cursor(!request.last_event_id.empty()),
      known_cursor(request.who && request.who->lease && request.who->lease->again()) {
    const auto own = cursor::parse(request.last_event_id);
    values_owed = own && own->values_owed;
}

void opening::found(const start_point& start) {
    events = start.events;
    if (start.unknown) {
        verdict = resume_verdict::reset;
        return;
    }
    verdict = has_cursor ? resume_verdict::resumed : resume_verdict::fresh;
    if (start.lost) verdict = resume_verdict::gap;
    lost = start.lost;
    reason = to_string(start.why);
}

position opening::decide(position cursor, const std::optional<gap>& missing, const read_page& page,
                         position upto) {
    if (page.through >= upto) events = page.events.size();
    // A reset says that anything may be missing.
    if (missing && verdict != resume_verdict::reset) {
        verdict = resume_verdict::gap;
        if (lost) {
            lost->to = std::max(lost->to, missing->to);  // beyond the budget and a trim mark
        } else {
            lost = missing;
            reason = to_string(loss_reason::retention);
        }
    }
    if (verdict == resume_verdict::resumed) {
        // Owed, it comes again, and then all that follows the cursor.
        if (!values_owed) given.reset();
        return cursor;
    }
    if (verdict == resume_verdict::gap && on_gap != gap_policy::replay) {
        lost->to = std::max(lost->to, upto);
        events = 0;
        return ends_at_once() ? lost->from : upto;
    }
    if (given) {
        // What the service has read stands for all before it.
        cursor = std::max(cursor, std::min(given->at, upto));
        if (lost) lost->to = std::max(lost->to, cursor);
        events.reset();
        return cursor;
    }
    return std::max(
        cursor, page.events.empty() ? page.through : position{page.events.front()->pos.value - 1});
}

}  // namespace carillon
