#include "surfaces/topics/topic_surface.hpp"

#include <carillon/wire/encoder.hpp>

#include "base/time_text.hpp"
#include "surfaces/topics/event_json.hpp"
#include "transport/caller.hpp"
#include "transport/on_loop.hpp"
#include "transport/publish_body.hpp"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

namespace carillon::surfaces {

namespace {

constexpr std::size_t max_listed = 1000;
// Of events that wait: a page of them is written in one turn of a loop.
constexpr std::size_t max_listed_bytes = 1u << 20;

result<std::optional<topic>> path_topic(const http::request& r) {
    if (r.path_rest.empty()) return std::optional<topic>{};
    auto parsed = topic::parse(r.path_rest.back());
    if (!parsed) return std::unexpected(parsed.error());
    return std::optional<topic>(std::move(*parsed));
}

result<std::vector<topic_pattern>> requested_topics(const http::request& r,
                                                    const hub_options& limits) {
    std::vector<std::string> names = r.path_rest;
    for (std::string& name : r.query_values("topic")) names.push_back(std::move(name));
    if (names.size() > limits.max_topics_per_client) {
        return fail(errc::invalid_request,
                    fmt::format("at most {} topics at once", limits.max_topics_per_client));
    }
    std::vector<topic_pattern> patterns;
    for (const std::string& name : names) {
        auto parsed = topic_pattern::parse(name, limits.max_topic_length);
        if (!parsed) return std::unexpected(parsed.error());
        if (parsed->str().starts_with('$'))
            return fail(errc::forbidden, "topics that begin with `$` are the hub's own");
        if (std::ranges::find(patterns, *parsed) == patterns.end())
            patterns.push_back(std::move(*parsed));
    }
    if (patterns.empty()) return fail(errc::invalid_request, "name a topic: `?topic=news`");
    return patterns;
}

/// `<milliseconds>.<id>` of the last event of a page.
bool parse_schedule_place(std::string_view text, scheduled_query& into) {
    const std::size_t dot = text.find('.');
    if (dot == std::string_view::npos) return false;
    const auto due = parse_whole_number(text.substr(0, dot));
    const auto id = parse_whole_number(text.substr(dot + 1));
    if (!due || !id || *due > std::numeric_limits<std::int64_t>::max() / 1'000'000) return false;
    into.after_due = std::chrono::system_clock::time_point(std::chrono::milliseconds(*due));
    into.after_id = static_cast<std::uint64_t>(*id);
    return true;
}

std::string schedule_place(const scheduled_event& s) {
    const auto due = std::chrono::floor<std::chrono::milliseconds>(s.due.time_since_epoch());
    return fmt::format("{}.{}", due.count(), s.id);
}

/// What takes an event's place is shown, kept and expires as that event: whoever asks for something
/// else is not to believe that it was done.
result<> is_content_alone(const transport::written_event& written) {
    const event& e = written.content;
    if (!e.is_private && !e.expires && !e.retain && !e.ephemeral && !e.id && e.key.empty() &&
        e.metadata.empty() && !written.deliver_at && written.idempotency_key.empty())
        return {};
    return fail(errc::invalid_request,
                "what takes an event's place has `event` and `data`: all else is as it was");
}

/// Whoever may publish under a private event's topics may call it off, and reads it only if they
/// may listen to one of them.
bool may_read(const principal& who, const event& e) {
    if (!e.is_private || transport::is_admin(who)) return true;
    return who.grants != nullptr && std::ranges::any_of(e.topics, [&](const topic& t) {
               return who.grants->may_subscribe(topic_pattern(t));
           });
}

/// Shows of the page what the caller may publish under.
void answer_scheduled(http::responder& to, result<scheduled_page> page, const principal& who) {
    if (!page) return to.send(page.error());
    const std::string next = page->more ? schedule_place(page->events.back()) : std::string();
    std::string text = R"({"scheduled":[)";
    bool first = true;
    for (scheduled_event& s : page->events) {
        if (!transport::may_publish(who, s.content)) continue;
        if (!std::exchange(first, false)) text += ',';
        text += fmt::format(R"({{"scheduledId":"{}","deliverAt":"{}",)", s.id, rfc3339(s.due));
        text += R"("event":)";
        stored_event waiting;
        if (may_read(who, s.content)) {
            waiting.content = std::move(s.content);
        } else {
            waiting.content.topics = std::move(s.content.topics);
            waiting.content.payload = payload_kind::json;
            waiting.content.data = "null";
        }
        waiting.stored_at = s.due;
        append_event_json(text, waiting, {});
        text += '}';
    }
    text += next.empty() ? "]}" : fmt::format(R"(],"next":"{}"}})", next);
    to.send(http::json_response(200, std::move(text)));
}

}  // namespace

bool full_envelope::encode(const stored_event& e, std::string_view id, std::string& out) const {
    std::string data;
    append_event_json(data, e, id);
    wire::block b;
    b.comment = e.content.comment;
    b.retry = e.content.retry;
    b.data = data;
    wire::append(out, b, id);
    return true;
}

topic_surface::topic_surface(hub& h, services::finite_streams& finite,
                             transport::stream_host& streams, topic_surface_options options)
    : hub_(h),
      streams_(streams),
      options_(std::move(options)),
      finite_(h, finite, streams, options_.profile),
      clients_(h, options_.public_topics),
      doctor_(h, streams, options_.profile, options_.public_topics) {}

result<> topic_surface::may_listen(const principal& who,
                                   const std::vector<topic_pattern>& topics) const {
    if (transport::is_admin(who)) return {};
    for (const topic_pattern& t : topics) {
        const auto may = transport::may_listen(who.grants.get(), options_.public_topics, t);
        if (!may) return may;
    }
    return {};
}

void topic_surface::subscribe(http::request& r, const principal& who, http::responder answer) {
    auto topics = requested_topics(r, *hub_.options());
    if (!topics) return answer.send(topics.error());
    if (auto may = may_listen(who, *topics); !may) return answer.send(may.error());
    stream_request asked;
    asked.topics = std::move(*topics);
    asked.profile = &options_.profile;
    asked.who = transport::identity_of(who);
    auto filter = transport::filter_of(r);
    if (!filter) return answer.send(filter.error());
    asked.filter = std::move(*filter);
    const auto shape = r.query_value("envelope");
    if (shape && *shape != "full" && *shape != "plain") {
        return answer.send(error{errc::invalid_request, "`envelope` is `plain` or `full`"});
    }
    asked.envelope = shape == "full" ? options_.full : options_.profile.envelope;
    streams_.open(r, std::move(answer), std::move(asked));
}

std::unique_ptr<http::upload> topic_surface::upload(http::request& r, const principal& who,
                                                    http::responder answer,
                                                    http::upload_control control) {
    auto name = path_topic(r);
    if (!name) {
        answer.send(name.error());
        return nullptr;
    }
    if (r.header_value("Idempotency-Key")) {
        answer.send(error{errc::invalid_request,
                          "each line has a key of its own: send `idempotencyKey` in its event"});
        return nullptr;
    }
    return transport::make_line_upload(
        hub_,
        {std::move(*name), [who](const event& e) { return transport::may_publish(who, e); },
         transport::key_space_of(who)},
        std::move(answer), std::move(control));
}

void topic_surface::publish(http::request& r, const principal& who, http::responder answer) {
    auto name = path_topic(r);
    if (!name) return answer.send(name.error());
    auto body = transport::parse_publish_body(r.body, *name, *hub_.options());
    if (!body) return answer.send(body.error());
    for (const event& e : body->events) {
        if (auto may = transport::may_publish(who, e); !may) return answer.send(may.error());
    }
    auto key = transport::idempotency_key_of(r, std::move(body->idempotency_key),
                                             transport::key_space_of(who));
    if (!key) return answer.send(key.error());
    std::optional<idempotency_key> once;
    if (*key)
        once = transport::keyed(std::move(**key), *name ? std::string_view((*name)->str()) : "",
                                r.body);
    if (body->deliver_at) {
        return hub_.schedule(
            std::move(body->events.front()), *body->deliver_at, std::move(once),
            transport::on_loop_of(std::move(answer), [](http::responder& to,
                                                        result<std::uint64_t> id) {
                if (!id) return to.send(id.error());
                to.send(http::json_response(202, fmt::format(R"({{"scheduledId":"{}"}})", *id)));
            }));
    }
    std::vector<std::string> topics;
    topics.reserve(body->events.size());
    for (const event& e : body->events) topics.push_back(e.topics.front().str());
    hub_.publish(
        std::move(body->events), std::move(once),
        transport::on_loop_of(std::move(answer),
                              [topics = std::move(topics), array = body->array](
                                  http::responder& to, result<std::vector<published>> done) {
                                  if (!done) return to.send(done.error());
                                  std::string text = array ? "[" : "";
                                  for (std::size_t i = 0; i < done->size(); ++i) {
                                      if (i != 0) text += ',';
                                      text += transport::publish_answer((*done)[i], topics[i]);
                                  }
                                  to.send(http::json_response(200, text + (array ? "]" : "")));
                              }));
}

void topic_surface::history(http::request& r, const principal& who, http::responder answer) {
    auto topics = requested_topics(r, *hub_.options());
    if (!topics) return answer.send(topics.error());
    if (auto may = may_listen(who, *topics); !may) return answer.send(may.error());
    history_query query;
    query.topics = std::move(*topics);
    query.who = transport::identity_of(who);
    auto filter = transport::filter_of(r);
    if (!filter) return answer.send(filter.error());
    query.filter = std::move(*filter);
    query.after_id = transport::cursor_of(r);
    auto from = transport::rewind_of(r);
    if (!from) return answer.send(from.error());
    query.from = *from;
    if (const auto limit = r.query_value("limit")) {
        const auto count = parse_whole_number(*limit);
        if (!count || *count == 0)
            return answer.send(error{errc::invalid_request, "`limit` is a number from 1 to 1000"});
        query.max_events = static_cast<std::size_t>(*count);
    } else if (const auto* last = std::get_if<rewind_last>(&query.from)) {
        query.max_events = static_cast<std::size_t>(std::max<std::uint64_t>(last->count, 1));
    }
    query.max_events = std::min(query.max_events, max_listed);
    hub_.history(std::move(query),
                 transport::on_loop_of(std::move(answer), [this](http::responder& to,
                                                                 result<history_page> page) {
                     if (!page) return to.send(page.error());
                     std::string text = R"({"events":[)";
                     bool first = true;
                     for (const event_ptr& e : page->events) {
                         if (!std::exchange(first, false)) text += ',';
                         append_event_json(text, *e, hub_.id_of(*e));
                     }
                     text += fmt::format(R"(],"next":"{}","more":{},"resume":"{}")", page->next,
                                         page->more, to_string(page->verdict));
                     if (page->lost) {
                         text += fmt::format(R"(,"gap":{{"from":"{}","to":"{}","reason":"{}"}})",
                                             page->lost->from, page->lost->to, page->lost->reason);
                     }
                     auto all = http::json_response(200, text + "}");
                     all.headers.emplace_back("Last-Event-ID", page->next);
                     to.send(std::move(all));
                 }));
}

// DELETE takes an event back, PUT puts another in its place.
void topic_surface::erase(http::request& r, const principal& who, http::responder answer) {
    const auto name = r.query_value("topic");
    if (!name)
        return answer.send(error{errc::invalid_request, "say of which topic: `?topic=news`"});
    auto from = topic::parse(*name);
    if (!from) return answer.send(from.error());
    if (from->reserved())
        return answer.send(error{errc::forbidden, "topics of the hub's own are not changed"});
    if (auto may = transport::may_publish(who, *from); !may) return answer.send(may.error());
    auto answer_published = [name = *name](http::responder& to,
                                           result<std::vector<published>> done) {
        if (!done) return to.send(done.error());
        to.send(http::json_response(200, transport::publish_answer(done->front(), name)));
    };
    // One event may have topics that the caller may not publish under.
    event_reference what{r.path_rest[0], std::move(*from), nullptr,
                         [who](const event& e) { return transport::may_publish(who, e); }};
    if (r.method != "PUT") {
        return hub_.take_back(
            std::move(what), transport::on_loop_of(std::move(answer), std::move(answer_published)));
    }
    auto written = transport::parse_event(r.body, what.from, *hub_.options());
    if (!written) return answer.send(written.error());
    if (auto honoured = is_content_alone(*written); !honoured) return answer.send(honoured.error());
    hub_.replace(std::move(what), std::move(written->content),
                 transport::on_loop_of(std::move(answer), std::move(answer_published)));
}

void topic_surface::list_scheduled(http::request& r, const principal& who, http::responder answer) {
    scheduled_query query;
    query.max_events = max_listed;
    query.max_bytes = max_listed_bytes;
    if (const auto limit = r.query_value("limit")) {
        const auto count = parse_whole_number(*limit);
        if (!count || *count <= 0)
            return answer.send(error{errc::invalid_request, "`limit` is a number from 1 to 1000"});
        query.max_events = std::min(static_cast<std::size_t>(*count), max_listed);
    }
    if (const auto after = r.query_value("after")) {
        if (!parse_schedule_place(*after, query)) {
            return answer.send(
                error{errc::invalid_request, "`after` is the `next` of the page before"});
        }
    }
    hub_.scheduled(query,
                   transport::on_loop_of(std::move(answer),
                                         [who](http::responder& to, result<scheduled_page> page) {
                                             answer_scheduled(to, std::move(page), who);
                                         }));
}

void topic_surface::cancel_scheduled(http::request& r, const principal& who,
                                     http::responder answer) {
    const auto parsed = parse_whole_number(r.path_rest[0]);
    const error unknown{errc::not_found, "no event with this id waits"};
    if (!parsed) return answer.send(unknown);
    const auto id = static_cast<std::uint64_t>(*parsed);
    const auto cancel = [this, id, unknown](http::responder to) {
        hub_.cancel(id, transport::on_loop_of(std::move(to), [unknown](http::responder& answering,
                                                                       result<bool> was_there) {
                        if (!was_there) return answering.send(was_there.error());
                        if (!*was_there) return answering.send(unknown);
                        answering.send(http::response{204, {}, {}, false});
                    }));
    };
    if (transport::is_admin(who)) return cancel(std::move(answer));
    // Its topics say whether it is the caller's to call off.
    scheduled_query named;
    named.only = id;
    hub_.scheduled(named, transport::on_loop_of(std::move(answer), [who, unknown, cancel](
                                                                       http::responder& to,
                                                                       result<scheduled_page> p) {
                       if (!p) return to.send(p.error());
                       if (p->events.empty()) return to.send(unknown);
                       const auto may = transport::may_publish(who, p->events.front().content);
                       if (!may) return to.send(may.error());
                       cancel(std::move(to));
                   }));
}

}  // namespace carillon::surfaces
