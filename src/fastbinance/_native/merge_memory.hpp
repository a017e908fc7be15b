// What a ring's writer remembers in order to make one sequence of records out of what several lines bring. The rules that
// use it are in merge.hpp. No pointers into a ring, no Python.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>

#include "ring.hpp"

namespace fb {

constexpr unsigned most_lines = 8;

// How records of a kind follow each other.
enum class Order : std::uint8_t {
  contiguous, // each names the one before it: a missing one is noticed, and waited for
  newer,      // ids rise, with gaps by nature
  timed,      // no ids: event times rise or stay
  unordered,  // two equal records may be two events
};

constexpr Order order_of(Kind kind) noexcept {
  switch (kind) {
  case Kind::trade:
  case Kind::agg_trade:
  case Kind::diff_depth: return Order::contiguous;
  case Kind::book_ticker:
  case Kind::partial_depth: return Order::newer;
  case Kind::block_trade:
  case Kind::force_order: return Order::unordered;
  default: return Order::timed;
  }
}

// The place of a record in its stream: behind which id (or time) it comes, and up to which it leads.
struct Ids {
  std::int64_t before, last;
};

// Ids come from outside: no overflow, whatever they are.
constexpr std::int64_t id_before(std::int64_t id) noexcept {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(id) - 1);
}

inline Ids ids_of(Kind kind, const std::byte *record) noexcept {
  switch (kind) {
  case Kind::trade: {
    const std::int64_t id = reinterpret_cast<const TradeRecord *>(record)->trade_id;
    return {id_before(id), id};
  }
  case Kind::agg_trade: {
    const std::int64_t id = reinterpret_cast<const AggTradeRecord *>(record)->agg_trade_id;
    return {id_before(id), id};
  }
  case Kind::diff_depth: {
    const auto &depth = *reinterpret_cast<const DepthRecord *>(record);
    // Futures name the last id of the diff before; spot's ids follow each other without a gap.
    return {depth.prev_update_id != 0 ? depth.prev_update_id : id_before(depth.first_update_id), depth.update_id};
  }
  case Kind::book_ticker: return {no_rank, reinterpret_cast<const BookTickerRecord *>(record)->update_id};
  case Kind::partial_depth: return {no_rank, reinterpret_cast<const DepthRecord *>(record)->update_id};
  default: return {no_rank, reinterpret_cast<const RecordHead *>(record)->event_ns};
  }
}

// Are two records of one kind and symbol the same event? Sequence, receive time, our own flags and the place of levels differ.
inline bool same_content(Kind kind, const std::byte *one, const std::byte *other) noexcept {
  const auto &a = *reinterpret_cast<const RecordHead *>(one);
  const auto &b = *reinterpret_cast<const RecordHead *>(other);
  return a.symbol_id == b.symbol_id && a.event_ns == b.event_ns && a.transaction_ns == b.transaction_ns &&
         std::memcmp(one + sizeof a, other + sizeof b, kind_info(kind).record_size - sizeof a) == 0;
}

// What the short way of a record has to mind; a word of the ring's header.
enum MergeWatch : std::uint32_t {
  WATCH_NOTHING = 0,
  WATCH_LINES = 1,  // there are several: it is noted which was first
  WATCH_RECORDS = 2 // none may take the short way
};

// The newest record of a symbol.
struct Newest {
  std::int64_t rank = no_rank; // its id, or its event time
  std::int64_t recv_ns = 0;
};

// A run of so many ids without a hole proves that one is missing where the next does not join: the first of a connection, or
// one within it.
constexpr std::uint64_t proving_run_reopened = 8, proving_run = 128;

