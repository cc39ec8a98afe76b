// Which streams a user has, over all shards.
#pragma once

#include <carillon/hub/options.hpp>
#include <carillon/journal/topic.hpp>

#include "hub/session_directory.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon {

/// A stream of a user.
struct user_place {
    std::uint64_t number = 0;  ///< the later the claim, the higher; no other stream has it
    const stream_profile* profile = nullptr;
    stream_place where;
    friend bool operator==(const user_place&, const user_place&) = default;
};

inline bool counted_together(const user_place& a, const user_place& b) noexcept {
    return a.profile == b.profile;
}
inline auto find_place(std::vector<user_place>& places, const user_place& where) {
    const auto at = std::ranges::lower_bound(places, where.number, {}, &user_place::number);
    return at != places.end() && *at == where ? at : places.end();
}

/// What was last said of a user and a room.
struct room_change {
    topic room;
    bool listens = false;
    std::chrono::steady_clock::time_point forgotten;  ///< when it no longer matters
};

/// Synchronised inside; touched when streams of users come and go, never per event.
class user_directory {
public:
    using clock = std::chrono::steady_clock;

    struct claimed {
        std::uint64_t number = 0;
        std::vector<user_place> replaced;  ///< streams that are to end, oldest first
        std::vector<room_change> rooms;    ///< of the last time
        bool came = false;                 ///< the user was not there, nor in grace
    };

    /// A stream of this user begins.
    claimed claim(std::string_view user, stream_place where, const stream_profile& profile);
    /// It has ended, replaced or not.
    void release(std::string_view user, const user_place& which, clock::time_point expires);

    std::size_t count(std::string_view user) { return records_.count(user); }
    std::vector<user_place> streams_of(std::string_view user);

    /// Keeps a change until `forgotten`, so that a stream that is about to begin learns of it.
    /// Returns the streams that are there.
    std::vector<user_place> note_room(std::string_view user, room_change change,
                                      clock::time_point now);
    /// What was said of the room; nothing: nothing lately.
    std::optional<bool> listens(std::string_view user, const topic& room);

    /// Connected, or within the grace after it.
    bool is_present(std::string_view user);

    /// Forgets users whose grace has passed, a part of them each time, and names those who had
    /// streams. False if nobody is left.
    template <class Gone>
    bool purge(clock::time_point now, Gone&& gone) {
        std::vector<std::string> names;  // told without a lock
        const auto leave = [&](const std::string& user, user_state& kept) {
            if (!kept.was_there || (kept.rooms && kept.rooms->grace_ends > now)) return;
            names.push_back(user);
            kept.was_there = false;
        };
        // A change of rooms may be kept for longer than the user's grace.
        records_.purge(now, leave, [&](const std::string& user, user_state& kept) {
            if (kept.rooms) leave(user, kept);
        });
        for (const std::string& user : names) gone(user);
        return records_.keys() != 0;
    }

private:
    /// As many as a user can change in the time that they are kept, by hand and by far.
    static constexpr std::size_t max_room_changes = 1000;
    struct room_notes {
        std::vector<room_change> changes;
        clock::time_point grace_ends{};  ///< of the user's last stream
    };
    struct user_state {
        bool was_there = false;             ///< had a stream
        std::unique_ptr<room_notes> rooms;  ///< null: none lately
    };

    session_directory<user_state, user_place> records_;
    std::atomic<std::uint64_t> last_number_{0};
};

}  // namespace carillon
