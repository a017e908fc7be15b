// Reads of an order book, each of one moment: what a change touched meanwhile is read again.
//
// The quote of a bookTicker is ahead of the book's diffs. Where its update id is the newer one, it is the best level of both sides:
// what is better than it in the book is gone, and a level of its price has its quantity.
#pragma once

#include <algorithm>
#include <utility>

#include "book_memory.hpp"

namespace fb {

enum class TopSource : std::uint32_t { depth = 0, book_ticker = 1 };

// A quote that is newer than the book, or none.
struct Quote {
  bool there = false;
  std::int64_t update_id = 0, event_ns = 0, recv_ns = 0;
  Level bid{}, ask{}; // price NaN where there is none
};

struct BookTop {
  std::uint32_t source; // TopSource
  std::uint32_t state;  // BookState, of the book
  std::int64_t update_id, event_ns, recv_ns;
  Level bid, ask; // price NaN where there is none
};

// What a walk from the best level on comes to.
struct Depth {
  double qty = 0;     // in all
  double first = 0;   // price of the best one
  double beyond = 0;  // price less the first one, times quantity, summed: one level has its own price as average, exactly
  std::uint32_t levels = 0;
  bool exhausted = false; // the book has no more

  double average_price() const noexcept { return first + beyond / qty; }
};

class BookReader {
public:
  BookMemory memory;
  const RingView *quotes = nullptr; // of bookTicker records of the same symbol

  // Do a read, `read(quote)`, until it is of one moment. False: a change has begun and does not end, because who made it
  // is gone.
  template <class Read> bool consistently(Read &&read) const noexcept {
    BookHeader &h = *memory.header;
    std::int64_t give_up_ns = 0;
    for (unsigned attempt = 0;; ++attempt) {
      const std::int64_t cursor = load_acquire(h.cursor);
      if (load_relaxed(h.claim) == cursor) [[likely]] {
        read(newer_quote(h.head));
        std::atomic_thread_fence(std::memory_order_acquire);
        if (load_relaxed(h.claim) == cursor) [[likely]]
          return true;
      }
      if (attempt % 64 == 63) {
        const std::int64_t now_ns = monotonic_ns();
        if (give_up_ns == 0)
          give_up_ns = now_ns + patience_ns;
        else if (now_ns > give_up_ns)
          return false;
      }
    }
  }

  bool head(BookHead &out) const noexcept {
    return consistently([&](const Quote &) { out = memory.header->head; });
  }

  bool top(BookTop &out) const noexcept {
    return consistently([&](const Quote &quote) {
      const BookHead &h = memory.header->head;
      if (quote.there)
        out = {static_cast<std::uint32_t>(TopSource::book_ticker), h.state, quote.update_id, quote.event_ns, quote.recv_ns, quote.bid,
               quote.ask};
      else
        out = {static_cast<std::uint32_t>(TopSource::depth), h.state, h.update_id, h.event_ns, h.recv_ns, h.best_bid, h.best_ask};
    });
  }

  // How many levels a side has at most, in this moment.
  template <bool bids> std::uint32_t count() const noexcept {
    const BookHead &h = memory.header->head;
    return std::min((bids ? h.bid_count : h.ask_count), memory.places + memory.far_levels) + 1; // a quote may bring one
  }

  // What follows is to be done within `consistently`.

  // Copy the best `n` levels, and return how many there are.
  template <bool bids> std::uint32_t copy(const Quote &quote, Level *out, std::uint32_t n) const noexcept {
    std::uint32_t i = 0;
    walk<bids>(quote, [&](Level level) {
      if (i == n)
        return false;
      out[i++] = level;
      return true;
    });
    return i;
  }

  // Walk the levels from the best on, as long as `visit(level)` wants more; whether it did at the end.
  template <bool bids, class Visit> bool walk(const Quote &quote, Visit &&visit) const noexcept {
    const BookHeader &h = *memory.header;
    SideWalk<bids> side(memory, h.grid, bids ? h.top_bid : h.top_ask, bids ? h.far_bids : h.far_asks);
    Level level;
    bool more = side.next(level);
    if (quote.there) {
      const Level best = bids ? quote.bid : quote.ask;
      while (more && !SideWalk<bids>::better(best.price, level.price))
        more = side.next(level);
      if (best.qty != 0 && !visit(best))
        return false;
    }
    for (; more; more = side.next(level))
      if (!visit(level))
        return false;
    return true;
  }

  // As far as a price, that included.
  template <bool bids> Depth to_price(const Quote &quote, double price) const noexcept {
    Depth found;
    found.exhausted = walk<bids>(quote, [&](Level level) {
      if (SideWalk<bids>::better(price, level.price))
        return false;
      add(found, level);
      return true;
    });
    return found;
  }

