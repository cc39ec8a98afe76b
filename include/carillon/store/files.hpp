// Tools for the file of records: copies, and whether one is sound.
#pragma once

#include <carillon/base/result.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace carillon::store {

/// The records as they are at one moment, also while a server uses them. Confined to one thread.
class record_snapshot {
public:
    /// From here on nobody writes to the file until `let_go`: what else has to be copied as of the
    /// same moment is looked at in between, for a few milliseconds. Errors: `io_error` (no such
    /// file, another program's, a later version's), `unavailable`.
    static result<record_snapshot> take(const std::string& path);
    void let_go();
    /// Into a file that must not exist. Errors: `conflict` (it does), `io_error`, `unavailable` (no
    /// room).
    result<> copy_to(const std::string& to, const std::function<void(int)>& tell = {});

    record_snapshot(record_snapshot&&) noexcept;
    record_snapshot& operator=(record_snapshot&&) noexcept;
    ~record_snapshot();

private:
    struct connections;
    explicit record_snapshot(std::unique_ptr<connections> on);
    std::unique_ptr<connections> on_;
};

/// Puts a copy where a server will look for its records, while none uses them. `replace`: what is
/// there is moved aside, to a name with `.replaced-` and the time. Errors as above.
result<> restore_records(const std::string& from, const std::string& path, bool replace,
                         const std::function<void(int)>& tell = {});

/// What is wrong with the file; empty: it is sound. Also while a server uses it.
result<std::vector<std::string>> verify_records(const std::string& path);

}  // namespace carillon::store
