#include "bench/delivery.hpp"

namespace carillon::bench {

namespace {

// Past this many the run has failed anyway; late arrivals among the rest then count as doubled.
constexpr std::size_t max_remembered = 1'000'000;

}  // namespace

delivery_counts& delivery_counts::operator+=(const delivery_counts& other) noexcept {
    delivered += other.delivered;
    lost += other.lost;
    doubled += other.doubled;
    out_of_order += other.out_of_order;
    malformed += other.malformed;
    return *this;
}

delivery_ledger::delivery_ledger(std::size_t subscribers, std::size_t lanes)
    : lanes_(lanes), next_(subscribers * lanes) {}

void delivery_ledger::record(std::size_t subscriber, std::uint32_t lane, std::uint32_t sequence) {
    if (lane >= lanes_) {
        ++counts_.malformed;
        return;
    }
    const auto place = subscriber * lanes_ + lane;
    auto& next = next_[place];
    ++counts_.delivered;
    if (sequence == next) {
        ++next;
        return;
    }
    if (sequence > next) {
        skip(place, next, sequence);
        next = sequence + 1;
        return;
    }
    if (missing_.erase({place, sequence}) == 0) {
        ++counts_.doubled;
        return;
    }
    --counts_.lost;
    ++counts_.out_of_order;
}

void delivery_ledger::close(std::size_t subscriber, std::uint32_t lane, std::uint32_t sent) {
    const auto next = next_[subscriber * lanes_ + lane];
    if (next < sent) counts_.lost += sent - next;
}

void delivery_ledger::skip(std::size_t place, std::uint32_t from, std::uint32_t to) {
    counts_.lost += to - from;
    for (auto s = from; s < to && missing_.size() < max_remembered; ++s)
        missing_.insert({place, s});
}

}  // namespace carillon::bench
