// The writer's side of a ring: the only code that stores into its memory. One writer for the ring's whole life.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <string_view>

#include "book.hpp"
#include "error.hpp"
#include "merge_memory.hpp"
#include "ring.hpp"

namespace fb {

inline __attribute__((always_inline)) std::uint64_t mix_words(std::uint64_t a, std::uint64_t b, std::uint64_t c,
                                                              std::uint64_t d) noexcept {
  constexpr std::uint64_t odd = 0x9e3779b97f4a7c15;
  const std::uint64_t hash = ((a ^ std::rotl(b, 21)) + (c ^ std::rotl(d, 43))) * odd;
  return hash ^ (hash >> 32);
}

// Mixes a name to 64 bits. Names of 8 to 32 bytes are covered whole by four loads that may overlap; of longer ones the
// rest only costs a comparison. Not for hostile input: names come from our own subscriptions and from Binance.
inline __attribute__((always_inline)) std::uint64_t hash_name(const char *at, std::size_t length) noexcept {
  const auto word = [](const char *from, std::size_t size) __attribute__((always_inline)) {
    std::uint64_t value = 0;
    std::memcpy(&value, from, size);
    return value;
  };
  std::uint64_t a, b = 0, c = 0, d = 0;
  if (length >= 8) [[likely]] {
    const std::size_t last = length - 8;
    a = word(at, 8);
    b = word(at + (last < 8 ? last : 8), 8);
    c = word(at + (last < 16 ? last : 16), 8);
    d = word(at + last, 8);
  } else {
    a = word(at, length);
  }
  return mix_words(a, b, c, d);
}

// The hash of a symbol: of its first 32 bytes, zeros behind it. What is longer only costs a comparison.
inline std::uint64_t hash_symbol(std::string_view name) noexcept {
  std::uint64_t words[4] = {};
  std::memcpy(words, name.data(), std::min<std::size_t>(name.size(), sizeof words));
  return mix_words(words[0], words[1], words[2], words[3]);
}

// What a publish needs of a ring, small enough to lie beside the name that leads to it.
struct RingTarget {
  RingHeader *header = nullptr;
  std::byte *records = nullptr;
  std::int64_t capacity = 0;

  std::int64_t next = 0; // the sequence that comes, as far as this route knows

  // Begin a record: the first of its two places; the second lies `capacity` records further. The caller stores every
  // field into both and calls `publish`. `next` only spares the processor from waiting for the header's line before it
  // knows where to store; when another route or the fallback has published since, the header is right.
  inline __attribute__((always_inline)) std::byte *claim_bytes(std::size_t size, std::int64_t &sequence) noexcept {
    sequence = next;
    if (header->cursor + 1 != sequence) [[unlikely]]
      sequence = header->cursor + 1; // only we write it
    next = sequence + 1;
    store_relaxed(header->claim, sequence);
    std::atomic_thread_fence(std::memory_order_release); // the claim is seen before any byte of the slot changes
    return records + static_cast<std::size_t>(sequence & (capacity - 1)) * size;
  }
  template <class Record> inline __attribute__((always_inline)) Record *claim(std::int64_t &sequence) noexcept {
    return reinterpret_cast<Record *>(claim_bytes(sizeof(Record), sequence));
  }

  // Make a complete record visible; pairs with RingView::cursor.
  inline __attribute__((always_inline)) void publish(std::int64_t sequence) const noexcept {
    store_release(header->cursor, sequence);
  }

  // Ask for what the next record will touch.
  void prefetch(std::size_t record_bytes) const noexcept {
    __builtin_prefetch(&header->claim, 1);
    const std::byte *first = records + static_cast<std::size_t>(next & (capacity - 1)) * record_bytes;
    const std::byte *second = first + static_cast<std::size_t>(capacity) * record_bytes;
    __builtin_prefetch(first, 1);
    __builtin_prefetch(first + record_bytes - 1, 1);
    __builtin_prefetch(second, 1);
    __builtin_prefetch(second + record_bytes - 1, 1);
  }
};

// May this be a symbol? What JSON would have to escape never gets into a ring's table, so that the fast path may compare
// the raw text of a payload with it.
inline DecodeCode check_symbol(std::string_view name) noexcept {
  if (name.empty())
    return DecodeCode::wrong_symbol;
  if (name.size() > max_symbol_bytes)
    return DecodeCode::symbol_too_long;
  for (const char sign : name)
    if (sign == '"' || sign == '\\' || static_cast<unsigned char>(sign) < 0x20)
      return DecodeCode::wrong_symbol;
  return DecodeCode::ok;
}

class RingWriter {
public:
  RingView view;
  MergeMemory merge; // see merge.hpp
  BookWriter *book = nullptr; // that depth records are applied to as soon as they are published
  alignas(8) std::byte scratch[max_record_size] = {}; // a record on its way through the merge; zero where it has no fields

