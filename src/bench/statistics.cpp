#include "bench/statistics.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace carillon::bench {

namespace {

// A value keeps its 10 leading bits; what follows them is the width of its bucket.
constexpr unsigned kept_bits = 10;
constexpr std::uint64_t exact_below = 1u << kept_bits;
constexpr std::uint64_t steps = exact_below / 2;
constexpr unsigned max_bits = 41;
constexpr std::size_t bucket_count = exact_below + (max_bits - kept_bits) * steps;

std::size_t bucket_of(std::uint64_t ns) noexcept {
    if (ns < exact_below) return static_cast<std::size_t>(ns);
    ns = std::min(ns, (std::uint64_t{1} << max_bits) - 1);
    const auto shift = static_cast<unsigned>(std::bit_width(ns)) - kept_bits;
    return static_cast<std::size_t>(exact_below + (shift - 1) * steps + (ns >> shift) - steps);
}

std::uint64_t middle_of(std::size_t bucket) noexcept {
    if (bucket < exact_below) return bucket;
    const auto shift = (bucket - exact_below) / steps + 1;
    const auto leading = (bucket - exact_below) % steps + steps;
    return (std::uint64_t{leading} << shift) + (std::uint64_t{1} << (shift - 1));
}

}  // namespace

latency_histogram::latency_histogram() : buckets_(bucket_count) {}

void latency_histogram::record(std::uint64_t ns) noexcept {
    ++buckets_[bucket_of(ns)];
    ++count_;
}

void latency_histogram::merge(const latency_histogram& other) noexcept {
    for (std::size_t i = 0; i < buckets_.size(); ++i) buckets_[i] += other.buckets_[i];
    count_ += other.count_;
}

void latency_histogram::clear() noexcept {
    std::fill(buckets_.begin(), buckets_.end(), 0u);
    count_ = 0;
}

std::uint64_t latency_histogram::percentile(double percent) const noexcept {
    if (count_ == 0) return 0;
    // 99.9 % of 1,000 is a little more than 999 in binary; that must not become rank 1,000.
    constexpr double rounding = 1e-9;
    const auto exact_rank =
        std::ceil(percent / 100.0 * static_cast<double>(count_) * (1 - rounding));
    const auto rank =
        std::clamp(static_cast<std::uint64_t>(std::max(exact_rank, 1.0)), std::uint64_t{1}, count_);
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < buckets_.size(); ++i) {
        seen += buckets_[i];
        if (seen >= rank) return middle_of(i);
    }
    return middle_of(buckets_.size() - 1);
}

double median(std::vector<double> values) noexcept {
    if (values.empty()) return 0;
    std::sort(values.begin(), values.end());
    const auto middle = values.size() / 2;
    if (values.size() % 2 == 1) return values[middle];
    return (values[middle - 1] + values[middle]) / 2;
}

}  // namespace carillon::bench
