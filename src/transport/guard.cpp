#include "transport/guard.hpp"

#include "base/time_text.hpp"
#include "http/admission.hpp"
#include "http/authority.hpp"
#include "http/text.hpp"
#include "transport/caller.hpp"
#include "transport/stream_host.hpp"

#include <algorithm>
#include <mutex>
#include <optional>
#include <utility>

#include <fmt/format.h>

namespace carillon::transport {

namespace {

using found = result<principal>;

/// The answer of an authenticator, which may be there at once or come on another thread.
/// Synchronised inside.
class lookup {
public:
    explicit lookup(net::loop& l) noexcept : loop_(l) {}

    void finish(found who) {
        std::function<void(found)> next;
        {
            const std::lock_guard lock(mutex_);
            if (!next_) {
                who_ = std::move(who);
                return;
            }
            next = std::exchange(next_, nullptr);
        }
        go_on(std::move(next), std::move(who));
    }

    /// The answer if it has come.
    std::optional<found> take() {
        const std::lock_guard lock(mutex_);
        return std::exchange(who_, std::nullopt);
    }

    /// Calls `next` on the loop's thread, in another turn of it than this one.
    void then(std::function<void(found)> next) {
        std::optional<found> who;
        {
            const std::lock_guard lock(mutex_);
            who = std::exchange(who_, std::nullopt);
            if (!who) {
                next_ = std::move(next);
                return;
            }
        }
        go_on(std::move(next), std::move(*who));
    }

private:
    void go_on(std::function<void(found)> next, found who) {
        loop_.post(
            [next = std::move(next), who = std::move(who)]() mutable { next(std::move(who)); });
    }

    net::loop& loop_;
    std::mutex mutex_;
    std::optional<found> who_;         // guarded by mutex_
    std::function<void(found)> next_;  // guarded by mutex_
};

bool answers_stream(const route& r) {
    return std::ranges::any_of(r.answers,
                               [](const route_answer& a) { return a.type == "text/event-stream"; });
}

/// Reading what was published is nothing that a rate bounds, nor what an operator does. What users
/// do makes events and records as publishing does.
rated rate_of(const route& r) {
    if (answers_stream(r)) return rated::connect;
    const bool changes =
        r.method != "GET" && r.who.otherwise > access::optional && r.who.otherwise != access::admin;
    return changes ? rated::publish : rated::nothing;
}

/// A route with what guards it. Immutable; shared by the handlers, which are copied.
struct guarded_route {
    route to;
    auth::authenticator& authenticator;
    access_policy policy;
    bool is_stream = answers_stream(to);
    rated counts_as = rate_of(to);

    access needed_by(const http::request& r) const {
        if (!policy.local_defaults || to.who.locally == to.who.otherwise) return to.who.otherwise;
        return is_local(r) ? to.who.locally : to.who.otherwise;
    }

    /// A caller that nobody asks. Where others would be asked, this one is trusted.
    principal unasked() const {
        principal who;
        who.unrestricted = !policy.asks || to.who.otherwise != access::none;
        return who;
    }

    /// The caller as the handler gets it.
    principal admitted(const found& who) const {
        principal p = *who;
        p.unrestricted = !policy.asks;
        return p;
    }

    std::shared_ptr<lookup> begin(const http::request& r, net::loop& on) const {
        auto asked = std::make_shared<lookup>(on);
        auth::credentials given;
        given.authorization = r.header_value("Authorization").value_or("");
        given.cookie = r.header_value("Cookie").value_or("");
        if (!r.query.empty()) {
            given.token = r.query_value("token").value_or("");
            given.ticket = r.query_value("ticket").value_or("");
        }
        given.header = [&r](std::string_view name) { return r.header_value(name); };
        given.for_stream = is_stream;
        if (is_stream && !given.ticket.empty()) {
            given.has_cursor = !cursor_of(r).empty();
            given.stream = r.path;
            for (const std::string& t : r.query_values("topic")) given.stream.append("\n") += t;
        }
        given.local = is_local(r);
        authenticator.check(given, [asked](found who) { asked->finish(std::move(who)); });
        return asked;
    }

    /// Why this caller is not let in, and when it may come again if it comes too often.
    struct refusal {
        error why;
        std::chrono::milliseconds wait{0};
    };
    /// `whose`: by what the rate counts, as its setting says.
    std::optional<refusal> too_often(std::optional<std::chrono::milliseconds> wait,
                                     std::string_view whose) const {
        if (!wait) return std::nullopt;
        const std::string_view what = counts_as == rated::connect ? "connects" : "publishes";
        return refusal{
            {errc::rate_limited,
             fmt::format("that is too often (`rates.{}_per_{}`); wait a little", what, whose)},
            *wait};
    }

    /// Before anybody is asked who they are.
    std::optional<refusal> against(const http::request& r) const {
        if (policy.rates == nullptr) return std::nullopt;
        return too_often(policy.rates->by_address(counts_as, r.client), "address");
    }

