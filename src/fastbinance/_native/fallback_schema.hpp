// What the fallback expects of each kind of event: its keys, their types, and which must be there.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "record.hpp"

namespace fb {

enum class Type : std::uint8_t { event, symbol, id, time_event, time_transaction, decimal, maker, execution, bids, asks };

// One key of a kind. Two keys with one bit are two spellings of the same field: having both is a doubled key.
struct Key {
  std::string_view name;
  Type type;
  std::uint8_t index; // into ids or values
  std::uint16_t bit;
  bool required;
};

inline constexpr Key book_ticker_keys[] = {
    {"e", Type::event, 0, 1, false},     {"u", Type::id, 0, 2, true},           {"s", Type::symbol, 0, 4, true},
    {"b", Type::decimal, 0, 8, true},    {"B", Type::decimal, 1, 16, true},     {"a", Type::decimal, 2, 32, true},
    {"A", Type::decimal, 3, 64, true},   {"E", Type::time_event, 0, 128, false}, {"T", Type::time_transaction, 0, 256, false},
};
inline constexpr Key trade_keys[] = {
    {"e", Type::event, 0, 1, true},         {"E", Type::time_event, 0, 2, true}, {"T", Type::time_transaction, 0, 4, true},
    {"s", Type::symbol, 0, 8, true},        {"t", Type::id, 0, 16, true},        {"p", Type::decimal, 0, 32, true},
    {"q", Type::decimal, 1, 64, true},      {"m", Type::maker, 0, 128, true},    {"X", Type::execution, 0, 256, false},
};
inline constexpr Key agg_trade_keys[] = {
    {"e", Type::event, 0, 1, true},     {"E", Type::time_event, 0, 2, true}, {"T", Type::time_transaction, 0, 4, true},
    {"s", Type::symbol, 0, 8, true},    {"a", Type::id, 0, 16, true},        {"f", Type::id, 1, 32, true},
    {"l", Type::id, 2, 64, true},       {"p", Type::decimal, 0, 128, true},  {"q", Type::decimal, 1, 256, true},
    {"m", Type::maker, 0, 512, true},
};
inline constexpr Key diff_depth_keys[] = {
    {"e", Type::event, 0, 1, true},  {"E", Type::time_event, 0, 2, true}, {"T", Type::time_transaction, 0, 4, false},
    {"s", Type::symbol, 0, 8, true}, {"U", Type::id, 0, 16, true},        {"u", Type::id, 1, 32, true},
    {"pu", Type::id, 2, 64, false},  {"b", Type::bids, 0, 128, true},     {"a", Type::asks, 0, 256, true},
};
inline constexpr Key partial_depth_keys[] = {
    {"e", Type::event, 0, 1, false},  {"E", Type::time_event, 0, 2, false},  {"T", Type::time_transaction, 0, 4, false},
    {"s", Type::symbol, 0, 8, false}, {"U", Type::id, 0, 16, false},         {"u", Type::id, 1, 32, true},
    {"lastUpdateId", Type::id, 1, 32, true}, {"pu", Type::id, 2, 64, false}, {"b", Type::bids, 0, 128, true},
    {"bids", Type::bids, 0, 128, true},      {"a", Type::asks, 0, 256, true}, {"asks", Type::asks, 0, 256, true},
};

struct Schema {
  std::string_view event;
  const Key *keys = nullptr;
  std::size_t key_count = 0;
  std::uint32_t required = 0;
  // By the one letter of a key: its place in `keys`, counted from 1. Nearly all of Binance's keys are one letter.
  std::array<std::uint8_t, 128> by_letter = {};

  const Key *find(char letter) const noexcept {
    const auto at = static_cast<unsigned char>(letter);
    const std::uint8_t place = at < 128 ? by_letter[at] : std::uint8_t{0};
    return place == 0 ? nullptr : keys + (place - 1);
  }
  const Key *find(std::string_view name) const noexcept {
    if (name.size() == 1)
      return find(name[0]);
    for (std::size_t i = 0; i < key_count; ++i)
      if (keys[i].name == name)
        return keys + i;
    return nullptr;
  }
};

template <std::size_t N> constexpr Schema make_schema(std::string_view event, const Key (&keys)[N]) {
  Schema schema{event, keys, N, 0, {}};
  for (std::size_t i = 0; i < N; ++i) {
    schema.required |= keys[i].required ? keys[i].bit : 0u;
    if (keys[i].name.size() == 1)
      schema.by_letter[static_cast<unsigned char>(keys[i].name[0])] = static_cast<std::uint8_t>(i + 1);
  }
  return schema;
}

inline constexpr Schema schemas[kind_count] = {
    {},
    make_schema("bookTicker", book_ticker_keys),
    make_schema("trade", trade_keys),
    make_schema("aggTrade", agg_trade_keys),
    make_schema("depthUpdate", diff_depth_keys),
    make_schema("depthUpdate", partial_depth_keys),
};

} // namespace fb
