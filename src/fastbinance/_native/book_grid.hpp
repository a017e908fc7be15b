// Which grid of prices a book gets.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>

#include "book_memory.hpp"

namespace fb {

// The coarsest grid of a decimal tick on which all levels lie, around the middle; none where there is no such grid. Levels best
// first.
inline BookGrid choose_grid(const Level *bids, std::size_t bid_count, const Level *asks, std::size_t ask_count,
                            std::uint32_t places) noexcept {
  constexpr int most_decimals = 15;
  std::uint64_t common = 0; // the greatest step that leads to all prices
  double scale = 1;
  const auto takes = [&](const Level *levels, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      const double units = std::nearbyint(levels[i].price * scale);
      if (!(units < 4e15) || units / scale != levels[i].price)
        return false;
      common = std::gcd(common, static_cast<std::uint64_t>(units));
    }
    return true;
  };
  for (int decimals = 0; !(takes(bids, bid_count) && takes(asks, ask_count)); scale *= 10, common = 0)
    if (++decimals > most_decimals)
      return {};
  if (common == 0)
    return {};
  const double middle = bid_count == 0   ? asks[0].price
                        : ask_count == 0 ? bids[0].price
                                         : (bids[0].price + asks[0].price) / 2;
  const double tick = static_cast<double>(common), steps = scale / tick;
  return {steps, tick, scale, std::max<std::int64_t>(0, static_cast<std::int64_t>(middle * steps) - places / 2)};
}

} // namespace fb
