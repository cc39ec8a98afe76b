// One thread that writes, with one transaction for all calls that wait; a few that read.
#include <carillon/store/record_store.hpp>

#include "sqlite/database.hpp"
#include "sqlite/database_files.hpp"
#include "store/sqlite/migrations.hpp"
#include "store/sqlite/sqlite_records.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include <fmt/format.h>

namespace carillon::store {

namespace {

// Writes that share a commit. More would make the first of them wait for the last.
constexpr std::size_t max_group = 512;
constexpr int busy_ms = 2000;
// How long what nobody waits for may wait for company.
constexpr auto linger = std::chrono::milliseconds(5);
// How long a write waits for others if the last commit is not that long ago: most pages of a commit
// are the same for one record and for several, so that a busy server commits less often.
constexpr auto gathering = std::chrono::milliseconds(4);
// A caller that sends one write after the other waits for itself alone: after a wait that brought
// nobody so many commits do not wait.
constexpr int commits_at_once = 64;

struct task {
    record_store::work work;
    record_store::callback done;
};

enum class urgency : std::uint8_t { now, soon };

/// Tasks for one or more threads. Synchronised inside.
class task_queue {
public:
    explicit task_queue(std::size_t most) : most_(most) {}

    /// False if it is full or closed: the task stays the caller's.
    bool push(task& t, urgency u) {
        bool wakes = u == urgency::now;
        {
            const std::lock_guard lock(mutex_);
            if (closed_ || waiting_.size() >= most_) return false;
            // Somebody looks at the clock from the first one on, and while they gather.
            wakes = (wakes || waiting_.empty()) && !gathers_;
            if (u == urgency::now) ++urgent_;
            waiting_.push_back(std::move(t));
        }
        if (wakes) changed_.notify_one();
        return true;
    }

    /// Waits for a task and takes it; none: it is closed and empty.
    std::vector<task> take_one() {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return closed_ || !waiting_.empty(); });
        return take_some(1);
    }

    /// Waits for tasks and gathers up to `limit`; none: it is closed and empty.
    std::vector<task> gather(std::size_t limit) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return closed_ || !waiting_.empty(); });
        changed_.wait_for(lock, linger, [&] { return closed_ || urgent_ != 0; });
        wait_for_company(lock);
        gathered_ = std::chrono::steady_clock::now();
        return take_some(limit);
    }

    /// What waits is still done.
    void close() {
        {
            const std::lock_guard lock(mutex_);
            closed_ = true;
        }
        changed_.notify_all();
    }

private:
    void wait_for_company(std::unique_lock<std::mutex>& lock) {
        if (at_once_ != 0) {
            --at_once_;
            return;
        }
        const std::size_t before = urgent_;
        gathers_ = true;
        const bool ends = changed_.wait_until(lock, gathered_ + gathering, [&] { return closed_; });
        gathers_ = false;
        if (!ends && urgent_ == before) at_once_ = commits_at_once;
    }

    std::vector<task> take_some(std::size_t limit) {
        std::vector<task> taken;
        while (!waiting_.empty() && taken.size() < limit) {
            taken.push_back(std::move(waiting_.front()));
            waiting_.pop_front();
        }
        urgent_ = waiting_.size();
        return taken;
    }

    const std::size_t most_;
    std::mutex mutex_;  // guards all below
    std::condition_variable changed_;
    std::deque<task> waiting_;
    std::size_t urgent_ = 0;  ///< at least so many of them are waited for
    bool gathers_ = false;    ///< whoever takes them looks at the clock
    int at_once_ = 0;         ///< commits that do not wait
    std::chrono::steady_clock::time_point gathered_{};
    bool closed_ = false;
};

/// A connection with its records, used by one thread.
struct session {
    sqlite::connection on;
    sqlite_records all{on};
    query savepoint{on, "SAVEPOINT one"};
    query undo{on, "ROLLBACK TO one"};
    query release{on, "RELEASE one"};
};

class sqlite_record_store final : public record_store {
public:
    static result<std::unique_ptr<record_store>> open(const record_store_options& options) {
        std::unique_ptr<sqlite_record_store> s(new sqlite_record_store(options));
        const file_name file = name_of(options);
        auto writer = connect(file, true);
        if (!writer) return std::unexpected(writer.error());
        if (auto done = migrate((*writer)->on); !done) return std::unexpected(done.error());
        if (options.sync == record_sync::full) {
            if (auto set = (*writer)->on.execute("PRAGMA synchronous = FULL"); !set)
                return std::unexpected(set.error());
        }
        s->writer_ = std::move(*writer);
        query named(s->writer_->on, "SELECT id FROM store");
        auto done = named.each([&](const sqlite::statement& row) { s->id_ = row.bytes(0); });
        if (!done) return std::unexpected(done.error());
        for (std::size_t i = 0; i < options.readers; ++i) {
            auto reader = connect(file, false);
            if (!reader) return std::unexpected(reader.error());
            s->readers_.push_back(std::move(*reader));
        }
        s->files_.emplace(options.path);
        s->start();
        return std::unique_ptr<record_store>(std::move(s));
    }

    ~sqlite_record_store() override { close(); }

    void close() override {
        writes_.close();
        reads_.close();
        for (std::thread& t : threads_) t.join();
        threads_.clear();
    }

