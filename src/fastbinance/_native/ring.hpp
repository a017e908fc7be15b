// Single-writer ring in one block of memory whose layout can be shared. Everything a reader needs is in the block itself, found by
// offsets, never by pointers: another process may map it elsewhere.
//
//   [RingHeader, one page][symbol rows][records, twice][levels]
//
// A record is written at slot i and at slot i + capacity, so that any window of up to `capacity` records is one
// contiguous slice. There is no stamp in a slot: a record s is intact iff s > claim - capacity after the copy.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "record_fields.hpp"

namespace fb {

constexpr std::uint64_t ring_magic = 0x31474e4952424621; // "!FBRING1" in memory order
constexpr std::uint32_t ring_layout_version = 2;
constexpr std::size_t page_bytes = 4096;
constexpr std::size_t max_symbol_bytes = 48;

enum class RingState : std::uint32_t { down = 0, live = 1, quiet = 2, stale = 3 };

struct RingHeader {
  // Constant after creation.
  std::uint64_t magic;
  std::uint32_t layout_version;
  std::uint32_t kind;
  std::uint32_t record_size;
  std::uint32_t symbol_capacity;
  std::int64_t capacity;        // slots, a power of two
  std::int64_t level_capacity;  // levels in the arena, a power of two, or 0
  std::uint64_t symbols_offset; // bytes from the header
  std::uint64_t records_offset;
  // The writer's words, one cache line: what a publish touches and every reader checks.
  alignas(64) std::int64_t claim; // sequence whose slots may be overwritten now
  std::int64_t cursor;            // newest published sequence; -1 when empty
  std::int64_t level_claim;       // levels below this absolute index may be written now; between records, the first free one
  std::uint64_t levels_offset;    // constant, here because readers of depth need it with the words above
  std::uint64_t total_bytes;      // constant
  std::int64_t newest_rank;       // of no use to readers: id or event time of the newest record of a ring of one symbol
  std::uint32_t merge_watch;      // of no use to readers: a MergeWatch of merge_memory.hpp
  std::uint32_t reserved;
  // Sampled by the feed, not per record.
  alignas(64) std::uint32_t symbol_count;
  std::uint32_t state; // RingState
  std::int64_t last_recv_ns;
  std::int64_t heartbeat_ns; // wall clock of the feed's last sample: older than a second means that the feed is stuck
  std::int64_t epoch;        // raised each time another writer takes the ring over
  std::uint64_t rejected;    // payloads of its stream that did not decode, over all connections
};
static_assert(sizeof(RingHeader) == 192 && sizeof(RingHeader) <= page_bytes);
static_assert(offsetof(RingHeader, claim) == 64 && offsetof(RingHeader, symbol_count) == 128);

struct SymbolRow {
  char name[max_symbol_bytes]; // UTF-8 as Binance spells it, zero padded
  std::uint32_t length;
  std::uint32_t reserved;
  std::int64_t last_sequence; // newest record of this symbol; -1 before the first
};
static_assert(sizeof(SymbolRow) == 64);

// Shared words go through atomic_ref so that the plain struct above can live in mapped memory.
template <class T> inline T load_relaxed(T &word) noexcept {
  return std::atomic_ref<T>(word).load(std::memory_order_relaxed);
}
template <class T> inline T load_acquire(T &word) noexcept {
  return std::atomic_ref<T>(word).load(std::memory_order_acquire);
}
template <class T> inline void store_relaxed(T &word, T value) noexcept {
  std::atomic_ref<T>(word).store(value, std::memory_order_relaxed);
}
template <class T> inline void store_release(T &word, T value) noexcept {
  std::atomic_ref<T>(word).store(value, std::memory_order_release);
}

constexpr std::int64_t no_rank = INT64_MIN; // before the first record

// How large a ring of this shape is, and where its parts lie.
struct RingShape {
  Kind kind;
  std::int64_t capacity;
  std::int64_t level_capacity;
  std::uint32_t symbol_capacity;

  std::size_t symbols_bytes() const { return sizeof(SymbolRow) * symbol_capacity; }
  std::size_t records_offset() const { return round_up(page_bytes + symbols_bytes()); }
  std::size_t records_bytes() const { return 2 * static_cast<std::size_t>(capacity) * kind_info(kind).record_size; }
  std::size_t levels_offset() const { return round_up(records_offset() + records_bytes()); }
  std::size_t total_bytes() const {
    return round_up(levels_offset() + sizeof(Level) * static_cast<std::size_t>(level_capacity));
  }
  static std::size_t round_up(std::size_t bytes) { return (bytes + page_bytes - 1) & ~(page_bytes - 1); }
};

// Pointers into a mapped ring; plain data, copied freely.
struct RingView {
  RingHeader *header = nullptr;
  SymbolRow *symbols = nullptr;
  std::byte *records = nullptr;
  Level *levels = nullptr;
  std::int64_t capacity = 0;
  std::int64_t level_capacity = 0;
  std::size_t record_size = 0;

