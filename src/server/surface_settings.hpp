// What an operator can set of an application's interface, the same for each of them.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::server {

struct byte_count {
    std::uint64_t value = 0;
};

/// What is compressed: nothing (`off`), everything (`on`), or what has at least so many bytes.
struct compression_size {
    std::uint64_t from = ~std::uint64_t{0};
};

/// One of a few words.
struct choice {
    std::string value;
    std::string_view allowed;  ///< separated by `|`
};

using milliseconds = std::chrono::milliseconds;
using strings = std::vector<std::string>;

/// What is said of a setting where it is declared.
struct setting_info {
    std::string_view name;
    std::string_view prose;
    std::uint64_t low = 0;  ///< bounds of numbers, sizes in bytes, durations in ms
    std::uint64_t high = ~std::uint64_t{0};
    bool reloadable = false;  ///< takes effect on SIGHUP
    bool secret = false;      ///< shown to nobody: not in listings, not in logs
};

/// One section, such as `[notifications]`. Defaults are those of the system's document.
struct surface_settings {
    bool enabled = true;
    strings prefix;  ///< `/` is the root
    milliseconds heartbeat_interval = std::chrono::seconds(30);
    milliseconds retry = std::chrono::seconds(3);
    milliseconds client_timeout = std::chrono::seconds(90);
    milliseconds inactivity{0};
    std::uint64_t max_per_user = 0;
    std::uint64_t max_clients = 0;
};

namespace surface_defaults {

inline surface_settings users() {
    surface_settings s;
    s.prefix = {"/api"};
    s.inactivity = std::chrono::minutes(30);
    return s;
}

inline surface_settings notifications() {
    surface_settings s;
    s.prefix = {"/api/v1/sse"};
    s.max_per_user = 1;
    return s;
}

inline surface_settings domains() {
    surface_settings s;
    s.prefix = {"/", "/api"};
    return s;
}

inline surface_settings metadata() {
    surface_settings s;
    s.prefix = {"/api/sse"};
    s.heartbeat_interval = std::chrono::seconds(45);
    s.max_clients = 1000;
    return s;
}

}  // namespace surface_defaults

/// The names of a section's settings. Lives as long as the program: settings are told by views.
class surface_names {
public:
    explicit surface_names(const std::string& section)
        : enabled_(section + ".enabled"),
          prefix_(section + ".prefix"),
          heartbeat_(section + ".heartbeat_interval"),
          retry_(section + ".retry"),
          timeout_(section + ".client_timeout"),
          inactivity_(section + ".inactivity"),
          per_user_(section + ".max_per_user"),
          clients_(section + ".max_clients") {}

    template <class Settings, class Visitor>
    void each(Settings& s, Visitor& visit) const {
        constexpr std::uint64_t day = 86'400'000;
        visit({enabled_, "Whether these routes answer; otherwise 404 DISABLED."}, s.enabled);
        visit({prefix_, "Where the routes are mounted, one or more; `/` is the root."}, s.prefix);
        visit({heartbeat_, "A heartbeat goes out after this long without an event.", 100, day},
              s.heartbeat_interval);
        visit({retry_, "What clients get as `retry:`, plus or minus 20 % each.", 1, day}, s.retry);
        visit({timeout_, "A peer that acknowledges nothing for this long is dead.", 100, day},
              s.client_timeout);
        visit({inactivity_,
               "A stream that had nothing but heartbeats for this long is ended; 0: never.", 0,
               30 * day},
              s.inactivity);
        visit(
            {per_user_, "Streams of one user; one more takes the place of the oldest. 0: no limit.",
             0, 1'000'000},
            s.max_per_user);
        visit({clients_, "Streams of this interface; one more is 503. 0: no limit of its own.", 0,
               10'000'000},
              s.max_clients);
    }

private:
    const std::string enabled_, prefix_, heartbeat_, retry_, timeout_, inactivity_, per_user_,
        clients_;
};

}  // namespace carillon::server
