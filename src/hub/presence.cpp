// Presence: which users listen to a topic, told to those who may see it.
#include "base/json_text.hpp"
#include "hub/hub_core.hpp"
#include "hub/own_topic.hpp"
#include "hub/shard_impl.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include <fmt/format.h>

namespace carillon {

namespace {

/// Snapshots in one group, when the hub has run for long enough.
constexpr std::size_t topics_at_once = 100;

/// Empty for a topic that is no room.
std::string_view room_of(std::string_view topic) {
    return is_room(topic) ? topic.substr(topic.find('/') + 1) : std::string_view();
}

std::shared_ptr<stored_event> presence_event(std::string_view topic, std::string data) {
    auto e = std::make_shared<stored_event>();
    e->content.topics = {presence_topic(topic)};
    e->content.name = wire::event_name::parse("carillon.presence").value();
    e->content.kind = "presence";
    e->content.data = std::move(data);
    e->content.payload = payload_kind::json;
    e->content.is_private = true;
    e->content.ephemeral = true;
    return e;
}

std::string change_json(const presence_change& c) {
    const std::string_view room = room_of(c.topic);
    std::string text = room.empty() ? R"({"topic":)" : R"({"room":)";
    append_json_string(text, room.empty() ? std::string_view(c.topic) : room);
    text += R"(,"user":)";
    append_json_string(text, c.user);
    return text +
           fmt::format(R"(,"state":"{}","count":{}}})", c.present ? "joined" : "left", c.count);
}

}  // namespace

presence_list hub::presence_of(const topic& where, std::size_t most) const {
    presence_list all = core_->present.list(where.str(), most);
    all.complete = core_->presence_settled.load(std::memory_order_relaxed);
    return all;
}

std::size_t hub::present_in(const topic& where) const { return core_->present.count(where.str()); }
std::vector<presence_count> hub::present_topics(std::string_view prefix, std::size_t most) const {
    std::vector<presence_count> all;
    for (std::string& name : core_->present.topics()) {
        if (!name.starts_with(prefix)) continue;
        if (const std::size_t users = core_->present.count(name); users != 0)
            all.push_back({std::move(name), users});
    }
    const auto last = all.begin() + static_cast<std::ptrdiff_t>(std::min(most, all.size()));
    std::partial_sort(all.begin(), last, all.end(), [](const auto& a, const auto& b) {
        return a.users != b.users ? a.users > b.users : a.topic < b.topic;
    });
    all.erase(last, all.end());
    return all;
}

result<> hub::limit_presence(const topic& room, std::optional<presence_rule> most) {
    if (!is_room(room.str()))
        return fail(errc::invalid_request, "the presence of rooms alone is limited one by one");
    const std::lock_guard lock(core_->room_rules_mutex);
    if (most) {
        core_->room_rules.insert_or_assign(room.str(), *most);
    } else {
        core_->room_rules.erase(room.str());
    }
    return {};
}

presence_rule hub::core::presence_of_room(std::string_view room) const {
    const std::lock_guard lock(room_rules_mutex);
    const auto known = room_rules.find(room);
    return known == room_rules.end() ? presence_rule::everyone : known->second;
}

bool hub::is_present(std::string_view user) const { return core_->users.is_present(user); }

void hub::on_presence(std::function<void(const presence_change&)> watch) {
    core_->presence_watch = std::move(watch);
}

void hub::core::tell_change(const presence_change& c) {
    if (presence_watch) presence_watch(c);
    if (!c.topic.empty())
        append({presence_event(c.topic, change_json(c))}, std::nullopt, [](const auto&) {});
}

// Listening to what may be seen first, so that no change falls between the snapshot and the first
// change that the stream gets.
void shard::impl::note_presence(subscriber& s, topic_node& node) {
    if (!node.pattern.is_literal()) return;
    const std::string& topic = node.pattern.str();
    const bool is_user = s.extras && s.extras->user_number != 0;
    const presence_rule rule = node.options->presence;
    if (rule == presence_rule::everyone || (rule == presence_rule::users && is_user)) {
        (void)attach(s, topic_pattern(presence_topic(topic)));
    }
    if (!is_user) return;
    if (const auto change = hub_.inside().present.enter(topic, s.extras->who.user()))
        hub_.inside().tell_change(*change);
}

void shard::impl::note_absence(const subscriber& s, const topic_node& node) {
    if (!node.pattern.is_literal() || !s.extras || s.extras->user_number == 0) return;
    hub_.inside().present.leave(node.pattern.str(), s.extras->who.user(),
                                on_.now() + hub_.options()->presence_grace);
}

void shard::impl::append_presence(const subscriber& s, std::string& out,
                                  std::string_view only) const {
    s.each_subscription([&](const subscription& on) {
        if (!is_presence_topic(on.node->pattern.str())) return;
        std::string_view topic = on.node->pattern.str();
        topic.remove_prefix(topic.find('/') + 1);
        if (!only.empty() && topic != only) return;
        presence_list who = hub_.inside().present.list(topic, hub_.options()->max_presence_names);
        who.complete = hub_.inside().presence_settled.load(std::memory_order_relaxed);
        s.dialect().presence(topic, room_of(topic), who, out);
    });
}

outcome shard::impl::tell_presence(subscriber& s, std::string_view only) {
    std::string text;
    append_presence(s, text, only);
    if (text.empty()) return outcome::done;
    const auto block = control(s, text);
    const item told{&block, {}};
    return write(s, {&told, 1});
}

// Whoever was there before a restart has had the time to come back: from now on a list is complete,
// and those on it are all there are.
void shard::impl::settle_presence(clock::time_point now) {
    hub::core& all = hub_.inside();
    if (now < settled_at_ || all.presence_settled.load(std::memory_order_relaxed) ||
        all.presence_settled.exchange(true))
        return;
    hub::core::events told;
    const auto tell = [&] {
        if (!told.empty()) all.append(std::exchange(told, {}), std::nullopt, [](const auto&) {});
    };
    for (const std::string& topic : all.present.topics()) {
        presence_list who = all.present.list(topic, hub_.options()->max_presence_names);
        who.complete = true;
        told.push_back(presence_event(topic, presence_json(topic, room_of(topic), who)));
        if (told.size() >= topics_at_once) tell();
    }
    tell();
}

}  // namespace carillon