// What else is known of a symbol's stream; touched only when something does not follow.
struct StreamState {
  std::int64_t run_begin = no_rank;    // every id behind this one has come: what has been joined since the last hole
  std::int64_t suspect_rank = no_rank; // an old id after a long silence: a second such tells that ids have begun anew
  std::int64_t suspect_ns = 0;         // its receive time
  std::int64_t suspect_after_ns = 0;   // receive time of the newest record then
  std::uint32_t skips = 0;             // holes that were none, as far as we can tell: this stream's ids are not contiguous
  std::uint32_t flags_due = 0;         // for the next record that is published: a hole ended in a filler
};

// Something that is missing.
struct Hole {
  std::uint32_t symbol_id;
  bool restart;                   // ids began anew
  std::int64_t first_id, last_id; // those missing; 0 and 0 where they cannot be told
  std::int64_t from_ns, to_ns;    // receive times of the records before and behind it
};

// The newest holes of a ring.
class HoleLog {
public:
  static constexpr std::size_t room = 256;

  bool open() noexcept {
    holes_.reset(new (std::nothrow) Hole[room]);
    return holes_ != nullptr;
  }
  void note(const Hole &hole) noexcept { holes_[count_++ % room] = hole; }
  std::uint64_t count() const noexcept { return count_; } // of all that ever were
  std::size_t size() const noexcept { return static_cast<std::size_t>(std::min<std::uint64_t>(count_, room)); }
  const Hole &at(std::size_t i) const noexcept { return holes_[(count_ - size() + i) % room]; } // oldest first

private:
  std::unique_ptr<Hole[]> holes_;
  std::uint64_t count_ = 0;
};

struct MergeStats {
  std::uint64_t duplicates = 0; // records dropped because they, or newer ones, had been brought already
  std::uint64_t overlaps = 0;   // diffs flagged OVERLAP
  std::uint64_t gaps = 0;       // records flagged GAP, restarts not among them
  std::uint64_t held = 0;       // records held back
  std::uint64_t late_joins = 0; // of these, those that what was missing came for in time
  std::uint64_t restarts = 0;
  std::uint64_t wins[most_lines] = {};   // records that this line brought first, while several were on
  std::uint64_t copies[most_lines] = {}; // times that it brought one that another had brought
  std::int64_t lead_ns[most_lines] = {}; // by how much it was first, added up over the copies of others
};

// Which line brought a record first, and when; of the newest ones.
class FirstArrivals {
public:
  struct Arrival {
    std::int64_t rank = no_rank;
    std::int64_t recv_ns = 0;
    std::uint32_t symbol_id = 0;
    std::uint8_t line = 0;
  };

  inline __attribute__((always_inline)) void note(std::int64_t rank, std::uint32_t symbol_id, std::int64_t recv_ns,
                                                  std::uint8_t line) noexcept {
    Arrival &arrival = place(rank, symbol_id);
    arrival.rank = rank;
    arrival.recv_ns = recv_ns;
    arrival.symbol_id = symbol_id;
    arrival.line = line;
  }
  const Arrival *find(std::int64_t rank, const RecordHead &head) noexcept {
    const Arrival &found = place(rank, head.symbol_id);
    return found.rank == rank && found.symbol_id == head.symbol_id ? &found : nullptr;
  }

private:
  static constexpr std::size_t room = 256; // records between a line and the slowest of the others

  Arrival &place(std::int64_t rank, std::uint32_t symbol_id) noexcept {
    return arrivals_[(static_cast<std::uint64_t>(rank) + symbol_id * 97u) % room];
  }

  std::array<Arrival, room> arrivals_ = {};
};

// Of unordered records: which lines have brought each of the newest.
class Sightings {
public:
  struct Sighting {
    alignas(8) std::byte record[max_record_size];
    std::uint8_t first; // the line that brought it first
    std::uint8_t lines; // a bit for each that has brought it

    const RecordHead &head() const noexcept { return *reinterpret_cast<const RecordHead *>(record); }
  };

