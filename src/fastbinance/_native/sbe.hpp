// Binary market data of spot, SBE schema "spot_stream" (id 1): message header, groups, the four templates.
//
// Little endian; fields are unaligned. By SBE's rules a newer version may append fields to the root block and to the entries of
// a group, so both are stepped over by the block lengths of the message, and more may follow the symbol; an older version has
// none of that. Lengths and counts are checked against the frame before anything is read, and nothing is published before the
// whole frame is known to be good.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <vector>

#include "drift.hpp"
#include "fallback.hpp"
#include "fast.hpp"

namespace fb {

struct SbeTemplate {
  std::uint16_t id;
  std::string_view topic; // of the stream name, behind "@"
  Kind kind;
};
inline constexpr SbeTemplate sbe_templates[] = {
    {10000, "trade", Kind::trade},
    {10001, "bestBidAsk", Kind::book_ticker},
    {10002, "depth20", Kind::partial_depth},
    {10003, "depth", Kind::diff_depth},
};
constexpr std::size_t sbe_template_count = 4;

template <class T> FB_INLINE T sbe_read(const char *at) noexcept {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

// From a template and a symbol, which is all that a binary message says of its stream, to its route. Made anew whenever a route
// has come or gone, because routes move then.
class SbeRoutes {
public:
  void rebuild(const RouteTable &table) {
    std::size_t places = 16;
    while (places < 2 * (table.size() + 1))
      places *= 2;
    places_.assign(places, nullptr);
    table.each([this](Route &route) {
      const std::string_view name = route.name_text();
      const std::size_t at = name.rfind('@');
      for (std::size_t i = 0; i < sbe_template_count; ++i)
        if (at != name.npos && name.substr(at + 1) == sbe_templates[i].topic && route.kind == sbe_templates[i].kind)
          *free_place(hash_symbol(route.symbol_text()) + i) = &route;
    });
  }

  // Some bytes behind the symbol may be read: payload_padding lie there.
  FB_INLINE Route *find(std::size_t template_index, std::string_view symbol) const noexcept {
    if (places_.empty())
      return nullptr;
    const Kind kind = sbe_templates[template_index].kind;
    for (std::size_t at = hash(symbol) + template_index;; ++at) {
      Route *route = places_[at & (places_.size() - 1)];
      if (route == nullptr)
        return nullptr;
      if (route->kind == kind && route->symbol_length == symbol.size() && same(route->details->symbol, symbol)) [[likely]]
        return route;
    }
  }

private:
  // `hash_symbol` without its copy: nearly every symbol has at most 16 bytes.
  static FB_INLINE std::uint64_t hash(std::string_view symbol) noexcept {
    if (symbol.size() > 16 || symbol.size() < 4) [[unlikely]]
      return hash_symbol(symbol);
    const auto part = [](const char *from, std::size_t size) __attribute__((always_inline)) { // its first bytes, at most 8
      return size >= 8 ? scalar::load8(from) : scalar::load8(from) & ((std::uint64_t{1} << (8 * size)) - 1);
    };
    const std::size_t size = symbol.size();
    return mix_words(part(symbol.data(), size), size > 8 ? part(symbol.data() + 8, size - 8) : 0, 0, 0);
  }
  static FB_INLINE bool same(const char *known, std::string_view symbol) noexcept {
    const std::size_t size = symbol.size();
    if (size >= 8 && size <= 16) // two words that may overlap
      return ((scalar::load8(known) ^ scalar::load8(symbol.data())) |
              (scalar::load8(known + size - 8) ^ scalar::load8(symbol.data() + size - 8))) == 0;
    return std::memcmp(known, symbol.data(), size) == 0;
  }
  Route **free_place(std::size_t at) noexcept {
    while (places_[at & (places_.size() - 1)] != nullptr)
      ++at;
    return &places_[at & (places_.size() - 1)];
  }

  std::vector<Route *> places_; // open addressing, at most half full
};

// mantissa * 10^exponent, to the nearest double: what float() makes of the decimal text that says the same.
class SbeScale {
public:
  explicit FB_INLINE SbeScale(std::int8_t exponent) noexcept
      : exponent_(exponent), divisor_(exponent <= 0 && exponent >= -22 ? power_of_ten[-exponent] : 0) {}

  // False beyond the largest double.
  FB_INLINE bool operator()(std::int64_t mantissa, double &value) const noexcept {
    // Both operands exact: one correctly rounded division.
    if (divisor_ != 0 && static_cast<std::uint64_t>(mantissa) + largest_exact <= 2 * largest_exact) [[likely]] {
      value = static_cast<double>(mantissa) / divisor_;
      return true;
    }
    return slowly(mantissa, exponent_, value);
  }

private:
  static FB_OUTLINE bool slowly(std::int64_t mantissa, int exponent, double &value) noexcept {
    // By text: no market's numbers come here. strtod rounds correctly, and without a point no locale can mislead it.
    char text[32];
    std::snprintf(text, sizeof text, "%llde%d", static_cast<long long>(mantissa), exponent);
    value = std::strtod(text, nullptr);
    return std::isfinite(value);
  }

  int exponent_;
  double divisor_; // 0: not the short way
};

class SbeDecoder {
public:
  void rebuild(const RouteTable &table) { routes_.rebuild(table); }

  // Decodes one binary message and publishes its records, all or none. Bytes behind it may be read, up to payload_padding.
  FallbackResult run(const char *payload, std::size_t size, std::int64_t recv_ns) noexcept {
    FallbackResult result;
    result.code = decode(payload, size, recv_ns, result);
    if (result.code != DecodeCode::ok)
      result.outcome = Outcome::rejected;
    return result;
  }

private:
  static constexpr std::size_t header_bytes = 8;

  // A message being read: where, and how much of it is left.
  struct Reader {
    const char *begin, *at, *end;

    std::size_t left() const noexcept { return static_cast<std::size_t>(end - at); }
  };

  // Entries of a group that lie within the message.
  struct Group {
    const char *entries = nullptr;
    std::size_t block = 0;
    std::size_t count = 0;
  };

  static DecodeCode fail(const Reader &in, FallbackResult &result, DecodeCode code) noexcept {
    result.offset = static_cast<std::size_t>(in.at - in.begin);
    return code;
  }

  FB_INLINE DecodeCode decode(const char *payload, std::size_t size, std::int64_t recv_ns, FallbackResult &result) noexcept {
    Reader in{payload, payload, payload + size};
    if (size < header_bytes)
      return fail(in, result, size == 0 ? DecodeCode::empty : DecodeCode::truncated);
    const auto block = sbe_read<std::uint16_t>(payload);
    const auto id = sbe_read<std::uint16_t>(payload + 2);
    if (sbe_read<std::uint16_t>(payload + 4) != 1)
      return fail(in, result, DecodeCode::other_schema);
    newer_ = sbe_read<std::uint16_t>(payload + 6) != 0;
    in.at += header_bytes;
    switch (id) {
    case 10000: return block < 18 ? fail(in, result, DecodeCode::short_block) : trades(in, block, recv_ns, result);
    case 10001: return block < 50 ? fail(in, result, DecodeCode::short_block) : best_bid_ask(in, block, recv_ns, result);
    case 10002: return block < 18 ? fail(in, result, DecodeCode::short_block) : depth<false>(in, block, recv_ns, result);
    case 10003: return block < 26 ? fail(in, result, DecodeCode::short_block) : depth<true>(in, block, recv_ns, result);
    default: result.outcome = Outcome::message; return DecodeCode::ok; // by SBE's rules, for somebody newer
    }
  }

  // Steps over the root block; its beginning.
  static FB_INLINE const char *step(Reader &in, std::size_t block) noexcept {
    if (block > in.left()) [[unlikely]]
      return nullptr;
    const char *const root = in.at;
    in.at += block;
    return root;
  }

  template <class Count>
  static FB_INLINE DecodeCode group(Reader &in, std::size_t least, Group &found, FallbackResult &result) noexcept {
    constexpr std::size_t header = 2 + sizeof(Count);
    if (in.left() < header)
      return fail(in, result, DecodeCode::truncated);
    found.block = sbe_read<std::uint16_t>(in.at);
    found.count = sbe_read<Count>(in.at + 2);
    if (found.count != 0 && found.block < least)
      return fail(in, result, DecodeCode::short_block);
    in.at += header;
    if (found.count * found.block > in.left()) // 2^32 times 2^16 at most
      return fail(in, result, DecodeCode::truncated);
    found.entries = in.at;
    in.at += found.count * found.block;
    return DecodeCode::ok;
  }

  // The symbol, and with it the route. No route: the message is for somebody else.
  FB_INLINE DecodeCode find_route(Reader &in, std::size_t index, FallbackResult &result) noexcept {
    if (in.left() < 1)
      return fail(in, result, DecodeCode::truncated);
    const std::size_t length = static_cast<unsigned char>(*in.at);
    if (length >= in.left())
      return fail(in, result, DecodeCode::truncated);
    if (length == 0) // not to be found: rings of many symbols have none of their own
      return fail(in, result, DecodeCode::wrong_symbol);
    result.symbol = {in.at + 1, length};
    in.at += 1 + length;
    if (in.at != in.end && !newer_)
      return fail(in, result, DecodeCode::trailing_bytes);
    result.kind = sbe_templates[index].kind;
    result.route = routes_.find(index, result.symbol);
    if (result.route == nullptr) [[unlikely]] {
      const DecodeCode code = unrouted(index, result);
      return code == DecodeCode::ok ? code : fail(in, result, code);
    }
    return DecodeCode::ok;
  }

  // Names the stream, for the handler. Of a symbol that has no route nothing is known, not even that it is text.
  FB_OUTLINE DecodeCode unrouted(std::size_t index, FallbackResult &result) noexcept {
    char lower[max_symbol_bytes];
    const std::string_view symbol = result.symbol;
    if (const DecodeCode code = check_symbol(symbol); code != DecodeCode::ok)
      return code;
    if (!is_utf8(symbol))
      return DecodeCode::invalid_utf8;
    for (std::size_t i = 0; i < symbol.size(); ++i) {
      const char sign = symbol[i];
      lower[i] = sign >= 'A' && sign <= 'Z' ? static_cast<char>(sign - 'A' + 'a') : sign;
    }
    name_.set({lower, symbol.size()});
    name_.append("@");
    name_.append(sbe_templates[index].topic);
    result.stream = name_.view();
    result.outcome = Outcome::message;
    return DecodeCode::ok;
  }

  static bool is_utf8(std::string_view text) noexcept { // RFC 3629: no overlong forms, no surrogates
    for (std::size_t at = 0; at < text.size();) {
      const auto lead = static_cast<unsigned char>(text[at++]);
      if (lead < 0x80)
        continue;
      const std::size_t more = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : 1;
      if (lead < 0xc2 || lead > 0xf4 || text.size() - at < more)
        return false;
      const auto second = static_cast<unsigned char>(text[at]);
      if ((lead == 0xe0 && second < 0xa0) || (lead == 0xed && second > 0x9f) || (lead == 0xf0 && second < 0x90) ||
          (lead == 0xf4 && second > 0x8f))
        return false;
      for (std::size_t i = 0; i < more; ++i, ++at)
        if ((static_cast<unsigned char>(text[at]) & 0xc0) != 0x80)
          return false;
    }
    return true;
  }

  static FB_INLINE bool time(const char *at, std::int64_t &ns) noexcept {
    const auto us = sbe_read<std::int64_t>(at);
    if (static_cast<std::uint64_t>(us) > static_cast<std::uint64_t>(largest_microseconds))
      return false;
    ns = us * 1'000;
    return true;
  }

  static FB_INLINE void published(FallbackResult &result, std::uint32_t records) noexcept {
    ++result.route->fast;
    result.records = records;
    result.outcome = Outcome::published;
  }

  FB_INLINE DecodeCode best_bid_ask(Reader &in, std::size_t block, std::int64_t recv_ns, FallbackResult &result) noexcept {
    const char *const root = step(in, block);
    if (root == nullptr)
      return fail(in, result, DecodeCode::truncated);
    if (const DecodeCode code = find_route(in, 1, result); code != DecodeCode::ok || result.route == nullptr)
      return code;
    scalar::BookTickerFields f;
    const SbeScale price(sbe_read<std::int8_t>(root + 16)), qty(sbe_read<std::int8_t>(root + 17));
    f.update_id = sbe_read<std::int64_t>(root + 8);
    if (!time(root, f.event_ns) || !price(sbe_read<std::int64_t>(root + 18), f.bid_price) ||
        !qty(sbe_read<std::int64_t>(root + 26), f.bid_qty) || !price(sbe_read<std::int64_t>(root + 34), f.ask_price) ||
        !qty(sbe_read<std::int64_t>(root + 42), f.ask_qty))
      return fail({in.begin, root, in.end}, result, DecodeCode::number_range);
    scalar::publish<false>(*result.route, f, recv_ns);
    published(result, 1);
    return DecodeCode::ok;
  }

  DecodeCode trades(Reader &in, std::size_t block, std::int64_t recv_ns, FallbackResult &result) noexcept {
    const char *const root = step(in, block);
    if (root == nullptr)
      return fail(in, result, DecodeCode::truncated);
    Group entries;
    if (const DecodeCode code = group<std::uint32_t>(in, 25, entries, result); code != DecodeCode::ok)
      return code;
    if (const DecodeCode code = find_route(in, 0, result); code != DecodeCode::ok || result.route == nullptr)
      return code;
    scalar::TradeFields f;
    f.symbol_id = 0;
    const SbeScale price(sbe_read<std::int8_t>(root + 16)), qty(sbe_read<std::int8_t>(root + 17));
    if (!time(root, f.event_ns) || !time(root + 8, f.transaction_ns))
      return fail({in.begin, root, in.end}, result, DecodeCode::number_range);
    const auto read = [&](const char *entry) __attribute__((always_inline)) {
      f.trade_id = sbe_read<std::int64_t>(entry);
      f.is_buyer_maker = sbe_read<std::uint8_t>(entry + 24);
      if (f.is_buyer_maker > 1) // 255 is SBE's null
        return DecodeCode::wrong_type;
      return price(sbe_read<std::int64_t>(entry + 8), f.price) && qty(sbe_read<std::int64_t>(entry + 16), f.qty)
                 ? DecodeCode::ok
                 : DecodeCode::number_range;
    };
    // All are read before the first is published.
    for (std::size_t i = 0; i < entries.count; ++i) {
      const char *const entry = entries.entries + i * entries.block;
      if (const DecodeCode code = read(entry); code != DecodeCode::ok)
        return fail({in.begin, entry, in.end}, result, code);
    }
    for (std::size_t i = 0; i < entries.count; ++i) {
      read(entries.entries + i * entries.block);
      f.flags = i + 1 == entries.count ? FLAG_END_OF_FRAME : 0u;
      scalar::publish<false>(*result.route, f, recv_ns);
    }
    published(result, static_cast<std::uint32_t>(entries.count));
    if (entries.count == 0) {
      ++result.route->details->skipped;
      result.outcome = Outcome::skipped;
    }
    return DecodeCode::ok;
  }

  // Levels that do not fit the ring's arena are checked like the others and dropped.
  static FB_INLINE bool levels(const Group &side, const SbeScale &price, const SbeScale &qty, Level *&out,
                               const Level *room) noexcept {
    const char *entry = side.entries;
    for (std::size_t i = 0; i < side.count; ++i, entry += side.block) {
      Level level;
      if (!price(sbe_read<std::int64_t>(entry), level.price) || !qty(sbe_read<std::int64_t>(entry + 8), level.qty)) [[unlikely]]
        return false;
      if (out != room) [[likely]]
        *out++ = level;
    }
    return true;
  }

  template <bool diff>
  DecodeCode depth(Reader &in, std::size_t block, std::int64_t recv_ns, FallbackResult &result) noexcept {
    const char *const root = step(in, block);
    if (root == nullptr)
      return fail(in, result, DecodeCode::truncated);
    Group bids, asks;
    if (const DecodeCode code = group<std::uint16_t>(in, 16, bids, result); code != DecodeCode::ok)
      return code;
    if (const DecodeCode code = group<std::uint16_t>(in, 16, asks, result); code != DecodeCode::ok)
      return code;
    if (const DecodeCode code = find_route(in, diff ? 3 : 2, result); code != DecodeCode::ok || result.route == nullptr)
      return code;
    Route &route = *result.route;
    scalar::DepthFields f;
    constexpr std::size_t exponents = diff ? 24 : 16;
    const SbeScale price(sbe_read<std::int8_t>(root + exponents)), qty(sbe_read<std::int8_t>(root + exponents + 1));
    if constexpr (diff)
      f.first_update_id = sbe_read<std::int64_t>(root + 8);
    f.update_id = sbe_read<std::int64_t>(root + (diff ? 16 : 8));
    const auto wanted = static_cast<std::int64_t>(bids.count + asks.count);
    const std::int64_t taken = std::min(wanted, route.ring->view.level_capacity);
    std::int64_t begin;
    Level *const first = route.ring->begin_levels(taken, begin);
    Level *out = first;
    if (!time(root, f.event_ns) || !levels(bids, price, qty, out, first + taken))
      return fail({in.begin, root, in.end}, result, DecodeCode::number_range);
    f.bid_count = static_cast<std::uint32_t>(out - first);
    if (!levels(asks, price, qty, out, first + taken))
      return fail({in.begin, root, in.end}, result, DecodeCode::number_range);
    f.ask_count = static_cast<std::uint32_t>(out - first) - f.bid_count;
    f.flags = taken < wanted ? FLAG_LEVELS_TRUNCATED : 0u;
    scalar::publish<false>(route, f, begin, recv_ns);
    published(result, 1);
    return DecodeCode::ok;
  }

  SbeRoutes routes_;
  ShortText<126> name_; // of a stream without a route, as Binance spells it
  bool newer_ = false;
};

} // namespace fb
