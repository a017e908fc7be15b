// Binary market data of spot, SBE schema "spot_stream" (id 1): message header, groups, the four templates.
//
// Little endian; fields are unaligned. By SBE's rules a newer version may append fields to the root block and to the entries of
// a group, so both are stepped over by the block lengths of the message, and more may follow the symbol; an older version has
// none of that. Lengths and counts are checked against the frame before anything is read, and nothing is published before the
// whole frame is known to be good.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <type_traits>
#include <vector>

#include "drift.hpp"
#include "fallback.hpp"
#include "fast.hpp"
#include "utf8.hpp"

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
  SbeRoutes() : places_(least_places) {}

  void rebuild(const RouteTable &table) {
    std::size_t places = least_places;
    while (places < 2 * (table.size() + 1))
      places *= 2;
    places_.assign(places, nullptr);
    mask_ = places - 1;
    table.each([this](Route &route) {
      const std::string_view name = route.name_text();
      const std::size_t at = name.rfind('@');
      for (std::size_t i = 0; i < sbe_template_count; ++i)
        if (at != name.npos && name.substr(at + 1) == sbe_templates[i].topic && route.kind == sbe_templates[i].kind)
          add(route, i);
    });
  }

  FB_INLINE Route *find(std::size_t template_index, std::string_view symbol) const noexcept {
    const std::size_t size = symbol.size();
    if (size >= 8 && size <= 16)
      return probe<Ends<std::uint64_t>>(template_index, symbol);
    if (size >= 4 && size < 8)
      return probe<Ends<std::uint32_t>>(template_index, symbol);
    return probe<Bytes>(template_index, symbol);
  }

private:
  static constexpr std::size_t least_places = 16;

  // A symbol of one to two words, by its first and its last one, which may overlap.
  template <class Word> struct Ends {
    static FB_INLINE std::uint64_t hash(const char *symbol, std::size_t size) noexcept {
      return mix_words(sbe_read<Word>(symbol), sbe_read<Word>(symbol + size - sizeof(Word)), 0, 0);
    }
    static FB_INLINE bool same(const char *one, const char *other, std::size_t size) noexcept {
      const std::size_t last = size - sizeof(Word);
      return ((sbe_read<Word>(one) ^ sbe_read<Word>(other)) | (sbe_read<Word>(one + last) ^ sbe_read<Word>(other + last))) == 0;
    }
  };
  struct Bytes { // any symbol; there are few such
    static std::uint64_t hash(const char *symbol, std::size_t size) noexcept { return hash_symbol({symbol, size}); }
    static bool same(const char *one, const char *other, std::size_t size) noexcept {
      return std::memcmp(one, other, size) == 0;
    }
  };

  template <class How> FB_INLINE Route *probe(std::size_t template_index, std::string_view symbol) const noexcept {
    const Kind kind = sbe_templates[template_index].kind;
    Route *const *const places = places_.data();
    for (std::size_t at = How::hash(symbol.data(), symbol.size()) + template_index;; ++at) {
      Route *route = places[at & mask_];
      if (route == nullptr)
        return nullptr;
      if (route->kind == kind && route->symbol_length == symbol.size() &&
          How::same(route->details->symbol, symbol.data(), symbol.size())) [[likely]]
        return route;
    }
  }

  void add(Route &route, std::size_t template_index) noexcept {
    const std::string_view symbol = route.symbol_text();
    const std::size_t size = symbol.size();
    std::size_t at = template_index;
    if (size >= 8 && size <= 16)
      at += Ends<std::uint64_t>::hash(symbol.data(), size);
    else if (size >= 4 && size < 8)
      at += Ends<std::uint32_t>::hash(symbol.data(), size);
    else
      at += Bytes::hash(symbol.data(), size);
    while (places_[at & mask_] != nullptr)
      ++at;
    places_[at & mask_] = &route;
  }

  std::vector<Route *> places_; // open addressing, at most half full
  std::size_t mask_ = least_places - 1;
};

// mantissa * 10^exponent, to the nearest double: what float() makes of the decimal text that says the same. None is beyond
// the largest double, which no product of the two can reach. Prices and quantities come in pairs, each with its exponent.
class SbeScales {
public:
  // Of the exponents of a message, which lie side by side.
  explicit FB_INLINE SbeScales(const char *at) noexcept
      : price_(sbe_read<std::int8_t>(at)), qty_(sbe_read<std::int8_t>(at + 1)), long_way_(!is_short(price_) || !is_short(qty_)),
        price_divisor_(is_short(price_) ? power_of_ten[-price_] : 1), qty_divisor_(is_short(qty_) ? power_of_ten[-qty_] : 1) {}

  // A price and its quantity, which lie side by side too.
  FB_INLINE void read(const char *at, double &price, double &qty) const noexcept {
    const auto first = sbe_read<std::int64_t>(at), second = sbe_read<std::int64_t>(at + 8);
    if ((excess(first) | excess(second) | long_way_) != 0) [[unlikely]] {
      price = slowly(first, price_);
      qty = slowly(second, qty_);
      return;
    }
    // All operands are exact: correctly rounded divisions.
    price = static_cast<double>(first) / price_divisor_;
    qty = static_cast<double>(second) / qty_divisor_;
  }

private:
  static FB_INLINE bool is_short(int exponent) noexcept { return exponent <= 0 && exponent >= -22; }