    void write(work w, callback done) override {
        add(writes_, {std::move(w), std::move(done)}, urgency::now);
    }
    void write_soon(work w, callback done) override {
        add(writes_, {std::move(w), std::move(done)}, urgency::soon);
    }
    void read(work w, callback done) override {
        add(reads_, {std::move(w), std::move(done)}, urgency::now);
    }

    const std::string& id() const noexcept override { return id_; }

    result<> health() const override {
        const std::lock_guard lock(health_mutex_);
        if (!files_->in_place()) return gone();
        return health_;
    }

private:
    explicit sqlite_record_store(const record_store_options& options)
        : writes_(options.max_waiting), reads_(options.max_waiting) {}

    struct file_name {
        std::string path;
        std::string vfs;
    };
    /// Connections find each other by the name also where there is no file (SQLite's `memdb`).
    static file_name name_of(const record_store_options& options) {
        if (!options.path.empty()) return {options.path, options.vfs};
        static std::atomic<std::uint64_t> last{0};
        return {fmt::format("/carillon-records-{}", ++last), "memdb"};
    }

    static result<std::unique_ptr<session>> connect(const file_name& file, bool writes) {
        const int flags =
            writes ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY;
        auto on = sqlite::connection::open(file.path, flags, file.vfs);
        if (!on) return std::unexpected(on.error());
        sqlite3_busy_timeout(on->handle(), busy_ms);
        on->keep_log();
        if (writes) {
            if (auto ours = check_file(*on); !ours) return std::unexpected(ours.error());
            // A savepoint's journal has no file of its own; pages that many commits write are
            // copied into the file once for all of these.
            auto done = on->execute(
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; "
                "PRAGMA temp_store = MEMORY; PRAGMA wal_autocheckpoint = 4000");
            if (!done) return std::unexpected(done.error());
        }
        return std::make_unique<session>(std::move(*on));
    }

    static void add(task_queue& to, task t, urgency u) {
        if (!to.push(t, u))
            t.done(fail(errc::unavailable, "no more records can be stored for the moment"));
    }

    void start() {
        threads_.emplace_back([this] { write_all(); });
        for (const auto& reader : readers_)
            threads_.emplace_back([this, &on = *reader] { read_all(on); });
    }

    void write_all() {
        for (;;) {
            std::vector<task> group = writes_.gather(max_group);
            if (group.empty()) return;
            std::vector<result<>> outcomes;
            result<> committed = gone();
            if (in_place()) {
                committed = write_group(group, outcomes);
                const std::lock_guard lock(health_mutex_);
                health_ = committed;
            }
            // What is answered as stored is in the file that the next start opens.
            if (committed && !in_place()) committed = gone();
            for (std::size_t i = 0; i < group.size(); ++i)
                group[i].done(committed ? outcomes[i] : committed);
        }
    }

    bool in_place() {
        const std::lock_guard lock(health_mutex_);
        return files_->in_place();
    }
    static result<> gone() {
        return fail(errc::unavailable,
                    "the records' file or its log was deleted or replaced while the server has it: "
                    "put it back, or restart the server");
    }

    result<> write_group(std::vector<task>& group, std::vector<result<>>& outcomes) {
        sqlite::transaction all(writer_->on);
        if (auto begun = all.begin(); !begun) return begun;
        for (task& t : group) {
            auto outcome = write_one(t.work);
            if (!outcome) return std::unexpected(outcome.error());
            outcomes.push_back(std::move(*outcome));
        }
        return all.commit();
    }

    // What the work came to; an error of the savepoints themselves is the whole group's.
    result<result<>> write_one(const work& w) {
        if (auto begun = writer_->savepoint.run(); !begun) return std::unexpected(begun.error());
        auto outcome = w(writer_->all);
        if (!outcome) {
            if (auto undone = writer_->undo.run(); !undone) return std::unexpected(undone.error());
        }
        if (auto released = writer_->release.run(); !released)
            return std::unexpected(released.error());
        return outcome;
    }

    void read_all(session& on) {
        for (;;) {
            std::vector<task> one = reads_.take_one();
            if (one.empty()) return;
            auto outcome = on.on.execute("BEGIN");
            if (outcome) {
                outcome = one.front().work(on.all);
                const auto ended = on.on.execute("COMMIT");
                if (outcome && !ended) outcome = ended;
            }
            one.front().done(std::move(outcome));
        }
    }

    std::string id_;  ///< constant after `open`

    // The threads' own: one writes, each of the others has a reader.
    std::unique_ptr<session> writer_;
    std::vector<std::unique_ptr<session>> readers_;

    task_queue writes_, reads_;
    mutable std::mutex health_mutex_;                      // guards both below
    mutable std::optional<sqlite::database_files> files_;  ///< set in `open`
    result<> health_;
    std::vector<std::thread> threads_;
};

}  // namespace

result<std::unique_ptr<record_store>> open_record_store(record_store_options options) {
    return sqlite_record_store::open(options);
}

result<> check_record_format(const std::string& path) {
    if (!std::filesystem::exists(path)) return {};
    auto on = sqlite::connection::open(path, SQLITE_OPEN_READONLY);
    if (!on) return {};
    sqlite3_busy_timeout(on->handle(), busy_ms);
    if (!on->number("PRAGMA user_version")) return {};
    return check_file(*on);
}

}  // namespace carillon::store
