// Messages that the journal refused for the moment, so that none overtakes another.
#pragma once

#include <carillon/services/outbox_relay.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace carillon::services {

/// A message as its row in the outbox names it.
struct outbox_item {
    std::uint64_t id = 0;
    std::uint64_t text_hash = 0;
    message what;
    std::uint64_t new_topics = 0;  ///< that `user_topics` expects of it
    bool again = false;            ///< it is from `waiting_messages::take`
};

/// For each user and each topic in the order of their rows. A message that is refused holds back
/// those that come later and go to one of its own users or topics, and no others: it may be refused
/// for long, since the topic that it needs does not fit in. Not synchronised.
class waiting_messages {
public:
    std::size_t size() const noexcept { return waiting_.size(); }
    bool empty() const noexcept { return waiting_.empty(); }

    /// Whether the message has to wait behind another: one that waits or is tried again.
    bool holds_back(const message& m) const {
        return std::ranges::any_of(addresses_of(m),
                                   [&](const std::string& a) { return held_.contains(a); });
    }
    void add(outbox_item what) {
        if (what.again) {
            // It was refused again: others stay behind it.
            for (std::string& a : addresses_of(what.what)) refused_.insert(std::move(a));
        } else {
            for (std::string& a : addresses_of(what.what)) ++held_[std::move(a)];
        }
        what.again = false;
        const auto behind = std::ranges::upper_bound(waiting_, what.id, {}, &outbox_item::id);
        waiting_.insert(behind, std::move(what));
    }

    /// Everything may be tried again.
    void begin() { refused_.clear(); }
    /// Those that nothing before them holds back; they are given to `add` or to `leave` again.
    std::vector<outbox_item> take() {
        std::vector<outbox_item> now;
        std::deque<outbox_item> later;
        std::set<std::string> before = refused_;
        for (outbox_item& what : waiting_) {
            std::vector<std::string> addresses = addresses_of(what.what);
            const bool waits = std::ranges::any_of(
                addresses, [&](const std::string& a) { return before.contains(a); });
            before.insert(addresses.begin(), addresses.end());
            what.again = !waits;
            if (waits)
                later.push_back(std::move(what));
            else
                now.push_back(std::move(what));
        }
        waiting_ = std::move(later);
        return now;
    }
    /// It is settled, or waits elsewhere.
    void leave(const outbox_item& what) {
        if (!what.again) return;
        for (const std::string& a : addresses_of(what.what)) {
            const auto found = held_.find(a);
            if (found != held_.end() && --found->second == 0) held_.erase(found);
        }
    }

private:
    static std::vector<std::string> addresses_of(const message& m) {
        std::vector<std::string> all;
        for (const std::string& user : m.to.users) all.push_back("user " + user);
        for (const topic& t : m.to.rooms) all.push_back(t.str());
        for (const topic& t : m.what.topics) all.push_back(t.str());
        if (all.empty()) all.emplace_back("everyone");
        return all;
    }

    std::deque<outbox_item> waiting_;                    ///< in the order of rows
    std::unordered_map<std::string, std::size_t> held_;  ///< addresses, of how many messages
    std::set<std::string> refused_;                      ///< addresses, since `begin`
};

}  // namespace carillon::services
