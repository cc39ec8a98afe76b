#include "server/process_figures.hpp"

#include "server/open_files.hpp"

#include <algorithm>
#include <ctime>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <sys/resource.h>
#include <unistd.h>

namespace carillon::server {

namespace {

/// Fields of /proc/self/stat from the third on: those after the name, which may hold blanks.
std::vector<double> process_numbers() {
    std::ifstream file("/proc/self/stat");
    std::string text;
    std::getline(file, text);
    std::istringstream fields(text.substr(std::min(text.rfind(')') + 1, text.size())));
    std::string state;
    fields >> state;
    std::vector<double> all;
    for (double n = 0; fields >> n;) all.push_back(n);
    return all;
}

double boot_time() {
    std::ifstream file("/proc/stat");
    for (std::string word; file >> word;) {
        double seconds = 0;
        if (word == "btime" && file >> seconds) return seconds;
    }
    return 0;
}

}  // namespace

process_figures read_process() {
    constexpr std::size_t start_ticks = 18;  // field 22 of proc(5)
    constexpr std::size_t resident_pages = 20;
    process_figures p;
    const auto numbers = process_numbers();
    if (numbers.size() > resident_pages) {
        p.resident_bytes = static_cast<std::uint64_t>(numbers[resident_pages] *
                                                      static_cast<double>(::sysconf(_SC_PAGESIZE)));
        static const double booted = boot_time();
        p.started = booted + numbers[start_ticks] / static_cast<double>(::sysconf(_SC_CLK_TCK));
    }
    p.cpu_seconds = static_cast<double>(std::clock()) / static_cast<double>(CLOCKS_PER_SEC);
    static open_files files;
    p.open_files = files.count();
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    p.max_files = limit.rlim_cur;
    return p;
}

}  // namespace carillon::server
