// Digits with a decimal point -> double, correctly rounded: bit for bit what Python's float() makes of the same text.
#pragma once

#include <bit>
#include <cstdint>

namespace fb {

inline constexpr double power_of_ten[23] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                            1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

inline constexpr std::uint64_t integer_power_of_ten[20] = {1ull,
                                                           10ull,
                                                           100ull,
                                                           1000ull,
                                                           10000ull,
                                                           100000ull,
                                                           1000000ull,
                                                           10000000ull,
                                                           100000000ull,
                                                           1000000000ull,
                                                           10000000000ull,
                                                           100000000000ull,
                                                           1000000000000ull,
                                                           10000000000000ull,
                                                           100000000000000ull,
                                                           1000000000000000ull,
                                                           10000000000000000ull,
                                                           100000000000000000ull,
                                                           1000000000000000000ull,
                                                           10000000000000000000ull};

constexpr std::uint64_t largest_exact = std::uint64_t{1} << 53;

// digits / 10^fraction_digits where digits does not fit a double's 53 bits ("299999997.00000000" has 17 digits).
// Exact integer division to at least 55 bits with the remainder folded into the last one; the conversion to double then
// rounds once, to nearest even.
inline double divide_exactly(std::uint64_t digits, unsigned fraction_digits) noexcept {
  const std::uint64_t divisor = integer_power_of_ten[fraction_digits];
  const int shift_wanted = 55 + std::bit_width(divisor) - std::bit_width(digits);
  const int shift = shift_wanted > 0 ? shift_wanted : 0;
  const unsigned __int128 dividend = static_cast<unsigned __int128>(digits) << shift;
  std::uint64_t quotient = static_cast<std::uint64_t>(dividend / divisor);
  quotient |= static_cast<std::uint64_t>(dividend % divisor != 0);
  // 2^-shift is a power of two in the normal range (shift <= 119 - 54), so this multiplication is exact.
  const double scale = std::bit_cast<double>(static_cast<std::uint64_t>(1023 - shift) << 52);
  return static_cast<double>(quotient) * scale;
}

// At most 19 digits, at most 19 of them behind the point.
inline double scaled(std::uint64_t digits, unsigned fraction_digits) noexcept {
  if (digits <= largest_exact) [[likely]] // both operands exact: one correctly rounded division
    return static_cast<double>(static_cast<std::int64_t>(digits)) / power_of_ten[fraction_digits];
  return divide_exactly(digits, fraction_digits);
}

} // namespace fb
