// The bytes of each record: the one definition. Python builds its dtypes from `fields_of` below.
//
// Prices are in quote asset, quantities in base asset (contracts on COIN-M), both as IEEE doubles
// correctly rounded from Binance's decimal text. Times are UTC nanoseconds since 1970, 0 where the stream carries none.
#pragma once

#include <cstddef>
#include <cstdint>

namespace fb {

// A kind names the meaning of a stream's records; several may share one layout, as diff and partial depth do.
// Values are written into ring headers: append, never renumber. `streams.Kind` has the same numbers.
enum class Kind : std::uint32_t {
  none = 0,
  book_ticker = 1,
  trade = 2,
  agg_trade = 3,
  diff_depth = 4,
  partial_depth = 5,
  block_trade = 6,
  kline = 7,
  continuous_kline = 8,
  index_price_kline = 9,
  mark_price_kline = 10,
  contract_kline = 11, // alpha, by contract address
  ticker = 12,
  rolling_ticker = 13,
  mini_ticker = 14,
  average_price = 15,
  reference_price = 16,
  mark_price = 17,
  option_mark_price = 18,
  index_price = 19,
  force_order = 20,
  open_interest = 21,
  asset_index = 22,
};
constexpr std::uint32_t kind_count = 23;

// Bits of `flags`.
enum RecordFlag : std::uint32_t {
  FLAG_LEVELS_TRUNCATED = 1u << 0, // the message had more levels than the ring's arena holds; the first ones are there
  FLAG_END_OF_FRAME = 1u << 1,     // the last record of a message that may bring several
  FLAG_USDM = 1u << 8,             // "st":1
  FLAG_COINM = 1u << 9,            // "st":2; since 2026 both kinds of futures come in one all-market stream
};

// What every record begins with, in this order, so that tools can read any kind.
struct RecordHead {
  std::int64_t sequence;       // ours: 0, 1, 2, ... in this ring
  std::uint32_t flags;         // RecordFlag bits
  std::uint32_t symbol_id;     // row of the ring's symbol table
  std::int64_t event_ns;       // "E"; 0 on spot bookTicker and spot partial depth
  std::int64_t transaction_ns; // "T"; 0 on spot bookTicker and spot depth
  std::int64_t recv_ns;        // our wall clock at the socket read that brought the frame
};
static_assert(sizeof(RecordHead) == 40);

// Best bid and ask.
struct BookTickerRecord : RecordHead {
  std::int64_t update_id; // "u"
  double bid_price;       // "b"
  double bid_qty;         // "B"
  double ask_price;       // "a"
  double ask_qty;         // "A"
};
static_assert(sizeof(BookTickerRecord) == 80);

// Codes of texts that Binance takes from a short list. 0: the stream has no such key. Append, never renumber:
// `records.TradeType` and its kin have the same numbers.
constexpr std::uint8_t unknown_code = 255; // a text that is not in our list: counted as drift

enum class TradeType : std::uint8_t { none = 0, market = 1, rpi = 2, adl = 3, insurance_fund = 4, block = 5 };

// One trade. Futures rows with "X":"NA" are no trades and never get here.
struct TradeRecord : RecordHead {
  std::int64_t trade_id;       // "t"
  double price;                // "p"
  double qty;                  // "q"
  std::uint8_t is_buyer_maker; // "m": true means that the aggressor sold
  std::uint8_t trade_type;     // "X", a TradeType; futures and options
  std::uint8_t pad[6];
};
static_assert(sizeof(TradeRecord) == 72);

// Trades of one taker order at one price.
struct AggTradeRecord : RecordHead {
  std::int64_t agg_trade_id;   // "a"
  std::int64_t first_trade_id; // "f"
  std::int64_t last_trade_id;  // "l"
  double price;                // "p"
  double qty;                  // "q"
  std::uint8_t is_buyer_maker; // "m"
  std::uint8_t pad[7];
};
static_assert(sizeof(AggTradeRecord) == 88);

// Head of a depth message; the levels lie in the ring's arena, bids first, then asks, each in Binance's order.
struct DepthRecord : RecordHead {
  std::int64_t first_update_id; // "U"; 0 on spot partial depth
  std::int64_t update_id;       // "u", or "lastUpdateId"
  std::int64_t prev_update_id;  // "pu"; 0 on spot
  std::int64_t levels_begin;    // absolute index of the first level in the arena
  std::uint32_t bid_count;
  std::uint32_t ask_count;
};
static_assert(sizeof(DepthRecord) == 80);

// One price level. In a diff, quantity 0 removes it.
struct Level {
  double price;
  double qty;
};
static_assert(sizeof(Level) == 16);

// One candle. Volumes: `volume` in base asset (contracts on COIN-M), `quote_volume` in quote asset (base asset on COIN-M).
struct KlineRecord : RecordHead {
  std::int64_t open_time_ns;      // "t"; "ot" by contract
  std::int64_t close_time_ns;     // "T"; "ct" by contract
  double open_price;              // "o"
  double high_price;              // "h"
  double low_price;               // "l"
  double close_price;             // "c"
  double volume;                  // "v"
  double quote_volume;            // "q"; NaN by contract, as the next two
  double taker_buy_volume;        // "V"
  double taker_buy_quote_volume;  // "Q"
  std::int64_t first_trade_id;    // "f"; -1 where nothing traded, 0 by contract, as the next two
  std::int64_t last_trade_id;     // "L"
  std::int64_t trade_count;       // "n"
  std::uint8_t is_closed;         // "x"; false by contract
  std::uint8_t pad[7];
};
static_assert(sizeof(KlineRecord) == 152);

// Statistics of a day or of a rolling window.
struct TickerRecord : RecordHead {
  std::int64_t open_time_ns;     // "O"
  std::int64_t close_time_ns;    // "C"
  std::int64_t first_trade_id;   // "F"
  std::int64_t last_trade_id;    // "L"
  std::int64_t trade_count;      // "n"
  double price_change;           // "p"
  double price_change_percent;   // "P"
  double weighted_average_price; // "w"
  double previous_close_price;   // "x"; spot's day ticker only, else NaN
  double last_price;             // "c"
  double last_qty;               // "Q"; NaN in rolling windows
  double bid_price;              // "b"; the four of the quote: spot's day ticker only, else NaN
  double bid_qty;                // "B"
  double ask_price;              // "a"
  double ask_qty;                // "A"
  double open_price;             // "o"
  double high_price;             // "h"
  double low_price;              // "l"
  double volume;                 // "v"
  double quote_volume;           // "q"
};
static_assert(sizeof(TickerRecord) == 200);

// The short form of the day ticker.
struct MiniTickerRecord : RecordHead {
  double last_price;   // "c"
  double open_price;   // "o"
  double high_price;   // "h"
  double low_price;    // "l"
  double volume;       // "v"
  double quote_volume; // "q"
};
static_assert(sizeof(MiniTickerRecord) == 88);

struct AveragePriceRecord : RecordHead {
  double average_price;     // "w"
  std::int64_t interval_ns; // "i", such as 5m; 0 when we cannot read it
};
static_assert(sizeof(AveragePriceRecord) == 56);

struct ReferencePriceRecord : RecordHead {
  double price; // "r"; NaN while there is none
};
static_assert(sizeof(ReferencePriceRecord) == 48);

// Mark price and funding.
struct MarkPriceRecord : RecordHead {
  double mark_price;             // "p"
  double mark_price_average;     // "ap"; NaN before 2025
  double index_price;            // "i"
  double estimated_settle_price; // "P"
  double funding_rate;           // "r"; NaN on delivery contracts
  std::int64_t next_funding_ns;  // "T"; 0 on delivery contracts
};
static_assert(sizeof(MarkPriceRecord) == 88);

// Mark price of an option with its greeks and implied volatilities.
struct OptionMarkPriceRecord : RecordHead {
  double mark_price;             // "mp"
  double index_price;            // "i"
  double estimated_settle_price; // "P"
  double bid_price;              // "bo"
  double ask_price;              // "ao"
  double bid_qty;                // "bq"
  double ask_qty;                // "aq"
  double bid_iv;                 // "b"
  double ask_iv;                 // "a"
  double high_price_limit;       // "hl"
  double low_price_limit;        // "ll"
  double mark_iv;                // "vo"
  double risk_free_rate;         // "rf"
  double delta;                  // "d"
  double theta;                  // "t"
  double gamma;                  // "g"
  double vega;                   // "v"
};
static_assert(sizeof(OptionMarkPriceRecord) == 176);

struct IndexPriceRecord : RecordHead {
  double price; // "p"
};
static_assert(sizeof(IndexPriceRecord) == 48);

enum class Side : std::uint8_t { none = 0, buy = 1, sell = 2 };

// A liquidation order. Its codes are those of `records.Side`, `OrderType`, `TimeInForce` and `OrderStatus`.
struct ForceOrderRecord : RecordHead {
  double price;                // "p"
  double average_price;        // "ap"
  double qty;                  // "q"
  double last_filled_qty;      // "l"
  double cumulative_filled_qty; // "z"
  std::uint8_t side;           // "S"
  std::uint8_t order_type;     // "o"
  std::uint8_t time_in_force;  // "f"
  std::uint8_t order_status;   // "X"
  std::uint8_t pad[4];
};
static_assert(sizeof(ForceOrderRecord) == 88);

struct OpenInterestRecord : RecordHead {
  double open_interest;       // "o", contracts
  double open_interest_value; // "h", USDT
};
static_assert(sizeof(OpenInterestRecord) == 56);

// Index of an asset in multi-assets mode.
struct AssetIndexRecord : RecordHead {
  double index_price;              // "i"
  double bid_buffer;               // "b"
  double ask_buffer;               // "a"
  double bid_rate;                 // "B"
  double ask_rate;                 // "A"
  double auto_exchange_bid_buffer; // "q"
  double auto_exchange_ask_buffer; // "g"
  double auto_exchange_bid_rate;   // "Q"
  double auto_exchange_ask_rate;   // "G"
};
static_assert(sizeof(AssetIndexRecord) == 112);

// The largest record; readers keep one of these inside a Python object.
constexpr std::size_t max_record_size = 200;

// The layout as data, for the Python side. `code`: 'q' int64, 'I' uint32, 'd' float64, '?' bool, 'B' uint8.
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
