// The bytes of each record: the one definition. record_fields.hpp has them as data, for Python's dtypes.
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
  FLAG_GAP = 1u << 2,              // records between the one before it and this one are missing
  FLAG_OVERLAP = 1u << 3,          // a diff that begins within the one before it: quantities are absolute, so it applies
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

// One trade. Futures rows with "X":"NA" or price 0 are no trades and never get here.
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

} // namespace fb
