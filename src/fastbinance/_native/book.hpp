// The writer's side of an order book: the only code that stores into its memory. It applies diffs as they are published, and
// proves that none is missing; what it cannot prove it does not apply.
//
// One change at a time: `claim` is raised, the memory changes, `cursor` follows. A reader's copy is intact iff `claim` is after it
// what `cursor` was before.
//
// A diff covers the ids behind `before` up to `last`. It joins a book of id x iff before <= x < last, and is old where last <= x.
// That is the rule of each product, for the first diff after a snapshot and for all others:
//
//   spot     before = U - 1   first: U <= x + 1 <= u    then U == x + 1
//   futures  before = pu      first: U <= x <= u        then pu == x
//
// Futures skip ids, so a snapshot's may lie between pu and U, where nothing has happened: that joins too.
#pragma once

#include <algorithm>
#include <memory>
#include <new>

#include "book_grid.hpp"

namespace fb {

// What became of a snapshot.
enum class LoadResult : std::int32_t {
  proven = 0,      // it joins the newest diff
  ahead = 1,       // it is newer than all diffs: served, and the next one proves it
  too_old = 2,     // a diff between it and the newest one is missing
  malformed = 3,   // its levels cannot be
  crossed = 4,
  unknown = 5,     // prices have left what it tells
};

class BookWriter {
public:
  BookMemory memory;

  void open(void *at) noexcept { memory.attach(at); }

  // On memory that another writer was stopped on: where it was in the midst of a change, nothing is known to be right; else it was
  // right once, and is served as stale.
  void take_over() noexcept {
    BookHeader &h = *memory.header;
    const bool is_whole = h.claim == h.cursor && state() != BookState::empty;
    h.cursor = std::max(h.cursor, h.claim);
    if (is_whole)
      return turn_stale(BookReason::new_feed);
    begin();
    clear();
    h.head = {};
    h.head.reason = static_cast<std::uint32_t>(BookReason::new_feed);
    h.head.best_bid = h.head.best_ask = {no_price, 0};
    end();
  }

  BookState state() const noexcept { return static_cast<BookState>(memory.header->head.state); }
  BookReason reason() const noexcept { return static_cast<BookReason>(memory.header->head.reason); }

  // Whether a snapshot is wanted: no diff that may still come makes it right.
  bool wants_snapshot() const noexcept {
    return rule() != BookRule::whole && state() != BookState::live && !awaits_diff();
  }

  // The connection is lost: diffs may be missed from now on.
  void suspend() noexcept {
    if (state() == BookState::live)
      turn_stale(BookReason::disconnected);
  }

  // A depth record has been published.
  void take(const DepthRecord &record, const Level *levels) noexcept {
    if (rule() == BookRule::whole)
      return replace(record, levels);
    if (state() != BookState::live && !awaits_diff())
      return;
    BookHead &head = memory.header->head;
    const std::int64_t before = before_of(record);
    if (!are_good_ids(record, before))
      return turn_stale(BookReason::malformed);
    if (record.update_id <= head.update_id) {
      if (record.flags & FLAG_GAP) // ids have begun anew
        return turn_stale(BookReason::gap);
      ++memory.header->ignored;
      if (record.update_id == head.update_id && state() != BookState::live)
        turn_live(record.recv_ns);
      return;
    }
    if (before > head.update_id)
      return turn_stale(BookReason::gap);
    if (record.flags & FLAG_LEVELS_TRUNCATED)
      return turn_stale(BookReason::truncated);
    if (!are_good(levels, record.bid_count + std::size_t{record.ask_count}))
      return turn_stale(BookReason::malformed);
    begin();
    apply(record, levels);
    settle(record);
    end();
  }

