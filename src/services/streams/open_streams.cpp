#include "services/streams/open_streams.hpp"

#include <utility>

namespace carillon::services {

open_streams::record* open_streams::find(std::string_view id) const {
    const auto found = records_.find(id);
    return found == records_.end() ? nullptr : found->second.get();
}

void open_streams::insert(std::string id, clock::time_point now) {
    const auto [at, added] = records_.try_emplace(std::move(id), nullptr);
    if (!added) return;
    at->second = std::make_unique<record>();
    record& r = *at->second;
    r.id = at->first;
    r.active = now;
    r.place = by_activity_.insert(by_activity_.end(), &r);
}

void open_streams::touch(record& r, clock::time_point now) {
    r.active = now;
    by_activity_.splice(by_activity_.end(), by_activity_, r.place);
}

void open_streams::restore(std::string id, clock::time_point now) {
    const std::lock_guard lock(mutex_);
    insert(std::move(id), now);
}

bool open_streams::add(const std::string& id, clock::time_point now) {
    const std::lock_guard lock(mutex_);
    if (records_.size() >= options_.max_open) return false;
    insert(id, now);
    return true;
}

open_streams::state open_streams::begin_append(std::string_view id, clock::time_point now) {
    const std::lock_guard lock(mutex_);
    record* r = find(id);
    if (r == nullptr) return state::unknown;
    if (!r->reason.empty()) return state::closing;
    ++r->appending;
    touch(*r, now);
    return state::open;
}

open_streams::after_append open_streams::end_append(std::string_view id) {
    const std::lock_guard lock(mutex_);
    record* r = find(id);
    if (r == nullptr) return {};
    --r->appending;
    return {r->stop, r->appending == 0 && !r->reason.empty()};
}

open_streams::state open_streams::begin_close(std::string_view id, std::string_view reason,
                                              const close_callback& done, bool& may_end) {
    const std::lock_guard lock(mutex_);
    record* r = find(id);
    if (r == nullptr) return state::unknown;
    if (!r->reason.empty()) return state::closing;
    r->reason = reason;
    r->waiting.close = done;
    may_end = r->appending == 0;
    return state::open;
}

std::string open_streams::reason_of(std::string_view id) const {
    const std::lock_guard lock(mutex_);
    const record* r = find(id);
    return r == nullptr ? std::string() : std::string(r->reason);
}

open_streams::state open_streams::request_stop(std::string_view id) {
    const std::lock_guard lock(mutex_);
    record* r = find(id);
    if (r == nullptr) return state::unknown;
    if (!r->reason.empty()) return state::closing;
    r->stop = true;
    return state::open;
}

open_streams::state open_streams::wait_if_closing(std::string_view id,
                                                  std::function<void()> again) {
    const std::lock_guard lock(mutex_);
    record* r = find(id);
    if (r == nullptr) return state::unknown;
    if (r->reason.empty()) return state::open;
    r->waiting.readers.push_back(std::move(again));
    return state::closing;
}

open_streams::waiters open_streams::remove(std::string_view id) {
    const std::lock_guard lock(mutex_);
    const auto found = records_.find(id);
    if (found == records_.end()) return {};
    waiters w = std::move(found->second->waiting);
    if (found->second->reason == idle_reason) ++ended_idle_;
    by_activity_.erase(found->second->place);
    records_.erase(found);
    return w;
}

open_streams::waiters open_streams::reopen(std::string_view id, clock::time_point now) {
    const std::lock_guard lock(mutex_);
    record* r = find(id);
    if (r == nullptr) return {};
    r->reason = {};
    touch(*r, now);
    return std::exchange(r->waiting, {});
}

void open_streams::clear() {
    string_map<std::unique_ptr<record>> gone;  // callbacks may hold anything: destroyed unlocked
    const std::lock_guard lock(mutex_);
    by_activity_.clear();
    gone.swap(records_);
}

std::vector<std::string> open_streams::idle(clock::time_point now, std::size_t limit) {
    std::vector<std::string> ids;
    const std::lock_guard lock(mutex_);
    if (options_.idle_timeout.count() == 0) return ids;
    while (!by_activity_.empty() && ids.size() < limit) {
        record& r = *by_activity_.front();
        if (now - r.active < options_.idle_timeout) break;
        touch(r, now);  // one that cannot be ended now comes again later
        if (r.reason.empty()) ids.emplace_back(r.id);
    }
    return ids;
}

void open_streams::reload(finite_stream_options options) {
    const std::lock_guard lock(mutex_);
    options_ = options;
}

finite_streams::counts open_streams::count() const {
    const std::lock_guard lock(mutex_);
    return {records_.size(), ended_idle_};
}

std::vector<finite_streams::open_stream> open_streams::list(std::size_t limit,
                                                            clock::time_point now) const {
    std::vector<finite_streams::open_stream> all;
    const std::lock_guard lock(mutex_);
    for (const record* r : by_activity_) {
        if (all.size() == limit) break;
        all.push_back({std::string(r->id),
                       std::chrono::duration_cast<std::chrono::milliseconds>(now - r->active),
                       r->stop, !r->reason.empty()});
    }
    return all;
}

}  // namespace carillon::services
