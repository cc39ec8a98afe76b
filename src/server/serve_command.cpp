#include <carillon/base/log.hpp>

#include "server/commands.hpp"
#include "server/console.hpp"
#include "server/endpoints.hpp"
#include "server/log_sink.hpp"
#include "server/node.hpp"

#include <csignal>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace carillon::server {

namespace {

log_settings log_settings_of(const settings& s) {
    return {s.log.format.value, s.log.level.value, s.log.max_queued.value};
}

void raise_file_limit(const settings& s) {
    const std::uint64_t files = net::raise_file_limit();
    if (files < s.stream.max_clients) {
        log::warning(
            "fewer file descriptors than clients allowed; streams beyond them are told "
            "that the house is full",
            {{"limit", files}, {"max_clients", s.stream.max_clients}});
    }
}

void reload(node& running, settings& current, const setting_sources& sources) {
    auto loaded = load(sources);
    if (!loaded) return log::error("settings not reloaded", {{"reason", loaded.error().detail}});
    if (auto taken = running.reload(*loaded); !taken)
        return log::error("settings not reloaded", {{"reason", taken.error().detail}});
    for (const std::string& name : changed_beyond_reload(current, loaded->values)) {
        log::warning("setting takes effect with a restart", {{"setting", name}});
    }
    raise_file_limit(loaded->values);
    start_logging(log_settings_of(loaded->values));
    current = std::move(loaded->values);
    log::info("settings reloaded");
}

/// Until the server is to end: true if it shall end at once.
bool wait_for_end(node& running, settings& current, const setting_sources& sources,
                  const sigset_t& signals) {
    bool draining = false;
    const timespec step{0, 20'000'000};
    while (!draining || !running.drained()) {
        const int got =
            draining ? ::sigtimedwait(&signals, nullptr, &step) : ::sigwaitinfo(&signals, nullptr);
        if (got == SIGHUP) reload(running, current, sources);
        if (got != SIGTERM && got != SIGINT) continue;
        if (draining) return true;
        draining = true;
        log::info("draining",
                  {{"streams", running.streams()}, {"window_ms", current.drain.window.count()}});
        running.drain();
    }
    return false;
}

}  // namespace

int serve(const setting_sources& sources) {
    auto loaded = load(sources);
    if (!loaded) {
        complain(loaded.error().detail);
        return 2;
    }
    start_logging(log_settings_of(loaded->values));

    // Before any thread: all inherit the mask, and signals come to this one when it waits for them.
    sigset_t signals;
    sigemptyset(&signals);
    for (const int s : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, s);
    ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    std::signal(SIGPIPE, SIG_IGN);

    if (const strings& names = loaded->ignored; !names.empty()) {
        log::warning("variables that a cluster set for its Services are no settings",
                     {{"variables", names.size()}, {"first", names.front()}});
    }
    auto checked = check(*loaded);
    if (!checked) {
        flush_log();
        complain(checked.error().detail);
        return 2;
    }
    raise_file_limit(loaded->values);
    auto running = node::create(*loaded, std::move(*checked));
    if (!running) {
        flush_log();
        complain("carillon: " + running.error().detail);
        return 1;
    }
    (*running)->start();
    for (const std::string& address : (*running)->addresses()) {
        log::info("listening",
                  {{"address", address}, {"version", version()}, {"shards", (*running)->shards()}});
    }
    const bool at_once = wait_for_end(**running, loaded->values, sources, signals);
    (*running)->stop(at_once ? std::chrono::milliseconds(0) : last_answers);
    log::info("stopped", {{"drained", !at_once}});
    return 0;
}

}  // namespace carillon::server