  // Take a snapshot, and the diffs of the ring that come after it. Levels best first; `limit`: how many were asked for.
  // `unproven_too`: take one that is ahead. Nothing of the book has changed where it is not taken.
  LoadResult load(std::int64_t id, const Level *bids, std::size_t bid_count, const Level *asks, std::size_t ask_count,
                  std::size_t limit, bool unproven_too, const RingView &ring, std::int64_t now_ns) noexcept {
    if (id < 0 || !is_sorted<true>(bids, bid_count) || !is_sorted<false>(asks, ask_count) || !are_good(bids, bid_count) ||
        !are_good(asks, ask_count))
      return LoadResult::malformed;
    if (bid_count != 0 && ask_count != 0 && bids[0].price >= asks[0].price)
      return LoadResult::crossed;
    std::int64_t first = ring.cursor() + 1, newest = id;
    if (!find_diffs(ring, id, first, newest))
      return LoadResult::too_old;
    const bool proven = newest > id || is_newest(ring, id);
    if (!proven && !unproven_too)
      return LoadResult::ahead;
    BookHeader &h = *memory.header;
    begin();
    clear();
    h.grid = choose_grid(bids, bid_count, asks, ask_count, memory.places);
    BookHead &head = h.head;
    head.bid_floor = bid_count < limit ? 0 : bids[bid_count - 1].price;
    head.ask_ceiling = ask_count < limit ? std::numeric_limits<double>::infinity() : asks[ask_count - 1].price;
    fill<true>(bids, bid_count); // for want of room, less may be known than that
    fill<false>(asks, ask_count);
    head.update_id = h.snapshot_id = id;
    head.event_ns = 0;
    head.recv_ns = now_ns;
    head.proven_since_ns = proven ? now_ns : 0;
    head.state = static_cast<std::uint32_t>(proven ? BookState::live : BookState::stale);
    head.reason = static_cast<std::uint32_t>(proven ? BookReason::none : BookReason::unproven);
    ++h.snapshots;
    find_best();
    for (; first <= ring.cursor() && head.state == static_cast<std::uint32_t>(BookState::live); ++first) {
      const auto &record = *reinterpret_cast<const DepthRecord *>(ring.slot(first));
      if (record.update_id <= head.update_id)
        continue;
      apply(record, levels_of(ring, record));
      settle(record);
    }
    end();
    if (!proven)
      return LoadResult::ahead;
    return reason() == BookReason::none ? LoadResult::proven : reason() == BookReason::crossed ? LoadResult::crossed : LoadResult::unknown;
  }

private:
  static constexpr std::uint32_t off_grid_limit = 512;

  BookRule rule() const noexcept { return static_cast<BookRule>(memory.header->rule); }
  bool awaits_diff() const noexcept { return reason() == BookReason::unproven || reason() == BookReason::disconnected; }

  void begin() noexcept {
    BookHeader &h = *memory.header;
    store_relaxed(h.claim, h.cursor + 1);
    std::atomic_thread_fence(std::memory_order_release); // the claim is seen before anything changes
  }
  void end() noexcept { store_release(memory.header->cursor, memory.header->claim); }

  void turn_stale(BookReason why) noexcept {
    begin();
    lose(why);
    end();
  }
  void lose(BookReason why) noexcept {
    BookHeader &h = *memory.header;
    h.gaps += state() == BookState::live;
    h.head.state = static_cast<std::uint32_t>(h.head.state == 0 ? BookState::empty : BookState::stale);
    h.head.reason = static_cast<std::uint32_t>(why);
    h.head.proven_since_ns = 0;
  }
  void turn_live(std::int64_t since_ns) noexcept {
    begin();
    be_live(since_ns);
    end();
  }
  void be_live(std::int64_t since_ns) noexcept {
    BookHead &head = memory.header->head;
    if (head.state != static_cast<std::uint32_t>(BookState::live))
      head.proven_since_ns = since_ns;
    head.state = static_cast<std::uint32_t>(BookState::live);
    head.reason = static_cast<std::uint32_t>(BookReason::none);
  }

  // -- what diffs are

