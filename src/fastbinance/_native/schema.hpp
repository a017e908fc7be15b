// How the fallback is told about a kind of event: its keys, their types, where their values go, and which must be there.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "record_fields.hpp"

namespace fb {

enum class Type : std::uint8_t {
  ignored, // known and without a field: must be JSON, and is no drift
  event,
  symbol,
  pair,          // with the contract type behind it, the symbol of continuous klines
  contract_type, //
  contract,      // "<address>@<chain>"; the address is the symbol
  integer,
  time,
  decimal,
  maybe_decimal, // may be null or "": NaN
  boolean,
  code,     // a text out of a list
  product,  // "st": a bit of the flags
  interval, // "5m" to nanoseconds
  bids,
  asks,
  object, // keys of a schema of their own
};

struct Code {
  std::string_view text;
  std::uint8_t code;
};
struct Codes {
  const Code *list = nullptr;
  std::size_t count = 0;

  std::uint8_t find(std::string_view text) const noexcept {
    for (std::size_t i = 0; i < count; ++i)
      if (list[i].text == text)
        return list[i].code;
    return unknown_code;
  }
};

constexpr std::uint8_t no_trade_code = 254; // "X":"NA": a filler, never stored

struct Schema;

// One key of a kind. Keys with the same type and place are spellings of one field: having two of them is a doubled key.
struct Key {
  std::string_view name;
  Type type = Type::ignored;
  std::uint16_t at = 0; // offset in the record
  bool required = false;
  const Schema *inner = nullptr;
  Codes codes = {};
  std::uint32_t bit = 0; // given by make_schema
};

constexpr std::size_t most_keys = 26;

struct Schema {
  std::string_view events[4] = {};
  std::array<Key, most_keys> keys = {};
  std::size_t key_count = 0;
  std::uint32_t required = 0;
  // By the one letter of a key: its place in `keys`, counted from 1. Nearly all of Binance's keys are one letter.
  std::array<std::uint8_t, 128> by_letter = {};

  bool has_event(std::string_view event) const noexcept {
    for (const std::string_view known : events)
      if (!known.empty() && known == event)
        return true;
    return false;
  }
  const Key *find(char letter) const noexcept {
    const auto at = static_cast<unsigned char>(letter);
    const std::uint8_t place = at < 128 ? by_letter[at] : std::uint8_t{0};
    return place == 0 ? nullptr : &keys[place - 1];
  }
  const Key *find(std::string_view name) const noexcept {
    if (name.size() == 1)
      return find(name[0]);
    for (std::size_t i = 0; i < key_count; ++i)
      if (keys[i].name == name)
        return &keys[i];
    return nullptr;
  }
};

template <std::size_t N> constexpr Codes codes_of(const Code (&list)[N]) { return {list, N}; }

inline constexpr Code trade_types[] = {{"MARKET", 1},         {"RPI", 2},   {"ADL", 3},
                                       {"INSURANCE_FUND", 4}, {"BLOCK", 5}, {"NA", no_trade_code}};
inline constexpr Code sides[] = {{"BUY", 1}, {"SELL", 2}};
inline constexpr Code order_types[] = {{"LIMIT", 1},
                                       {"MARKET", 2},
                                       {"STOP", 3},
                                       {"STOP_MARKET", 4},
                                       {"TAKE_PROFIT", 5},
                                       {"TAKE_PROFIT_MARKET", 6},
                                       {"TRAILING_STOP_MARKET", 7},
                                       {"LIQUIDATION", 8}};
inline constexpr Code times_in_force[] = {{"GTC", 1}, {"IOC", 2}, {"FOK", 3},    {"GTX", 4},
                                          {"GTD", 5}, {"RPI", 6}, {"GTE_GTC", 7}};
inline constexpr Code order_states[] = {{"NEW", 1},          {"PARTIALLY_FILLED", 2},
                                        {"FILLED", 3},       {"CANCELED", 4},
                                        {"REJECTED", 5},     {"EXPIRED", 6},
                                        {"NEW_INSURANCE", 7}, {"NEW_ADL", 8},
                                        {"EXPIRED_IN_MATCH", 9}};

// A key that must be there, one that may, and one that has no field.
constexpr Key need(std::string_view name, Type type, std::size_t at = 0) {
  return {name, type, static_cast<std::uint16_t>(at), true, nullptr, {}, 0};
}
constexpr Key may(std::string_view name, Type type, std::size_t at = 0) {
  return {name, type, static_cast<std::uint16_t>(at), false, nullptr, {}, 0};
}
constexpr Key skip(std::string_view name) { return {name, Type::ignored, 0, false, nullptr, {}, 0}; }
constexpr Key of_codes(std::string_view name, bool required, std::size_t at, Codes codes) {
  return {name, Type::code, static_cast<std::uint16_t>(at), required, nullptr, codes, 0};
}
constexpr Key within(std::string_view name, const Schema &inner) {
  return {name, Type::object, 0, true, &inner, {}, 0};
}

template <std::size_t N, std::size_t M>
constexpr Schema make_schema(const std::string_view (&events)[M], const Key (&keys)[N]) {
  static_assert(N <= most_keys && M <= 4);
  Schema schema;
  for (std::size_t i = 0; i < M; ++i)
    schema.events[i] = events[i];
  schema.key_count = N;
  for (std::size_t i = 0; i < N; ++i) {
    Key &key = schema.keys[i];
    key = keys[i];
    key.bit = key.type == Type::ignored ? 0u : 1u << i;
    for (std::size_t j = 0; j < i; ++j)
      if (key.type != Type::ignored && keys[j].type == key.type && keys[j].at == key.at)
        key.bit = schema.keys[j].bit;
    schema.required |= key.required ? key.bit : 0u;
    if (key.name.size() == 1)
      schema.by_letter[static_cast<unsigned char>(key.name[0])] = static_cast<std::uint8_t>(i + 1);
  }
  return schema;
}

} // namespace fb
