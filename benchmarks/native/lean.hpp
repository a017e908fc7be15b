// A lean simdjson On-Demand decoder: the strongest thing one would write with that library alone, and the peer that the
// targets are stated against. It finds the fields in the order in which the market sends them, reads prices with
// get_double_in_string (correctly rounded), validates nothing that it skips, and stores the same fields in the same ring.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "route.hpp"

namespace bench {

class Lean {
public:
  virtual ~Lean() = default;
  virtual bool accept(const fb::RouteTable &table, const char *payload, std::size_t size, std::int64_t recv_ns) = 0;
};

// Compiled for AVX2, On-Demand's "haswell".
std::unique_ptr<Lean> make_lean(bool futures);

} // namespace bench
