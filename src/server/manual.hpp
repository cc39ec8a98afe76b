// Manual pages and shell completions, made from what `--help` says.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace CLI {  // NOLINT(readability-identifier-naming)
class App;       // NOLINT(readability-identifier-naming)
}  // namespace CLI

namespace carillon::server {

/// A page for man(7): of the program, or of the command that `path` names (`{"journal", "backup"}`
/// is told with `journal`). `app` has all its commands and flags. Empty if there is no such
/// command.
std::string manual_page(const CLI::App& app, std::string_view command, std::string_view version);

/// The names of all pages: `carillon`, `carillon-serve`, …
std::vector<std::string> manual_pages(const CLI::App& app);

/// A completion script for `bash`, `zsh` or `fish`. Empty for another shell.
std::string completions(const CLI::App& app, std::string_view shell);

}  // namespace carillon::server
