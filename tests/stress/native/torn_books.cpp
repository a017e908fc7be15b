// torn_books READERS READS [trusting]: one process writes an order book as fast as readers can follow, others read it in every way
// until each has done so many reads, and look at every level. Prints the counts as JSON, by way of reading.
//
// Each diff removes all levels and brings others: prices, quantities and how many there are follow from its update id. The prices
// wander, so that the grid does too, and one level of each side is far away. `trusting` leaves the book's check out: it shows that
// there is something to be seen.

#include <sched.h>

#include "book_read.hpp"
#include "shared.hpp"

using namespace stress;

namespace {

enum Way { way_head, way_top, way_levels, way_bids, way_sum, way_price, way_count };
constexpr const char *way_names[] = {"head", "top", "levels", "bids", "sum", "price"};

struct Tally {
  std::uint64_t whole[way_count], torn[way_count], stuck;
};
struct Common { // beside the book, in shared memory
  Tally tallies[16];
  std::uint64_t over;
};

constexpr std::uint32_t most = 24;
constexpr fb::BookShape shape{1024, 64};

std::uint32_t count_at(std::int64_t id) noexcept { return 4 + static_cast<std::uint32_t>(id % 16); }

// The middle goes up and down by 3,000 steps.
std::int64_t middle_of(std::int64_t id) noexcept {
  const std::int64_t at = id % 12'000;
  return 100'000 + (at < 6'000 ? at : 12'000 - at) - 3'000;
}
fb::Level level_at(std::int64_t id, bool bids, std::uint32_t i) noexcept {
  const std::int64_t far = i + 1 == count_at(id) ? 5'000 : 0;
  const std::int64_t away = 1 + i * (1 + id % 3) + far;
  return {static_cast<double>(middle_of(id) + (bids ? -away : away)) / 10.0, static_cast<double>(id) + i * 0.125};
}
double sum_of(std::int64_t id, std::uint32_t n) noexcept {
  double sum = 0; // of whole eighths: exact in any order
  for (std::uint32_t i = 0; i < std::min(n, count_at(id)); ++i)
    sum += level_at(id, true, i).qty;
  return sum;
}
bool is_same(const fb::Level &a, const fb::Level &b) noexcept { return std::memcmp(&a, &b, sizeof a) == 0; }
bool are_whole(std::int64_t id, bool bids, const fb::Level *levels, std::uint32_t count, std::uint32_t wanted) noexcept {
  if (count != std::min(wanted, count_at(id)))
    return false;
  for (std::uint32_t i = 0; i < count; ++i)
    if (!is_same(levels[i], level_at(id, bids, i)))
      return false;
  return true;
}

struct Random {
  std::uint64_t state;
  std::uint64_t below(std::uint64_t limit) noexcept {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state % limit;
  }
};

// `trusting`: as the reads do it, and nothing asked afterwards.
struct Look : fb::BookReader {
  bool trusting = false;
  template <class Read> bool at_once(Read &&read) const noexcept {
    if (!trusting)
      return consistently(read);
    read(fb::Quote{});
    return true;
  }
};

void read(Look &look, Tally &tally, std::uint64_t seed, std::uint64_t reads) {
  Random random{seed * 0x9e3779b97f4a7c15 + 1};
  std::int64_t newest = 0;
  for (std::uint64_t done = 0; done < reads; ++done) {
    const auto way = static_cast<Way>(random.below(way_count));
    const auto n = 1 + static_cast<std::uint32_t>(random.below(most));
    fb::BookHead head;
    fb::Level bids[most], asks[most];
    std::uint32_t bid_count = n, ask_count = n;
    fb::Depth bid_depth, ask_depth;
    double qty = 0;
    const auto i = static_cast<std::uint32_t>(random.below(4));
    const bool done_well = look.at_once([&](const fb::Quote &quote) {
      head = look.memory.header->head;
      if (way == way_levels || way == way_bids)
        bid_count = look.copy<true>(quote, bids, n);
      if (way == way_levels)
        ask_count = look.copy<false>(quote, asks, n);
      if (way == way_sum) {
        bid_depth = look.to_level<true>(quote, n);
        ask_depth = look.to_level<false>(quote, n);
      }
      if (way == way_price) // of a level that is there in this moment
        qty = look.qty_at<true>(quote, level_at(head.update_id, true, i % count_at(head.update_id)).price);
    });
    if (!done_well) {
      ++tally.stuck;
      continue;
    }
    const std::int64_t id = head.update_id;
    bool good = head.bid_count == count_at(id) && head.ask_count == count_at(id) && (look.trusting || id >= newest) &&
                head.state == static_cast<std::uint32_t>(fb::BookState::live);
    newest = id;
    if (way == way_top)
      good = good && is_same(head.best_bid, level_at(id, true, 0)) && is_same(head.best_ask, level_at(id, false, 0));
    if (way == way_levels || way == way_bids)
      good = good && are_whole(id, true, bids, bid_count, n);
    if (way == way_levels)
      good = good && are_whole(id, false, asks, ask_count, n);
    if (way == way_sum)
      good = good && bid_depth.qty == sum_of(id, n) && ask_depth.qty == sum_of(id, n);
    if (way == way_price)
      good = good && qty == level_at(id, true, i % count_at(id)).qty;
    ++(good ? tally.whole : tally.torn)[way];
  }
}

// Who reads and who writes do so at the same time: each on another processor, as far as there are any.
void run_on(unsigned number) noexcept {
  cpu_set_t allowed, chosen;
  CPU_ZERO(&chosen);
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0 || CPU_COUNT(&allowed) < 2)
    return;
  const unsigned others = static_cast<unsigned>(CPU_COUNT(&allowed)) - 1;
  unsigned left = number == 0 ? 0 : 1 + (number - 1) % others;
  for (std::size_t cpu = 0; cpu < CPU_SETSIZE; ++cpu)
    if (CPU_ISSET(cpu, &allowed) && left-- == 0) {
      CPU_SET(cpu, &chosen);
      sched_setaffinity(0, sizeof chosen, &chosen);
      return;
    }
}

