// Diffs to an order book, in a loop: the book alone, and the whole way from the bytes with and without one.
//
//   book_loop apply FRAMES ROUTES SNAPSHOT PLACES FAR RULE ROUNDS PASSES
//   book_loop regrid SPACING LEVELS PLACES FAR ROUNDS
//
// A snapshot file holds the update id, and for each side, bids first, the number of levels and then the levels, best first. The
// first form prints what the book came to (state, update id, levels of each side, best prices, far levels), levels and messages
// of a pass, and one line for each way with nanoseconds of CPU time of every round: `apply` a level, `parse` and `whole` a
// message, `load` a snapshot. The second prints one line with nanoseconds of a move to another grid and one of a load.
#include "common.hpp"

#include <cmath>

namespace {

using Levels = std::vector<fb::Level>;

class OwnedBook {
public:
  OwnedBook(std::uint32_t places, std::uint32_t far_levels, fb::BookRule rule) {
    const fb::BookShape shape{places, far_levels};
    void *const memory = shape.good() ? fb::RingMemory::allocate(shape.total_bytes()) : nullptr;
    if (memory == nullptr)
      bench::fail("no memory for a book");
    fb::format_book(memory, shape, rule);
    writer.open(memory);
  }
  const fb::BookHead &head() const { return writer.memory.header->head; }

  fb::BookWriter writer;
};

struct Snapshot {
  std::int64_t id = 0;
  Levels bids, asks;

  explicit Snapshot(const char *path) {
    std::ifstream file(path, std::ios::binary);
    file.read(reinterpret_cast<char *>(&id), sizeof id);
    for (Levels *side : {&bids, &asks}) {
      std::int64_t count = 0;
      file.read(reinterpret_cast<char *>(&count), sizeof count);
      side->resize(static_cast<std::size_t>(count));
      file.read(reinterpret_cast<char *>(side->data()), static_cast<std::streamsize>(side->size() * sizeof(fb::Level)));
    }
    if (!file)
      bench::fail(std::string("no snapshot in ") + path);
  }
  Snapshot() = default;

