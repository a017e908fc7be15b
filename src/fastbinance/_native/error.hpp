// The closed set of ways a payload can fail, and what became of a payload. No allocation, no exceptions.
#pragma once

#include <cstdint>

namespace fb {

// Values are part of the public interface (`Reject.code` is the name): append, never renumber.
enum class DecodeCode : std::uint8_t {
  ok = 0,
  empty = 1,              // no bytes, or white space only
  invalid_json = 2,       // not JSON: truncated, bad literal, bad escape, garbage
  invalid_utf8 = 3,       // text that is not UTF-8
  trailing_bytes = 4,     // a complete value, and then more that ends in a bracket too; else invalid_json
  too_deep = 5,           // nested deeper than any message of Binance
  too_long = 6,           // longer than a message may be, or more than the parser can hold
  wrong_type = 7,         // a key whose value is of another type than documented
  missing_key = 8,        // a key the record cannot do without
  duplicate_key = 9,      // a key of the record twice: which one would be true?
  bad_number = 10,        // text that is no number by our grammar (see decimal.hpp)
  number_range = 11,      // a number that does not fit its field
  wrong_event = 12,       // "e" contradicts the stream
  wrong_symbol = 13,      // "s" contradicts the stream
  symbol_table_full = 14, // a new symbol on a many-symbol ring that has no row left
  symbol_too_long = 15,   // longer than a row of the symbol table
  bad_fragment = 16,      // fragments out of order
  reserved_bits = 17,     // RSV bits without an extension that gives them a meaning
  binary_frame = 18,      // binary on a connection that speaks JSON
  out_of_memory = 19,     // the parser could not grow
  other_schema = 20,      // SBE of a schema that is not the market data's
  truncated = 21,         // SBE whose lengths and counts reach beyond the message
  short_block = 22,       // SBE with a block shorter than the fields that were always in it
};

constexpr const char *decode_code_name(DecodeCode code) {
  switch (code) {
  case DecodeCode::ok: return "ok";
  case DecodeCode::empty: return "empty";
  case DecodeCode::invalid_json: return "invalid_json";
  case DecodeCode::invalid_utf8: return "invalid_utf8";
  case DecodeCode::trailing_bytes: return "trailing_bytes";
  case DecodeCode::too_deep: return "too_deep";
  case DecodeCode::too_long: return "too_long";
  case DecodeCode::wrong_type: return "wrong_type";
  case DecodeCode::missing_key: return "missing_key";
  case DecodeCode::duplicate_key: return "duplicate_key";
  case DecodeCode::bad_number: return "bad_number";
  case DecodeCode::number_range: return "number_range";
  case DecodeCode::wrong_event: return "wrong_event";
  case DecodeCode::wrong_symbol: return "wrong_symbol";
  case DecodeCode::symbol_table_full: return "symbol_table_full";
  case DecodeCode::symbol_too_long: return "symbol_too_long";
  case DecodeCode::bad_fragment: return "bad_fragment";
  case DecodeCode::reserved_bits: return "reserved_bits";
  case DecodeCode::binary_frame: return "binary_frame";
  case DecodeCode::out_of_memory: return "out_of_memory";
  case DecodeCode::other_schema: return "other_schema";
  case DecodeCode::truncated: return "truncated";
  case DecodeCode::short_block: return "short_block";
  }
  return "unknown";
}

// What became of one payload.
enum class Outcome : std::uint8_t {
  declined = 0,  // the fast path does not know this shape; nothing was published
  published = 1, // one record is in its ring
  skipped = 2,   // understood, and by rule not a record (trade "X":"NA")
  control = 3,   // an answer to a control frame, or an error frame
  message = 4,   // a valid message of a stream that has no ring here
  rejected = 5,  // see the code
  dropped = 6,   // understood, and all of it known already
  held = 7,      // some of its records wait for what is missing before them
};

} // namespace fb
