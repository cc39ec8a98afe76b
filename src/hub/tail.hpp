// The newest events, shared by all shards: one writer, many readers, each event once.
#pragma once

#include <carillon/journal/event.hpp>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <new>
#include <span>
#include <vector>

namespace carillon {

/// Synchronised inside. A shard that has nothing to fetch holds nothing back; one that falls
/// further behind than the tail is long has to read the journal.
class tail {
public:
    static constexpr unsigned max_shards = 64;

    explicit tail(position head, std::size_t max_events = 65'536, std::size_t max_bytes = 64u << 20)
        : head_(head), max_events_(max_events), max_bytes_(max_bytes) {}

    /// Appends; `wants(shard, event)` is asked for each shard. Returns the shards that have
    /// something to fetch now and had nothing before, as bits.
    template <class Wants>
    std::uint64_t push(std::span<const event_ptr> events, unsigned shards, Wants&& wants) {
        const std::lock_guard lock(mutex_);
        std::uint64_t woken = 0;
        for (const auto& e : events) {
            for (unsigned s = 0; s < shards; ++s) {
                if (pending_[s] != none || !wants(s, e->content)) continue;
                pending_[s] = next_seq_;
                woken |= std::uint64_t{1} << s;
            }
            try {
                events_.push_back(e);
                bytes_ += e->content.size();
            } catch (const std::bad_alloc&) {
                // Whoever has something to fetch finds that it is gone, and reads the journal.
                events_.clear();
                bytes_ = 0;
            }
            ++next_seq_;
            if (e->pos.value != 0) head_ = e->pos;
        }
        trim(shards);
        return woken;
    }

    /// The order's end at one moment: whatever is pushed later has a sequence of at least
    /// `next_seq` and, if it is stored, a position beyond `head`.
    struct end {
        position head;
        std::uint64_t next_seq = 0;
    };
    end now() const {
        const std::lock_guard lock(mutex_);
        return {head_, next_seq_};
    }

    struct fetched {
        end at;
        std::uint64_t first_seq = 0;  ///< of the first event in `out`
        bool overrun = false;  ///< events were dropped before the shard came for them, or there
                               ///< is no memory for them
    };
    fetched fetch(unsigned shard, std::vector<event_ptr>& out) {
        const std::lock_guard lock(mutex_);
        fetched f{{head_, next_seq_}, next_seq_, false};
        const std::uint64_t from = std::exchange(pending_[shard], none);
        if (from == none) return f;
        const std::uint64_t oldest = next_seq_ - events_.size();
        f.overrun = from < oldest;
        const std::uint64_t first = std::max(from, oldest);
        try {
            out.assign(events_.begin() + static_cast<std::ptrdiff_t>(first - oldest),
                       events_.end());
            f.first_seq = first;
        } catch (const std::bad_alloc&) {
            out.clear();
            f.overrun = true;
        }
        return f;
    }

private:
    static constexpr std::uint64_t none = ~std::uint64_t{0};

    void trim(unsigned shards) {
        std::uint64_t needed = next_seq_;
        for (unsigned s = 0; s < shards; ++s) needed = std::min(needed, pending_[s]);
        while (!events_.empty() && (next_seq_ - events_.size() < needed ||
                                    events_.size() > max_events_ || bytes_ > max_bytes_)) {
            bytes_ -= events_.front()->content.size();
            events_.pop_front();
        }
    }

    mutable std::mutex mutex_;  // guards all below
    std::deque<event_ptr> events_;
    std::uint64_t next_seq_ = 1;
    position head_;
    std::size_t bytes_ = 0;
    std::vector<std::uint64_t> pending_ =
        std::vector<std::uint64_t>(max_shards, none);  ///< first to fetch, by shard
    const std::size_t max_events_;
    const std::size_t max_bytes_;
};

}  // namespace carillon
