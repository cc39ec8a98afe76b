// Subscribers that read compressed streams and do not decode them: what is measured is the server.
#pragma once

#include <carillon/coding/content_coding.hpp>

#include "bench/poller.hpp"
#include "bench/publishers.hpp"
#include "bench/socket.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace carillon::bench {

/// A publisher, and subscribers of one topic that all get the same bytes for an event: an event has
/// arrived when all have as many more. Confined to one thread.
class coded_crowd final : private ready_handler {
public:
    coded_crowd(const target& where, content_coding coding);

    /// Connects one after the other and waits for the beginning of each stream.
    result<> connect(std::size_t subscribers);
    /// Publishes events of the corpus, each when all have the one before.
    result<> one_at_a_time(std::uint32_t events);
    /// Passes time.
    void rest(std::chrono::nanoseconds time);

    /// Of all subscribers, chunks included, since they had connected.
    std::uint64_t bytes() const noexcept;
    /// Names the coding that the server chose: the head of a response.
    bool has_coding() const noexcept;

private:
    struct stream {
        net::unique_fd fd;
        std::uint64_t bytes = 0;
        std::uint64_t at_rest = 0;  ///< before the events
    };

    void on_ready(std::uint32_t index, std::uint32_t events) override;
    result<> turn_until(const std::function<bool()>& done);
    bool all_alike() const noexcept;

    poller poller_;
    target target_;
    content_coding coding_;
    publishers publisher_;
    std::vector<stream> streams_;
    std::string first_bytes_;  ///< of the first stream
    std::vector<char> buffer_;
    std::uint32_t next_event_ = 0;
    std::optional<error> problem_;
};

}  // namespace carillon::bench
