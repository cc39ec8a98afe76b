#include "server/user_data.hpp"

#include <carillon/services/chat.hpp>

#include "surfaces/support/json_answer.hpp"
#include "transport/on_loop.hpp"
#include "transport/rules.hpp"

#include <algorithm>
#include <atomic>
#include <optional>
#include <utility>

#include <boost/json.hpp>

namespace carillon::server {

namespace {

using transport::route;
namespace rules = transport::rules;

constexpr std::size_t page_events = 200;
constexpr std::size_t max_rooms = 1000;  // what `chat.max_rooms` is at most
constexpr std::size_t max_rooms_with_messages = 10'000;
constexpr std::string_view json = "application/json";

std::string event_json(const stored_event& e, const std::string& id) {
    surfaces::json_object out;
    out.text("id", id).text_if("kind", e.content.kind);
    if (e.content.name) out.text("event", e.content.name->str());
    out.raw("data", surfaces::data_json(e.content)).text("timestamp", surfaces::timestamp_of(e));
    return out.take();
}

}  // namespace

/// Whether an event of a room tells of the user.
bool tells_of(const event& e, std::string_view user) {
    boost::system::error_code failure;
    const boost::json::value data = boost::json::parse(e.data, failure);
    if (failure || !data.is_object()) return false;
    const boost::json::value* who = data.get_object().if_contains("userId");
    return who != nullptr && who->is_string() && std::string_view(who->get_string()) == user;
}

/// Goes over the events of a user's space, page after page, and then, to erase, over those of the
/// rooms that the user is in or has spoken in.
struct user_data::sweep {
    std::shared_ptr<const identity> who;
    std::string after;  ///< the cursor of the next page; empty: the first
    position end;       ///< what is stored later is not looked at: it tells of the sweep itself
    bool erases = false;
    std::string records;                  ///< JSON text, of an export
    std::uint64_t rows = 0;               ///< erased
    std::vector<topic> rooms;             ///< that the user was in
    std::vector<topic> spoken_in;         ///< rooms that are still to be looked through
    std::optional<topic> room;            ///< the one that is looked through
    std::vector<std::string> events;      ///< JSON texts
    std::atomic<std::uint64_t> taken{0};  ///< events that lost their content
    std::function<void(result<std::string>)> done;

