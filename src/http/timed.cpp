#include "http/timed.hpp"

namespace carillon::http {

void wait_lists::wait(timed& t, wait_for what, time_point now) noexcept {
    leave(t);
    t.waits_for_ = what;
    t.since_ = now;
    list& l = of(what);
    t.older_ = l.last;
    (l.last != nullptr ? l.last->newer_ : l.first) = &t;
    l.last = &t;
    t.listed_ = true;
}

void wait_lists::leave(timed& t) noexcept {
    if (!t.listed_) return;
    list& l = of(t.waits_for_);
    (t.older_ != nullptr ? t.older_->newer_ : l.first) = t.newer_;
    (t.newer_ != nullptr ? t.newer_->older_ : l.last) = t.older_;
    t.older_ = t.newer_ = nullptr;
    t.listed_ = false;
}

bool wait_lists::expire(wait_for what, std::chrono::milliseconds duration, time_point now) {
    const list& l = of(what);
    while (l.first != nullptr && now - l.first->since_ >= duration) l.first->on_timeout();
    return l.first != nullptr;
}

void wait_lists::close_all(wait_for what) noexcept {
    const list& l = of(what);
    while (l.first != nullptr) l.first->close();
}

std::size_t wait_lists::close_oldest(wait_for what, std::size_t most, std::chrono::milliseconds age,
                                     time_point now) noexcept {
    const list& l = of(what);
    std::size_t closed = 0;
    for (; closed < most && l.first != nullptr && now - l.first->since_ >= age; ++closed)
        l.first->close();
    return closed;
}

}  // namespace carillon::http
