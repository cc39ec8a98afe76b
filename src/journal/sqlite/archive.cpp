#include "journal/sqlite/archive.hpp"

#include "journal/sqlite/event_record.hpp"
#include "journal/sqlite/schema.hpp"
#include "journal/sqlite/store.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace carillon::sqlite {

namespace {

constexpr int cache_kib = 2 << 10;
// Topics that are asked for an id one by one.
constexpr std::size_t topics_to_ask = 64;
// Rows that one page may pass over before it ends early, so that no snapshot lasts.
constexpr std::int64_t scanned_rows = 16'384;

std::int64_t as_signed(std::uint64_t n) {
    return static_cast<std::int64_t>(std::min<std::uint64_t>(n, INT64_MAX));
}
std::uint64_t as_unsigned(std::int64_t n) { return static_cast<std::uint64_t>(n); }

bool matches(const matcher_set& patterns, std::string_view record) {
    return any_topic(record, [&](std::string_view topic) {
        return std::ranges::any_of(*patterns,
                                   [&](const topic_pattern& p) { return p.matches(topic); });
    });
}

}  // namespace

result<archive> archive::open(const sqlite_journal_options& options) {
    // Readers never write, but in WAL mode they share memory with the writer.
    auto c = connection::open(options.path, SQLITE_OPEN_READWRITE, options.vfs);
    if (!c) return std::unexpected(c.error());
    archive a;
    a.connection_ = std::move(*c);
    if (auto done = configure(a.connection_, options.sync, cache_kib); !done)
        return std::unexpected(done.error());
    if (auto done = a.connection_.execute("PRAGMA query_only = ON"); !done)
        return std::unexpected(done.error());
    const std::pair<statement*, const char*> all[] = {
        {&a.pin_, "SELECT 1 FROM meta"},
        {&a.after_,
         "SELECT pos FROM topic_events WHERE topic = ? AND pos > ? AND pos <= ? ORDER BY pos LIMIT "
         "?"},
        {&a.newest_,
         "SELECT pos, size FROM topic_events WHERE topic = ? AND pos > ? AND pos <= ? ORDER BY pos "
         "DESC "
         "LIMIT ?"},
        {&a.event_, "SELECT at, record FROM events WHERE pos = ?"},
        {&a.scan_,
         "SELECT pos, at, record FROM events WHERE pos > ? AND pos <= ? ORDER BY pos LIMIT ?"},
        {&a.scan_back_,
         "SELECT pos, record FROM events WHERE pos > ? AND pos <= ? ORDER BY pos DESC LIMIT ?"},
        {&a.own_id_,
         "SELECT pos FROM own_ids WHERE id = ? AND topic = ? AND pos <= ? ORDER BY pos LIMIT 2"},
        {&a.all_own_ids_, "SELECT topic, pos FROM own_ids WHERE id = ? AND pos <= ? LIMIT ?"},
        {&a.at_, "SELECT pos, at FROM events WHERE pos >= ? AND pos <= ? ORDER BY pos LIMIT 1"},
        {&a.scheduled_one_, "SELECT id, due, record FROM scheduled WHERE id = ?"},
        {&a.scheduled_,
         "SELECT id, due, record FROM scheduled WHERE due >= ?1 AND (due, id) > (?1, ?2) ORDER BY "
         "due, id"},
    };
    for (const auto& [into, sql] : all) {
        auto made = a.connection_.prepare(sql);
        if (!made) return std::unexpected(made.error());
        *into = std::move(*made);
    }
    return a;
}

result<> archive::begin() {
    if (auto done = connection_.execute("BEGIN"); !done) return done;
    // A transaction sees the file as it is at its first read.
    auto pinned = pin_.run();
    if (!pinned) end();
    return pinned;
}

// Nothing was written: whether it ends well does not matter.
void archive::end() { sqlite3_exec(connection_.handle(), "COMMIT", nullptr, nullptr, nullptr); }

void archive::give_up() {
    for (statement* s : {&pin_, &after_, &newest_, &event_, &scan_, &scan_back_, &own_id_,
                         &all_own_ids_, &at_, &scheduled_, &scheduled_one_})
        s->reset();
    end();
}

result<read_page> archive::read(const topic_rows& topics, const read_query& q,
                                std::chrono::system_clock::time_point now) {
    if (topics.none()) {
        read_page page;
        page.through = std::max(q.after, q.upto);
        return page;
    }
    return topics.dense ? scan(q, now) : merge(topics, q, now);
}

// The first `max_events` + 1 positions of all topics together.
result<std::vector<std::uint64_t>> archive::positions(const topic_rows& topics,
                                                      const read_query& q) {
    std::vector<std::uint64_t> all;
    std::uint64_t upto = q.upto.value;
    for (const std::int64_t topic : topics.rows) {
        after_.bind(1, topic).bind(2, as_signed(q.after.value)).bind(3, as_signed(upto));
        after_.bind(4, as_signed(q.max_events + 1));
        for (;;) {
            const auto row = after_.step();
            if (!row) return std::unexpected(row.error());
            if (!*row) break;
            all.push_back(as_unsigned(after_.number(0)));
        }
        // What lies beyond the page is not asked for from the topics that are left.
        if (all.size() > 4 * (q.max_events + 1)) {
            std::ranges::sort(all);
            all.erase(std::ranges::unique(all).begin(), all.end());
            if (all.size() > q.max_events + 1) {
                all.resize(q.max_events + 1);
                upto = all.back();
            }
        }
    }
    std::ranges::sort(all);
    all.erase(std::ranges::unique(all).begin(), all.end());
    return all;
}

