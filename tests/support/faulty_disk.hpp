// A disk that fails on demand, as a file layer (VFS) of SQLite: full, failing at the n-th write, or
// without power, when all is forgotten that was not synced.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>

#include <sqlite3.h>

namespace carillon::testing {

/// One at a time: it is registered under one name. Thread-safe.
class faulty_disk {
public:
    static constexpr const char* name = "faulty";

    faulty_disk();
    ~faulty_disk();
    faulty_disk(const faulty_disk&) = delete;
    faulty_disk& operator=(const faulty_disk&) = delete;

    /// No write that makes a file longer succeeds from now on; or all do.
    void set_full(bool full);
    /// The n-th write from now fails, and all after it until this is called again. 0: none.
    void fail_at(std::uint64_t nth);
    std::uint64_t writes() const;
    /// Nothing reaches the disk any more.
    void cut_power();
    /// Power again: puts the files of a journal that is closed back to what was synced.
    void power_on(const std::string& path);

    // For the file layer.
    int before_write(sqlite3_file* file, std::int64_t end);
    int sync(sqlite3_file* file, int flags, const std::string& path);

private:
    mutable std::mutex mutex_;  // guards all below
    bool full_ = false;
    bool powered_ = true;
    std::uint64_t fail_at_ = 0;
    std::uint64_t writes_ = 0;
    std::map<std::string, std::string> synced_;  ///< file -> contents
};

}  // namespace carillon::testing
