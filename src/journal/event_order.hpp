// The events of a journal that are in memory, by position.
#pragma once

#include <carillon/journal/event.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

namespace carillon {

/// Positions have holes where events have gone. Not synchronised.
class event_order {
public:
    bool empty() const noexcept { return chunks_.empty(); }
    std::size_t size() const noexcept { return size_; }
    const event_ptr& front() const noexcept { return chunks_.front().front(); }

    /// Beyond all that are there.
    void push(event_ptr e);
    /// False if it was not there.
    bool remove(std::uint64_t pos);
    /// Puts `e` where the event of its position is; nothing if that has gone.
    void replace(event_ptr e);
    /// Null if it is not there.
    event_ptr find(std::uint64_t pos) const;

    /// Calls `visit(e)` for those beyond `after`, oldest first, until it gives false.
    template <class Visit>
    void each_after(std::uint64_t after, Visit&& visit) const {
        for (std::size_t c = chunk_of(after + 1); c < chunks_.size(); ++c) {
            const chunk& in = chunks_[c];
            for (std::size_t i = in.place_of(after + 1); i < in.events.size(); ++i) {
                if (!visit(in.events[i])) return;
            }
        }
    }
    /// The same for all, newest first.
    template <class Visit>
    void each_back(Visit&& visit) const {
        for (auto c = chunks_.rbegin(); c != chunks_.rend(); ++c) {
            for (std::size_t i = c->events.size(); i > c->first; --i) {
                if (!visit(c->events[i - 1])) return;
            }
        }
    }
    /// The first event that satisfies what all later ones satisfy too; null: none.
    template <class Holds>
    event_ptr first_where(Holds&& holds) const {
        const auto in = std::ranges::partition_point(
            chunks_, [&](const chunk& c) { return !holds(*c.events.back()); });
        if (in == chunks_.end()) return nullptr;
        const auto begin = in->events.begin() + static_cast<std::ptrdiff_t>(in->first);
        return *std::partition_point(begin, in->events.end(),
                                     [&](const event_ptr& e) { return !holds(*e); });
    }

    /// Bytes that it takes itself, without the events.
    std::size_t memory() const noexcept {
        return chunks_.size() * (chunk_size * sizeof(event_ptr) + sizeof(chunk));
    }

private:
    static constexpr std::size_t chunk_size = 256;

    /// Never empty.
    struct chunk {
        std::vector<event_ptr> events;
        std::size_t first = 0;  ///< those before it have gone

        const event_ptr& front() const noexcept { return events[first]; }
        std::size_t size() const noexcept { return events.size() - first; }
        /// Of the first event at or beyond `pos`.
        std::size_t place_of(std::uint64_t pos) const noexcept;
    };

    /// The first chunk with an event at or beyond `pos`.
    std::size_t chunk_of(std::uint64_t pos) const noexcept;
    void join_with_next(std::size_t c);

    std::deque<chunk> chunks_;
    std::size_t size_ = 0;
};

}  // namespace carillon
