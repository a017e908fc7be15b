// Diff and partial depth. Key orders seen and documented:
//   spot diff      e,E,s,U,u,b,a
//   futures        e,E,T,s,[ps],U,u,pu,b,a,[st]      (diff and partial look the same: only the stream name tells)
//   spot partial   lastUpdateId,bids,asks
// Included once per instruction set by fast.hpp.

struct DepthFields {
  std::int64_t event_ns = 0, transaction_ns = 0;
  std::int64_t first_update_id = 0, update_id, prev_update_id = 0;
  std::uint32_t symbol_id = 0, flags = 0, bid_count, ask_count;
};

// `[["1.0","2"],...]` into `out`; the opening bracket is next. The shortest level, `["1","1"],`, has 10 bytes, so a
// payload of n bytes cannot write more than n / 10 + 1 levels: the room that the caller claimed.
FB_INLINE bool scan_levels(Text &t, Level *&out, std::uint32_t &count) noexcept {
  if (try_literal(t, "[]")) {
    count = 0;
    return true;
  }
  if (!literal(t, "[[\""))
    return false;
  const Level *first = out;
  for (;;) {
    Level &level = *out;
    if (!decimal_in_row(t, level.price) || !next_in_row(t, "\",\"", level.qty))
      return false;
    ++out;
    if (try_literal(t, "\"],[\"")) [[likely]]
      continue;
    if (!literal(t, "\"]]"))
      return false;
    count = static_cast<std::uint32_t>(out - first);
    return true;
  }
}

template <bool wrapped, bool many>
FB_INLINE bool scan_depth(Text &t, const Route &route, DepthFields &f, Level *levels) noexcept {
  if (at_literal(t.p, "{\"lastUpdateId\":")) {
    // Names no symbol: only a partial depth route, whose stream name does, may take it.
    t.p += 16;
    return route.kind == Kind::partial_depth && integer(t, f.update_id) && literal(t, ",\"bids\":") &&
           scan_levels(t, levels, f.bid_count) && literal(t, ",\"asks\":") && scan_levels(t, levels, f.ask_count) &&
           closes<wrapped>(t);
  }
  if (!time_after(t, "{\"e\":\"depthUpdate\",\"E\":", f.event_ns))
    return false;
  const bool futures = try_literal(t, ",\"T\":");
  if (futures) {
    std::int64_t value;
    if (!integer(t, value) || !time_to_ns(value, f.transaction_ns))
      return false;
  }
  if (!literal(t, ",\"s\":\"") || !symbol<many>(t, route, f.symbol_id))
    return false;
  if (try_literal(t, ",\"ps\":\"") && !skip_quoted(t))
    return false;
  if (!integer_after(t, ",\"U\":", f.first_update_id) || !integer_after(t, ",\"u\":", f.update_id))
    return false;
  if (futures) {
    if (!literal(t, ",\"pu\":"))
      return false;
    if (at_literal(t.p, "-1,")) { // the first diff of a contract
      f.prev_update_id = -1;
      t.p += 2;
    } else if (!integer(t, f.prev_update_id)) {
      return false;
    }
  }
  if (!literal(t, ",\"b\":") || !scan_levels(t, levels, f.bid_count) || !literal(t, ",\"a\":") ||
      !scan_levels(t, levels, f.ask_count))
    return false;
  if (futures && !optional_product(t, f.flags))
    return false;
  return closes<wrapped>(t);
}

template <bool many>
FB_INLINE void publish(Route &route, const DepthFields &f, std::int64_t begin, std::int64_t recv_ns) noexcept {
  std::int64_t sequence;
  DepthRecord *first = route.target.claim<DepthRecord>(sequence);
  for (DepthRecord *place : {first, first + route.target.capacity}) {
    DepthRecord &r = *place;
    write_head(r, sequence, f.flags, many ? f.symbol_id : 0, f.event_ns, f.transaction_ns, recv_ns);
    r.first_update_id = f.first_update_id;
    r.update_id = f.update_id;
    r.prev_update_id = f.prev_update_id;
    r.levels_begin = begin;
    r.bid_count = f.bid_count;
    r.ask_count = f.ask_count;
  }
  if constexpr (many)
    store_release(route.ring->view.symbols[f.symbol_id].last_sequence, sequence);
  route.target.publish(sequence);
  route.ring->end_levels(begin + f.bid_count + f.ask_count);
}
