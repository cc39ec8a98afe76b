// What is behind the hub: the tail, the shards, the directory of clients and the journal.
#pragma once

#include <carillon/hub/caller_rules.hpp>
#include <carillon/hub/hub.hpp>

#include "base/string_map.hpp"
#include "hub/client_directory.hpp"
#include "hub/presence_directory.hpp"
#include "hub/receipts.hpp"
#include "hub/record_access.hpp"
#include "hub/tail.hpp"
#include "hub/user_directory.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace carillon {

/// How long publishes took, in the steps of `hub_stats`. Added to by any thread.
struct publish_histogram {
    std::array<std::atomic<std::uint64_t>, hub_stats::publish_bounds.size() + 1> counts{};
    std::atomic<std::int64_t> nanoseconds{0};

    void add(std::chrono::nanoseconds took) noexcept;
};

/// Thread-safe, like the hub. Constant once streams come: `shards`.
struct hub::core {
    using events = std::vector<std::shared_ptr<stored_event>>;
    using addresses = std::vector<std::vector<topic>>;
    using client_task = std::function<result<>(shard::impl&, subscriber*)>;

    core(hub& home, hub_options first, std::unique_ptr<journal> kept);

    result<> check(const event& e) const;
    result<> is_open() const;
    static std::unexpected<error> closed();
    void publish_openly(std::vector<event> batch, std::optional<idempotency_key> key,
                        publish_callback done, receipt_callback delivered);
    std::shared_ptr<receipt_call> receipts_of(const events& batch, receipt_callback delivered);
    /// Stores a group and answers with its ids.
    void append(events batch, std::optional<idempotency_key> key, publish_callback done,
                receipt_callback delivered = {});
    /// Each event once for each address.
    void append_for(std::vector<event> batch, addresses to, std::optional<idempotency_key> key,
                    publish_callback done, receipt_callback delivered);
    void take(event_reference what, std::optional<event> instead, publish_callback done);
    /// The clients' streams listen to their own topics before `done` is told which there are.
    void listen_privately(std::vector<std::string> clients,
                          std::function<void(std::vector<std::string>)> done);
    /// Tells observers, and whoever listens to the topic's presence.
    void tell_change(const presence_change& c);
    /// The journal's feed.
    void committed(std::span<const event_ptr> batch);
    /// Shards that may have listeners of events that are watched hold the receipts until they have
    /// taken these from the tail.
    void await_receipts(std::span<const event_ptr> batch);
    /// Runs the task on the shard that has the client.
    void with_client(std::string_view client, client_task t, client_callback done);
    struct listing;
    void list_on(const std::shared_ptr<listing>& l);
    std::shared_ptr<const hub_options> limits() const { return options.load(); }

    tail recent;
    std::uint64_t not_woken = 0;  ///< shards, for lack of memory; of the feed, one call at a time
    client_directory directory;
    user_directory users;
    receipt_book receipts;
    presence_directory present;
    std::atomic<bool> presence_settled{false};
    presence_rule presence_of_room(std::string_view room) const;
    mutable std::mutex room_rules_mutex;
    string_map<presence_rule> room_rules;  ///< of rooms that show less; guarded by the mutex
    std::function<void(const presence_change&)> presence_watch;  ///< set before streams come
    caller_rules rules;                                          ///< set before streams come
    record_access reads;
    std::vector<std::unique_ptr<shard>> shards;
    std::atomic<std::shared_ptr<const hub_options>> options;
    std::atomic<std::size_t> subscribers{0};
    std::atomic<std::size_t> beyond_max_clients{0};  ///< of `subscribers`
    std::atomic<std::uint64_t> published_count{0};
    publish_histogram publish_times;
    std::atomic<bool> draining{false};
    std::atomic<bool> is_closed{false};
    /// The last member, so that it goes first and while this points to it: what it still stores is
    /// answered by all the others.
    std::unique_ptr<journal> record;
};

}  // namespace carillon
