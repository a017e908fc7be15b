// The fast path, compiled once for the baseline and once for AVX2; `fast_path()` picks at run time.
//
// The fast path may decline anything, and then has published nothing. What it accepts, the fallback accepts with the
// same record: tests and fuzzers hold the two against each other.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string_view>

#include "decimal.hpp"
#include "error.hpp"
#include "route.hpp"

#if (defined(__x86_64__) || defined(_M_X64)) && !defined(FASTBINANCE_NO_AVX2)
#include <immintrin.h>
#define FB_BUILD_AVX2 1
#else
#define FB_BUILD_AVX2 0
#endif

#define FB_INLINE inline __attribute__((always_inline))
#define FB_OUTLINE __attribute__((noinline))

static_assert(std::endian::native == std::endian::little, "the scanners read words of text in little-endian order");

namespace fb {

constexpr std::int64_t microseconds_from = 100'000'000'000'000;
constexpr std::int64_t largest_microseconds = INT64_MAX / 1'000;
constexpr std::int64_t largest_milliseconds = INT64_MAX / 1'000'000; // the year 2262

// Is it a time whose nanoseconds fit? What lies between the two ranges is neither.
constexpr bool is_time(std::int64_t value) noexcept {
  return value >= 0 && (value <= largest_milliseconds || (value >= microseconds_from && value <= largest_microseconds));
}

// Two words, made as such: of smaller members the compiler would put the first one together at every return.
class FastResult {
public:
  FastResult() = default;
  constexpr FastResult(Outcome outcome, std::uint32_t records, Route *to) noexcept
      : packed_(static_cast<std::uint64_t>(records) << 32 | static_cast<std::uint64_t>(outcome)), route(to) {}

  // Published, dropped, held, skipped or declined.
  constexpr Outcome outcome() const noexcept { return static_cast<Outcome>(packed_ & 0xff); }
  // How many were published or held.
  constexpr std::uint32_t records() const noexcept { return static_cast<std::uint32_t>(packed_ >> 32); }

private:
  std::uint64_t packed_;

public:
  Route *route; // where it went; when declined, where its stream name would lead, or nullptr
};

namespace scalar {
#define FB_AVX2 0
#include "digits_scalar.hpp"
#include "scan.hpp"
#include "publish.hpp"
#include "book_ticker.hpp"
#include "trade.hpp"
#include "depth.hpp"
#include "kline.hpp"
#include "element.hpp"
#include "accept.hpp"
#undef FB_AVX2
} // namespace scalar

#if FB_BUILD_AVX2
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,bmi,bmi2,lzcnt,popcnt"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,bmi,bmi2,lzcnt,popcnt")
#endif
namespace avx2 {
#define FB_AVX2 1
#include "digits_avx2.hpp"
#include "scan.hpp"
#include "publish.hpp"
#include "book_ticker.hpp"
#include "trade.hpp"
#include "depth.hpp"
#include "kline.hpp"
#include "element.hpp"
#include "accept.hpp"
#undef FB_AVX2
} // namespace avx2
#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#endif

// Which code runs is decided once, when the library is loaded.
inline bool cpu_has_avx2() noexcept {
#if FB_BUILD_AVX2
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
#else
  return false;
#endif
}

class FastPath {
public:
  explicit FastPath(bool allow_avx2 = true) noexcept : use_avx2_(allow_avx2 && cpu_has_avx2()) {
#if FB_BUILD_AVX2
    if (use_avx2_) {
      static const bool built = (avx2::digit_tables = avx2::make_digit_tables(), true); // once, whatever thread is first
      (void)built;
    }
#endif
  }

  // The instruction set in use, for figures and bug reports.
  const char *name() const noexcept { return use_avx2_ ? "avx2" : "scalar"; }

  // One combined payload, routed by its stream name.
  FastResult combined(const RouteTable &table, const char *payload, std::size_t size,
                      std::int64_t recv_ns) const noexcept {
#if FB_BUILD_AVX2
    if (use_avx2_) {
      const FastResult result = avx2::accept_combined(table, payload, size, recv_ns);
      if (result.outcome() != Outcome::declined) [[likely]]
        return result;
    }
#endif
    return scalar::accept_combined(table, payload, size, recv_ns);
  }

  // One payload without wrapper, whose route is known.
  Outcome raw(Route &route, const char *payload, std::size_t size, std::int64_t recv_ns) const noexcept {
#if FB_BUILD_AVX2
    if (use_avx2_) {
      const Outcome outcome = avx2::accept_raw(route, payload, size, recv_ns);
      if (outcome != Outcome::declined) [[likely]]
        return outcome;
    }
#endif
    return scalar::accept_raw(route, payload, size, recv_ns);
  }

private:
  bool use_avx2_;
};

} // namespace fb
