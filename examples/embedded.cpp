// The hub inside a program: no server, no socket, one thread. A program with a web server of its
// own implements `connection` over its responses, and `executor` over its event loop.
#include <carillon/journal/open.hpp>
#include <carillon/services/topic_service.hpp>

#include <cstdio>
#include <deque>
#include <map>
#include <string>

namespace {

/// An event loop in twenty lines: whatever is asked for runs when `run` is called.
class loop final : public carillon::executor {
public:
    void post(task t) override { tasks_.push_back(std::move(t)); }
    void defer(task t) override { tasks_.push_back(std::move(t)); }
    void call_after(clock::duration delay, task t) override {
        timers_.emplace(clock::now() + delay, std::move(t));
    }
    bool is_here() const override { return true; }  // there is one thread only
    clock::time_point now() const override { return clock::now(); }

    void run() {
        while (!tasks_.empty()) {
            const task t = std::move(tasks_.front());
            tasks_.pop_front();
            t();
        }
    }

private:
    std::deque<task> tasks_;
    std::multimap<clock::time_point, task> timers_;  // a real loop runs them when they are due
};

/// Prints what a browser would get, and keeps it.
class console final : public carillon::connection {
public:
    std::ptrdiff_t write(std::span<const iovec> slices) override {
        std::ptrdiff_t taken = 0;
        for (const iovec& slice : slices) {
            std::fwrite(slice.iov_base, 1, slice.iov_len, stdout);
            text.append(static_cast<const char*>(slice.iov_base), slice.iov_len);
            taken += static_cast<std::ptrdiff_t>(slice.iov_len);
        }
        return taken;
    }
    void close(carillon::close_reason) override { closed = true; }
    bool peer_silent_for(std::chrono::milliseconds) const override { return false; }
    std::string remote_address() const override { return "console"; }

    std::string text;
    bool closed = false;
};

carillon::event make_event(std::string_view topic, std::string data) {
    carillon::event e;
    e.topics.push_back(*carillon::topic::parse(topic));
    e.data = std::move(data);
    return e;
}

}  // namespace

int main() {
    loop on;
    console out;
    carillon::hub hub({}, carillon::make_memory_journal({}));
    carillon::shard& shard = hub.add_shard(on);
    carillon::services::topic_service service(hub);

    const auto client = service.create_client(shard, out);
    if (!client) {
        std::fprintf(stderr, "%s\n", client.error().detail.c_str());
        return 1;
    }
    service.subscribe(*client, "orders/*");
    on.run();
    service.broadcast(make_event("orders/42", "paid"));
    service.broadcast(make_event("invoices/7", "nobody listens"));
    service.send_event(*client, make_event("ignored", "for you alone"));
    on.run();
    service.unsubscribe(*client, "orders/*");
    on.run();
    service.broadcast(make_event("orders/43", "too late"));
    service.remove_client(*client);
    on.run();

    const auto has = [&](std::string_view text) { return out.text.contains(text); };
    return has("data: paid\n") && has("data: for you alone\n") && !has("nobody") &&
                   !has("too late") && out.closed
               ? 0
               : 1;
}
