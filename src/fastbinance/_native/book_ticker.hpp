// bookTicker, all markets. Key orders seen and documented:
//   spot                u,s,b,B,a,A
//   USD-M               e,u,s,[ps],b,B,a,A,T,E,[st]
//   COIN-M until 2024   u,e,s,ps,b,B,a,A,T,E
//   USD-M documentation e,u,E,T,s,b,B,a,A
// Included once per instruction set by fast.hpp.

struct BookTickerFields {
  static constexpr bool contiguous = false;
  std::int64_t update_id;
  std::int64_t event_ns = 0, transaction_ns = 0;
  double bid_price, bid_qty, ask_price, ask_qty;
  std::uint32_t symbol_id = 0, flags = 0;
};

// `"b":"1.0","B":"2","a":...` behind its first quote.
FB_INLINE bool scan_quote(Text &t, BookTickerFields &f) noexcept {
  return decimal(t, f.bid_price) && second_decimal(t, "\",\"B\":\"", f.bid_qty) &&
         decimal_after(t, "\",\"a\":\"", f.ask_price) && second_decimal(t, "\",\"A\":\"", f.ask_qty);
}

// Spot's, without times. A function of its own keeps nothing in registers for what spot does not send.
template <bool wrapped, bool many>
FB_INLINE bool scan_bare_quote(Text &t, const Route &route, BookTickerFields &f) noexcept {
  return literal(t, "{\"u\":") && integer(t, f.update_id) && literal(t, ",\"s\":\"") && symbol<many>(t, route, f.symbol_id) &&
         literal(t, ",\"b\":\"") && scan_quote(t, f) && closes_after_text<wrapped>(t);
}

template <bool wrapped, bool many>
FB_INLINE bool scan_dated_quote(Text &t, const Route &route, BookTickerFields &f) noexcept {
  bool times_first = false;
  if (try_literal(t, "{\"u\":")) {
    // So long a key between the number and the symbol that the symbol's load would leave the 64 bytes.
    if (!integer(t, f.update_id) || !literal(t, ",\"e\":\"bookTicker\",\"s\":\"") || t.p >= t.end)
      return false;
  } else {
    if (!literal(t, "{\"e\":\"bookTicker\",\"u\":") || !integer(t, f.update_id))
      return false;
    if (!try_literal(t, ",\"s\":\"")) {
      times_first = true;
      if (!time_after(t, ",\"E\":", f.event_ns) || !time_after(t, ",\"T\":", f.transaction_ns) ||
          !literal(t, ",\"s\":\""))
        return false;
    }
  }
  if (!symbol<many>(t, route, f.symbol_id))
    return false;
  if (!try_literal(t, ",\"b\":\"")) {
    if (!literal(t, ",\"ps\":\"") || !skip_quoted(t) || !literal(t, ",\"b\":\""))
      return false;
  }
  if (!scan_quote(t, f))
    return false;
  if (closes_after_text<wrapped>(t))
    return true;
  // The documented order has had its times already; a second pair would be a doubled key: the fallback's to refuse.
  if (times_first)
    return false;
  return time_after(t, "\",\"T\":", f.transaction_ns) && time_after(t, ",\"E\":", f.event_ns) &&
         optional_product(t, f.flags) && closes<wrapped>(t);
}

FB_INLINE Ids ids_of(const BookTickerFields &f) noexcept { return {no_rank, f.update_id}; }

FB_INLINE void fill(BookTickerRecord &r, const BookTickerFields &f) noexcept {
  r.update_id = f.update_id;
  r.bid_price = f.bid_price;
  r.bid_qty = f.bid_qty;
  r.ask_price = f.ask_price;
  r.ask_qty = f.ask_qty;
}
