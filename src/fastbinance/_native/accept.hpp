// From the bytes of a payload to a published record: route, scan, publish. Included once per instruction set by fast.hpp.

inline FastResult take_nothing(Route &route, const char *, const char *, std::int64_t) noexcept {
  return {Outcome::declined, 0, &route};
}

// One function per kind, not inlined into each other: each then has all registers for itself.
template <bool wrapped, bool many>
FB_OUTLINE FastResult take_dated_quote(Route &route, const char *p, const char *end, std::int64_t recv_ns) noexcept {
  Text t{p, end, {}};
  BookTickerFields fields;
  if (!scan_dated_quote<wrapped, many>(t, route, fields))
    return {Outcome::declined, 0, &route};
  return publish<BookTickerRecord, many>(route, fields, recv_ns);
}

template <bool wrapped, bool many>
FB_OUTLINE FastResult take_book_ticker(Route &route, const char *p, const char *end, std::int64_t recv_ns) noexcept {
  Text t{p, end, {}};
  BookTickerFields fields;
  if (!scan_bare_quote<wrapped, many>(t, route, fields))
    return take_dated_quote<wrapped, many>(route, p, end, recv_ns);
  return publish<BookTickerRecord, many, true>(route, fields, recv_ns);
}

template <bool wrapped, bool many>
FB_OUTLINE FastResult take_trade(Route &route, const char *p, const char *end, std::int64_t recv_ns) noexcept {
  Text t{p, end, {}};
  TradeFields fields;
  if (!scan_trade<wrapped, many>(t, route, fields))
    return {Outcome::declined, 0, &route};
  if (fields.no_trade || (fields.trade_type != 0 && fields.price == 0)) {
    pass_over<many>(route, fields, recv_ns);
    ++route.fast;
    ++route.details->skipped;
    return {Outcome::skipped, 0, &route};
  }
  return publish<TradeRecord, many>(route, fields, recv_ns);
}

template <bool wrapped, bool many>
FB_OUTLINE FastResult take_agg_trade(Route &route, const char *p, const char *end, std::int64_t recv_ns) noexcept {
  Text t{p, end, {}};
  AggTradeFields fields;
  if (!scan_agg_trade<wrapped, many>(t, route, fields))
    return {Outcome::declined, 0, &route};
  return publish<AggTradeRecord, many>(route, fields, recv_ns);
}

template <bool wrapped, bool many, class Fields>
FB_OUTLINE FastResult take_depth(Route &route, const char *p, const char *end, std::int64_t recv_ns) noexcept {
  Text t{p, end, {}};
  Fields fields;
  Level *levels = route.ring->begin_levels((end - p) / 10 + 1, fields.levels_begin);
  if (levels == nullptr || !scan_depth<wrapped, many>(t, route, fields, levels))
    return {Outcome::declined, 0, &route};
  return publish_depth<many>(route, fields, recv_ns);
}

template <bool wrapped, bool many, bool continuous>
FB_OUTLINE FastResult take_kline(Route &route, const char *p, const char *end, std::int64_t recv_ns) noexcept {
  Text t{p, end, {}};
  KlineFields fields;
  if (!scan_kline<wrapped, many, continuous>(t, route, fields))
    return {Outcome::declined, 0, &route};
  return publish<KlineRecord, many>(route, fields, recv_ns);
}

template <class Record, bool wrapped, bool many>
FB_OUTLINE FastResult take_element(Route &route, const char *p, const char *end, std::int64_t recv_ns) noexcept {
  Text t{p, end, {}};
  std::uint32_t count;
  if (!take_elements<Record, wrapped, many>(route, t, recv_ns, count))
    return {Outcome::declined, 0, &route};
  ++route.fast;
  return {count != 0 ? Outcome::published : Outcome::dropped, count, &route};
}

using Take = FastResult (*)(Route &, const char *, const char *, std::int64_t) noexcept;