result<read_page> archive::merge(const topic_rows& topics, const read_query& q,
                                 std::chrono::system_clock::time_point now) {
    const auto found = positions(topics, q);
    if (!found) return std::unexpected(found.error());
    read_page page;
    page.through = std::max(q.after, q.upto);
    std::size_t bytes = 0;
    // Each topic was asked for so many: what lies beyond the first of them all is not known.
    if (found->size() > q.max_events) page.through = position{(*found)[q.max_events]};
    for (const std::uint64_t pos : *found) {
        if (pos > page.through.value) break;
        if (page.events.size() >= q.max_events || bytes >= q.max_bytes) {
            page.through = page.events.back()->pos;
            break;
        }
        const auto row = event_.bind(1, as_signed(pos)).step();
        if (!row) return std::unexpected(row.error());
        // A start gives up an event that is damaged; an index that was half written may name it.
        auto e = *row ? unpack(event_.bytes(1), position{pos}, event_.number(0)) : nullptr;
        event_.reset();
        if (!e) {
            note_damage(page.damaged, position{pos});
            continue;
        }
        if (!q.erased_too && !shown_at(*e, now)) continue;
        bytes += e->content.size();
        page.events.push_back(std::move(e));
    }
    return page;
}

result<read_page> archive::scan(const read_query& q, std::chrono::system_clock::time_point now) {
    read_page page;
    page.through = std::max(q.after, q.upto);
    std::size_t bytes = 0;
    std::int64_t rows = 0;
    scan_.bind(1, as_signed(q.after.value)).bind(2, as_signed(q.upto.value)).bind(3, scanned_rows);
    for (;;) {
        const auto row = scan_.step();
        if (!row) return std::unexpected(row.error());
        if (!*row) break;
        const position pos{as_unsigned(scan_.number(0))};
        if (page.events.size() >= q.max_events || bytes >= q.max_bytes) {
            page.through = page.events.back()->pos;
            scan_.reset();
            return page;
        }
        if (++rows == scanned_rows) page.through = pos;
        const std::string_view record = scan_.bytes(2);
        const bool wanted = matches(q.patterns, record);
        auto e = wanted ? unpack(record, pos, scan_.number(1)) : nullptr;
        if (wanted ? e == nullptr : !is_sound(record, pos)) note_damage(page.damaged, pos);
        if (e == nullptr) continue;
        if (!q.erased_too && !shown_at(*e, now)) continue;
        bytes += e->content.size();
        page.events.push_back(std::move(e));
    }
    return page;
}

result<std::vector<stored_size>> archive::newest(const topic_rows& topics,
                                                 const matcher_set& patterns, std::uint64_t upto,
                                                 const newest_query& q) {
    std::vector<stored_size> all;
    if (topics.none() || q.count == 0) return all;
    if (topics.dense) {
        for (bool more = true; more;) {
            const auto next = scan_back(patterns, upto, q, all);
            if (!next) return std::unexpected(next.error());
            more = next->has_value();
            upto = next->value_or(0);
            if (!more) break;
            end();
            if (auto begun = begin(); !begun) return std::unexpected(begun.error());
        }
        return all;
    }
    std::uint64_t bytes = 0;
    newest_query left = q;
    const auto tidy = [&] {
        keep_newest(all, q);
        if (all.size() == q.count) left.after = std::max(left.after, all.back().pos - 1);
    };
    for (const std::int64_t topic : topics.rows) {
        newest_.bind(1, topic).bind(2, as_signed(left.after)).bind(3, as_signed(upto));
        newest_.bind(4, as_signed(std::min<std::uint64_t>(q.count, INT64_MAX)));
        for (bytes = 0; bytes <= q.bytes;) {
            const auto row = newest_.step();
            if (!row) return std::unexpected(row.error());
            if (!*row) break;
            all.push_back({as_unsigned(newest_.number(0)), as_unsigned(newest_.number(1))});
            bytes += all.back().bytes;
        }
        newest_.reset();
        if (all.size() / 4 > q.count) tidy();
    }
    tidy();
    return all;
}

result<bool> archive::has_match(const matcher_set& patterns, std::uint64_t pos) {
    const auto row = event_.bind(1, as_signed(pos)).step();
    if (!row) return std::unexpected(row.error());
    const bool found = *row && matches(patterns, event_.bytes(1));
    event_.reset();
    return found;
}

