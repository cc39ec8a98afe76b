#include "server/remote_keys.hpp"

#include <carillon/base/log.hpp>

#include <algorithm>
#include <utility>

namespace carillon::server {

struct remote_keys::state : std::enable_shared_from_this<state> {
    struct waiter {
        std::string key_id;
        auth::algorithm alg;
        callback done;
    };

    remote_keys_options options;
    fetch ask;
    std::function<void()> on_change;
    std::function<clock::time_point()> now;

    std::mutex mutex;  // guards all below
    std::vector<auth::key_ptr> keys;
    std::string text;             ///< the set that `keys` were read from
    clock::time_point fetched{};  ///< when it was last had
    clock::time_point next{};     ///< no fetch before
    std::chrono::seconds interval{};
    bool known = false;  ///< a fetch has succeeded, and not too long ago
    bool fetching = false;
    std::vector<waiter> waiting;

    void begin_fetch();  // with `fetching` set and the lock free
    void on_answer(result<web_answer> answer);
    bool take(const result<web_answer>& answer);
};

remote_keys::remote_keys(remote_keys_options options, fetch ask, std::function<void()> on_change,
                         std::function<clock::time_point()> now)
    : state_(std::make_shared<state>()) {
    state_->interval = options.min_interval;
    state_->options = std::move(options);
    state_->ask = std::move(ask);
    state_->on_change = std::move(on_change);
    state_->now = std::move(now);
}

remote_keys::~remote_keys() = default;

void remote_keys::find(std::string_view key_id, auth::algorithm alg, callback done) {
    const std::shared_ptr<state> s = state_;
    std::vector<auth::key_ptr> found;
    bool answer = false;
    bool begin = false;
    bool known = false;
    {
        const std::lock_guard lock(s->mutex);
        const auto time = s->now();
        s->known = s->known && time - s->fetched < s->options.max_age;
        known = s->known;
        if (known) found = auth::matching_keys(s->keys, key_id, alg);
        const bool stale = !known || time - s->fetched >= s->options.refresh || found.empty();
        begin = stale && !s->fetching && time >= s->next;
        s->fetching = s->fetching || begin;
        // What is at hand answers at once. Otherwise the fetch does, if there is one.
        answer = !found.empty() || !s->fetching || s->waiting.size() >= max_waiting;
        if (!answer) s->waiting.push_back({std::string(key_id), alg, std::move(done)});
    }
    if (answer) {  // NOLINTBEGIN(bugprone-use-after-move): otherwise `done` waits
        if (found.empty() && !known)
            done(fail(errc::unavailable, "the issuer's keys cannot be had at the moment"));
        else
            done(std::move(found));
    }  // NOLINTEND(bugprone-use-after-move)
    if (begin) s->begin_fetch();
}

void remote_keys::state::begin_fetch() {
    ask({.url = options.url,
         .headers = {{"Accept", "application/jwk-set+json, application/json"}},
         .timeout = options.timeout,
         .max_answer = options.max_bytes,
         .plain_http = options.plain_http},
        [self = shared_from_this()](result<web_answer> a) { self->on_answer(std::move(a)); });
}

// Under the lock. True if the keys are others than before.
bool remote_keys::state::take(const result<web_answer>& answer) {
    constexpr long ok = 200;
    std::string why;
    if (!answer) {
        why = answer.error().detail;
    } else if (answer->status != ok) {
        why = "status " + std::to_string(answer->status);
    } else if (auto set = auth::parse_key_set(answer->body); !set) {
        why = set.error().detail;
    } else {
        const bool changed = answer->body != text;
        if (changed) {
            keys = std::move(*set);
            text = answer->body;
        }
        known = true;
        fetched = now();
        interval = options.min_interval;
        next = fetched + interval;
        return changed;
    }
    next = now() + interval;
    interval = std::min(interval * 2, options.max_interval);
    log::warning("keys could not be fetched", {{"url", options.url}, {"reason", why}});
    return false;
}

void remote_keys::state::on_answer(result<web_answer> answer) {
    std::vector<std::pair<callback, result<std::vector<auth::key_ptr>>>> answers;
    bool changed = false;
    {
        const std::lock_guard lock(mutex);
        changed = take(answer);
        fetching = false;
        for (waiter& w : waiting) {
            result<std::vector<auth::key_ptr>> found =
                fail(errc::unavailable, "the issuer's keys cannot be had at the moment");
            if (known) found = auth::matching_keys(keys, w.key_id, w.alg);
            answers.emplace_back(std::move(w.done), std::move(found));
        }
        waiting.clear();
    }
    if (changed && on_change) on_change();
    for (auto& [done, found] : answers) done(std::move(found));
}

}  // namespace carillon::server
