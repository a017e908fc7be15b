// From a stream name to the ring that takes its records. One table per connection.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

#include "merge.hpp"

namespace fb {

constexpr std::size_t max_name_bytes = 126;

constexpr Outcome outcome_of(Fate fate) noexcept {
  return fate == Fate::published ? Outcome::published : fate == Fate::held ? Outcome::held : Outcome::dropped;
}

// What the fast path does not need at every payload.
struct RouteDetails {
  std::size_t name_length = 0;
  // With a closing quote. Binance's longest names, alpha klines by contract address, have about 70 bytes.
  char name[max_name_bytes + 2] = {};
  // The symbol that the payload must name, with a closing quote; empty on many-symbol rings.
  char symbol[max_symbol_bytes + 1] = {};
  std::uint64_t fallback = 0; // payloads that the fallback took, published or skipped
  std::uint64_t skipped = 0;
  std::uint64_t rejected = 0;
  std::uint64_t opened_at = 0;         // Route::messages() when the connection opened, or the route came
  std::uint64_t *duplicates = nullptr; // of the table
  std::uint8_t taker = 0; // what Route::taker is while nobody wants the raw messages
  bool raw = false;        // the messages themselves are wanted too: the fast path leaves them to the fallback
};

// Two cache lines, all that the fast path touches, at a place that the hash of the name gives: with a thousand streams
// nothing else leads there, and `Lookahead` can ask for both lines ahead of time.
struct alignas(64) Route {
  // Beginnings of name and symbol, each with a closing quote (`btcusdt@bookTicker"`, `BTCUSDT"`) and zero padded, so that
  // they can be compared with a payload in one step.
  char name_head[32] = {};
  char symbol_head[32] = {};

  RingTarget target;
  RingWriter *ring = nullptr;
  std::unique_ptr<RouteDetails> details; // null: the place is free
  std::uint64_t fast = 0;                // payloads that the fast path took, published or skipped
  std::uint8_t taker = 0;                // which function takes its payloads: see accept.hpp
  std::uint8_t line = 0;                 // which line of the ring this connection is
  std::uint16_t symbol_length = 0;
  Kind kind = Kind::none;

  std::string_view name_text() const noexcept { return {details->name, details->name_length}; }
  std::string_view symbol_text() const noexcept { return {details->symbol, symbol_length}; }

  // That have come, whatever became of them.
  std::uint64_t messages() const noexcept { return fast + details->fallback + details->rejected; }

  // The long way of a record, before its message is counted.
  Fate merge(RecordHead &record, bool filler = false) noexcept {
    const bool reopened = messages() == details->opened_at;
    const Fate fate = Merge(*ring).take(reinterpret_cast<std::byte *>(&record), line, reopened, filler);
    *details->duplicates += fate == Fate::dropped;
    return fate;
  }
};
static_assert(sizeof(Route) == 128 && 2 * kind_count < 256);

class RouteTable {
public:
  // Which line of its rings the connection of this table is; before the first route.
  void set_line(std::uint8_t line) noexcept { line_ = line; }

  // Adds or replaces; the name is at most max_name_bytes long. Not on the hot path. Routes may move: a pointer to one is
  // good until the next add or remove.
  Route *add(std::string_view name, Kind kind, RingWriter *ring, std::string_view symbol) {
    Route *route = find(name);
    if (route == nullptr) {
      if (2 * (count_ + 1) > routes_.size())
        rehash(2 * routes_.size());
      route = free_place(name);
      route->details = std::make_unique<RouteDetails>();
      copy_quoted(route->details->name, sizeof route->details->name, name);
      copy_quoted(route->name_head, sizeof route->name_head, name);
      route->details->name_length = name.size();
      route->details->duplicates = duplicates_.get();
      ++count_;
    }
    route->kind = kind;
    route->line = line_;
    route->ring = ring;
    route->details->opened_at = route->messages();
    route->target = ring->target();
    // Symbols too long for one wide comparison (none of Binance's is) are looked up like those of many-symbol rings.
    const bool many = symbol.empty() || symbol.size() >= sizeof route->symbol_head;
    route->details->taker = static_cast<std::uint8_t>(static_cast<std::uint32_t>(kind) + (many ? kind_count : 0));
    route->taker = route->details->raw ? std::uint8_t{0} : route->details->taker;
    route->symbol_length = static_cast<std::uint16_t>(symbol.size());
    copy_quoted(route->details->symbol, sizeof route->details->symbol, symbol);
    copy_quoted(route->symbol_head, sizeof route->symbol_head, symbol);
    return route;
  }