  std::int64_t before_of(const DepthRecord &record) const noexcept {
    return rule() == BookRule::previous_id ? record.prev_update_id : record.first_update_id - 1;
  }
  static bool are_good_ids(const DepthRecord &record, std::int64_t before) noexcept {
    return record.first_update_id >= 0 && record.first_update_id <= record.update_id && before >= -1 && before <= record.update_id;
  }
  // No price or quantity that cannot be, infinite and undefined ones among them. Without a branch for each.
  static bool are_good(const Level *levels, std::size_t count) noexcept {
    bool good = true;
    for (std::size_t i = 0; i < count; ++i)
      good &= (levels[i].price > 0) & (levels[i].price < 1e300) & (levels[i].qty >= 0) & (levels[i].qty < 1e300);
    return good;
  }
  template <bool bids> static bool is_sorted(const Level *levels, std::size_t count) noexcept {
    for (std::size_t i = 1; i < count; ++i)
      if (!SideWalk<bids>::better(levels[i - 1].price, levels[i].price))
        return false;
    return true;
  }

  // The levels of a record; nullptr where they have been written over.
  static const Level *levels_of(const RingView &ring, const DepthRecord &record) noexcept {
    if (record.levels_begin < ring.header->level_claim - ring.level_capacity)
      return nullptr;
    return ring.levels + (record.levels_begin & (ring.level_capacity - 1));
  }

  // Find the diffs that lead on from an id: the first one's sequence, and the id of the last. False where one is missing or bad.
  bool find_diffs(const RingView &ring, std::int64_t id, std::int64_t &first, std::int64_t &newest) const noexcept {
    const std::int64_t cursor = ring.cursor(), oldest = std::max<std::int64_t>(0, ring.oldest_intact());
    const auto record_at = [&](std::int64_t at) -> const DepthRecord & { return *reinterpret_cast<const DepthRecord *>(ring.slot(at)); };
    // Ids may have begun anew: what is older has nothing to do with them, whatever its own.
    std::int64_t sequence = std::max(cursor, oldest);
    while (sequence > oldest && record_at(sequence - 1).update_id < record_at(sequence).update_id)
      --sequence;
    for (; sequence <= cursor; ++sequence) {
      const DepthRecord &record = record_at(sequence);
      if (record.update_id <= newest)
        continue;
      const std::int64_t before = before_of(record);
      const Level *const levels = levels_of(ring, record);
      if (before > newest || !are_good_ids(record, before) || record.flags & FLAG_LEVELS_TRUNCATED || levels == nullptr ||
          !are_good(levels, record.bid_count + std::size_t{record.ask_count}))
        return false;
      if (newest == id)
        first = sequence;
      newest = record.update_id;
    }
    return true;
  }
  static bool is_newest(const RingView &ring, std::int64_t id) noexcept {
    const std::int64_t cursor = ring.cursor();
    return cursor >= 0 && reinterpret_cast<const DepthRecord *>(ring.slot(cursor))->update_id == id;
  }

  // -- changes, between `begin` and `end`

  void apply(const DepthRecord &record, const Level *levels) noexcept {
    set<true>(levels, record.bid_count);
    set<false>(levels + record.bid_count, record.ask_count);
    ++memory.header->diffs;
  }

  // What a diff, or a whole book, leaves behind.
  void settle(const DepthRecord &record) noexcept {
    BookHead &head = memory.header->head;
    head.update_id = record.update_id;
    head.event_ns = record.event_ns;
    head.recv_ns = record.recv_ns;
    be_live(record.recv_ns);
    find_best();
    if (head.best_bid.price >= head.best_ask.price) [[unlikely]]
      lose(BookReason::crossed);
    else if (is_beyond<true>(head.best_bid.price, head.bid_floor) || is_beyond<false>(head.best_ask.price, head.ask_ceiling)) [[unlikely]]
      lose(BookReason::unknown);
    if (wants_grid()) [[unlikely]]
      regrid();
  }

  // Has a side nothing left of what is known? Written so that a side without levels has, unless all of it is known.
  template <bool bids> static bool is_beyond(double best, double edge) noexcept {
    const bool is_complete = bids ? edge == 0 : edge == std::numeric_limits<double>::infinity();
    return !is_complete && !(bids ? best >= edge : best <= edge);
  }

