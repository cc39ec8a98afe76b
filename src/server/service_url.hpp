// Where a server is, from what people type.
#pragma once

#include <carillon/base/result.hpp>

#include "server/http_client.hpp"

#include <deque>
#include <string>
#include <string_view>

namespace carillon::server {

/// The topic service's address. `--url` may be without a scheme (http then), end in slashes, and
/// have a path: a proxy's in front of the whole server, or the service's own
/// (`topic_service.prefix`). Which it is shows with the first answer: as long as that is 404,
/// `try_next` names another place. Confined to one thread.
class service_url {
public:
    /// `invalid_request` with what is wrong: another scheme, a query or a fragment, no host.
    static result<service_url> parse(std::string_view typed);

    /// "http://127.0.0.1:3000/events", without a slash at the end.
    const std::string& str() const noexcept { return places_.front(); }
    /// Goes on to the next place that the service may be at, the last of them where the server
    /// says (`GET /api`). False: there is none; `str` is the first one again.
    bool try_next(http_client& client);
    /// The service is here; there is no next place any more.
    void settle() noexcept;

private:
    std::string base_;                ///< as typed, with a scheme, without slashes at the end
    std::deque<std::string> places_;  ///< the front is in use
    std::string first_;
    bool asked_ = false;
};

}  // namespace carillon::server
