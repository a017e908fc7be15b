// From a stream name to the ring that takes its records. One table per connection.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

#include "writer.hpp"

namespace fb {

constexpr std::size_t max_name_bytes = 126;

// The first two cache lines are all that the fast path touches, so that a thousand routes fit into the second-level cache.
struct alignas(64) Route {
  // Beginnings of `name` and `symbol`, each with a closing quote (`btcusdt@bookTicker"`, `BTCUSDT"`) and zero padded, so
  // that they can be compared with a payload in one step.
  char name_head[32] = {};
  char symbol_head[32] = {};

  RingTarget target;
  RingWriter *ring = nullptr;
  std::uint32_t taker = 0; // which function takes its payloads: see accept.hpp
  std::uint32_t symbol_length = 0;
  std::uint64_t fast = 0; // payloads that the fast path took, published or skipped
  Kind kind = Kind::none;

  std::uint64_t fallback = 0; // the same of the fallback
  std::uint64_t skipped = 0;
  std::uint64_t rejected = 0;
  std::size_t name_length = 0;
  // With the closing quote as well. Binance's longest names, alpha klines by contract address, have about 70 bytes.
  char name[max_name_bytes + 2] = {};
  // The symbol that the payload must name; empty on many-symbol rings.
  char symbol[max_symbol_bytes + 1] = {};

  std::string_view name_text() const noexcept { return {name, name_length}; }
  std::string_view symbol_text() const noexcept { return {symbol, symbol_length}; }
};

class RouteTable {
public:
  // Adds or replaces; the name is at most max_name_bytes long. Not on the hot path: may allocate, and moves nothing that
  // a caller holds.
  Route *add(std::string_view name, Kind kind, RingWriter *ring, std::string_view symbol) {
    Route *route = find(name);
    if (route == nullptr) {
      routes_.push_back(std::make_unique<Route>());
      route = routes_.back().get();
      std::memcpy(route->name, name.data(), name.size());
      route->name[name.size()] = '"';
      route->name_length = name.size();
      std::memcpy(route->name_head, route->name, sizeof route->name_head);
    }
    route->kind = kind;
    route->ring = ring;
    route->target = ring->target();
    // Symbols too long for one wide comparison (none of Binance's is) are looked up like those of many-symbol rings.
    route->taker = static_cast<std::uint32_t>(kind) + (symbol.empty() || symbol.size() > 31 ? kind_count : 0);
    route->symbol_length = static_cast<std::uint32_t>(symbol.size());
    std::memset(route->symbol, 0, sizeof route->symbol);
    std::memcpy(route->symbol, symbol.data(), symbol.size());
    route->symbol[symbol.size()] = '"';
    std::memcpy(route->symbol_head, route->symbol, sizeof route->symbol_head);
    rebuild();
    return route;
  }

  bool remove(std::string_view name) {
    for (std::size_t i = 0; i < routes_.size(); ++i) {
      if (routes_[i]->name_text() == name) {
        routes_.erase(routes_.begin() + static_cast<std::ptrdiff_t>(i));
        rebuild();
        return true;
      }
    }
    return false;
  }

  Route *find(std::string_view name) const noexcept {
    const std::uint64_t hash = hash_name(name.data(), name.size());
    std::size_t at = hash;
    for (Route *candidate; (candidate = next(hash, at)) != nullptr;)
      if (candidate->name_text() == name)
        return candidate;
    return nullptr;
  }

  // The next route whose name has this hash; `at` begins as the hash. The caller compares names, in whatever steps its
  // instruction set has.
  inline __attribute__((always_inline)) Route *next(std::uint64_t hash, std::size_t &at) const noexcept {
    for (;;) {
      const Slot &slot = slots_[at++ & mask_];
      if (slot.hash == hash || slot.route == nullptr)
        return slot.route;
    }
  }

  // The one route that a raw payload of this content can belong to; nullptr when there is none or more than one.
  // Linear: raw payloads are the exception, our connections ask for combined ones.
  Route *find_by_content(Kind kind, std::string_view symbol) const noexcept {
    Route *found = nullptr;
    for (const auto &candidate : routes_) {
      const bool same_kind = candidate->kind == kind ||
                             (kind == Kind::diff_depth && candidate->kind == Kind::partial_depth);
      const bool same_symbol = candidate->symbol_length == 0 || symbol.empty() || candidate->symbol_text() == symbol;
      if (!same_kind || !same_symbol)
        continue;
      if (found != nullptr)
        return nullptr;
      found = candidate.get();
    }
    return found;
  }

  const std::vector<std::unique_ptr<Route>> &routes() const noexcept { return routes_; }

private:
  struct Slot {
    std::uint64_t hash = 0;
    Route *route = nullptr;
  };

  void rebuild() {
    std::size_t size = 16;
    while (size < 4 * routes_.size())
      size *= 2;
    slots_.assign(size, Slot{});
    mask_ = size - 1;
    for (const auto &route : routes_) {
      const std::uint64_t hash = hash_name(route->name, route->name_length);
      std::size_t at = hash;
      while (slots_[at & mask_].route != nullptr)
        ++at;
      slots_[at & mask_] = {hash, route.get()};
    }
  }

  std::vector<std::unique_ptr<Route>> routes_;
  std::vector<Slot> slots_ = std::vector<Slot>(16); // never full: at most a quarter
  std::size_t mask_ = 15;
};

} // namespace fb