  void replace(const DepthRecord &record, const Level *levels) noexcept {
    const std::size_t bid_count = record.bid_count, ask_count = record.ask_count;
    const Level *const asks = levels + bid_count;
    if (record.flags & FLAG_LEVELS_TRUNCATED)
      return turn_stale(BookReason::truncated);
    if (!are_good(levels, bid_count + ask_count) || !is_sorted<true>(levels, bid_count) || !is_sorted<false>(asks, ask_count))
      return turn_stale(BookReason::malformed);
    BookHeader &h = *memory.header;
    begin();
    clear();
    if (h.grid.steps == 0)
      h.grid = choose_grid(levels, bid_count, asks, ask_count, memory.places);
    h.head.bid_floor = bid_count == 0 ? 0 : levels[bid_count - 1].price;
    h.head.ask_ceiling = ask_count == 0 ? std::numeric_limits<double>::infinity() : asks[ask_count - 1].price;
    apply(record, levels); // for want of room, less may be known than that
    settle(record);
    end();
  }

  template <bool bids> void set(const Level *levels, std::size_t count) noexcept {
    BookHeader &h = *memory.header;
    const GridView grid{h.grid, memory.places};
    std::uint64_t *const bits = memory.bits[!bids];
    double *const quantities = memory.quantities[!bids];
    std::uint32_t top = bids ? h.top_bid : h.top_ask;
    std::uint32_t &counted = bids ? h.head.bid_count : h.head.ask_count;
    std::uint32_t more = 0; // modulo 2^32
    for (const Level *const end = levels + count; levels != end; ++levels) {
      std::uint32_t place;
      if (grid.find(levels->price, place)) [[likely]] {
        const bool there = levels->qty != 0;
        std::uint64_t &word = bits[place / 64];
        const std::uint64_t bit = std::uint64_t{1} << (place % 64);
        more += there - static_cast<std::uint32_t>((word & bit) != 0);
        word = (word & ~bit) | (there ? bit : 0);
        quantities[place] = levels->qty;
        const std::uint32_t candidate = there ? place : top;
        top = bids ? std::max(top, candidate) : std::min(top, candidate);
      } else {
        more += set_far<bids>(*levels, grid);
      }
    }
    counted += more;
    (bids ? h.top_bid : h.top_ask) = top;
  }

  // All levels of a side, given best first. They are set worst first: far ones are appended then, and move none of those that are
  // there already, which took milliseconds where there were thousands; and where there is no room, it is the best that stay.
  template <bool bids> void fill(const Level *levels, std::size_t count) noexcept {
    while (count != 0)
      set<bids>(levels + --count, 1);
  }

  // A level that has no place on the grid; how many there are more.
  template <bool bids> __attribute__((noinline)) std::uint32_t set_far(Level level, const GridView &grid) noexcept {
    BookHeader &h = *memory.header;
    Level *const far = memory.far[!bids];
    std::uint32_t &count = bids ? h.far_bids : h.far_asks;
    off_grid_ += level.price >= grid.price_at(grid.grid.base) && level.price < grid.price_at(grid.grid.base + grid.places);
    Level *at = std::partition_point(far, far + count, [&](const Level &other) { return SideWalk<bids>::better(level.price, other.price); });
    const auto behind = [&](const Level *from) { return static_cast<std::size_t>(far + count - from) * sizeof(Level); };
    if (at != far + count && at->price == level.price) {
      if (level.qty != 0) {
        *at = level;
        return 0;
      }
      std::memmove(at, at + 1, behind(at + 1));
      --count;
      return ~0u;
    }
    if (level.qty == 0)
      return 0; // of a level outside of the snapshot
    std::uint32_t gone = 0;
    if (count == memory.far_levels) [[unlikely]] {
      // The worst are given up, a sixteenth at once, because all others move.
      const std::uint32_t before = static_cast<std::uint32_t>(at - far);
      gone = count / 16;
      h.dropped_levels += gone;
      std::memmove(far, far + gone, behind(far + gone));
      count -= gone;
      double &edge = bids ? h.head.bid_floor : h.head.ask_ceiling;
      if (SideWalk<bids>::better(far[0].price, edge))
        edge = far[0].price;
      if (before < gone) {
        ++h.dropped_levels;
        return ~gone + 1;
      }
      at -= gone;
    }
    std::memmove(at + 1, at, behind(at));
    *at = level;
    ++count;
    return 1 - gone;
  }

