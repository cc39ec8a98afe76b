// The routes of the web application: its pages, and the files that these load.
#pragma once

#include "server/page_pack.hpp"
#include "transport/route.hpp"

#include <string_view>
#include <vector>

namespace carillon::server {

/// What is for trying things out and for learning: `/`, `/home`, `/guides`, `/reference`. Without
/// the application `/` is a plain page and the others are 404 `DISABLED`. They refer to the pack.
std::vector<transport::route> demonstration_routes(const page_pack& pack);
/// `/console`, and the files of all pages.
std::vector<transport::route> console_routes(const page_pack& pack);

/// What stands at `/` where the application was left out.
std::string_view start_page() noexcept;

}  // namespace carillon::server
