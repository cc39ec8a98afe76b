#include "store/sqlite/notification_rows.hpp"

#include <fmt/format.h>

namespace carillon::store {

namespace {

notification notification_at(const sqlite::statement& row) {
    return {.id = text_at(row, 0),
            .type = text_at(row, 1),
            .action = text_at(row, 2),
            .priority = text_at(row, 3),
            .title = text_at(row, 4),
            .message = text_at(row, 5),
            .data = text_at(row, 6),
            .sender = text_at(row, 7),
            .created = from_ms(row.number(8))};
}

std::optional<time_point> time_at(const sqlite::statement& row, int column) {
    if (row.is_null(column)) return std::nullopt;
    return from_ms(row.number(column));
}

}  // namespace

result<> notification_rows::insert(const notification& n, std::span<const std::string> recipients) {
    const auto added = insert_.run(n.id, n.type, n.action, n.priority, n.title, n.message, n.data,
                                   n.sender, n.created);
    if (!added) return std::unexpected(added.error());
    if (*added == 0)
        return fail(errc::conflict, fmt::format("there is a notification `{}` already", n.id));
    const std::int64_t place = sqlite3_last_insert_rowid(on_.handle());
    for (const std::string& user : recipients) {
        const auto put = deliver_.run(user, place, n.created);
        if (!put) return std::unexpected(put.error());
        if (*put == 0) continue;  // named twice
        if (const auto counted = count_.run(user); !counted)
            return std::unexpected(counted.error());
    }
    return {};
}

// 0: there is none.
result<std::int64_t> notification_rows::place_of(std::string_view id) {
    std::int64_t place = 0;
    const auto done = place_.each([&](const sqlite::statement& row) { place = row.number(0); }, id);
    if (!done) return std::unexpected(done.error());
    return place;
}

result<std::optional<notification>> notification_rows::find(std::string_view id) {
    std::optional<notification> found;
    const auto done =
        find_.each([&](const sqlite::statement& row) { found = notification_at(row); }, id);
    if (!done) return std::unexpected(done.error());
    return found;
}

result<std::vector<inbox_entry>> notification_rows::list(const inbox_query& q) {
    std::vector<inbox_entry> all;
    const auto take = [&](const sqlite::statement& row) {
        all.push_back({.place = static_cast<std::uint64_t>(row.number(9)),
                       .what = notification_at(row),
                       .state = static_cast<delivery_state>(row.number(10)),
                       .read = time_at(row, 11)});
    };
    query& asked = q.unread_only ? list_unread_ : list_;
    const auto done = asked.each(take, q.user, q.before, std::uint64_t{q.limit});
    if (!done) return std::unexpected(done.error());
    return all;
}

result<std::uint64_t> notification_rows::count_unread(std::string_view user) {
    std::uint64_t count = 0;
    const auto done = unread_.each(
        [&](const sqlite::statement& row) { count = static_cast<std::uint64_t>(row.number(0)); },
        user);
    if (!done) return std::unexpected(done.error());
    return count;
}

result<bool> notification_rows::mark_read(std::string_view user, std::string_view id,
                                          time_point at) {
    const auto place = place_of(id);
    if (!place) return std::unexpected(place.error());
    const auto marked = read_.run(user, *place, at);
    if (!marked) return std::unexpected(marked.error());
    if (*marked != 0) {
        if (const auto done = uncount_.run(user, *marked); !done)
            return std::unexpected(done.error());
        return true;
    }
    bool there = false;
    const auto done = in_inbox_.each([&](const sqlite::statement&) { there = true; }, user, *place);
    if (!done) return std::unexpected(done.error());
    return there;
}

result<std::uint64_t> notification_rows::mark_all_read(std::string_view user, time_point at) {
    const auto marked = read_all_.run(user, at);
    if (!marked) return std::unexpected(marked.error());
    if (const auto done = uncount_.run(user, *marked); !done) return std::unexpected(done.error());
    return *marked;
}

result<> notification_rows::log(std::string_view id, const delivery& d) {
    const auto place = place_of(id);
    if (!place) return std::unexpected(place.error());
    const auto done = log_.run(d.user, *place, static_cast<std::int64_t>(d.state),
                               std::int64_t{d.connections}, d.updated, d.position);
    if (!done) return std::unexpected(done.error());
    return {};
}

result<pending_deliveries> notification_rows::pending(std::string_view user) {
    pending_deliveries found;
    const auto done = pending_.each(
        [&](const sqlite::statement& row) {
            found.first = static_cast<std::uint64_t>(row.number(0));
            found.since = time_at(row, 1);
        },
        user);
    if (!done) return std::unexpected(done.error());
    return found;
}

result<std::uint64_t> notification_rows::settle(std::string_view user, std::uint64_t position,
                                                time_point at) {
    return settle_.run(user, position, at);
}

result<std::vector<delivery>> notification_rows::deliveries(std::string_view id,
                                                            std::string_view after_user,
                                                            std::size_t limit) {
    const auto place = place_of(id);
    if (!place) return std::unexpected(place.error());
    std::vector<delivery> all;
    const auto take = [&](const sqlite::statement& row) {
        all.push_back({.user = text_at(row, 0),
                       .state = static_cast<delivery_state>(row.number(1)),
                       .connections = static_cast<std::uint32_t>(row.number(2)),
                       .updated = from_ms(row.number(3))});
    };
    const std::string after(after_user);
    const auto done = deliveries_.each(take, *place, after, std::uint64_t{limit});
    if (!done) return std::unexpected(done.error());
    return all;
}

result<std::vector<sent_notification>> notification_rows::newest(std::uint64_t before,
                                                                 std::size_t limit) {
    std::vector<sent_notification> all;
    const auto asked = newest_.each(
        [&](const sqlite::statement& row) {
            all.push_back(
                {.place = static_cast<std::uint64_t>(row.number(9)), .what = notification_at(row)});
        },
        before, std::uint64_t{limit});
    if (!asked) return std::unexpected(asked.error());
    for (sent_notification& n : all) {
        const auto counted = states_.each(
            [&](const sqlite::statement& row) {
                const auto state = static_cast<std::size_t>(row.number(0));
                if (state < n.recipients.size())
                    n.recipients.at(state) = static_cast<std::uint64_t>(row.number(1));
            },
            static_cast<std::int64_t>(n.place));
        if (!counted) return std::unexpected(counted.error());
    }
    return all;
}

result<std::uint64_t> notification_rows::trim(time_point t, std::size_t limit) {
    std::vector<std::int64_t> places;
    const auto asked =
        oldest_.each([&](const sqlite::statement& row) { places.push_back(row.number(0)); }, t,
                     std::uint64_t{limit});
    if (!asked) return std::unexpected(asked.error());
    // One may have thousands of recipients: others wait for the writer meanwhile.
    std::uint64_t rows = 0, gone = 0;
    for (const std::int64_t place : places) {
        if (rows >= limit) break;
        for (query* step : {&uncount_trimmed_, &empty_inboxes_, &remove_}) {
            const auto done = step->run(place);
            if (!done) return std::unexpected(done.error());
            rows += *done;
        }
        ++gone;
    }
    return gone;
}

}  // namespace carillon::store
