// The worked example of docs/guide/add-a-surface.md, on a server of its own.
#include "deploys/deploy_surface.hpp"

#include <carillon/journal/open.hpp>

#include "auth/authenticator.hpp"
#include "http/server.hpp"
#include "net/listener.hpp"
#include "support/raw_client.hpp"
#include "transport/guard.hpp"
#include "transport/loop_executor.hpp"

#include <memory>
#include <string>
#include <thread>

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace carillon::surfaces {
namespace {

using ::testing::HasSubstr;

/// Whoever writes a name into `Authorization` has it, and publishes.
class trusting final : public auth::authenticator {
public:
    void check(const auth::credentials& given, callback done) override {
        principal who;
        who.from = principal::source::token;
        who.user = given.authorization;
        who.roles = {"publisher"};
        done(who);
    }
};

class deploy_server {
public:
    deploy_server() {
        streams_.add_loop(loop_, events_.add_shard(executor_));
        const surface_context with{events_,        streams_, *records_, outbox_,
                                   notifications_, users_,   calendar_, chat_};
        surface_ = deploy_surface_kind.make(with, {}, 1);
        transport::mount(routes_, mounted(*surface_, deploy_surface_kind, true, {"/deploys"}),
                         callers_, {});
        auto options = std::make_shared<http::server_options>();
        options->access.allowed_hosts = {"localhost"};
        server_ = std::make_unique<http::server>(loop_, routes_, std::move(options));
        listener_ = std::move(net::listen({"127.0.0.1", 0, ""}, {})->front());
        EXPECT_TRUE(server_->accept_on(listener_.fd.get()));
        thread_ = std::thread([this] { loop_.run(); });
    }
    ~deploy_server() {
        events_.close([this] { loop_.stop(); });
        thread_.join();
        records_->close();
    }
    deploy_server(const deploy_server&) = delete;
    deploy_server& operator=(const deploy_server&) = delete;

    std::uint16_t port() const noexcept { return listener_.bound.port; }

private:
    static hub_options options() {
        hub_options o;
        o.envelopes = deploy_surface_kind.make_envelopes();
        return o;
    }

    net::loop loop_;
    transport::loop_executor executor_{loop_};
    hub events_{options(), make_memory_journal({})};
    transport::stream_host streams_{events_, {}};
    std::unique_ptr<store::record_store> records_ = store::open_record_store({}).value();
    services::outbox_relay outbox_{events_, *records_};
    services::notifications notifications_{events_, outbox_, *records_,
                                           [](std::string_view) { return std::size_t{0}; }};
    services::user_events users_{events_};
    services::calendar calendar_{outbox_, *records_};
    services::chat chat_{events_, outbox_, *records_};
    std::unique_ptr<surface> surface_;
    trusting callers_;
    http::router routes_;
    std::unique_ptr<http::server> server_;
    net::listening_socket listener_;
    std::thread thread_;
};

TEST(deploy_surface, shows_a_team_its_reports_and_refuses_what_is_none) {
    const deploy_server server;
    testing::raw_client team(server.port());
    team.send("GET /deploys/watch HTTP/1.1\r\nHost: localhost\r\nAuthorization: web\r\n\r\n");
    ASSERT_TRUE(team.read_until(R"(data: {"team":"web","resume":"fresh"})"));
    const auto report = [&](std::string_view body) {
        testing::raw_client c(server.port());
        c.send(
            fmt::format("POST /deploys/reports HTTP/1.1\r\nHost: localhost\r\nAuthorization: "
                        "ci\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{}",
                        body.size(), body));
        return c.read_answer();
    };
    EXPECT_EQ(report(R"({"team":"web","service":"shop","version":"1.2"})").status, 200);
    EXPECT_TRUE(team.read_until("event: deploy\ndata: {\"service\":\"shop\",\"version\":\"1.2\"}"));
    const auto refused = report(R"({"team":"web","service":7,"version":"1.2"})");
    EXPECT_EQ(refused.status, 400);
    EXPECT_THAT(refused.body, HasSubstr("`service`"));
}

}  // namespace
}  // namespace carillon::surfaces
