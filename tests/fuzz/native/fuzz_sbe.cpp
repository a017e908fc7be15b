// The binary decoder against a second one that is written for nothing but being read.
//
// Holds: both say the same of every message, records bit for bit; a message that is refused, skipped or of no ring leaves
// every ring as it was; the bytes behind a message decide nothing.
//
// The input is the message. Mutations of bytes alone would seldom make a right one: see Maker.
#include <bit>
#include <cinttypes>

#include "sbe.hpp"
#include "world.hpp"

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t *data, std::size_t size, std::size_t room);

namespace fuzz {

constexpr std::int64_t recv_ns = 1'700'000'000'000'000'000;
// One of each length that is looked up in a way of its own, and one beyond ASCII.
constexpr std::string_view symbols[] = {
    "BTCUSDT", "ABC", "ABCD", "ETHUSDC", "1000PEPEUSDT", "ABCDEFGHIJKLMNOP", "ABCDEFGHIJKLMNOPQ",
    "\xe7\x89\x9b\xe6\x9d\xa5USDT",
};
constexpr std::string_view hostile[] = {{"\0", 1}, "\xff", "BTCUSDT", "\x01", "\x07\x42\x54"};

// The second decoder: every byte is asked for by its place, and a place behind the end is a refusal.
struct Model {
  std::string_view message;
  std::size_t at = 0;
  bool refused = false;

  std::uint64_t number(std::size_t bytes) {
    std::uint64_t value = 0;
    if (refused || message.size() - at < bytes) {
      refused = true;
      return 0;
    }
    for (std::size_t i = 0; i < bytes; ++i)
      value |= std::uint64_t{static_cast<unsigned char>(message[at + i])} << (8 * i);
    at += bytes;
    return value;
  }
  std::int64_t signed64() { return static_cast<std::int64_t>(number(8)); }
  int signed8() { return static_cast<std::int8_t>(number(1)); }
};

struct ModelRecord {
  std::int64_t ids[2] = {};
  double numbers[4] = {};
  bool maker = false;
};

struct Told {
  bool refused = false;
  unsigned id = 0;
  std::string symbol;
  std::int64_t event_us = 0, transact_us = 0;
  std::vector<ModelRecord> records;
  std::vector<fb::Level> bids, asks;
};

FUZZ_PLAIN double value_of(std::int64_t mantissa, int exponent) {
  const std::string text = std::to_string(mantissa) + "e" + std::to_string(exponent);
  return std::strtod(text.c_str(), nullptr);
}

FUZZ_PLAIN bool is_text(std::string_view symbol) {
  std::size_t at = 0;
  while (at < symbol.size()) {
    const unsigned lead = static_cast<unsigned char>(symbol[at]);
    const std::size_t size = lead < 0x80 ? 1 : lead >> 5 == 6 ? 2 : lead >> 4 == 14 ? 3 : lead >> 3 == 30 ? 4 : 0;
    if (size == 0 || symbol.size() - at < size)
      return false;
    std::uint32_t point = size == 1 ? lead : lead & (0x7fu >> size);
    for (std::size_t i = 1; i < size; ++i) {
      const unsigned next = static_cast<unsigned char>(symbol[at + i]);
      if (next >> 6 != 2)
        return false;
      point = point << 6 | (next & 63);
    }
    constexpr std::uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (point < least[size] || point > 0x10ffff || (point >= 0xd800 && point < 0xe000))
      return false;
    at += size;
  }
  return true;
}

FUZZ_PLAIN Told tell(std::string_view message) {
  Told told;
  Model in{message};
  const std::size_t block = in.number(2);
  told.id = static_cast<unsigned>(in.number(2));
  const std::uint64_t schema = in.number(2), version = in.number(2);
  const std::size_t fields[] = {18, 50, 18, 26};
  told.refused = in.refused || schema != 1;
  if (told.refused || told.id < 10000 || told.id > 10003)
    return told;
  const unsigned kind = told.id - 10000;
  told.refused = block < fields[kind] || message.size() - in.at < block;
  if (told.refused)
    return told;
  const std::size_t behind_root = in.at + block;
  ModelRecord head;
  told.event_us = in.signed64();
  std::int64_t numbers[4] = {};
  if (kind == 0)
    told.transact_us = in.signed64();
  else if (kind == 3)
    head.ids[0] = in.signed64();
  if (kind != 0)
    head.ids[1] = in.signed64();
  const int price = in.signed8(), qty = in.signed8();
  if (kind == 1)
    for (std::int64_t &number : numbers)
      number = in.signed64();
  for (std::size_t i = 0; i < 4; ++i)
    head.numbers[i] = value_of(numbers[i], i % 2 == 0 ? price : qty);
  in.at = behind_root;
  for (unsigned group = 0; group < (kind == 1 ? 0 : kind == 0 ? 1 : 2); ++group) {
    const std::size_t size = in.number(2);
    const std::uint64_t count = in.number(kind == 0 ? 4 : 2);
    if (in.refused || (count != 0 && size < (kind == 0 ? 25 : 16)) || count * size > message.size() - in.at) {
      told.refused = true;
      return told;
    }
    for (std::uint64_t i = 0; i < count; ++i) {
      const std::size_t next = in.at + size;
      if (kind == 0) {
        ModelRecord deal;
        deal.ids[0] = in.signed64();
        deal.numbers[0] = value_of(in.signed64(), price);
        deal.numbers[1] = value_of(in.signed64(), qty);
        const std::uint64_t maker = in.number(1);
        told.refused |= maker > 1;
        deal.maker = maker == 1;
        told.records.push_back(deal);
      } else {
        const double level_price = value_of(in.signed64(), price);
        (group == 0 ? told.bids : told.asks).push_back({level_price, value_of(in.signed64(), qty)});
      }
      in.at = next;
    }
  }
  if (kind != 0)
    told.records.push_back(head);
  const std::size_t length = in.number(1);
  if (in.refused || length == 0 || message.size() - in.at < length) {
    told.refused = true;
    return told;
  }
  told.symbol = message.substr(in.at, length);
  in.at += length;
  told.refused |= in.at != message.size() && version == 0;
  constexpr std::int64_t most_us = INT64_MAX / 1000;
  for (const std::int64_t time : {told.event_us, told.transact_us})
    told.refused |= time < 0 || time > most_us;
  return told;
}

class Target {
public:
  Target() {
    for (const std::string_view symbol : symbols)
      for (const fb::SbeTemplate &one : fb::sbe_templates) {
        std::string name = lower(symbol) + "@" + std::string(one.topic);
        rings_.push_back(std::make_unique<Ring>(one.kind, false));
        std::uint32_t row = 0;
        FUZZ_CHECK(rings_.back()->writer.add_symbol(symbol, row) == fb::DecodeCode::ok, "a ring refused its symbol");
        table_.add(name, one.kind, &rings_.back()->writer, symbol);
        names_.push_back(std::move(name));
      }
    decoder_.rebuild(table_);
    cursors_.assign(rings_.size(), -1);
  }

