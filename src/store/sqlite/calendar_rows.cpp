#include "store/sqlite/calendar_rows.hpp"

#include <charconv>

namespace carillon::store {

namespace {

// Seconds with blanks between them: a column rather than a table, since they come and go with
// their event.
std::string reminders_text(const std::vector<std::chrono::seconds>& all) {
    std::string text;
    for (const auto lead : all) text += (text.empty() ? "" : " ") + std::to_string(lead.count());
    return text;
}

std::vector<std::chrono::seconds> reminders_of(std::string_view text) {
    std::vector<std::chrono::seconds> all;
    while (!text.empty()) {
        std::int64_t lead = 0;
        const auto read = std::from_chars(text.data(), text.data() + text.size(), lead);
        if (read.ec != std::errc{}) break;
        all.emplace_back(lead);
        text.remove_prefix(
            std::min(static_cast<std::size_t>(read.ptr - text.data()) + 1, text.size()));
    }
    return all;
}

calendar_event event_at(const sqlite::statement& row) {
    calendar_event e;
    e.id = text_at(row, 0);
    e.title = text_at(row, 1);
    e.owner = text_at(row, 2);
    e.starts = text_at(row, 3);
    e.length = std::chrono::seconds(row.number(4));
    e.zone = text_at(row, 5);
    e.rule = text_at(row, 6);
    e.data = text_at(row, 7);
    e.reminders = reminders_of(row.bytes(8));
    return e;
}

}  // namespace

result<> calendar_rows::put(const calendar_event& e) {
    const auto put = put_.run(e.id, e.title, e.owner, e.starts, std::int64_t{e.length.count()},
                              e.zone, e.rule, e.data, reminders_text(e.reminders));
    if (!put) return std::unexpected(put.error());
    if (const auto done = unattend_.run(e.id); !done) return std::unexpected(done.error());
    for (const std::string& user : e.attendees) {
        if (const auto done = attend_.run(e.id, user); !done) return std::unexpected(done.error());
    }
    return {};
}

result<> calendar_rows::add_attendees(calendar_event& e) {
    return attendees_.each(
        [&](const sqlite::statement& row) { e.attendees.push_back(text_at(row, 0)); }, e.id);
}

result<std::optional<calendar_event>> calendar_rows::find(std::string_view id) {
    std::optional<calendar_event> found;
    auto done = find_.each([&](const sqlite::statement& row) { found = event_at(row); }, id);
    if (done && found) done = add_attendees(*found);
    if (!done) return std::unexpected(done.error());
    return found;
}

result<bool> calendar_rows::remove(std::string_view id) {
    const auto gone = remove_.run(id);
    if (!gone) return std::unexpected(gone.error());
    for (query* rest : {&unattend_, &forget_}) {
        if (const auto done = rest->run(id); !done) return std::unexpected(done.error());
    }
    return *gone != 0;
}

result<std::vector<calendar_event>> calendar_rows::list(std::string_view user,
                                                        std::string_view after_id,
                                                        std::size_t limit) {
    std::vector<calendar_event> all;
    const auto take = [&](const sqlite::statement& row) { all.push_back(event_at(row)); };
    const std::string after(after_id);
    auto done = user.empty() ? list_.each(take, after, std::uint64_t{limit})
                             : list_of_user_.each(take, user, after, std::uint64_t{limit});
    for (calendar_event& e : all) {
        if (done) done = add_attendees(e);
    }
    if (!done) return std::unexpected(done.error());
    return all;
}

result<std::uint64_t> calendar_rows::count(std::string_view owner) {
    return count_of(count_, owner);
}

result<bool> calendar_rows::begin_reminder(std::string_view id, std::string_view user,
                                           time_point occurrence, std::chrono::seconds lead) {
    const auto added = remind_.run(id, user, occurrence, std::int64_t{lead.count()});
    if (!added) return std::unexpected(added.error());
    return *added != 0;
}

result<std::uint64_t> calendar_rows::trim(std::string_view starts, std::size_t limit) {
    std::vector<std::string> ids;
    const auto found =
        old_.each([&](const sqlite::statement& row) { ids.push_back(text_at(row, 0)); }, starts,
                  std::uint64_t{limit});
    if (!found) return std::unexpected(found.error());
    for (const std::string& id : ids) {
        if (const auto gone = remove(id); !gone) return std::unexpected(gone.error());
    }
    return ids.size();
}

result<std::uint64_t> calendar_rows::trim_reminders(time_point t, std::size_t limit) {
    return trim_.run(t, std::uint64_t{limit});
}

}  // namespace carillon::store
