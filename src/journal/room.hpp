// Whether what is appended or scheduled fits into the limits of a journal.
#pragma once

#include <carillon/journal/open.hpp>

#include "journal/topic_logs.hpp"

#include <cstdint>
#include <ranges>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>

namespace carillon {

/// Counts what requests would add before any of them is stored. Views their events.
class room_check {
public:
    room_check(const topic_logs& logs, const journal_limits& limits)
        : logs_(logs), limits_(limits) {}

    /// All or nothing.
    result<> add(const journal::group& events);

private:
    static error full(const char* what, const char* setting) {
        return {errc::unavailable, std::string(what) + " (`" + setting + "`)"};
    }
    void count(const stored_event& e);
    result<> check() const;

    const topic_logs& logs_;
    const journal_limits& limits_;
    boost::unordered_flat_set<std::string_view> added_;                 ///< topics
    boost::unordered_flat_map<std::string_view, std::int64_t> values_;  ///< size of new last values
    std::int64_t retained_ = 0;  ///< bytes that last values would grow by

    // Of the request under way.
    std::vector<std::string_view> new_topics_;
    std::vector<std::pair<std::string_view, std::int64_t>> values_before_;
};

inline result<> check_schedule(const journal_limits& limits, std::size_t events,
                               std::uint64_t bytes, std::size_t size) {
    if (events >= limits.max_scheduled) {
        return fail(errc::unavailable,
                    "as many events wait for their time as may (`journal.max_scheduled`)");
    }
    if (bytes + size > limits.max_scheduled_bytes) {
        return fail(errc::unavailable,
                    "events that wait for their time take as much room as they "
                    "may (`journal.max_scheduled_bytes`)");
    }
    return {};
}

inline result<> room_check::add(const journal::group& events) {
    new_topics_.clear();
    values_before_.clear();
    const std::int64_t retained_before = retained_;
    for (const auto& e : events) count(*e);
    auto fits = check();
    if (fits) return fits;
    retained_ = retained_before;
    for (const std::string_view name : new_topics_) added_.erase(name);
    for (const auto& [name, size] : values_before_ | std::views::reverse) values_[name] = size;
    return fits;
}

inline void room_check::count(const stored_event& e) {
    if (e.content.ephemeral) return;
    const bool clears = e.content.payload == payload_kind::text && e.content.data.empty();
    const auto size = static_cast<std::int64_t>(clears ? 0 : e.content.size());
    for (const topic& t : e.content.topics) {
        const topic_log* const log = logs_.find(t.str());
        if (log == nullptr && added_.insert(t.str()).second) new_topics_.push_back(t.str());
        if (!e.content.retain) continue;
        const bool has = log != nullptr && log->retained();
        const auto stored = static_cast<std::int64_t>(has ? log->retained()->content.size() : 0);
        std::int64_t& now = values_.try_emplace(t.str(), stored).first->second;
        values_before_.emplace_back(t.str(), now);
        retained_ += size - now;
        now = size;
    }
}

inline result<> room_check::check() const {
    if (!new_topics_.empty() && added_.size() > logs_.room()) {
        return std::unexpected(
            full("the journal has as many topics as it may", "journal.max_topics"));
    }
    const auto total = static_cast<std::int64_t>(logs_.retained_bytes) + retained_;
    if (!values_before_.empty() && retained_ > 0 &&
        total > static_cast<std::int64_t>(limits_.max_retained_bytes)) {
        return std::unexpected(
            full("last values take as much room as they may", "journal.max_retained_bytes"));
    }
    return {};
}

}  // namespace carillon
