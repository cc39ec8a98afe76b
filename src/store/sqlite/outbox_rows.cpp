#include "store/sqlite/outbox_rows.hpp"

namespace carillon::store {

result<std::uint64_t> outbox_rows::add(std::string_view text) {
    if (const auto done = add_.run(text); !done) return std::unexpected(done.error());
    return static_cast<std::uint64_t>(sqlite3_last_insert_rowid(on_.handle()));
}

result<std::vector<outbox_entry>> outbox_rows::list(std::uint64_t after, std::size_t limit) {
    std::vector<outbox_entry> all;
    const auto done = list_.each(
        [&](const sqlite::statement& row) {
            all.push_back({static_cast<std::uint64_t>(row.number(0)), text_at(row, 1)});
        },
        after, std::uint64_t{limit});
    if (!done) return std::unexpected(done.error());
    return all;
}

result<> outbox_rows::remove(std::span<const std::uint64_t> ids) {
    for (const std::uint64_t id : ids) {
        if (const auto done = remove_.run(id); !done) return std::unexpected(done.error());
    }
    return {};
}

}  // namespace carillon::store
