#include "net/address.hpp"

#include "base/time_text.hpp"

#include <algorithm>
#include <cstring>
#include <optional>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace carillon::net {

namespace {

using address_bytes = std::array<std::uint8_t, 16>;

constexpr std::size_t network_bytes = 8;   ///< of a /64
constexpr std::size_t mapped_prefix = 12;  ///< bytes of ::ffff:0:0/96

address_bytes mapped(const void* four_bytes) noexcept {
    address_bytes bytes{};
    bytes[10] = bytes[11] = 0xff;
    std::memcpy(bytes.data() + mapped_prefix, four_bytes, 4);
    return bytes;
}

bool is_mapped(const address_bytes& bytes) noexcept {
    return std::all_of(bytes.begin(), bytes.begin() + 10, [](auto b) { return b == 0; }) &&
           bytes[10] == 0xff && bytes[11] == 0xff;
}

struct parsed_bytes {
    address_bytes bytes;
    bool ipv4;
};

std::optional<parsed_bytes> parse_bytes(std::string_view text) {
    if (text.size() >= 2 && text.front() == '[' && text.back() == ']') {
        text = text.substr(1, text.size() - 2);
        if (!text.contains(':')) return std::nullopt;
    }
    char terminated[INET6_ADDRSTRLEN] = {};
    if (text.size() >= sizeof terminated || text.contains('\0')) return std::nullopt;
    std::copy(text.begin(), text.end(), terminated);

    in_addr v4{};
    if (::inet_pton(AF_INET, terminated, &v4) == 1) return parsed_bytes{mapped(&v4), true};
    parsed_bytes v6{{}, false};
    if (::inet_pton(AF_INET6, terminated, v6.bytes.data()) == 1) return v6;
    return std::nullopt;
}

address_bytes masked(address_bytes bytes, unsigned prefix) noexcept {
    for (unsigned i = 0; i < bytes.size(); ++i) {
        const unsigned kept = prefix > i * 8 ? std::min(prefix - i * 8, 8U) : 0;
        bytes[i] = static_cast<std::uint8_t>(bytes[i] & (0xff00U >> kept));
    }
    return bytes;
}

ip_address address_of(const address_bytes& bytes) noexcept {
    sockaddr_in6 sa{};
    sa.sin6_family = AF_INET6;
    std::memcpy(&sa.sin6_addr, bytes.data(), bytes.size());
    return ip_address::from(reinterpret_cast<const sockaddr&>(sa));
}

}  // namespace

ip_address ip_address::from(const sockaddr& sa) noexcept {
    ip_address address;
    if (sa.sa_family == AF_INET) {
        address.bytes_ = mapped(&reinterpret_cast<const sockaddr_in&>(sa).sin_addr);
    } else if (sa.sa_family == AF_INET6) {
        std::memcpy(address.bytes_.data(), &reinterpret_cast<const sockaddr_in6&>(sa).sin6_addr,
                    address.bytes_.size());
    }
    return address;
}

result<ip_address> ip_address::parse(std::string_view text) {
    const auto parsed = parse_bytes(text);
    // All zeros is how a local socket is kept: text from outside must never turn into one.
    if (!parsed || parsed->bytes == address_bytes{}) {
        return fail(errc::invalid_request, "\"" + std::string(text) + "\" is not an IP address");
    }
    ip_address address;
    address.bytes_ = parsed->bytes;
    return address;
}

bool ip_address::is_loopback() const noexcept {
    if (is_local_socket()) return true;
    if (is_mapped(bytes_)) return bytes_[mapped_prefix] == 127;
    return std::all_of(bytes_.begin(), bytes_.end() - 1, [](auto b) { return b == 0; }) &&
           bytes_.back() == 1;
}

// IPv4 and the special addresses begin with 64 zero bits, and no network that is given out does.
ip_address ip_address::network() const noexcept {
    const auto interface_id = bytes_.begin() + network_bytes;
    if (std::all_of(bytes_.begin(), interface_id, [](auto b) { return b == 0; })) return *this;
    ip_address first = *this;
    std::fill(first.bytes_.begin() + network_bytes, first.bytes_.end(), std::uint8_t{0});
    return first;
}

std::string ip_address::str() const {
    if (is_local_socket()) return "unix";
    char text[INET6_ADDRSTRLEN] = {};
    if (is_mapped(bytes_)) {
        ::inet_ntop(AF_INET, bytes_.data() + mapped_prefix, text, sizeof text);
    } else {
        ::inet_ntop(AF_INET6, bytes_.data(), text, sizeof text);
    }
    return text;
}

std::size_t ip_address_hash::operator()(const ip_address& a) const noexcept {
    std::uint64_t high = 0;
    std::uint64_t low = 0;
    std::memcpy(&high, a.bytes().data(), 8);
    std::memcpy(&low, a.bytes().data() + 8, 8);
    // Neighbouring addresses differ in few bits, which a multiplication by an odd number spreads
    // over the word.
    std::uint64_t mixed = (high ^ (low * 0x9e3779b97f4a7c15U)) * 0xbf58476d1ce4e5b9U;
    mixed ^= mixed >> 32;
    return static_cast<std::size_t>(mixed);
}

result<ip_network> ip_network::parse(std::string_view text) {
    ip_network network;
    if (text == "unix") return network;

    const auto bad = [&] {
        return fail(errc::invalid_request, "\"" + std::string(text) +
                                               "\" is not an address range; write one such as "
                                               "10.0.0.0/8, ::1 or unix");
    };
    const std::size_t slash = text.find('/');
    const auto parsed = parse_bytes(text.substr(0, slash));
    if (!parsed) return bad();
    const unsigned widest = parsed->ipv4 ? 32 : 128;
    unsigned prefix = widest;
    if (slash != std::string_view::npos) {
        const auto given = parse_whole_number(text.substr(slash + 1));
        if (!given || *given > widest) return bad();
        prefix = static_cast<unsigned>(*given);
    }
    network.prefix_ = prefix + 128 - widest;
    network.base_ = address_of(masked(parsed->bytes, network.prefix_));
    if (network.prefix_ == 128 && network.base_.is_local_socket()) return bad();
    return network;
}

bool ip_network::contains(const ip_address& a) const noexcept {
    if (a.is_local_socket()) return prefix_ == 128 && base_.is_local_socket();
    return masked(a.bytes(), prefix_) == base_.bytes();
}

}  // namespace carillon::net
