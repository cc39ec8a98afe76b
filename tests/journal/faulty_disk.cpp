#include "support/faulty_disk.hpp"

#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <new>

namespace carillon::testing {

namespace {

faulty_disk* disk = nullptr;
sqlite3_vfs* real = nullptr;
sqlite3_vfs layer{};
sqlite3_io_methods methods{};

/// The real file follows in memory.
struct wrapped {
    sqlite3_file base;
    std::string* path;
    sqlite3_file* inner() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};

wrapped& of(sqlite3_file* f) { return *reinterpret_cast<wrapped*>(f); }
sqlite3_file* inner(sqlite3_file* f) { return of(f).inner(); }

int close_file(sqlite3_file* f) {
    const int done = inner(f)->pMethods->xClose(inner(f));
    delete of(f).path;
    return done;
}
int write_file(sqlite3_file* f, const void* bytes, int size, sqlite3_int64 at) {
    if (const int why = disk->before_write(f, at + size); why != SQLITE_OK) return why;
    return inner(f)->pMethods->xWrite(inner(f), bytes, size, at);
}
int sync_file(sqlite3_file* f, int flags) { return disk->sync(f, flags, *of(f).path); }

int open_file(sqlite3_vfs*, const char* path, sqlite3_file* f, int flags, int* out) {
    auto& file = *new (f) wrapped{};
    const int done = real->xOpen(real, path, file.inner(), flags, out);
    if (file.inner()->pMethods == nullptr) return done;
    file.path = new std::string(path == nullptr ? "" : path);
    file.base.pMethods = &methods;
    return done;
}

std::string contents(const std::string& path) {
    std::ifstream in(path, std::ios::binary | std::ios::ate);
    const auto size = in.tellg();
    std::string all(size > 0 ? static_cast<std::size_t>(size) : 0, '\0');
    in.seekg(0).read(all.data(), static_cast<std::streamsize>(all.size()));
    return all;
}

}  // namespace

faulty_disk::faulty_disk() {
    disk = this;
    real = sqlite3_vfs_find(nullptr);
    layer = *real;
    layer.zName = name;
    layer.szOsFile = static_cast<int>(sizeof(wrapped)) + real->szOsFile;
    layer.pNext = nullptr;
    layer.xOpen = open_file;
    methods.iVersion = 2;
    methods.xClose = close_file;
    methods.xRead = [](sqlite3_file* f, void* to, int n, sqlite3_int64 at) {
        return inner(f)->pMethods->xRead(inner(f), to, n, at);
    };
    methods.xWrite = write_file;
    methods.xTruncate = [](sqlite3_file* f, sqlite3_int64 size) {
        return inner(f)->pMethods->xTruncate(inner(f), size);
    };
    methods.xSync = sync_file;
    methods.xFileSize = [](sqlite3_file* f, sqlite3_int64* size) {
        return inner(f)->pMethods->xFileSize(inner(f), size);
    };
    methods.xLock = [](sqlite3_file* f, int l) { return inner(f)->pMethods->xLock(inner(f), l); };
    methods.xUnlock = [](sqlite3_file* f, int l) {
        return inner(f)->pMethods->xUnlock(inner(f), l);
    };
    methods.xCheckReservedLock = [](sqlite3_file* f, int* out) {
        return inner(f)->pMethods->xCheckReservedLock(inner(f), out);
    };
    methods.xFileControl = [](sqlite3_file* f, int op, void* arg) {
        return inner(f)->pMethods->xFileControl(inner(f), op, arg);
    };
    methods.xSectorSize = [](sqlite3_file* f) { return inner(f)->pMethods->xSectorSize(inner(f)); };
    methods.xDeviceCharacteristics = [](sqlite3_file* f) {
        return inner(f)->pMethods->xDeviceCharacteristics(inner(f));
    };
    methods.xShmMap = [](sqlite3_file* f, int page, int size, int extend, void volatile** out) {
        return inner(f)->pMethods->xShmMap(inner(f), page, size, extend, out);
    };
    methods.xShmLock = [](sqlite3_file* f, int offset, int n, int flags) {
        return inner(f)->pMethods->xShmLock(inner(f), offset, n, flags);
    };
    methods.xShmBarrier = [](sqlite3_file* f) { inner(f)->pMethods->xShmBarrier(inner(f)); };
    methods.xShmUnmap = [](sqlite3_file* f, int remove) {
        return inner(f)->pMethods->xShmUnmap(inner(f), remove);
    };
    sqlite3_vfs_register(&layer, 0);
}

faulty_disk::~faulty_disk() {
    sqlite3_vfs_unregister(&layer);
    disk = nullptr;
}

void faulty_disk::set_full(bool full) {
    const std::lock_guard lock(mutex_);
    full_ = full;
}

void faulty_disk::fail_at(std::uint64_t nth) {
    const std::lock_guard lock(mutex_);
    fail_at_ = nth;
    writes_ = 0;
}

std::uint64_t faulty_disk::writes() const {
    const std::lock_guard lock(mutex_);
    return writes_;
}

int faulty_disk::before_write(sqlite3_file* file, std::int64_t end) {
    const std::lock_guard lock(mutex_);
    ++writes_;
    if (!powered_) return SQLITE_IOERR_WRITE;
    if (fail_at_ != 0 && writes_ >= fail_at_) return SQLITE_IOERR_WRITE;
    if (!full_) return SQLITE_OK;
    sqlite3_int64 size = 0;
    inner(file)->pMethods->xFileSize(inner(file), &size);
    return end > size ? SQLITE_FULL : SQLITE_OK;
}

int faulty_disk::sync(sqlite3_file* file, int flags, const std::string& path) {
    {
        const std::lock_guard lock(mutex_);
        if (!powered_) return SQLITE_IOERR_FSYNC;
    }
    const int done = inner(file)->pMethods->xSync(inner(file), flags);
    if (done != SQLITE_OK) return done;
    std::string now = contents(path);
    const std::lock_guard lock(mutex_);
    synced_[path] = std::move(now);
    return done;
}

void faulty_disk::cut_power() {
    const std::lock_guard lock(mutex_);
    powered_ = false;
}

void faulty_disk::power_on(const std::string& path) {
    const std::lock_guard lock(mutex_);
    powered_ = true;
    for (const char* suffix : {"", "-wal"}) {
        const auto kept = synced_.find(path + suffix);
        if (kept == synced_.end()) {
            std::remove((path + suffix).c_str());
            continue;
        }
        std::ofstream(path + suffix, std::ios::binary | std::ios::trunc) << kept->second;
    }
    std::remove((path + "-shm").c_str());
}

}  // namespace carillon::testing
