// A program in a process of its own, which does not outlive the test.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::testing {

/// How long a test waits for what has to come.
inline constexpr std::chrono::seconds patience{10};

using strings = std::vector<std::string>;

/// Confined to one thread. Standard output and error are read together.
class process {
public:
    /// `environment` is added to this process's own, less what begins with `CARILLON_`.
    explicit process(strings arguments, strings environment = {});
    /// Ends it by force if it still runs.
    ~process();
    process(const process&) = delete;
    process& operator=(const process&) = delete;

    void write(std::string_view text) const;
    /// The end of its standard input.
    void close_input();
    /// Nobody reads any more what it prints.
    void close_output();
    /// False if it ends before, or `patience` does.
    bool read_until(std::string_view text);
    /// All that it has printed until now, and been read.
    const std::string& output() const noexcept { return output_; }
    int pid() const noexcept { return pid_; }
    void signal(int number) const;
    bool running();
    /// True if it ends before `patience` does, without what it prints being read.
    bool ends();
    /// Its exit status, or 128 plus the signal that ended it, when all that it printed is read; -1
    /// if `patience` ends before.
    int wait();

private:
    bool read_some(std::chrono::steady_clock::time_point deadline);
    void reap(int options);

    int pid_ = -1;
    int input_ = -1;
    int printed_ = -1;
    int status_ = -1;
    std::string output_;
};

struct finished {
    int status = 0;
    std::string output;
};

/// Runs the server's binary with these arguments until it ends.
finished run_carillon(strings arguments, std::string_view input = {}, strings environment = {});

/// The server (`CARILLON_BINARY`, or what TEST_SERVER in the environment names) and what follows it
/// on the command line.
strings carillon(strings arguments);

}  // namespace carillon::testing
