// One sequence of records out of what several lines bring. Lines carry the same streams over different connections: hosts of
// sibling keys, or the old and the new connection of a rollover. All publish on one thread, so the ring keeps its one writer.
//
//   contiguous  joins: published. Old: dropped. Begins within what is known (diffs): published with OVERLAP. Does not join:
//               held while another line may bring what is missing, then published with GAP, and the hole is noted.
//   newer       published when its id is newer than the newest: the ring never goes back.
//   timed       dropped when its event time is older, or when it is one of the newest records again.
//   unordered   dropped when another line has brought it already.
//
// By symbol on rings of many. Old records after a long silence mean that ids have begun anew, and are published with GAP.
//
// In order all of it is `is_next` below, before the record is stored straight into its slots. What that declines takes the
// long way: the class `Merge`, with the record in memory of the caller.
#pragma once

#include "writer.hpp"

namespace fb {

// What became of a record.
enum class Fate : std::uint8_t { published, dropped, held };

class Merge {
public:
  static constexpr std::int64_t hold_ns = 20'000'000;
  // Older ids behind so long a silence may be a stream that begins anew: a contract listed again, a testnet reset.
  static constexpr std::int64_t silence_ns = 5'000'000'000;
  // A line that lags brings old ids too, but has caught up by then.
  static constexpr std::int64_t lag_ns = 1'000'000'000;

  explicit Merge(RingWriter &ring) noexcept : ring_(ring), memory_(ring.merge), kind_(ring.kind()), order_(order_of(kind_)) {}

  // Takes a record that is complete but for its sequence; a diff's levels lie in the arena, not ended yet.
  // `reopened`: the first of its stream on this connection. `filler`: its id is used up, and nothing is published.
  Fate take(std::byte *record, std::uint8_t line, bool reopened, bool filler = false) noexcept {
    if (!memory_.enabled) {
      if (!filler)
        publish(record);
      return Fate::published;
    }
    const Arrival in{record, ids_of(kind_, record), line, reopened, filler};
    const Fate fate = order_ == Order::contiguous  ? take_contiguous(in)
                      : order_ == Order::unordered ? take_unordered(in)
                                                   : take_ranked(in);
    if (is_holding())
      release_held(in.head().recv_ns);
    return fate;
  }

  // How many lines publish into the ring from now on. False when there is no memory for several.
  bool set_lines(std::uint8_t lines) noexcept {
    if (memory_.enabled && lines > 1 && !memory_.open_lines(kind_))
      return false;
    memory_.lines = lines;
    if (lines < 2) {
      while (is_holding())
        release_first(0);
      memory_.close_lines();
    }
    ring_.watch_merge();
    return true;
  }

  bool is_holding() const noexcept { return memory_.held != nullptr && memory_.held->size() != 0; }

  // Once after the ring has begun to hold.
  bool take_hold_news() noexcept {
    if (!is_holding() || memory_.hold_told)
      return false;
    memory_.hold_told = true;
    return true;
  }

  // Publish what has been held for long enough, and what comes before it. Nanoseconds until the next is due; 0: none is held.
  std::int64_t release_held(std::int64_t now_ns) noexcept {
    while (is_holding()) {
      const std::size_t oldest = memory_.held->oldest();
      const std::int64_t left = memory_.held->at(oldest).head().recv_ns + hold_ns - now_ns;
      if (left > 0)
        return left;
      release_first(memory_.held->first_of(memory_.held->at(oldest).head().symbol_id));
    }
    return 0;
  }

private:
  struct Arrival {
    std::byte *record;
    Ids ids;
    std::uint8_t line;
    bool reopened, filler;

    RecordHead &head() const noexcept { return *reinterpret_cast<RecordHead *>(record); }
  };

