// Topics with figures, for those who look after a hub.
#pragma once

#include <carillon/journal/journal.hpp>

#include <utility>
#include <vector>

namespace carillon {

/// Gathers a page from small ones, so that a journal's lock is held for a moment only. `part` takes
/// the lock and gives the topics of the query that it is called with.
template <class Part>
std::vector<topic_figures> list_in_parts(topic_query q, Part&& part) {
    constexpr std::size_t topics_at_once = 16;
    std::vector<topic_figures> all;
    std::size_t missing = q.limit;
    while (missing != 0) {
        q.limit = missing < topics_at_once ? missing : topics_at_once;
        std::vector<topic_figures> some = part(std::as_const(q));
        const bool last = some.size() < q.limit;
        missing -= some.size();
        for (topic_figures& t : some) all.push_back(std::move(t));
        if (last) break;
        q.after = all.back().name;
    }
    return all;
}

}  // namespace carillon
