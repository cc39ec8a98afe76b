// How a stream begins: what the journal said about its cursor becomes a verdict and facts.
#pragma once

#include <carillon/hub/stream.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace carillon {

/// Kept until the stream's first block is written. Pure: neither the stream nor the journal is
/// touched.
struct opening {
    resume_verdict verdict = resume_verdict::fresh;
    std::optional<gap> lost;
    std::string_view reason;              ///< of what is lost
    std::optional<std::uint64_t> events;  ///< that follow, if that is known
    std::shared_ptr<const stream_snapshot> given;
    gap_policy on_gap = gap_policy::replay;
    bool event = true;  ///< the opening event is wanted
    bool has_cursor = false;
    bool known_cursor = false;  ///< an unknown one opens nothing
    bool values_owed = false;   ///< its client has not got all that an opening before promised

    explicit opening(const stream_request& request);

    /// Where the journal lets the stream begin.
    void found(const start_point& start);
    /// The first page up to `upto`, which a stream at `cursor` asked for, and what is lost besides.
    /// Returns where the stream is to begin.
    position decide(position cursor, const std::optional<gap>& missing, const read_page& page,
                    position upto);

    /// The stream says that events are lost and ends.
    bool ends_at_once() const noexcept {
        return verdict == resume_verdict::gap && on_gap == gap_policy::close;
    }
    /// State is for streams that cannot know it. It comes before what happened.
    bool wants_values() const noexcept {
        return (verdict != resume_verdict::resumed || values_owed) && !ends_at_once();
    }
    /// The first block stands alone: the page behind it is read when what it promises was sent.
    bool stands_alone() const noexcept { return wants_values() || ends_at_once(); }
};

}  // namespace carillon