    void finish() {
        surfaces::json_object out;
        out.text("userId", who->user);
        if (erases) {
            out.number("records", rows).number("events", taken.load());
        } else {
            out.raw("records", records).raw("events", surfaces::json_list(events));
        }
        done(out.take());
    }
};

std::vector<route> user_data::routes() {
    std::vector<route> all;
    all.push_back({.method = "GET",
                   .path = "/admin/users/{user}/data",
                   .summary = "exports what is kept of a user",
                   .who = rules::administration,
                   .answers = {{200, json, "records and events"}},
                   .handle = [this](http::request& r, const principal&, http::responder answer) {
                       show(r, std::move(answer));
                   }});
    all.push_back({.method = "DELETE",
                   .path = "/admin/users/{user}/data",
                   .summary = "erases what is kept of a user",
                   .who = rules::administration,
                   .answers = {{200, json, "how much that was"}},
                   .handle = [this](http::request& r, const principal&, http::responder answer) {
                       erase(r, std::move(answer));
                   }});
    return all;
}

namespace {

auto answering(http::responder answer) {
    return transport::on_loop_of(std::move(answer),
                                 [](http::responder& to, const result<std::string>& text) {
                                     if (!text) return to.send(text.error());
                                     to.send(http::json_response(200, *text));
                                 });
}

std::shared_ptr<const identity> identity_of_user(const std::string& user) {
    auto who = std::make_shared<identity>();
    who->user = user;
    return who;
}

}  // namespace

void user_data::show(http::request& r, http::responder answer) {
    auto s = std::make_shared<sweep>();  // until the last page has come
    s->who = identity_of_user(r.path_rest[0]);
    s->end = events_.record().head();
    s->done = answering(std::move(answer));
    records_.read(
        [s](store::records& all) -> result<> {
            auto text = all.export_user(s->who->user);
            if (!text) return std::unexpected(text.error());
            s->records = std::move(*text);
            return {};
        },
        [this, s](const result<>& read) {
            if (!read) return s->done(std::unexpected(read.error()));
            read_page(s);
        });
}

void user_data::erase(http::request& r, http::responder answer) {
    auto s = std::make_shared<sweep>();  // until the last page has come
    s->who = identity_of_user(r.path_rest[0]);
    s->end = events_.record().head();
    s->erases = true;
    s->done = answering(std::move(answer));
    records_.write(
        [s](store::records& all) -> result<> {
            const auto rooms = all.rooms().rooms_of(s->who->user, {}, max_rooms);
            if (!rooms) return std::unexpected(rooms.error());
            for (const store::room& in : *rooms) {
                if (auto where = services::chat::topic_of(in.id)) s->rooms.push_back(*where);
            }
            const auto spoken =
                all.rooms().rooms_with_messages_of(s->who->user, max_rooms_with_messages);
            if (!spoken) return std::unexpected(spoken.error());
            for (const std::string& id : *spoken) {
                if (auto where = services::chat::topic_of(id)) s->spoken_in.push_back(*where);
            }
            // A member who wrote nothing has come in all the same.
            for (const topic& in : s->rooms) {
                if (std::ranges::find(s->spoken_in, in) == s->spoken_in.end())
                    s->spoken_in.push_back(in);
            }
            const auto rows = all.erase_user(s->who->user);
            if (!rows) return std::unexpected(rows.error());
            s->rows = *rows;
            return {};
        },
        [this, s](const result<>& written) {
            if (!written) return s->done(std::unexpected(written.error()));
            leave_rooms(s);
        });
}

// Streams that are open know their rooms by themselves.
void user_data::leave_rooms(std::shared_ptr<sweep> s) {
    if (s->rooms.empty()) return read_page(std::move(s));
    const topic where = std::move(s->rooms.back());
    s->rooms.pop_back();
    events_.change_room(s->who->user, where, false, [this, s](const result<>&) { leave_rooms(s); });
}

void user_data::read_page(std::shared_ptr<sweep> s) {
    history_query q;
    q.who = s->who;
    if (s->room) {
        q.rooms = {*s->room};
    } else {
        q.spaces = {.user = true};
    }
    q.after_id = s->after;
    if (s->after.empty()) q.from = rewind_since{};
    q.max_events = page_events;
    events_.history(std::move(q), [this, s](result<history_page> page) {
        if (!page) return s->done(std::unexpected(page.error()));
        std::vector<event_ptr> all;
        bool more = page->more;
        for (event_ptr& e : page->events) {
            if (e->pos > s->end) {
                more = false;
                break;
            }
            const bool own = e->content.name && e->content.name->str().starts_with("carillon.");
            if (own || e->erased || (s->room && !tells_of(e->content, s->who->user))) continue;
            all.push_back(std::move(e));
        }
        more = more && page->next != s->after;
        s->after = std::move(page->next);
        if (s->erases) return take_back(s, std::move(all), more);
        for (const event_ptr& e : all) s->events.push_back(event_json(*e, events_.id_of(*e)));
        if (more) return read_page(s);
        s->finish();
    });
}

void user_data::next_room(std::shared_ptr<sweep> s) {
    if (s->spoken_in.empty()) return s->finish();
    s->room = std::move(s->spoken_in.back());
    s->spoken_in.pop_back();
    s->after.clear();
    read_page(std::move(s));
}

void user_data::take_back(std::shared_ptr<sweep> s, std::vector<event_ptr> page, bool more) {
    if (page.empty()) return more ? read_page(std::move(s)) : next_room(std::move(s));
    auto open = std::make_shared<std::atomic<std::size_t>>(page.size());
    for (const event_ptr& e : page) {
        const auto whatever_it_is = [](const event&) { return result<>{}; };
        events_.take_back({events_.id_of(*e), e->content.topics.front(), nullptr, whatever_it_is},
                          [this, s, open, more](const result<std::vector<published>>& done) {
                              // Retention may have been quicker.
                              if (done) ++s->taken;
                              if (open->fetch_sub(1) != 1) return;
                              if (more) return read_page(s);
                              next_room(s);
                          });
    }
}

}  // namespace carillon::server
