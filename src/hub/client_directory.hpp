// Durable clients: what survives their reconnection.
#pragma once

#include <carillon/journal/topic.hpp>

#include "base/string_map.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon {

/// Synchronised inside; touched when durable clients come, go and change topics, never per event.
class client_directory {
public:
    using clock = std::chrono::steady_clock;
    struct place {
        unsigned shard = 0;
        std::uint32_t slot = 0;
        friend bool operator==(const place&, const place&) = default;
    };
    struct claimed {
        std::optional<place> previous;     ///< a connection that this one replaces
        std::vector<topic_pattern> added;  ///< topics from earlier connections
        std::vector<topic_pattern> removed;
    };

    claimed claim(std::string_view token, place where) {
        const std::lock_guard lock(mutex_);
        record& r = records_.try_emplace(std::string(token)).first->second;
        claimed c{r.where, r.added, r.removed};
        r.where = where;
        return c;
    }

    /// The connection at `where` has ended. Does nothing if another took its place.
    void release(std::string_view token, place where, clock::time_point expires) {
        const std::lock_guard lock(mutex_);
        const auto found = records_.find(token);
        if (found == records_.end() || found->second.where != where) return;
        found->second.where.reset();
        found->second.expires = expires;
    }

    void forget(std::string_view token) {
        const std::lock_guard lock(mutex_);
        if (const auto found = records_.find(token); found != records_.end()) records_.erase(found);
    }

    struct lookup {
        bool known = false;
        std::optional<place> where;  ///< nothing: between two connections
    };
    lookup find(std::string_view token) const {
        const std::lock_guard lock(mutex_);
        const auto at = records_.find(token);
        return at == records_.end() ? lookup{} : lookup{true, at->second.where};
    }

    /// Remembers a change of topics for the next connection. False if the client is unknown.
    bool change(std::string_view token, const topic_pattern& topic, bool add) {
        const std::lock_guard lock(mutex_);
        const auto at = records_.find(token);
        if (at == records_.end()) return false;
        auto& gains = add ? at->second.added : at->second.removed;
        std::erase(add ? at->second.removed : at->second.added, topic);
        if (std::find(gains.begin(), gains.end(), topic) == gains.end()) gains.push_back(topic);
        return true;
    }

    /// Forgets who did not come back in time; looks at most once a second. False if nobody is left.
    bool purge(clock::time_point now) {
        const std::lock_guard lock(mutex_);
        if (now < next_purge_) return !records_.empty();
        next_purge_ = now + std::chrono::seconds(1);
        erase_if(records_, [now](const auto& entry) {
            return !entry.second.where && entry.second.expires <= now;
        });
        return !records_.empty();
    }

private:
    struct record {
        std::optional<place> where;
        std::vector<topic_pattern> added, removed;
        clock::time_point expires{};
    };
    mutable std::mutex mutex_;  // guards all below
    string_map<record> records_;
    clock::time_point next_purge_{};
};

}  // namespace carillon
