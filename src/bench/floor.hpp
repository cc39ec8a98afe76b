// The floor: what the kernel alone takes. A bare loop that writes the same bytes as the server,
// with the least code.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

namespace carillon::bench {

/// The bytes that the floor writes; best those that a server was seen to write.
struct floor_script {
    enum class delivery : std::uint8_t {
        everyone,      ///< an event goes to every subscriber, then the publisher is answered
        one_per_topic  ///< the publisher is answered, then the event goes to the one subscriber of
                       ///< its topic
    };
    delivery to = delivery::everyone;
    std::string opening;  ///< response head and opening event, in one write
    std::string before;   ///< of an event, before its payload
    std::string after;    ///< of an event, after its payload
    std::string answer;   ///< to a publisher

    /// Of the sizes that a server's have, for when there is none to watch.
    static floor_script plain();
};

/// In memory that both processes see.
struct floor_counters {
    std::atomic<std::uint64_t> send_ns{0};  ///< CPU time of the thread inside the loops of `send`
};

/// Serves on `listener` and never returns. Reads requests of the client of this bench only: one
/// `recv` each, POSTs hold one event. Single-threaded, level-triggered epoll.
[[noreturn]] void run_floor(int listener, const floor_script& script, floor_counters& counters);

}  // namespace carillon::bench