  void attach(void *memory) noexcept {
    auto *base = static_cast<std::byte *>(memory);
    header = reinterpret_cast<RingHeader *>(base);
    symbols = reinterpret_cast<SymbolRow *>(base + header->symbols_offset);
    records = base + header->records_offset;
    levels = reinterpret_cast<Level *>(base + header->levels_offset);
    capacity = header->capacity;
    level_capacity = header->level_capacity;
    record_size = header->record_size;
  }

  std::int64_t cursor() const noexcept { return load_acquire(header->cursor); }

  // First of the two places of a record.
  std::byte *slot(std::int64_t sequence) const noexcept {
    return records + static_cast<std::size_t>(sequence & (capacity - 1)) * record_size;
  }

  // Oldest sequence that a reader may still trust, after its copy. Pairs with the writer's release fence.
  std::int64_t oldest_intact() const noexcept {
    std::atomic_thread_fence(std::memory_order_acquire);
    return load_relaxed(header->claim) - capacity + 1;
  }
  // The same for the arena: blocks that begin below this have been written over.
  std::int64_t oldest_intact_level() const noexcept {
    std::atomic_thread_fence(std::memory_order_acquire);
    return load_relaxed(header->level_claim) - level_capacity;
  }

  // Copy the newest record. False when the ring is empty. Retries while the writer laps us, which takes a whole
  // capacity of messages between two loads.
  bool read_last(void *out) const noexcept {
    for (;;) {
      const std::int64_t sequence = cursor();
      if (sequence < 0)
        return false;
      std::memcpy(out, slot(sequence), record_size);
      if (sequence >= oldest_intact())
        return true;
    }
  }

  // Copy one record by sequence. False when it is not there (lapped, or not yet published).
  bool read_at(std::int64_t sequence, void *out) const noexcept {
    if (sequence < 0 || sequence > cursor())
      return false;
    std::memcpy(out, slot(sequence), record_size);
    return sequence >= oldest_intact();
  }

  // Sequence of the newest record of a symbol, up to one that is published: for when its row names a record that is stored
  // and not shown yet, which is so between two stores of the writer, and on where that one was ended in between. -1 when
  // there has been none; one that `read_at` refuses when it is not known any more.
  std::int64_t newest_of(std::uint32_t symbol_id, std::int64_t sequence) const noexcept {
    for (; sequence >= 0; --sequence) {
      RecordHead head;
      std::memcpy(&head, slot(sequence), sizeof head);
      if (sequence < oldest_intact() || head.symbol_id == symbol_id)
        return sequence;
    }
    return -1;
  }

  // Copy a depth record's levels, bids then asks. False when they have been written over.
  bool read_levels(const DepthRecord &head, Level *out) const noexcept {
    const std::size_t count = std::size_t{head.bid_count} + head.ask_count;
    if (count > static_cast<std::size_t>(level_capacity)) // torn head: never follow a length from one
      return false;
    const std::size_t at = static_cast<std::size_t>(head.levels_begin & (level_capacity - 1));
    if (at + count > static_cast<std::size_t>(level_capacity))
      return false;
    std::memcpy(out, levels + at, count * sizeof(Level));
    return head.levels_begin >= oldest_intact_level();
  }
};

// Lay a new ring out in zeroed memory.
inline void format_ring(void *memory, const RingShape &shape) noexcept {
  auto *header = static_cast<RingHeader *>(memory);
  header->layout_version = ring_layout_version;
  header->kind = static_cast<std::uint32_t>(shape.kind);
  header->record_size = kind_info(shape.kind).record_size;
  header->symbol_capacity = shape.symbol_capacity;
  header->capacity = shape.capacity;
  header->level_capacity = shape.level_capacity;
  header->symbols_offset = page_bytes;
  header->records_offset = shape.records_offset();
  header->levels_offset = shape.levels_offset();
  header->total_bytes = shape.total_bytes();
  header->claim = -1;
  header->cursor = -1;
  header->newest_rank = no_rank;
  header->epoch = 1;
  // Last: who sees the magic sees a complete header.
  store_release(header->magic, ring_magic);
}

} // namespace fb