  // 0 for what a double holds exactly: -2^53 to 2^53 - 1.
  static FB_INLINE std::uint64_t excess(std::int64_t mantissa) noexcept {
    return (static_cast<std::uint64_t>(mantissa) + largest_exact) >> 54;
  }

  static FB_OUTLINE double slowly(std::int64_t mantissa, int exponent) noexcept {
    if (exponent <= 0 && exponent >= -19) { // many coins at eight decimals
      const auto digits = static_cast<std::uint64_t>(mantissa);
      const auto decimals = static_cast<unsigned>(-exponent);
      return mantissa < 0 ? -scaled(0 - digits, decimals) : scaled(digits, decimals);
    }
    // By text: no market's numbers come here. strtod rounds correctly, and without a point no locale can mislead it.
    char text[32];
    std::snprintf(text, sizeof text, "%llde%d", static_cast<long long>(mantissa), exponent);
    return std::strtod(text, nullptr);
  }

  int price_, qty_;
  std::uint64_t long_way_; // not 0: an exponent that the short way has no divisor for
  double price_divisor_, qty_divisor_;
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
  static constexpr std::uint32_t schema = 1;

  // A message being read: where, and how much of it is left.
  struct Reader {
    const char *begin, *at, *end;

    std::size_t left() const noexcept { return static_cast<std::size_t>(end - at); }
    // Than the version that we know: more may follow what we read.
    bool is_newer() const noexcept { return sbe_read<std::uint16_t>(begin + 6) != 0; }
  };

  // Entries of a group that lie within the message.
  struct Group {
    const char *entries = nullptr;
    std::size_t block = 0;
    std::size_t count = 0;
  };

  static FB_INLINE DecodeCode fail_at(const Reader &in, const char *at, FallbackResult &result, DecodeCode code) noexcept {
    result.offset = static_cast<std::size_t>(at - in.begin);
    return code;
  }
  static FB_INLINE DecodeCode fail(const Reader &in, FallbackResult &result, DecodeCode code) noexcept {
    return fail_at(in, in.at, result, code);
  }

