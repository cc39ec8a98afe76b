// What applications keep beside their events: the records, and one transaction's view of them.
#pragma once

#include <carillon/base/result.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::store {

/// Kept with milliseconds.
using time_point = std::chrono::system_clock::time_point;

// ---- Notifications.

struct notification {
    std::string id;        ///< unique
    std::string type;      ///< the application's own, such as "VOCAB_TRAINER"
    std::string action;    ///< such as "CREATE"; may be empty
    std::string priority;  ///< such as "LOW"; may be empty
    std::string title;
    std::string message;
    std::string data;    ///< one JSON value's text; empty: none
    std::string sender;  ///< the user who sent it, or empty
    time_point created;
};

/// What became of a notification for one recipient. It moves forward only: `read` is the last.
enum class delivery_state : std::uint8_t {
    queued,     ///< stored, and its event is on the way
    offline,    ///< the recipient had no stream; the event waits in the journal
    delivered,  ///< handed to the kernel for that many connections
    failed,     ///< the event could not be published
    read,       ///< marked by the recipient
};
std::string_view to_string(delivery_state s) noexcept;

struct delivery {
    std::string user;
    delivery_state state = delivery_state::queued;
    std::uint32_t connections = 0;  ///< of `delivered`
    time_point updated;
    std::uint64_t position = 0;  ///< of the recipient's event in the journal; 0: not known
};

/// A notification in one recipient's list.
struct inbox_entry {
    std::uint64_t place = 0;  ///< grows with time: the cursor of a page
    notification what;
    delivery_state state = delivery_state::queued;
    std::optional<time_point> read;
};

/// A notification as those see it who look after the server.
struct sent_notification {
    std::uint64_t place = 0;  ///< grows with time: the cursor of a page
    notification what;
    /// How many recipients are in each state, by its number.
    std::array<std::uint64_t, 5> recipients{};
};

struct inbox_query {
    std::string user;
    bool unread_only = false;
    std::uint64_t before = ~std::uint64_t{0};  ///< places below; newest first
    std::size_t limit = 50;
};

/// What a user was not there to get: notifications that are queued or offline.
struct pending_deliveries {
    std::uint64_t first = 0;  ///< the lowest position of their events; 0: none is known
    /// When the oldest of them was made, if the position of some is not known.
    std::optional<time_point> since;
    bool empty() const noexcept { return first == 0 && !since; }
};

/// Belongs to one transaction. Errors of all calls: `unavailable` (the disk), `io_error`.
class notification_table {
public:
    virtual ~notification_table() = default;
    /// Error `conflict`: there is one with this id.
    virtual result<> insert(const notification& n, std::span<const std::string> recipients) = 0;
    virtual result<std::optional<notification>> find(std::string_view id) = 0;
    virtual result<std::vector<inbox_entry>> list(const inbox_query& q) = 0;
    virtual result<std::uint64_t> count_unread(std::string_view user) = 0;
    /// False: the user has no such notification. True also if it was read before.
    virtual result<bool> mark_read(std::string_view user, std::string_view id, time_point at) = 0;
    /// All of the user's; how many were unread.
    virtual result<std::uint64_t> mark_all_read(std::string_view user, time_point at) = 0;
    /// Does nothing for a recipient that has read it, or is no recipient.
    virtual result<> log(std::string_view id, const delivery& d) = 0;
    virtual result<pending_deliveries> pending(std::string_view user) = 0;
    /// The user's streams have had all events up to `position`: what was pending of it is delivered
    /// to one of them. How many notifications that are.
    virtual result<std::uint64_t> settle(std::string_view user, std::uint64_t position,
                                         time_point at) = 0;
    /// By user, those after `after_user`.
    virtual result<std::vector<delivery>> deliveries(std::string_view id,
                                                     std::string_view after_user,
                                                     std::size_t limit) = 0;
    /// Those of all users whose places are below `before`, newest first.
    virtual result<std::vector<sent_notification>> newest(std::uint64_t before,
                                                          std::size_t limit) = 0;
    /// Removes notifications from before `t`, at most `limit`, and fewer of those with many
    /// recipients; how many went.
    virtual result<std::uint64_t> trim(time_point t, std::size_t limit) = 0;
};

// ---- The outbox: events that belong to records and are not published yet.

struct outbox_entry {
    std::uint64_t id = 0;  ///< given by the store, never twice: the key of the publish
    std::string text;      ///< written and read by the services
};

class outbox_table {
public:
    virtual ~outbox_table() = default;
    virtual result<std::uint64_t> add(std::string_view text) = 0;
    /// Oldest first, those after `after`.
    virtual result<std::vector<outbox_entry>> list(std::uint64_t after, std::size_t limit) = 0;
    virtual result<> remove(std::span<const std::uint64_t> ids) = 0;
};

// ---- The calendar.

struct calendar_event {
    std::string id;
    std::string title;
    std::string owner;
    std::string starts;  ///< local time `YYYYMMDDTHHMMSS` in `zone`, as in RFC 5545
    std::chrono::seconds length{0};
    std::string zone;  ///< an IANA name, or empty for UTC
    std::string rule;  ///< RFC 5545's RRULE without its name; empty: once
    std::string data;  ///< one JSON value's text; empty: none
    std::vector<std::chrono::seconds> reminders;  ///< so long before each occurrence, by schedule
    std::vector<std::string> attendees;
};