void take_next(fb::BookWriter &writer, std::int64_t id) noexcept {
  fb::Level levels[4 * most];
  fb::DepthRecord record{};
  record.first_update_id = record.update_id = id;
  fb::Level *at = levels;
  for (const bool bids : {true, false}) {
    const fb::Level *const begin = at;
    for (std::uint32_t i = 0; i < count_at(id - 1); ++i)
      *at++ = {level_at(id - 1, bids, i).price, 0};
    for (std::uint32_t i = 0; i < count_at(id); ++i)
      *at++ = level_at(id, bids, i);
    (bids ? record.bid_count : record.ask_count) = static_cast<std::uint32_t>(at - begin);
  }
  writer.take(record, levels);
}

} // namespace

int main(int count, char **arguments) {
  STRESS_CHECK(count == 3 || (count == 4 && std::string(arguments[3]) == "trusting"), "give READERS READS [trusting]");
  const auto readers = static_cast<unsigned>(number_argument(arguments[1]));
  const auto reads = static_cast<std::uint64_t>(number_argument(arguments[2]));
  STRESS_CHECK(readers >= 1 && readers <= std::size(Common{}.tallies), "from 1 to 16 readers");
  SharedFile book(shape.total_bytes()), beside(sizeof(Common)), ring(fb::RingShape{fb::Kind::diff_depth, 64, 64, 1}.total_bytes());
  auto &common = *static_cast<Common *>(beside.memory);
  fb::format_book(book.memory, shape, fb::BookRule::first_id);
  fb::format_ring(ring.memory, fb::RingShape{fb::Kind::diff_depth, 64, 64, 1});
  fb::BookWriter writer;
  writer.open(book.memory);
  fb::RingView no_diffs;
  no_diffs.attach(ring.memory);
  fb::Level bids[most], asks[most];
  for (std::uint32_t i = 0; i < count_at(1); ++i)
    bids[i] = level_at(1, true, i), asks[i] = level_at(1, false, i);
  STRESS_CHECK(writer.load(1, bids, count_at(1), asks, count_at(1), 1000, true, no_diffs, 1) == fb::LoadResult::ahead,
               "no snapshot");
  take_next(writer, 2);

  const pid_t writing = fork();
  STRESS_CHECK(writing >= 0, "no process");
  if (writing == 0) {
    run_on(0);
    Random random{0x2545f4914f6cdd1d};
    for (std::int64_t id = 3; fb::load_relaxed(common.over) == 0; ++id) {
      take_next(writer, id);
      // Readers find a moment in which nothing changes, now a long one and now none.
      for (std::uint64_t i = random.below(3'000); i > 0; --i)
        asm volatile("");
    }
    _exit(0);
  }
  pid_t processes[std::size(Common{}.tallies)];
  for (unsigned i = 0; i < readers; ++i) {
    processes[i] = fork();
    STRESS_CHECK(processes[i] >= 0, "no process");
    if (processes[i] == 0) {
      run_on(1 + i);
      Look look;
      look.trusting = count == 4;
      look.memory.attach(book.map(PROT_READ)); // a reader can write nothing
      read(look, common.tallies[i], i, reads);
      _exit(0);
    }
  }
  int failed = 0, status;
  for (unsigned i = 0; i < readers; ++i)
    if (waitpid(processes[i], &status, 0) != processes[i] || status != 0)
      ++failed;
  fb::store_relaxed(common.over, std::uint64_t{1});
  if (waitpid(writing, &status, 0) != writing || status != 0)
    ++failed;
  const fb::BookHeader &header = *static_cast<fb::BookHeader *>(book.memory);
  std::uint64_t stuck = 0;
  for (unsigned i = 0; i < readers; ++i)
    stuck += common.tallies[i].stuck;
  std::printf("{\"written\": %llu, \"regrids\": %llu, \"gaps\": %llu, \"stuck\": %llu, \"failed\": %d",
              static_cast<unsigned long long>(header.diffs), static_cast<unsigned long long>(header.regrids),
              static_cast<unsigned long long>(header.gaps), static_cast<unsigned long long>(stuck), failed);
  const auto print = [&](const char *what, std::uint64_t(Tally::*counts)[way_count]) {
    std::printf(", \"%s\": {", what);
    for (int way = 0; way < way_count; ++way) {
      std::uint64_t sum = 0;
      for (unsigned i = 0; i < readers; ++i)
        sum += (common.tallies[i].*counts)[way];
      std::printf("%s\"%s\": %llu", way == 0 ? "" : ", ", way_names[way], static_cast<unsigned long long>(sum));
    }
    std::printf("}");
  };
  print("whole", &Tally::whole);
  print("torn", &Tally::torn);
  std::printf("}\n");
  return 0;
}
