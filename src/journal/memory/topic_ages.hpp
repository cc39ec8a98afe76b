// Which topics may have an event that is too old, soonest first.
#pragma once

#include "journal/topic_log.hpp"

#include <chrono>
#include <cstddef>
#include <vector>

namespace carillon {

/// A heap whose entries know their place (`topic_log::age_place`). An entry that is too early costs
/// a look. Not synchronised.
class topic_ages {
public:
    using time_point = std::chrono::system_clock::time_point;

    /// Once for a topic, or again to change when it is due.
    void set(topic_log& log, time_point due) {
        if (log.age_place == 0) {
            heap_.push_back({due, &log});
            log.age_place = static_cast<std::uint32_t>(heap_.size());
        }
        const std::size_t i = log.age_place - 1;
        heap_[i].due = due;
        sift_up(i);
        sift_down(log.age_place - 1);
    }
    void remove(topic_log& log) {
        if (log.age_place == 0) return;
        const std::size_t i = log.age_place - 1;
        log.age_place = 0;
        const entry last = heap_.back();
        heap_.pop_back();
        if (last.log == &log) return;
        put(i, last);
        sift_up(i);
        sift_down(last.log->age_place - 1);
    }
    /// Null if none is due.
    topic_log* due(time_point now) const {
        return heap_.empty() || heap_.front().due > now ? nullptr : heap_.front().log;
    }
    /// All are due: what was known of their ages is wrong.
    void reset() {
        for (entry& e : heap_) e.due = {};
    }

private:
    struct entry {
        time_point due;
        topic_log* log;
    };

    void put(std::size_t i, const entry& e) {
        heap_[i] = e;
        e.log->age_place = static_cast<std::uint32_t>(i + 1);
    }
    void sift_up(std::size_t i) {
        const entry e = heap_[i];
        for (; i > 0 && heap_[(i - 1) / 2].due > e.due; i = (i - 1) / 2) put(i, heap_[(i - 1) / 2]);
        put(i, e);
    }
    void sift_down(std::size_t i) {
        const entry e = heap_[i];
        for (std::size_t child = 2 * i + 1; child < heap_.size(); child = 2 * i + 1) {
            if (child + 1 < heap_.size() && heap_[child + 1].due < heap_[child].due) ++child;
            if (heap_[child].due >= e.due) break;
            put(i, heap_[child]);
            i = child;
        }
        put(i, e);
    }

    std::vector<entry> heap_;
};

}  // namespace carillon