class calendar_table {
public:
    virtual ~calendar_table() = default;
    /// Puts it in the place of the one with its id, if there is one.
    virtual result<> put(const calendar_event& e) = 0;
    virtual result<std::optional<calendar_event>> find(std::string_view id) = 0;
    virtual result<bool> remove(std::string_view id) = 0;
    /// By id, those after `after_id`; with a user: those that they own or attend.
    virtual result<std::vector<calendar_event>> list(std::string_view user,
                                                     std::string_view after_id,
                                                     std::size_t limit) = 0;
    /// How many events the user owns.
    virtual result<std::uint64_t> count(std::string_view owner) = 0;
    /// True the first time for this event, attendee, occurrence and `lead` before it.
    virtual result<bool> begin_reminder(std::string_view id, std::string_view user,
                                        time_point occurrence, std::chrono::seconds lead) = 0;
    /// Removes at most `limit` events that happened once and began before `starts` (local time, as
    /// an event has it); how many went.
    virtual result<std::uint64_t> trim(std::string_view starts, std::size_t limit) = 0;
    /// Forgets reminders of occurrences before `t`; how many went.
    virtual result<std::uint64_t> trim_reminders(time_point t, std::size_t limit) = 0;
};

// ---- Chat.

struct room {
    std::string id;
    std::string name;
    std::string owner;
    bool open = true;  ///< anybody may join; otherwise who was invited
    time_point created;
    std::string presence = {};  ///< a rule of the services' for seeing the room's listeners
};

enum class membership : std::uint8_t { none, invited, member };

struct chat_message {
    std::uint64_t place = 0;  ///< given by the store; grows
    std::string id;
    std::string room;
    std::string user;
    std::string text;
    std::string data;  ///< one JSON value's text; empty: none
    time_point sent;
};

class room_table {
public:
    virtual ~room_table() = default;
    /// Error `conflict`: there is one with this id.
    virtual result<> create(const room& r) = 0;
    virtual result<std::optional<room>> find(std::string_view id) = 0;
    virtual result<membership> membership_of(std::string_view id, std::string_view user) = 0;
    /// `none` removes the user. False: nothing changed.
    virtual result<bool> set_membership(std::string_view id, std::string_view user,
                                        membership m) = 0;
    /// Members by name, those after `after`.
    virtual result<std::vector<std::string>> members(std::string_view id, std::string_view after,
                                                     std::size_t limit) = 0;
    /// Members and those who are invited.
    virtual result<std::uint64_t> count_members(std::string_view id) = 0;
    /// How many rooms the user is a member of.
    virtual result<std::uint64_t> count_rooms(std::string_view user) = 0;
    /// Removes a room without members, invitations and messages; how many went, 0 or 1.
    virtual result<std::uint64_t> remove_if_unused(std::string_view id) = 0;
    /// Ids of rooms where messages of the user are kept.
    virtual result<std::vector<std::string>> rooms_with_messages_of(std::string_view user,
                                                                    std::size_t limit) = 0;
    /// Rooms that the user is a member of, by id.
    virtual result<std::vector<room>> rooms_of(std::string_view user, std::string_view after,
                                               std::size_t limit) = 0;
    /// Gives the message its place.
    virtual result<std::uint64_t> add(const chat_message& m) = 0;
    /// Newest `limit` with places below `before`, oldest of them first.
    virtual result<std::vector<chat_message>> messages(std::string_view id, std::uint64_t before,
                                                       std::size_t limit) = 0;
    virtual result<std::uint64_t> trim_messages(time_point t, std::size_t limit) = 0;
};

// ---- Calls that callers may repeat under a key of theirs.

struct kept_call {
    std::string fingerprint;  ///< of all that the call says
    std::string made;         ///< what it has made: an id
};

class call_table {
public:
    virtual ~call_table() = default;
    virtual result<std::optional<kept_call>> find(std::string_view owner, std::string_view key) = 0;
    /// Forgets the oldest where there are more than `most`.
    virtual result<> keep(std::string_view owner, std::string_view key, const kept_call& call,
                          time_point at, std::size_t most) = 0;
    /// Forgets at most `limit` calls from before `t`; how many went.
    virtual result<std::uint64_t> trim(time_point t, std::size_t limit) = 0;
};

// ---- All of them.

/// The records inside one transaction. Confined to the task that was given it.
class records {
public:
    virtual ~records() = default;
    virtual notification_table& notifications() = 0;
    virtual outbox_table& outbox() = 0;
    virtual calendar_table& calendar() = 0;
    virtual room_table& rooms() = 0;
    virtual call_table& calls() = 0;

    /// All that is kept of a user, as a JSON object's text.
    virtual result<std::string> export_user(std::string_view user) = 0;
    /// Removes what is kept of a user: their lists, memberships, messages, calendar events, and
    /// their name as a sender. How many rows went or changed.
    virtual result<std::uint64_t> erase_user(std::string_view user) = 0;
};

}  // namespace carillon::store
