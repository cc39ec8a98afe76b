#include <carillon/journal/files.hpp>

#include "server/commands.hpp"
#include "server/console.hpp"

#include <filesystem>

#include <fmt/format.h>
#include <unistd.h>

namespace carillon::server {

namespace {

void tell(int percent) {
    if (::isatty(STDERR_FILENO) == 0) return;
    complain_raw(fmt::format("\r{:3} %{}", percent, percent == 100 ? "\n" : ""));
}

int failed(const error& why) {
    complain("carillon: " + why.detail);
    return 1;
}

}  // namespace

int journal_files(const journal_arguments& a) {
    const auto loaded = load(a.sources);
    if (!loaded) {
        complain(loaded.error().detail);
        return 2;
    }
    if (loaded->values.data_dir.empty())
        return failed({errc::invalid_request, "`data_dir` is empty; name the server's folder"});
    const std::string path =
        (std::filesystem::path(loaded->values.data_dir) / "journal.db").string();
    if (a.action == "backup") {
        if (auto done = backup_sqlite_journal(path, a.file, tell); !done)
            return failed(done.error());
        say(fmt::format("{}: {} bytes\n", a.file, std::filesystem::file_size(a.file)));
        return 0;
    }
    if (a.action == "restore") {
        std::error_code why;
        std::filesystem::create_directories(loaded->values.data_dir, why);
        if (auto done = restore_sqlite_journal(a.file, path, a.replace, tell); !done)
            return failed(done.error());
        say(fmt::format("{}: restored from {}\n", path, a.file));
        return 0;
    }
    const std::string checked = a.file.empty() ? path : a.file;
    const auto found = verify_sqlite_journal(checked, tell);
    if (!found) return failed(found.error());
    for (const std::string& problem : found->problems) say(problem + "\n");
    say(fmt::format("{}: {} events in {} topics, {}\n", checked, found->events, found->topics,
                    found->problems.empty() ? "sound" : "damaged"));
    return found->problems.empty() ? 0 : 1;
}

}  // namespace carillon::server