  Kind kind() const noexcept { return static_cast<Kind>(view.header->kind); }

  // `many`: records of many symbols; else the one symbol that the stream names, checked on every record.
  bool many_symbols() const noexcept { return index_ != nullptr; }

  // Allocates the symbol index of a many-symbol ring, and what the merge needs. False when there is no memory.
  // `merges` false: whatever comes is published, for who decodes single payloads or measures.
  bool open(void *memory, bool many, bool merges = true) noexcept {
    view.attach(memory);
    level_head_ = level_attempt_ = level_debris_ = view.header->level_claim;
    rows_ = view.header->symbol_count;
    if (!merge.open(kind(), view.header->symbol_capacity, many, merges))
      return false;
    watch_merge();
    if (many) {
      index_size_ = std::bit_ceil(2 * std::size_t{view.header->symbol_capacity});
      index_.reset(new (std::nothrow) std::uint32_t[index_size_]());
      return index_ != nullptr;
    }
    return true;
  }

  // After `open`, on memory that another writer was stopped on in the midst of anything: go on behind its newest record.
  // `claim` stays as it is, because the slot it names may have been written to.
  void take_over() noexcept {
    RingHeader &header = *view.header;
    // Rows that were staged, and never shown. Any of their bytes may have been written, in any order.
    std::memset(static_cast<void *>(view.symbols + rows_), 0, (header.symbol_capacity - rows_) * sizeof(SymbolRow));
    for (std::uint32_t row = 0; many_symbols() && row < rows_; ++row) {
      SymbolRow &entry = view.symbols[row];
      std::size_t at = hash_symbol({entry.name, entry.length});
      while (index_[at & (index_size_ - 1)] != 0)
        ++at;
      index_[at & (index_size_ - 1)] = row + 1;
      if (entry.last_sequence > header.cursor) // told, and never published
        store_release(entry.last_sequence, view.newest_of(row, header.cursor));
      remember(row, entry.last_sequence);
    }
    // Noted before the record was published, which may not have come to that.
    if (!many_symbols()) {
      header.newest_rank = no_rank;
      remember(0, header.cursor);
    }
    store_relaxed(header.epoch, header.epoch + 1);
  }

  // Row of a symbol in the table, or -1.
  std::int64_t find_symbol(std::string_view name) const noexcept {
    if (!many_symbols()) {
      if (rows_ == 0)
        return -1;
      return row_is(0, name) ? 0 : -1;
    }
    std::size_t at = hash_symbol(name);
    while (const SymbolRow *row = next_row(at)) {
      const std::int64_t number = row - view.symbols;
      if (row_is(static_cast<std::uint32_t>(number), name))
        return number;
    }
    return -1;
  }

  // The next row that a symbol of this hash may have; `at` begins as the hash. nullptr ends the search. The caller compares.
  inline __attribute__((always_inline)) const SymbolRow *next_row(std::size_t &at) const noexcept {
    const std::uint32_t entry = index_[at++ & (index_size_ - 1)];
    return entry == 0 ? nullptr : view.symbols + (entry - 1);
  }

  // Row of a symbol, made if it is new. Never moves or renames a row.
  DecodeCode add_symbol(std::string_view name, std::uint32_t &row) noexcept {
    const DecodeCode code = stage_symbol(name, row);
    keep_staged_symbols();
    return code;
  }

