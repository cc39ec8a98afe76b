// What the replayer asks the journal, how the answer finds its stream again, and what comes of it.
#pragma once

#include "hub/shard_impl.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace carillon {

// So much memory one stream's page may take.
inline constexpr std::size_t page_events = 128;
inline constexpr std::size_t page_bytes = 64u << 10;

/// The search for what a stream is told that it misses.
struct replayer::drop_walk {
    position after;      ///< nothing was found up to here...
    position upto;       ///< ...of what is left out
    position lost = {};  ///< the newest event that retention took; 0: none that is news
    bool trimmed = false;
};

/// Which stream asked, and for what. The stream may have gone by the time of the answer, and its
/// slot may have another.
struct replayer::question {
    std::uint32_t slot = 0;
    std::array<std::uint8_t, 16> key{};
    position upto = {};
    std::optional<value_walk> values = {};  ///< if last values were asked for
    std::uint64_t walked = 0;               ///< of those, what was sent before
    drop_walk dropped = {};                 ///< if something is to be left out
};

/// What is read next: the topics that the stream has at its cursor, up to where it gets another.
struct replayer::reading {
    matcher_set patterns;
    matcher_set conflating;  ///< those that do without an event if a newer one has its key
    position upto;
};

/// One write of a stream that is behind.
struct replayer::output {
    std::vector<item> items;
    std::vector<std::shared_ptr<encoded_event>> encoded;       ///< kept while they are written
    std::array<std::shared_ptr<const block>, 3> control = {};  ///< the same

    void add_control(std::size_t place, std::shared_ptr<const block> made) {
        control.at(place) = std::move(made);
        items.push_back({&control.at(place), {}});
    }
};

/// A journal's callback that goes on in this shard's thread, at once if it is there already.
/// Without memory for the answer the stream ends; the journal, which may be in the middle of
/// something, hears nothing of it.
template <class Answer>
auto replayer::here(question asked, void (replayer::*then)(const question&, result<Answer>)) {
    const auto take = [this, asked, then](result<Answer>& answer) {
        home_.guarded({asked.slot, asked.key}, [&] { (this->*then)(asked, std::move(answer)); });
    };
    return [this, take](result<Answer> answer) {
        if (home_.on().is_here()) return take(answer);
        home_.post([take, answer = std::move(answer)]() mutable { take(answer); });
    };
}

/// Asks the journal for a page. What throws here was not asked.
template <class Ask>
void replayer::ask(subscriber& s, Ask&& call) {
    s.behind->reading = true;
    ++asked_;
    try {
        call(home_.record());
    } catch (...) {
        --asked_;
        throw;
    }
}

}  // namespace carillon
