// The hub as a state machine: bytes become operations on a hub, and each stream is held against
// what a list of all events says that it must show. Used by a fuzzer and by a test.
#pragma once

#include <carillon/hub/hub.hpp>
#include <carillon/journal/open.hpp>

#include "support/hub_checks.hpp"
#include "support/manual_executor.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace carillon::testing {

class hub_model : hub_checks {
public:
    /// Runs the operations that `input` spells. Returns what was wrong; empty: nothing.
    static std::string run(std::span<const std::uint8_t> input) {
        hub_model model(input);
        while (!model.input_.empty() && model.wrong_.empty()) model.step();
        if (model.wrong_.empty()) model.settle();
        return model.wrong_;
    }

    /// The hub goes before its executor.
    ~hub_model() { hub_.reset(); }
    hub_model(const hub_model&) = delete;
    hub_model& operator=(const hub_model&) = delete;

private:
    explicit hub_model(std::span<const std::uint8_t> input)
        : hub_checks(1 + at(input, 0) % 6u, 1 + at(input, 1) % 2u, at(input, 2) % 8u),
          input_(input.subspan(std::min<std::size_t>(input.size(), 3))) {
        hub_options options;
        options.max_replay_events = take() % 3 == 0 ? 4 : 1000;
        options.cursor_lag = 2 + take() % 8;
        options.max_topics_per_client = max_topics;
        options.client_grace = std::chrono::hours(24);
        options.options_of = [this](std::string_view name) {
            topic_options o;
            if (name == "c") o.coalesce_window = std::chrono::milliseconds(20);
            o.slow = policy_of(name);
            o.max_lag.events = max_lag;
            o.cut_after = std::chrono::seconds(2);
            return o;
        };
        budget_ = options.max_replay_events;
        memory_journal_options kept_as;
        kept_as.retention_of = [this](std::string_view name) {
            retention r{.max_events = record_.limit_of(name),
                        .max_age = std::chrono::hours(24 * 365)};
            if (modelled_record::ages(name)) r.max_age = std::chrono::seconds(100);
            return r;
        };
        kept_as.now = [this] { return now_; };
        kept_as.limits.max_empty_topics = record_.max_empty_topics();
        auto kept = make_memory_journal(std::move(kept_as));
        if (take() % 2 == 0) {
            auto late = std::make_unique<late_journal>(std::move(kept));
            late_ = late.get();
            if (take() % 3 == 0) late_->positions_of_page = 1 + take() % 8u;
            kept = std::move(late);
        }
        hub_ = std::make_unique<hub>(std::move(options), std::move(kept));
        hub_->add_shard(executor_);
        hub_->add_shard(executor_);
        profile_.heartbeat_interval = std::chrono::seconds(1);
        executor_.advance(std::chrono::seconds(1));  // the rate of replays allows some now
    }

    static std::uint8_t at(std::span<const std::uint8_t> input, std::size_t i) {
        return i < input.size() ? input[i] : 0;
    }

    std::uint8_t take() {
        if (input_.empty()) return 0;
        const std::uint8_t b = input_.front();
        input_ = input_.subspan(1);
        return b;
    }

    void step() {
        switch (take() % 20) {
            case 0:
            case 1:
            case 2:
            case 3:
                return publish();
            case 4:
                return open_fresh();
            case 5:
                return open_at_cursor();
            case 6:
                return reconnect();
            case 7:
                return with_stream([&](stream& t) { drop(t); });
            case 8:
                return with_stream([&](stream& t) { subscribe(t); });
            case 9:
                return with_stream([&](stream& t) { unsubscribe(t); });
            case 10:
                return with_stream([&](stream& t) {
                    const std::uint8_t size = take();
                    t.out.per_write = size >= 192 ? fake_connection::unlimited : size;
                });
            case 11:
                return with_stream([&](stream& t) {
                    if (std::exchange(t.out.blocked, false)) t.home->writable(*t.s);
                });
            case 12:
                return with_stream([](stream& t) { t.out.fail_at = t.out.writes + 1; });
            case 13:
                return executor_.advance(std::chrono::milliseconds(40) * take());
            case 14:
                for (int n = take() % 8; n >= 0; --n) executor_.run_one();
                return sweep();
            case 15:
                for (int n = take() % 4; n >= 0 && late_ != nullptr; --n) late_->answer_one();
                return sweep();
            case 16:
                return age();
            case 17:
                return send_to_client();
            case 18:
                return open_durable();
            default:
                return run_until_idle();
        }
    }

    void run_until_idle() {
        do {
            executor_.run_until_idle();
        } while (late_ != nullptr && late_->answer_one());
        sweep();
    }