  FUZZ_PLAIN void one_input(std::string_view input) {
    const Told told = tell(input);
    for (const std::string_view behind : {hostile[0], hostile[input.size() % std::size(hostile)]})
      check(input, behind, told);
    // Cut anywhere, with the rest behind it as in a socket's buffer.
    if (!input.empty()) {
      const std::size_t size = (input.size() * 7919) % input.size() + static_cast<unsigned char>(input.back()) % input.size();
      const std::string_view cut = input.substr(0, size % input.size());
      check(cut, input.substr(cut.size()), tell(cut));
    }
  }

private:
  static std::string lower(std::string_view symbol) {
    std::string text(symbol);
    for (char &sign : text)
      sign = sign >= 'A' && sign <= 'Z' ? static_cast<char>(sign - 'A' + 'a') : sign;
    return text;
  }

  FUZZ_PLAIN int route_of(const Told &told) const {
    if (told.id < 10000 || told.id > 10003)
      return -1;
    for (std::size_t i = 0; i < std::size(symbols); ++i)
      if (symbols[i] == told.symbol)
        return static_cast<int>(i * fb::sbe_template_count + (told.id - 10000));
    return -1;
  }

  FUZZ_PLAIN void check(std::string_view payload, std::string_view behind, const Told &told) {
    const char *const at = padded_.put(payload, behind);
    const fb::FallbackResult result = decoder_.run(at, payload.size(), recv_ns);
    FUZZ_CHECK(result.offset <= payload.size(), "offset %zu of %zu", result.offset, payload.size());
    FUZZ_CHECK((result.outcome == fb::Outcome::rejected) == (result.code != fb::DecodeCode::ok), "outcome %d, code %s",
               static_cast<int>(result.outcome), fb::decode_code_name(result.code));
    const int route = route_of(told);
    std::int64_t grown = 0;
    if (route >= 0) {
      // Of a route's messages everything is looked at.
      FUZZ_CHECK((result.outcome == fb::Outcome::rejected) == told.refused, "code %s, but refused: %d",
                 fb::decode_code_name(result.code), told.refused);
      if (!told.refused) {
        FUZZ_CHECK(result.route == table_.find(names_[static_cast<std::size_t>(route)]), "another route");
        grown = static_cast<std::int64_t>(told.records.size());
        FUZZ_CHECK(result.outcome == (grown != 0 ? fb::Outcome::published : fb::Outcome::skipped), "outcome %d",
                   static_cast<int>(result.outcome));
        FUZZ_CHECK(result.records == grown, "%u records, not %" PRId64, result.records, grown);
      }
    } else {
      FUZZ_CHECK(result.outcome == fb::Outcome::message || result.outcome == fb::Outcome::rejected, "outcome %d of no route",
                 static_cast<int>(result.outcome));
      // A stream without a route is only named: its numbers are for somebody else to judge.
      if (result.outcome == fb::Outcome::message && !told.symbol.empty()) {
        FUZZ_CHECK(result.stream == lower(told.symbol) + "@" + std::string(fb::sbe_templates[told.id - 10000].topic), "another stream");
        FUZZ_CHECK(result.symbol == told.symbol && is_text(told.symbol), "another symbol");
      }
      if (!told.refused && !told.symbol.empty())
        FUZZ_CHECK((result.outcome == fb::Outcome::message) ==
                       (is_text(told.symbol) && fb::check_symbol(told.symbol) == fb::DecodeCode::ok),
                   "outcome %d, code %s", static_cast<int>(result.outcome), fb::decode_code_name(result.code));
    }
    for (std::size_t i = 0; i < rings_.size(); ++i) {
      const std::int64_t more = static_cast<int>(i) == route ? grown : 0;
      FUZZ_CHECK(rings_[i]->cursor() == cursors_[i] + more, "ring %zu grew by %" PRId64, i, rings_[i]->cursor() - cursors_[i]);
      cursors_[i] += more;
    }
    if (grown != 0)
      compare(*rings_[static_cast<std::size_t>(route)], told);
  }

