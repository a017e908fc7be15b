#include <algorithm>

#include "fast.hpp"

#define SIMDJSON_BUILTIN_IMPLEMENTATION haswell
#include "simdjson.h"

#include "lean.hpp"

namespace bench {
namespace {

namespace ondemand = simdjson::haswell::ondemand;
using fb::Kind;

template <bool futures> class Decoder final : public Lean {
public:
  bool accept(const fb::RouteTable &table, const char *payload, std::size_t size, std::int64_t recv_ns) override {
    ondemand::document document;
    if (parser_.iterate(payload, size, size + simdjson::SIMDJSON_PADDING).get(document))
      return false;
    ondemand::object wrapper, object;
    ondemand::value stream;
    // The raw token is cheaper than get_string(), which unescapes into a buffer.
    if (document.get_object().get(wrapper) || wrapper.find_field("stream").get(stream))
      return false;
    std::string_view name = stream.raw_json_token();
    fb::Route *route = table.find(name.substr(1, name.rfind('"') - 1));
    if (route == nullptr || wrapper.find_field("data").get_object().get(object))
      return false;
    switch (route->kind) {
    case Kind::book_ticker: return book_ticker(object, *route, recv_ns);
    case Kind::trade: return trade(object, *route, recv_ns);
    case Kind::agg_trade: return agg_trade(object, *route, recv_ns);
    case Kind::diff_depth: return depth<fb::scalar::DiffFields>(object, *route, size, recv_ns);
    case Kind::partial_depth:
      return futures ? depth<fb::scalar::PartialFields>(object, *route, size, recv_ns) : partial(object, *route, size, recv_ns);
    default: return false;
    }
  }

private:
  template <std::size_t N> static bool number(ondemand::object &object, const char (&key)[N], std::int64_t &value) {
    return !object.find_field(std::string_view(key, N - 1)).get_int64().get(value);
  }
  template <std::size_t N> static bool time(ondemand::object &object, const char (&key)[N], std::int64_t &ns) {
    std::int64_t value = 0;
    if (!number(object, key, value))
      return false;
    ns = value * 1'000'000;
    return true;
  }
  template <std::size_t N> static bool price(ondemand::object &object, const char (&key)[N], double &value) {
    return !object.find_field(std::string_view(key, N - 1)).get_double_in_string().get(value);
  }
  static bool symbol(ondemand::object &object, const fb::Route &route) {
    ondemand::raw_json_string text;
    if (object.find_field("s").get_raw_json_string().get(text))
      return false;
    return std::memcmp(text.raw(), route.symbol_head, route.symbol_length + 1) == 0;
  }

  static bool published(const fb::FastResult &result) { return result.outcome() == fb::Outcome::published; }

  // "st" at the end of futures messages since 2026.
  static bool product(ondemand::object &object, std::uint32_t &flags) {
    std::int64_t product;
    if (number(object, "st", product))
      flags |= product == 1 ? fb::FLAG_USDM : fb::FLAG_COINM;
    return true;
  }
  static bool trade_type(ondemand::object &object, std::uint8_t &type) {
    ondemand::raw_json_string text;
    if (object.find_field("X").get_raw_json_string().get(text))
      return false;
    type = static_cast<std::uint8_t>(text.raw()[0] == 'M' ? fb::TradeType::market : fb::TradeType::rpi);
    return true;
  }

  bool book_ticker(ondemand::object &object, fb::Route &route, std::int64_t recv_ns) {
    fb::scalar::BookTickerFields f;
    if (!number(object, "u", f.update_id) || !symbol(object, route) || !price(object, "b", f.bid_price) ||
        !price(object, "B", f.bid_qty) || !price(object, "a", f.ask_price) || !price(object, "A", f.ask_qty))
      return false;
    if constexpr (futures)
      if (!time(object, "T", f.transaction_ns) || !time(object, "E", f.event_ns) || !product(object, f.flags))
        return false;
    return published(fb::scalar::publish<fb::BookTickerRecord, false>(route, f, recv_ns));
  }

  bool trade(ondemand::object &object, fb::Route &route, std::int64_t recv_ns) {
    fb::scalar::TradeFields f;
    f.symbol_id = 0;
    bool maker;
    if (!time(object, "E", f.event_ns) || (futures && !time(object, "T", f.transaction_ns)) || !symbol(object, route) ||
        !number(object, "t", f.trade_id) || !price(object, "p", f.price) || !price(object, "q", f.qty) ||
        (!futures && !time(object, "T", f.transaction_ns)) || (futures && !trade_type(object, f.trade_type)) ||
        object.find_field("m").get_bool().get(maker) || (futures && !product(object, f.flags)))
      return false;
    f.is_buyer_maker = maker;
    return published(fb::scalar::publish<fb::TradeRecord, false>(route, f, recv_ns));
  }

  bool agg_trade(ondemand::object &object, fb::Route &route, std::int64_t recv_ns) {
    fb::scalar::AggTradeFields f;
    f.symbol_id = 0;
    bool maker;
    if (!time(object, "E", f.event_ns) || (futures && !number(object, "a", f.agg_trade_id)) || !symbol(object, route) ||
        (!futures && !number(object, "a", f.agg_trade_id)) || !price(object, "p", f.price) || !price(object, "q", f.qty) ||
        !number(object, "f", f.first_trade_id) || !number(object, "l", f.last_trade_id) ||
        !time(object, "T", f.transaction_ns) || object.find_field("m").get_bool().get(maker) ||
        (futures && !product(object, f.flags)))
      return false;
    f.is_buyer_maker = maker;
    return published(fb::scalar::publish<fb::AggTradeRecord, false>(route, f, recv_ns));
  }

  template <std::size_t N>
  static bool levels(ondemand::object &object, const char (&key)[N], fb::Level *&out, std::uint32_t &count) {
    ondemand::array side;
    if (object.find_field(std::string_view(key, N - 1)).get_array().get(side))
      return false;
    const fb::Level *first = out;
    for (auto item : side) {
      ondemand::array pair;
      if (item.get_array().get(pair))
        return false;
      auto at = pair.begin();
      if ((*at).get_double_in_string().get(out->price) || (++at, (*at).get_double_in_string().get(out->qty)))
        return false;
      ++at; // past the end: On-Demand wants the array finished before the next begins
      ++out;
    }
    count = static_cast<std::uint32_t>(out - first);
    return true;
  }

  template <class Fields>
  bool depth(ondemand::object &object, fb::Route &route, std::size_t size, std::int64_t recv_ns) {
    Fields f;
    fb::Level *out = route.ring->begin_levels(static_cast<std::int64_t>(size / 10 + 1), f.levels_begin);
    if (out == nullptr || !time(object, "E", f.event_ns) || (futures && !time(object, "T", f.transaction_ns)) ||
        !symbol(object, route) || !number(object, "U", f.first_update_id) || !number(object, "u", f.update_id) ||
        (futures && !number(object, "pu", f.prev_update_id)) || !levels(object, "b", out, f.bid_count) ||
        !levels(object, "a", out, f.ask_count) || (futures && !product(object, f.flags)))
      return false;
    return published(fb::scalar::publish_depth<false>(route, f, recv_ns));
  }

  bool partial(ondemand::object &object, fb::Route &route, std::size_t size, std::int64_t recv_ns) {
    fb::scalar::PartialFields f;
    fb::Level *out = route.ring->begin_levels(static_cast<std::int64_t>(size / 10 + 1), f.levels_begin);
    if (out == nullptr || !number(object, "lastUpdateId", f.update_id) || !levels(object, "bids", out, f.bid_count) ||
        !levels(object, "asks", out, f.ask_count))
      return false;
    return published(fb::scalar::publish_depth<false>(route, f, recv_ns));
  }

  ondemand::parser parser_;
};

} // namespace

std::unique_ptr<Lean> make_lean(bool futures) {
  if (futures)
    return std::make_unique<Decoder<true>>();
  return std::make_unique<Decoder<false>>();
}

} // namespace bench
