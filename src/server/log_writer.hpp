// Log lines on their way to a descriptor that may block, fail or never be read.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace carillon::server {

/// Writes lines on a thread of its own, so that whoever logs never waits for the reader of the
/// log. Lines that find no room are dropped and counted; where they are missing stands the line
/// that `lost` makes of their number. Thread-safe.
class log_writer {
public:
    using lost_line = std::function<std::string(std::uint64_t lines)>;

    /// `fd` is not owned and must stay open. `max_queued`: bytes of lines that were pushed and are
    /// not written yet. `lost` is called on the writer's thread.
    log_writer(int fd, std::size_t max_queued, lost_line lost);
    /// Waits for what is queued, but no longer than `patience`: a reader that does not read cannot
    /// keep the process from ending.
    ~log_writer();
    log_writer(const log_writer&) = delete;
    log_writer& operator=(const log_writer&) = delete;

    /// `line` is without its end.
    void push(std::string_view line);
    void set_limit(std::size_t max_queued);
    /// Lines that were dropped so far: no room was left, or the descriptor refused them.
    std::uint64_t dropped() const;
    /// False if something is still queued after `limit`.
    bool flush(std::chrono::milliseconds limit);

    static constexpr std::chrono::milliseconds patience{500};

private:
    struct state;
    static void run(const std::shared_ptr<state>& s);

    // Shared with the thread, which may hang in a write for longer than this object lives.
    const std::shared_ptr<state> state_;
};

}  // namespace carillon::server
