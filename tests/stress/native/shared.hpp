// What the programs of this directory share: memory with one ring in it that processes map, and records whose every byte
// follows from their sequence.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include <csignal>
#include <sys/wait.h>

#include "segment.hpp"
#include "writer.hpp"

namespace stress {

#define STRESS_CHECK(condition, ...)                                                                                   \
  do {                                                                                                                 \
    if (!(condition)) [[unlikely]] {                                                                                   \
      std::fprintf(stderr, "%s:%d: %s: ", __FILE__, __LINE__, #condition);                                             \
      std::fprintf(stderr, __VA_ARGS__);                                                                               \
      std::fputc('\n', stderr);                                                                                        \
      std::exit(1);                                                                                                    \
    }                                                                                                                  \
  } while (false)

// A file in memory, mapped for writing here; a reader maps it for reading.
class SharedFile {
public:
  explicit SharedFile(std::size_t bytes) : bytes_(bytes), descriptor_(fb::make_memory_file("fastbinance stress")) {
    STRESS_CHECK(descriptor_ >= 0 && ftruncate(descriptor_, static_cast<off_t>(bytes)) == 0, "no shared memory: %s",
                 std::strerror(errno));
    memory = map(PROT_READ | PROT_WRITE);
  }
  void *map(int protection) const {
    void *at = mmap(nullptr, bytes_, protection, MAP_SHARED, descriptor_, 0);
    STRESS_CHECK(at != MAP_FAILED, "no mapping: %s", std::strerror(errno));
    return at;
  }
  void *memory;

private:
  std::size_t bytes_;
  int descriptor_;
};

inline std::uint64_t mixed(std::int64_t sequence, std::uint64_t salt) noexcept {
  std::uint64_t x = (static_cast<std::uint64_t>(sequence) + salt * 0x632be59bd9b4e019) * 0x9e3779b97f4a7c15;
  return x ^ (x >> 29);
}
inline std::int64_t whole_number(std::int64_t sequence, std::uint64_t salt) noexcept {
  return static_cast<std::int64_t>(mixed(sequence, salt) >> 12);
}
inline double number(std::int64_t sequence, std::uint64_t salt) noexcept {
  return static_cast<double>(mixed(sequence, salt) >> 12) * 0.25; // 52 bits: exact, and never NaN
}

inline void fill_head(fb::RecordHead &r, std::int64_t sequence) noexcept {
  r.sequence = sequence;
  r.flags = static_cast<std::uint32_t>(mixed(sequence, 1));
  r.symbol_id = 0;
  r.event_ns = whole_number(sequence, 2);
  r.transaction_ns = whole_number(sequence, 3);
  r.recv_ns = whole_number(sequence, 4);
}
inline void fill(fb::BookTickerRecord &r, std::int64_t sequence) noexcept {
  fill_head(r, sequence);
  r.update_id = sequence + 1;
  r.bid_price = number(sequence, 5);
  r.bid_qty = number(sequence, 6);
  r.ask_price = number(sequence, 7);
  r.ask_qty = number(sequence, 8);
}

constexpr std::uint32_t most_levels_a_side = 12;
inline std::uint32_t count_of(std::int64_t sequence, std::uint64_t side) noexcept {
  return static_cast<std::uint32_t>(mixed(sequence, 9 + side) >> 20) % (most_levels_a_side + 1);
}
inline fb::Level level_of(std::int64_t sequence, std::uint64_t side, std::uint32_t i) noexcept {
  return {number(sequence, 11 + side), number(sequence, 13 + 2 * std::uint64_t{i} + side)};
}
inline void fill(fb::DepthRecord &r, std::int64_t sequence) noexcept { // all but levels_begin
  fill_head(r, sequence);
  r.first_update_id = whole_number(sequence, 5);
  r.update_id = sequence + 1;
  r.prev_update_id = sequence;
  r.bid_count = count_of(sequence, 0);
  r.ask_count = count_of(sequence, 1);
}
inline void fill_levels(fb::Level *to, std::int64_t sequence) noexcept {
  for (std::uint64_t side = 0; side < 2; ++side)
    for (std::uint32_t i = 0; i < count_of(sequence, side); ++i)
      *to++ = level_of(sequence, side, i);
}
inline bool are_whole(const fb::Level *levels, std::int64_t sequence) noexcept {
  for (std::uint64_t side = 0; side < 2; ++side)
    for (std::uint32_t i = 0; i < count_of(sequence, side); ++i, ++levels) {
      const fb::Level wanted = level_of(sequence, side, i);
      if (std::memcmp(levels, &wanted, sizeof wanted) != 0)
        return false;
    }
  return true;
}
inline bool is_whole(const fb::BookTickerRecord &r) noexcept {
  fb::BookTickerRecord wanted{};
  fill(wanted, r.sequence);
  return std::memcmp(&wanted, &r, sizeof r) == 0;
}
inline bool is_whole(const fb::DepthRecord &r) noexcept {
  fb::DepthRecord wanted{};
  fill(wanted, r.sequence);
  wanted.levels_begin = r.levels_begin;
  return std::memcmp(&wanted, &r, sizeof r) == 0;
}

// Publish the next record as the fast path does.
inline void publish_next(fb::RingWriter &writer, fb::RingTarget &target) noexcept {
  std::int64_t sequence;
  if (writer.kind() == fb::Kind::book_ticker) {
    auto *const first = target.claim<fb::BookTickerRecord>(sequence);
    for (auto *place : {first, first + target.capacity})
      fill(*place, sequence);
    target.publish(sequence);
    return;
  }
  const std::int64_t next = target.header->cursor + 1;
  const std::int64_t count = count_of(next, 0) + count_of(next, 1);
  std::int64_t begin = 0;
  if (next % 13 == 0) // a payload that turns out to be no good; its bound is any
    if (fb::Level *const to = writer.begin_levels(count + next % 40, begin))
      fill_levels(to, next);
  fb::Level *const levels = writer.begin_levels(count + next % 7, begin); // the bound of a good one is too high too
  fill_levels(levels, next);
  auto *const first = target.claim<fb::DepthRecord>(sequence);
  for (auto *place : {first, first + target.capacity}) {
    fill(*place, sequence);
    place->levels_begin = begin;
  }
  target.publish(sequence);
  writer.end_levels(begin + count);
}

inline std::int64_t number_argument(const char *text) {
  char *end;
  const long long value = std::strtoll(text, &end, 10);
  STRESS_CHECK(*text != 0 && *end == 0 && value >= 0, "%s is no number", text);
  return value;
}
inline fb::Kind kind_argument(const std::string &name) {
  STRESS_CHECK(name == "quotes" || name == "depth", "%s is neither quotes nor depth", name.c_str());
  return name == "quotes" ? fb::Kind::book_ticker : fb::Kind::diff_depth;
}

} // namespace stress
