#include "sqlite/database_files.hpp"

#include <sys/stat.h>

namespace carillon::sqlite {

file_identity file_identity::of(const std::string& path) {
    struct stat found{};
    file_identity is;
    if (::stat(path.c_str(), &found) != 0) return is;
    is.device_ = found.st_dev;
    is.inode_ = found.st_ino;
    return is;
}

bool database_files::in_place() {
    if (path_.empty()) return true;
    bool there = file_.holds(path_);
    for (std::size_t i = 0; i < beside_.size(); ++i) {
        const std::string path = path_ + (i == 0 ? "-wal" : "-shm");
        if (beside_[i] == file_identity{}) beside_[i] = file_identity::of(path);
        there = there && (beside_[i] == file_identity{} || beside_[i].holds(path));
    }
    return there;
}

}  // namespace carillon::sqlite
