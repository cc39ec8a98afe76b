#include "http/session_context.hpp"

#include "http/exchange.hpp"

#include <algorithm>

namespace carillon::http {

namespace {

/// For what comes in after the answer to a refused request, so that the client gets to read the
/// answer.
constexpr std::chrono::milliseconds linger_time = std::chrono::seconds(2);

}  // namespace

session_context::session_context(net::loop& l, const router& r,
                                 std::shared_ptr<const server_options> o, server_counters& c)
    : loop(l),
      routes(r),
      counters(c),
      options(std::move(o)),
      input_(std::make_unique<std::array<char, input_size>>()) {}

session_context::~session_context() {
    for (std::size_t i = 0; i < wait_kinds; ++i) waiting_.close_all(static_cast<wait_for>(i));
    if (sweep_timer_ != 0) loop.cancel(sweep_timer_);
}

std::string_view session_context::date_line() {
    const std::time_t now = std::time(nullptr);
    if (now != date_second_) {
        date_second_ = now;
        std::tm utc{};
        ::gmtime_r(&now, &utc);
        constexpr const char* days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
        constexpr const char* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
        // Not by strftime alone: its names follow the process's locale, HTTP's do not.
        char rest[32] = {};
        date_line_ = "Date: ";
        date_line_ += days[utc.tm_wday];
        date_line_.append(rest, std::strftime(rest, sizeof rest, ", %d ", &utc));
        date_line_ += months[utc.tm_mon];
        date_line_.append(rest, std::strftime(rest, sizeof rest, " %Y %H:%M:%S GMT\r\n", &utc));
    }
    return date_line_;
}

std::chrono::milliseconds session_context::duration_of(wait_for what) const noexcept {
    const limits& bounds = options->limits;
    switch (what) {
        case wait_for::first_request:
        case wait_for::request:
            return bounds.idle_timeout;
        case wait_for::head:
            return bounds.head_timeout;
        case wait_for::body:
            return bounds.body_timeout;
        case wait_for::writing:
            return bounds.write_timeout;
        case wait_for::lingering:
            return linger_time;
        case wait_for::answer:
            break;
    }
    return std::chrono::milliseconds::max();
}

void session_context::wait(timed& t, wait_for what) {
    waiting_.wait(t, what, loop.now());
    if (sweep_timer_ == 0 && what != wait_for::answer) arm_sweep();
}

void session_context::arm_sweep() {
    // A quarter of the shortest time: nobody waits much longer than announced, and a busy server
    // sweeps once a second.
    std::chrono::milliseconds shortest = linger_time;
    for (std::size_t i = 0; i < wait_kinds; ++i) {
        shortest = std::min(shortest, duration_of(static_cast<wait_for>(i)));
    }
    using std::chrono::milliseconds;
    const auto interval = std::clamp(shortest / 4, milliseconds(5), milliseconds(1000));
    sweep_timer_ = loop.call_after(interval, [this] { sweep(); });
}

void session_context::sweep() {
    sweep_timer_ = 0;
    bool somebody_waits = false;
    for (std::size_t i = 0; i < wait_kinds; ++i) {
        const auto what = static_cast<wait_for>(i);
        if (what == wait_for::answer) continue;
        somebody_waits |= waiting_.expire(what, duration_of(what), loop.now());
    }
    if (somebody_waits && sweep_timer_ == 0) arm_sweep();
}

void session_context::cut_uploads() {
    while (!uploads.empty()) {
        exchange* const e = *uploads.begin();
        uploads.erase(uploads.begin());
        e->cut_upload();
    }
}

bool session_context::close_silent() noexcept {
    constexpr std::size_t most = 16;
    // Younger ones have their request on the way.
    constexpr auto age = std::chrono::milliseconds(250);
    for (const wait_for what :
         {wait_for::first_request, wait_for::request, wait_for::head, wait_for::body}) {
        if (waiting_.close_oldest(what, most, age, loop.now()) > 0) return true;
    }
    return false;
}

void session_context::reload(std::shared_ptr<const server_options> o) {
    options = std::move(o);
    if (sweep_timer_ == 0) return;
    loop.cancel(sweep_timer_);
    arm_sweep();
}

}  // namespace carillon::http