  // The same, but readers see no new row before `keep_staged_symbols`, and until then it may be forgotten.
  DecodeCode stage_symbol(std::string_view name, std::uint32_t &row) noexcept {
    const std::int64_t known = find_symbol(name);
    if (known >= 0) {
      row = static_cast<std::uint32_t>(known);
      return DecodeCode::ok;
    }
    RingHeader &header = *view.header;
    if (const DecodeCode code = check_symbol(name); code != DecodeCode::ok)
      return code;
    if (!many_symbols() && rows_ == 1)
      return DecodeCode::wrong_symbol;
    if (rows_ == header.symbol_capacity)
      return DecodeCode::symbol_table_full;
    row = rows_++;
    SymbolRow &entry = view.symbols[row];
    std::memcpy(entry.name, name.data(), name.size());
    entry.length = static_cast<std::uint32_t>(name.size());
    entry.last_sequence = -1;
    if (many_symbols()) {
      std::size_t at = hash_symbol(name);
      while (index_[at & (index_size_ - 1)] != 0)
        ++at;
      index_[at & (index_size_ - 1)] = row + 1;
    }
    return DecodeCode::ok;
  }
  void keep_staged_symbols() noexcept {
    if (rows_ != view.header->symbol_count)
      store_release(view.header->symbol_count, rows_); // the rows are complete before they count
  }
  void forget_staged_symbols() noexcept {
    while (rows_ != view.header->symbol_count) {
      SymbolRow &entry = view.symbols[--rows_];
      if (many_symbols()) {
        std::size_t at = hash_symbol({entry.name, entry.length});
        while (index_[at & (index_size_ - 1)] != rows_ + 1)
          ++at;
        index_[at & (index_size_ - 1)] = 0; // the newest first, so that no other one's search leads over it
      }
      std::memset(entry.name, 0, entry.length); // names have zeros behind them
    }
  }

  // Contiguous room for up to `bound` levels, or nullptr when the arena is smaller. What lay there is lapped from now on.
  // A block never wraps: the tail that is too short is skipped. Until `end_levels`, every call begins at the same place:
  // a payload that is scanned twice, or rejected, costs the arena nothing but what its bound reaches over.
  Level *begin_levels(std::int64_t bound, std::int64_t &begin) noexcept {
    const std::int64_t capacity = view.level_capacity;
    if (bound > capacity)
      return nullptr;
    RingHeader &header = *view.header;
    // Behind the newest block, but within one arena of what failed attempts have claimed.
    begin = std::max(level_head_, level_attempt_ - capacity);
    const std::int64_t at = begin & (capacity - 1);
    if (at + bound > capacity)
      begin += capacity - at;
    level_debris_ = level_attempt_; // the attempt before this one, if it has not ended well
    level_attempt_ = std::max(level_attempt_, begin + bound);
    store_relaxed(header.level_claim, level_attempt_);
    std::atomic_thread_fence(std::memory_order_release); // the claim is seen before any level below it changes
    return level_at(begin);
  }

  // Publish a record that is complete but for its sequence, and not in the ring yet.
  void publish_copy(std::byte *record, std::size_t size) noexcept {
    auto &head = *reinterpret_cast<RecordHead *>(record);
    reveal();
    std::byte *const first = target().claim_bytes(size, head.sequence);
    std::memcpy(first, record, size);
    std::memcpy(first + static_cast<std::size_t>(view.capacity) * size, record, size);
    if (many_symbols())
      store_release(view.symbols[head.symbol_id].last_sequence, head.sequence);
    if (in_frame_)
      hidden_ = head.sequence;
    else
      store_release(view.header->cursor, head.sequence);
  }

  // Between these two, the newest record is complete but stays hidden until the next one or the end comes: only then it
  // is known whether it is the last of its message, because those behind it may be dropped.
  void begin_frame() noexcept { in_frame_ = true; }
  void end_frame(bool flags_last) noexcept {
    in_frame_ = false;
    if (hidden_ < 0)
      return;
    if (flags_last) {
      std::byte *const first = view.slot(hidden_);
      reinterpret_cast<RecordHead *>(first)->flags |= FLAG_END_OF_FRAME;
      reinterpret_cast<RecordHead *>(first + static_cast<std::size_t>(view.capacity) * view.record_size)->flags |=
          FLAG_END_OF_FRAME;
    }
    reveal();
  }
  inline __attribute__((always_inline)) void reveal() noexcept {
    if (hidden_ >= 0) {
      store_release(view.header->cursor, hidden_);
      hidden_ = -1;
    }
  }
  inline __attribute__((always_inline)) void hide(std::int64_t sequence) noexcept { hidden_ = sequence; }

