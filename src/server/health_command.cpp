// `carillon health`: for probes, which look at the exit status.
#include "server/commands.hpp"
#include "server/http_client.hpp"

#include <fmt/format.h>

namespace carillon::server {

int health(const health_arguments& a) {
    std::string base = a.url.contains("://") ? a.url : "http://" + a.url;
    while (base.ends_with('/')) base.pop_back();
    http_client client;
    // A probe's limit is for the whole call: a server that sends a byte now and then is not well.
    const auto end = std::chrono::steady_clock::now() + a.timeout;
    http_call call;
    call.url = base + (a.live ? "/health" : "/ready");
    call.silence = a.timeout;
    call.go_on = [end] { return std::chrono::steady_clock::now() < end; };
    const auto answer = client.perform(call);
    if (answer && answer->status == 200) {
        fmt::print("{}\n", a.live ? "alive" : "ready");
        return 0;
    }
    fmt::print(stderr, "carillon: {}: {}\n", call.url,
               answer ? explain(*answer) : answer.error().detail);
    return 1;
}

}  // namespace carillon::server
