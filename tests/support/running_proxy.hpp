// A real proxy in front of the server, with the file that packaging/ has for it.
#pragma once

#include "support/process.hpp"
#include "support/temporary_folder.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace carillon::testing {

enum class proxy_kind : std::uint8_t { nginx, haproxy, caddy, apache };

std::string_view to_string(proxy_kind kind) noexcept;

/// Listens on a port of its own, under the name `localhost`. Of the packaged file only names,
/// ports and paths are changed; the test fails if the file has no such place any more.
class running_proxy {
public:
    /// `changes`: what stands in the packaged file, and what it is to be instead.
    using changes = std::vector<std::pair<std::string, std::string>>;
    running_proxy(proxy_kind kind, std::uint16_t upstream, changes c = {});
    ~running_proxy();
    running_proxy(const running_proxy&) = delete;
    running_proxy& operator=(const running_proxy&) = delete;

    /// False if it did not start.
    bool running() const noexcept { return running_; }
    std::uint16_t port() const noexcept { return port_; }

private:
    strings prepare_nginx(std::uint16_t upstream) const;
    strings prepare_haproxy(std::uint16_t upstream) const;
    strings prepare_caddy(std::uint16_t upstream) const;
    strings prepare_apache(std::uint16_t upstream) const;
    bool start(strings command, strings environment);

    changes changes_;
    temporary_folder folder_;
    std::uint16_t port_ = 0;
    bool running_ = false;
    std::unique_ptr<process> process_;
};

}  // namespace carillon::testing
