// Asks for memory that the next frames of a socket read will touch. With a thousand streams each message finds its route,
// its ring's header and its slots out of the first two caches; the frames behind it already say which they will be.
//
// Only prefetches: nothing here changes a result.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

#include "route.hpp"

namespace fb {

class Lookahead {
public:
  // Below so many streams everything stays in the cache by itself.
  static bool worthwhile(const RouteTable &table) noexcept { return table.size() >= 48; }

  // Call before the frame is decoded whose payload ends at `end`; `size` bytes of the same read follow it.
  void step(const RouteTable &table, const char *end, std::size_t size) noexcept {
    Frame first;
    if (!read(end, size, first))
      return;
    // One frame ahead: its route has been asked for when it was two ahead. Now its header and slots.
    const Route &route = *table.place(first.name == known_name_ ? known_hash_ : hash_of(first.name));
    if (route.details != nullptr)
      route.target.prefetch(record_bytes(route.kind));
    // Two frames ahead: its route, and the text between.
    Frame second;
    if (!read(first.end, static_cast<std::size_t>(end + size - first.end), second))
      return;
    known_name_ = second.name;
    known_hash_ = hash_of(second.name);
    const Route *next = table.place(known_hash_);
    __builtin_prefetch(next);
    __builtin_prefetch(reinterpret_cast<const char *>(next) + 64, 1);
  }

private:
  struct Frame {
    const char *name; // of the stream
    const char *end;  // of the payload
  };
  static constexpr std::size_t prefix_bytes = 11; // {"stream":"
  static constexpr std::size_t name_window = 40;  // as much of a name as is looked at, and its closing quote

  static std::size_t record_bytes(Kind kind) noexcept { return kind_info(kind).record_size; }

  // The frame that begins at p, when so much of it has been received that its stream name can be read.
  static bool read(const char *p, std::size_t size, Frame &frame) noexcept {
    if (size < 4 + prefix_bytes + name_window || static_cast<unsigned char>(p[0]) != 0x81)
      return false;
    std::size_t length = static_cast<unsigned char>(p[1]);
    std::size_t header = 2;
    if (length == 126) {
      length = static_cast<std::size_t>(static_cast<unsigned char>(p[2])) << 8 | static_cast<unsigned char>(p[3]);
      header = 4;
    } else if (length > 126) {
      return false; // large all-market frames take so long themselves that nothing is gained
    }
    if (length < prefix_bytes + name_window || header + length > size)
      return false;
    frame.name = p + header + prefix_bytes;
    frame.end = p + header + length;
    return true;
  }

  // Eight bytes at a time: a byte loop of unpredictable length would cost as much as is gained.
  static std::size_t hash_of(const char *name) noexcept {
    for (std::size_t length = 8; length < name_window; length += 8) { // the hash needs 8, and no name is shorter
      std::uint64_t word;
      std::memcpy(&word, name + length, 8);
      constexpr std::uint64_t ones = 0x0101010101010101;
      word ^= ones * '"';
      const std::uint64_t quote = (word - ones) & ~word & (ones << 7);
      if (quote != 0)
        return hash_name(name, length + static_cast<std::size_t>(std::countr_zero(quote)) / 8);
    }
    return 0;
  }

  const char *known_name_ = nullptr;
  std::size_t known_hash_ = 0;
};

} // namespace fb
