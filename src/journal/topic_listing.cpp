#include "journal/topic_listing.hpp"

#include "journal/topic_logs.hpp"

#include <algorithm>
#include <string>
#include <string_view>

namespace carillon {

namespace {

using time_point = std::chrono::system_clock::time_point;

topic_figures figures_of(const topic_log& log, time_point now) {
    topic_figures t;
    t.name = log.name();
    t.events = log.kept;
    t.bytes = log.kept_bytes;
    t.has_value = log.retained() != nullptr;
    const auto all = log.all();
    if (all.empty()) return t;
    t.newest = all.back()->pos;
    t.newest_at = all.back()->stored_at;
    // Times grow with positions, but for a clock that was set back: the counts may be wrong then.
    auto from = all.begin();
    const time_point begin = now - topic_figures::stretch * topic_figures::stretches;
    for (std::size_t i = 0; i <= topic_figures::stretches && from != all.end(); ++i) {
        const time_point end = begin + topic_figures::stretch * i;
        const auto to = std::partition_point(
            from, all.end(), [&](const event_ptr& e) { return e->stored_at <= end; });
        if (i != 0) t.recent[i - 1] = static_cast<std::uint32_t>(to - from);
        from = to;
    }
    return t;
}

}  // namespace

std::vector<topic_figures> topic_logs::figures(const topic_query& q, time_point now) const {
    const bool hidden_too = q.prefix.starts_with('$');
    std::string first = q.after.empty() ? std::string() : q.after + '\0';
    first = std::max(first, q.prefix);
    std::vector<topic_figures> page;
    while (page.size() < q.limit) {
        const std::vector<topic_log*> some = from(first, q.limit - page.size());
        if (some.empty()) break;
        for (const topic_log* log : some) {
            const std::string_view name = log->name();
            if (!name.starts_with(q.prefix)) return page;
            if (name.starts_with('$') && !hidden_too) {
                first = "%";  // the character behind it
                break;
            }
            page.push_back(figures_of(*log, now));
            first = std::string(name) + '\0';
        }
    }
    return page;
}

}  // namespace carillon