    std::optional<refusal> against(access needed, const found& who) const {
        if (!who) return refusal{who.error()};
        if (policy.asks) {
            if (const auto may = permits(needed, *who); !may) return refusal{may.error()};
        }
        if (policy.rates == nullptr) return std::nullopt;
        return too_often(policy.rates->by_user(counts_as, who->user), "user");
    }

    void refuse(const http::request& r, http::responder answer, const refusal& what) const {
        if (to.refuse) return to.refuse(r, std::move(answer), what.why);
        if (what.wait.count() == 0) return answer.send(what.why);
        answer.send(http::problem(what.why, what.wait));
    }
};

using route_ptr = std::shared_ptr<const guarded_route>;

void handle(const guarded_route& g, access needed, http::request& r, http::responder answer,
            const found& who) {
    if (const auto why = g.against(needed, who)) return g.refuse(r, std::move(answer), *why);
    g.to.handle(r, g.admitted(who), std::move(answer));
}

http::handler guard_of(route_ptr g) {
    return [g = std::move(g)](http::request& r, http::responder answer) {
        if (const auto why = g->against(r)) return g->refuse(r, std::move(answer), *why);
        const access needed = g->needed_by(r);
        if (needed == access::none) return g->to.handle(r, g->unasked(), std::move(answer));
        const auto asked = g->begin(r, answer.loop());
        if (const auto who = asked->take()) {
            return handle(*g, needed, r, std::move(answer), *who);
        }
        struct call {
            http::request r;
            http::responder answer;
        };
        // The request's memory is used again as soon as this returns.
        auto kept = std::make_shared<call>(std::move(r), std::move(answer));
        asked->then([g, needed, kept](const found& who) {
            if (kept->answer.client_gone()) return;
            handle(*g, needed, kept->r, std::move(kept->answer), who);
        });
    };
}

/// An upload whose caller is not known yet. It is paused with its first bytes, which it keeps.
class waiting_upload {
public:
    waiting_upload(route_ptr g, access needed, http::request r, http::responder answer,
                   http::upload_control control)
        : guarded_(std::move(g)),
          needed_(needed),
          request_(std::move(r)),
          answer_(std::move(answer)),
          control_(std::move(control)) {}

    http::upload::flow data(std::string_view bytes) {
        if (inner_) return inner_->on_data(bytes);
        held_ += bytes;
        return known_ ? http::upload::flow::more : http::upload::flow::pause;
    }

    void end() {
        if (inner_) return inner_->on_end();
        ended_ = true;
    }

    /// True if the upload answers.
    bool cut(const error& why) {
        over_ = true;
        return inner_ && inner_->on_cut(why);
    }

    std::size_t held() const { return held_.capacity() + (inner_ ? inner_->held() : 0); }

