// Which streams a query asks for.
#pragma once

#include <carillon/hub/clients.hpp>
#include <carillon/hub/shard.hpp>

namespace carillon {

/// `home` is the stream's shard. What a page begins and ends with is not looked at.
bool is_asked_for(const client_query& q, const subscriber& s, const shard::impl& home);

}  // namespace carillon
