// Shared steps of the schema-directed scanners: literal, number behind a literal, symbol, time. How digits become numbers
// differs by instruction set: `Digits`, of digits_scalar.hpp or digits_avx2.hpp.
//
// Included once per instruction set by fast.hpp, inside its namespace; no include guard on purpose.
// Every step takes the position by reference and moves it only over what it accepted. Loads may touch up to 64 bytes
// behind `end`, but what lies there cannot decide anything: each step refuses to begin at or behind `end`, and a scan is
// accepted only when it stops exactly at `end`.

struct Text {
  const char *p;
  const char *end;
  Digits digits;
};

FB_INLINE std::uint64_t load8(const char *p) noexcept {
  std::uint64_t word;
  std::memcpy(&word, p, 8);
  return word;
}
FB_INLINE std::uint32_t load4(const char *p) noexcept {
  std::uint32_t word;
  std::memcpy(&word, p, 4);
  return word;
}
FB_INLINE std::uint16_t load2(const char *p) noexcept {
  std::uint16_t word;
  std::memcpy(&word, p, 2);
  return word;
}

// Is this literal text next? Wide loads, decided at compile time; may look at 8 bytes where the text is shorter.
template <std::size_t N> FB_INLINE bool at_literal(const char *p, const char (&text)[N]) noexcept {
  constexpr std::size_t length = N - 1;
  static_assert(length >= 1 && length <= 40);
#if FB_AVX2
  if constexpr (length > 16 && length <= 32) { // two registers that may overlap
    const auto same = [p, &text](std::size_t at) __attribute__((always_inline)) {
      return _mm_cmpeq_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i *>(p + at)),
                            _mm_loadu_si128(reinterpret_cast<const __m128i *>(text + at)));
    };
    return _mm_movemask_epi8(_mm_and_si128(same(0), same(length - 16))) == 0xffff;
  }
#endif
  if constexpr (length >= 8) {
    std::uint64_t difference = 0;
    for (std::size_t i = 0; i + 8 <= length; i += 8)
      difference |= load8(p + i) ^ load8(text + i);
    if constexpr (length % 8 != 0)
      difference |= load8(p + length - 8) ^ load8(text + length - 8);
    return difference == 0;
  } else if constexpr (length == 1) {
    return *p == text[0];
  } else if constexpr (length == 2) {
    return load2(p) == load2(text);
  } else if constexpr (length == 4) {
    return load4(p) == load4(text);
  } else {
    char padded[8] = {};
    for (std::size_t i = 0; i < length; ++i)
      padded[i] = text[i];
    // Our text is in the lower bytes; the shift drops what follows it.
    return (load8(p) ^ load8(padded)) << (64 - 8 * length) == 0;
  }
}

template <std::size_t N> FB_INLINE bool literal(Text &t, const char (&text)[N]) noexcept {
  if (!at_literal(t.p, text)) [[unlikely]]
    return false;
  t.p += N - 1;
  return true;
}

// For keys that some years and markets have and others do not.
template <std::size_t N> FB_INLINE bool try_literal(Text &t, const char (&text)[N]) noexcept {
  if (!at_literal(t.p, text))
    return false;
  asm(""); // keeps this a branch, which a stream's habit predicts; GCC would make it a chain of conditional moves
  t.p += N - 1;
  return true;
}

// A positive JSON integer. 0 and leading zeros are left to the fallback.
FB_INLINE bool integer(Text &t, std::int64_t &value) noexcept {
  if (t.p >= t.end || *t.p == '0') [[unlikely]]
    return false;
  return t.digits.integer(t.p, value);
}

// A decimal, [0-9]+(\.[0-9]+)?, behind its opening quote and up to, not through, the closing one: what comes next is a
// literal that begins with it, which saves a comparison.
FB_INLINE bool decimal(Text &t, double &value) noexcept {
  if (t.p >= t.end) [[unlikely]]
    return false;
  return t.digits.decimal(t.p, value);
}

// The same directly behind another decimal, which began before `end`: 16 bytes of it and 7 of the key between them leave
// the loads of this one within the 64 that may be touched, so that one comparison serves for both.
template <std::size_t N> FB_INLINE bool second_decimal(Text &t, const char (&text)[N], double &value) noexcept {
  static_assert(N - 1 <= 7);
#if FB_AVX2
  return literal(t, text) && t.digits.decimal(t.p, value);
#else // 20 characters at most, and three words of each half: too far without a look
  return literal(t, text) && decimal(t, value);
#endif
}

// A literal that ends with the opening quote, and the decimal behind it.
template <std::size_t N> FB_INLINE bool decimal_after(Text &t, const char (&text)[N], double &value) noexcept {
  return literal(t, text) && decimal(t, value);
}
template <std::size_t N> FB_INLINE bool integer_after(Text &t, const char (&text)[N], std::int64_t &value) noexcept {
  return literal(t, text) && integer(t, value);
}

