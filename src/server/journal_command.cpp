#include <carillon/journal/files.hpp>
#include <carillon/store/files.hpp>
#include <carillon/store/record_store.hpp>

#include "server/applications.hpp"
#include "server/commands.hpp"
#include "server/console.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

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

/// Where the copy of the records lies, beside that of the journal.
std::string records_beside(const std::string& file) { return file + ".records"; }

struct files {
    std::string journal;
    std::string records;  ///< may be missing
};

int back_up(const files& of, const std::string& to) {
    const std::string records_to = records_beside(to);
    for (const std::string& made : {to, records_to}) {
        if (std::filesystem::exists(made))
            return failed({errc::conflict, fmt::format("{} exists already", made)});
    }
    // While nobody writes records, both files show one moment: no record without its event, which
    // is in the journal or waits beside the record, and no event without its record.
    std::optional<store::record_snapshot> records;
    if (std::filesystem::is_regular_file(of.records)) {
        auto taken = store::record_snapshot::take(of.records);
        if (!taken) return failed(taken.error());
        records = std::move(*taken);
    }
    const auto fixed = [&] {
        if (records) records->let_go();
    };
    if (auto done = backup_sqlite_journal(of.journal, to, tell, fixed); !done)
        return failed(done.error());
    say(fmt::format("{}: {} bytes\n", to, std::filesystem::file_size(to)));
    if (!records) return 0;
    if (auto done = records->copy_to(records_to, tell); !done) return failed(done.error());
    say(fmt::format("{}: {} bytes\n", records_to, std::filesystem::file_size(records_to)));
    return 0;
}

int restore(const files& into, const std::string& from, bool replace) {
    const std::string records_from = records_beside(from);
    const bool has_records = std::filesystem::exists(records_from);
    // What would be refused at the second file is refused before the first one changes.
    if (has_records) {
        if (auto known = store::check_record_format(records_from); !known)
            return failed(
                {known.error().code, fmt::format("{}: {}", records_from, known.error().detail)});
        if (!replace && std::filesystem::exists(into.records))
            return failed(
                {errc::conflict, fmt::format("{} exists; say `--replace`", into.records)});
    }
    if (auto done = restore_sqlite_journal(from, into.journal, replace, tell); !done)
        return failed(done.error());
    say(fmt::format("{}: restored from {}\n", into.journal, from));
    if (!has_records) {
        say(fmt::format("{}: left as it is, since there is no {}\n", into.records, records_from));
        return 0;
    }
    if (auto done = store::restore_records(records_from, into.records, replace, tell); !done)
        return failed(done.error());
    say(fmt::format("{}: restored from {}\n", into.records, records_from));
    return 0;
}

int verify(const files& of) {
    const auto found = verify_sqlite_journal(of.journal, tell);
    if (!found) return failed(found.error());
    for (const std::string& problem : found->problems) say(problem + "\n");
    say(fmt::format("{}: {} events in {} topics, {}\n", of.journal, found->events, found->topics,
                    found->problems.empty() ? "sound" : "damaged"));
    bool sound = found->problems.empty();
    if (!std::filesystem::is_regular_file(of.records)) return sound ? 0 : 1;
    const auto wrong = store::verify_records(of.records);
    if (!wrong) return failed(wrong.error());
    for (const std::string& problem : *wrong) say(problem + "\n");
    say(fmt::format("{}: {}\n", of.records, wrong->empty() ? "sound" : "damaged"));
    sound = sound && wrong->empty();
    return sound ? 0 : 1;
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
    const files own{(std::filesystem::path(loaded->values.data_dir) / "journal.db").string(),
                    record_path_of(loaded->values)};
    if (a.action == "backup") return back_up(own, a.file);
    if (a.action == "restore") {
        std::error_code why;
        std::filesystem::create_directories(loaded->values.data_dir, why);
        return restore(own, a.file, a.replace);
    }
    return verify(a.file.empty() ? own : files{a.file, records_beside(a.file)});
}

}  // namespace carillon::server
