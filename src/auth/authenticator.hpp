// From what a request shows to who calls.
#pragma once

#include <carillon/base/result.hpp>
#include <carillon/hub/principal.hpp>

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace carillon::auth {

/// What a request shows of its caller; nothing of it is verified. The views hold until `check`
/// returns.
struct credentials {
    std::string_view authorization{};  ///< the header `Authorization`, whole; empty: none
    std::string_view cookie{};         ///< the header `Cookie`, whole; empty: none
    std::string token{};               ///< `?token=`; empty: none
    std::string ticket{};              ///< `?ticket=`; empty: none
    /// Any header of the request, for those who ask others who calls; empty: there is none.
    std::function<std::optional<std::string_view>(std::string_view name)> header{};
    bool for_stream = false;  ///< the route answers with a stream
    /// Which stream it is, so that what opens one again opens no other: path and topics.
    std::string stream{};
    bool has_cursor = false;  ///< the request says where its stream goes on
    bool local = false;  ///< from this machine, under a loopback name, and not passed on by a proxy
};

/// Thread-safe.
class authenticator {
public:
    virtual ~authenticator() = default;

    using callback = std::function<void(result<principal>)>;
    /// Finds out who calls. `done` runs once, on any thread, perhaps before this returns. Without
    /// credentials that is nobody in particular, which is no error. Errors: `unauthenticated`
    /// (credentials that are not believed), `unavailable` (they cannot be checked now).
    virtual void check(const credentials& given, callback done) = 0;
};

/// Looks at no credentials: everybody is nobody in particular.
class anonymous_authenticator final : public authenticator {
public:
    void check(const credentials&, callback done) override { done(principal{}); }
};

}  // namespace carillon::auth