// The scanner of a kind; what has none declines, and so does what cannot happen.
template <bool wrapped, bool many> constexpr Take taker_of(Kind kind) {
  switch (kind) {
  case Kind::book_ticker: return take_book_ticker<wrapped, many>;
  case Kind::trade: return take_trade<wrapped, many>;
  case Kind::agg_trade: return take_agg_trade<wrapped, many>;
  case Kind::diff_depth: return take_depth<wrapped, many, DiffFields>;
  case Kind::partial_depth: return take_depth<wrapped, many, PartialFields>;
  case Kind::kline: return take_kline<wrapped, many, false>;
  case Kind::continuous_kline: return many ? take_nothing : take_kline<wrapped, false, true>;
  case Kind::mini_ticker: return take_element<MiniTickerRecord, wrapped, many>;
  case Kind::mark_price: return take_element<MarkPriceRecord, wrapped, many>;
  default: return take_nothing;
  }
}

struct Takers {
  Take by_taker[2 * kind_count]; // by Route::taker: rings of one symbol, then rings of many
};
template <bool wrapped> constexpr Takers make_takers() {
  Takers takers = {};
  for (std::uint32_t kind = 0; kind < kind_count; ++kind) {
    takers.by_taker[kind] = taker_of<wrapped, false>(static_cast<Kind>(kind));
    takers.by_taker[kind_count + kind] = taker_of<wrapped, true>(static_cast<Kind>(kind));
  }
  return takers;
}
template <bool wrapped> inline constexpr Takers takers = make_takers<wrapped>();

// `{"stream":"<name>","data":<object>}`
inline FastResult accept_combined(const RouteTable &table, const char *payload, std::size_t size,
                                  std::int64_t recv_ns) noexcept {
  constexpr FastResult declined{Outcome::declined, 0, nullptr};
  if (size < 32 || !at_literal(payload, "{\"stream\":\"")) [[unlikely]]
    return declined;
  const char *const end = payload + size;
  const char *const name = payload + 11;
#if FB_AVX2
  // Names of up to 31 bytes, all but alpha's; longer ones are namespace scalar's. No call on this way: the function has
  // nothing to save and ends in a jump.
  const __m256i head = _mm256_loadu_si256(reinterpret_cast<const __m256i *>(name));
  const unsigned quotes = static_cast<unsigned>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(head, _mm256_set1_epi8('"'))));
  // The hash needs 8 bytes. No name of ours is shorter or has a quote in it, so one that ends sooner finds no route.
  if (quotes < 256) [[unlikely]]
    return declined;
  const auto length = static_cast<std::size_t>(__builtin_ctz(quotes & ~0xffu));
#else
  const std::size_t most = std::min<std::size_t>(max_name_bytes + 1, static_cast<std::size_t>(end - name));
  const auto *quote = static_cast<const char *>(std::memchr(name, '"', most));
  if (quote == nullptr) [[unlikely]]
    return declined;
  const auto length = static_cast<std::size_t>(quote - name);
#endif
  const char *const behind = name + length; // may be past the end: the scanner refuses to begin there
  if (!at_literal(behind, "\",\"data\":")) [[unlikely]]
    return declined;
  std::size_t at = hash_name(name, length);
  while (Route *route = table.next(at)) {
#if FB_AVX2
    const __m256i known = _mm256_load_si256(reinterpret_cast<const __m256i *>(route->name_head));
    const unsigned same = static_cast<unsigned>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(head, known)));
    const bool same_name = (_blsmsk_u32(quotes & ~0xffu) & ~same) == 0; // through the closing quote
#else
    const bool same_name = std::memcmp(route->details->name, name, length + 1) == 0; // with the closing quote
#endif
    if (same_name) [[likely]]
      return takers<true>.by_taker[route->taker](*route, behind + 9, end, recv_ns);
  }
  return declined;
}

inline Outcome accept_raw(Route &route, const char *payload, std::size_t size, std::int64_t recv_ns) noexcept {
  if (size < 16)
    return Outcome::declined;
  return takers<false>.by_taker[route.taker](route, payload, payload + size, recv_ns).outcome();
}