  static FUZZ_PLAIN bool same(double one, double other) {
    return std::bit_cast<std::uint64_t>(one) == std::bit_cast<std::uint64_t>(other);
  }

  FUZZ_PLAIN void compare(Ring &ring, const Told &told) {
    const auto count = static_cast<std::int64_t>(told.records.size());
    for (std::int64_t i = std::max<std::int64_t>(0, count - Ring::capacity + 1); i < count; ++i) {
      const std::int64_t sequence = ring.cursor() + 1 - count + i;
      const ModelRecord &wanted = told.records[static_cast<std::size_t>(i)];
      alignas(8) std::byte bytes[fb::max_record_size];
      FUZZ_CHECK(ring.writer.view.read_at(sequence, bytes), "record %" PRId64 " is not intact", sequence);
      const auto &head = *reinterpret_cast<const fb::RecordHead *>(bytes);
      FUZZ_CHECK(head.sequence == sequence && head.symbol_id == 0 && head.recv_ns == recv_ns, "the head of %" PRId64, sequence);
      FUZZ_CHECK(head.event_ns == told.event_us * 1000 && head.transaction_ns == told.transact_us * 1000, "its times");
      if (told.id == 10000) {
        const auto &r = *reinterpret_cast<const fb::TradeRecord *>(bytes);
        FUZZ_CHECK(head.flags == (i + 1 == count ? fb::FLAG_END_OF_FRAME : 0u), "flags %x", head.flags);
        FUZZ_CHECK(r.trade_id == wanted.ids[0] && same(r.price, wanted.numbers[0]) && same(r.qty, wanted.numbers[1]) &&
                       (r.is_buyer_maker != 0) == wanted.maker && r.is_buyer_maker <= 1,
                   "trade %" PRId64, i);
      } else if (told.id == 10001) {
        const auto &r = *reinterpret_cast<const fb::BookTickerRecord *>(bytes);
        FUZZ_CHECK(head.flags == 0 && r.update_id == wanted.ids[1] && same(r.bid_price, wanted.numbers[0]) &&
                       same(r.bid_qty, wanted.numbers[1]) && same(r.ask_price, wanted.numbers[2]) &&
                       same(r.ask_qty, wanted.numbers[3]),
                   "the quote");
      } else {
        compare_depth(ring, *reinterpret_cast<const fb::DepthRecord *>(bytes), wanted, told);
      }
    }
  }