// Binance's milliseconds, or microseconds where timeUnit asks for them, to nanoseconds. The magnitude tells: 1e14 ms
// would be the year 5138.
FB_INLINE bool time_to_ns(std::int64_t value, std::int64_t &ns) noexcept {
  if (value <= largest_milliseconds) [[likely]] {
    ns = value * 1'000'000;
    return true;
  }
  if (!is_time(value))
    return false;
  ns = value * 1'000;
  return true;
}
template <std::size_t N> FB_INLINE bool time_after(Text &t, const char (&text)[N], std::int64_t &ns) noexcept {
  std::int64_t value = 0;
  return integer_after(t, text, value) && time_to_ns(value, ns);
}

// `true` or `false`.
FB_INLINE bool boolean(Text &t, std::uint8_t &value) noexcept {
  if (at_literal(t.p, "true")) {
    value = 1;
    t.p += 4;
    return true;
  }
  if (at_literal(t.p, "false")) {
    value = 0;
    t.p += 5;
    return true;
  }
  return false;
}

// A short ASCII text behind its opening quote, through the closing one, without escapes; its value does not matter.
FB_INLINE bool skip_quoted(Text &t) noexcept {
  for (int words = 0; words < 6; ++words) { // 48 bytes: no symbol is longer
    if (t.p >= t.end) [[unlikely]]
      return false;
    const std::uint64_t word = load8(t.p);
    constexpr std::uint64_t ones = 0x0101010101010101, high = 0x8080808080808080;
    const std::uint64_t quote_x = word ^ (ones * '"'), slash_x = word ^ (ones * '\\');
    const std::uint64_t quote = (quote_x - ones) & ~quote_x & high;
    const std::uint64_t slash = (slash_x - ones) & ~slash_x & high;
    const std::uint64_t control = (word - ones * 0x20) & ~word & high;
    const std::uint64_t bad = slash | control | (word & high);
    const std::uint64_t stop = quote | bad;
    if (stop != 0) {
      const std::uint64_t lowest = stop & (0 - stop); // borrows only disturb bytes above the lowest hit
      t.p += __builtin_ctzll(stop) / 8 + 1;
      return (bad & lowest) == 0;
    }
    t.p += 8;
  }
  return false;
}

// The symbol behind its opening quote, through the closing one: the route's own, or one that the ring's table knows.
template <bool many> FB_INLINE bool symbol(Text &t, const Route &route, std::uint32_t &symbol_id) noexcept {
  if constexpr (many) {
    if (t.p >= t.end) [[unlikely]]
      return false;
#if FB_AVX2
    // All symbols but the longest, in one register, with zeros behind the name as in the table's rows.
    const __m256i here = _mm256_loadu_si256(reinterpret_cast<const __m256i *>(t.p));
    const unsigned quotes = static_cast<unsigned>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(here, _mm256_set1_epi8('"'))));
    // A ring of one symbol that is too long for a register comes here too, and has no index.
    if (quotes != 0 && route.ring->many_symbols()) [[likely]] {
      const auto length = static_cast<std::size_t>(__builtin_ctz(quotes));
      const __m256i kept = _mm256_loadu_si256(reinterpret_cast<const __m256i *>(t.digits.tables->keep + 32 - length));
      const __m256i name = _mm256_and_si256(here, kept);
      const __m128i low = _mm256_castsi256_si128(name), high = _mm256_extracti128_si256(name, 1);
      std::size_t at = mix_words(static_cast<std::uint64_t>(_mm_cvtsi128_si64(low)),
                                  static_cast<std::uint64_t>(_mm_extract_epi64(low, 1)),
                                  static_cast<std::uint64_t>(_mm_cvtsi128_si64(high)),
                                  static_cast<std::uint64_t>(_mm_extract_epi64(high, 1)));
      while (const SymbolRow *row = route.ring->next_row(at)) {
        const __m256i known = _mm256_load_si256(reinterpret_cast<const __m256i *>(row->name));
        if (static_cast<unsigned>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(name, known))) == ~0u) [[likely]] {
          symbol_id = static_cast<std::uint32_t>(row - route.ring->view.symbols);
          t.p += length + 1;
          return true;
        }
      }
      return false; // new: the fallback validates it and gives it a row
    }
#endif
    const auto *quote = static_cast<const char *>(
        std::memchr(t.p, '"', std::min<std::size_t>(max_symbol_bytes + 1, static_cast<std::size_t>(t.end - t.p))));
    if (quote == nullptr || quote == t.p) [[unlikely]]
      return false;
    const std::int64_t row = route.ring->find_symbol({t.p, static_cast<std::size_t>(quote - t.p)});
    if (row < 0) [[unlikely]]
      return false; // new: the fallback validates it and gives it a row
    symbol_id = static_cast<std::uint32_t>(row);
    t.p = quote + 1;
    return true;
  } else {
    const std::size_t length = route.symbol_length + 1; // with the quote; at most 32, see RouteTable::add
    symbol_id = 0;
#if FB_AVX2
    // No look at `end`: the number before began in front of it, so that at most 16 digits and a key lie between, and
    // these 32 bytes are among the 64 that may be touched. The number that follows looks.
    const __m256i here = _mm256_loadu_si256(reinterpret_cast<const __m256i *>(t.p));
    const __m256i known = _mm256_load_si256(reinterpret_cast<const __m256i *>(route.symbol_head));
    const unsigned same = static_cast<unsigned>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(here, known)));
    if (_bzhi_u32(~same, static_cast<unsigned>(length)) != 0) [[unlikely]]
      return false;
