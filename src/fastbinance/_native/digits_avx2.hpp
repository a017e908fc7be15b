// Digits to numbers in one 16-byte register: at most 16 characters, which is all but a few quantities. What is longer is
// declined here and read by namespace scalar. Included by fast.hpp inside namespace avx2.
//
// Nothing is called from here, so that everything a scan has read stays in registers until it is stored.

struct DigitTables {
  __m128i zeros, quotes, nines, tens, hundreds, ten_thousands;
  // Row n of `align` (read at byte n): moves n bytes to the right end of a register, zeros before them.
  alignas(16) std::uint8_t align[32];
  // Row f: closes the gap that the point leaves when f digits stand behind it. Row 0 changes nothing.
  alignas(16) std::uint8_t close_gap[16][16];
  // Read at byte 32 - n: a mask of n bytes.
  alignas(16) std::uint8_t keep[64]; // no more than 16: code without AVX keeps a copy on its stack for a moment
};

inline DigitTables make_digit_tables() noexcept {
  DigitTables tables;
  tables.zeros = _mm_set1_epi8('0');
  tables.quotes = _mm_set1_epi8('"');
  tables.nines = _mm_set1_epi8(9);
  tables.tens = _mm_set1_epi16(0x010a);
  tables.hundreds = _mm_set1_epi32(0x00010064);
  tables.ten_thousands = _mm_set1_epi32(0x00012710);
  for (unsigned i = 0; i < 16; ++i) {
    tables.align[i] = 0x80;
    tables.align[16 + i] = static_cast<std::uint8_t>(i);
  }
  for (unsigned f = 0; f < 16; ++f)
    for (unsigned i = 0; i < 16; ++i)
      tables.close_gap[f][i] = static_cast<std::uint8_t>(f == 0 || i > 15 - f ? i : (i == 0 ? 0x80 : i - 1));
  for (unsigned i = 0; i < 64; ++i)
    tables.keep[i] = i < 32 ? 0xff : 0;
  return tables;
}
// Built once, by the first FastPath on a processor that can: GCC would otherwise rebuild every constant at each use,
// three instructions a time, because it can see their values.
inline DigitTables digit_tables;

struct Digits {
  const DigitTables *tables = &digit_tables;

  // Sixteen digits 0..9, one a byte, first digit in byte 0 -> value.
  FB_INLINE std::int64_t sixteen(__m128i digits) const noexcept {
    const __m128i pairs = _mm_maddubs_epi16(digits, tables->tens);
    const __m128i fours = _mm_madd_epi16(pairs, tables->hundreds);
    const __m128i eights = _mm_madd_epi16(_mm_packus_epi32(fours, fours), tables->ten_thousands);
    const std::int64_t both = _mm_cvtsi128_si64(eights);
    return (both & 0xffffffff) * 100000000 + static_cast<std::int64_t>(static_cast<std::uint64_t>(both) >> 32);
  }

  // Bit i is clear where byte i is a digit; all bits above 15 are set.
  FB_INLINE std::uint64_t others(__m128i reduced) const noexcept {
    const __m128i is_digit = _mm_cmpeq_epi8(_mm_min_epu8(reduced, tables->nines), reduced);
    std::uint64_t other = ~static_cast<std::uint64_t>(static_cast<unsigned>(_mm_movemask_epi8(is_digit)));
    asm("" : "+r"(other)); // GCC would fold the complement into what follows, and lose BLSR and TZCNT by it
    return other;
  }

