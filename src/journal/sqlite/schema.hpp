// The tables of a journal's file, and what is checked when one is opened.
#pragma once

#include <carillon/journal/open.hpp>

#include "journal/epochs.hpp"
#include "journal/time_line.hpp"
#include "sqlite/database.hpp"

#include <cstdint>
#include <set>
#include <string>
#include <vector>

namespace carillon::sqlite {

// events        one row per event, by position
// topics        each topic that has events or a trim mark
// topic_events  which events a topic has. Written in batches, so it lags behind `events`: up to
//               `meta.indexed` it is complete
// own_ids       publishers' own ids, likewise
// scheduled     events that wait for their time
// retained      the last value of topics that have one
// expiring      events whose content goes at a time
// answers       what appends with an idempotency key came to, oldest first
// held_answers  the same of keys that are held until whoever uses them lets go
// epochs        each opening of the file, with the positions that it gave
// clock_turns   where the clock went back
// damaged       events whose record was damaged before it was known what topics they have

/// Of this program: "Cari".
inline constexpr std::int32_t application_id = 0x43617269;
inline constexpr int schema_version = 4;

/// What the file knew when it was opened.
struct contents {
    std::uint64_t head = 0;
    std::uint64_t indexed = 0;
    std::uint64_t forgotten = 0;  ///< trim mark of topics that are no longer known
    std::int64_t newest_ms = 0;   ///< when the newest event was stored
    std::vector<time_line::turn> turns;
    std::vector<epoch_range> epochs;  ///< the last is this opening
    std::set<std::uint64_t> damaged;  ///< positions, as in the table
};

/// Creates what is missing, brings an older format up to date, refuses what is not ours, ends the
/// last epoch and begins `name`. All or nothing.
result<contents> prepare_file(connection& on, const std::string& name);

/// The same without writing, for a disk that is full: the file lacks the epoch until `begin_epoch`.
/// Refuses an older format.
result<contents> read_file(connection& on, const std::string& name);

/// In a transaction: ends the last epoch of the file and begins the present one.
result<> begin_epoch(connection& on, const epoch_range& present);

/// For every connection of a journal.
result<> configure(connection& on, journal_sync sync, int cache_kib);

/// Refuses a file that another program wrote, a damaged one, and a later version's.
result<> check_file(connection& on);

}  // namespace carillon::sqlite
