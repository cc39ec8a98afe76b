// How a stream begins: what the journal said about its cursor becomes a verdict and facts.
#pragma once

#include <carillon/hub/stream.hpp>

#include <cstdint>
#include <optional>
#include <string_view>

namespace carillon {

/// What a stream that did not begin at the head still has to write before its first event.
struct opening {
    resume_verdict verdict = resume_verdict::fresh;
    std::optional<gap> lost;
    std::string_view reason;
    std::optional<std::uint64_t> events;  ///< that follow, if that is known
    gap_policy on_gap = gap_policy::replay;
    bool event = true;
    bool rewinds = false;  ///< asked for what is kept: what was trimmed before is no loss
};

}  // namespace carillon