  // Into a book that has had no diff: it is taken unproved, and the next one proves it.
  void load(OwnedBook &book, const fb::RingView &no_diffs) const {
    if (book.writer.load(id, bids.data(), bids.size(), asks.data(), asks.size(), std::max(bids.size(), asks.size()), true, no_diffs,
                         1) != fb::LoadResult::ahead)
      bench::fail("the snapshot was refused");
  }
};

struct Diff {
  fb::DepthRecord record;
  Levels levels;
};

void print(const char *name, const std::vector<double> &rounds) {
  std::printf("%s", name);
  for (const double ns : rounds)
    std::printf(" %.4f", ns);
  std::printf("\n");
}

int apply(char **argv) {
  const bench::Frames frames(argv[0]);
  const Snapshot snapshot(argv[2]);
  const auto places = static_cast<std::uint32_t>(std::atoll(argv[3])), far_levels = static_cast<std::uint32_t>(std::atoll(argv[4]));
  const auto rule = static_cast<fb::BookRule>(std::atoi(argv[5]));
  const int rounds = std::atoi(argv[6]), passes = std::atoi(argv[7]);
  bench::Routes alone(argv[1], 1024, 32768), fed(argv[1], 1024, 32768);
  const bench::Routes nothing(argv[1], 64, 64);
  const fb::RingView &no_diffs = nothing.rings[0]->writer.view;
  OwnedBook applied(places, far_levels, rule), whole(places, far_levels, rule);
  const fb::FastPath path;

  std::vector<Diff> diffs;
  std::size_t levels = 0;
  const fb::RingView &ring = alone.rings[0]->writer.view;
  for (const std::string_view payload : frames.payloads) {
    if (path.combined(alone.table, payload.data(), payload.size(), 1).outcome() != fb::Outcome::published)
      bench::fail("a diff was declined");
    Diff &diff = diffs.emplace_back();
    if (!ring.read_last(&diff.record))
      bench::fail("a diff is not there");
    diff.levels.resize(diff.record.bid_count + diff.record.ask_count);
    if (!ring.read_levels(diff.record, diff.levels.data()))
      bench::fail("its levels are not there");
    levels += diff.levels.size();
  }
  fed.rings[0]->writer.book = &whole.writer;

  const auto timed = [](auto &&run) {
    const std::int64_t begin = bench::thread_cpu_ns();
    run();
    return static_cast<double>(bench::thread_cpu_ns() - begin);
  };
  const auto parse = [&](bench::Routes &routes) {
    for (const std::string_view payload : frames.payloads)
      if (path.combined(routes.table, payload.data(), payload.size(), 1).outcome() != fb::Outcome::published)
        bench::fail("a diff was declined");
  };
  std::vector<double> apply_ns, parse_ns, whole_ns, load_ns;
  for (int round = 0; round <= rounds; ++round) { // the first is for warmth
    double spent[4] = {};
    for (int pass = 0; pass < passes; ++pass) {
      spent[3] += timed([&] { snapshot.load(applied, no_diffs); });
      spent[0] += timed([&] {
        for (const Diff &diff : diffs)
          applied.writer.take(diff.record, diff.levels.data());
      });
      alone.begin_again();
      spent[1] += timed([&] { parse(alone); });
      fed.begin_again();
      snapshot.load(whole, no_diffs);
      spent[2] += timed([&] { parse(fed); });
    }
    if (round == 0)
      continue;
    const double messages = static_cast<double>(passes) * static_cast<double>(diffs.size());
    apply_ns.push_back(spent[0] / (static_cast<double>(passes) * static_cast<double>(levels)));
    parse_ns.push_back(spent[1] / messages);
    whole_ns.push_back(spent[2] / messages);
    load_ns.push_back(spent[3] / passes);
  }
  const fb::BookHead &a = applied.head(), &b = whole.head();
  if (std::memcmp(&a.best_bid, &b.best_bid, 2 * sizeof(fb::Level)) != 0 || a.bid_count != b.bid_count || a.ask_count != b.ask_count)
    bench::fail("the two books differ");
  const fb::BookHeader &h = *whole.writer.memory.header;
  std::printf("book %u %lld %u %u %.17g %.17g %u %u %llu\n", b.state, static_cast<long long>(b.update_id), b.bid_count, b.ask_count,
              b.best_bid.price, b.best_ask.price, h.far_bids, h.far_asks,
              static_cast<unsigned long long>(h.regrids) / (static_cast<unsigned long long>(rounds + 1) * static_cast<unsigned>(passes)));
  std::printf("pass %zu %zu\n", levels, diffs.size());
  print("apply", apply_ns);
  print("parse", parse_ns);
  print("whole", whole_ns);
  print("load", load_ns);
  return 0;
}

// Levels every so many ticks of 0.01 around 90,000. The best asks are removed until the middle is at the edge of the grid; the
// diff that moves it on is the one that is timed: it removes one level.
int regrid(char **argv) {
  const int spacing = std::atoi(argv[0]), count = std::atoi(argv[1]);
  const auto places = static_cast<std::uint32_t>(std::atoll(argv[2])), far_levels = static_cast<std::uint32_t>(std::atoll(argv[3]));
  const int rounds = std::atoi(argv[4]);
  constexpr int middle = 9'000'000;
  Snapshot snapshot;
  snapshot.id = 1;
  for (int i = 0; i < count; ++i) {
    snapshot.bids.push_back({(middle - 1 - i * spacing) / 100.0, 1.0});
    snapshot.asks.push_back({(middle + i * spacing) / 100.0, 1.0});
  }
  // The middle may move by three eighths of the grid, the asks by twice that.
  const int gone = static_cast<int>(places) * 3 / 4 / spacing;
  if (gone + 8 >= count)
    bench::fail("too few levels to move the grid");
  Levels most, rest;
  for (int i = 0; i < gone + 8; ++i)
    (i < gone - 4 ? most : rest).push_back({snapshot.asks[static_cast<std::size_t>(i)].price, 0.0});
  bench::OwnedRing ring(fb::Kind::diff_depth, "BTCUSDT", 64, 64);
  OwnedBook book(places, far_levels, fb::BookRule::first_id);
  std::vector<double> regrid_ns, load_ns;
  for (int round = 0; round <= rounds; ++round) {
    std::int64_t begin = bench::thread_cpu_ns();
    snapshot.load(book, ring.writer.view);
    const double loaded = static_cast<double>(bench::thread_cpu_ns() - begin);
    fb::DepthRecord record{};
    record.first_update_id = record.update_id = 2;
    record.ask_count = static_cast<std::uint32_t>(most.size());
    book.writer.take(record, most.data());
    double found = 0;
    for (const fb::Level &level : rest) {
      const std::uint64_t before = book.writer.memory.header->regrids;
      record.first_update_id = ++record.update_id;
      record.ask_count = 1;
      begin = bench::thread_cpu_ns();
      book.writer.take(record, &level);
      const double took = static_cast<double>(bench::thread_cpu_ns() - begin);
      if (book.writer.memory.header->regrids != before)
        found = took;
    }
    if (found == 0)
      bench::fail("the grid has not moved");
    if (book.head().bid_count != snapshot.bids.size() || book.head().state != static_cast<std::uint32_t>(fb::BookState::live))
      bench::fail("the book is not whole");
    if (round > 0) {
      regrid_ns.push_back(found);
      load_ns.push_back(loaded);
    }
  }
  print("regrid", regrid_ns);
  print("load", load_ns);
  return 0;
}

} // namespace

int main(int argc, char **argv) {
  if (argc == 10 && std::string_view(argv[1]) == "apply")
    return apply(argv + 2);
  if (argc == 7 && std::string_view(argv[1]) == "regrid")
    return regrid(argv + 2);
  bench::fail("usage: book_loop apply FRAMES ROUTES SNAPSHOT PLACES FAR RULE ROUNDS PASSES, or regrid SPACING LEVELS PLACES FAR ROUNDS");
}