  bool remove(std::string_view name) {
    Route *route = find(name);
    if (route == nullptr)
      return false;
    *route = Route{};
    --count_;
    rehash(routes_.size()); // closes the gap in the probe sequences
    return true;
  }

  // Whether the raw messages of a stream are wanted besides its records. False without such a route.
  bool set_raw(std::string_view name, bool raw) noexcept {
    Route *route = find(name);
    if (route == nullptr)
      return false;
    route->details->raw = raw;
    route->taker = raw ? std::uint8_t{0} : route->details->taker;
    return true;
  }

  Route *find(std::string_view name) const noexcept {
    std::size_t at = hash_name(name.data(), name.size());
    while (Route *route = next(at))
      if (route->name_text() == name)
        return route;
    return nullptr;
  }

  // The next route that a name of this hash may have; `at` begins as the hash. nullptr ends the search. The caller
  // compares names, in whatever steps its instruction set has.
  inline __attribute__((always_inline)) Route *next(std::size_t &at) const noexcept {
    Route *route = place(at++);
    return route->details != nullptr ? route : nullptr;
  }

  // Where the route of a name of this hash is, unless another name came first.
  inline __attribute__((always_inline)) Route *place(std::size_t hash) const noexcept {
    return const_cast<Route *>(routes_.data()) + (hash & mask_);
  }

  // The one route that a raw payload of this content can belong to; nullptr when there is none or more than one.
  // Linear: raw payloads are the exception, our connections ask for combined ones.
  Route *find_by_content(Kind kind, std::string_view symbol) const noexcept {
    Route *found = nullptr;
    for (const Route &candidate : routes_) {
      if (candidate.details == nullptr)
        continue;
      const bool same_kind =
          candidate.kind == kind || (kind == Kind::diff_depth && candidate.kind == Kind::partial_depth);
      const bool same_symbol = candidate.symbol_length == 0 || symbol.empty() || candidate.symbol_text() == symbol;
      if (!same_kind || !same_symbol)
        continue;
      if (found != nullptr)
        return nullptr;
      found = const_cast<Route *>(&candidate);
    }
    return found;
  }

  std::size_t size() const noexcept { return count_; }

  // The connection is open: what comes first on each route may be behind a loss.
  void reopen() noexcept {
    for (Route &route : routes_)
      if (route.details != nullptr)
        route.details->opened_at = route.messages();
  }

  // Records that were dropped because they had come before.
  std::uint64_t duplicates() const noexcept { return *duplicates_; }

  template <class Call> void each(Call &&call) const {
    for (const Route &route : routes_)
      if (route.details != nullptr)
        call(const_cast<Route &>(route));
  }

private:
  // As much of the text and its closing quote as fits; the rest zero.
  static void copy_quoted(char *to, std::size_t room, std::string_view text) noexcept {
    std::memset(to, 0, room);
    const std::size_t length = text.size() < room ? text.size() : room;
    std::memcpy(to, text.data(), length);
    if (length < room)
      to[length] = '"';
  }

  Route *free_place(std::string_view name) noexcept {
    std::size_t at = hash_name(name.data(), name.size());
    while (place(at)->details != nullptr)
      ++at;
    return place(at);
  }

  void rehash(std::size_t places) {
    std::vector<Route> old(places);
    old.swap(routes_);
    mask_ = places - 1;
    for (Route &route : old)
      if (route.details != nullptr)
        *free_place(route.name_text()) = std::move(route);
  }

  std::vector<Route> routes_ = std::vector<Route>(16); // open addressing, at most half full
  std::size_t mask_ = 15;
  std::size_t count_ = 0;
  std::unique_ptr<std::uint64_t> duplicates_ = std::make_unique<std::uint64_t>(0); // routes point to it
  std::uint8_t line_ = 0;
};

} // namespace fb
