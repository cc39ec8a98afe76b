// Revocations that outlive the process.
#pragma once

#include <carillon/hub/hub.hpp>

#include "auth/revocations.hpp"

#include <functional>
#include <mutex>
#include <string_view>

namespace carillon::server {

/// Each is the last value of a topic in the hub's own space, `$revoked/<what it concerns>`, until
/// it does not matter any more. Thread-safe.
class revocation_list {
public:
    /// Reads what is in force. What cannot be read is logged. Before loops run.
    revocation_list(hub& h, auth::revocations& in_force);

    /// Believes the token no more at once, and ends its live streams. `done` runs when it is
    /// stored, with the number of streams that have ended, on any thread. Errors: as of
    /// `auth::revocations::add`, and `unavailable` if it could not be stored (it holds until the
    /// server ends).
    void add(auth::revocation r, std::function<void(result<std::size_t>)> done);

private:
    result<> take_over(std::string_view text);
    void store(const auth::revocation& r, std::function<void(result<>)> done);

    hub& hub_;
    auth::revocations& in_force_;
    std::mutex storing_;  // what is read later is stored later
};

}  // namespace carillon::server
