// Digits to numbers, eight bytes at a time: the baseline of every architecture, and the second try for numbers that are
// too long for a 16-byte register. Included by fast.hpp inside namespace scalar.

// Eight ASCII digits, first digit in the lowest byte, already reduced to 0..9 -> value.
FB_INLINE std::uint64_t eight_digits(std::uint64_t digits) noexcept {
  digits = digits * 10 + (digits >> 8);
  constexpr std::uint64_t mask = 0x000000ff000000ff;
  return (((digits & mask) * 0x000f424000000064) + (((digits >> 16) & mask) * 0x0000271000000001)) >> 32;
}

struct Digits {
  // The run of digits at p as a number; its count in `length`. False when it is longer than 19.
  static FB_INLINE bool run(const char *p, std::uint64_t &value, unsigned &length) noexcept {
    value = 0;
    length = 0;
    for (int words = 0; words < 3; ++words) {
      std::uint64_t word;
      std::memcpy(&word, p + length, 8);
      const std::uint64_t reduced = word ^ 0x3030303030303030;
      const std::uint64_t other = ((reduced + 0x7676767676767676) | reduced) & 0x8080808080808080;
      const unsigned here = other == 0 ? 8 : static_cast<unsigned>(__builtin_ctzll(other)) / 8;
      if (here == 0)
        return true;
      if (length + here > 19)
        return false;
      value = value * integer_power_of_ten[here] + eight_digits(reduced << (64 - 8 * here));
      length += here;
      if (here < 8)
        return true;
    }
    return true;
  }

  // At most 18 digits, so that every value fits int64.
  static FB_INLINE bool integer(const char *&p, std::int64_t &value) noexcept {
    std::uint64_t digits;
    unsigned length;
    if (!run(p, digits, length) || length - 1 >= 18) [[unlikely]]
      return false;
    value = static_cast<std::int64_t>(digits);
    p += length;
    return true;
  }

  // At most 19 digits, so that all of them fit 64 bits.
  static FB_INLINE bool decimal(const char *&p, double &value) noexcept {
    std::uint64_t whole, part;
    unsigned whole_length, part_length = 0;
    if (!run(p, whole, whole_length) || whole_length == 0) [[unlikely]]
      return false;
    p += whole_length;
    if (*p == '.') {
      if (!run(p + 1, part, part_length) || part_length == 0 || whole_length + part_length > 19) [[unlikely]]
        return false;
      whole = whole * integer_power_of_ten[part_length] + part;
      p += 1 + part_length;
    }
    value = scaled(whole, part_length);
    return true;
  }
};
