// Chat: rooms, their members, and messages that are stored and published as one unit.
#pragma once

#include <carillon/hub/hub.hpp>
#include <carillon/services/outbox_relay.hpp>
#include <carillon/store/record_store.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::services {

struct chat_limits {
    std::size_t max_id = 128;          ///< bytes of a room's id
    std::size_t max_name = 256;        ///< bytes of a room's name
    std::size_t max_text = 16u << 10;  ///< bytes of a message's text
    std::size_t max_data = 64u << 10;  ///< bytes of a message's data
    std::size_t max_members = 1000;    ///< of one room, those who are invited included
    std::size_t max_rooms = 100;       ///< of one user; streams listen to all of them
    std::size_t max_page = 1000;       ///< entries of one answer
    std::size_t history = 50;          ///< messages that are told on joining
    bool create_on_join = true;        ///< the first user to join an unknown room makes it, open
    std::chrono::seconds max_age = std::chrono::hours(24 * 90);  ///< older messages are trimmed
};

struct room_draft {
    std::string id{};    ///< of an open room; empty: a random one. Others get a random one always
    std::string name{};  ///< for people; may be empty
    bool open = true;    ///< anybody may join; otherwise those who were invited
    std::optional<repeatable_call> call{};  ///< it makes no second room if it is repeated
    /// The listeners that see who listens, if these are fewer than the hub's rule for rooms says.
    std::optional<presence_rule> presence{};
};

struct message_draft {
    std::string room{};
    std::string user{};  ///< the sender
    std::string text{};
    std::string data{};                     ///< one JSON value's text, checked; empty: none
    std::optional<repeatable_call> call{};  ///< it says nothing twice if it is repeated
};

/// A room is a topic in the hub's own space, `$room/<id>`. Its events are of the kind "chat", with
/// the names `chat-message`, `user-joined`, `user-left`, and `typing`, which is not stored; a user
/// who is invited gets `room-invitation` as an event of their own. Their data is a JSON object with
/// `roomId`, `userId` and `timestamp`; that of a message has `id`, `message` and `data` besides.
///
/// Callers who are no members learn nothing of a room: unless they may join it, the error is
/// `not_found` whether there is such a room or not. Ids of rooms that are not open are random, so
/// that nobody finds them by creating others. Other errors: `invalid_request` naming the field,
/// `rate_limited` (rooms and users without events that one user may address in a while),
/// `unavailable`. Callbacks run on any thread. Thread-safe. What it is given outlives it, and
/// outlives the calls that are under way.
class chat {
public:
    using wall_clock = std::function<std::chrono::system_clock::time_point()>;
    template <class T>
    using callback = std::function<void(result<T>)>;

    chat(hub& h, outbox_relay& relay, store::record_store& records, chat_limits limits = {},
         wall_clock now = std::chrono::system_clock::now);
    ~chat();
    chat(const chat&) = delete;
    chat& operator=(const chat&) = delete;

    /// The topic that streams of members listen to. Error `invalid_request`: no id of a room.
    static result<topic> topic_of(std::string_view room);

    /// The owner is its first member. Errors besides: `conflict` (an open room has the id, or
    /// the call's key was another's), `payload_too_large` (the user is in too many rooms).
    void create(room_draft what, std::string owner, callback<store::room> done);
    struct joined {
        store::room room;
        std::vector<store::chat_message> history;  ///< the newest, oldest of them first
        bool anew = true;                          ///< false: the user was a member before
    };
    /// Streams of the user that listen to their rooms listen to this one before `done` runs, and
    /// the history reaches to that moment. Errors besides: `payload_too_large` (the room is full,
    /// the user is in too many).
    void join(std::string room, std::string user, callback<joined> done);
    /// A repeated call does nothing and is answered as the first one.
    void leave(std::string room, std::string user, callback<void> done,
               std::optional<repeatable_call> call = {});
    /// By a member, whoever owns the room. A repeated call does nothing and is answered as the
    /// first one.
    void invite(std::string room, std::string by, std::string user, callback<void> done,
                std::optional<repeatable_call> call = {});
    /// By the owner. Error besides: `forbidden` (a member who does not own it).
    void expel(std::string room, std::string by, std::string user, callback<void> done);

    struct said {
        store::chat_message what;
        std::optional<published> where;  ///< nothing if the event follows later
        bool repeated = false;           ///< an earlier call has said it
    };
    /// Errors besides: `event_too_large`, `conflict` (the call's key was another's, or what the
    /// call has said is not kept any more).
    void say(message_draft what, callback<said> done);
    /// Tells the members who listen now.
    enum class typing : std::uint8_t { begins, ends };
    void type(std::string room, std::string user, typing now, callback<void> done);

    /// The room, if the user is in it.
    void find(std::string room, std::string user, callback<store::room> done);
    /// By name, those after `after`.
    void members(std::string room, std::string user, std::string after, std::size_t limit,
                 callback<std::vector<std::string>> done);
    /// The newest with places below `before`, oldest of them first.
    void messages(std::string room, std::string user, std::uint64_t before, std::size_t limit,
                  callback<std::vector<store::chat_message>> done);
    /// The rooms that the user is in, by id; all of them, since there is a limit.
    void rooms_of(std::string user, callback<std::vector<store::room>> done);

    const chat_limits& limits() const noexcept;

    /// Removes some of what is older than the limit; call it now and then.
    void trim();

    /// A message as events and answers have it.
    static std::string text_of(const store::chat_message& m);

private:
    struct state;
    const std::shared_ptr<state> state_;  ///< shared with the calls that are under way
};

}  // namespace carillon::services
