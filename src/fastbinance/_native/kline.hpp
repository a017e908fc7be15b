// Candles of spot and futures. Key orders seen and documented:
//   kline             e,E,s,k{t,T,s,i,f,L,o,c,h,l,v,n,x,q,V,Q,[B]}
//   continuous_kline  e,E,ps,ct,k{t,T,i,f,L,o,c,h,l,v,n,x,q,V,Q,B}
// In 2026 futures put a space behind each comma inside "k". Included once per instruction set by fast.hpp.

struct KlineFields {
  static constexpr bool contiguous = false;
  std::int64_t event_ns, open_time_ns, close_time_ns, first_trade_id, last_trade_id, trade_count;
  double open_price, high_price, low_price, close_price, volume, quote_volume, taker_buy_volume, taker_buy_quote_volume;
  std::int64_t transaction_ns = 0; // it has none, and no flags
  std::uint32_t symbol_id, flags = 0;
  std::uint8_t is_closed;
};

// A comma, its space where there is one, and a key with what stands before its value.
template <bool spaced, std::size_t N> FB_INLINE bool next_key(Text &t, const char (&text)[N]) noexcept {
  if constexpr (spaced)
    return literal(t, ", ") && literal(t, text);
  else
    return literal(t, ",") && literal(t, text);
}

// A candle that nobody has traded in has -1: the fallback's.
template <bool spaced> FB_INLINE bool scan_candle(Text &t, KlineFields &f) noexcept {
  if (!next_key<spaced>(t, "\"T\":"))
    return false;
  std::int64_t value;
  if (!integer(t, value) || !time_to_ns(value, f.close_time_ns))
    return false;
  if (!next_key<spaced>(t, "\""))
    return false;
  if (try_literal(t, "s\":\"")) { // as at the top level
    if (!skip_quoted(t) || !next_key<spaced>(t, "\""))
      return false;
  }
  if (!literal(t, "i\":\"") || !skip_quoted(t))
    return false;
  if (!next_key<spaced>(t, "\"f\":") || !integer(t, f.first_trade_id) || !next_key<spaced>(t, "\"L\":") ||
      !integer(t, f.last_trade_id))
    return false;
  const auto number = [&t](double &into) __attribute__((always_inline)) {
    return long_decimal(t, into) && literal(t, "\"");
  };
  if (!next_key<spaced>(t, "\"o\":\"") || !number(f.open_price) || !next_key<spaced>(t, "\"c\":\"") ||
      !number(f.close_price) || !next_key<spaced>(t, "\"h\":\"") || !number(f.high_price) ||
      !next_key<spaced>(t, "\"l\":\"") || !number(f.low_price) || !next_key<spaced>(t, "\"v\":\"") || !number(f.volume))
    return false;
  if (!next_key<spaced>(t, "\"n\":") || !integer(t, f.trade_count) || !next_key<spaced>(t, "\"x\":") ||
      !boolean(t, f.is_closed))
    return false;
  if (!next_key<spaced>(t, "\"q\":\"") || !number(f.quote_volume) || !next_key<spaced>(t, "\"V\":\"") ||
      !number(f.taker_buy_volume) || !next_key<spaced>(t, "\"Q\":\"") || !number(f.taker_buy_quote_volume))
    return false;
  if (*t.p == '}') // options have no "B"
    return true;
  return next_key<spaced>(t, "\"B\":\"") && skip_quoted(t);
}

// `BTCUSDT","ct":"PERPETUAL"`, the route's symbol in two pieces.
FB_INLINE bool scan_contract(Text &t, const Route &route) noexcept {
  const std::string_view symbol = route.symbol_text();
  const std::size_t pair = symbol.find('_');
  if (pair == std::string_view::npos || t.p >= t.end || static_cast<std::size_t>(t.end - t.p) <= symbol.size() + 16)
    return false;
  if (std::memcmp(t.p, symbol.data(), pair) != 0)
    return false;
  t.p += pair;
  if (!literal(t, "\",\"ct\":\""))
    return false;
  const std::size_t rest = symbol.size() - pair - 1;
  if (std::memcmp(t.p, symbol.data() + pair + 1, rest) != 0)
    return false;
  t.p += rest;
  return literal(t, "\"");
}

template <bool wrapped, bool many, bool continuous>
FB_INLINE bool scan_kline(Text &t, const Route &route, KlineFields &f) noexcept {
  if constexpr (continuous) {
    f.symbol_id = 0;
    if (!time_after(t, "{\"e\":\"continuous_kline\",\"E\":", f.event_ns) || !literal(t, ",\"ps\":\"") ||
        !scan_contract(t, route))
      return false;
  } else if (!time_after(t, "{\"e\":\"kline\",\"E\":", f.event_ns) || !literal(t, ",\"s\":\"") ||
             !symbol<many>(t, route, f.symbol_id)) {
    return false;
  }
  if (!time_after(t, ",\"k\":{\"t\":", f.open_time_ns))
    return false;
  if (!(at_literal(t.p, ", ") ? scan_candle<true>(t, f) : scan_candle<false>(t, f)))
    return false;
  return literal(t, "}") && closes<wrapped>(t);
}

FB_INLINE Ids ids_of(const KlineFields &f) noexcept { return {no_rank, f.event_ns}; }

FB_INLINE void fill(KlineRecord &r, const KlineFields &f) noexcept {
  r.open_time_ns = f.open_time_ns;
  r.close_time_ns = f.close_time_ns;
  r.open_price = f.open_price;
  r.high_price = f.high_price;
  r.low_price = f.low_price;
  r.close_price = f.close_price;
  r.volume = f.volume;
  r.quote_volume = f.quote_volume;
  r.taker_buy_volume = f.taker_buy_volume;
  r.taker_buy_quote_volume = f.taker_buy_quote_volume;
  r.first_trade_id = f.first_trade_id;
  r.last_trade_id = f.last_trade_id;
  r.trade_count = f.trade_count;
  r.is_closed = f.is_closed;
}
