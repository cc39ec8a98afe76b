// The same tests for every journal, whatever it keeps events in.
#pragma once

#include "journal/journal_fixture.hpp"

namespace carillon::testing {

enum class journal_kind {
    memory,
    sqlite,
    file_alone,  ///< SQLite with next to nothing in memory, indexed event by event
};

class journals : public ::testing::TestWithParam<journal_kind>, public journal_user {
protected:
    journals() { build(); }

    void build(retention_lookup retention_of = {}, const journal_limits& limits = {}) {
        close();
        file_ = std::make_unique<journal_file>();
        open(std::move(retention_of), limits);
    }
    /// On the file that is there, if the journal has one.
    void open(retention_lookup retention_of = {}, const journal_limits& limits = {}) {
        close();
        if (GetParam() == journal_kind::memory) {
            use(make_memory_journal({.retention_of = std::move(retention_of),
                                     .limits = limits,
                                     .now = [this] { return now_.load(); }}));
            return;
        }
        sqlite_journal_options options;
        options.path = file_->path();
        options.retention_of = std::move(retention_of);
        options.limits = limits;
        options.now = [this] { return now_.load(); };
        if (GetParam() == journal_kind::file_alone) {
            options.recent_events = 1;
            options.index_batch = 1;
        }
        auto opened = open_sqlite_journal(std::move(options));
        ASSERT_TRUE(opened) << opened.error().detail;
        use(std::move(*opened));
    }
    void pass(std::chrono::seconds time) { now_.store(now_.load() + time); }
    template <class Condition>
    bool soon(Condition&& holds) {
        return comes_true(std::forward<Condition>(holds), now_.load());
    }
    bool soon_reads(names patterns, const numbers& expected) {
        return soon([&] { return positions(read(patterns)) == expected; });
    }

    std::unique_ptr<journal_file> file_;
    std::atomic<system_clock::time_point> now_{system_clock::time_point(1'000'000s)};
};

inline const auto every_journal =
    ::testing::Values(journal_kind::memory, journal_kind::sqlite, journal_kind::file_alone);

inline std::string name_of(const ::testing::TestParamInfo<journal_kind>& chosen) {
    switch (chosen.param) {
        case journal_kind::memory:
            return "memory";
        case journal_kind::sqlite:
            return "sqlite";
        case journal_kind::file_alone:
            break;
    }
    return "file_alone";
}

}  // namespace carillon::testing
