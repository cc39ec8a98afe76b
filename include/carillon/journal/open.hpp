// Journals to choose from, and how much they take.
#pragma once

#include <carillon/journal/journal.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace carillon {

/// What a journal takes at most. Whatever would go beyond is refused with `unavailable`; but of
/// keys the oldest is forgotten, and of topics of which nothing is kept the one that was trimmed
/// first.
struct journal_limits {
    std::size_t max_topics = 1'000'000;
    std::size_t max_empty_topics = 100'000;         ///< topics of which only the trim mark is left
    std::size_t max_scheduled = 100'000;            ///< events that wait for their time
    std::uint64_t max_scheduled_bytes = 64u << 20;  ///< of `event::size()`
    std::uint64_t max_retained_bytes = 64u << 20;   ///< of last values, once for each topic
    std::size_t max_keys = 500'000;                 ///< idempotency keys
};

struct memory_journal_options {
    retention_lookup retention_of = {};  ///< empty: the default `retention` for all
    /// Memory that it takes in all, within a tenth: topics, events, keys and what waits. The oldest
    /// events make room for new ones.
    std::uint64_t max_bytes = 256u << 20;
    journal_limits limits = {};
    std::chrono::seconds idempotency_window = std::chrono::hours(24);
    std::function<std::chrono::system_clock::time_point()> now = {};  ///< empty: the system clock
};

/// Keeps events in memory: a restart forgets them, and a cursor from before is answered `reset`.
std::unique_ptr<journal> make_memory_journal(memory_journal_options options);

enum class journal_sync : std::uint8_t {
    normal,  ///< an answered event survives the end of the process, not always a power failure
    full,    ///< it survives both: each group of appends waits for the disk
};

struct sqlite_journal_options {
    std::string path;  ///< of the file; its folder must exist
    journal_sync sync = journal_sync::normal;
    retention_lookup retention_of = {};  ///< empty: the default `retention` for all
    journal_limits limits = {};
    std::chrono::seconds idempotency_window = std::chrono::hours(24);
    std::size_t max_queued_events = 100'000;  ///< not yet stored; beyond: `unavailable`
    std::size_t max_queued_bytes = 64u << 20;
    std::size_t recent_events = 32'768;  ///< kept in memory too, for readers
    std::size_t recent_bytes = 8u << 20;
    std::size_t readers = 2;           ///< threads
    std::size_t index_batch = 24'576;  ///< events that wait to be indexed together
    std::function<std::chrono::system_clock::time_point()> now = {};  ///< empty: the system clock
    std::string vfs = {};  ///< SQLite's name of a file layer, for tests; empty: the system's
};

/// Keeps events in an SQLite database (WAL). Errors: `unavailable` (another server has the file),
/// `io_error` (no such folder, no right to write, damaged, of another program or a later version).
result<std::unique_ptr<journal>> open_sqlite_journal(sqlite_journal_options options);

}  // namespace carillon
