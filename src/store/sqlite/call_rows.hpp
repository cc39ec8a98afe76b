// Calls that callers may repeat, in SQLite.
#pragma once

#include "store/sqlite/statements.hpp"

namespace carillon::store {

/// Confined to its connection's thread.
class call_rows final : public call_table {
public:
    explicit call_rows(sqlite::connection& on) : on_(on) {}

    result<std::optional<kept_call>> find(std::string_view owner, std::string_view key) override;
    result<> keep(std::string_view owner, std::string_view key, const kept_call& call,
                  time_point at, std::size_t most) override;
    result<std::uint64_t> trim(time_point t, std::size_t limit) override;

private:
    sqlite::connection& on_;
    query find_{on_, "SELECT fingerprint, made FROM calls WHERE owner = ? AND key = ?"};
    query keep_{on_,
                "INSERT INTO calls (owner, key, fingerprint, made, at) VALUES (?, ?, ?, ?, ?)"};
    query forget_{on_, "DELETE FROM calls WHERE number <= ?"};
    query trim_{on_,
                "DELETE FROM calls WHERE number IN (SELECT number FROM calls WHERE at < ? ORDER BY "
                "at LIMIT ?)"};
};

}  // namespace carillon::store
