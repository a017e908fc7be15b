// How long things took: log-linear buckets of nanoseconds, fixed in size, filled by a few instructions.
//
// Sixteen buckets an octave from 512 ns to 2^36 ns (68.7 s), so that the middle of a bucket is at most 1/32 of a value away from
// it; one bucket below, one above. Times before zero come of two clocks that differ: they are no durations, and counted apart.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "route.hpp"

namespace fb {

constexpr int histogram_first_octave = 9;
constexpr int histogram_end_octave = 36;
constexpr int histogram_octave_bits = 4;
constexpr std::size_t histogram_per_octave = 1u << histogram_octave_bits;
// The first and the last are those below and above.
constexpr std::size_t histogram_buckets = (histogram_end_octave - histogram_first_octave) * histogram_per_octave + 2;

// The least nanoseconds that the bucket takes; it takes what is below the next one's.
constexpr std::int64_t histogram_bound(std::size_t bucket) noexcept {
  if (bucket == 0)
    return 0;
  const std::size_t step = bucket - 1;
  const int octave = histogram_first_octave + static_cast<int>(step >> histogram_octave_bits);
  const auto within = static_cast<std::int64_t>(histogram_per_octave + (step & (histogram_per_octave - 1)));
  return within << (octave - histogram_octave_bits);
}

struct Histogram {
  std::uint64_t buckets[histogram_buckets] = {};
  std::uint64_t negative = 0;
  double sum = 0; // of those that are not negative, in nanoseconds
  std::int64_t least = std::numeric_limits<std::int64_t>::max(); // of all; above `most` before the first
  std::int64_t most = std::numeric_limits<std::int64_t>::min();

  void record(std::int64_t ns) noexcept {
    least = std::min(least, ns);
    most = std::max(most, ns);
    if (ns < 0) [[unlikely]] {
      ++negative;
      return;
    }
    sum += static_cast<double>(ns);
    ++buckets[bucket_of(static_cast<std::uint64_t>(ns))];
  }

  static std::size_t bucket_of(std::uint64_t ns) noexcept {
    if (ns < std::uint64_t{1} << histogram_first_octave)
      return 0;
    if (ns >> histogram_end_octave != 0) [[unlikely]]
      return histogram_buckets - 1;
    const int octave = std::bit_width(ns) - 1;
    // The leading bit of what is left after the shift counts one octave more than there is.
    return (static_cast<std::size_t>(octave - histogram_first_octave) << histogram_octave_bits) +
           static_cast<std::size_t>(ns >> (octave - histogram_octave_bits)) - histogram_per_octave + 1;
  }

  // How many there are that are not negative.
  std::uint64_t count() const noexcept {
    std::uint64_t total = 0;
    for (const std::uint64_t each : buckets)
      total += each;
    return total;
  }

  // The middle of the bucket that holds the value of this rank, from 1 to `count()`; of the two open ones what is known best.
  std::int64_t value_of_rank(std::uint64_t rank) const noexcept {
    std::size_t bucket = 0;
    for (std::uint64_t seen = buckets[0]; seen < rank && bucket + 1 < histogram_buckets; seen += buckets[bucket])
      ++bucket;
    if (bucket + 1 == histogram_buckets)
      return most;
    const std::int64_t middle = (histogram_bound(bucket) + histogram_bound(bucket + 1)) / 2;
    return std::clamp(middle, std::max<std::int64_t>(least, 0), most);
  }

  void merge(const Histogram &other) noexcept {
    for (std::size_t i = 0; i < histogram_buckets; ++i)
      buckets[i] += other.buckets[i];
    negative += other.negative;
    sum += other.sum;
    least = std::min(least, other.least);
    most = std::max(most, other.most);
  }
};

// From the exchange's clock to ours: the lag of the newest record of a route, which a message has just brought. Records
// without an event time have none.
inline void record_lag(Histogram &lag, const Route &route, std::int64_t recv_ns) noexcept {
  const RingView &view = route.ring->view;
  const auto *newest = reinterpret_cast<const RecordHead *>(view.slot(route.target.header->cursor));
  if (newest->event_ns != 0)
    lag.record(recv_ns - newest->event_ns);
}

} // namespace fb
