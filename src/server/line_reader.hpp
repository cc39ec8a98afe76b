// Lines that come from a pipe, now and then, for as long as it lives.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

namespace carillon::server {

/// Confined to one thread.
class line_reader {
public:
    enum class outcome : std::uint8_t { line, nothing, end };
    struct line {
        std::uint64_t number = 0;  ///< from 1
        /// Without LF or CRLF. UTF-8: each byte that is none became U+FFFD.
        std::string text;
        bool too_long = false;  ///< longer than the limit; `text` is empty
    };

    /// `fd` is not owned. At most `max_line` bytes are kept of a line.
    line_reader(int fd, std::size_t max_line) : fd_(fd), max_line_(max_line) {}

    /// The next line, if it is complete or its end comes within `wait`. The bytes behind the last
    /// line end are a line when the pipe ends. A signal ends the wait.
    outcome next(line& into, std::chrono::milliseconds wait);

    /// The next line of what was read already; false if none is complete there.
    bool next_read(line& into) { return take_line(into); }
    /// How many are complete there.
    std::size_t lines_left() const noexcept;

private:
    bool take_line(line& into);
    void finish(line& into);
    bool fill(std::chrono::milliseconds wait);

    const int fd_;
    const std::size_t max_line_;
    std::string read_;  ///< from `used_` on not looked at yet
    std::size_t used_ = 0;
    std::string partial_;  ///< of the line that is not complete
    bool too_long_ = false;
    bool ended_ = false;
    std::uint64_t number_ = 0;
};

}  // namespace carillon::server
