// Diff and partial depth. Key orders seen and documented:
//   spot diff      e,E,s,U,u,b,a
//   futures        e,E,T,s,[ps],U,u,pu,b,a,[st]      (diff and partial look the same: only the stream name tells)
//   spot partial   lastUpdateId,bids,asks
// Included once per instruction set by fast.hpp.

struct DepthFields {
  std::int64_t levels_begin = 0;
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

// The same, of the two kinds, which follow each other differently.
struct DiffFields : DepthFields {
  static constexpr bool contiguous = true;
};
struct PartialFields : DepthFields {
  static constexpr bool contiguous = false;
};

FB_INLINE Ids ids_of(const DiffFields &f) noexcept {
  return {f.prev_update_id != 0 ? f.prev_update_id : id_before(f.first_update_id), f.update_id};
}
FB_INLINE Ids ids_of(const PartialFields &f) noexcept { return {no_rank, f.update_id}; }

FB_INLINE void fill(DepthRecord &r, const DepthFields &f) noexcept {
  r.first_update_id = f.first_update_id;
  r.update_id = f.update_id;
  r.prev_update_id = f.prev_update_id;
  r.levels_begin = f.levels_begin;
  r.bid_count = f.bid_count;
  r.ask_count = f.ask_count;
}

// The levels lie in the arena already. They are kept by `end_levels`; of a record that is dropped they are written over.
template <bool many, class Fields>
FB_INLINE FastResult publish_depth(Route &route, const Fields &f, std::int64_t recv_ns) noexcept {
  if (!follows<many>(route, f, recv_ns)) [[unlikely]] {
    made<DepthRecord, many>(route, f, recv_ns);
    return merge_made(route);
  }
  const std::int64_t sequence = store<DepthRecord, many, false>(route, f, recv_ns);
  route.target.publish(sequence);
  route.ring->end_levels(f.levels_begin + f.bid_count + f.ask_count);
  ++route.fast;
  return {Outcome::published, 1, &route};
}
