// A hub without threads and sockets: for tests of services, and for programs that read streams
// themselves.
#pragma once

#include <carillon/hub/hub.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon {

/// An event as a browser's MessageEvent would show it.
struct heard_event {
    std::string type;
    std::string data;
    std::string id;  ///< the last one that the stream gave
    friend bool operator==(const heard_event&, const heard_event&) = default;
};

/// One shard on the owner's thread: nothing is delivered before `run`, and no time passes but by
/// `advance`. A real hub in all else, so that a test double of it need not be kept true. Confined
/// to its thread, but for the calls of the hub itself.
class in_process_hub {
public:
    explicit in_process_hub(hub_options options = {});
    in_process_hub(hub_options options, std::unique_ptr<journal> record);
    ~in_process_hub();
    in_process_hub(const in_process_hub&) = delete;
    in_process_hub& operator=(const in_process_hub&) = delete;

    hub& events() noexcept;

    /// A stream that is read here. Lives as long as the hub.
    class listener {
    public:
        /// What came, without the hub's own events (`carillon.*`).
        const std::vector<heard_event>& heard() const noexcept { return heard_; }
        /// The same, each once.
        std::vector<heard_event> take() { return std::exchange(heard_, {}); }
        /// The names of what came: "message" for events without one.
        std::vector<std::string> types() const;
        std::vector<std::string> data() const;
        /// Why the hub has ended the stream; nothing while it lives.
        std::optional<close_reason> ended() const noexcept { return ended_; }
        /// What is to be given as `last_event_id` by whoever comes back.
        const std::string& cursor() const noexcept { return cursor_; }

    private:
        friend class in_process_hub;
        std::vector<heard_event> heard_;
        std::string cursor_;
        std::optional<close_reason> ended_;
    };
    /// `asked.out` is not used; without a profile it is the default one. Errors as of
    /// `shard::open`.
    result<listener*> listen(stream_request asked);
    /// To topics and patterns. Those that are none are an error.
    result<listener*> listen_to(const std::vector<std::string>& topics);
    /// As a user: to what is for them, for everyone, and to their rooms.
    result<listener*> listen_as(std::string user);
    /// The listener leaves.
    void leave(listener& l);

    /// Delivers all that is due.
    void run();
    /// The same, again and again until `holds`, since services answer on threads of their own.
    /// False if that takes longer than `limit`.
    bool run_until(const std::function<bool()>& holds,
                   std::chrono::milliseconds limit = std::chrono::seconds(5));
    /// Lets time pass: heartbeats, and whatever else waits for its moment.
    void advance(std::chrono::milliseconds by);

private:
    class own_executor;
    class own_connection;

    const std::unique_ptr<own_executor> executor_;
    const stream_profile profile_;
    std::vector<std::unique_ptr<own_connection>> streams_;
    const std::unique_ptr<hub> hub_;
    shard& shard_;
};

}  // namespace carillon