// As many rows as one snapshot may look at. Gives where to go on, if there may be more.
result<std::optional<std::uint64_t>> archive::scan_back(const matcher_set& patterns,
                                                        std::uint64_t upto, const newest_query& q,
                                                        std::vector<stored_size>& all) {
    std::uint64_t bytes = 0;
    for (const stored_size& e : all) bytes += e.bytes;
    std::uint64_t last = 0;
    std::int64_t rows = 0;
    scan_back_.bind(1, as_signed(q.after)).bind(2, as_signed(upto)).bind(3, scanned_rows);
    while (all.size() < q.count && bytes <= q.bytes) {
        const auto row = scan_back_.step();
        if (!row) return std::unexpected(row.error());
        if (!*row) return rows < scanned_rows ? std::nullopt : std::optional(last - 1);
        ++rows;
        last = as_unsigned(scan_back_.number(0));
        if (!matches(patterns, scan_back_.bytes(1))) continue;
        all.push_back({last, scan_back_.bytes(1).size()});
        bytes += all.back().bytes;
    }
    scan_back_.reset();
    return std::nullopt;
}

result<std::optional<found_cursor>> archive::find_own_id(std::string_view id,
                                                         const topic_rows& topics,
                                                         const matcher_set& patterns,
                                                         std::uint64_t upto) {
    std::optional<found_cursor> earliest;
    const auto found = [&](std::uint64_t pos) {
        // One event may stand in several of the topics.
        const bool repeated = earliest && (earliest->repeated || earliest->pos.value != pos);
        if (!earliest || pos < earliest->pos.value) earliest = found_cursor{position{pos}};
        earliest->repeated = repeated;
    };
    // Where there are many topics, each use of the id is looked at instead: most often there is
    // one.
    if (topics.dense || topics.rows.size() > topics_to_ask) {
        all_own_ids_.bind(1, id).bind(2, as_signed(upto)).bind(3, scanned_rows);
        for (;;) {
            const auto row = all_own_ids_.step();
            if (!row) return std::unexpected(row.error());
            if (!*row) return earliest;
            const std::uint64_t pos = as_unsigned(all_own_ids_.number(1));
            auto wanted =
                topics.dense
                    ? has_match(patterns, pos)
                    : result<bool>(std::ranges::binary_search(topics.rows, all_own_ids_.number(0)));
            if (!wanted) return std::unexpected(wanted.error());
            if (*wanted) found(pos);
        }
    }
    for (const std::int64_t topic : topics.rows) {
        own_id_.bind(1, id).bind(2, topic).bind(3, as_signed(upto));
        for (;;) {
            const auto row = own_id_.step();
            if (!row) return std::unexpected(row.error());
            if (!*row) break;
            found(as_unsigned(own_id_.number(0)));
        }
    }
    return earliest;
}

result<scheduled_page> archive::scheduled(const scheduled_query& q) {
    scheduled_page page;
    statement& asked = q.only == 0 ? scheduled_ : scheduled_one_;
    if (q.only == 0) {
        asked.bind(1, milliseconds(q.after_due)).bind(2, as_signed(q.after_id));
    } else {
        asked.bind(1, as_signed(q.only));
    }
    for (std::size_t bytes = 0;;) {
        const auto row = asked.step();
        if (!row) return std::unexpected(row.error());
        if (!*row) return page;
        const std::string_view record = asked.bytes(2);
        page.more = page.events.size() >= q.max_events ||
                    (!page.events.empty() && bytes + record.size() > q.max_bytes);
        if (page.more) break;
        const auto e = unpack(record, {}, 0);
        if (e == nullptr) continue;
        bytes += record.size();
        page.events.push_back({as_unsigned(asked.number(0)), from_milliseconds(asked.number(1)),
                               std::move(e->content)});
    }
    asked.reset();
    return page;
}

result<std::optional<std::uint64_t>> archive::before_time(
    std::chrono::system_clock::time_point t, std::uint64_t upto, const time_line& times,
    std::chrono::system_clock::time_point now) {
    return times.before(t, now, upto, [this](auto since, std::uint64_t from, std::uint64_t to) {
        return first_since(since, from, to);
    });
}

// Stamps grow with positions: halves the stretch until it holds one event.
result<std::optional<time_line::stamped>> archive::first_since(
    std::chrono::system_clock::time_point t, std::uint64_t from, std::uint64_t to) {
    std::optional<time_line::stamped> first;
    std::uint64_t low = from + 1;  // the event that is looked for is in [low, high), or `first`
    std::uint64_t high = to + 1;
    while (low < high) {
        const std::uint64_t middle = low + (high - low) / 2;
        at_.bind(1, as_signed(middle)).bind(2, as_signed(high - 1));
        const auto row = at_.step();
        if (!row) return std::unexpected(row.error());
        const std::uint64_t found = *row ? as_unsigned(at_.number(0)) : 0;
        const auto stamp = from_milliseconds(*row ? at_.number(1) : 0);
        if (*row && stamp < t) {
            low = found + 1;
        } else {
            high = middle;
            if (*row) first = time_line::stamped{found, stamp};
        }
        at_.reset();
    }
    return first;
}

}  // namespace carillon::sqlite
