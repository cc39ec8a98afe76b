#include "journal/sqlite/checkpointer.hpp"

#include "journal/sqlite/schema.hpp"

#include <algorithm>
#include <chrono>
#include <climits>
#include <filesystem>

namespace carillon::sqlite {

namespace {

// Pages of the log (4 KiB each) from which on it is copied, and from which on writers wait for
// that.
constexpr int page_bytes = 4096;
constexpr int pages_to_copy = 8'000;
constexpr int pages_to_wait = 16'000;
// What is left after so many is worth another round while others write.
constexpr int pages_for_another_round = 1'000;
constexpr int cache_kib = 64;
// A reader of the journal's own has its snapshot for less; one that has it for longer is a backup.
constexpr int reader_patience_ms = 100;
constexpr std::chrono::seconds pause_after_failure{5};

}  // namespace

checkpointer::checkpointer(const sqlite_journal_options& options, std::mutex& writing)
    : options_(options), writing_(writing) {}

checkpointer::~checkpointer() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wanted_.notify_one();
    copied_.notify_all();
    if (thread_.joinable()) thread_.join();
}

result<> checkpointer::start() {
    auto opened = connection::open(options_.path, SQLITE_OPEN_READWRITE, options_.vfs);
    if (!opened) return std::unexpected(opened.error());
    on_ = std::move(*opened);
    if (auto done = configure(on_, options_.sync, cache_kib); !done) return done;
    sqlite3_busy_timeout(on_.handle(), reader_patience_ms);
    std::error_code none;
    const auto left_behind = std::filesystem::file_size(options_.path + "-wal", none);
    if (!none)
        note_size(static_cast<int>(std::min<std::uintmax_t>(left_behind / page_bytes, INT_MAX)));
    thread_ = std::thread([this] { run(); });
    return {};
}

void checkpointer::note_size(int pages) {
    pages_.store(pages, std::memory_order_relaxed);
    if (pages < pages_to_copy) return;
    // No lock: a wake-up that gets lost is made up for by the next transaction, or within a second.
    wanted_.notify_one();
}

bool checkpointer::is_behind() const noexcept {
    return copying_.load(std::memory_order_relaxed) &&
           pages_.load(std::memory_order_relaxed) >= pages_to_wait;
}

void checkpointer::wait() {
    if (!is_behind()) return;
    std::unique_lock lock(mutex_);
    copied_.wait(lock, [this] { return stopping_ || !is_behind(); });
}

void checkpointer::run() {
    std::chrono::steady_clock::time_point not_before{};
    std::unique_lock lock(mutex_);
    while (!stopping_) {
        wanted_.wait_for(lock, std::chrono::seconds(1));
        if (stopping_ || pages_.load(std::memory_order_relaxed) < pages_to_copy ||
            std::chrono::steady_clock::now() < not_before)
            continue;
        copying_.store(true, std::memory_order_relaxed);
        lock.unlock();
        const bool done = copy_all();
        lock.lock();
        copying_.store(false, std::memory_order_relaxed);
        copied_.notify_all();
        if (!done) not_before = std::chrono::steady_clock::now() + pause_after_failure;
    }
}

bool checkpointer::copy_all() {
    const int before = pages_.load(std::memory_order_relaxed);
    copy(SQLITE_CHECKPOINT_PASSIVE);
    const int grown = pages_.load(std::memory_order_relaxed) - before;
    if (grown > pages_for_another_round) copy(SQLITE_CHECKPOINT_PASSIVE);
    const std::lock_guard nobody_writes(writing_);
    const bool large = pages_.load(std::memory_order_relaxed) >= pages_to_wait;
    const int code = copy(large ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_RESTART);
    if (code != SQLITE_OK) return false;
    pages_.store(0, std::memory_order_relaxed);
    return true;
}

int checkpointer::copy(int mode) {
    return sqlite3_wal_checkpoint_v2(on_.handle(), nullptr, mode, nullptr, nullptr);
}

}  // namespace carillon::sqlite
