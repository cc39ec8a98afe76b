// Copies the write-ahead log into the file, so that it begins anew and stays small.
#pragma once

#include <carillon/base/result.hpp>
#include <carillon/journal/open.hpp>

#include "sqlite/database.hpp"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace carillon::sqlite {

/// A thread with a connection of its own. Most of the log is copied while others write; the rest,
/// and the step that lets it begin anew, while nobody does. The log stays below `pages_to_wait` and
/// a transaction, unless a reader outside of the server keeps it (a backup does).
///
/// Thread-safe.
class checkpointer {
public:
    /// `writing` is held by whoever has a transaction open.
    checkpointer(const sqlite_journal_options& options, std::mutex& writing);
    ~checkpointer();
    checkpointer(const checkpointer&) = delete;
    checkpointer& operator=(const checkpointer&) = delete;

    result<> start();

    /// After each transaction: how long the log is. Holds `writing`.
    void note_size(int pages);
    /// More was written than the copying has kept up with: write no more for now.
    bool is_behind() const noexcept;
    /// Returns when it is behind no longer. Without `writing`.
    void wait();

    /// Bytes that the log may have when nobody is behind; more is given back to the disk.
    static constexpr int kept_bytes = 64 << 20;

private:
    void run();
    /// False: a reader outside keeps the log, or the disk fails.
    bool copy_all();
    int copy(int mode);

    const sqlite_journal_options& options_;
    std::mutex& writing_;
    connection on_;
    std::atomic<int> pages_{0};
    std::atomic<bool> copying_{false};

    std::mutex mutex_;  ///< guards what follows
    std::condition_variable wanted_;
    std::condition_variable copied_;
    bool stopping_ = false;

    std::thread thread_;
};

}  // namespace carillon::sqlite
