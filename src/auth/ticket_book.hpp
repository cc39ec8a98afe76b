// Tickets: what a browser puts into the query of an EventSource, which can send no header.
#pragma once

#include <carillon/base/result.hpp>
#include <carillon/hub/principal.hpp>

#include "auth/token_cache.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace carillon::auth {

struct ticket_options {
    std::size_t max_tickets = 100'000;       ///< issued and not ended
    std::size_t max_tickets_of_user = 1000;  ///< of these
    std::chrono::seconds first_use{60};      ///< a new ticket that opens nothing for so long ends
    std::chrono::seconds grace{60};          ///< how long its stream may be away before it returns
};

/// A ticket stands for a caller whose token was verified. It opens one stream, and that stream
/// again when it comes back: with a cursor, after its earlier connection has ended, within the
/// grace time, and before the token ends. Anything else is refused, so that a ticket that leaked
/// into a log opens nothing. Synchronised inside. Times are the caller's, so that tests need not
/// wait.
class ticket_book {
public:
    using clock = std::chrono::system_clock;
    using bearer_ptr = std::shared_ptr<const principal>;

    explicit ticket_book(ticket_options options) : options_(options) {}

    /// 32 characters of base64url, 192 random bits. Errors: `unavailable`, there are `max_tickets`
    /// already; `rate_limited`, there are `max_tickets_of_user` of the bearer's user.
    result<std::string> issue(bearer_ptr bearer, clock::time_point now);

    enum class refusal : std::uint8_t {
        none,
        unknown,      ///< never issued, or ended: final
        in_use,       ///< its stream is connected
        not_resumed,  ///< used before, and the request has no cursor: final
        another,      ///< used before, for another stream: final
    };
    struct redeemed {
        refusal why = refusal::unknown;
        bearer_ptr bearer = nullptr;  ///< null if it was refused
        bool again = false;           ///< its stream has begun before
    };
    /// Opens its stream, which is the one that it was first opened for. On success the caller calls
    /// `release` when the connection ends.
    redeemed redeem(std::string_view ticket, bool has_cursor, clock::time_point now,
                    std::string_view stream = {});
    void release(std::string_view ticket, clock::time_point now);
    /// In place of `release`, for a stream that never began: the ticket is as it was before.
    void give_back(std::string_view ticket, clock::time_point now);

    /// Ends the tickets that nobody came back with; call it now and then.
    void purge(clock::time_point now);
    std::size_t size() const;

private:
    enum class state : std::uint8_t { fresh, open, away };
    struct record {
        bearer_ptr bearer;  ///< shared with the streams that it opens
        state at = state::fresh;
        bool used = false;             ///< its stream has begun once
        token_cache::digest stream{};  ///< of the last stream that it was opened for
        clock::time_point until;       ///< unless it is open
    };
    struct hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view s) const noexcept {
            return std::hash<std::string_view>{}(s);
        }
    };
    using records = std::unordered_map<std::string, record, hash, std::equal_to<>>;
    using user = std::pair<std::string, std::string>;  ///< issuer, name

    static bool ended(const record& r, clock::time_point now);
    static user user_of(const principal& bearer) { return {bearer.issuer, bearer.user}; }
    // With the lock held.
    result<> has_room(const user& of, clock::time_point now);
    bool is_full(const user& of) const;
    records::iterator drop(records::iterator at);
    void drop_ended(clock::time_point now);

    const ticket_options options_;
    mutable std::mutex mutex_;  // guards all below
    records records_;
    std::map<user, std::size_t> counts_;  ///< of `records_`
    clock::time_point looked_at_;         ///< when a full book was last searched for ended ones
};

}  // namespace carillon::auth