  FUZZ_PLAIN void compare_depth(const Ring &ring, const fb::DepthRecord &r, const ModelRecord &wanted, const Told &told) {
    const auto room = static_cast<std::size_t>(Ring::level_capacity);
    const std::size_t bids = std::min(told.bids.size(), room), asks = std::min(told.asks.size(), room - bids);
    const bool truncated = bids + asks < told.bids.size() + told.asks.size();
    FUZZ_CHECK(r.flags == (truncated ? fb::FLAG_LEVELS_TRUNCATED : 0u), "flags %x", r.flags);
    FUZZ_CHECK(r.first_update_id == wanted.ids[0] && r.update_id == wanted.ids[1] && r.prev_update_id == 0, "its ids");
    FUZZ_CHECK(r.bid_count == bids && r.ask_count == asks, "%u and %u levels, not %zu and %zu", r.bid_count, r.ask_count, bids, asks);
    std::vector<fb::Level> levels(bids + asks + 1);
    FUZZ_CHECK(ring.writer.view.read_levels(r, levels.data()), "its levels are not intact");
    for (std::size_t i = 0; i < bids + asks; ++i) {
      const fb::Level &other = i < bids ? told.bids[i] : told.asks[i - bids];
      FUZZ_CHECK(same(levels[i].price, other.price) && same(levels[i].qty, other.qty), "level %zu", i);
    }
  }

  fb::RouteTable table_;
  std::vector<std::unique_ptr<Ring>> rings_;
  std::vector<std::string> names_;
  std::vector<std::int64_t> cursors_;
  fb::SbeDecoder decoder_;
  Padded padded_;
};

// A message that is right in every length, of numbers at random: bytes alone find that seldom.
class Maker {
public:
  explicit Maker(std::uint64_t seed) : state_(seed * 0x9e3779b97f4a7c15 + 1) {}

  FUZZ_PLAIN std::string message() {
    const unsigned kind = below(4);
    const std::size_t fields[] = {18, 50, 18, 26};
    const bool newer = below(3) == 0;
    const std::size_t more = newer || below(8) == 0 ? below(12) : 0, entry_more = below(4) == 0 ? below(5) : 0;
    put(fields[kind] + more, 2);
    put(10000 + kind, 2);
    put(1, 2);
    put(newer ? 1 + below(3) : 0, 2);
    put(time(), 8);
    if (kind == 0)
      put(time(), 8);
    else
      put(number(), 8);
    if (kind == 3)
      put(number(), 8);
    put(exponent(), 1);
    put(exponent(), 1);
    for (unsigned i = 0; kind == 1 && i < 4; ++i)
      put(number(), 8);
    text_.append(more, '\x5a');
    for (unsigned group = 0; group < (kind == 1 ? 0 : kind == 0 ? 1 : 2); ++group) {
      const unsigned count = below(6);
      put((kind == 0 ? 25 : 16) + entry_more, 2);
      put(count, kind == 0 ? 4 : 2);
      for (unsigned i = 0; i < count; ++i) {
        for (unsigned field = kind == 0 ? 3 : 2; field != 0; --field)
          put(number(), 8);
        if (kind == 0)
          put(below(40) == 0 ? next() : below(2), 1);
        text_.append(entry_more, '\xa5');
      }
    }
    const std::string_view symbol = symbols[below(std::size(symbols))];
    put(symbol.size(), 1);
    text_ += symbol;
    if (newer)
      text_.append(below(20), '\x11');
    return std::move(text_);
  }

private:
  std::uint64_t next() {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return state_;
  }
  unsigned below(std::size_t most) { return static_cast<unsigned>((next() >> 20) % most); }
  std::uint64_t time() { return below(30) == 0 ? next() : 1'700'000'000'000'000 + (next() >> 24); }
  std::uint64_t exponent() { return below(4) == 0 ? next() & 255 : (256 - below(24)) & 255; }
  std::uint64_t number() {
    const std::uint64_t magnitude = next() >> below(64);
    return below(4) == 0 ? 0 - magnitude : magnitude;
  }
  void put(std::uint64_t value, unsigned bytes) {
    for (unsigned i = 0; i < bytes; ++i)
      text_ += static_cast<char>(value >> (8 * i) & 255);
  }

  std::uint64_t state_;
  std::string text_;
};

} // namespace fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
  static fuzz::Target target;
  if (size <= fuzz::Padded::most)
    target.one_input({reinterpret_cast<const char *>(data), size});
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t *data, std::size_t size, std::size_t room, unsigned int seed) {
  if (seed % 4 != 0)
    return LLVMFuzzerMutate(data, size, room);
  const std::string made = fuzz::Maker(seed).message();
  const std::size_t taken = std::min(made.size(), room);
  std::memcpy(data, made.data(), taken);
  // Often one step away from what is right.
  return seed % 8 == 0 ? taken : LLVMFuzzerMutate(data, taken, room);
}
