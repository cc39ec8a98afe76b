// A hub behind HTTP on a loop in a thread of its own: streams of `/subscribe/{topic...}`, lines to
// `/publish/{topic}`.
#pragma once

#include <carillon/journal/open.hpp>

#include "http/server.hpp"
#include "net/listener.hpp"
#include "support/raw_client.hpp"
#include "transport/loop_executor.hpp"
#include "transport/publish_body.hpp"
#include "transport/stream_host.hpp"

#include <future>
#include <memory>
#include <string>
#include <thread>

#include <gtest/gtest.h>

namespace carillon::transport {

class stream_server {
public:
    explicit stream_server(hub_options options = {}, stream_limits limits = {},
                           std::unique_ptr<journal> record = make_memory_journal({}))
        : hub_(std::move(options), std::move(record)), streams_(hub_, limits) {
        streams_.add_loop(loop_, hub_.add_shard(executor_));
        add_routes();
        auto access = std::make_shared<http::server_options>();
        access->access.allowed_hosts = {"localhost"};
        server_ = std::make_unique<http::server>(loop_, routes_, std::move(access));
        listener_ = std::move(net::listen({"127.0.0.1", 0, ""}, {})->front());
        EXPECT_TRUE(server_->accept_on(listener_.fd.get()));
        thread_ = std::thread([this] { loop_.run(); });
    }
    /// The clients are gone by then.
    ~stream_server() {
        EXPECT_TRUE(reaches_streams(0));
        loop_.stop();
        thread_.join();
    }
    stream_server(const stream_server&) = delete;
    stream_server& operator=(const stream_server&) = delete;

    std::uint16_t port() const noexcept { return listener_.bound.port; }
    hub& events() noexcept { return hub_; }
    const refusal_counters& refusals() const noexcept { return streams_.refusals(); }

    /// False if that takes longer than `patience`.
    bool reaches_streams(std::size_t count) const {
        return reaches([&] { return hub_.subscribers() == count; });
    }
    /// The same for connections that are no stream.
    bool reaches_connections(std::uint64_t count) const {
        return reaches([&] { return server_->counters().open.load() == count; });
    }

    /// Data of all that a topic keeps, oldest first.
    std::vector<std::string> kept(std::string_view topic) {
        history_query all;
        all.topics = {*topic_pattern::parse(topic)};
        all.from = rewind_since{};
        all.max_events = 1000;
        std::promise<std::vector<std::string>> got;
        hub_.history(std::move(all), [&](result<history_page> page) {
            std::vector<std::string> data;
            for (const event_ptr& e : page->events) data.push_back(e->content.data);
            got.set_value(std::move(data));
        });
        return got.get_future().get();
    }

private:
    static bool reaches(const std::function<bool()>& state) {
        const auto give_up = std::chrono::steady_clock::now() + testing::patience;
        while (!state()) {
            if (std::chrono::steady_clock::now() > give_up) return false;
            std::this_thread::yield();
        }
        return true;
    }

    void add_routes() {
        routes_.add("GET", "/subscribe/{topic...}", [this](http::request& r, http::responder to) {
            stream_request asked;
            asked.topics = {*topic_pattern::parse(r.path_rest[0])};
            asked.profile = &profile_;
            streams_.open(r, std::move(to), std::move(asked));
        });
        routes_.add(
            "POST", "/publish/{topic}", [](http::request&, http::responder) {},
            [this](http::request& r, http::responder& to, http::upload_control control) {
                return make_line_upload(
                    hub_,
                    {*topic::parse(r.path_rest[0]), [](const event&) { return result<>{}; }, {}},
                    std::move(to), std::move(control));
            });
    }

    // The hub goes before the loop that its shard is on.
    net::loop loop_;
    loop_executor executor_{loop_};
    std::unique_ptr<http::server> server_;
    stream_profile profile_;
    hub hub_;
    stream_host streams_;
    http::router routes_;
    net::listening_socket listener_;
    std::thread thread_;
};

}  // namespace carillon::transport
