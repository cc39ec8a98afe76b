// The sockets that settings ask for.
#pragma once

#include <carillon/base/result.hpp>

#include "net/listener.hpp"
#include "server/settings.hpp"

#include <vector>

namespace carillon::server {

/// What is wrong with `listen` and `metrics.listen` and can be seen without opening anything:
/// `invalid_request`, also for an address that other machines reach while no key says who may do
/// what.
result<> check_listen(const settings& s);

/// Of `listen`, the inherited ones among them. Errors: as above, and why one cannot be opened.
result<std::vector<net::listening_socket>> open_listeners(const settings& s);

/// Of `metrics.listen`, where figures are shown to everybody.
result<std::vector<net::listening_socket>> open_metric_listeners(const settings& s);

}  // namespace carillon::server
