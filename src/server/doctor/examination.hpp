// The doctor's questions to a hub and to whatever stands in front of it.
#pragma once

#include "server/commands.hpp"
#include "server/doctor/finding.hpp"
#include "server/doctor/watched_stream.hpp"
#include "server/http_client.hpp"
#include "server/service_url.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::server {

/// One run over one address, confined to its thread. Listens to a topic of its own,
/// `$doctor/<random>`, to which only pings of its own come; nothing is stored, so nothing is left.
class examination {
public:
    /// `told` is called with each finding as it is made.
    examination(const doctor_arguments& a, service_url where,
                std::function<void(const finding&)> told);

    /// Makes all checks in turn; those that make no sense after a failure are left out.
    void run();
    const std::vector<finding>& findings() const noexcept { return findings_; }
    proxy_name proxy() const noexcept { return proxy_; }

private:
    /// A request as the hub saw it.
    struct arrived {
        std::string path, host, client, peer;
        bool forwarded = false;
        bool http10 = false;
        std::int64_t time = 0;       ///< the hub's clock, ms since 1970
        std::int64_t heartbeat = 0;  ///< ms
    };

    http_call request(std::string path) const;
    result<http_answer> ask(http_call c);
    result<http_answer> ping(std::string_view text, std::string_view below = {},
                             std::vector<std::string> headers = {});
    static std::optional<arrived> read(const http_answer& a);

    bool reach();
    void look_at_connection(const http_answer& a);
    void look_at_request(const http_answer& a, const arrived& seen);
    void look_at_clock(const arrived& seen, std::int64_t before, std::int64_t after);
    void look_at_forgery();
    void look_at_paths();
    void look_at_delivery(watched_stream& stream);
    bool delivers() const;  ///< as far as it was looked at
    void look_at_compression();
    void look_at_origin();
    void look_at_idle(watched_stream& stream);
    void look_at_restart(watched_stream& stream);

    void say(std::string check, verdict is, std::string text, std::string remedy = {});
    void bad(std::string check, fault f, std::string text);

    const doctor_arguments& arguments_;
    service_url where_;
    std::function<void(const finding&)> told_;
    http_client client_;
    std::string name_;  ///< of the topic
    proxy_name proxy_ = proxy_name::unknown;
    std::chrono::milliseconds heartbeat_{0};
    std::vector<finding> findings_;
};

}  // namespace carillon::server
