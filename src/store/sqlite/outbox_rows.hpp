// The outbox in SQLite.
#pragma once

#include "store/sqlite/statements.hpp"

namespace carillon::store {

/// Confined to its connection's thread.
class outbox_rows final : public outbox_table {
public:
    explicit outbox_rows(sqlite::connection& on) : on_(on) {}

    result<std::uint64_t> add(std::string_view text) override;
    result<std::vector<outbox_entry>> list(std::uint64_t after, std::size_t limit) override;
    result<> remove(std::span<const std::uint64_t> ids) override;

private:
    sqlite::connection& on_;
    query add_{on_, "INSERT INTO outbox (text) VALUES (?)"};
    query list_{on_, "SELECT id, text FROM outbox WHERE id > ? ORDER BY id LIMIT ?"};
    query remove_{on_, "DELETE FROM outbox WHERE id = ?"};
};

}  // namespace carillon::store
