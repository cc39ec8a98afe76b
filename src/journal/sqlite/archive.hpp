// A reader's side of the file: one connection, short snapshots.
#pragma once

#include <carillon/journal/open.hpp>

#include "journal/start.hpp"
#include "journal/time_line.hpp"
#include "sqlite/database.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace carillon::sqlite {

/// The topics that a reader's patterns match, as rows of `topics`.
struct topic_rows {
    std::vector<std::int64_t> rows;  ///< sorted; empty if dense
    /// Whether reading everything and leaving out what does not match is cheaper than merging.
    bool dense = false;

    bool none() const noexcept { return rows.empty() && !dense; }
};

/// Confined to one thread at a time. What is asked between `begin` and `end` sees one state of the
/// file; a long one would stop checkpoints.
class archive {
public:
    static result<archive> open(const sqlite_journal_options& options);

    result<> begin();
    void end();
    /// Ends what was under way when something threw.
    void give_up();

    /// Events of the topics after `after` and up to `upto`, oldest first: a page of them. `matches`
    /// is asked for topics by name where all events are read.
    result<read_page> read(const topic_rows& topics, const read_query& q,
                           std::chrono::system_clock::time_point now);
    /// The newest events up to `upto`, newest first. May end the snapshot and begin another.
    result<std::vector<stored_size>> newest(const topic_rows& topics, const matcher_set& patterns,
                                            std::uint64_t upto, const newest_query& q);
    result<std::optional<found_cursor>> find_own_id(std::string_view id, const topic_rows& topics,
                                                    const matcher_set& patterns,
                                                    std::uint64_t upto);
    /// A page of the events that wait for their time; damaged ones are left out.
    result<scheduled_page> scheduled(const scheduled_query& q);
    /// The position just before the first event up to `upto`, of any topic, that may have been
    /// stored at or after `t`, as it looks at `now`; nothing if there is none.
    result<std::optional<std::uint64_t>> before_time(std::chrono::system_clock::time_point t,
                                                     std::uint64_t upto, const time_line& times,
                                                     std::chrono::system_clock::time_point now);

private:
    result<std::vector<std::uint64_t>> positions(const topic_rows& topics, const read_query& q);
    result<read_page> merge(const topic_rows& topics, const read_query& q,
                            std::chrono::system_clock::time_point now);
    result<std::optional<std::uint64_t>> scan_back(const matcher_set& patterns, std::uint64_t upto,
                                                   const newest_query& q,
                                                   std::vector<stored_size>& all);
    result<read_page> scan(const read_query& q, std::chrono::system_clock::time_point now);

    result<bool> has_match(const matcher_set& patterns, std::uint64_t pos);
    result<std::optional<time_line::stamped>> first_since(std::chrono::system_clock::time_point t,
                                                          std::uint64_t from, std::uint64_t to);

    connection connection_;
    statement pin_, after_, newest_, event_, scan_, scan_back_, own_id_, all_own_ids_, at_,
        scheduled_, scheduled_one_;
};

}  // namespace carillon::sqlite
