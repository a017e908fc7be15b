// Rings and routes for the fuzz targets: one world per decoder that is compared, all of the same shape.
//
// Ring memory comes from the heap and is exactly as large as its shape says, so that AddressSanitizer sees every store
// behind it. Worlds live as long as the process: wrapping, lapping and full symbol tables come with time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "fallback.hpp"
#include "fast.hpp"

namespace fuzz {

// The harness itself is not what is to be explored.
#define FUZZ_PLAIN __attribute__((no_sanitize("coverage")))

// Says what is wrong, and ends in a way that libFuzzer keeps the input for.
#define FUZZ_CHECK(condition, ...)                                                                                     \
  do {                                                                                                                 \
    if (!(condition)) [[unlikely]] {                                                                                   \
      std::fprintf(stderr, "fuzz: %s:%d: %s: ", __FILE__, __LINE__, #condition);                                       \
      std::fprintf(stderr, __VA_ARGS__);                                                                               \
      std::fputc('\n', stderr);                                                                                        \
      std::abort();                                                                                                    \
    }                                                                                                                  \
  } while (false)

struct NamedRoute {
  fb::Kind kind;
  const char *stream;
  const char *symbol; // "": many symbols
};

// Written by run.py from the seeds: every stream that one of them names.
inline constexpr NamedRoute seed_routes[] = {
#include "routes.inc"
};

// The routes of every world: those of the seeds, and for each kind one that carries many symbols.
inline std::vector<std::pair<std::string, NamedRoute>> all_routes() {
  std::vector<std::pair<std::string, NamedRoute>> routes;
  for (const NamedRoute &route : seed_routes)
    routes.emplace_back(route.stream, route);
  for (std::uint32_t kind = 1; kind < fb::kind_count; ++kind)
    routes.emplace_back(std::string("many@") + fb::kinds[kind].name,
                        NamedRoute{static_cast<fb::Kind>(kind), nullptr, ""});
  return routes;
}

// The newest records of a ring as bytes that can be compared: without what depends on the ring's past, and with their
// levels and symbols.
using Said = std::vector<std::byte>;

class Ring {
public:
  static constexpr std::uint32_t symbol_capacity = 64;
  // More than one input can bring: see max_input_bytes.
  static constexpr std::int64_t capacity = 256;
  static constexpr std::int64_t level_capacity = 2048;

  fb::RingWriter writer;

  Ring(fb::Kind kind, bool many)
      : shape_{kind, capacity, fb::kind_info(kind).has_levels ? level_capacity : 0, many ? symbol_capacity : 1},
        memory_(static_cast<std::byte *>(std::aligned_alloc(fb::page_bytes, shape_.total_bytes())), &std::free) {
    FUZZ_CHECK(memory_ != nullptr, "no memory for a ring");
    std::memset(memory_.get(), 0, shape_.total_bytes());
    fb::format_ring(memory_.get(), shape_);
    // Whatever comes is published: which records are new is no matter of decoding.
    FUZZ_CHECK(writer.open(memory_.get(), many, false), "a ring does not open");
  }

  std::int64_t cursor() const noexcept { return writer.view.cursor(); }
  std::uint32_t symbol_count() const noexcept { return writer.view.header->symbol_count; }
  std::string_view symbol(std::uint32_t row) const noexcept {
    const fb::SymbolRow &entry = writer.view.symbols[row];
    return {entry.name, entry.length};
  }

  // Rows for the symbols of another ring of the same stream, in the same order: the fast path adds none.
  FUZZ_PLAIN void know(const Ring &other) noexcept {
    for (std::uint32_t row = symbol_count(); row < other.symbol_count(); ++row) {
      std::uint32_t at = 0;
      FUZZ_CHECK(writer.add_symbol(other.symbol(row), at) == fb::DecodeCode::ok && at == row, "row %u", row);
    }
  }

  // Append what the records `first` to the newest one say. A record without symbol is of row 0, which may get its name
  // later: what is to be compared with the past leaves names out.
  FUZZ_PLAIN void tell(std::int64_t first, Said &said, bool with_symbol = true) const {
    for (std::int64_t sequence = first; sequence <= cursor(); ++sequence) {
      const std::size_t size = writer.view.record_size;
      const std::byte *const one = writer.view.slot(sequence);
      FUZZ_CHECK(std::memcmp(one, one + static_cast<std::size_t>(capacity) * size, size) == 0,
                 "the two places of record %lld differ", static_cast<long long>(sequence));
      alignas(8) std::byte record[fb::max_record_size];
      FUZZ_CHECK(writer.view.read_at(sequence, record), "record %lld is not intact", static_cast<long long>(sequence));
      auto &head = *reinterpret_cast<fb::RecordHead *>(record);
      FUZZ_CHECK(head.sequence == sequence, "record %lld says %lld", static_cast<long long>(sequence),
                 static_cast<long long>(head.sequence));
      FUZZ_CHECK(head.symbol_id < writer.view.header->symbol_capacity, "symbol id %u", head.symbol_id);
      head.sequence = 0;
      if (fb::kind_info(shape_.kind).has_levels) {
        auto &depth = *reinterpret_cast<fb::DepthRecord *>(record);
        const std::size_t count = std::size_t{depth.bid_count} + depth.ask_count;
        const std::size_t at = said.size();
        said.resize(at + count * sizeof(fb::Level));
        // Not read_levels into said at once: with no levels it would be given no place.
        levels_.resize(count + 1);
        FUZZ_CHECK(writer.view.read_levels(depth, levels_.data()), "levels of record %lld are not intact",
                   static_cast<long long>(sequence));
        if (count != 0)
          std::memcpy(said.data() + at, levels_.data(), count * sizeof(fb::Level));
        depth.levels_begin = 0;
      }
      said.insert(said.end(), record, record + size);
      const std::string_view name = with_symbol ? symbol(head.symbol_id) : std::string_view{};
      const auto *text = reinterpret_cast<const std::byte *>(name.data());
      if (!name.empty())
        said.insert(said.end(), text, text + name.size());
      if (writer.many_symbols() && head.symbol_id < symbol_count() && sequence == cursor())
        FUZZ_CHECK(writer.view.symbols[head.symbol_id].last_sequence == sequence, "newest record of a symbol");
    }
  }

private:
  fb::RingShape shape_;
  std::unique_ptr<std::byte, void (*)(void *)> memory_;
  mutable std::vector<fb::Level> levels_;
};

// What one decoder made of one payload.
struct Answer {
  fb::Outcome outcome = fb::Outcome::declined;
  fb::DecodeCode code = fb::DecodeCode::ok;
  std::uint32_t records = 0;
  int route = -1; // index of the route, or -1
  std::size_t offset = 0;
  std::uint32_t new_drifts = 0;
  fb::Kind kind = fb::Kind::none;
  std::string stream, symbol;
  Said said;

  bool took() const noexcept { return outcome == fb::Outcome::published || outcome == fb::Outcome::skipped; }
};

class World {
public:
  World() : names_(all_routes()) {
    for (std::size_t i = 0; i < names_.size(); ++i) {
      rings_.push_back(nullptr);
      kept_.emplace_back();
      renew(static_cast<int>(i));
    }
  }

  const fb::RouteTable &table() const noexcept { return table_; }
  std::size_t size() const noexcept { return names_.size(); }
  fb::Kind kind_of(int route) const noexcept { return names_[static_cast<std::size_t>(route)].second.kind; }
  Ring &ring(int route) noexcept { return *rings_[static_cast<std::size_t>(route)]; }
  fb::Route &route(int index) noexcept { return *table_.find(names_[static_cast<std::size_t>(index)].first); }
  FUZZ_PLAIN int index_of(const fb::Route *route) const {
    return route == nullptr ? -1 : index_.at(route->ring);
  }

  // An empty ring in place of one whose symbol table is full.
  void renew(int index) {
    const auto &[name, named] = names_[static_cast<std::size_t>(index)];
    auto &ring = rings_[static_cast<std::size_t>(index)];
    if (ring != nullptr)
      index_.erase(&ring->writer);
    kept_[static_cast<std::size_t>(index)] = Kept{};
    ring = std::make_unique<Ring>(named.kind, *named.symbol == '\0');
    index_[&ring->writer] = index;
    table_.add(name, named.kind, &ring->writer, named.symbol);
  }

  // Call after every payload: the ring that records were told to go to has exactly these, and is else as it was.
  FUZZ_PLAIN void end(Answer &answer, bool may_add_symbol) {
    answer.said.clear();
    if (answer.route < 0)
      return;
    Ring &ring = *rings_[static_cast<std::size_t>(answer.route)];
    Kept &kept = kept_[static_cast<std::size_t>(answer.route)];
    const std::int64_t grown = ring.cursor() - kept.cursor;
    FUZZ_CHECK(grown == (answer.outcome == fb::Outcome::published ? answer.records : 0),
               "%lld new records, outcome %d", static_cast<long long>(grown), static_cast<int>(answer.outcome));
    if (answer.outcome == fb::Outcome::published) {
      FUZZ_CHECK(answer.records > 0, "published nothing");
      ring.tell(kept.cursor + 1, answer.said);
    } else {
      if (!may_add_symbol)
        FUZZ_CHECK(ring.symbol_count() == kept.symbols, "a payload without records added a symbol");
      if (kept.cursor >= 0) {
        now_.clear();
        ring.tell(kept.cursor, now_, false);
        FUZZ_CHECK(now_ == kept.newest, "a payload without records changed the newest record");
      }
      return;
    }
    kept.cursor = ring.cursor();
    kept.symbols = ring.symbol_count();
    kept.newest.clear();
    ring.tell(kept.cursor, kept.newest, false);
  }
  // Call now and then: no ring has moved behind our back.
  FUZZ_PLAIN void check_all() const {
    for (std::size_t i = 0; i < rings_.size(); ++i)
      FUZZ_CHECK(rings_[i]->cursor() == kept_[i].cursor, "ring %zu has records that nobody told of", i);
  }

private:
  struct Kept {
    std::int64_t cursor = -1;
    std::uint32_t symbols = 0;
    Said newest;
  };

  std::vector<std::pair<std::string, NamedRoute>> names_;
  std::vector<std::unique_ptr<Ring>> rings_;
  fb::RouteTable table_;
  std::unordered_map<const fb::RingWriter *, int> index_;
  std::vector<Kept> kept_; // by route
  Said now_;
};

// A payload as decoders get it: 64 readable bytes behind it, and not one more.
class Padded {
public:
  static constexpr std::size_t most = 1 << 16;

  // `behind`: what the readable bytes are; repeated, or cut.
  FUZZ_PLAIN const char *put(std::string_view payload, std::string_view behind) noexcept {
    FUZZ_CHECK(payload.size() <= most, "payload of %zu bytes", payload.size());
    char *const at = end() - fb::payload_padding - payload.size();
    if (!payload.empty())
      std::memcpy(at, payload.data(), payload.size());
    for (std::size_t i = 0; i < fb::payload_padding; ++i)
      at[payload.size() + i] = behind[i % behind.size()];
    return at;
  }

private:
  char *end() noexcept { return bytes_.get() + most + fb::payload_padding; }
  std::unique_ptr<char[]> bytes_{new char[most + fb::payload_padding]};
};

} // namespace fuzz