  FB_INLINE DecodeCode decode(const char *payload, std::size_t size, std::int64_t recv_ns, FallbackResult &result) noexcept {
    Reader in{payload, payload, payload + size};
    if (size < header_bytes)
      return fail(in, result, size == 0 ? DecodeCode::empty : DecodeCode::truncated);
    const auto block = sbe_read<std::uint16_t>(payload);
    in.at += header_bytes;
    // Template and schema in one look: this one comes most, by far.
    if (sbe_read<std::uint32_t>(payload + 2) == (schema << 16 | 10001)) [[likely]]
      return block < 50 ? fail(in, result, DecodeCode::short_block) : best_bid_ask(in, block, recv_ns, result);
    if (sbe_read<std::uint16_t>(payload + 4) != schema)
      return fail(in, result, DecodeCode::other_schema);
    switch (sbe_read<std::uint16_t>(payload + 2)) {
    case 10000: return block < 18 ? fail(in, result, DecodeCode::short_block) : trades(in, block, recv_ns, result);
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
    // At the end this reads a byte of the padding: no length is small enough then.
    const std::size_t length = static_cast<unsigned char>(*in.at);
    if (length >= in.left())
      return fail(in, result, DecodeCode::truncated);
    if (length == 0) // not to be found: rings of many symbols have none of their own
      return fail(in, result, DecodeCode::wrong_symbol);
    const std::string_view symbol{in.at + 1, length};
    in.at += 1 + length;
    if (in.at != in.end && !in.is_newer())
      return fail(in, result, DecodeCode::trailing_bytes);
    result.route = routes_.find(index, symbol);
    if (result.route == nullptr) [[unlikely]] {
      const DecodeCode code = unrouted(index, symbol, result);
      return code == DecodeCode::ok ? code : fail(in, result, code);
    }
    return DecodeCode::ok;
  }

  // Names the stream, for the handler. Of a symbol that has no route nothing is known, not even that it is text.
  FB_OUTLINE DecodeCode unrouted(std::size_t index, std::string_view symbol, FallbackResult &result) noexcept {
    char lower[max_symbol_bytes];
    if (const DecodeCode code = check_symbol(symbol); code != DecodeCode::ok)
      return code;
    if (first_not_utf8(symbol.data(), symbol.size()) != symbol.size())
      return DecodeCode::invalid_utf8;
    result.kind = sbe_templates[index].kind;
    result.symbol = symbol;
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

  static FB_INLINE bool time(const char *at, std::int64_t &ns) noexcept {
    const auto us = sbe_read<std::int64_t>(at);
    if (static_cast<std::uint64_t>(us) > static_cast<std::uint64_t>(largest_microseconds))
      return false;
    ns = us * 1'000;
    return true;
  }

  static FB_INLINE DecodeCode tell(FallbackResult &result, const FastResult &told) noexcept {
    result.records = told.records();
    result.outcome = told.outcome();
    return DecodeCode::ok;
  }

  FB_INLINE DecodeCode best_bid_ask(Reader &in, std::size_t block, std::int64_t recv_ns, FallbackResult &result) noexcept {
    const char *const root = step(in, block);
    if (root == nullptr)
      return fail(in, result, DecodeCode::truncated);
    if (const DecodeCode code = find_route(in, 1, result); code != DecodeCode::ok || result.route == nullptr)
      return code;
    scalar::BookTickerFields f;
    const SbeScales scales(root + 16);
    f.update_id = sbe_read<std::int64_t>(root + 8);
    if (!time(root, f.event_ns))
      return fail_at(in, root, result, DecodeCode::number_range);
    scales.read(root + 18, f.bid_price, f.bid_qty);
    scales.read(root + 34, f.ask_price, f.ask_qty);
    return tell(result, scalar::publish<BookTickerRecord, false>(*result.route, f, recv_ns));
  }

  FB_OUTLINE DecodeCode trades(Reader in, std::size_t block, std::int64_t recv_ns, FallbackResult &result) noexcept {
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
    const SbeScales scales(root + 16);
    if (!time(root, f.event_ns) || !time(root + 8, f.transaction_ns))
      return fail_at(in, root, result, DecodeCode::number_range);
    // All are looked at before the first is published. Nothing else of them can be wrong.
    for (std::size_t i = 0; i < entries.count; ++i) {
      const char *const entry = entries.entries + i * entries.block;
      if (sbe_read<std::uint8_t>(entry + 24) > 1) // 255 is SBE's null
        return fail_at(in, entry, result, DecodeCode::wrong_type);
    }
    Route &route = *result.route;
    RingWriter &ring = *route.ring;
    Fate fate = Fate::published;
    bool held = false;
    ring.begin_frame();
    for (std::size_t i = 0; i < entries.count; ++i) {
      const char *const entry = entries.entries + i * entries.block;
      f.trade_id = sbe_read<std::int64_t>(entry);
      scales.read(entry + 8, f.price, f.qty);
      f.is_buyer_maker = sbe_read<std::uint8_t>(entry + 24);
      f.flags = i + 1 == entries.count ? FLAG_END_OF_FRAME : 0u;
      if (scalar::follows<false>(route, f, recv_ns)) [[likely]] {
        ring.reveal();
        ring.hide(scalar::store<TradeRecord, false, false>(route, f, recv_ns));
        fate = Fate::published;
      } else {
        fate = route.merge(scalar::made<TradeRecord, false>(route, f, recv_ns));
        held |= fate == Fate::held;
      }
      result.records += fate != Fate::dropped;
    }
    ring.end_frame(fate == Fate::dropped); // else the last one has the flag, in its slot or where it waits
    ++route.fast;
    result.outcome = held ? Outcome::held : result.records != 0 ? Outcome::published : Outcome::dropped;
    if (entries.count == 0) {
      ++route.details->skipped;
      result.outcome = Outcome::skipped;
    }
    return DecodeCode::ok;
  }

  static FB_INLINE void levels(const Group &side, std::size_t count, const SbeScales &scales, Level *out) noexcept {
    const char *entry = side.entries;
    for (Level *const end = out + count; out != end; ++out, entry += side.block)
      scales.read(entry, out->price, out->qty);
  }

  template <bool diff>
  FB_OUTLINE DecodeCode depth(Reader in, std::size_t block, std::int64_t recv_ns, FallbackResult &result) noexcept {
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
    std::conditional_t<diff, scalar::DiffFields, scalar::PartialFields> f;
    const SbeScales scales(root + (diff ? 24 : 16));
    if constexpr (diff)
      f.first_update_id = sbe_read<std::int64_t>(root + 8);
    f.update_id = sbe_read<std::int64_t>(root + (diff ? 16 : 8));
    if (!time(root, f.event_ns))
      return fail_at(in, root, result, DecodeCode::number_range);
    // What does not fit the ring's arena is dropped.
    const std::size_t wanted = bids.count + asks.count;
    const std::size_t taken = std::min(wanted, static_cast<std::size_t>(route.ring->view.level_capacity));
    f.bid_count = static_cast<std::uint32_t>(std::min(bids.count, taken));
    f.ask_count = static_cast<std::uint32_t>(taken - f.bid_count);
    Level *const first = route.ring->begin_levels(static_cast<std::int64_t>(taken), f.levels_begin);
    levels(bids, f.bid_count, scales, first);
    levels(asks, f.ask_count, scales, first + f.bid_count);
    f.flags = taken < wanted ? FLAG_LEVELS_TRUNCATED : 0u;
    return tell(result, scalar::publish_depth<false>(route, f, recv_ns));
  }

  SbeRoutes routes_;
  ShortText<126> name_; // of a stream without a route, as Binance spells it
};

} // namespace fb