  // The record that this one is a copy of: another line has brought it, and this line not yet. Else nullptr, and it is
  // remembered as this line's.
  const Sighting *copied(Kind kind, const std::byte *record, std::uint8_t line) noexcept {
    const auto bit = static_cast<std::uint8_t>(1u << line);
    for (std::uint64_t i = count_ > room ? count_ - room : 0; i < count_; ++i) {
      Sighting &seen = sightings_[i % room];
      if ((seen.lines & bit) == 0 && same_content(kind, seen.record, record)) {
        seen.lines |= bit;
        return &seen;
      }
    }
    Sighting &added = sightings_[count_++ % room];
    std::memcpy(added.record, record, kind_info(kind).record_size);
    added.first = line;
    added.lines = bit;
    return nullptr;
  }

private:
  static constexpr std::size_t room = 256;

  std::array<Sighting, room> sightings_;
  std::uint64_t count_ = 0;
};

// Records that do not join what is published, while another line may bring what is missing.
class HoldBuffer {
public:
  static constexpr std::size_t room = 64;

  struct Held {
    alignas(8) std::byte record[max_record_size];
    Ids ids;
    std::uint8_t line;
    bool filler;    // its id is used, and nothing is published
    bool reopened;  // it was the first of its line's connection
    std::unique_ptr<Level[]> levels;
    std::size_t level_room = 0;

    const RecordHead &head() const noexcept { return *reinterpret_cast<const RecordHead *>(record); }
  };

  // Memory for `levels` of each; more is taken when a longer diff comes, and kept.
  bool open(bool levels) noexcept {
    for (std::size_t i = 0; i < room; ++i) {
      order_[i] = static_cast<std::uint8_t>(i);
      if (levels && !reserve(held_[i], usual_levels))
        return false;
    }
    return true;
  }

  std::size_t size() const noexcept { return size_; }
  bool full() const noexcept { return size_ == room; }
  Held &at(std::size_t i) noexcept { return held_[order_[i]]; } // in order of symbol and id

  // The first of a symbol, or size().
  std::size_t first_of(std::uint32_t symbol_id) noexcept {
    std::size_t i = 0;
    while (i < size_ && at(i).head().symbol_id != symbol_id)
      ++i;
    return i;
  }

  bool has(std::uint32_t symbol_id, Ids ids) noexcept {
    for (std::size_t i = 0; i < size_; ++i)
      if (at(i).head().symbol_id == symbol_id && at(i).ids.last == ids.last && at(i).ids.before == ids.before)
        return true;
    return false;
  }

  // Keep a copy. There is a place: a full buffer is emptied at once.
  void add(Kind kind, const std::byte *record, const Level *levels, Ids ids, std::uint8_t line, bool filler,
           bool reopened) noexcept {
    const std::uint32_t symbol_id = reinterpret_cast<const RecordHead *>(record)->symbol_id;
    std::size_t to = size_;
    const std::uint8_t place = order_[size_];
    while (to > 0 && comes_before(symbol_id, ids, at(to - 1))) {
      order_[to] = order_[to - 1];
      --to;
    }
    order_[to] = place;
    ++size_;
    Held &held = held_[place];
    std::memcpy(held.record, record, kind_info(kind).record_size);
    held.ids = ids;
    held.line = line;
    held.filler = filler;
    held.reopened = reopened;
    if (kind_info(kind).has_levels)
      keep_levels(held, levels);
  }

  // Forget the one at `i`; its place stays as it is until the next `add`.
  Held &take(std::size_t i) noexcept {
    const std::uint8_t place = order_[i];
    --size_;
    for (; i < size_; ++i)
      order_[i] = order_[i + 1];
    order_[size_] = place;
    return held_[place];
  }

  // The one that was received first; of a buffer that is not empty.
  std::size_t oldest() noexcept {
    std::size_t oldest = 0;
    for (std::size_t i = 1; i < size_; ++i)
      if (at(i).head().recv_ns < at(oldest).head().recv_ns)
        oldest = i;
    return oldest;
  }

private:
  static constexpr std::size_t usual_levels = 64;

