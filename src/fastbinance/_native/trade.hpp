// trade and aggTrade. Key orders seen and documented:
//   trade     spot     e,E,s,t,p,q,T,m,M        futures  e,E,T,s,t,p,q,X,[S],m,[st]
//   aggTrade  spot     e,E,s,a,p,q,f,l,T,m,M    futures  e,E,a,s,p,q,[nq],f,l,T,m,[st]
// Included once per instruction set by fast.hpp.

struct TradeFields {
  static constexpr bool contiguous = true;
  std::int64_t event_ns, transaction_ns = 0, trade_id;
  double price, qty;
  std::uint32_t symbol_id, flags = 0;
  std::uint8_t is_buyer_maker;
  std::uint8_t trade_type = 0;
  bool no_trade = false; // "X":"NA": a filler, counted and not published; so is what has a type and price 0
};

// `MARKET"` and the like. Types that are not seen every day are the fallback's.
FB_INLINE bool scan_trade_type(Text &t, TradeFields &f) noexcept {
  if (try_literal(t, "MARKET\"")) {
    f.trade_type = static_cast<std::uint8_t>(TradeType::market);
    return true;
  }
  if (try_literal(t, "RPI\"")) {
    f.trade_type = static_cast<std::uint8_t>(TradeType::rpi);
    return true;
  }
  f.no_trade = try_literal(t, "NA\"");
  return f.no_trade;
}

template <bool wrapped, bool many>
FB_INLINE bool scan_trade(Text &t, const Route &route, TradeFields &f) noexcept {
  if (!time_after(t, "{\"e\":\"trade\",\"E\":", f.event_ns))
    return false;
  const bool futures = try_literal(t, ",\"T\":");
  if (futures) {
    std::int64_t value;
    if (!integer(t, value) || !time_to_ns(value, f.transaction_ns))
      return false;
  }
  if (!literal(t, ",\"s\":\"") || !symbol<many>(t, route, f.symbol_id) || !integer_after(t, ",\"t\":", f.trade_id) ||
      !decimal_after(t, ",\"p\":\"", f.price) || !second_decimal(t, "\",\"q\":\"", f.qty))
    return false;
  if (futures) {
    if (try_literal(t, "\",\"X\":\"")) {
      if (!scan_trade_type(t, f))
        return false;
    } else if (!literal(t, "\"")) { // alpha has no type
      return false;
    }
    if (try_literal(t, ",\"S\":\"") && !skip_quoted(t)) // options
      return false;
    if (t.p >= t.end) [[unlikely]] // so far from the last number that the next step could leave the 64 bytes
      return false;
  } else if (!time_after(t, "\",\"T\":", f.transaction_ns)) {
    return false;
  }
  if (!literal(t, ",\"m\":") || !boolean(t, f.is_buyer_maker))
    return false;
  if (futures) {
    if (!optional_product(t, f.flags))
      return false;
  } else if (try_literal(t, ",\"M\":")) {
    std::uint8_t ignored;
    if (!boolean(t, ignored))
      return false;
  }
  return closes<wrapped>(t);
}

FB_INLINE Ids ids_of(const TradeFields &f) noexcept { return {id_before(f.trade_id), f.trade_id}; }

FB_INLINE void fill(TradeRecord &r, const TradeFields &f) noexcept {
  r.trade_id = f.trade_id;
  r.price = f.price;
  r.qty = f.qty;
  r.is_buyer_maker = f.is_buyer_maker;
  r.trade_type = f.trade_type;
}

// A filler is no record, but its id is used up.
template <bool many> FB_INLINE void pass_over(Route &route, const TradeFields &f, std::int64_t recv_ns) noexcept {
  if (follows<many>(route, f, recv_ns)) [[likely]]
    return;
  route.merge(made<TradeRecord, many>(route, f, recv_ns), true);
}

struct AggTradeFields {
  static constexpr bool contiguous = true;
  std::int64_t event_ns, transaction_ns, agg_trade_id, first_trade_id, last_trade_id;
  double price, qty;
  std::uint32_t symbol_id, flags = 0;
  std::uint8_t is_buyer_maker;
};

template <bool wrapped, bool many>
FB_INLINE bool scan_agg_trade(Text &t, const Route &route, AggTradeFields &f) noexcept {
  if (!time_after(t, "{\"e\":\"aggTrade\",\"E\":", f.event_ns))
    return false;
  if (try_literal(t, ",\"s\":\"")) {
    if (!symbol<many>(t, route, f.symbol_id) || !integer_after(t, ",\"a\":", f.agg_trade_id))
      return false;
  } else if (!integer_after(t, ",\"a\":", f.agg_trade_id) || !literal(t, ",\"s\":\"") ||
             !symbol<many>(t, route, f.symbol_id)) {
    return false;
  }
  if (!decimal_after(t, ",\"p\":\"", f.price) || !second_decimal(t, "\",\"q\":\"", f.qty))
    return false;
  if (try_literal(t, "\",\"nq\":\"")) {
    double without_rpi; // has no field in the record, but must be a number all the same
    if (!decimal(t, without_rpi))
      return false;
  }
  if (!integer_after(t, "\",\"f\":", f.first_trade_id) || !integer_after(t, ",\"l\":", f.last_trade_id) ||
      !time_after(t, ",\"T\":", f.transaction_ns) || !literal(t, ",\"m\":") || !boolean(t, f.is_buyer_maker))
    return false;
  if (try_literal(t, ",\"M\":")) {
    std::uint8_t ignored;
    if (!boolean(t, ignored))
      return false;
  } else if (!optional_product(t, f.flags)) {
    return false;
  }
  return closes<wrapped>(t);
}

FB_INLINE Ids ids_of(const AggTradeFields &f) noexcept { return {id_before(f.agg_trade_id), f.agg_trade_id}; }

FB_INLINE void fill(AggTradeRecord &r, const AggTradeFields &f) noexcept {
  r.agg_trade_id = f.agg_trade_id;
  r.first_trade_id = f.first_trade_id;
  r.last_trade_id = f.last_trade_id;
  r.price = f.price;
  r.qty = f.qty;
  r.is_buyer_maker = f.is_buyer_maker;
}
