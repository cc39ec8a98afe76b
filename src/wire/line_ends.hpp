// Where the lines of a text end.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace carillon::wire {

/// Finds CR and LF, front to back. Each byte is looked at at most twice: what was found beyond the
/// present line is kept, so that a text without CR is searched for CR once and not at each line.
class line_ends {
public:
    /// `text` must outlive this object.
    explicit line_ends(std::string_view text) noexcept
        : text_(text), lf_(text.find('\n')), cr_(text.find('\r')) {}

    /// The first CR or LF at or after `from`, npos if there is none. `from` never goes back.
    std::size_t next(std::size_t from) noexcept {
        if (lf_ < from) lf_ = text_.find('\n', from);
        if (cr_ < from) cr_ = text_.find('\r', from);
        return std::min(lf_, cr_);
    }

private:
    std::string_view text_;
    std::size_t lf_;
    std::size_t cr_;
};

}  // namespace carillon::wire