  static bool comes_before(std::uint32_t symbol_id, Ids ids, const Held &other) noexcept {
    if (symbol_id != other.head().symbol_id)
      return symbol_id < other.head().symbol_id;
    return ids.last != other.ids.last ? ids.last < other.ids.last : ids.before < other.ids.before;
  }

  static bool reserve(Held &held, std::size_t levels) noexcept {
    if (levels <= held.level_room)
      return true;
    std::unique_ptr<Level[]> grown(new (std::nothrow) Level[levels]());
    if (grown == nullptr)
      return false;
    held.levels = std::move(grown);
    held.level_room = levels;
    return true;
  }

  static void keep_levels(Held &held, const Level *levels) noexcept {
    auto &depth = *reinterpret_cast<DepthRecord *>(held.record);
    const std::size_t count = std::size_t{depth.bid_count} + depth.ask_count;
    if (reserve(held, count)) {
      if (count != 0)
        std::memcpy(held.levels.get(), levels, count * sizeof *levels);
      return;
    }
    depth.bid_count = depth.ask_count = 0; // no memory: what is lost is said
    depth.flags |= FLAG_LEVELS_TRUNCATED;
  }

  std::array<Held, room> held_;
  std::array<std::uint8_t, room> order_; // places of held_: the used ones in order, then the free ones
  std::size_t size_ = 0;
};

// All of it, of one ring.
struct MergeMemory {
  std::unique_ptr<Newest[]> newest;      // by symbol; of a ring of one symbol the header and the record itself have it
  std::unique_ptr<StreamState[]> states; // by symbol
  std::unique_ptr<HoldBuffer> held;      // contiguous kinds, while several lines are on
  std::unique_ptr<FirstArrivals> firsts; // while several lines are on, of kinds that are not unordered
  std::unique_ptr<Sightings> sightings;  // unordered kinds
  HoleLog holes;
  MergeStats stats;
  std::uint32_t flags_due = 0; // symbols whose StreamState::flags_due is not 0
  std::uint8_t lines = 1;
  bool enabled = true;
  bool hold_told = false; // the feed has been told that something is held

  bool open(Kind kind, std::size_t symbols, bool many, bool merges) noexcept {
    enabled = merges;
    if (!merges)
      return true;
    states.reset(new (std::nothrow) StreamState[symbols]);
    if (many)
      newest.reset(new (std::nothrow) Newest[symbols]);
    if (order_of(kind) == Order::unordered)
      sightings.reset(new (std::nothrow) Sightings);
    return states != nullptr && (!many || newest != nullptr) &&
           (order_of(kind) != Order::unordered || sightings != nullptr) && holes.open();
  }

  // Memory that only several lines need.
  bool open_lines(Kind kind) noexcept {
    if (order_of(kind) == Order::unordered)
      return true;
    if (firsts == nullptr)
      firsts.reset(new (std::nothrow) FirstArrivals);
    if (held == nullptr && order_of(kind) == Order::contiguous) {
      held.reset(new (std::nothrow) HoldBuffer);
      if (held != nullptr && !held->open(kind_info(kind).has_levels))
        held.reset();
    }
    return firsts != nullptr && (held != nullptr || order_of(kind) != Order::contiguous);
  }
  void close_lines() noexcept {
    firsts.reset();
    held.reset();
  }

  // Which line is first is only of interest while there are several.
  inline __attribute__((always_inline)) void note_first(std::int64_t rank, std::uint32_t symbol_id, std::int64_t recv_ns,
                                                        std::uint8_t line) noexcept {
    firsts->note(rank, symbol_id, recv_ns, line);
    ++stats.wins[line];
  }

  std::uint32_t watch(Order order) const noexcept {
    if (!enabled || order == Order::unordered || flags_due != 0 || (held != nullptr && held->size() != 0))
      return WATCH_RECORDS;
    return firsts != nullptr ? WATCH_LINES : WATCH_NOTHING;
  }
};

} // namespace fb
