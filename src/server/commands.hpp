// The commands of the `carillon` program. Each returns the exit status.
#pragma once

#include "server/settings.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace carillon::server {

int serve(const setting_sources& sources);

struct publish_arguments {
    std::string url;
    std::string topic;
    std::optional<std::string> data;  ///< nothing: lines from stdin
    std::string event;
    std::string id;
    bool text = false;    ///< never read data as JSON
    bool ndjson = false;  ///< lines are whole events
    bool ephemeral = false;
    std::vector<std::string> headers;
};
int publish(const publish_arguments& a);

struct subscribe_arguments {
    std::string url;
    std::vector<std::string> topics;
    bool json = false;
    bool full = false;
    std::string last;
    std::string since;
    std::string from;  ///< a cursor
    std::string client;
    std::uint64_t count = 0;  ///< stop after so many events; 0: never
    std::vector<std::string> headers;
};
int subscribe(const subscribe_arguments& a);

struct config_arguments {
    setting_sources sources;
    std::string topic;
    bool reference = false;
    bool sample = false;
    bool check = false;
};
int config(const config_arguments& a);

struct journal_arguments {
    setting_sources sources;
    std::string action;  ///< backup, restore or verify
    std::string file;
    bool replace = false;
};
int journal_files(const journal_arguments& a);

/// Parses the command line and runs the command.
int run(int argc, char** argv);

}  // namespace carillon::server