    template <class Operation>
    void with_stream(Operation&& run) {
        sweep();
        if (streams_.empty()) return;
        run(*streams_[take() % streams_.size()]);
        sweep();
    }

    /// Looks at the streams that ended by themselves, and forgets them.
    void sweep() {
        for (const auto& t : streams_) {
            const bool began = t->reset_at == 0 && !t->out.events.empty();
            if (began && has(*t, "reset")) t->reset_at = record_.head;
        }
        std::erase_if(streams_, [this](const std::unique_ptr<stream>& t) {
            if (t->out.closed) check(*t, false);
            return t->out.closed.has_value();
        });
    }

    // Operations.

    void publish() {
        std::vector<event> batch;
        for (int n = take() % 3; n >= 0; --n) {
            const std::uint8_t choice = take();
            const std::uint8_t more = take();
            event e;
            e.topics.push_back(*topic::parse(topic_names[choice % topic_names.size()]));
            const topic second = *topic::parse(topic_names[choice / 8 % topic_names.size()]);
            const bool ages = modelled_record::ages(e.topics[0].str());
            if (choice >= 128 && second != e.topics[0] && !ages &&
                !modelled_record::ages(second.str()))
                e.topics.push_back(second);
            e.ephemeral = choice % 16 == 15;
            e.retain = choice % 16 == 3 && !ages;
            if (more % 2 == 0) e.key = "key " + std::to_string(more / 2 % 3);
            if (more % 5 == 0) e.id = *wire::event_id::parse("own-" + std::to_string(more / 5 % 8));
            batch.push_back(std::move(e));
        }
        publish(std::move(batch), {});
    }

    void publish(std::vector<event> batch, audience to) {
        for (event& e : batch) {
            e.data = std::to_string(sent_.size());
            if (sent_.size() % 32 == 7) e.data += '\n' + std::string(sent_.size() % 200, 'x');
            sent s{e.topics, e.ephemeral ? 0 : record_.head + 1, e.retain, {}, e.key};
            if (e.id && !e.ephemeral) s.id = e.id->str();
            for (const std::string& client : to.clients) s.topics.push_back(client_topic(client));
            record_.add(std::move(s));
        }
        const bool is_public = to.empty();
        bool answered = false;
        auto done = [this, &answered](result<std::vector<published>> all) {
            answered = true;
            if (!all) return wrong("a publish failed: " + all.error().detail);
            const std::size_t first = sent_.size() - all->size();
            for (std::size_t i = 0; i < all->size(); ++i) {
                if ((*all)[i].pos.value != sent_[first + i].pos) wrong("an odd position");
            }
        };
        if (is_public) {
            hub_->publish(std::move(batch), std::move(done));
        } else {
            hub_->publish(std::move(batch), std::move(to), std::nullopt, std::move(done));
            executor_.run_until_idle();
        }
        if (!answered) wrong("a publish was not answered");
    }

    void age() {
        now_ += std::chrono::seconds(200);
        hub_->record().trim(now_);
        record_.age();
    }

    void send_to_client() {
        const std::string token = tokens[take() % tokens.size()];
        if (!clients_.contains(token)) return;
        audience to;
        to.clients.push_back(token);
        publish(std::vector<event>(1), std::move(to));
        sweep();
    }

    void open_durable() {
        const std::uint8_t how = take();
        stream_request r;
        r.client = tokens[how % tokens.size()];
        if (how >= 128) r.from = rewind_last{how / 4 % 8u};
        open(chosen_patterns(), std::move(r));
        sweep();
    }

    void open_fresh() {
        const std::uint8_t how = take();
        stream_request r;
        if (how >= 128) r.from = rewind_last{how % 8u};
        open(chosen_patterns(), std::move(r));
    }

    void open_at_cursor() {
        const std::uint8_t at = take();
        stream_request r;
        // Mostly a recent position, sometimes one that is not there.
        r.last_event_id = at % 16 == 15
                              ? hub_->id_of(position{record_.head + 1})
                              : hub_->id_of(position{
                                    record_.head - std::min(record_.head, std::uint64_t{at} / 4)});
        open(chosen_patterns(), std::move(r));
    }

    void reconnect() {
        with_stream([&](stream& t) {
            stream_request r;
            r.last_event_id = t.out.last_event_id();
            r.client = t.token;
            std::vector<topic_pattern> patterns = t.present();
            std::erase_if(patterns, [](const topic_pattern& p) { return is_internal(p); });
            drop(t);
            if (!patterns.empty()) open(std::move(patterns), std::move(r));
        });
    }

