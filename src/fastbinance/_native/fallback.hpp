// The order-independent parser: the definition of correct. Interface only; the walk is in fallback_walk.hpp.
//
// It walks every field and validates the values it skips, refuses doubled known keys and trailing bytes, and takes any
// key order. It is compiled once per simdjson implementation, because On-Demand is chosen at compile time.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "drift.hpp"
#include "error.hpp"
#include "route.hpp"

namespace fb {

// The longest message taken, fragments together. Binance's largest are a few hundred KiB.
constexpr std::size_t max_message_bytes = 32u << 20;
// Readable bytes that a payload must have behind it.
constexpr std::size_t payload_padding = 64;

struct FallbackResult {
  Outcome outcome = Outcome::rejected;
  DecodeCode code = DecodeCode::ok;
  std::uint32_t records = 0;    // how many were published
  std::uint32_t new_drifts = 0; // entries that this payload has added to the table of drifts
  std::size_t offset = 0;       // where the parser stood when it refused
  Route *route = nullptr;       // where the records went, or would have gone
  Kind kind = Kind::none;       // what the content is, when it is a kind of ours
  std::string_view stream;      // the wrapper's stream name; valid until the next run
  std::string_view symbol;      // the payload's symbol, of an array the last; valid until the next run
};

class Fallback {
public:
  virtual ~Fallback() = default;
  // Decodes one payload and publishes its records, all or none. `known` routes a payload without wrapper; nullptr: by
  // content.
  virtual FallbackResult run(const RouteTable &table, const char *payload, std::size_t size, std::int64_t recv_ns,
                             Route *known) noexcept = 0;
  virtual const char *implementation() const noexcept = 0;
  virtual const DriftTable &drifts() const noexcept = 0;
};

// nullptr when there is no memory.
std::unique_ptr<Fallback> make_fallback(bool allow_avx2) noexcept;

// One per implementation; `make_fallback` picks.
std::unique_ptr<Fallback> make_fallback_baseline() noexcept;
std::unique_ptr<Fallback> make_fallback_haswell() noexcept;

// Text by our number grammar, -?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?, to the nearest double.
// bad_number when it is no such text, number_range when it is beyond the largest double.
// Behind the text there must be payload_padding readable bytes, as there are in payloads and in simdjson's buffers.
DecodeCode parse_decimal_text(std::string_view text, double &value) noexcept;

} // namespace fb
