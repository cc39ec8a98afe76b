#include <carillon/base/log.hpp>
#include <carillon/services/finite_streams.hpp>

#include "base/base64url.hpp"
#include "base/random.hpp"
#include "services/streams/open_streams.hpp"

#include <future>
#include <utility>

#include <fmt/format.h>

namespace carillon::services {

namespace {

constexpr std::size_t id_length = 22;  // 128 bits in base64url
constexpr std::string_view begin_name = "carillon.begin";
constexpr std::string_view end_name = "carillon.end";
// So many streams may end in one call of `end_idle`: a burst would hold up the journal.
constexpr std::size_t ends_per_call = 64;

error unknown_stream() { return {errc::not_found, "no stream has this id"}; }
error closed_stream() { return {errc::conflict, "the stream is closed"}; }

bool is_id(std::string_view text) {
    return text.size() == id_length &&
           text.find_first_not_of(base64url_alphabet) == std::string_view::npos;
}

/// Where a stream's events are.
topic events_of(std::string_view id) {
    return topic::parse(std::string("$stream/").append(id)).value();
}

/// Each open stream has a last value below this topic.
topic marks() { return topic::parse("$open-stream").value(); }

event mark(std::string_view id, std::string text) {
    event e;
    e.topics.push_back(topic::parse(fmt::format("{}/{}", marks().str(), id)).value());
    e.data = std::move(text);
    e.retain = true;
    return e;
}
/// Stored with a stream's first event: from then on it is open.
event open_mark(std::string_view id) { return mark(id, "open"); }
/// Stored with its last. A last value without data is none.
event closed_mark(std::string_view id) { return mark(id, {}); }

event own_event(std::string_view id, std::string_view name, std::string data) {
    event e;
    e.topics.push_back(events_of(id));
    e.name = wire::event_name::parse(name).value();
    e.data = std::move(data);
    e.payload = payload_kind::json;
    return e;
}

bool is_end(const event_ptr& last) {
    return last != nullptr && last->content.name && last->content.name->str() == end_name;
}

/// Gives a producer's events their topic.
result<> address(std::vector<event>& events, std::string_view id, const hub_options& limits) {
    if (events.size() > limits.max_batch) {
        return fail(errc::payload_too_large,
                    fmt::format("{} events in one append, at most {} are allowed", events.size(),
                                limits.max_batch));
    }
    for (event& e : events) {
        if (!e.topics.empty())
            return fail(errc::invalid_request, "the events of a stream name no topics");
        if (e.retain)
            return fail(errc::invalid_request, "a stream that ends has no last value: `retain`");
        if (e.is_private) {
            return fail(errc::invalid_request,
                        "whoever has the id of a stream that ends sees all of it: `private`");
        }
        if (e.name && e.name->str().starts_with("carillon.")) {
            return fail(errc::invalid_request,
                        "event names that begin with `carillon.` are reserved for the hub");
        }
        e.topics.push_back(events_of(id));
    }
    return {};
}

}  // namespace

/// Asks the hub for what `open_streams` decides. Lives as long as a callback may come.
class finite_streams::registry : public std::enable_shared_from_this<registry> {
public:
    registry(hub& h, finite_stream_options options, clock::time_point now)
        : hub_(h), streams_(options) {
        const std::size_t prefix = marks().str().size() + 1;
        for (std::optional<position> after = position{}; after;) {
            std::promise<result<snapshot_page>> answer;
            h.last_values_below(marks(), *after,
                                [&](result<snapshot_page> p) { answer.set_value(std::move(p)); });
            const auto page = answer.get_future().get();
            if (!page) {
                log::error("not all streams that are open were found",
                           {{"reason", page.error().detail}});
                return;
            }
            for (const event_ptr& e : page->values)
                streams_.restore(e->content.topics.front().str().substr(prefix), now);
            if (page->values.empty())
                after.reset();
            else
                after = page->through;
        }
    }

    open_streams& streams() noexcept { return streams_; }
    const open_streams& streams() const noexcept { return streams_; }

    void begin(std::function<void(result<std::string>)> done) {
        std::string id = random_token(id_length);
        if (!streams_.add(id, clock::now()))
            return done(fail(errc::unavailable, "too many streams are open; try again later"));
        std::vector<event> batch;
        batch.push_back(own_event(id, begin_name, "{}"));
        batch.push_back(open_mark(id));
        hub_.publish_own(std::move(batch), std::nullopt,
                         [self = shared_from_this(), id,
                          done = std::move(done)](const result<std::vector<published>>& stored) {
                             if (stored) return done(id);
                             self->streams_.remove(id);
                             done(std::unexpected(stored.error()));
                         });
    }

    void append(const std::string& id, std::vector<event> events,
                std::optional<idempotency_key> key, std::function<void(result<appended>)> done) {
        if (auto fit = address(events, id, *hub_.options()); !fit)
            return done(std::unexpected(fit.error()));
        switch (streams_.begin_append(id, clock::now())) {
            case open_streams::state::open:
                break;
            case open_streams::state::closing:
                return done(std::unexpected(closed_stream()));
            case open_streams::state::unknown:
                return refuse(id, std::move(done));
        }
        hub_.publish_own(std::move(events), std::move(key),
                         [self = shared_from_this(), id,
                          done = std::move(done)](result<std::vector<published>> stored) {
                             const auto left = self->streams_.end_append(id);
                             if (stored) {
                                 done(appended{std::move(*stored), left.stop});
                             } else {
                                 done(std::unexpected(stored.error()));
                             }
                             if (left.may_end) self->store_end(id);
                         });
    }

