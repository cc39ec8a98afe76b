// The keys of an issuer, from the places that a setting lists.
#pragma once

#include "auth/key_source.hpp"
#include "server/settings.hpp"
#include "server/web_client.hpp"

#include <functional>
#include <memory>
#include <string_view>

namespace carillon::server {

/// How keys that are at a URL are fetched.
struct key_places {
    bool plain_http = false;  ///< over `http:` beyond loopback too
    std::function<void(web_request, web_client::callback)> ask;
    std::function<void()> on_change;  ///< a set has other keys than before; on any thread
};

/// Whether a place is a URL, not a file's name.
bool is_web_url(std::string_view place);

/// The keys of files (PEM keys, JSON Web Keys or sets of them), which are read now, of URLs, which
/// are asked when a token needs their keys, and `secret` unless it is null. Null if there are none.
/// Errors, which name `setting` and the place: `io_error` (a file that cannot be read),
/// `invalid_request` (no key, or a URL that is not to be asked).
result<std::shared_ptr<auth::key_source>> trusted_keys(const strings& places, auth::key_ptr secret,
                                                       std::string_view setting,
                                                       const key_places& how);

}  // namespace carillon::server