  void find_best() noexcept {
    BookHeader &h = *memory.header;
    h.head.best_bid = best<true>(h.top_bid, h.far_bids);
    h.head.best_ask = best<false>(h.top_ask, h.far_asks);
  }
  template <bool bids> Level best(std::uint32_t &top, std::uint32_t far_count) noexcept {
    const std::uint64_t *const bits = memory.bits[!bids];
    std::uint32_t word = top / 64;
    while (bits[word] == 0 && word != (bids ? 0 : memory.places / 64 - 1))
      word += bids ? -1 : 1;
    Level found{no_price, 0};
    if (bits[word] != 0) {
      top = word * 64 + static_cast<std::uint32_t>(bids ? 63 - std::countl_zero(bits[word]) : std::countr_zero(bits[word]));
      found = {GridView{memory.header->grid, memory.places}.price_at(memory.header->grid.base + top), memory.quantities[!bids][top]};
    } else {
      top = bids ? 0 : memory.places - 1;
    }
    if (far_count != 0 && !(SideWalk<bids>::better(found.price, memory.far[!bids][far_count - 1].price)))
      found = memory.far[!bids][far_count - 1];
    return found;
  }

  void clear() noexcept {
    BookHeader &h = *memory.header;
    std::memset(memory.bits[0], 0, 2 * (memory.places / 8));
    h.head.bid_count = h.head.ask_count = h.far_bids = h.far_asks = 0;
    h.top_bid = 0;
    h.top_ask = memory.places - 1;
    off_grid_ = 0;
  }

  // -- the grid

  // Whether another grid would hold more of what happens: the best have moved to its edge, or it is too coarse.
  bool wants_grid() const noexcept {
    const BookHeader &h = *memory.header;
    if (off_grid_ > off_grid_limit)
      return true;
    if (h.grid.steps == 0) // there were no levels to choose it by, or none that fit on one: look again now and then
      return h.diffs % 1024 == 1;
    const double middle = h.head.best_bid.price + h.head.best_ask.price;
    const double from = static_cast<double>(h.grid.base) + memory.places / 8, to = from + memory.places / 4 * 3;
    const double step = middle * 0.5 * h.grid.steps;
    return (step < from && h.grid.base > 0) || step > to; // never where a side is empty: NaN
  }

  void regrid() noexcept {
    BookHeader &h = *memory.header;
    off_grid_ = 0;
    const std::size_t bid_count = h.head.bid_count, ask_count = h.head.ask_count;
    const std::unique_ptr<Level[]> all(new (std::nothrow) Level[bid_count + ask_count]);
    if (all == nullptr)
      return; // it is only slower
    Level *const bids = all.get(), *const asks = bids + bid_count;
    SideWalk<true> bid_walk(memory, h.grid, h.top_bid, h.far_bids);
    SideWalk<false> ask_walk(memory, h.grid, h.top_ask, h.far_asks);
    std::size_t i = 0, j = 0;
    while (i < bid_count && bid_walk.next(bids[i]))
      ++i;
    while (j < ask_count && ask_walk.next(asks[j]))
      ++j;
    clear();
    h.grid = choose_grid(bids, i, asks, j, memory.places);
    fill<true>(bids, i);
    fill<false>(asks, j);
    off_grid_ = 0;
    find_best();
    ++h.regrids;
  }

  std::uint32_t off_grid_ = 0; // levels that came, and lie between the places of the grid
};

} // namespace fb