#else
    if (t.p >= t.end || std::memcmp(t.p, route.details->symbol, length) != 0) [[unlikely]]
      return false;
#endif
    t.p += length;
    return true;
  }
}

// The end of the object, of its wrapper where there is one, and of the payload.
template <bool wrapped> FB_INLINE bool closes(Text &t) noexcept {
  if constexpr (wrapped) {
    if (!literal(t, "}}"))
      return false;
  } else if (!literal(t, "}")) {
    return false;
  }
  return t.p == t.end;
}
// The same behind a text, whose closing quote it begins with. May decline what goes on.
template <bool wrapped> FB_INLINE bool closes_after_text(Text &t) noexcept {
  if constexpr (wrapped)
    return try_literal(t, "\"}}") && t.p == t.end;
  else
    return try_literal(t, "\"}") && t.p == t.end;
}

// `,"st":1` at the end of futures messages since 2026; 1 is USD-M, 2 is COIN-M, and anything else the fallback's.
FB_INLINE bool optional_product(Text &t, std::uint32_t &flags) noexcept {
  if (!try_literal(t, ",\"st\":"))
    return true;
  const auto digit = static_cast<unsigned char>(*t.p);
  if (digit != '1' && digit != '2') [[unlikely]]
    return false;
  static_assert(FLAG_USDM << 1 == FLAG_COINM);
  flags |= FLAG_USDM << (digit - '1');
  ++t.p; // a second digit is not the bracket that must follow
  return true;
}

// A decimal that is often longer than the 16 characters of a register: daily volumes.
FB_INLINE bool long_decimal(Text &t, double &value) noexcept {
  if (t.p >= t.end) [[unlikely]]
    return false;
#if FB_AVX2
  return t.digits.decimal_by_quote(t.p, value) || t.digits.long_decimal(t.p, value);
#else
  return t.digits.decimal(t.p, value);
#endif
}
template <std::size_t N> FB_INLINE bool long_decimal_after(Text &t, const char (&text)[N], double &value) noexcept {
  return literal(t, text) && long_decimal(t, value);
}

// A decimal among many: see Digits::decimal_by_quote. What is too long for it goes the other way.
FB_INLINE bool decimal_in_row(Text &t, double &value) noexcept {
  if (t.p >= t.end) [[unlikely]]
    return false;
#if FB_AVX2
  return t.digits.decimal_by_quote(t.p, value) || t.digits.decimal(t.p, value);
#else
  return t.digits.decimal(t.p, value);
#endif
}
template <std::size_t N> FB_INLINE bool next_in_row(Text &t, const char (&text)[N], double &value) noexcept {
  return literal(t, text) && decimal_in_row(t, value);
}

// The pair of a futures symbol behind its opening quote, through the closing one. It is mostly the symbol again, which began at
// `symbol` and has been read.
FB_INLINE bool skip_pair(Text &t, const char *symbol, std::size_t length) noexcept {
#if FB_AVX2
  if (t.p < t.end && length < 32) [[likely]] {
    const __m256i here = _mm256_loadu_si256(reinterpret_cast<const __m256i *>(t.p));
    const __m256i known = _mm256_loadu_si256(reinterpret_cast<const __m256i *>(symbol));
    const unsigned same = static_cast<unsigned>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(here, known)));
    if (_bzhi_u32(~same, static_cast<unsigned>(length) + 1) == 0) [[likely]] { // with the closing quote
      t.p += length + 1;
      return true;
    }
  }
#else
  (void)symbol, (void)length;
#endif
  return skip_quoted(t);
}

// A decimal that may be negative: funding rates.
FB_INLINE bool signed_decimal(Text &t, double &value) noexcept {
  if (*t.p != '-')
    return decimal(t, value);
  ++t.p;
  if (!decimal(t, value))
    return false;
  value = -value;
  return true;
}

FB_INLINE void write_head(RecordHead &head, std::int64_t sequence, std::uint32_t flags, std::uint32_t symbol_id,
                          std::int64_t event_ns, std::int64_t transaction_ns, std::int64_t recv_ns) noexcept {
  static_assert(offsetof(RecordHead, symbol_id) == offsetof(RecordHead, flags) + 4);
  const std::uint64_t both = flags | static_cast<std::uint64_t>(symbol_id) << 32; // one store for two
  head.sequence = sequence;
  std::memcpy(reinterpret_cast<std::byte *>(&head) + offsetof(RecordHead, flags), &both, 8);
  head.event_ns = event_ns;
  head.transaction_ns = transaction_ns;
  head.recv_ns = recv_ns;
}