  // As far as a quantity: of the last level only what is needed, and nothing of levels behind which others may be missing.
  template <bool bids> Depth to_qty(const Quote &quote, double qty) const noexcept {
    Depth found;
    const BookHead &head = memory.header->head;
    const double edge = bids ? head.bid_floor : head.ask_ceiling;
    walk<bids>(quote, [&](Level level) {
      if (found.qty >= qty || SideWalk<bids>::better(edge, level.price))
        return false;
      level.qty = std::min(level.qty, qty - found.qty);
      add(found, level);
      return true;
    });
    found.exhausted = found.qty < qty;
    return found;
  }

  // The best n levels.
  template <bool bids> Depth to_level(const Quote &quote, std::uint32_t n) const noexcept {
    Depth found;
    found.exhausted = walk<bids>(quote, [&](Level level) {
      if (found.levels == n)
        return false;
      add(found, level);
      return true;
    });
    return found;
  }

  // The quantity at a price, 0 where there is none.
  template <bool bids> double qty_at(const Quote &quote, double price) const noexcept {
    const BookHeader &h = *memory.header;
    if (quote.there) {
      const Level best = bids ? quote.bid : quote.ask;
      if (best.price == price)
        return best.qty;
      if (!SideWalk<bids>::better(best.price, price))
        return 0; // no price is better than that of an empty side
    }
    std::uint32_t place;
    if (GridView{h.grid, memory.places}.find(price, place)) {
      const bool there = memory.bits[!bids][place / 64] >> (place % 64) & 1;
      return there ? memory.quantities[!bids][place] : 0;
    }
    const Level *const far = memory.far[!bids];
    const Level *const end = far + std::min(bids ? h.far_bids : h.far_asks, memory.far_levels);
    const Level *const at =
        std::partition_point(far, end, [&](const Level &other) { return SideWalk<bids>::better(price, other.price); });
    return at != end && at->price == price ? at->qty : 0;
  }

  // The same with the side chosen at run time.
  Depth side_to_price(bool bids, const Quote &quote, double price) const noexcept {
    return bids ? to_price<true>(quote, price) : to_price<false>(quote, price);
  }
  Depth side_to_qty(bool bids, const Quote &quote, double qty) const noexcept {
    return bids ? to_qty<true>(quote, qty) : to_qty<false>(quote, qty);
  }

  // Whole reads, for who has no closures. False as from `consistently`.
  bool read_levels(Level *bids, std::uint32_t &bid_count, Level *asks, std::uint32_t &ask_count, BookHead &head) const noexcept {
    const std::uint32_t most_bids = bid_count, most_asks = ask_count;
    return consistently([&](const Quote &quote) {
      head = memory.header->head;
      bid_count = copy<true>(quote, bids, most_bids);
      ask_count = copy<false>(quote, asks, most_asks);
    });
  }
  bool read_to_price(bool bids, double price, Depth &out, BookHead &head) const noexcept {
    return consistently([&](const Quote &quote) {
      head = memory.header->head;
      out = side_to_price(bids, quote, price);
    });
  }
  bool read_to_qty(bool bids, double qty, Depth &out, BookHead &head) const noexcept {
    return consistently([&](const Quote &quote) {
      head = memory.header->head;
      out = side_to_qty(bids, quote, qty);
    });
  }
  bool read_to_level(std::uint32_t n, Depth &bids, Depth &asks, BookHead &head) const noexcept {
    return consistently([&](const Quote &quote) {
      head = memory.header->head;
      bids = to_level<true>(quote, n);
      asks = to_level<false>(quote, n);
    });
  }
  // How many levels of each side are known to be complete up to the best one; the quote apart.
  bool read_known(std::uint32_t &bids, std::uint32_t &asks) const noexcept {
    return consistently([&](const Quote &) {
      const BookHead &h = memory.header->head;
      bids = to_price<true>({}, h.bid_floor).levels;
      asks = to_price<false>({}, h.ask_ceiling).levels;
    });
  }
  bool read_qty_at(bool bids, double price, double &out, BookHead &head) const noexcept {
    return consistently([&](const Quote &quote) {
      head = memory.header->head;
      out = bids ? qty_at<true>(quote, price) : qty_at<false>(quote, price);
    });
  }

private:
  // Longer than any change takes, on a machine where who writes may be kept from going on.
  static constexpr std::int64_t patience_ns = 20'000'000;

  static void add(Depth &found, Level level) noexcept {
    if (found.levels++ == 0)
      found.first = level.price;
    found.qty += level.qty;
    found.beyond += (level.price - found.first) * level.qty;
  }

  Quote newer_quote(const BookHead &head) const noexcept {
    if (quotes == nullptr)
      return {};
    BookTickerRecord record;
    const std::int64_t cursor = quotes->cursor();
    if (cursor < 0)
      return {};
    if (!quotes->read_last(&record) || record.update_id <= head.update_id)
      return {};
    return {true, record.update_id, record.event_ns, record.recv_ns, side_of(record.bid_price, record.bid_qty),
            side_of(record.ask_price, record.ask_qty)};
  }
  // Without orders it comes as a price of 0, which would be better than any other ask.
  static Level side_of(double price, double qty) noexcept { return qty != 0 ? Level{price, qty} : Level{no_price, 0}; }
};

} // namespace fb
