// The commands of the `carillon` program. Each returns the exit status.
#pragma once

#include "server/settings.hpp"

#include <chrono>
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
    /// How long a batch is tried; nothing: lines for ever, a single event once.
    std::optional<std::chrono::milliseconds> retry_for;
    std::vector<std::string> headers;
};
/// 0: all is published. 1: given up, or refused. 2: wrong arguments. 3: lines were skipped.
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
    /// A stream without a byte for so long is dead; nothing: what its heartbeats let expect.
    std::optional<std::chrono::milliseconds> silence;
    std::vector<std::string> headers;
};
/// 0: ended as asked. 1: refused for good, or stdout cannot be written. 2: wrong arguments.
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

struct health_arguments {
    std::string url;
    bool live = false;  ///< ask whether it runs, not whether it takes streams and events
    std::chrono::milliseconds timeout = std::chrono::seconds(3);
};
/// 0: well. 1: not, or no answer in time.
int health(const health_arguments& a);

struct doctor_arguments {
    std::string url;
    std::string token;         ///< to listen with, where that needs one
    std::string origin;        ///< of the pages that will listen; empty: they are the server's own
    bool credentials = false;  ///< those pages send cookies
    std::string from;          ///< an address of this machine to call from
    std::optional<std::chrono::milliseconds> idle;  ///< watch a quiet stream; nothing: a heartbeat
    std::chrono::milliseconds restart{0};           ///< look on while somebody restarts the hub
    bool json = false;
    std::vector<std::string> headers;
};
/// 0: nothing is wrong. 1: something is. 2: wrong arguments.
int doctor(const doctor_arguments& a);

/// Calls to a running server by those who look after it.
struct admin_arguments {
    std::string url;
    std::string token;  ///< an admin's; empty: a developer's own machine may do without
    std::string user;   ///< each of these empty: of all
    std::string session;
    std::string profile;
    std::string topic;
    bool json = false;
    bool close = false;  ///< ends the streams instead of listing them
    std::vector<std::string> headers;
};
/// 0: done. 1: refused, or nobody answers. 2: wrong arguments.
int connections(const admin_arguments& a);
int statistics(const admin_arguments& a);

struct token_arguments {
    setting_sources sources;
    std::string user;
    std::string session;
    std::vector<std::string> roles;
    std::vector<std::string> publish, subscribe;        ///< patterns
    std::optional<std::chrono::milliseconds> lifetime;  ///< nothing: `auth.token_lifetime`
    std::string text;                                   ///< the token to inspect
};
/// Prints a token that is signed with `auth.secret`. 2: there is none, or wrong arguments.
int token(const token_arguments& a);
/// Prints what a token says, and whether `auth.secret` signed it. 1: it is none.
int inspect_token(const token_arguments& a);

/// Parses the command line and runs the command.
int run(int argc, char** argv);

}  // namespace carillon::server
