// From the fields of a scanner to a record of its ring, and what became of it. Included once per instruction set by fast.hpp.
//
// A record that follows the newest one, nearly every one, is stored straight into its two slots. Any other is made in memory
// first, and goes the long way of merge.hpp.

// Does it follow? Then it is the newest of its symbol from now on.
template <bool many, class Fields>
FB_INLINE bool follows(Route &route, const Fields &f, std::int64_t recv_ns) noexcept {
  return is_next<many, Fields::contiguous>(*route.target.header, *route.ring, f.symbol_id, ids_of(f), recv_ns, route.line);
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

// A record on the long way is made in the writer's memory. On the stack it would cost the short way too, by a frame.
template <class Record, bool many, class Fields>
FB_INLINE Record &made(Route &route, const Fields &f, std::int64_t recv_ns) noexcept {
  auto &record = *reinterpret_cast<Record *>(route.ring->scratch);
  write_head(record, 0, f.flags, many ? f.symbol_id : 0, f.event_ns, f.transaction_ns, recv_ns);
  fill(record, f);
  return record;
}

// The long way of a message of one record, which is in the writer's memory.
FB_OUTLINE inline FastResult merge_made(Route &route) noexcept {
  const Fate fate = route.merge(*reinterpret_cast<RecordHead *>(route.ring->scratch));
  ++route.fast;
  return {outcome_of(fate), fate == Fate::dropped ? 0u : 1u, &route};
}

template <class Record, bool many, bool bare = false, class Fields>
FB_INLINE FastResult publish(Route &route, const Fields &f, std::int64_t recv_ns) noexcept {
  if (!follows<many>(route, f, recv_ns)) [[unlikely]] {
    made<Record, many>(route, f, recv_ns);
    return merge_made(route);
  }
  const std::int64_t sequence = store<Record, many, bare>(route, f, recv_ns);
  route.target.publish(sequence);
  ++route.fast;
  return {Outcome::published, 1, &route};
}
