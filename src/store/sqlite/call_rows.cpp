#include "store/sqlite/call_rows.hpp"

namespace carillon::store {

result<std::optional<kept_call>> call_rows::find(std::string_view owner, std::string_view key) {
    std::optional<kept_call> found;
    const auto done = find_.each(
        [&](const sqlite::statement& row) { found = kept_call{text_at(row, 0), text_at(row, 1)}; },
        owner, key);
    if (!done) return std::unexpected(done.error());
    return found;
}

result<> call_rows::keep(std::string_view owner, std::string_view key, const kept_call& call,
                         time_point at, std::size_t most) {
    if (most == 0) return {};
    const auto kept = keep_.run(owner, key, call.fingerprint, call.made, at);
    if (!kept) return std::unexpected(kept.error());
    const auto number = static_cast<std::uint64_t>(sqlite3_last_insert_rowid(on_.handle()));
    if (number <= most) return {};
    const auto gone = forget_.run(number - most);
    if (!gone) return std::unexpected(gone.error());
    return {};
}

result<std::uint64_t> call_rows::trim(time_point t, std::size_t limit) {
    return trim_.run(t, std::uint64_t{limit});
}

}  // namespace carillon::store
