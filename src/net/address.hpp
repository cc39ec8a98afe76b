// Addresses of peers and listeners.
#pragma once

#include <carillon/base/result.hpp>

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

struct sockaddr;

namespace carillon::net {

/// An IP address (IPv4 is kept as IPv4-mapped IPv6) or "some local process" (Unix socket). A value
/// of 16 bytes.
class ip_address {
public:
    ip_address() = default;  ///< the Unix-socket peer
    static ip_address from(const sockaddr& sa) noexcept;
    /// "192.0.2.1", "2001:db8::1", "[2001:db8::1]"; no port, no zone, and not the unspecified "::",
    /// which no peer has.
    static result<ip_address> parse(std::string_view text);

    bool is_local_socket() const noexcept { return bytes_ == std::array<std::uint8_t, 16>{}; }
    bool is_loopback() const noexcept;  ///< 127.0.0.0/8, ::1, or a Unix socket
    std::string str() const;            ///< "192.0.2.1", "2001:db8::1", "unix"
    /// What stands for one host where hosts are counted: of IPv6 the first address of its /64, of
    /// which a host takes as many addresses as it likes; of others the address itself.
    ip_address network() const noexcept;
    const std::array<std::uint8_t, 16>& bytes() const noexcept { return bytes_; }
    friend auto operator<=>(const ip_address&, const ip_address&) = default;

private:
    std::array<std::uint8_t, 16> bytes_{};
};

struct ip_address_hash {
    std::size_t operator()(const ip_address& a) const noexcept;
};

/// An address range such as "10.0.0.0/8", "::1" or "unix". Bits beyond the prefix are ignored.
/// Unix-socket peers are in "unix" and in no range of IP addresses, however wide.
class ip_network {
public:
    static result<ip_network> parse(std::string_view text);
    bool contains(const ip_address& a) const noexcept;

private:
    ip_address base_;
    unsigned prefix_ = 128;  ///< in bits of the 128-bit form
};

}  // namespace carillon::net
