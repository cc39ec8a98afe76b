// What becomes of events whose publisher asks for it.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

namespace carillon {

struct delivery_receipt;
struct published;

/// The calls under way, by the numbers of their events. Synchronised inside.
struct open_receipts {
    struct entry {
        std::size_t events = 0;
        std::weak_ptr<class receipt_call> call;
    };
    std::mutex mutex;                      // guards all below
    std::map<std::uint64_t, entry> calls;  ///< by the number of their first event
    std::uint64_t last = 0;
    std::size_t waiting = 0;  ///< events of all calls
};

/// One publish. Whoever may still count for it holds it, and it answers when the last lets go.
/// Synchronised inside.
class receipt_call {
public:
    using callback = std::function<void(std::vector<delivery_receipt>)>;

    /// It leaves `book` when it goes; null: nobody looks for it.
    receipt_call(std::size_t events, callback done, std::shared_ptr<open_receipts> book);
    ~receipt_call();
    receipt_call(const receipt_call&) = delete;
    receipt_call& operator=(const receipt_call&) = delete;

    void count(std::uint64_t watch, std::size_t matched, std::size_t handed) noexcept;
    /// Its events' numbers begin here.
    void number_from(std::uint64_t first) noexcept { first_ = first; }
    /// The events' ids. `fresh`: they were stored now, not earlier.
    void name(const std::vector<published>& events, bool fresh);
    /// Answers nothing.
    void cancel() noexcept { cancelled_.store(true); }

private:
    struct counts {
        std::atomic<std::size_t> matched{0};
        std::atomic<std::size_t> handed{0};
    };

    const std::shared_ptr<open_receipts> book_;  ///< shared: a call may outlive the hub
    std::uint64_t first_ = 0;                    ///< 0: not in the book
    std::vector<counts> counts_;
    std::vector<delivery_receipt> told_;  ///< by whoever appends, before it lets go
    std::atomic<bool> cancelled_{false};
    const callback done_;
};

/// Synchronised inside; asked only about events that are watched.
class receipt_book {
public:
    /// Numbers `events` events from `first` on; null if that would be more than `most` at once.
    std::shared_ptr<receipt_call> open(std::size_t events, std::size_t most,
                                       receipt_call::callback done, std::uint64_t& first);
    /// Null if it has answered.
    std::shared_ptr<receipt_call> find(std::uint64_t watch);
    /// No call answers any more.
    void close();

private:
    const std::shared_ptr<open_receipts> book_ = std::make_shared<open_receipts>();
};

/// On its way through one shard: the shard holds the call until all its topics are served.
struct watched_event {
    std::shared_ptr<receipt_call> call;
    std::uint64_t number = 0;
    std::size_t nodes = 0;  ///< topics that are not served yet
};

}  // namespace carillon
