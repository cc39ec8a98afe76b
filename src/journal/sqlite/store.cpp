#include "journal/sqlite/store.hpp"

#include "journal/sqlite/checkpointer.hpp"
#include "journal/sqlite/event_record.hpp"

#include <cstring>

#include <fmt/format.h>

namespace carillon::sqlite {

namespace {

constexpr int cache_kib = 8 << 10;

// Bits of `topic_events.flags`.
constexpr std::int64_t shared_flag = 1;
constexpr std::int64_t own_id_flag = 2;
// A statement that inserts this many rows costs a fifth less for each than one for a single row.
constexpr std::size_t rows_at_once = 8;

std::int64_t as_signed(std::uint64_t n) { return static_cast<std::int64_t>(n); }
std::uint64_t as_unsigned(std::int64_t n) { return static_cast<std::uint64_t>(n); }

}  // namespace

result<store> store::open(const sqlite_journal_options& options, const std::string& epoch) {
    auto c =
        connection::open(options.path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, options.vfs);
    if (!c) return std::unexpected(c.error());
    store s;
    s.connection_ = std::move(*c);
    // The epoch is on the disk before anyone is given a cursor of it.
    if (auto done = configure(s.connection_, journal_sync::full, cache_kib); !done)
        return std::unexpected(done.error());
    s.connection_.keep_log();
    auto found = prepare_file(s.connection_, epoch);
    if (!found && found.error().code == errc::unavailable) {
        // A full disk, most often: what is there can be read.
        s.unwritable_ = found.error();
        found = read_file(s.connection_, epoch);
        if (!found) return std::unexpected(*s.unwritable_);
    }
    if (!found) return std::unexpected(found.error());
    s.found_ = std::move(*found);
    // Checkpoints have a thread of their own.
    const std::string log = fmt::format(
        "PRAGMA wal_autocheckpoint = 0; PRAGMA journal_size_limit = {}", checkpointer::kept_bytes);
    if (auto done = s.connection_.execute(log.c_str()); !done) return std::unexpected(done.error());
    if (auto done = configure(s.connection_, options.sync, cache_kib); !done)
        return std::unexpected(done.error());
    if (auto done = s.prepare(); !done) return std::unexpected(done.error());
    // A number that rows of another table may still bear is given to no new topic.
    const auto last = s.connection_.number(
        "SELECT max(coalesce((SELECT max(row) FROM topics), 0), coalesce((SELECT max(topic) FROM "
        "topic_events), 0), coalesce((SELECT max(topic) FROM retained), 0))");
    if (!last) return std::unexpected(last.error());
    s.next_row_ = *last + 1;
    return s;
}

// On the disk before anyone is given a cursor of it.
result<> store::save_epoch(journal_sync sync) {
    const auto synced = [&](journal_sync how) {
        return connection_.execute(how == journal_sync::full ? "PRAGMA synchronous = FULL"
                                                             : "PRAGMA synchronous = NORMAL");
    };
    if (auto done = synced(journal_sync::full); !done) return done;
    const auto save = [&]() -> result<> {
        transaction all(connection_);
        if (auto done = all.begin(); !done) return done;
        if (auto done = begin_epoch(connection_, found_.epochs.back()); !done) return done;
        return all.commit();
    };
    const auto saved = save();
    if (auto done = synced(sync); !done) return done;
    if (saved) unwritable_.reset();
    return saved;
}

result<> store::prepare() {
    const std::string add_index =
        "INSERT OR IGNORE INTO topic_events(topic, pos, size, flags) VALUES(?, ?, ?, ?)";
    std::string add_indexes = add_index;
    for (std::size_t i = 1; i < rows_at_once; ++i) add_indexes += ", (?, ?, ?, ?)";
    const std::pair<statement*, const char*> all[] = {
        {&add_topic_, "INSERT OR REPLACE INTO topics(row, name, trimmed) VALUES(?, ?, ?)"},
        {&add_event_, "INSERT INTO events(pos, at, record) VALUES(?, ?, ?)"},
        {&add_index_, add_index.c_str()},
        {&add_indexes_, add_indexes.c_str()},
        {&add_own_id_, "INSERT OR IGNORE INTO own_ids(id, topic, pos) VALUES(?, ?, ?)"},
        {&save_topic_,
         "UPDATE topics SET trimmed = ?, events = ?, bytes = ?, counted = ? WHERE row = ?"},
        {&remove_topic_, "DELETE FROM topics WHERE row = ?"},
        {&set_, "INSERT OR REPLACE INTO meta(name, value) VALUES(?, ?)"},
        {&find_answer_, "SELECT hash, first FROM answers WHERE key = ? AND expires > ?"},
        {&add_answer_,
         "INSERT OR REPLACE INTO answers(key, hash, first, expires) VALUES(?, ?, ?, ?)"},
        {&free_answer_, "DELETE FROM answers WHERE key = ? AND first = ?"},
        {&find_held_, "SELECT hash, first FROM held_answers WHERE key = ?"},
        {&hold_answer_, "INSERT OR REPLACE INTO held_answers(key, hash, first) VALUES(?, ?, ?)"},
        {&forget_held_, "DELETE FROM held_answers WHERE key >= ? AND key < ?"},
        {&forget_answers_until_, "DELETE FROM answers WHERE number <= ?"},
        {&count_answers_,
         "SELECT coalesce((SELECT max(number) FROM answers) - (SELECT min(number) FROM answers) + "
         "1, 0)"},
        {&forget_answers_,
         "DELETE FROM answers WHERE number IN (SELECT number FROM (SELECT number, expires FROM "
         "answers ORDER BY number LIMIT ?2) WHERE expires <= ?1)"},
        {&shorten_answers_, "UPDATE answers SET expires = ? WHERE expires > ?"},
        {&add_turn_, "INSERT OR REPLACE INTO clock_turns(pos, before, after) VALUES(?, ?, ?)"},
        {&oldest_,
         "SELECT pos, size, flags FROM topic_events WHERE topic = ? AND pos <= ? ORDER BY pos "
         "LIMIT ?"},
        {&read_, "SELECT at, record FROM events WHERE pos = ?"},
        {&remove_index_, "DELETE FROM topic_events WHERE topic = ? AND pos = ?"},
        {&remove_own_id_, "DELETE FROM own_ids WHERE id = ? AND topic = ? AND pos = ?"},
        {&remove_event_, "DELETE FROM events WHERE pos = ?"},
        {&remove_events_, "DELETE FROM events WHERE pos BETWEEN ? AND ?"},
        {&remove_index_until_, "DELETE FROM topic_events WHERE topic = ? AND pos <= ?"},
        {&rewrite_, "UPDATE events SET record = ? WHERE pos = ?"},
        {&add_scheduled_, "INSERT INTO scheduled(due, record, size, key) VALUES(?, ?, ?, ?)"},
        {&remove_scheduled_, "DELETE FROM scheduled WHERE id = ? RETURNING size, key"},
        {&scheduled_,
         "SELECT id, due, record FROM scheduled WHERE due >= ?1 AND (due, id) > (?1, ?2) AND due "
         "<= "
         "?3 ORDER BY due, id LIMIT ?4"},
        {&retain_, "INSERT OR REPLACE INTO retained(topic, pos, at, record) VALUES(?, ?, ?, ?)"},
        {&retain_instead_,
         "UPDATE retained SET pos = ?2, at = ?3, record = ?4 WHERE topic = ?1 AND pos = ?5"},
        {&release_topic_, "DELETE FROM retained WHERE topic = ?"},
        {&release_, "DELETE FROM retained WHERE pos = ?"},
        {&read_retained_, "SELECT at, record FROM retained WHERE pos = ? LIMIT 1"},
        {&add_damaged_, "INSERT OR IGNORE INTO damaged(pos) VALUES(?)"},
        {&add_expiry_, "INSERT OR IGNORE INTO expiring(at, pos) VALUES(?, ?)"},
        {&expired_, "SELECT pos FROM expiring WHERE at <= ? ORDER BY at LIMIT ?"},
        {&forget_expiry_, "DELETE FROM expiring WHERE at <= ? AND pos = ?"},
    };
    for (const auto& [into, sql] : all) {
        auto made = connection_.prepare(sql);
        if (!made) return std::unexpected(made.error());
        *into = std::move(*made);
    }
    return {};
}

result<> store::each_topic_name(const std::function<void(std::int64_t, std::string_view)>& call) {
    auto all = connection_.prepare("SELECT row, name FROM topics ORDER BY name");
    if (!all) return std::unexpected(all.error());
    for (;;) {
        const auto row = all->step();
        if (!row) return std::unexpected(row.error());
        if (!*row) return {};
        call(all->number(0), all->bytes(1));
    }
}

result<> store::each_topic(const std::function<void(const topic_numbers&)>& call) {
    auto all =
        connection_.prepare("SELECT row, trimmed, events, bytes, counted FROM topics ORDER BY row");
    if (!all) return std::unexpected(all.error());
    for (;;) {
        const auto row = all->step();
        if (!row) return std::unexpected(row.error());
        if (!*row) return {};
        call({all->number(0), as_unsigned(all->number(1)), as_unsigned(all->number(2)),
              as_unsigned(all->number(3)), as_unsigned(all->number(4))});
    }
}

result<> store::each_event(
    std::uint64_t after,
    const std::function<result<>(std::uint64_t, std::int64_t, std::string_view)>& call) {
    auto all = connection_.prepare("SELECT pos, at, record FROM events WHERE pos > ? ORDER BY pos");
    if (!all) return std::unexpected(all.error());
    all->bind(1, as_signed(after));
    for (;;) {
        const auto row = all->step();
        if (!row) return std::unexpected(row.error());
        if (!*row) return {};
        if (auto done = call(as_unsigned(all->number(0)), all->number(1), all->bytes(2)); !done)
            return done;
    }
}

result<std::int64_t> store::add_topic(std::string_view name, std::uint64_t trimmed) {
    const std::int64_t row = next_row_++;
    add_topic_.bind(1, row).bind(2, name).bind(3, as_signed(trimmed));
    if (auto done = add_topic_.run(); !done) return std::unexpected(done.error());
    return row;
}

result<> store::add_event(std::uint64_t pos, std::int64_t at, std::string_view record) {
    return add_event_.bind(1, as_signed(pos)).bind(2, at).bind_blob(3, record).run();
}

result<> store::add_index(std::span<const indexed_event* const> events) {
    const auto put = [](statement& into, std::span<const indexed_event* const> some) {
        int last = 0;  // parameter
        for (const indexed_event* e : some) {
            const std::int64_t flags =
                (e->shared ? shared_flag : 0) | (e->own_id.empty() ? 0 : own_id_flag);
            into.bind(last + 1, e->topic).bind(last + 2, as_signed(e->pos));
            into.bind(last + 3, as_signed(e->size)).bind(last + 4, flags);
            last += 4;
        }
        return into.run();
    };
    auto rest = events;
    for (; rest.size() >= rows_at_once; rest = rest.subspan(rows_at_once)) {
        if (auto done = put(add_indexes_, rest.first(rows_at_once)); !done) return done;
    }
    for (; !rest.empty(); rest = rest.subspan(1)) {
        if (auto done = put(add_index_, rest.first(1)); !done) return done;
    }
    for (const indexed_event* e : events) {
        if (e->own_id.empty()) continue;
        add_own_id_.bind(1, e->own_id).bind(2, e->topic).bind(3, as_signed(e->pos));
        if (auto done = add_own_id_.run(); !done) return done;
    }
    return {};
}

result<> store::save_topic(const topic_row& t) {
    save_topic_.bind(1, as_signed(t.trimmed)).bind(2, as_signed(t.events));
    save_topic_.bind(3, as_signed(t.bytes)).bind(4, as_signed(t.counted));
    return save_topic_.bind(5, t.row).run();
}

result<> store::remove_topic(std::int64_t row) {
    if (auto done = release_topic_.bind(1, row).run(); !done) return done;
    return remove_topic_.bind(1, row).run();
}

result<> store::set(std::string_view meta, std::uint64_t value) {
    return set_.bind(1, meta).bind(2, as_signed(value)).run();
}

namespace {

using hash_bytes = std::array<char, sizeof(remembered_answer::body_hash)>;

hash_bytes hash_of(const remembered_answer& a) {
    hash_bytes hash{};
    std::memcpy(hash.data(), &a.body_hash, hash.size());
    return hash;
}

remembered_answer answer_at(statement& row) {
    remembered_answer a;
    const std::string_view hash = row.bytes(0);
    if (hash.size() == sizeof a.body_hash) std::memcpy(&a.body_hash, hash.data(), hash.size());
    a.first = as_unsigned(row.number(1));
    row.reset();
    return a;
}

}  // namespace

result<std::optional<remembered_answer>> store::find_answer(std::string_view key,
                                                            std::int64_t now) {
    const auto row = find_answer_.bind(1, key).bind(2, now).step();
    if (!row) return std::unexpected(row.error());
    if (!*row) return std::nullopt;
    return answer_at(find_answer_);
}

result<std::uint64_t> store::add_answer(std::string_view key, const remembered_answer& a,
                                        std::int64_t expires) {
    const hash_bytes hash = hash_of(a);
    add_answer_.bind(1, key).bind_blob(2, {hash.data(), hash.size()});
    if (auto done = add_answer_.bind(3, as_signed(a.first)).bind(4, expires).run(); !done)
        return std::unexpected(done.error());
    return as_unsigned(sqlite3_last_insert_rowid(connection_.handle()));
}

result<std::optional<remembered_answer>> store::find_held(std::string_view key) {
    const auto row = find_held_.bind(1, key).step();
    if (!row) return std::unexpected(row.error());
    if (!*row) return std::nullopt;
    return answer_at(find_held_);
}

result<> store::hold_answer(std::string_view key, const remembered_answer& a) {
    const hash_bytes hash = hash_of(a);
    hold_answer_.bind(1, key).bind_blob(2, {hash.data(), hash.size()});
    return hold_answer_.bind(3, as_signed(a.first)).run();
}

result<> store::forget_held(std::string_view first, std::string_view end) {
    return forget_held_.bind(1, first).bind(2, end).run();
}

result<> store::free_answer(std::string_view key, std::uint64_t first) {
    return free_answer_.bind(1, key).bind(2, as_signed(first)).run();
}

result<std::size_t> store::forget_answers(std::int64_t now, std::size_t limit) {
    if (auto done = forget_answers_.bind(1, now).bind(2, as_signed(limit)).run(); !done)
        return std::unexpected(done.error());
    return static_cast<std::size_t>(sqlite3_changes(connection_.handle()));
}

result<std::size_t> store::forget_answers_until(std::uint64_t number) {
    if (auto done = forget_answers_until_.bind(1, as_signed(number)).run(); !done)
        return std::unexpected(done.error());
    return static_cast<std::size_t>(sqlite3_changes(connection_.handle()));
}

result<> store::shorten_answers(std::int64_t latest) {
    return shorten_answers_.bind(1, latest).bind(2, latest).run();
}

result<> store::save_turns(std::span<const time_line::turn> turns) {
    if (auto done = connection_.execute("DELETE FROM clock_turns"); !done) return done;
    for (const time_line::turn& t : turns) {
        add_turn_.bind(1, as_signed(t.pos)).bind(2, milliseconds(t.before));
        if (auto done = add_turn_.bind(3, milliseconds(t.after)).run(); !done) return done;
    }
    return {};
}

result<std::uint64_t> store::count_answers() {
    const auto row = count_answers_.step();
    if (!row) return std::unexpected(row.error());
    const std::uint64_t count = as_unsigned(count_answers_.number(0));
    count_answers_.reset();
    return count;
}

result<std::vector<indexed_event>> store::oldest(std::int64_t topic, std::uint64_t upto,
                                                 std::size_t limit) {
    std::vector<indexed_event> some;
    oldest_.bind(1, topic).bind(2, as_signed(upto)).bind(3, as_signed(limit));
    for (;;) {
        const auto row = oldest_.step();
        if (!row) return std::unexpected(row.error());
        if (!*row) return some;
        indexed_event e{topic,
                        as_unsigned(oldest_.number(0)),
                        as_unsigned(oldest_.number(1)),
                        (oldest_.number(2) & shared_flag) != 0,
                        {}};
        if ((oldest_.number(2) & own_id_flag) != 0) {
            const auto event = read_.bind(1, as_signed(e.pos)).step();
            if (!event) return std::unexpected(event.error());
            if (*event) {
                const auto whole = unpack(read_.bytes(1), position{e.pos}, 0);
                if (whole && whole->content.id) e.own_id = whole->content.id->str();
                read_.reset();
            }
        }
        some.push_back(std::move(e));
    }
}

result<std::optional<std::int64_t>> store::stored_at(std::uint64_t pos) {
    const auto row = read_.bind(1, as_signed(pos)).step();
    if (!row) return std::unexpected(row.error());
    if (!*row) return std::nullopt;
    const std::int64_t at = read_.number(0);
    read_.reset();
    return at;
}

result<std::shared_ptr<stored_event>> store::read(std::uint64_t pos) {
    for (statement* from : {&read_, &read_retained_}) {
        const auto row = from->bind(1, as_signed(pos)).step();
        if (!row) return std::unexpected(row.error());
        if (!*row) continue;
        auto e = unpack(from->bytes(1), position{pos}, from->number(0));
        from->reset();
        return e;
    }
    return nullptr;
}

result<> store::give_up(std::uint64_t pos) {
    if (auto done = add_damaged_.bind(1, as_signed(pos)).run(); !done) return done;
    return remove_event_.bind(1, as_signed(pos)).run();
}

result<> store::erase(const stored_event& e, position by) {
    if (auto done = release_.bind(1, as_signed(e.pos.value)).run(); !done) return done;
    pack_erased(e, by, record_);
    return rewrite_.bind_blob(1, record_).bind(2, as_signed(e.pos.value)).run();
}

result<> store::retain(std::int64_t topic, std::uint64_t pos, std::int64_t at,
                       std::string_view record) {
    if (record.empty()) return release_topic_.bind(1, topic).run();
    retain_.bind(1, topic).bind(2, as_signed(pos)).bind(3, at);
    return retain_.bind_blob(4, record).run();
}

result<> store::retain_instead(std::int64_t topic, std::uint64_t of, std::uint64_t pos,
                               std::int64_t at, std::string_view record) {
    retain_instead_.bind(1, topic).bind(2, as_signed(pos)).bind(3, at).bind(5, as_signed(of));
    return retain_instead_.bind_blob(4, record).run();
}

result<> store::each_retained(
    const std::function<void(std::int64_t, std::shared_ptr<stored_event>)>& call) {
    auto all = connection_.prepare("SELECT topic, pos, at, record FROM retained");
    if (!all) return std::unexpected(all.error());
    for (;;) {
        const auto row = all->step();
        if (!row) return std::unexpected(row.error());
        if (!*row) return {};
        const position pos{as_unsigned(all->number(1))};
        if (auto e = unpack(all->bytes(3), pos, all->number(2))) call(all->number(0), std::move(e));
    }
}

result<std::uint64_t> store::add_scheduled(std::int64_t due, const event& e, std::string_view key) {
    pack(e, {}, record_);
    add_scheduled_.bind(1, due).bind_blob(2, record_).bind(3, as_signed(e.size()));
    if (auto done = add_scheduled_.bind(4, key).run(); !done) return std::unexpected(done.error());
    return as_unsigned(sqlite3_last_insert_rowid(connection_.handle()));
}

result<std::optional<taken_schedule>> store::remove_scheduled(std::uint64_t id) {
    const auto row = remove_scheduled_.bind(1, as_signed(id)).step();
    if (!row) return std::unexpected(row.error());
    if (!*row) return std::nullopt;
    taken_schedule taken{as_unsigned(remove_scheduled_.number(0)),
                         std::string(remove_scheduled_.bytes(1))};
    // To its end, which is when it is done.
    if (const auto end = remove_scheduled_.step(); !end) return std::unexpected(end.error());
    return taken;
}

result<std::uint64_t> store::count_topics() {
    const auto count = connection_.number("SELECT count(*) FROM topics");
    if (!count) return std::unexpected(count.error());
    return as_unsigned(*count);
}

result<schedule_totals> store::count_scheduled() {
    auto asked = connection_.prepare("SELECT count(*), coalesce(sum(size), 0) FROM scheduled");
    if (!asked) return std::unexpected(asked.error());
    const auto row = asked->step();
    if (!row) return std::unexpected(row.error());
    return schedule_totals{as_unsigned(asked->number(0)), as_unsigned(asked->number(1))};
}

result<some_scheduled> store::scheduled(schedule_place after, std::int64_t until, std::size_t limit,
                                        std::size_t max_bytes) {
    some_scheduled some;
    std::size_t bytes = 0;
    scheduled_.bind(1, after.due).bind(2, as_signed(after.id));
    scheduled_.bind(3, until).bind(4, as_signed(limit + 1));
    for (;;) {
        const auto row = scheduled_.step();
        if (!row) return std::unexpected(row.error());
        if (!*row) return some;
        if (some.events.size() + some.damaged.size() >= limit || bytes >= max_bytes) {
            some.more = true;
            scheduled_.reset();
            return some;
        }
        const std::uint64_t id = as_unsigned(scheduled_.number(0));
        some.last = {scheduled_.number(1), id};
        const auto e = unpack(scheduled_.bytes(2), {}, 0);
        if (e == nullptr) {
            some.damaged.push_back(id);
            continue;
        }
        bytes += e->content.size();
        some.events.push_back({id, from_milliseconds(scheduled_.number(1)), std::move(e->content)});
    }
}

result<> store::add_expiry(std::int64_t at, std::uint64_t pos) {
    return add_expiry_.bind(1, at).bind(2, as_signed(pos)).run();
}

result<std::vector<std::uint64_t>> store::expired(std::int64_t now, std::size_t limit) {
    std::vector<std::uint64_t> some;
    expired_.bind(1, now).bind(2, as_signed(limit));
    for (;;) {
        const auto row = expired_.step();
        if (!row) return std::unexpected(row.error());
        if (!*row) return some;
        some.push_back(as_unsigned(expired_.number(0)));
    }
}

result<> store::forget_expiries(std::int64_t now, std::uint64_t pos) {
    return forget_expiry_.bind(1, now).bind(2, as_signed(pos)).run();
}

result<> store::remove_events(std::span<const indexed_event> events) {
    if (events.empty()) return {};
    const std::uint64_t first = events.front().pos;
    const std::uint64_t last = events.back().pos;
    if (last - first + 1 == events.size())
        return remove_events_.bind(1, as_signed(first)).bind(2, as_signed(last)).run();
    for (const indexed_event& e : events) {
        if (auto done = remove_event_.bind(1, as_signed(e.pos)).run(); !done) return done;
    }
    return {};
}

result<> store::remove_index_until(std::int64_t topic, std::uint64_t pos) {
    return remove_index_until_.bind(1, topic).bind(2, as_signed(pos)).run();
}

result<> store::remove(const indexed_event& e,
                       const std::function<bool(std::string_view)>& kept_by) {
    if (auto done = remove_index_.bind(1, e.topic).bind(2, as_signed(e.pos)).run(); !done)
        return done;
    if (!e.own_id.empty()) {
        remove_own_id_.bind(1, e.own_id).bind(2, e.topic).bind(3, as_signed(e.pos));
        if (auto done = remove_own_id_.run(); !done) return done;
    }
    if (e.shared) {
        const auto row = read_.bind(1, as_signed(e.pos)).step();
        if (!row) return std::unexpected(row.error());
        const bool kept = *row && any_topic(read_.bytes(1), kept_by);
        read_.reset();
        if (kept) return {};
    }
    return remove_event_.bind(1, as_signed(e.pos)).run();
}

}  // namespace carillon::sqlite
