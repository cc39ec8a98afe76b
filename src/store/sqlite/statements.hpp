// Prepared statements that are made at their first use, and the few conversions of records.
#pragma once

#include <carillon/store/records.hpp>

#include "sqlite/database.hpp"

#include <string>
#include <string_view>
#include <utility>

namespace carillon::store {

inline std::int64_t as_ms(time_point t) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(t.time_since_epoch()).count();
}
inline time_point from_ms(std::int64_t ms) { return time_point(std::chrono::milliseconds(ms)); }

/// SQLite's numbers are signed: a larger one becomes the largest of them.
inline std::int64_t as_signed(std::uint64_t n) {
    return static_cast<std::int64_t>(std::min<std::uint64_t>(n, INT64_MAX));
}

/// One statement of a table. Confined to its connection's thread.
class query {
public:
    query(sqlite::connection& on, std::string_view sql) : on_(&on), sql_(sql) {}

    /// Binds the arguments, numbered from 1, and runs to the end; for what returns no rows. Texts
    /// need to live until it returns. How many rows were changed.
    template <class... Arguments>
    result<std::uint64_t> run(const Arguments&... arguments) {
        if (auto ready = begin(arguments...); !ready) return std::unexpected(ready.error());
        if (auto done = made_.run(); !done) return std::unexpected(done.error());
        return static_cast<std::uint64_t>(sqlite3_changes64(on_->handle()));
    }

    /// Calls `row` with the statement for each row.
    template <class Row, class... Arguments>
    result<> each(Row&& row, const Arguments&... arguments) {
        if (auto ready = begin(arguments...); !ready) return ready;
        for (;;) {
            const auto there = made_.step();
            if (!there) return std::unexpected(there.error());
            if (!*there) return {};
            row(std::as_const(made_));
        }
    }

private:
    template <class... Arguments>
    result<> begin(const Arguments&... arguments) {
        if (!ready_) {
            auto made = on_->prepare(sql_);
            if (!made) return std::unexpected(made.error());
            made_ = std::move(*made);
            ready_ = true;
        }
        int index = 0;
        (bind(++index, arguments), ...);
        return {};
    }
    void bind(int index, std::string_view text) { made_.bind(index, text); }
    void bind(int index, const std::string& text) { made_.bind(index, std::string_view(text)); }
    void bind(int index, std::int64_t number) { made_.bind(index, number); }
    void bind(int index, std::uint64_t number) { made_.bind(index, as_signed(number)); }
    void bind(int index, time_point t) { made_.bind(index, as_ms(t)); }

    sqlite::connection* on_;
    std::string_view sql_;  ///< a literal
    sqlite::statement made_;
    bool ready_ = false;
};

inline std::string text_at(const sqlite::statement& row, int column) {
    return std::string(row.bytes(column));
}

/// What a query for one number says of `what`; 0 without a row.
inline result<std::uint64_t> count_of(query& q, std::string_view what) {
    std::uint64_t count = 0;
    const auto done = q.each(
        [&](const sqlite::statement& row) { count = static_cast<std::uint64_t>(row.number(0)); },
        what);
    if (!done) return std::unexpected(done.error());
    return count;
}

}  // namespace carillon::store
