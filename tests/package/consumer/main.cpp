// An embedder: the hub on a loop of its own, one listener that is no socket, one event.
#include <carillon/hub/hub.hpp>
#include <carillon/journal/open.hpp>
#include <carillon/services/topic_service.hpp>
#include <carillon/wire/parser.hpp>

#include <deque>
#include <iostream>
#include <string>

namespace {

/// Runs everything on the thread that calls `run`.
class own_loop final : public carillon::executor {
public:
    void post(task t) override { tasks_.push_back(std::move(t)); }
    void defer(task t) override { tasks_.push_back(std::move(t)); }
    void call_after(clock::duration, task) override {
    }  // nothing here lasts long enough for a timer
    clock::time_point now() const override { return clock::now(); }
    bool is_here() const override { return true; }

    void run() {
        while (!tasks_.empty()) {
            const task t = std::move(tasks_.front());
            tasks_.pop_front();
            t();
        }
    }

private:
    std::deque<task> tasks_;
};

/// Keeps what a socket would send.
class listener final : public carillon::connection, public carillon::wire::parser_listener {
public:
    std::ptrdiff_t write(std::span<const iovec> slices) override {
        std::ptrdiff_t taken = 0;
        for (const iovec& slice : slices) {
            if (!parser_.feed({static_cast<const char*>(slice.iov_base), slice.iov_len}))
                return broken;
            taken += static_cast<std::ptrdiff_t>(slice.iov_len);
        }
        return taken;
    }
    void close(carillon::close_reason) override {}
    bool peer_silent_for(std::chrono::milliseconds) const override { return false; }
    std::string remote_address() const override { return {}; }
    void on_event(const carillon::wire::message& m) override {
        seen += std::string(m.type) + ' ' + (m.type == "message" ? std::string(m.data) : "") + '\n';
    }

    std::string seen;

private:
    carillon::wire::parser parser_{*this};
};

}  // namespace

int main() {
    own_loop loop;
    listener out;
    carillon::stream_profile profile;
    carillon::hub hub({}, carillon::make_memory_journal({}));
    carillon::shard& shard = hub.add_shard(loop);

    carillon::stream_request request;
    request.out = &out;
    request.profile = &profile;
    request.topics = {*carillon::topic_pattern::parse("news/**")};
    if (!shard.open(request)) return 1;
    loop.run();

    carillon::event e;
    e.topics = {*carillon::topic::parse("news/local")};
    e.data = "hello";
    bool stored = false;
    carillon::services::topic_service(hub).broadcast(
        e, [&](const auto& done) { stored = done.has_value(); });
    loop.run();

    std::cout << out.seen;
    return stored && out.seen == "carillon.open \nmessage hello\n" ? 0 : 1;
}
