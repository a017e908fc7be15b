// The layout of records as data: what Python builds its dtypes from, and what the fallback knows of a kind.
#pragma once

#include <cstddef>
#include <cstdint>

#include "record.hpp"

namespace fb {

// `code`: 'q' int64, 'I' uint32, 'd' float64, '?' bool, 'B' uint8.
struct FieldInfo {
  const char *name;
  std::uint32_t offset;
  char code;
};

// offsetof on a type with a base is conditionally supported; every compiler we build with supports it for these PODs.
#if defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Winvalid-offsetof"
#endif
#define FB_AT(R, field, code) {#field, offsetof(R, field), code}
#define FB_HEAD(R)                                                                                                     \
  FB_AT(R, sequence, 'q'), FB_AT(R, flags, 'I'), FB_AT(R, symbol_id, 'I'), FB_AT(R, event_ns, 'q'),                    \
      FB_AT(R, transaction_ns, 'q'), FB_AT(R, recv_ns, 'q')

inline constexpr FieldInfo book_ticker_fields[] = {
    FB_HEAD(BookTickerRecord),
    FB_AT(BookTickerRecord, update_id, 'q'), FB_AT(BookTickerRecord, bid_price, 'd'),
    FB_AT(BookTickerRecord, bid_qty, 'd'), FB_AT(BookTickerRecord, ask_price, 'd'),
    FB_AT(BookTickerRecord, ask_qty, 'd'),
};
inline constexpr FieldInfo trade_fields[] = {
    FB_HEAD(TradeRecord),
    FB_AT(TradeRecord, trade_id, 'q'), FB_AT(TradeRecord, price, 'd'), FB_AT(TradeRecord, qty, 'd'),
    FB_AT(TradeRecord, is_buyer_maker, '?'), FB_AT(TradeRecord, trade_type, 'B'),
};
inline constexpr FieldInfo agg_trade_fields[] = {
    FB_HEAD(AggTradeRecord),
    FB_AT(AggTradeRecord, agg_trade_id, 'q'), FB_AT(AggTradeRecord, first_trade_id, 'q'),
    FB_AT(AggTradeRecord, last_trade_id, 'q'), FB_AT(AggTradeRecord, price, 'd'), FB_AT(AggTradeRecord, qty, 'd'),
    FB_AT(AggTradeRecord, is_buyer_maker, '?'),
};
inline constexpr FieldInfo depth_fields[] = {
    FB_HEAD(DepthRecord),
    FB_AT(DepthRecord, first_update_id, 'q'), FB_AT(DepthRecord, update_id, 'q'),
    FB_AT(DepthRecord, prev_update_id, 'q'), FB_AT(DepthRecord, levels_begin, 'q'),
    FB_AT(DepthRecord, bid_count, 'I'), FB_AT(DepthRecord, ask_count, 'I'),
};
inline constexpr FieldInfo kline_fields[] = {
    FB_HEAD(KlineRecord),
    FB_AT(KlineRecord, open_time_ns, 'q'), FB_AT(KlineRecord, close_time_ns, 'q'),
    FB_AT(KlineRecord, open_price, 'd'), FB_AT(KlineRecord, high_price, 'd'), FB_AT(KlineRecord, low_price, 'd'),
    FB_AT(KlineRecord, close_price, 'd'), FB_AT(KlineRecord, volume, 'd'), FB_AT(KlineRecord, quote_volume, 'd'),
    FB_AT(KlineRecord, taker_buy_volume, 'd'), FB_AT(KlineRecord, taker_buy_quote_volume, 'd'),
    FB_AT(KlineRecord, first_trade_id, 'q'), FB_AT(KlineRecord, last_trade_id, 'q'),
    FB_AT(KlineRecord, trade_count, 'q'), FB_AT(KlineRecord, is_closed, '?'),
};
inline constexpr FieldInfo ticker_fields[] = {
    FB_HEAD(TickerRecord),
    FB_AT(TickerRecord, open_time_ns, 'q'), FB_AT(TickerRecord, close_time_ns, 'q'),
    FB_AT(TickerRecord, first_trade_id, 'q'), FB_AT(TickerRecord, last_trade_id, 'q'),
    FB_AT(TickerRecord, trade_count, 'q'), FB_AT(TickerRecord, price_change, 'd'),
    FB_AT(TickerRecord, price_change_percent, 'd'), FB_AT(TickerRecord, weighted_average_price, 'd'),
    FB_AT(TickerRecord, previous_close_price, 'd'), FB_AT(TickerRecord, last_price, 'd'),
    FB_AT(TickerRecord, last_qty, 'd'), FB_AT(TickerRecord, bid_price, 'd'), FB_AT(TickerRecord, bid_qty, 'd'),
    FB_AT(TickerRecord, ask_price, 'd'), FB_AT(TickerRecord, ask_qty, 'd'), FB_AT(TickerRecord, open_price, 'd'),
    FB_AT(TickerRecord, high_price, 'd'), FB_AT(TickerRecord, low_price, 'd'), FB_AT(TickerRecord, volume, 'd'),
    FB_AT(TickerRecord, quote_volume, 'd'),
};
inline constexpr FieldInfo mini_ticker_fields[] = {
    FB_HEAD(MiniTickerRecord),
    FB_AT(MiniTickerRecord, last_price, 'd'), FB_AT(MiniTickerRecord, open_price, 'd'),
    FB_AT(MiniTickerRecord, high_price, 'd'), FB_AT(MiniTickerRecord, low_price, 'd'),
    FB_AT(MiniTickerRecord, volume, 'd'), FB_AT(MiniTickerRecord, quote_volume, 'd'),
};
inline constexpr FieldInfo average_price_fields[] = {
    FB_HEAD(AveragePriceRecord),
    FB_AT(AveragePriceRecord, average_price, 'd'), FB_AT(AveragePriceRecord, interval_ns, 'q'),
};
inline constexpr FieldInfo reference_price_fields[] = {
    FB_HEAD(ReferencePriceRecord),
    FB_AT(ReferencePriceRecord, price, 'd'),
};
inline constexpr FieldInfo mark_price_fields[] = {
    FB_HEAD(MarkPriceRecord),
    FB_AT(MarkPriceRecord, mark_price, 'd'), FB_AT(MarkPriceRecord, mark_price_average, 'd'),
    FB_AT(MarkPriceRecord, index_price, 'd'), FB_AT(MarkPriceRecord, estimated_settle_price, 'd'),
    FB_AT(MarkPriceRecord, funding_rate, 'd'), FB_AT(MarkPriceRecord, next_funding_ns, 'q'),
};
inline constexpr FieldInfo option_mark_price_fields[] = {
    FB_HEAD(OptionMarkPriceRecord),
    FB_AT(OptionMarkPriceRecord, mark_price, 'd'), FB_AT(OptionMarkPriceRecord, index_price, 'd'),
    FB_AT(OptionMarkPriceRecord, estimated_settle_price, 'd'), FB_AT(OptionMarkPriceRecord, bid_price, 'd'),
    FB_AT(OptionMarkPriceRecord, ask_price, 'd'), FB_AT(OptionMarkPriceRecord, bid_qty, 'd'),
    FB_AT(OptionMarkPriceRecord, ask_qty, 'd'), FB_AT(OptionMarkPriceRecord, bid_iv, 'd'),
    FB_AT(OptionMarkPriceRecord, ask_iv, 'd'), FB_AT(OptionMarkPriceRecord, high_price_limit, 'd'),
    FB_AT(OptionMarkPriceRecord, low_price_limit, 'd'), FB_AT(OptionMarkPriceRecord, mark_iv, 'd'),
    FB_AT(OptionMarkPriceRecord, risk_free_rate, 'd'), FB_AT(OptionMarkPriceRecord, delta, 'd'),
    FB_AT(OptionMarkPriceRecord, theta, 'd'), FB_AT(OptionMarkPriceRecord, gamma, 'd'),
    FB_AT(OptionMarkPriceRecord, vega, 'd'),
};
inline constexpr FieldInfo index_price_fields[] = {
    FB_HEAD(IndexPriceRecord),
    FB_AT(IndexPriceRecord, price, 'd'),
};
inline constexpr FieldInfo force_order_fields[] = {
    FB_HEAD(ForceOrderRecord),
    FB_AT(ForceOrderRecord, price, 'd'), FB_AT(ForceOrderRecord, average_price, 'd'),
    FB_AT(ForceOrderRecord, qty, 'd'), FB_AT(ForceOrderRecord, last_filled_qty, 'd'),
    FB_AT(ForceOrderRecord, cumulative_filled_qty, 'd'), FB_AT(ForceOrderRecord, side, 'B'),
    FB_AT(ForceOrderRecord, order_type, 'B'), FB_AT(ForceOrderRecord, time_in_force, 'B'),
    FB_AT(ForceOrderRecord, order_status, 'B'),
};
inline constexpr FieldInfo open_interest_fields[] = {
    FB_HEAD(OpenInterestRecord),
    FB_AT(OpenInterestRecord, open_interest, 'd'), FB_AT(OpenInterestRecord, open_interest_value, 'd'),
};
inline constexpr FieldInfo asset_index_fields[] = {
    FB_HEAD(AssetIndexRecord),
    FB_AT(AssetIndexRecord, index_price, 'd'), FB_AT(AssetIndexRecord, bid_buffer, 'd'),
    FB_AT(AssetIndexRecord, ask_buffer, 'd'), FB_AT(AssetIndexRecord, bid_rate, 'd'),
    FB_AT(AssetIndexRecord, ask_rate, 'd'), FB_AT(AssetIndexRecord, auto_exchange_bid_buffer, 'd'),
    FB_AT(AssetIndexRecord, auto_exchange_ask_buffer, 'd'), FB_AT(AssetIndexRecord, auto_exchange_bid_rate, 'd'),
    FB_AT(AssetIndexRecord, auto_exchange_ask_rate, 'd'),
};
#undef FB_HEAD
#undef FB_AT
#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif

struct KindInfo {
  const char *name;
  std::uint32_t record_size;
  const FieldInfo *fields;
  std::uint32_t field_count;
  bool has_levels;
};

template <class Record, std::size_t N>
constexpr KindInfo describe(const char *name, const FieldInfo (&fields)[N], bool has_levels = false) {
  static_assert(sizeof(Record) <= max_record_size && sizeof(Record) % 8 == 0);
  return {name, sizeof(Record), fields, static_cast<std::uint32_t>(N), has_levels};
}

inline constexpr KindInfo kinds[kind_count] = {
    {"none", 0, nullptr, 0, false},
    describe<BookTickerRecord>("book_ticker", book_ticker_fields),
    describe<TradeRecord>("trade", trade_fields),
    describe<AggTradeRecord>("agg_trade", agg_trade_fields),
    describe<DepthRecord>("diff_depth", depth_fields, true),
    describe<DepthRecord>("partial_depth", depth_fields, true),
    describe<TradeRecord>("block_trade", trade_fields),
    describe<KlineRecord>("kline", kline_fields),
    describe<KlineRecord>("continuous_kline", kline_fields),
    describe<KlineRecord>("index_price_kline", kline_fields),
    describe<KlineRecord>("mark_price_kline", kline_fields),
    describe<KlineRecord>("contract_kline", kline_fields),
    describe<TickerRecord>("ticker", ticker_fields),
    describe<TickerRecord>("rolling_ticker", ticker_fields),
    describe<MiniTickerRecord>("mini_ticker", mini_ticker_fields),
    describe<AveragePriceRecord>("average_price", average_price_fields),
    describe<ReferencePriceRecord>("reference_price", reference_price_fields),
    describe<MarkPriceRecord>("mark_price", mark_price_fields),
    describe<OptionMarkPriceRecord>("option_mark_price", option_mark_price_fields),
    describe<IndexPriceRecord>("index_price", index_price_fields),
    describe<ForceOrderRecord>("force_order", force_order_fields),
    describe<OpenInterestRecord>("open_interest", open_interest_fields),
    describe<AssetIndexRecord>("asset_index", asset_index_fields),
};

inline const KindInfo &kind_info(Kind kind) { return kinds[static_cast<std::uint32_t>(kind)]; }

} // namespace fb
