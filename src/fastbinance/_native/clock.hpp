// Wall and monotonic nanoseconds.
#pragma once

#include <cstdint>
#include <ctime>

namespace fb {

inline std::int64_t clock_ns(clockid_t id) noexcept {
  timespec now;
  clock_gettime(id, &now);
  return static_cast<std::int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

inline std::int64_t wall_clock_ns() noexcept { return clock_ns(CLOCK_REALTIME); }
inline std::int64_t monotonic_ns() noexcept { return clock_ns(CLOCK_MONOTONIC); }

} // namespace fb
