// What commands say to the person or script that runs them. Nothing here throws: a closed or full
// output must not turn an exit status into a crash.
#pragma once

#include <string_view>

namespace carillon::server {

/// Descriptors 0 to 2 that are closed become /dev/null, before a socket or file gets their number.
void open_standard_files() noexcept;

/// A line, without its end, to stderr. Where it cannot be written, or nobody reads for a moment,
/// it is dropped.
void complain(std::string_view line) noexcept;
/// The same for text as it is: progress, say.
void complain_raw(std::string_view text) noexcept;

/// To stdout, at once. False if it cannot be written; later calls fail as well.
bool say(std::string_view text) noexcept;

}  // namespace carillon::server