  Fate take_contiguous(const Arrival &in) noexcept {
    const Newest newest = newest_of(in.head().symbol_id);
    if (newest.rank == no_rank) {
      state_of(in).run_begin = in.ids.last;
      return brought(in, 0);
    }
    if (in.ids.last <= newest.rank)
      return take_old(in, newest);
    if (in.ids.before > newest.rank) {
      if (!waits(in, newest))
        return brought(in, flags_of_gap(in, newest));
      if (memory_.held->has(in.head().symbol_id, in.ids))
        return drop(in);
      note_first(in);
      const Level *levels = nullptr;
      if (kind_info(kind_).has_levels)
        levels = ring_.level_at(reinterpret_cast<const DepthRecord *>(in.record)->levels_begin);
      memory_.held->add(kind_, in.record, levels, in.ids, in.line, in.filler, in.reopened);
      ++memory_.stats.held;
      ring_.watch_merge();
      if (memory_.held->full())
        while (is_holding())
          release_first(0);
      return Fate::held;
    }
    const Fate fate = brought(in, flags_of_join(in, newest));
    memory_.stats.late_joins += release_joined(in.head().symbol_id);
    return fate;
  }

  Fate take_ranked(const Arrival &in) noexcept {
    const Newest newest = newest_of(in.head().symbol_id);
    if (in.ids.last > newest.rank)
      return brought(in, 0);
    if (in.ids.last < newest.rank)
      return take_old(in, newest);
    return order_ == Order::timed && !is_in_ring(in) ? brought(in, 0) : drop(in);
  }

  Fate take_unordered(const Arrival &in) noexcept {
    const Sightings::Sighting *copied = memory_.sightings->copied(kind_, in.record, in.line);
    if (copied == nullptr) {
      if (memory_.lines > 1)
        ++memory_.stats.wins[in.line];
      publish(in.record);
      return Fate::published;
    }
    ++memory_.stats.duplicates;
    count_copy(in.line, copied->first, in.head().recv_ns - copied->head().recv_ns);
    return Fate::dropped;
  }

  Fate take_old(const Arrival &in, Newest newest) noexcept {
    if (!begins_anew(in, newest))
      return drop(in);
    note_hole(in, newest, true);
    ++memory_.stats.restarts;
    state_of(in).run_begin = in.ids.last;
    return brought(in, FLAG_GAP);
  }

  // A new record of this line: publish it.
  Fate brought(const Arrival &in, std::uint32_t flags) noexcept {
    note_first(in);
    accept(in, flags);
    return Fate::published;
  }

  Fate drop(const Arrival &in) noexcept {
    ++memory_.stats.duplicates;
    if (memory_.firsts != nullptr)
      if (const FirstArrivals::Arrival *first = memory_.firsts->find(in.ids.last, in.head()))
        count_copy(in.line, first->line, in.head().recv_ns - first->recv_ns);
    return Fate::dropped;
  }

  void note_first(const Arrival &in) noexcept {
    if (memory_.firsts != nullptr)
      memory_.note_first(in.ids.last, in.head().symbol_id, in.head().recv_ns, in.line);
  }
  void count_copy(std::uint8_t line, std::uint8_t first, std::int64_t lead_ns) noexcept {
    if (line == first || memory_.lines < 2)
      return;
    ++memory_.stats.copies[line];
    memory_.stats.lead_ns[first] += std::max<std::int64_t>(0, lead_ns);
  }

  // It is the newest of its symbol from now on.
  void accept(const Arrival &in, std::uint32_t flags) noexcept {
    std::uint32_t &due = state_of(in).flags_due;
    if (in.filler) {
      set_due(due, due | flags);
    } else {
      in.head().flags |= flags | due;
      set_due(due, 0);
      publish(in.record);
    }
    if (memory_.newest != nullptr)
      memory_.newest[in.head().symbol_id] = {in.ids.last, in.head().recv_ns};
    else
      ring_.view.header->newest_rank = in.ids.last;
  }

  // While flags wait for a record to carry them, none takes the short way past them.
  void set_due(std::uint32_t &due, std::uint32_t flags) noexcept {
    if ((due != 0) == (flags != 0)) [[likely]]
      return;
    due = flags;
    memory_.flags_due += flags != 0 ? 1u : ~0u;
    ring_.watch_merge();
  }