  // Sequence of the newest record, hidden ones among them, or of the newest of a symbol; -1 when there is none.
  std::int64_t newest_sequence(std::uint32_t symbol_id) const noexcept {
    if (many_symbols())
      return view.symbols[symbol_id].last_sequence;
    return hidden_ >= 0 ? hidden_ : view.header->cursor;
  }
  Level *level_at(std::int64_t begin) const noexcept { return view.levels + (begin & (view.level_capacity - 1)); }

  // What the writer itself may still read of it; nullptr when it has been written over.
  const std::byte *written(std::int64_t sequence) const noexcept {
    return sequence >= 0 && sequence > view.header->claim - view.capacity ? view.slot(sequence) : nullptr;
  }

  // Whatever comes next of a symbol is the first of its stream: for who plays a recording again.
  void forget_order() noexcept {
    view.header->newest_rank = no_rank;
    if (merge.newest != nullptr)
      std::fill_n(merge.newest.get(), rows_, Newest{});
  }

  // After anything that decides which way records take through the merge.
  void watch_merge() noexcept { view.header->merge_watch = merge.watch(order_of(kind())); }
  RingTarget target() const noexcept { return {view.header, view.records, view.capacity, view.header->cursor + 1}; }

  // Memory for so many records of a frame that is not known to be good yet; nullptr when there is none. Grows only.
  template <class Record> Record *stage(std::size_t count) noexcept {
    if (count > staged_room_) [[unlikely]] {
      staged_.reset(new (std::nothrow) std::byte[count * sizeof(Record)]);
      staged_room_ = staged_ == nullptr ? 0 : count;
    }
    return reinterpret_cast<Record *>(staged_.get());
  }

  // After publishing a depth record: its levels end at `end`. The claim falls back to what may really have been written,
  // because the bound was only an estimate: this block, and what earlier failed attempts may have left behind it.
  inline __attribute__((always_inline)) void end_levels(std::int64_t end) noexcept {
    level_head_ = end;
    level_attempt_ = level_debris_ = std::max(end, level_debris_);
    store_relaxed(view.header->level_claim, level_attempt_);
    if (book != nullptr) [[unlikely]]
      tell_book();
  }

private:
  __attribute__((noinline)) void tell_book() noexcept {
    const auto &record = *reinterpret_cast<const DepthRecord *>(view.slot(newest_sequence(0)));
    book->take(record, level_at(record.levels_begin));
  }

  // What the merge has to know of the newest record of a symbol, which another writer has published.
  void remember(std::uint32_t row, std::int64_t sequence) noexcept {
    const std::byte *const newest = written(sequence);
    if (newest == nullptr || merge.states == nullptr)
      return;
    const Ids ids = ids_of(kind(), newest);
    // As after a run that is long enough to prove a hole between two connections, and not one within: see is_proven.
    merge.states[row].run_begin = static_cast<std::int64_t>(static_cast<std::uint64_t>(ids.last) - proving_run_reopened);
    if (merge.newest != nullptr)
      merge.newest[row] = {ids.last, reinterpret_cast<const RecordHead *>(newest)->recv_ns};
    else
      view.header->newest_rank = ids.last;
  }
  bool row_is(std::uint32_t row, std::string_view name) const noexcept {
    const SymbolRow &entry = view.symbols[row];
    return entry.length == name.size() && std::memcmp(entry.name, name.data(), name.size()) == 0;
  }

  std::int64_t level_head_ = 0;    // where the next block begins
  std::int64_t level_attempt_ = 0; // how far any attempt since may have written
  std::int64_t level_debris_ = 0;  // the same, without the newest attempt
  std::unique_ptr<std::byte[]> staged_;
  std::size_t staged_room_ = 0; // in records of this ring's kind
  bool in_frame_ = false;
  std::int64_t hidden_ = -1; // newest record of an unfinished frame
  std::uint32_t rows_ = 0;   // of the symbol table, those that are not shown yet among them
  std::unique_ptr<std::uint32_t[]> index_; // open addressing, row + 1; 0 is free. Never more than half full.
  std::size_t index_size_ = 0;
};

} // namespace fb
