// The memory of one order book, which may be shared: whoever maps it can read it, by offsets. See book.hpp for who writes it.
//
//   [BookHeader, one page][bits of bids][bits of asks][quantities of bids][quantities of asks][far bids][far asks]
//
// Near the best, a level is a place on a grid of prices: one bit says whether it is there, and setting it looks for nothing. What
// lies outside of the grid, or between its prices, is far: a sorted array. Both give prices bit for bit as they came, because a
// price is on the grid only where the grid's arithmetic gives the very same double.
#pragma once

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>

#include "clock.hpp"
#include "ring.hpp"

namespace fb {

constexpr std::uint64_t book_magic = 0x314b4f4f42424621; // "!FBBOOK1" in memory order
constexpr std::uint32_t book_layout_version = 1;
constexpr std::uint32_t most_places = 1u << 20;
constexpr std::uint32_t most_far_levels = 1u << 20;

enum class BookState : std::uint32_t { empty = 0, live = 1, stale = 2 };

// Why a book is not live. `book_states.BookReason` has the same numbers: append, never renumber.
enum class BookReason : std::uint32_t {
  none = 0,
  no_snapshot = 1,  // there has been none yet
  unproven = 2,     // the snapshot is newer than any diff that has come: the next one proves it
  disconnected = 3, // the next diff tells whether one was missed
  gap = 4,          // diffs do not join
  malformed = 5,    // ids, a price or a quantity that cannot be
  truncated = 6,    // a diff with more levels than the ring's arena holds
  crossed = 7,      // a bid is not below the asks
  new_feed = 8,     // the process that wrote it is gone
  unknown = 9,      // prices have left what the snapshot told of: what lies before the best levels is not known
};

// How diffs follow each other.
enum class BookRule : std::uint32_t {
  first_id = 1,    // by their first id: spot
  previous_id = 2, // by the id of the one before: futures, options, Alpha
  whole = 3,       // each message is the whole book: partial depth
};

// What is told about a book as a whole, and is of one moment with its levels.
struct BookHead {
  std::uint32_t state;  // BookState
  std::uint32_t reason; // BookReason
  std::int64_t update_id;
  std::int64_t event_ns;
  std::int64_t recv_ns;
  Level best_bid; // price NaN where there is none
  Level best_ask;
  std::uint32_t bid_count;
  std::uint32_t ask_count;
  std::int64_t proven_since_ns; // receive time of the diff, or of the snapshot, from which on it is proved; 0: it is not
  double bid_floor;             // bids below this price may be missing
  double ask_ceiling;           // asks above it may be
};

struct BookGrid {
  double steps;  // places in a price of 1; 0: there is no grid
  double tick;   // units of `scale` in a step
  double scale;  // units in a price of 1: a power of ten
  std::int64_t base; // step of the first place
};

struct BookHeader {
  // Constant after creation.
  std::uint64_t magic;
  std::uint32_t layout_version;
  std::uint32_t rule;
  std::uint32_t places;     // of the grid, a power of two
  std::uint32_t far_levels; // of each side
  std::uint64_t total_bytes;
  // One after the other: what a reader of the top wants.
  alignas(64) std::int64_t claim; // number of the change that may be going on
  std::int64_t cursor;            // number of the last one that is complete
  BookHead head;
  alignas(64) BookGrid grid;
  std::uint32_t top_bid; // place of the best bid on the grid, where there is one
  std::uint32_t top_ask;
  std::uint32_t far_bids;
  std::uint32_t far_asks;
  // Counters, of no moment in particular.
  alignas(64) std::uint64_t diffs;     // applied
  std::uint64_t ignored;               // older than the book
  std::uint64_t gaps;                  // times that the proof was lost
  std::uint64_t snapshots;             // taken
  std::uint64_t regrids;
  std::uint64_t dropped_levels;        // far ones, for which there was no room
  std::int64_t snapshot_id;
};
static_assert(sizeof(BookHeader) <= page_bytes);

struct BookShape {
  std::uint32_t places;
  std::uint32_t far_levels;

  static bool fits(std::uint32_t size, std::uint32_t most) noexcept { return size >= 64 && size <= most && std::has_single_bit(size); }
  bool good() const noexcept { return fits(places, most_places) && fits(far_levels, most_far_levels); }
  std::size_t bits_offset() const noexcept { return page_bytes; }
  std::size_t quantities_offset() const noexcept { return bits_offset() + 2 * (places / 8); }
  std::size_t far_offset() const noexcept { return quantities_offset() + 2 * sizeof(double) * places; }
  std::size_t total_bytes() const noexcept { return RingShape::round_up(far_offset() + 2 * sizeof(Level) * far_levels); }
};

constexpr double no_price = std::numeric_limits<double>::quiet_NaN();

// Pointers into a mapped book; plain data, copied freely.
struct BookMemory {
  BookHeader *header = nullptr;
  std::uint64_t *bits[2] = {};
  double *quantities[2] = {};
  Level *far[2] = {}; // from the worst to the best
  std::uint32_t places = 0;
  std::uint32_t far_levels = 0;