    void close(const std::string& id, std::string_view reason,
               std::function<void(result<published>)> done) {
        bool may_end = false;
        switch (streams_.begin_close(id, reason, done, may_end)) {
            case open_streams::state::open:
                break;
            case open_streams::state::closing:
                return done(std::unexpected(closed_stream()));
            case open_streams::state::unknown:
                return refuse(id, std::move(done));
        }
        if (may_end) store_end(id);
    }

    void request_stop(const std::string& id, std::function<void(result<>)> done) {
        switch (streams_.request_stop(id)) {
            case open_streams::state::open:
                return done({});
            case open_streams::state::closing:
                return done(std::unexpected(closed_stream()));
            case open_streams::state::unknown:
                return refuse(id, std::move(done));
        }
    }

    void read(const std::string& id, std::string cursor,
              std::function<void(result<std::optional<topic>>)> done) {
        // A cursor may lie behind an end that is stored already and not yet told: so wait for it.
        auto again = [self = shared_from_this(), id, cursor, done] {
            self->read(id, cursor, done);
        };
        switch (streams_.wait_if_closing(id, std::move(again))) {
            case open_streams::state::open:
                return done(events_of(id));
            case open_streams::state::closing:
                return;
            case open_streams::state::unknown:
                break;
        }
        with_end(id, [self = shared_from_this(), id, cursor = std::move(cursor),
                      done = std::move(done)](const result<event_ptr>& end) {
            if (!end) return done(std::unexpected(end.error()));
            const topic where = events_of(id);
            if (cursor.empty()) return done(where);
            self->with_hub([&](hub& h) {
                h.locate(
                    where, cursor,
                    [where, done, last = (*end)->pos](const result<std::optional<position>>& at) {
                        if (!at) return done(std::unexpected(at.error()));
                        const bool all = *at && **at >= last;
                        done(all ? std::nullopt : std::optional(where));
                    });
            });
        });
    }

    /// From now on nothing asks the hub any more.
    void leave() {
        streams_.clear();
        gone_.store(true);
    }

private:
    template <class Call>
    void with_hub(Call&& call) {
        if (!gone_.load()) call(hub_);
    }

    /// The end of a stream that is not open; an error if there is none.
    void with_end(const std::string& id, std::function<void(result<event_ptr>)> done) {
        with_hub([&](hub& h) {
            h.last_of(events_of(id), [done = std::move(done)](result<event_ptr> last) {
                if (last && !is_end(*last)) last = std::unexpected(unknown_stream());
                done(std::move(last));
            });
        });
    }

    /// For a writer whose stream is not open: it was closed, or never was.
    template <class Answer>
    void refuse(const std::string& id, std::function<void(result<Answer>)> done) {
        with_end(id, [done = std::move(done)](const result<event_ptr>& end) {
            done(std::unexpected(end ? closed_stream() : end.error()));
        });
    }

    // No append is under way and none begins: the end is the last event.
    void store_end(const std::string& id) {
        std::vector<event> batch;
        batch.push_back(
            own_event(id, end_name, fmt::format(R"({{"reason":"{}"}})", streams_.reason_of(id))));
        batch.push_back(closed_mark(id));
        with_hub([&](hub& h) {
            h.publish_own(
                std::move(batch), std::nullopt,
                [self = shared_from_this(), id](const result<std::vector<published>>& stored) {
                    auto waiting = stored ? self->streams_.remove(id)
                                          : self->streams_.reopen(id, clock::now());
                    if (waiting.close)
                        waiting.close(stored ? result<published>(stored->front())
                                             : std::unexpected(stored.error()));
                    for (const auto& read_again : waiting.readers) read_again();
                });
        });
    }

    hub& hub_;
    open_streams streams_;
    std::atomic<bool> gone_{false};
};

finite_streams::finite_streams(hub& h, finite_stream_options options, clock::time_point now)
    : registry_(std::make_shared<registry>(h, options, now)) {}

finite_streams::~finite_streams() { registry_->leave(); }

void finite_streams::begin(std::function<void(result<std::string>)> done) {
    registry_->begin(std::move(done));
}

void finite_streams::append(std::string_view id, std::vector<event> events,
                            std::optional<idempotency_key> key,
                            std::function<void(result<appended>)> done) {
    if (!is_id(id)) return done(std::unexpected(unknown_stream()));
    registry_->append(std::string(id), std::move(events), std::move(key), std::move(done));
}

void finite_streams::close(std::string_view id, std::function<void(result<published>)> done) {
    if (!is_id(id)) return done(std::unexpected(unknown_stream()));
    registry_->close(std::string(id), "closed", std::move(done));
}

void finite_streams::request_stop(std::string_view id, std::function<void(result<>)> done) {
    if (!is_id(id)) return done(std::unexpected(unknown_stream()));
    registry_->request_stop(std::string(id), std::move(done));
}

void finite_streams::read(std::string_view id, std::string cursor,
                          std::function<void(result<std::optional<topic>>)> done) {
    if (!is_id(id)) return done(std::unexpected(unknown_stream()));
    registry_->read(std::string(id), std::move(cursor), std::move(done));
}

void finite_streams::end_idle(clock::time_point now) {
    for (const std::string& id : registry_->streams().idle(now, ends_per_call))
        registry_->close(id, idle_reason, [](const result<published>&) {});
}

void finite_streams::reload(finite_stream_options options) { registry_->streams().reload(options); }

std::vector<finite_streams::open_stream> finite_streams::list(std::size_t limit,
                                                              clock::time_point now) const {
    return registry_->streams().list(limit, now);
}

finite_streams::counts finite_streams::count() const { return registry_->streams().count(); }

}  // namespace carillon::services