  void publish(std::byte *record) noexcept {
    const KindInfo &info = kind_info(kind_);
    ring_.publish_copy(record, info.record_size);
    if (info.has_levels) {
      const auto &depth = *reinterpret_cast<const DepthRecord *>(record);
      ring_.end_levels(depth.levels_begin + depth.bid_count + depth.ask_count);
    }
  }

  // Flags of a diff that leads on from what is known.
  std::uint32_t flags_of_join(const Arrival &in, Newest newest) noexcept {
    if (in.ids.before == newest.rank)
      return 0;
    ++memory_.stats.overlaps;
    return FLAG_OVERLAP;
  }

  // Flags of a record that does not join, and what is learned from it.
  std::uint32_t flags_of_gap(const Arrival &in, Newest newest) noexcept {
    StreamState &state = state_of(in);
    const bool proven = is_proven(in, newest);
    if (kind_ != Kind::diff_depth && !(proven && in.reopened)) {
      state.run_begin = in.ids.last;
      state.skips += !in.reopened; // between two connections ids are missing in any stream
    }
    if (!proven)
      return 0;
    note_hole(in, newest, false);
    ++memory_.stats.gaps;
    return FLAG_GAP;
  }

  // Are the ids of this stream contiguous, so that a missing one means something? Diffs are by their definition. Trades have
  // to prove it by a run of ids without a hole, a long one where the hole is within one connection, which loses nothing
  // itself, and longer by far each time that the proof was none.
  bool is_proven(const Arrival &in, Newest newest) noexcept {
    if (kind_ == Kind::diff_depth)
      return true;
    const StreamState &state = state_of(in);
    const std::uint64_t needed = (in.reopened ? proving_run_reopened : proving_run) << (3 * std::min(state.skips, 4u));
    return static_cast<std::uint64_t>(newest.rank) - static_cast<std::uint64_t>(state.run_begin) >= needed;
  }

  // May another line bring what is missing before this one? Not worth waiting for in a stream that skips ids.
  bool waits(const Arrival &in, Newest newest) noexcept {
    return memory_.held != nullptr && (state_of(in).skips == 0 || is_proven(in, newest));
  }

  // Publish the held records of a symbol that join now. How many.
  std::uint64_t release_joined(std::uint32_t symbol_id) noexcept {
    if (memory_.held == nullptr)
      return 0;
    std::uint64_t count = 0;
    while (is_holding()) {
      const std::size_t first = memory_.held->first_of(symbol_id);
      if (first == memory_.held->size() || memory_.held->at(first).ids.before > newest_of(symbol_id).rank)
        break;
      release(first);
      ++count;
    }
    memory_.hold_told &= is_holding();
    ring_.watch_merge();
    return count;
  }

  // Publish the first of a symbol, whether it joins or not, and those that join it.
  void release_first(std::size_t i) noexcept {
    const std::uint32_t symbol_id = memory_.held->at(i).head().symbol_id;
    release(i);
    release_joined(symbol_id);
  }

  void release(std::size_t i) noexcept {
    HoldBuffer::Held &held = memory_.held->take(i);
    const Arrival in{held.record, held.ids, held.line, held.reopened, held.filler};
    const Newest newest = newest_of(in.head().symbol_id);
    if (held.ids.last <= newest.rank) { // an overlapping one has brought it
      ++memory_.stats.duplicates;
      return;
    }
    const std::uint32_t flags = held.ids.before <= newest.rank ? flags_of_join(in, newest) : flags_of_gap(in, newest);
    if (kind_info(kind_).has_levels && !held.filler)
      put_levels(held);
    accept(in, flags);
  }

  void put_levels(HoldBuffer::Held &held) noexcept {
    auto &depth = *reinterpret_cast<DepthRecord *>(held.record);
    const std::size_t count = std::size_t{depth.bid_count} + depth.ask_count;
    Level *const to = ring_.begin_levels(static_cast<std::int64_t>(count), depth.levels_begin); // they have had room there before
    if (count != 0)
      std::memcpy(to, held.levels.get(), count * sizeof *to);
  }