  void attach(void *memory) noexcept {
    auto *base = static_cast<std::byte *>(memory);
    header = reinterpret_cast<BookHeader *>(base);
    places = header->places;
    far_levels = header->far_levels;
    const BookShape shape{places, far_levels};
    for (std::size_t side = 0; side < 2; ++side) {
      bits[side] = reinterpret_cast<std::uint64_t *>(base + shape.bits_offset()) + side * (places / 64);
      quantities[side] = reinterpret_cast<double *>(base + shape.quantities_offset()) + side * places;
      far[side] = reinterpret_cast<Level *>(base + shape.far_offset()) + side * far_levels;
    }
  }
};

inline void format_book(void *memory, BookShape shape, BookRule rule) noexcept {
  auto *header = static_cast<BookHeader *>(memory);
  header->layout_version = book_layout_version;
  header->rule = static_cast<std::uint32_t>(rule);
  header->places = shape.places;
  header->far_levels = shape.far_levels;
  header->total_bytes = shape.total_bytes();
  header->head.best_bid = header->head.best_ask = {no_price, 0};
  header->head.reason = static_cast<std::uint32_t>(BookReason::no_snapshot);
  store_release(header->magic, book_magic);
}

// Whether a book's header leads nowhere outside of its room: it is another process that has written it.
inline bool book_fits(const void *memory, std::size_t bytes) noexcept {
  if (bytes < page_bytes)
    return false;
  const auto *header = static_cast<const BookHeader *>(memory);
  const BookShape shape{header->places, header->far_levels};
  return header->magic == book_magic && header->layout_version == book_layout_version && shape.good() && header->rule >= 1 &&
         header->rule <= 3 && header->total_bytes == shape.total_bytes() && header->total_bytes <= bytes;
}

// The place of a price: where `price_at` gives it back exactly, else none.
struct GridView {
  BookGrid grid;
  std::uint32_t places;

  inline __attribute__((always_inline)) double price_at(std::int64_t step) const noexcept {
    return static_cast<double>(step) * grid.tick / grid.scale; // the product is exact, so the quotient is the nearest double
  }
  inline __attribute__((always_inline)) bool find(double price, std::uint32_t &place) const noexcept {
    const double step = price * grid.steps;
    if (!(std::fabs(step) < 4e15)) [[unlikely]] // beyond exact integers, or no number at all
      return false;
    const auto nearest = static_cast<std::int64_t>(step + 0.5);
    const auto at = static_cast<std::uint64_t>(nearest) - static_cast<std::uint64_t>(grid.base);
    place = static_cast<std::uint32_t>(at);
    return at < places && price_at(nearest) == price;
  }
};

// The levels of a side from the best to the worst. Another process may change them meanwhile: nothing leads outside of the
// memory and nothing goes on for ever, and what was read counts only if no change has begun since.
template <bool bids> class SideWalk {
public:
  SideWalk(const BookMemory &memory, const BookGrid &grid, std::uint32_t top, std::uint32_t far_count) noexcept
      : bits_(memory.bits[!bids]), quantities_(memory.quantities[!bids]), far_(memory.far[!bids]), grid_{grid, memory.places},
        words_(memory.places / 64), left_(far_count < memory.far_levels ? far_count : memory.far_levels) {
    word_ = (top & (memory.places - 1)) / 64;
    // Nothing better than the top is there: bits above it are those of a torn read, if any.
    mask_ = bits_[word_];
    far_next_ = left_ != 0 ? far_[left_ - 1] : Level{no_price, 0};
    find_near();
  }

  static constexpr bool better(double a, double b) noexcept { return bids ? a > b : a < b; }

  // The next level; false where there is none.
  inline __attribute__((always_inline)) bool next(Level &level) noexcept {
    if (near_ && !(left_ != 0 && better(far_next_.price, near_price_))) [[likely]] {
      level = {near_price_, quantities_[place_]};
      find_near();
      return true;
    }
    if (left_ == 0)
      return false;
    level = far_next_;
    --left_;
    far_next_ = left_ != 0 ? far_[left_ - 1] : Level{no_price, 0};
    return true;
  }

private:
  inline __attribute__((always_inline)) void find_near() noexcept {
    while (mask_ == 0) {
      const std::uint32_t following = bids ? word_ - 1 : word_ + 1;
      if (following >= words_) { // below zero too
        near_ = false;
        return;
      }
      word_ = following;
      mask_ = bits_[word_];
    }
    const auto bit = static_cast<std::uint32_t>(bids ? 63 - std::countl_zero(mask_) : std::countr_zero(mask_));
    mask_ &= ~(std::uint64_t{1} << bit);
    place_ = word_ * 64 + bit;
    // Without a sign: of a torn read, or of memory that somebody else has spoilt, the base may be any number.
    near_price_ = grid_.price_at(static_cast<std::int64_t>(static_cast<std::uint64_t>(grid_.grid.base) + place_));
  }

  const std::uint64_t *bits_;
  const double *quantities_;
  const Level *far_;
  GridView grid_;
  std::uint32_t words_;
  std::uint32_t left_; // far levels that have not been given
  std::uint32_t word_;
  std::uint32_t place_ = 0;
  std::uint64_t mask_;
  double near_price_ = 0;
  Level far_next_;
  bool near_ = true;
};

} // namespace fb
