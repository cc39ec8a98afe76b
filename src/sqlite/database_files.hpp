// Whether a database's files are still those that are open.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <utility>

namespace carillon::sqlite {

/// Which file a path named at a time.
class file_identity {
public:
    static file_identity of(const std::string& path);
    /// Whether it is there and still the same.
    bool holds(const std::string& path) const { return inode_ != 0 && of(path) == *this; }
    friend bool operator==(const file_identity&, const file_identity&) = default;

private:
    std::uint64_t device_ = 0;
    std::uint64_t inode_ = 0;
};

/// A database's file with those that SQLite keeps beside it. What is written to one that was
/// deleted is gone with the process, and SQLite does not notice. Not synchronised.
class database_files {
public:
    /// The file is there; the others may come later. Empty: in memory, always in place.
    explicit database_files(std::string path)
        : path_(std::move(path)), file_(file_identity::of(path_)) {}

    /// False: one of them was deleted or replaced. It may be put back.
    bool in_place();

private:
    std::string path_;
    file_identity file_;
    std::array<file_identity, 2> beside_;  ///< -wal and -shm, once they were seen
};

}  // namespace carillon::sqlite
