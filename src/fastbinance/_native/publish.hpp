// From the fields of a scanner to a record of its ring, and what became of it. Included once per instruction set by fast.hpp.
//
// A record that follows the newest one, nearly every one, is stored straight into its two slots. Any other is made in memory
// first, and goes the long way of merge.hpp.

// Does it follow? Then it is the newest of its symbol from now on.
template <bool many, class Fields>
FB_INLINE bool follows(Route &route, const Fields &f, std::int64_t recv_ns) noexcept {
  RingHeader &header = *route.target.header;
  const Ids ids = ids_of(f);
  if constexpr (Fields::contiguous)
    return joins<many>(header, *route.ring, f.symbol_id, ids, recv_ns);
  else
    return is_newer<many>(header, *route.ring, f.symbol_id, ids.last, recv_ns);
}

// Store a record that follows. It is complete, and not to be seen yet.
// `bare`: without times and flags.
template <class Record, bool many, bool bare, class Fields>
FB_INLINE std::int64_t store(Route &route, const Fields &f, std::int64_t recv_ns) noexcept {
  std::int64_t sequence;
  Record *const first = route.target.claim<Record>(sequence);
  for (Record *place : {first, first + route.target.capacity}) {
    write_head(*place, sequence, bare ? 0 : f.flags, many ? f.symbol_id : 0, bare ? 0 : f.event_ns,
               bare ? 0 : f.transaction_ns, recv_ns);
    fill(*place, f);
  }
  if constexpr (many)
    store_release(route.ring->view.symbols[f.symbol_id].last_sequence, sequence);
  return sequence;
}

template <class Record, bool many, class Fields>
FB_OUTLINE Fate store_slowly(Route &route, const Fields &f, std::int64_t recv_ns) noexcept {
  Record record = {}; // bytes between fields are compared too
  write_head(record, 0, f.flags, many ? f.symbol_id : 0, f.event_ns, f.transaction_ns, recv_ns);
  fill(record, f);
  return route.merge(record);
}

// Counts a message of one record that took the long way.
FB_INLINE FastResult after(Fate fate, Route &route) noexcept {
  ++route.fast;
  return {outcome_of(fate), fate == Fate::dropped ? 0u : 1u, &route};
}

template <class Record, bool many, bool bare = false, class Fields>
FB_INLINE FastResult publish(Route &route, const Fields &f, std::int64_t recv_ns) noexcept {
  if (!follows<many>(route, f, recv_ns)) [[unlikely]]
    return after(store_slowly<Record, many>(route, f, recv_ns), route);
  const std::int64_t sequence = store<Record, many, bare>(route, f, recv_ns);
  route.target.publish(sequence);
  ++route.fast;
  return {Outcome::published, 1, &route};
}
