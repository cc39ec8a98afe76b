// Where records are kept: transactions, one writer.
#pragma once

#include <carillon/store/records.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace carillon::store {

enum class record_sync : std::uint8_t {
    normal,  ///< what is answered survives the end of the process, not always a power failure
    full,    ///< it survives both: each commit waits for the disk
};

struct record_store_options {
    std::string path;  ///< of the file; its folder must exist. Empty: in memory, gone at the end
    std::size_t max_waiting = 10'000;  ///< writes not committed yet; more: `unavailable`
    std::size_t readers = 2;           ///< threads
    record_sync sync = record_sync::normal;
    std::string vfs = {};  ///< SQLite's name of a file layer, for tests; empty: the system's
};

/// Thread-safe. Both callbacks of a call run on a thread of the store, once: `done` after `work`,
/// and of a write after the commit. Neither may block or call the store and wait.
class record_store {
public:
    virtual ~record_store() = default;

    using work = std::function<result<>(records&)>;
    using callback = std::function<void(result<>)>;
    /// All or nothing: what `work` did is undone when it fails, and the error is the answer. Writes
    /// that wait share a commit, and one that fails undoes nothing of the others. In order.
    virtual void write(work w, callback done) = 0;
    /// The same for what nobody waits for: it goes with the next write, or by itself a few
    /// milliseconds later, so that it seldom costs a commit of its own.
    virtual void write_soon(work w, callback done) = 0;
    /// Sees one moment. Writing in it is an error.
    virtual void read(work w, callback done) = 0;

    /// Does what waits, ends the threads, and answers whatever comes later with `unavailable`. Not
    /// from a callback. What still has a reference finds an object that refuses.
    virtual void close() = 0;

    /// Names the file: random, made with it. Numbers that the store gives are unique together with
    /// this.
    virtual const std::string& id() const noexcept = 0;

    /// Whether records can be stored now; an error goes away by itself.
    virtual result<> health() const = 0;
};

/// Runs `ask` on the records and hands its answer over; on a thread of the store.
template <class T, class Ask>
void read_one(record_store& from, Ask ask, std::function<void(result<T>)> done) {
    auto answer = std::make_shared<T>();
    from.read(
        [answer, ask = std::move(ask)](records& r) -> result<> {
            auto found = ask(r);
            if (!found) return std::unexpected(found.error());
            *answer = std::move(*found);
            return {};
        },
        [answer, done = std::move(done)](result<> ok) {
            if (!ok) return done(std::unexpected(ok.error()));
            done(std::move(*answer));
        });
}

/// Opens or creates a file, and brings an older one up to date in one transaction. Errors:
/// `unavailable` (the disk is full, another server has it), `io_error` (damaged, another program's,
/// made by a later version).
result<std::unique_ptr<record_store>> open_record_store(record_store_options options);

/// Refuses a file that is another program's or a later version's, with `io_error`, and changes
/// nothing in it. One that is not there, or cannot be read, passes: opening it says why.
result<> check_record_format(const std::string& path);

}  // namespace carillon::store