    void go_on(const found& who) {
        known_ = true;
        if (over_) return;
        if (answer_.client_gone()) return;
        if (const auto why = guarded_->against(needed_, who)) {
            return guarded_->refuse(request_, std::move(answer_), *why);
        }
        inner_ =
            guarded_->to.upload(request_, guarded_->admitted(who), std::move(answer_), control_);
        if (!inner_) return;
        if (ended_) return inner_->on_end();  // an empty body: nothing else ends before a resume
        const std::string held = std::exchange(held_, {});
        if (held.empty()) return;  // not paused yet
        if (inner_->on_data(held) == http::upload::flow::more) control_.resume();
    }

private:
    const route_ptr guarded_;
    const access needed_;
    http::request request_;
    http::responder answer_;
    http::upload_control control_;
    std::unique_ptr<http::upload> inner_;
    std::string held_;
    bool known_ = false;
    bool ended_ = false;
    bool over_ = false;  ///< it was cut: the caller gets no further
};

class guarded_upload final : public http::upload {
public:
    explicit guarded_upload(std::shared_ptr<waiting_upload> to) : to_(std::move(to)) {}
    flow on_data(std::string_view bytes) override { return to_->data(bytes); }
    void on_end() override { to_->end(); }
    bool on_cut(const error& why) override { return to_->cut(why); }
    std::size_t held() const noexcept override { return to_->held(); }

private:
    std::shared_ptr<waiting_upload> to_;
};

/// In place of an upload that has been answered, or is about to be.
class answered_upload final : public http::upload {
public:
    flow on_data(std::string_view) override { return flow::more; }
    void on_end() override {}
};

std::unique_ptr<http::upload> begin_upload(const guarded_route& g, access needed, http::request& r,
                                           http::responder answer, http::upload_control control,
                                           const found& who) {
    if (const auto why = g.against(needed, who)) {
        g.refuse(r, std::move(answer), *why);
        return nullptr;
    }
    const principal caller = needed == access::none ? g.unasked() : g.admitted(who);
    return g.to.upload(r, caller, std::move(answer), std::move(control));
}

/// Bytes of a body up to which it is read of whoever shows credentials: they are looked at once,
/// when the body is complete. Before and after it would cost every publisher a second look.
constexpr std::size_t read_with_credentials = 16u << 10;

/// True for a body that may be longer.
bool is_large(const http::request& r) {
    const auto length = parse_whole_number(r.header_value("Content-Length").value_or(""));
    return !length || *length > static_cast<std::int64_t>(read_with_credentials);
}

bool shows_credentials(const http::request& r) {
    if (!r.header_value("Authorization").value_or("").empty() ||
        !r.header_value("Cookie").value_or("").empty())
        return true;
    return !r.query.empty() && (r.query_value("token") || r.query_value("ticket"));
}

/// Refuses a body before it is read if its caller is known at once and not let in: strangers must
/// not fill what there is for bodies, nor hold connections with bodies that never come. Others are
/// asked for again when it is complete.
bool refuses_unread(const guarded_route& g, const http::request& r, http::responder& answer) {
    const access needed = g.needed_by(r);
    if (needed == access::none || !g.policy.asks) return false;
    if (shows_credentials(r) && !is_large(r)) return false;
    const auto who = g.begin(r, answer.loop())->take();
    if (!who) return false;
    const auto may = *who ? permits(needed, **who) : result<>(std::unexpected(who->error()));
    if (may) return false;
    g.refuse(r, std::move(answer), {may.error()});
    return true;
}

http::upload_handler upload_guard_of(route_ptr g) {
    return [g = std::move(g)](http::request& r, http::responder& answer,
                              http::upload_control control) -> std::unique_ptr<http::upload> {
        const auto type = r.header_value("Content-Type").value_or("");
        if (!g->to.upload || !http::is_of_type(type, g->to.takes.streamed)) {
            if (!refuses_unread(*g, r, answer)) return nullptr;
            return std::make_unique<answered_upload>();
        }
        if (const auto why = g->against(r)) {
            g->refuse(r, std::move(answer), *why);
            return std::make_unique<answered_upload>();
        }
        const access needed = g->needed_by(r);
        const auto asked = needed == access::none ? nullptr : g->begin(r, answer.loop());
        const auto who = asked ? asked->take() : std::optional<found>(principal{});
        if (who) {
            auto begun = begin_upload(*g, needed, r, std::move(answer), std::move(control), *who);
            return begun ? std::move(begun) : std::make_unique<answered_upload>();
        }
        auto waiting = std::make_shared<waiting_upload>(g, needed, std::move(r), std::move(answer),
                                                        std::move(control));
        asked->then([waiting](const found& then) { waiting->go_on(then); });
        return std::make_unique<guarded_upload>(std::move(waiting));
    };
}

http::route_rules rules_of(const route& r) {
    http::route_rules rules;
    rules.needs_body = r.takes.needed;
    rules.media_types = r.takes.whole;
    rules.media_types.insert(rules.media_types.end(), r.takes.streamed.begin(),
                             r.takes.streamed.end());
    rules.any_host = r.any_host;
    rules.any_page = r.any_page;
    rules.personal = r.who.otherwise != access::none;
    return rules;
}

/// `localhost`, a name below it, or a loopback address.
bool is_loopback_name(std::string_view host) {
    const auto parsed = http::parse_authority(host);
    if (!parsed) return false;
    const std::string name = http::lower(parsed->host);
    if (name == "localhost" || name.ends_with(".localhost")) return true;
    const auto address = net::ip_address::parse(name);
    return address && address->is_loopback();
}

}  // namespace

bool is_local(const http::request& r) {
    const auto host = r.header_value("Host");
    // Behind a Unix socket there is a proxy as a rule, and HTTP/1.0 is what proxies speak that say
    // nothing of themselves.
    return !r.forwarded && !r.http10 && !r.client.is_local_socket() && r.client.is_loopback() &&
           host && is_loopback_name(*host);
}

result<> permits(access needed, const principal& who) {
    if (needed == access::none || needed == access::optional) return {};
    if (who.is_anonymous())
        return fail(errc::unauthenticated, "say who you are: credentials are missing");
    if (needed == access::verified_user && who.from == principal::source::development) {
        return fail(errc::unauthenticated,
                    "a signed token is needed here: a development token proves nothing");
    }
    if (needed <= access::owner || is_admin(who)) return {};
    if (needed == access::publisher && is_publisher(who)) return {};
    if (needed == access::sender && is_sender(who)) return {};
    return fail(errc::forbidden, needed == access::admin ? "this needs the role `admin`"
                                                         : "this needs the role `publisher`");
}

void mount(http::router& on, std::vector<route> routes, auth::authenticator& who,
           access_policy policy) {
    for (route& r : routes) {
        const auto g =
            std::make_shared<const guarded_route>(guarded_route{std::move(r), who, policy});
        on.add(g->to.method, g->to.path, guard_of(g), upload_guard_of(g), rules_of(g->to));
    }
}

}  // namespace carillon::transport