  // At most 16 digits. A seventeenth is not the literal that must follow.
  FB_INLINE bool integer(const char *&p, std::int64_t &value) const noexcept {
    const __m128i reduced = _mm_sub_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i *>(p)), tables->zeros);
    const auto length = static_cast<std::size_t>(__builtin_ctzll(others(reduced)));
    if (length == 0) [[unlikely]]
      return false;
    const __m128i align = _mm_loadu_si128(reinterpret_cast<const __m128i *>(tables->align + length));
    value = sixteen(_mm_shuffle_epi8(reduced, align));
    p += length;
    return true;
  }

  // At most 15 digits, which a double holds exactly, so that one division rounds once. A sixteenth behind a point is
  // not the literal that must follow.
  FB_INLINE bool decimal(const char *&p, double &value) const noexcept {
    const __m128i reduced = _mm_sub_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i *>(p)), tables->zeros);
    const std::uint64_t other = others(reduced);
    if (other & 1) [[unlikely]]
      return false;
    const auto whole = static_cast<std::size_t>(__builtin_ctzll(other));
    if (p[whole] == '.') [[likely]] {
      const auto length = static_cast<std::size_t>(__builtin_ctzll(_blsr_u64(other)));
      const std::size_t tail = length - whole; // the point and the digits behind it
      if (tail == 1) [[unlikely]] // no digit there, or the point is the last of the 16 bytes or lies behind them
        return false;
      const __m128i align = _mm_loadu_si128(reinterpret_cast<const __m128i *>(tables->align + length));
      const __m128i gap = _mm_load_si128(reinterpret_cast<const __m128i *>(tables->close_gap[tail - 1]));
      value = static_cast<double>(sixteen(_mm_shuffle_epi8(_mm_shuffle_epi8(reduced, align), gap))) /
              power_of_ten[tail - 1];
      p += length;
      return true;
    }
    if (whole == 16) [[unlikely]]
      return false;
    const __m128i align = _mm_loadu_si128(reinterpret_cast<const __m128i *>(tables->align + whole));
    value = static_cast<double>(sixteen(_mm_shuffle_epi8(reduced, align)));
    p += whole;
    return true;
  }

  // The same in fifteen instructions more and less time where many numbers follow each other: the closing quote is looked for
  // by itself, so that the next number can be begun before this one's digits are known. At most 15 characters.
  FB_INLINE bool decimal_by_quote(const char *&p, double &value) const noexcept {
    const __m128i text = _mm_loadu_si128(reinterpret_cast<const __m128i *>(p));
    const auto quotes = static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(text, tables->quotes)));
    const unsigned length = _tzcnt_u32(quotes); // 32 without one
    const __m128i reduced = _mm_sub_epi8(text, tables->zeros);
    const auto other = static_cast<unsigned>(others(reduced)) & (_blsmsk_u32(quotes) >> 1); // no digits, before the quote
    const unsigned whole = _tzcnt_u32(other | 1u << (length & 31)); // digits before the point
    const unsigned tail = length - whole;                           // the point and the digits behind it
    // One sign that is no digit, and it is a point with digits on both sides; or none.
    if (quotes == 0 || _blsr_u32(other) != 0 || whole == 0 || tail == 1 || (other != 0 && p[whole] != '.')) [[unlikely]]
      return false;
    const __m128i align = _mm_loadu_si128(reinterpret_cast<const __m128i *>(tables->align + length));
    const unsigned fraction = tail - (tail != 0);
    const __m128i gap = _mm_load_si128(reinterpret_cast<const __m128i *>(tables->close_gap[fraction]));
    value = static_cast<double>(sixteen(_mm_shuffle_epi8(_mm_shuffle_epi8(reduced, align), gap))) / power_of_ten[fraction];
    p += length;
    return true;
  }

  // At most 19 digits, 16 at most on either side of the point, in two registers: no branch on how long the number is.
  FB_INLINE bool long_decimal(const char *&p, double &value) const noexcept {
    const auto half = [](const char *from) __attribute__((always_inline)) {
      return _mm_loadu_si128(reinterpret_cast<const __m128i *>(from));
    };
    const __m128i text = half(p);
    const auto quoted = [this](__m128i from) __attribute__((always_inline)) {
      return static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(from, tables->quotes)));
    };
    const unsigned length = _tzcnt_u32(quoted(text) | quoted(half(p + 16)) << 16); // 32 without a closing quote
    const __m128i whole_text = _mm_sub_epi8(text, tables->zeros);
    const auto whole = static_cast<unsigned>(__builtin_ctzll(others(whole_text)));
    const bool point = whole < length;
    const __m128i part_text = _mm_sub_epi8(half(p + whole + 1), tables->zeros);
    const unsigned part = point ? static_cast<unsigned>(__builtin_ctzll(others(part_text))) : 0;
    // Digits up to the quote, but for one point that has digits on both sides.
    if (whole - 1 > 14 || length > 20 || (point ? p[whole] != '.' || part == 0 || whole + 1 + part != length : whole != length))
        [[unlikely]]
      return false;
    const auto aligned = [this](std::size_t count) __attribute__((always_inline)) {
      return _mm_loadu_si128(reinterpret_cast<const __m128i *>(tables->align + count));
    };
    const std::int64_t above = sixteen(_mm_shuffle_epi8(whole_text, aligned(whole)));
    const std::int64_t below = sixteen(_mm_shuffle_epi8(part_text, aligned(part)));
    const auto digits = static_cast<std::uint64_t>(above) * integer_power_of_ten[part] + static_cast<std::uint64_t>(below);
    p += length;
    if (part > 8) [[unlikely]] {
      value = scaled(digits, static_cast<unsigned>(part));
      return true;
    }
    // All digits in 53 bits: one division rounds once. More, and at most 8 of them behind the point: the division of those
    // errs by 2^-54 at most, and the sum is further than 2^-47 from where a rounding would turn, or exactly there. Which of
    // the two it is changes from number to number, so both are made and one is taken.
    const double whole_division = static_cast<double>(static_cast<std::int64_t>(digits)) / power_of_ten[part];
    const double part_division = static_cast<double>(above) + static_cast<double>(below) / power_of_ten[part];
    const auto beyond = -static_cast<std::int64_t>(digits > largest_exact); // a sign bit where there are more
    value = _mm_cvtsd_f64(_mm_blendv_pd(_mm_set_sd(whole_division), _mm_set_sd(part_division),
                                        _mm_castsi128_pd(_mm_cvtsi64_si128(beyond))));
    return true;
  }
};
