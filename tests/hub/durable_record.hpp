// What a durable hub's publishers were answered, and what of it may be missing by now: the other
// side of the durable model.
#pragma once

#include <carillon/journal/event.hpp>
#include <carillon/journal/journal.hpp>
#include <carillon/journal/topic.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace carillon::testing {

/// The number in `epoch.number`; 0 if there is none.
inline std::uint64_t number_of(std::string_view id) {
    const auto parsed = cursor::parse(id);
    return parsed ? parsed->pos.value : 0;
}

inline std::string json_text(std::string_view json, const std::string& name) {
    const std::string start = "\"" + name + "\":\"";
    const auto at = json.find(start);
    if (at == std::string_view::npos) return {};
    const auto begin = at + start.size();
    return std::string(json.substr(begin, json.find('"', begin) - begin));
}

struct answered_event {
    std::vector<std::string> topics;
    std::string data;
    std::string id;  ///< as it goes out
    std::string key;
    bool retained = false;
    bool erased = false;
    std::chrono::system_clock::time_point at;
};

/// How much of each topic the durable model's journal keeps.
inline retention rule_of(std::string_view topic) {
    retention keep;
    if (topic == "short") keep.max_events = 12;
    if (topic == "aging") keep.max_age = std::chrono::seconds(100);
    if (topic == "state") keep.max_events = 3;
    if (topic.starts_with("room/")) keep.max_age = std::chrono::seconds(20);
    return keep;
}

class durable_record {
public:
    using events = std::map<std::uint64_t, answered_event>;

    /// False if the position was given before.
    bool add(std::uint64_t pos, answered_event e) {
        for (const std::string& t : e.topics) topics_[t].push_back(pos);
        by_data_.emplace(e.data, pos);
        by_id_.emplace(e.id, pos);
        return all_.try_emplace(pos, std::move(e)).second;
    }
    void erase(std::uint64_t pos) { all_.at(pos).erased = true; }

    const events& all() const { return all_; }
    const answered_event* at(std::uint64_t pos) const {
        const auto found = all_.find(pos);
        return found == all_.end() ? nullptr : &found->second;
    }
    /// Each event has data, and an id, of its own. 0: nobody was answered so.
    std::uint64_t of_data(const std::string& data) const { return find(by_data_, data); }
    std::uint64_t of_id(const std::string& id) const { return find(by_id_, id); }

    /// Whether retention may have taken the event from the topic.
    bool may_be_taken(const std::string& topic, std::uint64_t pos,
                      std::chrono::system_clock::time_point now) const {
        const auto& own = topics_.at(topic);
        const retention keep = rule_of(topic);
        const auto newer = own.end() - std::ranges::upper_bound(own, pos);
        return static_cast<std::uint64_t>(newer) >= keep.max_events ||
               now - all_.at(pos).at >= keep.max_age;
    }
    /// Whether nothing may be left of the topic, so that the hub need not know it any more.
    bool may_be_forgotten(const std::string& topic,
                          std::chrono::system_clock::time_point now) const {
        const auto own = topics_.find(topic);
        return own == topics_.end() || may_be_taken(topic, own->second.back(), now);
    }
    /// Whether the hub may have known nothing of the topic when an event after `pos` came.
    bool may_have_begun_anew(const std::string& topic, std::uint64_t pos) const {
        const auto own = topics_.find(topic);
        if (own == topics_.end()) return false;
        const auto& all = own->second;
        for (auto at = std::ranges::upper_bound(all, pos); at != all.end(); ++at) {
            if (at == all.begin() ||
                all_.at(*at).at - all_.at(*std::prev(at)).at >= rule_of(topic).max_age)
                return true;
        }
        return false;
    }
    /// Whether something of the topic must be kept.
    bool must_be_known(const std::string& topic, std::chrono::system_clock::time_point now) const {
        return !may_be_forgotten(topic, now) || last_value_of(topic) != 0;
    }
    /// Topics of which something must be kept.
    std::size_t topics_left(std::chrono::system_clock::time_point now) const {
        return static_cast<std::size_t>(std::ranges::count_if(
            topics_, [&](const auto& t) { return must_be_known(t.first, now); }));
    }
    /// Whether a newer event of the topic has the event's key.
    bool is_superseded(const std::string& topic, std::uint64_t pos) const {
        const std::string& key = all_.at(pos).key;
        const auto& own = topics_.at(topic);
        return !key.empty() &&
               std::any_of(std::ranges::upper_bound(own, pos), own.end(),
                           [&](std::uint64_t newer) { return all_.at(newer).key == key; });
    }
    /// The topic's last value; 0: it has none.
    std::uint64_t last_value_of(const std::string& topic) const {
        const auto own = topics_.find(topic);
        if (own == topics_.end()) return 0;
        const auto newest = std::find_if(own->second.rbegin(), own->second.rend(),
                                         [&](auto pos) { return all_.at(pos).retained; });
        return newest == own->second.rend() || all_.at(*newest).erased ? 0 : *newest;
    }
    const std::map<std::string, std::vector<std::uint64_t>>& topics() const { return topics_; }

private:
    static std::uint64_t find(const std::map<std::string, std::uint64_t>& in,
                              const std::string& text) {
        const auto found = in.find(text);
        return found == in.end() ? 0 : found->second;
    }

    events all_;                                                ///< by position
    std::map<std::string, std::vector<std::uint64_t>> topics_;  ///< positions of each, in order
    std::map<std::string, std::uint64_t> by_data_;
    std::map<std::string, std::uint64_t> by_id_;
};

}  // namespace carillon::testing