  // Have ids begun anew? Told by a second old record after a long silence that no lagging line can have brought.
  bool begins_anew(const Arrival &in, Newest newest) noexcept {
    const RecordHead &head = in.head();
    if (head.recv_ns - newest.recv_ns <= silence_ns) [[likely]]
      return false;
    if (memory_.held != nullptr && memory_.held->first_of(head.symbol_id) != memory_.held->size())
      return false; // those first
    const std::byte *const known = ring_.written(ring_.newest_sequence(head.symbol_id));
    const std::int64_t known_ns = known == nullptr ? 0 : reinterpret_cast<const RecordHead *>(known)->event_ns;
    const bool dated = order_ != Order::timed && known_ns != 0 && head.event_ns != 0;
    if (dated ? head.event_ns <= known_ns : is_in_ring(in))
      return false;
    StreamState &state = state_of(in);
    const bool suspected = state.suspect_after_ns == newest.recv_ns && state.suspect_rank != no_rank;
    if (!suspected || in.ids.last < state.suspect_rank) {
      state.suspect_rank = in.ids.last;
      state.suspect_ns = head.recv_ns;
      state.suspect_after_ns = newest.recv_ns;
      return false;
    }
    if (in.ids.last == state.suspect_rank || (memory_.lines > 1 && !dated && head.recv_ns - state.suspect_ns < lag_ns))
      return false;
    state.suspect_rank = no_rank;
    return true;
  }

  // Is the same among the newest records of the ring?
  bool is_in_ring(const Arrival &in) noexcept {
    constexpr int most = 64;
    std::int64_t sequence = ring_.newest_sequence(in.head().symbol_id);
    for (int i = 0; i < most; ++i, --sequence) {
      const std::byte *const known = ring_.written(sequence);
      if (known == nullptr)
        return false;
      if (same_content(kind_, known, in.record))
        return true;
    }
    return false;
  }

  void note_hole(const Arrival &in, Newest newest, bool restart) noexcept {
    Hole hole{in.head().symbol_id, restart, 0, 0, newest.recv_ns, in.head().recv_ns};
    const bool told = kind_ != Kind::diff_depth || reinterpret_cast<const DepthRecord *>(in.record)->prev_update_id == 0;
    if (!restart && told) {
      hole.first_id = newest.rank + 1;
      hole.last_id = in.ids.before;
    }
    memory_.holes.note(hole);
  }

  StreamState &state_of(const Arrival &in) noexcept { return memory_.states[in.head().symbol_id]; }

  Newest newest_of(std::uint32_t symbol_id) const noexcept {
    if (memory_.newest != nullptr)
      return memory_.newest[symbol_id];
    const std::byte *const record = ring_.written(ring_.newest_sequence(0));
    return {ring_.view.header->newest_rank,
            record == nullptr ? 0 : reinterpret_cast<const RecordHead *>(record)->recv_ns};
  }

  RingWriter &ring_;
  MergeMemory &memory_;
  const Kind kind_;
  const Order order_;
};

// The short way. True: the record is the next of its symbol, which is noted; the caller publishes it. False: `Merge` decides.
// `many`: as the route has it. A ring of one symbol with a very long name is treated like one of many, but has no table.
template <bool many, bool contiguous>
inline __attribute__((always_inline)) bool is_next(RingHeader &header, RingWriter &ring, std::uint32_t symbol_id, Ids ids,
                                                   std::int64_t recv_ns, std::uint8_t line) noexcept {
  std::int64_t *rank = &header.newest_rank;
  if constexpr (many) {
    if (ring.merge.newest == nullptr) [[unlikely]]
      return false;
    rank = &ring.merge.newest[symbol_id].rank;
  }
  if (contiguous ? ids.before != *rank || ids.last <= ids.before : ids.last <= *rank) [[unlikely]]
    return false;
  if (header.merge_watch != WATCH_NOTHING) [[unlikely]] {
    if (header.merge_watch == WATCH_RECORDS)
      return false;
    ring.merge.note_first(ids.last, many ? symbol_id : 0, recv_ns, line);
  }
  *rank = ids.last;
  if constexpr (many)
    ring.merge.newest[symbol_id].recv_ns = recv_ns;
  return true;
}

} // namespace fb