    std::vector<topic_pattern> chosen_patterns() {
        std::vector<topic_pattern> all;
        for (int n = take() % 3; n >= 0; --n) {
            auto p = *topic_pattern::parse(pattern_names[take() % pattern_names.size()]);
            if (std::ranges::find(all, p) == all.end()) all.push_back(std::move(p));
        }
        return all;
    }

    void open(std::vector<topic_pattern> patterns, stream_request r) {
        if (streams_.size() >= max_streams) return;
        auto t = std::make_unique<stream>(opened_ % 2 == 0 ? framing::raw : framing::chunked);
        t->home = hub_->shards()[opened_++ % 2].get();
        if (opened_ % 5 == 0) t->out.per_write = 16;
        r.topics = patterns;
        t->token = r.client;
        if (!t->token.empty()) {
            for (const auto& other : streams_)
                other->replaced = other->replaced || other->token == t->token;
            patterns = clients_[t->token].connect(patterns, max_topics);
            t->values_may_come = clients_[t->token].was_given;
            patterns.emplace_back(client_topic(t->token));
        }
        const std::uint64_t start = expect_opening(*t, patterns, r);
        for (const topic_pattern& p : patterns)
            t->patterns.push_back({p, start, start, forever, sent_.size(), forever, false});
        r.out = &t->out;
        r.profile = &profile_;
        const auto opened = t->home->open(std::move(r));
        if (!opened) return wrong("a stream was refused: " + opened.error().detail);
        t->s = *opened;
        streams_.push_back(std::move(t));
    }

    void drop(stream& t) {
        t.home->remove(*t.s);
        t.out.closed = close_reason::removed;
    }

    std::uint64_t cursor_of(const stream& t) const {
        return cursor::parse(t.home->describe(*t.s).last_event_id)->pos.value;
    }

    void subscribe(stream& t) {
        const auto p = *topic_pattern::parse(pattern_names[take() % pattern_names.size()]);
        const auto known = std::ranges::find_if(t.patterns, [&](const listening& l) {
            return l.pattern == p && l.until_number == forever;
        });
        if (known != t.patterns.end()) return;
        if (t.replaced) return;
        const auto present = t.present();
        const bool full = std::ranges::count_if(present, [](const topic_pattern& x) {
                              return !is_internal(x);
                          }) >= static_cast<std::ptrdiff_t>(max_topics);
        if (!t.home->subscribe(*t.s, p)) return;  // it broke, or has enough
        if (full) wrong("more topics than a stream may have");
        if (!t.token.empty()) clients_[t.token].add(p.str());
        t.patterns.push_back({p, record_.head, record_.head, forever, sent_.size(), forever, true});
    }

    void unsubscribe(stream& t) {
        std::vector<listening*> active;
        for (listening& l : t.patterns) {
            if (l.until_number == forever && !is_internal(l.pattern)) active.push_back(&l);
        }
        if (active.empty() || t.replaced) return;
        listening& l = *active[take() % active.size()];
        // A stream that has not opened has nothing yet.
        const std::uint64_t reached = t.out.events.empty() ? 0 : cursor_of(t);
        if (t.out.events.empty()) t.verdict.clear();  // it opens without this topic
        if (!t.home->unsubscribe(*t.s, l.pattern)) wrong("could not unsubscribe");
        if (!t.token.empty()) clients_[t.token].remove(l.pattern.str());
        l.must_until = reached;
        l.until_number = sent_.size();
        // An event may have been kept for the topic that nobody asks for now.
        if (t.rewound_until != 0) forget_unkept(t, t.present());
    }

    /// Every connection takes everything, until nothing is left to do.
    void settle() {
        for (const int round : {0, 1}) {
            for (bool more = true; more;) {
                run_until_idle();
                more = false;
                for (const auto& t : streams_) {
                    t->out.per_write = fake_connection::unlimited;
                    t->out.fail_at = 0;
                    if (!std::exchange(t->out.blocked, false)) continue;
                    t->home->writable(*t->s);
                    more = true;
                }
            }
            if (round == 0) executor_.advance(std::chrono::seconds(3));
        }
        for (const auto& t : streams_) {
            check(*t, true);
            if (t->home->describe(*t->s).behind) wrong("a stream is behind for ever");
        }
    }

    std::span<const std::uint8_t> input_;
    std::chrono::system_clock::time_point now_{std::chrono::hours(24 * 365 * 50)};
    manual_executor executor_;
    stream_profile profile_;
    std::vector<std::unique_ptr<stream>> streams_;
    std::map<std::string, modelled_client> clients_;  ///< by token
    std::size_t opened_ = 0;
};

}  // namespace carillon::testing
