// An order book under any diffs, snapshots and quotes against a model of two maps; and readers of memory that anything may be in.
//
// The input is a list of commands: one byte of what, then its arguments. Prices are a byte around a middle, so that they meet.
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <vector>

#include "book.hpp"
#include "book_read.hpp"

namespace {

using fb::BookMemory;
using fb::BookReader;
using fb::BookRule;
using fb::BookShape;
using fb::BookState;
using fb::BookWriter;
using fb::DepthRecord;
using fb::Level;
using fb::LoadResult;

#define FUZZ_CHECK(condition)                                                                                          \
  do {                                                                                                                 \
    if (!(condition)) {                                                                                                \
      std::fprintf(stderr, "fuzz: %s:%d: %s\n", __FILE__, __LINE__, #condition);                                       \
      std::abort();                                                                                                    \
    }                                                                                                                  \
  } while (false)

constexpr BookShape shape{64, 64};

// Of exactly its size, so that a byte behind it is seen.
struct Room {
  explicit Room(std::size_t bytes)
      : memory(static_cast<std::byte *>(std::aligned_alloc(fb::page_bytes, bytes)), &std::free) {
    std::memset(memory.get(), 0, bytes);
  }
  std::unique_ptr<std::byte, void (*)(void *)> memory;
};

class Input {
public:
  Input(const std::uint8_t *data, std::size_t size) : at_(data), end_(data + size) {}
  bool more() const { return at_ != end_; }
  std::uint8_t byte() { return at_ != end_ ? *at_++ : 0; }
  template <class T> T value() {
    T out{};
    const std::size_t there = std::min<std::size_t>(sizeof out, static_cast<std::size_t>(end_ - at_));
    if (there != 0)
      std::memcpy(&out, at_, there);
    at_ += there;
    return out;
  }

private:
  const std::uint8_t *at_, *end_;
};

template <bool bids> struct Better {
  bool operator()(double a, double b) const { return bids ? a > b : a < b; }
};

struct Model {
  std::map<double, double, Better<true>> bids;
  std::map<double, double, Better<false>> asks;

  void set(bool is_bid, Level level) {
    const auto on = [&](auto &side) {
      if (level.qty != 0)
        side[level.price] = level.qty;
      else
        side.erase(level.price);
    };
    is_bid ? on(bids) : on(asks);
  }
  bool is_crossed() const { return !bids.empty() && !asks.empty() && bids.begin()->first >= asks.begin()->first; }
};

// On a grid of tenths or between its places, near or far; rarely what cannot be.
double price_of(Input &in) {
  const std::uint8_t how = in.byte(), where = in.byte();
  switch (how & 15) {
  case 0:
    return in.value<double>();
  case 1:
    return (1000 + where) / 10.0 + 0.003;
  case 2:
    return where * 37.5 + 0.1;
  case 3:
    return 1e-8 * where;
  default:
    return (1000 + where % 64 + (how & 16 ? 200 : 0)) / 10.0;
  }
}
double qty_of(Input &in) {
  const std::uint8_t how = in.byte();
  return how == 255 ? in.value<double>() : how % 3 * 1.5;
}
bool can_be(Level level) { return level.price > 0 && level.price < 1e300 && level.qty >= 0 && level.qty < 1e300; }

template <bool bids, class Side> void check_side(const BookReader &reader, const Side &side, bool is_whole) {
  const fb::BookHead &head = reader.memory.header->head;
  const std::uint32_t count = bids ? head.bid_count : head.ask_count;
  std::vector<Level> levels(count + 2);
  FUZZ_CHECK((reader.copy<bids>({}, levels.data(), count + 2) == count));
  const Level best = bids ? head.best_bid : head.best_ask;
  FUZZ_CHECK(count == 0 ? std::isnan(best.price) : std::memcmp(&best, &levels[0], sizeof best) == 0);
  for (std::uint32_t i = 0; i < count; ++i) {
    FUZZ_CHECK(levels[i].qty > 0);
    FUZZ_CHECK(i == 0 || Better<bids>{}(levels[i - 1].price, levels[i].price));
    FUZZ_CHECK((reader.qty_at<bids>({}, levels[i].price) == levels[i].qty));
  }
  // Of what is known, nothing is missing and nothing too much; where no room was wanting, of all.
  const double edge = bids ? head.bid_floor : head.ask_ceiling;
  std::size_t i = 0;
  for (const auto &[price, qty] : side) {
    if (!is_whole && Better<bids>{}(edge, price))
      return;
    FUZZ_CHECK(i < count && levels[i].price == price && levels[i].qty == qty);
    ++i;
  }
  FUZZ_CHECK(!is_whole || i == count);
}

// All that a reader does, none of it to lead anywhere; what comes out is of no interest.
void read_all(BookReader &reader, double price) {
  fb::BookHead head;
  fb::BookTop top;
  fb::Depth depth, other;
  double qty;
  Level bids[20], asks[20];
  std::uint32_t bid_count = 20, ask_count = 20;
  std::uint32_t known_bids, known_asks;
  reader.head(head);
  reader.top(top);
  if (reader.read_levels(bids, bid_count, asks, ask_count, head))
    FUZZ_CHECK(bid_count <= 20 && ask_count <= 20);
  reader.read_known(known_bids, known_asks);
  reader.read_to_level(1u << 30, depth, other, head);
  FUZZ_CHECK(depth.levels <= shape.places + shape.far_levels + 1);
  for (const bool is_bid : {true, false}) {
    reader.read_to_price(is_bid, price, depth, head);
    reader.read_to_qty(is_bid, price, depth, head);
    reader.read_qty_at(is_bid, price, qty, head);
  }
}

void read_garbage(Input &in) {
  Room room(shape.total_bytes());
  std::byte *const memory = room.memory.get();
  fb::format_book(memory, shape, BookRule::first_id);
  auto &header = *reinterpret_cast<fb::BookHeader *>(memory);
  const double price = price_of(in);
  // What the writer changes may be anything, but for a change that goes on; what is constant was looked at once.
  auto *const changing = reinterpret_cast<std::byte *>(&header.head);
  for (std::size_t i = 0; i < sizeof(fb::BookHeader) - offsetof(fb::BookHeader, head); ++i)
    changing[i] = std::byte{in.byte()};
  for (std::size_t at = shape.bits_offset(); at < shape.total_bytes() && in.more(); ++at)
    memory[at] = std::byte{in.byte()};
  BookReader reader;
  reader.memory.attach(memory);
  read_all(reader, price);
}

void check_header(Input &in) {
  // Headers that are let in lead nowhere outside.
  Room room(shape.total_bytes());
  fb::format_book(room.memory.get(), shape, BookRule::first_id);
  for (int i = 0; i < 4; ++i)
    room.memory.get()[in.byte() % 32] = std::byte{in.byte()};
  if (!fb::book_fits(room.memory.get(), shape.total_bytes()))
    return;
  BookReader reader;
  reader.memory.attach(room.memory.get());
  read_all(reader, 100.0);
}

class World {
public:
  explicit World(BookRule rule)
      : rule_(rule), room_(shape.total_bytes()), ring_room_(ring_shape.total_bytes()) {
    fb::format_book(room_.memory.get(), shape, rule);
    fb::format_ring(ring_room_.memory.get(), ring_shape);
    ring_.attach(ring_room_.memory.get());
    writer_.open(room_.memory.get());
    reader_.memory.attach(room_.memory.get());
  }

  void run(Input &in) {
    while (in.more()) {
      switch (const std::uint8_t what = in.byte(); what % 8) {
      case 0:
        load(in);
        break;
      case 1:
        writer_.suspend();
        break;
      case 2:
        if (what < 32)
          writer_.take_over();
        break;
      default:
        diff(in);
      }
      check();
    }
  }

private:
  static constexpr fb::RingShape ring_shape{fb::Kind::diff_depth, 64, 64, 1};

  std::vector<Level> side(Input &in, std::size_t most, bool bids) {
    const std::uint8_t how = in.byte();
    if (how >= 224) { // more than there is room for, from few bytes: a ladder away from the middle
      std::vector<Level> levels(in.byte() % 160);
      const double step = (1 + how % 4) * 0.7;
      for (std::size_t i = 0; i < levels.size(); ++i)
        levels[i] = {bids ? 130 - step * static_cast<double>(i) : 130.1 + step * static_cast<double>(i), how & 4 ? 1.0 : 2.0};
      return levels;
    }
    std::vector<Level> levels(how % (most + 1));
    for (Level &level : levels) {
      level.price = price_of(in); // in this order, whatever the compiler would like
      level.qty = qty_of(in);
    }
    return levels;
  }

  void diff(Input &in) {
    const std::uint8_t how = in.byte();
    DepthRecord record{};
    record.first_update_id = id_ + 1;
    if (how % 32 == 0)
      record.first_update_id += in.value<std::int8_t>();
    record.update_id = record.first_update_id + how % 3;
    record.prev_update_id = how % 32 == 1 ? in.value<std::int64_t>() : record.first_update_id - 1;
    record.flags = how % 64 == 2 ? std::uint32_t{fb::FLAG_LEVELS_TRUNCATED} : 0;
    record.recv_ns = 1;
    const std::vector<Level> bids = side(in, 6, true), asks = side(in, 6, false);
    record.bid_count = static_cast<std::uint32_t>(bids.size());
    record.ask_count = static_cast<std::uint32_t>(asks.size());
    std::vector<Level> all(bids);
    all.insert(all.end(), asks.begin(), asks.end());
    const std::uint64_t applied = header().diffs;
    const BookState before = writer_.state();
    writer_.take(record, all.data());
    id_ = std::max(id_, record.update_id);
    if (header().diffs == applied) {
      FUZZ_CHECK(writer_.state() != BookState::live || before == BookState::live || header().head.update_id == record.update_id);
      return;
    }
    for (const Level &level : all)
      FUZZ_CHECK(can_be(level));
    if (rule_ == BookRule::whole)
      model_ = {};
    for (const Level &level : bids)
      model_.set(true, level);
    for (const Level &level : asks)
      model_.set(false, level);
    FUZZ_CHECK(header().head.update_id == record.update_id);
    const fb::BookHead &head = header().head;
    const bool is_known = (head.bid_floor == 0 || head.best_bid.price >= head.bid_floor) &&
                          (std::isinf(head.ask_ceiling) || head.best_ask.price <= head.ask_ceiling);
    FUZZ_CHECK((writer_.state() == BookState::live) == (!model_.is_crossed() && is_known));
  }

  void load(Input &in) {
    if (rule_ == BookRule::whole)
      return; // there are no snapshots of it
    std::vector<Level> bids = side(in, 100, true), asks = side(in, 100, false);
    const std::uint8_t how = in.byte();
    if (how & 1) { // as a snapshot should be
      Model made;
      for (const Level &level : bids)
        if (can_be(level))
          made.set(true, level);
      for (const Level &level : asks)
        if (can_be(level))
          made.set(false, level);
      bids.clear(), asks.clear();
      for (const auto &[price, qty] : made.bids)
        if (made.asks.empty() || price < made.asks.begin()->first)
          bids.push_back({price, qty});
      for (const auto &[price, qty] : made.asks)
        asks.push_back({price, qty});
    }
    const std::int64_t id = id_ + (how & 2 ? in.value<std::int8_t>() : 0);
    const LoadResult result = writer_.load(id, bids.data(), bids.size(), asks.data(), asks.size(), 200, how & 4, ring_, 1);
    FUZZ_CHECK(result != LoadResult::proven && result != LoadResult::too_old); // its ring has no diffs
    if (result != LoadResult::ahead || !(how & 4))
      return;
    model_ = {};
    for (const Level &level : bids)
      model_.set(true, level);
    for (const Level &level : asks)
      model_.set(false, level);
    FUZZ_CHECK(writer_.state() == BookState::stale && header().head.update_id == id);
    id_ = id;
  }

  void check() {
    FUZZ_CHECK(header().claim == header().cursor);
    if (writer_.state() == BookState::empty) {
      model_ = {};
      FUZZ_CHECK(header().head.bid_count == 0 && header().head.ask_count == 0);
      return;
    }
    // A removed level whose price is below what is known, and a dropped one, differ from the model's; nothing else may.
    const bool is_whole = header().dropped_levels == 0;
    check_side<true>(reader_, model_.bids, is_whole);
    check_side<false>(reader_, model_.asks, is_whole);
  }

  const fb::BookHeader &header() const { return *writer_.memory.header; }

  BookRule rule_;
  Room room_, ring_room_;
  fb::RingView ring_;
  BookWriter writer_;
  BookReader reader_;
  Model model_;
  std::int64_t id_ = 100;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
  if (size == 0)
    return 0;
  Input in(data + 1, size - 1);
  switch (data[0] % 6) {
  case 0:
    read_garbage(in);
    break;
  case 1:
    check_header(in);
    break;
  case 2:
    World(BookRule::whole).run(in);
    break;
  case 3:
    World(BookRule::previous_id).run(in);
    break;
  default:
    World(BookRule::first_id).run(in);
  }
  return 0;
}
