// A journal that never answers a reader at once, as one on another machine.
#pragma once

#include <carillon/journal/journal.hpp>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <set>
#include <utility>

namespace carillon::testing {

/// What was true when a reader asked is answered when the test says so, oldest question first. All
/// else goes through. Confined to the test's thread.
class late_journal final : public journal {
public:
    explicit late_journal(std::unique_ptr<journal> kept) : kept_(std::move(kept)) {}

    /// False if nobody waits.
    bool answer_one() {
        if (answers_.empty()) return false;
        const auto answer = std::move(answers_.front());
        answers_.pop_front();
        answer();
        return true;
    }

    /// A page looks at so many positions and may end before it has found anything, as in a journal
    /// with many topics. 0: it looks at all.
    std::uint64_t positions_of_page = 0;
    std::set<matcher_set> asked_for = {};  ///< by readers

    void read(const read_query& q, std::function<void(result<read_page>)> done) override {
        asked_for.insert(q.patterns);
        read_query some = q;
        if (positions_of_page != 0)
            some.upto = std::min(q.upto, position{q.after.value + positions_of_page});
        kept_->read(some, later(std::move(done)));
    }
    void locate(const start_query& q, std::function<void(result<start_point>)> done) override {
        asked_for.insert(q.patterns);
        kept_->locate(q, later(std::move(done)));
    }
    void snapshot(const snapshot_query& q,
                  std::function<void(result<snapshot_page>)> done) override {
        asked_for.insert(q.patterns);
        kept_->snapshot(q, later(std::move(done)));
    }

    void on_stored(std::function<void(std::span<const event_ptr>)> feed) override {
        kept_->on_stored(std::move(feed));
    }
    bool refuses = false;  ///< to store anything
    void append(group events, std::optional<idempotency_key> key, commit_callback done) override {
        if (refuses) return done(fail(errc::unavailable, "not now"), events);
        kept_->append(std::move(events), std::move(key), std::move(done));
    }
    void forget_keys(std::string first, std::string end) override {
        kept_->forget_keys(std::move(first), std::move(end));
    }
    void schedule(event e, std::chrono::system_clock::time_point due,
                  std::optional<idempotency_key> key,
                  std::function<void(result<std::uint64_t>)> done) override {
        kept_->schedule(std::move(e), due, std::move(key), std::move(done));
    }
    void cancel(std::uint64_t id, std::function<void(result<bool>)> done) override {
        kept_->cancel(id, std::move(done));
    }
    void list_scheduled(const scheduled_query& q,
                        std::function<void(result<scheduled_page>)> done) override {
        kept_->list_scheduled(q, std::move(done));
    }
    position head() const override { return kept_->head(); }
    std::string id_of(position p) const override { return kept_->id_of(p); }
    journal_stats stats() const override { return kept_->stats(); }
    topic_room room_for(std::span<const topic> topics) const override {
        return kept_->room_for(topics);
    }
    std::vector<topic_figures> topics(const topic_query& q) const override {
        return kept_->topics(q);
    }
    result<> health() const override { return kept_->health(); }
    void trim(std::chrono::system_clock::time_point now) override { kept_->trim(now); }
    void set_retention(retention_lookup retention_of) override {
        kept_->set_retention(std::move(retention_of));
    }

private:
    template <class Answer>
    std::function<void(result<Answer>)> later(std::function<void(result<Answer>)> done) {
        return [this, done = std::move(done)](result<Answer> answer) {
            answers_.push_back([done, answer = std::move(answer)] { done(answer); });
        };
    }

    std::unique_ptr<journal> kept_;
    std::deque<std::function<void()>> answers_;
};

}  // namespace carillon::testing
