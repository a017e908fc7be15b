// What the fallback expects of each kind of event; see schema.hpp.
#pragma once

#include <cstddef>
#include <string_view>

#include "schema.hpp"

namespace fb {

// offsetof on a type with a base: see record_fields.hpp.
#if defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Winvalid-offsetof"
#endif
#define FB_EVENT_TIME offsetof(RecordHead, event_ns)
#define FB_TRANSACTION_TIME offsetof(RecordHead, transaction_ns)
#define FB_PLACE(field) offsetof(R, field)

namespace schema_of {

constexpr Schema book_ticker() {
  using R = BookTickerRecord;
  return make_schema({"bookTicker"},
                     {may("e", Type::event), need("u", Type::integer, FB_PLACE(update_id)), need("s", Type::symbol),
                      skip("ps"), need("b", Type::decimal, FB_PLACE(bid_price)),
                      need("B", Type::decimal, FB_PLACE(bid_qty)), need("a", Type::decimal, FB_PLACE(ask_price)),
                      need("A", Type::decimal, FB_PLACE(ask_qty)), may("T", Type::time, FB_TRANSACTION_TIME),
                      may("E", Type::time, FB_EVENT_TIME), may("st", Type::product)});
}

// "b" and "a" are the order ids that spot trades carried until 2023.
constexpr Schema trade() {
  using R = TradeRecord;
  return make_schema(
      {"trade"},
      {need("e", Type::event), need("E", Type::time, FB_EVENT_TIME), need("T", Type::time, FB_TRANSACTION_TIME),
       need("s", Type::symbol), need("t", Type::integer, FB_PLACE(trade_id)), need("p", Type::decimal, FB_PLACE(price)),
       need("q", Type::decimal, FB_PLACE(qty)), need("m", Type::boolean, FB_PLACE(is_buyer_maker)),
       of_codes("X", false, FB_PLACE(trade_type), codes_of(trade_types)), may("st", Type::product), skip("M"), skip("S"),
       skip("ps"), skip("b"), skip("a")});
}

constexpr Schema block_trade() {
  using R = TradeRecord;
  return make_schema({"blockTrade"},
                     {need("e", Type::event), need("E", Type::time, FB_EVENT_TIME),
                      need("T", Type::time, FB_TRANSACTION_TIME), need("s", Type::symbol),
                      need("t", Type::integer, FB_PLACE(trade_id)), need("p", Type::decimal, FB_PLACE(price)),
                      need("q", Type::decimal, FB_PLACE(qty)), need("m", Type::boolean, FB_PLACE(is_buyer_maker)),
                      skip("M")});
}

constexpr Schema agg_trade() {
  using R = AggTradeRecord;
  return make_schema(
      {"aggTrade"},
      {need("e", Type::event), need("E", Type::time, FB_EVENT_TIME), need("T", Type::time, FB_TRANSACTION_TIME),
       need("s", Type::symbol), need("a", Type::integer, FB_PLACE(agg_trade_id)),
       need("f", Type::integer, FB_PLACE(first_trade_id)), need("l", Type::integer, FB_PLACE(last_trade_id)),
       need("p", Type::decimal, FB_PLACE(price)), need("q", Type::decimal, FB_PLACE(qty)),
       need("m", Type::boolean, FB_PLACE(is_buyer_maker)), may("st", Type::product), skip("nq"), skip("M"), skip("ps")});
}

constexpr Schema diff_depth() {
  using R = DepthRecord;
  return make_schema(
      {"depthUpdate"},
      {need("e", Type::event), need("E", Type::time, FB_EVENT_TIME), may("T", Type::time, FB_TRANSACTION_TIME),
       need("s", Type::symbol), skip("ps"), need("U", Type::integer, FB_PLACE(first_update_id)),
       need("u", Type::integer, FB_PLACE(update_id)), may("pu", Type::integer, FB_PLACE(prev_update_id)),
       need("b", Type::bids), need("a", Type::asks), may("st", Type::product)});
}

constexpr Schema partial_depth() {
  using R = DepthRecord;
  return make_schema(
      {"depthUpdate"},
      {may("e", Type::event), may("E", Type::time, FB_EVENT_TIME), may("T", Type::time, FB_TRANSACTION_TIME),
       may("s", Type::symbol), skip("ps"), may("U", Type::integer, FB_PLACE(first_update_id)),
       need("u", Type::integer, FB_PLACE(update_id)), need("lastUpdateId", Type::integer, FB_PLACE(update_id)),
       may("pu", Type::integer, FB_PLACE(prev_update_id)), need("b", Type::bids), need("bids", Type::bids),
       need("a", Type::asks), need("asks", Type::asks), may("st", Type::product)});
}

// What lies in "k". `symbol`: which of the two places names it.
constexpr Schema candle(Type symbol) {
  using R = KlineRecord;
  Key s = symbol == Type::symbol ? need("s", Type::symbol) : skip("s");
  return make_schema(
      {""}, {need("t", Type::time, FB_PLACE(open_time_ns)), need("T", Type::time, FB_PLACE(close_time_ns)), s, skip("i"),
             need("f", Type::integer, FB_PLACE(first_trade_id)), need("L", Type::integer, FB_PLACE(last_trade_id)),
             need("o", Type::decimal, FB_PLACE(open_price)), need("c", Type::decimal, FB_PLACE(close_price)),
             need("h", Type::decimal, FB_PLACE(high_price)), need("l", Type::decimal, FB_PLACE(low_price)),
             need("v", Type::decimal, FB_PLACE(volume)), need("n", Type::integer, FB_PLACE(trade_count)),
             need("x", Type::boolean, FB_PLACE(is_closed)), need("q", Type::decimal, FB_PLACE(quote_volume)),
             need("V", Type::decimal, FB_PLACE(taker_buy_volume)),
             need("Q", Type::decimal, FB_PLACE(taker_buy_quote_volume)), skip("B")});
}
inline constexpr Schema candle_without_symbol = candle(Type::ignored);
inline constexpr Schema candle_with_symbol = candle(Type::symbol);

constexpr Schema kline() {
  return make_schema({"kline"}, {need("e", Type::event), need("E", Type::time, FB_EVENT_TIME), need("s", Type::symbol),
                                 within("k", candle_without_symbol), skip("ps"), may("st", Type::product)});
}
constexpr Schema continuous_kline() {
  return make_schema({"continuous_kline"},
                     {need("e", Type::event), need("E", Type::time, FB_EVENT_TIME), need("ps", Type::pair),
                      need("ct", Type::contract_type), within("k", candle_without_symbol), may("st", Type::product)});
}
constexpr Schema index_price_kline() {
  return make_schema({"indexPrice_kline"},
                     {need("e", Type::event), need("E", Type::time, FB_EVENT_TIME), need("ps", Type::symbol),
                      within("k", candle_without_symbol), may("st", Type::product)});
}
constexpr Schema mark_price_kline() {
  return make_schema({"markPrice_kline"},
                     {need("e", Type::event), need("E", Type::time, FB_EVENT_TIME), skip("ps"),
                      within("k", candle_with_symbol), may("st", Type::product)});
}

constexpr Schema contract_candle_schema() {
  using R = KlineRecord;
  return make_schema({""}, {need("ot", Type::time, FB_PLACE(open_time_ns)), need("ct", Type::time, FB_PLACE(close_time_ns)),
                            skip("i"), need("o", Type::decimal, FB_PLACE(open_price)),
                            need("c", Type::decimal, FB_PLACE(close_price)), need("h", Type::decimal, FB_PLACE(high_price)),
                            need("l", Type::decimal, FB_PLACE(low_price)), need("v", Type::decimal, FB_PLACE(volume))});
}
inline constexpr Schema contract_candle = contract_candle_schema();
constexpr Schema contract_kline() {
  return make_schema({"kline"}, {need("e", Type::event), need("ca", Type::contract), may("E", Type::time, FB_EVENT_TIME),
                                 within("k", contract_candle)});
}

constexpr Schema ticker() {
  using R = TickerRecord;
  return make_schema(
      {"24hrTicker"},
      {need("e", Type::event), need("E", Type::time, FB_EVENT_TIME), need("s", Type::symbol), skip("ps"),
       need("p", Type::decimal, FB_PLACE(price_change)), need("P", Type::decimal, FB_PLACE(price_change_percent)),
       need("w", Type::decimal, FB_PLACE(weighted_average_price)),
       may("x", Type::decimal, FB_PLACE(previous_close_price)), need("c", Type::decimal, FB_PLACE(last_price)),
       need("Q", Type::decimal, FB_PLACE(last_qty)), may("b", Type::decimal, FB_PLACE(bid_price)),
       may("B", Type::decimal, FB_PLACE(bid_qty)), may("a", Type::decimal, FB_PLACE(ask_price)),
       may("A", Type::decimal, FB_PLACE(ask_qty)), need("o", Type::decimal, FB_PLACE(open_price)),
       need("h", Type::decimal, FB_PLACE(high_price)), need("l", Type::decimal, FB_PLACE(low_price)),
       need("v", Type::decimal, FB_PLACE(volume)), need("q", Type::decimal, FB_PLACE(quote_volume)),
       need("O", Type::time, FB_PLACE(open_time_ns)), need("C", Type::time, FB_PLACE(close_time_ns)),
       need("F", Type::integer, FB_PLACE(first_trade_id)), need("L", Type::integer, FB_PLACE(last_trade_id)),
       need("n", Type::integer, FB_PLACE(trade_count)), may("st", Type::product)});
}

constexpr Schema rolling_ticker() {
  using R = TickerRecord;
  return make_schema(
      {"1hTicker", "4hTicker", "1dTicker"},
      {need("e", Type::event), need("E", Type::time, FB_EVENT_TIME), need("s", Type::symbol),
       need("p", Type::decimal, FB_PLACE(price_change)), need("P", Type::decimal, FB_PLACE(price_change_percent)),
       need("w", Type::decimal, FB_PLACE(weighted_average_price)), need("c", Type::decimal, FB_PLACE(last_price)),
       need("o", Type::decimal, FB_PLACE(open_price)), need("h", Type::decimal, FB_PLACE(high_price)),
       need("l", Type::decimal, FB_PLACE(low_price)), need("v", Type::decimal, FB_PLACE(volume)),
       need("q", Type::decimal, FB_PLACE(quote_volume)), need("O", Type::time, FB_PLACE(open_time_ns)),
       need("C", Type::time, FB_PLACE(close_time_ns)), need("F", Type::integer, FB_PLACE(first_trade_id)),
       need("L", Type::integer, FB_PLACE(last_trade_id)), need("n", Type::integer, FB_PLACE(trade_count))});
}

constexpr Schema mini_ticker() {
  using R = MiniTickerRecord;
  return make_schema({"24hrMiniTicker"},
                     {need("e", Type::event), need("E", Type::time, FB_EVENT_TIME), need("s", Type::symbol), skip("ps"),
                      need("c", Type::decimal, FB_PLACE(last_price)), need("o", Type::decimal, FB_PLACE(open_price)),
                      need("h", Type::decimal, FB_PLACE(high_price)), need("l", Type::decimal, FB_PLACE(low_price)),
                      need("v", Type::decimal, FB_PLACE(volume)), need("q", Type::decimal, FB_PLACE(quote_volume)),
                      may("st", Type::product)});
}

constexpr Schema average_price() {
  using R = AveragePriceRecord;
  return make_schema({"avgPrice"},
                     {need("e", Type::event), need("E", Type::time, FB_EVENT_TIME), need("s", Type::symbol),
                      need("i", Type::interval, FB_PLACE(interval_ns)), need("w", Type::decimal, FB_PLACE(average_price)),
                      need("T", Type::time, FB_TRANSACTION_TIME)});
}

constexpr Schema reference_price() {
  using R = ReferencePriceRecord;
  return make_schema({"referencePrice"}, {need("e", Type::event), need("s", Type::symbol),
                                          need("r", Type::maybe_decimal, FB_PLACE(price)),
                                          need("t", Type::time, FB_TRANSACTION_TIME), may("E", Type::time, FB_EVENT_TIME)});
}

constexpr Schema mark_price() {
  using R = MarkPriceRecord;
  return make_schema(
      {"markPriceUpdate"},
      {need("e", Type::event), need("E", Type::time, FB_EVENT_TIME), need("s", Type::symbol),
       need("p", Type::decimal, FB_PLACE(mark_price)), may("ap", Type::decimal, FB_PLACE(mark_price_average)),
       may("P", Type::maybe_decimal, FB_PLACE(estimated_settle_price)),
       may("i", Type::maybe_decimal, FB_PLACE(index_price)), may("r", Type::maybe_decimal, FB_PLACE(funding_rate)),
       may("T", Type::time, FB_PLACE(next_funding_ns)), may("st", Type::product), skip("ps")});
}

constexpr Schema option_mark_price() {
  using R = OptionMarkPriceRecord;
  return make_schema(
      {"markPrice"},
      {need("e", Type::event), need("E", Type::time, FB_EVENT_TIME), need("s", Type::symbol),
       need("mp", Type::decimal, FB_PLACE(mark_price)), need("i", Type::decimal, FB_PLACE(index_price)),
       need("P", Type::decimal, FB_PLACE(estimated_settle_price)), need("bo", Type::decimal, FB_PLACE(bid_price)),
       need("ao", Type::decimal, FB_PLACE(ask_price)), need("bq", Type::decimal, FB_PLACE(bid_qty)),
       need("aq", Type::decimal, FB_PLACE(ask_qty)), need("b", Type::decimal, FB_PLACE(bid_iv)),
       need("a", Type::decimal, FB_PLACE(ask_iv)), need("hl", Type::decimal, FB_PLACE(high_price_limit)),
       need("ll", Type::decimal, FB_PLACE(low_price_limit)), need("vo", Type::decimal, FB_PLACE(mark_iv)),
       need("rf", Type::decimal, FB_PLACE(risk_free_rate)), need("d", Type::decimal, FB_PLACE(delta)),
       need("t", Type::decimal, FB_PLACE(theta)), need("g", Type::decimal, FB_PLACE(gamma)),
       need("v", Type::decimal, FB_PLACE(vega))});
}

// COIN-M names a pair in "i", options an underlying in "s".
constexpr Schema index_price() {
  using R = IndexPriceRecord;
  return make_schema({"indexPriceUpdate", "indexPrice"},
                     {need("e", Type::event), need("E", Type::time, FB_EVENT_TIME), need("i", Type::symbol),
                      need("s", Type::symbol), need("p", Type::decimal, FB_PLACE(price)), may("st", Type::product)});
}

constexpr Schema liquidation_schema() {
  using R = ForceOrderRecord;
  return make_schema({""}, {need("s", Type::symbol), of_codes("S", true, FB_PLACE(side), codes_of(sides)),
                            of_codes("o", true, FB_PLACE(order_type), codes_of(order_types)),
                            of_codes("f", true, FB_PLACE(time_in_force), codes_of(times_in_force)),
                            need("q", Type::decimal, FB_PLACE(qty)), need("p", Type::decimal, FB_PLACE(price)),
                            need("ap", Type::decimal, FB_PLACE(average_price)),
                            of_codes("X", true, FB_PLACE(order_status), codes_of(order_states)),
                            need("l", Type::decimal, FB_PLACE(last_filled_qty)),
                            need("z", Type::decimal, FB_PLACE(cumulative_filled_qty)),
                            need("T", Type::time, FB_TRANSACTION_TIME), skip("ps"), may("st", Type::product)});
}
inline constexpr Schema liquidation = liquidation_schema();
// "ps" and "st" are documented at the top level, and seen inside "o".
constexpr Schema force_order() {
  return make_schema({"forceOrder"}, {need("e", Type::event), need("E", Type::time, FB_EVENT_TIME),
                                      within("o", liquidation), skip("ps"), may("st", Type::product)});
}

constexpr Schema open_interest() {
  using R = OpenInterestRecord;
  return make_schema({"openInterest"}, {need("e", Type::event), need("E", Type::time, FB_EVENT_TIME),
                                        need("s", Type::symbol), need("o", Type::decimal, FB_PLACE(open_interest)),
                                        need("h", Type::decimal, FB_PLACE(open_interest_value))});
}

constexpr Schema asset_index() {
  using R = AssetIndexRecord;
  return make_schema(
      {"assetIndexUpdate"},
      {need("e", Type::event), need("E", Type::time, FB_EVENT_TIME), need("s", Type::symbol),
       need("i", Type::decimal, FB_PLACE(index_price)), need("b", Type::decimal, FB_PLACE(bid_buffer)),
       need("a", Type::decimal, FB_PLACE(ask_buffer)), need("B", Type::decimal, FB_PLACE(bid_rate)),
       need("A", Type::decimal, FB_PLACE(ask_rate)), need("q", Type::decimal, FB_PLACE(auto_exchange_bid_buffer)),
       need("g", Type::decimal, FB_PLACE(auto_exchange_ask_buffer)),
       need("Q", Type::decimal, FB_PLACE(auto_exchange_bid_rate)),
       need("G", Type::decimal, FB_PLACE(auto_exchange_ask_rate))});
}

} // namespace schema_of

#undef FB_EVENT_TIME
#undef FB_TRANSACTION_TIME
#undef FB_PLACE
#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif

inline constexpr Schema schemas[kind_count] = {
    {},
    schema_of::book_ticker(),
    schema_of::trade(),
    schema_of::agg_trade(),
    schema_of::diff_depth(),
    schema_of::partial_depth(),
    schema_of::block_trade(),
    schema_of::kline(),
    schema_of::continuous_kline(),
    schema_of::index_price_kline(),
    schema_of::mark_price_kline(),
    schema_of::contract_kline(),
    schema_of::ticker(),
    schema_of::rolling_ticker(),
    schema_of::mini_ticker(),
    schema_of::average_price(),
    schema_of::reference_price(),
    schema_of::mark_price(),
    schema_of::option_mark_price(),
    schema_of::index_price(),
    schema_of::force_order(),
    schema_of::open_interest(),
    schema_of::asset_index(),
};

// The kind whose events have this name, where the name alone tells; the first of several.
constexpr Kind kind_of_event(std::string_view event) noexcept {
  for (std::uint32_t i = 1; i < kind_count; ++i)
    for (const std::string_view known : schemas[i].events)
      if (!known.empty() && known == event)
        return static_cast<Kind>(i);
  return Kind::none;
}

} // namespace fb
