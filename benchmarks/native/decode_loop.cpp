// Payloads to published records, in a loop: every decoder on the same bytes, rounds interleaved.
//
//   decode_loop <frames> <routes> <spot|futures> <ring capacity> <level capacity> <rounds> <messages> <decoder>...
//
// Prints one line a decoder: its name, the code in use, the records it published, a sum over all bytes of its rings that
// a record's content decides, and nanoseconds of CPU time a message for each round.
#include "common.hpp"
#include "fallback.hpp"
#include "lean.hpp"
#include "lookahead.hpp"

#include <algorithm>
#include <functional>

namespace {

struct Decoder {
  std::string name, code;
  std::unique_ptr<bench::Routes> routes;
  // Decodes `count` messages, beginning again at the first payload when there are no more; false when one did not get into
  // its ring.
  std::function<bool(const std::vector<std::string_view> &, std::size_t count)> run;
  std::vector<double> rounds;
};

template <class Accept>
auto loop(const bench::Routes &routes, Accept accept) {
  return [&routes, accept](const std::vector<std::string_view> &payloads, std::size_t count) mutable {
    std::size_t at = 0;
    const std::size_t size = payloads.size();
    for (std::size_t i = 0; i < count; ++i) {
      if (at == 0) [[unlikely]]
        routes.begin_again();
      if (!accept(payloads[at], static_cast<std::int64_t>(i))) [[unlikely]]
        return false;
      at = at + 1 == size ? 0 : at + 1;
    }
    return true;
  };
}

// Equal for two rings exactly when the newest records and levels have the same bytes, but for our own sequence and clock.
std::uint64_t sum_of(const bench::Routes &routes) {
  std::uint64_t sum = 0;
  const auto word = [](const void *from) {
    std::uint64_t value;
    std::memcpy(&value, from, 8);
    return value;
  };
  for (const auto &ring : routes.rings) {
    const fb::RingView &view = ring->writer.view;
    const std::int64_t cursor = view.cursor();
    for (std::int64_t s = std::max<std::int64_t>(0, cursor - view.capacity + 1); s <= cursor; ++s) {
      const std::byte *record = view.slot(s);
      for (std::size_t at = 16; at + 8 <= view.record_size; at += 8)
        if (at != offsetof(fb::RecordHead, recv_ns) && !(view.level_capacity != 0 && at == offsetof(fb::DepthRecord, levels_begin)))
          sum = sum * 31 + word(record + at);
    }
    if (view.level_capacity != 0 && cursor >= 0) {
      const auto *head = reinterpret_cast<const fb::DepthRecord *>(view.slot(cursor));
      std::vector<fb::Level> levels(head->bid_count + head->ask_count);
      if (!view.read_levels(*head, levels.data()))
        bench::fail("levels of the newest record are gone");
      for (const fb::Level &level : levels)
        sum = (sum * 31 + word(&level.price)) * 31 + word(&level.qty);
    }
  }
  return sum;
}

} // namespace

int main(int argc, char **argv) {
  if (argc < 9)
    bench::fail("usage: decode_loop FRAMES ROUTES spot|futures CAPACITY LEVELS ROUNDS MESSAGES DECODER...");
  const bench::Frames frames(argv[1]);
  const bool futures = std::string_view(argv[3]) == "futures";
  const std::int64_t capacity = std::atoll(argv[4]), level_capacity = std::atoll(argv[5]);
  const int rounds = std::atoi(argv[6]);
  const auto messages = static_cast<std::size_t>(std::atoll(argv[7]));
  std::vector<Decoder> decoders;
  for (int i = 8; i < argc; ++i) {
    Decoder &d = decoders.emplace_back();
    d.name = argv[i];
    d.routes = std::make_unique<bench::Routes>(argv[2], capacity, level_capacity);
    fb::RouteTable *table = &d.routes->table;
    if (d.name == "fast" || d.name == "scalar") {
      const fb::FastPath path(d.name == "fast");
      d.code = path.name();
      // A symbol that is new to a ring of many goes the fallback's way, once.
      if (d.routes->many_symbols) {
        const std::shared_ptr<fb::Fallback> parser = fb::make_fallback(true);
        for (const std::string_view p : frames.payloads)
          parser->run(*table, p.data(), p.size(), 0, nullptr);
      }
      d.run = loop(*d.routes, [path, table](std::string_view p, std::int64_t now) {
        return path.combined(*table, p.data(), p.size(), now).outcome() == fb::Outcome::published;
      });
    } else if (d.name == "ahead") { // what a feed of many streams does: the frames behind this one are looked at
      const fb::FastPath path;
      const char *end = frames.end;
      auto lookahead = std::make_shared<fb::Lookahead>();
      d.code = path.name();
      d.run = loop(*d.routes, [path, table, end, lookahead](std::string_view p, std::int64_t now) {
        const char *behind = p.data() + p.size();
        lookahead->step(*table, behind, static_cast<std::size_t>(end - behind));
        return path.combined(*table, p.data(), p.size(), now).outcome() == fb::Outcome::published;
      });
    } else if (d.name == "fallback" || d.name == "fallback-baseline") {
      std::shared_ptr<fb::Fallback> parser = fb::make_fallback(d.name == "fallback");
      d.code = parser->implementation();
      d.run = loop(*d.routes, [parser, table](std::string_view p, std::int64_t now) {
        return parser->run(*table, p.data(), p.size(), now, nullptr).outcome == fb::Outcome::published;
      });
    } else if (d.name == "ondemand") {
      std::shared_ptr<bench::Lean> lean = bench::make_lean(futures);
      d.code = "haswell";
      d.run = loop(*d.routes, [lean, table](std::string_view p, std::int64_t now) { return lean->accept(*table, p.data(), p.size(), now); });
    } else if (d.name == "publish") { // the ring's share alone: a bookTicker whose fields are known
      fb::Route *route = table->find(d.routes->first_name);
      d.code = "ring";
      d.run = loop(*d.routes, [route](std::string_view p, std::int64_t now) {
        fb::scalar::BookTickerFields f;
        f.update_id = now;
        f.bid_price = f.bid_qty = f.ask_price = f.ask_qty = static_cast<double>(p.size());
        return fb::scalar::publish<fb::BookTickerRecord, false>(*route, f, now).outcome() == fb::Outcome::published;
      });
    } else if (d.name == "empty") {
      auto seen = std::make_shared<std::uint64_t>(0);
      d.code = "loop";
      d.run = loop(*d.routes, [seen](std::string_view p, std::int64_t) {
        *seen += static_cast<unsigned char>(p[p.size() / 2]);
        asm volatile("" ::"r"(*seen));
        return true;
      });
    } else {
      bench::fail("no decoder of this name: " + d.name);
    }
  }
  for (int round = 0; round <= rounds; ++round) { // the first is for warmth
    for (Decoder &d : decoders) {
      const std::int64_t begin = bench::thread_cpu_ns();
      if (!d.run(frames.payloads, messages))
        bench::fail(d.name + " declined a payload");
      const std::int64_t end = bench::thread_cpu_ns();
      if (round > 0 || rounds == 0)
        d.rounds.push_back(static_cast<double>(end - begin) / static_cast<double>(messages));
    }
  }
  for (const Decoder &d : decoders) {
    std::cout << d.name << ' ' << d.code << ' ' << d.routes->published() << ' ' << sum_of(*d.routes);
    for (double ns : d.rounds)
      std::cout << ' ' << ns;
    std::cout << '\n';
  }
}
