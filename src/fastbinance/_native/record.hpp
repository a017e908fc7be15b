// The bytes of each record: the one definition. Python builds its dtypes from `fields_of` below.
//
// Prices are in quote asset, quantities in base asset (contracts on COIN-M), both as IEEE doubles
// correctly rounded from Binance's decimal text. Times are UTC nanoseconds since 1970, 0 where the stream carries none.
#pragma once

#include <cstddef>
#include <cstdint>

namespace fb {

// A kind names the meaning of a stream's records; diff and partial depth share one layout.
// Values are written into ring headers: append, never renumber. `streams.Kind` has the same numbers.
enum class Kind : std::uint32_t { none = 0, book_ticker = 1, trade = 2, agg_trade = 3, diff_depth = 4, partial_depth = 5 };
constexpr std::uint32_t kind_count = 6;

// Bits of `flags`.
enum RecordFlag : std::uint32_t {
  FLAG_LEVELS_TRUNCATED = 1u << 0, // the message had more levels than the ring's arena holds; the first ones are there
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

// One trade. Futures rows with "X":"NA" are no trades and never get here.
struct TradeRecord : RecordHead {
  std::int64_t trade_id;      // "t"
  double price;               // "p"
  double qty;                 // "q"
  std::uint8_t is_buyer_maker; // "m": true means that the aggressor sold
  std::uint8_t pad[7];
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

// The largest record; readers keep one of these inside a Python object.
constexpr std::size_t max_record_size = 88;

// The layout as data, for the Python side. `code`: 'q' int64, 'I' uint32, 'd' float64, '?' bool.
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
#define FB_HEAD(R)                                                                                                     \
  {"sequence", offsetof(R, sequence), 'q'}, {"flags", offsetof(R, flags), 'I'},                                        \
      {"symbol_id", offsetof(R, symbol_id), 'I'}, {"event_ns", offsetof(R, event_ns), 'q'},                            \
      {"transaction_ns", offsetof(R, transaction_ns), 'q'}, {"recv_ns", offsetof(R, recv_ns), 'q'}

inline constexpr FieldInfo book_ticker_fields[] = {
    FB_HEAD(BookTickerRecord),
    {"update_id", offsetof(BookTickerRecord, update_id), 'q'},
    {"bid_price", offsetof(BookTickerRecord, bid_price), 'd'},
    {"bid_qty", offsetof(BookTickerRecord, bid_qty), 'd'},
    {"ask_price", offsetof(BookTickerRecord, ask_price), 'd'},
    {"ask_qty", offsetof(BookTickerRecord, ask_qty), 'd'},
};
inline constexpr FieldInfo trade_fields[] = {
    FB_HEAD(TradeRecord),
    {"trade_id", offsetof(TradeRecord, trade_id), 'q'},
    {"price", offsetof(TradeRecord, price), 'd'},
    {"qty", offsetof(TradeRecord, qty), 'd'},
    {"is_buyer_maker", offsetof(TradeRecord, is_buyer_maker), '?'},
};
inline constexpr FieldInfo agg_trade_fields[] = {
    FB_HEAD(AggTradeRecord),
    {"agg_trade_id", offsetof(AggTradeRecord, agg_trade_id), 'q'},
    {"first_trade_id", offsetof(AggTradeRecord, first_trade_id), 'q'},
    {"last_trade_id", offsetof(AggTradeRecord, last_trade_id), 'q'},
    {"price", offsetof(AggTradeRecord, price), 'd'},
    {"qty", offsetof(AggTradeRecord, qty), 'd'},
    {"is_buyer_maker", offsetof(AggTradeRecord, is_buyer_maker), '?'},
};
inline constexpr FieldInfo depth_fields[] = {
    FB_HEAD(DepthRecord),
    {"first_update_id", offsetof(DepthRecord, first_update_id), 'q'},
    {"update_id", offsetof(DepthRecord, update_id), 'q'},
    {"prev_update_id", offsetof(DepthRecord, prev_update_id), 'q'},
    {"levels_begin", offsetof(DepthRecord, levels_begin), 'q'},
    {"bid_count", offsetof(DepthRecord, bid_count), 'I'},
    {"ask_count", offsetof(DepthRecord, ask_count), 'I'},
};
#undef FB_HEAD
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

template <std::size_t N>
constexpr KindInfo describe(const char *name, std::uint32_t size, const FieldInfo (&fields)[N], bool has_levels) {
  return {name, size, fields, static_cast<std::uint32_t>(N), has_levels};
}

inline constexpr KindInfo kinds[kind_count] = {
    {"none", 0, nullptr, 0, false},
    describe("book_ticker", sizeof(BookTickerRecord), book_ticker_fields, false),
    describe("trade", sizeof(TradeRecord), trade_fields, false),
    describe("agg_trade", sizeof(AggTradeRecord), agg_trade_fields, false),
    describe("diff_depth", sizeof(DepthRecord), depth_fields, true),
    describe("partial_depth", sizeof(DepthRecord), depth_fields, true),
};

inline const KindInfo &kind_info(Kind kind) { return kinds[static_cast<std::uint32_t>(kind)]; }

} // namespace fb
