// When a calendar event takes place: start, time zone and recurrence rule (RFC 5545).
#pragma once

#include <carillon/base/result.hpp>
#include <carillon/store/records.hpp>

#include <vector>

namespace carillon::services {

/// Error `invalid_request`, naming the field: `starts` is no local time `YYYYMMDDTHHMMSS`, the
/// `zone` is no IANA name, or the `rule` no RRULE that comes at most hourly. RFC 5545's finer rules
/// are not taken, nor hourly ones with BY parts: to find out when those come takes too long.
result<> check_schedule(const store::calendar_event& e);

/// The starts of the occurrences in [from, to), in order, at most `limit`. An event that is at nine
/// stays at nine when daylight saving time changes. Thread-safe. Errors as above, and
/// `invalid_request` for a rule that does not get to `from` within a bounded number of steps.
result<std::vector<store::time_point>> occurrences(const store::calendar_event& e,
                                                   store::time_point from, store::time_point to,
                                                   std::size_t limit);

}  // namespace carillon::services
