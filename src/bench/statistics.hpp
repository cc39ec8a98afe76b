// Percentiles of latencies and medians of runs. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace carillon::bench {

/// Counts nanoseconds in buckets that are at most 0.2 % wide, so that millions of samples cost a
/// fixed 136 KB. Values below 1,024 ns are exact; values past 2^41 ns (36 minutes) count as that.
/// Confined to one thread.
class latency_histogram {
public:
    latency_histogram();

    void record(std::uint64_t ns) noexcept;
    void merge(const latency_histogram& other) noexcept;
    void clear() noexcept;

    std::uint64_t count() const noexcept { return count_; }
    /// The smallest value that at least `percent` % of the samples do not exceed (nearest rank), as
    /// the middle of its bucket. 0 without samples.
    std::uint64_t percentile(double percent) const noexcept;

private:
    std::vector<std::uint32_t> buckets_;
    std::uint64_t count_ = 0;
};

/// The middle value; the mean of the two middle ones of an even number; 0 of none.
double median(std::vector<double> values) noexcept;

}  // namespace carillon::bench
