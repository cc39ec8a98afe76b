#include <carillon/store/files.hpp>

#include "sqlite/copying.hpp"
#include "store/sqlite/migrations.hpp"

#include <utility>

#include <fmt/format.h>

namespace carillon::store {

namespace {

constexpr int busy_ms = 5000;

result<sqlite::connection> open_file(const std::string& path) {
    auto c = sqlite::connection::open(path, SQLITE_OPEN_READWRITE);
    if (!c) return c;
    sqlite3_busy_timeout(c->handle(), busy_ms);
    if (auto ours = check_file(*c); !ours)
        return fail(ours.error().code, fmt::format("{}: {}", path, ours.error().detail));
    return c;
}

/// In a transaction that sees one state of the file.
result<sqlite::connection> open_reader(const std::string& path) {
    auto c = open_file(path);
    if (!c) return c;
    if (auto begun = c->execute("BEGIN; SELECT 1 FROM store"); !begun)
        return std::unexpected(begun.error());
    return c;
}

}  // namespace

struct record_snapshot::connections {
    sqlite::connection reader;
    sqlite::connection holder;  ///< of the right to write
};

record_snapshot::record_snapshot(std::unique_ptr<connections> on) : on_(std::move(on)) {}
record_snapshot::record_snapshot(record_snapshot&&) noexcept = default;
record_snapshot& record_snapshot::operator=(record_snapshot&&) noexcept = default;
record_snapshot::~record_snapshot() = default;

result<record_snapshot> record_snapshot::take(const std::string& path) {
    auto holder = open_file(path);
    if (!holder) return std::unexpected(holder.error());
    if (auto held = holder->execute("BEGIN IMMEDIATE"); !held) return std::unexpected(held.error());
    auto reader = open_reader(path);
    if (!reader) return std::unexpected(reader.error());
    return record_snapshot(
        std::make_unique<connections>(connections{std::move(*reader), std::move(*holder)}));
}

void record_snapshot::let_go() {
    // It wrote nothing, so that an error leaves nothing behind.
    [[maybe_unused]] const auto ended = on_->holder.execute("ROLLBACK");
}

result<> record_snapshot::copy_to(const std::string& to, const std::function<void(int)>& tell) {
    return sqlite::copy_file(on_->reader, to, tell);
}

result<> restore_records(const std::string& from, const std::string& path, bool replace,
                         const std::function<void(int)>& tell) {
    auto source = open_reader(from);
    if (!source) return std::unexpected(source.error());
    return sqlite::replace_file(*source, path, replace, tell);
}

result<std::vector<std::string>> verify_records(const std::string& path) {
    auto c = open_reader(path);
    if (!c) return std::unexpected(c.error());
    std::vector<std::string> problems;
    const auto problem = [&](std::string text) { problems.push_back(std::move(text)); };
    if (auto read = sqlite::check_pages(*c, problem); !read) problem(read.error().detail);
    return problems;
}

}  // namespace carillon::store
