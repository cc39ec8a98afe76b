#include "store/sqlite/room_rows.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace carillon::store {

namespace {

room room_at(const sqlite::statement& row) {
    return {.id = text_at(row, 0),
            .name = text_at(row, 1),
            .owner = text_at(row, 2),
            .open = row.number(3) != 0,
            .created = from_ms(row.number(4)),
            .presence = text_at(row, 5)};
}

}  // namespace

result<> room_rows::create(const room& r) {
    const auto made =
        create_.run(r.id, r.name, r.owner, std::int64_t{r.open}, r.created, r.presence);
    if (!made) return std::unexpected(made.error());
    if (*made == 0) return fail(errc::conflict, fmt::format("there is a room `{}` already", r.id));
    return {};
}

result<std::optional<room>> room_rows::find(std::string_view id) {
    std::optional<room> found;
    const auto done = find_.each([&](const sqlite::statement& row) { found = room_at(row); }, id);
    if (!done) return std::unexpected(done.error());
    return found;
}

result<membership> room_rows::membership_of(std::string_view id, std::string_view user) {
    membership m = membership::none;
    const auto done = state_.each(
        [&](const sqlite::statement& row) { m = static_cast<membership>(row.number(0)); }, id,
        user);
    if (!done) return std::unexpected(done.error());
    return m;
}

result<bool> room_rows::set_membership(std::string_view id, std::string_view user, membership m) {
    const auto changed = m == membership::none ? unset_.run(id, user)
                                               : set_.run(id, user, static_cast<std::int64_t>(m));
    if (!changed) return std::unexpected(changed.error());
    return *changed != 0;
}

result<std::vector<std::string>> room_rows::members(std::string_view id, std::string_view after,
                                                    std::size_t limit) {
    std::vector<std::string> all;
    const auto done =
        members_.each([&](const sqlite::statement& row) { all.push_back(text_at(row, 0)); }, id,
                      std::string(after), std::uint64_t{limit});
    if (!done) return std::unexpected(done.error());
    return all;
}

result<std::uint64_t> room_rows::count_members(std::string_view id) {
    return count_of(count_members_, id);
}

result<std::uint64_t> room_rows::count_rooms(std::string_view user) {
    return count_of(count_rooms_, user);
}

result<std::uint64_t> room_rows::remove_if_unused(std::string_view id) { return remove_.run(id); }

result<std::vector<room>> room_rows::rooms_of(std::string_view user, std::string_view after,
                                              std::size_t limit) {
    std::vector<room> all;
    const auto done =
        rooms_.each([&](const sqlite::statement& row) { all.push_back(room_at(row)); }, user,
                    std::string(after), std::uint64_t{limit});
    if (!done) return std::unexpected(done.error());
    return all;
}

result<std::vector<std::string>> room_rows::rooms_with_messages_of(std::string_view user,
                                                                   std::size_t limit) {
    std::vector<std::string> all;
    const auto done =
        spoken_in_.each([&](const sqlite::statement& row) { all.push_back(text_at(row, 0)); }, user,
                        std::uint64_t{limit});
    if (!done) return std::unexpected(done.error());
    return all;
}

result<std::uint64_t> room_rows::add(const chat_message& m) {
    if (const auto done = add_.run(m.id, m.room, m.user, m.text, m.data, m.sent); !done)
        return std::unexpected(done.error());
    return static_cast<std::uint64_t>(sqlite3_last_insert_rowid(on_.handle()));
}

result<std::vector<chat_message>> room_rows::messages(std::string_view id, std::uint64_t before,
                                                      std::size_t limit) {
    std::vector<chat_message> all;
    const auto take = [&](const sqlite::statement& row) {
        all.push_back({.place = static_cast<std::uint64_t>(row.number(0)),
                       .id = text_at(row, 1),
                       .room = text_at(row, 2),
                       .user = text_at(row, 3),
                       .text = text_at(row, 4),
                       .data = text_at(row, 5),
                       .sent = from_ms(row.number(6))});
    };
    const auto done = messages_.each(take, id, before, std::uint64_t{limit});
    if (!done) return std::unexpected(done.error());
    std::ranges::reverse(all);
    return all;
}

result<std::uint64_t> room_rows::trim_messages(time_point t, std::size_t limit) {
    return trim_.run(t, std::uint64_t{limit});
}

}  // namespace carillon::store
