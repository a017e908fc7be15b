// Digits to numbers in one 16-byte register: at most 16 characters, which is all but a few quantities. What is longer is
// declined here and read by namespace scalar. Included by fast.hpp inside namespace avx2.
//
// Nothing is called from here, so that everything a scan has read stays in registers until it is stored.

struct DigitTables {
  __m128i zeros, nines, tens, hundreds, ten_thousands;
  // Row n of `align` (read at byte n): moves n bytes to the right end of a register, zeros before them.
  alignas(16) std::uint8_t align[32];
  // Row f: closes the gap that the point leaves when f digits stand behind it. Row 0 changes nothing.
  alignas(16) std::uint8_t close_gap[16][16];
};

inline DigitTables make_digit_tables() noexcept {
  DigitTables tables;
  tables.zeros = _mm_set1_epi8('0');
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
};
