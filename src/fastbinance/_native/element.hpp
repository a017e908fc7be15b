// Streams that bring one object, or an array of them for a whole market: mini tickers and mark prices. Key orders seen and
// documented:
//   24hrMiniTicker   e,E,s,[ps],c,o,h,l,v,q,[st]
//   markPriceUpdate  e,E,s,p,[ap],P,i,r,T,[st]
// Included once per instruction set by fast.hpp.
//
// Elements are read into memory of the ring's writer and go into the ring when the whole frame is known to be good: a frame
// that the fast path declines has published nothing.

template <bool many> FB_INLINE bool scan_element(Text &t, const Route &route, MiniTickerRecord &r) noexcept {
  if (!time_after(t, "{\"e\":\"24hrMiniTicker\",\"E\":", r.event_ns) || !literal(t, ",\"s\":\""))
    return false;
  const char *const name = t.p;
  if (!symbol<many>(t, route, r.symbol_id))
    return false;
  if (!try_literal(t, ",\"c\":\"")) {
    const auto length = static_cast<std::size_t>(t.p - name) - 1;
    if (!literal(t, ",\"ps\":\"") || !skip_pair(t, name, length) || !literal(t, ",\"c\":\""))
      return false;
  }
  if (!decimal_in_row(t, r.last_price) || !next_in_row(t, "\",\"o\":\"", r.open_price) ||
      !next_in_row(t, "\",\"h\":\"", r.high_price) || !next_in_row(t, "\",\"l\":\"", r.low_price) ||
      !long_decimal_after(t, "\",\"v\":\"", r.volume) || !long_decimal_after(t, "\",\"q\":\"", r.quote_volume) ||
      !literal(t, "\""))
    return false;
  r.flags = 0;
  r.transaction_ns = 0;
  return optional_product(t, r.flags) && literal(t, "}");
}

template <bool many> FB_INLINE bool scan_element(Text &t, const Route &route, MarkPriceRecord &r) noexcept {
  constexpr double missing = std::numeric_limits<double>::quiet_NaN();
  if (!time_after(t, "{\"e\":\"markPriceUpdate\",\"E\":", r.event_ns) || !literal(t, ",\"s\":\"") ||
      !symbol<many>(t, route, r.symbol_id) || !next_in_row(t, ",\"p\":\"", r.mark_price))
    return false;
  r.mark_price_average = missing;
  if (try_literal(t, "\",\"ap\":\"") && !decimal_in_row(t, r.mark_price_average))
    return false;
  if (!next_in_row(t, "\",\"P\":\"", r.estimated_settle_price) || !next_in_row(t, "\",\"i\":\"", r.index_price) ||
      !literal(t, "\",\"r\":\""))
    return false;
  if (try_literal(t, "\",\"T\":0")) { // a delivery contract has no funding
    r.funding_rate = missing;
    r.next_funding_ns = 0;
  } else if (!signed_decimal(t, r.funding_rate) || !time_after(t, "\",\"T\":", r.next_funding_ns)) {
    return false;
  }
  r.flags = 0;
  r.transaction_ns = 0;
  return optional_product(t, r.flags) && literal(t, "}");
}

// `records` of a whole message. How many were published.
template <class Record, bool many>
FB_INLINE std::uint32_t publish_staged(Route &route, Record *records, std::size_t count, bool is_array,
                                       std::int64_t recv_ns) noexcept {
  RingWriter &ring = *route.ring;
  std::uint32_t published = 0;
  ring.begin_frame();
  for (Record *r = records; r != records + count; ++r) {
    r->recv_ns = recv_ns;
    const Ids ids{no_rank, r->event_ns};
    if (!is_next<many, false>(*route.target.header, ring, many ? r->symbol_id : 0, ids, recv_ns, route.line)) [[unlikely]] {
      published += route.merge(*r) == Fate::published;
      continue;
    }
    ring.reveal();
    Record *first = route.target.claim<Record>(r->sequence);
    std::memcpy(static_cast<void *>(first), r, sizeof *r);
    std::memcpy(static_cast<void *>(first + route.target.capacity), r, sizeof *r);
    if constexpr (many)
      store_release(ring.view.symbols[r->symbol_id].last_sequence, r->sequence);
    ring.hide(r->sequence);
    ++published;
  }
  ring.end_frame(is_array);
  return published;
}

// `count`: how many records were published, when it was true.
template <class Record, bool wrapped, bool many>
FB_INLINE bool take_elements(Route &route, Text &t, std::int64_t recv_ns, std::uint32_t &count) noexcept {
  if (t.p >= t.end) [[unlikely]]
    return false;
  const bool is_array = *t.p == '[';
  // No element is as short as this, so that none is without a place.
  constexpr std::size_t shortest = 64;
  const std::size_t room = is_array ? static_cast<std::size_t>(t.end - t.p) / shortest + 1 : 1;
  Record *const staged = route.ring->template stage<Record>(room);
  if (staged == nullptr) [[unlikely]]
    return false;
  count = 0;
  if (!is_array) {
    if (!scan_element<many>(t, route, staged[0]))
      return false;
    count = 1;
  } else {
    do {
      ++t.p; // the bracket or the comma
      if (count == room || !scan_element<many>(t, route, staged[count]) || t.p >= t.end) [[unlikely]]
        return false;
      ++count;
    } while (*t.p == ',');
    if (!literal(t, "]"))
      return false;
  }
  if constexpr (wrapped) {
    if (!literal(t, "}"))
      return false;
  }
  if (t.p != t.end)
    return false;
  count = publish_staged<Record, many>(route, staged, count, is_array, recv_ns);
  return true;
}
