// Publishes lines so that each is stored once, whatever happens on the way.
#pragma once

#include <carillon/base/result.hpp>

#include "server/http_client.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::server {

/// A line, as the JSON of an event that names its topic.
struct line_event {
    std::uint64_t number = 0;  ///< the line's
    std::string json;
    bool alone = false;    ///< no part of an array: it is published later, or has a key of its own
    bool has_key = false;  ///< its own `idempotencyKey`
    /// Names topics beside the command's, which may be what a server refuses.
    bool other_topics = false;
};

struct publish_request {
    std::string body;
    std::string key;  ///< for `Idempotency-Key`; empty: none
};

struct line_publisher_options {
    /// A batch that still fails after this long is given up; nothing: never.
    std::optional<std::chrono::milliseconds> retry_for;
    /// Without keys nothing protects from doubling: for events that are not stored.
    bool with_keys = true;
    std::size_t max_batch_events = 500;
    std::size_t max_batch_bytes = 512u << 10;  ///< below what proxies let pass by default
};

/// What the publisher needs from outside.
struct line_publisher_ports {
    std::function<result<http_answer>(const publish_request&)> post;
    /// Waits; false: stop trying.
    std::function<bool(std::chrono::milliseconds)> wait;
    /// Tells a person, in one line.
    std::function<void(std::string)> report;
    std::function<std::chrono::steady_clock::time_point()> now = std::chrono::steady_clock::now;
};

struct publish_counts {
    std::uint64_t published = 0;
    std::uint64_t refused = 0;  ///< by the server, for what the line holds
    std::string last_id;        ///< of the newest that was published; empty: ephemeral
    std::uint64_t last_position = 0;
};

/// A batch is one request with a key of its own, so it may be sent again when its answer is lost.
/// One that is refused for what is in it was not stored; it is halved until the lines that are at
/// fault are found. Those are reported and skipped. Confined to one thread.
class line_publisher {
public:
    line_publisher(line_publisher_options options, line_publisher_ports ports);

    /// Adds a line to the batch; publishes the batch first if it has no room. False: given up.
    bool add(line_event e);
    /// Publishes what the batch holds. False: given up; the rest of the batch was not published.
    bool flush();

    bool empty() const noexcept { return batch_.empty(); }
    /// Lines that were added, and neither published nor refused.
    std::size_t left() const noexcept { return batch_.size() - done_; }
    const publish_counts& counts() const noexcept { return counts_; }

private:
    enum class verdict : std::uint8_t { published, refused, again, hopeless };

    bool publish(std::span<const line_event> part);
    bool skip(const line_event& e, const http_answer& answer);
    /// Sends until there is an answer that settles it; nothing: given up.
    std::optional<verdict> send(std::span<const line_event> part, http_answer& answer);
    publish_request request_of(std::span<const line_event> part);
    verdict judge(const http_answer& answer, std::span<const line_event> part) const;
    bool note_published(std::string_view body, std::size_t events);
    void learn_limit(const http_answer& answer, std::span<const line_event> part);

    line_publisher_options options_;
    const line_publisher_ports ports_;
    const std::string key_prefix_;
    std::uint64_t requests_ = 0;
    std::vector<line_event> batch_;
    std::size_t bytes_ = 0;  ///< of the batch
    std::size_t done_ = 0;   ///< of the batch, from its beginning
    bool reached_ = false;   ///< the server has taken something
    publish_counts counts_;
};

}  // namespace carillon::server
