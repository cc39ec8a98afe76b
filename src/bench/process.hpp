// The processes that are measured: a server of our own, the floor, or one that runs already.
#pragma once

#include <carillon/base/result.hpp>

#include "bench/floor.hpp"
#include "bench/socket.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

namespace carillon::bench {

/// A child that is killed and reaped with this object. It is killed as well if this process ends in
/// any other way.
class child_process {
public:
    child_process() = default;
    explicit child_process(pid_t pid) noexcept : pid_(pid) {}
    child_process(child_process&& other) noexcept : pid_(std::exchange(other.pid_, 0)) {}
    child_process& operator=(child_process&& other) noexcept {
        std::swap(pid_, other.pid_);
        return *this;
    }
    ~child_process() { kill(); }

    pid_t pid() const noexcept { return pid_; }
    void kill() noexcept;
    bool has_ended() noexcept;

private:
    pid_t pid_ = 0;
};

/// What is measured, as the cases see it. All figures are of the whole process.
/// A folder for a run's data, emptied at the end.
class scratch_folder {
public:
    scratch_folder();
    ~scratch_folder();
    scratch_folder(const scratch_folder&) = delete;
    scratch_folder& operator=(const scratch_folder&) = delete;
    const std::string& path() const noexcept { return path_; }

private:
    std::string path_;
};

class subject {
public:
    /// `carillon serve --listen 127.0.0.1:PORT`, this very binary, plus `arguments`; waits until
    /// `/ready` says so. Its data is in a folder that goes with it.
    static result<subject> start_server(const std::vector<std::string>& arguments);
    /// The bare loop, in a process of its own.
    static result<subject> start_floor(const floor_script& script);
    /// A server that runs already; without its process number CPU and memory stay unknown (0).
    static subject running(const target& where, pid_t pid);

    const target& where() const noexcept { return where_; }
    bool is_ours() const noexcept { return child_.pid() != 0; }
    bool has_process() const noexcept { return pid_ != 0; }

    /// CPU time of all threads so far (/proc/PID/task/*/schedstat: exact for threads that sleep at
    /// this moment).
    std::uint64_t cpu_ns() const;
    /// Proportional set size: private pages, and the process's share of shared ones.
    std::uint64_t pss_bytes() const;
    /// Floor only: CPU time inside its loops of `send`, and nothing around them.
    std::uint64_t floor_send_ns() const noexcept;

    /// Ends it, as the kernel does it: its ends of the connections are closed.
    void kill() noexcept { child_.kill(); }

private:
    target where_;
    std::shared_ptr<const scratch_folder> data_;  ///< outlives the process that writes there
    child_process child_;
    pid_t pid_ = 0;
    std::shared_ptr<const floor_counters> counters_;  ///< shared with the floor's process
};

/// The sum of the first fields of the schedstat files; 0 if the process is gone.
std::uint64_t cpu_ns_of(pid_t pid);
/// From smaps_rollup; 0 if the process is gone.
std::uint64_t pss_bytes_of(pid_t pid);

}  // namespace carillon::bench
