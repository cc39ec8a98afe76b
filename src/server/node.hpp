// One running server: the hub, its loops and threads, the listeners, the surfaces.
#pragma once

#include "net/listener.hpp"
#include "server/settings.hpp"
#include "server/settings_check.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace carillon::server {

/// How long connections may take for requests that are on their way when the server ends. With the
/// default of `drain.window` it leaves a second of the ten that `docker stop` waits.
inline constexpr std::chrono::milliseconds last_answers{1000};

/// Constructed and steered by one thread; runs its loops on threads of its own.
class node {
public:
    /// Binds the listeners and builds everything; nothing is served yet. `checked` is what `check`
    /// made of the same settings.
    static result<std::unique_ptr<node>> create(loaded_settings loaded, checked_settings checked);
    ~node();

    void start();
    /// Turns `/ready` false, ends the streams over the drain's window. `drained()` tells when they
    /// are gone.
    void drain();
    bool drained() const;
    /// Ends the loops and joins their threads. For as long as `grace`, requests on their way are
    /// answered first.
    void stop(std::chrono::milliseconds grace = {});
    /// Takes over what can change while streams are up. Errors as of `check`: nothing changes.
    result<> reload(const loaded_settings& latest);

    std::vector<std::string> addresses() const;
    std::size_t streams() const;
    std::size_t shards() const;

private:
    node();
    struct parts;
    std::unique_ptr<parts> parts_;
};

}  // namespace carillon::server
