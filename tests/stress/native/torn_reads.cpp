// torn_reads KIND CAPACITY READERS READS [trusting]: one process writes a ring as fast as it can, others read it in every
// way until each has read so many records that the ring says are intact, and look at every byte of them. Prints the counts as
// JSON, by way of reading.
//
// KIND: quotes or depth. `trusting` leaves the ring's check out: it shows that there is something to be seen.

#include <sched.h>

#include "shared.hpp"

using namespace stress;

namespace {

enum Way { way_last, way_at, way_field, way_window, way_copy, way_levels, way_count };
constexpr const char *way_names[] = {"last", "at", "field", "window", "copy", "levels"};

struct Tally {
  std::uint64_t whole[way_count], refused[way_count], torn[way_count];
};

struct Common { // beside the ring, in shared memory
  Tally tallies[16];
  std::uint64_t over;
};

struct Random {
  std::uint64_t state;
  std::uint64_t below(std::uint64_t limit) noexcept {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state % limit;
  }
};

template <class Record, bool trusting> class Reader {
public:
  Reader(void *memory, Tally &tally, std::uint64_t seed) : tally_(tally), random_{seed * 0x9e3779b97f4a7c15 + 1} {
    view_.attach(memory);
    most_ = std::min<std::int64_t>(view_.capacity, 64);
  }

  void run(std::uint64_t reads) {
    std::uint64_t done = 0;
    while (done < reads) {
      const std::uint64_t before = whole();
      read_last();
      for (int i = 0; i < 4; ++i)
        read_at(view_.cursor() - static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(view_.capacity) + 2)) + 1);
      read_field();
      for (int i = 0; i < 4; ++i)
        read_window();
      for (int i = 0; i < 4; ++i)
        copy_from();
      done += whole() - before;
    }
  }

private:
  std::uint64_t whole() const noexcept {
    std::uint64_t sum = 0;
    for (const std::uint64_t count : tally_.whole)
      sum += count;
    return sum;
  }
  void note(Way way, bool accepted, bool is_good) noexcept {
    if (!accepted)
      ++tally_.refused[way];
    if (accepted || trusting)
      ++(is_good ? tally_.whole : tally_.torn)[way];
  }

  // A record that was read for `wanted`: whole, and the right one. Of a trusting reader: whole, whichever it is.
  bool is_good(const Record &record, std::int64_t wanted) const noexcept {
    return is_whole(record) && (trusting || record.sequence == wanted);
  }

  void read_last() {
    Record record;
    if (!view_.read_last(&record))
      return;
    note(way_last, true, is_good(record, record.sequence) && record.sequence >= newest_ && record.sequence <= view_.cursor());
    newest_ = record.sequence;
    read_levels(record);
  }
  void read_at(std::int64_t sequence) {
    Record record;
    if (sequence < 0 || sequence > view_.cursor()) {
      if (view_.read_at(sequence, &record) && sequence > view_.cursor())
        ++tally_.torn[way_at]; // there is no such record yet
      return;
    }
    const bool accepted = view_.read_at(sequence, &record);
    note(way_at, accepted, is_good(record, sequence));
    if (accepted)
      read_levels(record);
  }
  // As the fields of rings do.
  void read_field() {
    const std::int64_t sequence = view_.cursor();
    if (sequence < 0)
      return;
    std::int64_t update_id, event_ns;
    std::memcpy(&event_ns, view_.slot(sequence) + offsetof(Record, event_ns), sizeof event_ns);
    std::memcpy(&update_id, view_.slot(sequence) + offsetof(Record, update_id), sizeof update_id);
    const bool accepted = sequence >= view_.oldest_intact();
    note(way_field, accepted, event_ns == whole_number(update_id - 1, 2) && (trusting || update_id == sequence + 1));
  }
  // In place, and asked afterwards whether it was intact; as `Window` does, with the levels.
  void read_window() {
    std::int64_t cursor = view_.cursor();
    const std::int64_t wanted = 1 + static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(most_)));
    const std::int64_t count = std::min(wanted, cursor + 1), first = cursor + 1 - count;
    if (count <= 0)
      return;
    const auto *records = reinterpret_cast<const volatile Record *>(view_.slot(first));
    std::uint64_t good = 0;
    for (std::int64_t i = 0; i < count; ++i) {
      Record record;
      std::memcpy(static_cast<void *>(&record), const_cast<const Record *>(records + i), sizeof record);
      asm volatile("" ::: "memory");
      good += is_good(record, first + i);
    }
    const bool accepted = first >= view_.oldest_intact();
    if (!accepted)
      ++tally_.refused[way_window];
    if (accepted || trusting) {
      tally_.whole[way_window] += good;
      tally_.torn[way_window] += static_cast<std::uint64_t>(count) - good;
    }
  }
  // As `Ring.copy_from`, the batches of readers.
  void copy_from() {
    const std::int64_t cursor = view_.cursor();
    if (next_ > cursor)
      return;
    std::int64_t first = std::max(next_, view_.oldest_intact());
    if (first > cursor)
      return;
    const std::int64_t count = std::min(cursor - first + 1, most_);
    std::memcpy(static_cast<void *>(batch_), view_.slot(first), static_cast<std::size_t>(count) * sizeof(Record));
    const std::int64_t oldest = trusting ? first : view_.oldest_intact();
    for (std::int64_t i = 0; i < count; ++i) {
      if (first + i < oldest) {
        ++tally_.refused[way_copy];
        continue;
      }
      note(way_copy, true, is_good(batch_[i], first + i));
      read_levels(batch_[i]);
    }
    next_ = first + count;
  }
  void read_levels(const Record &record) {
    if constexpr (std::is_same_v<Record, fb::DepthRecord>) {
      fb::Level levels[2 * most_levels_a_side];
      if (record.bid_count > most_levels_a_side || record.ask_count > most_levels_a_side)
        return; // of a trusting reader
      const bool accepted = view_.read_levels(record, levels);
      note(way_levels, accepted, are_whole(levels, record.sequence));
    }
  }

  fb::RingView view_;
  Tally &tally_;
  Random random_;
  std::int64_t most_, newest_ = -1, next_ = 0;
  Record batch_[64];
};

// Reader and writer run at the same time, not by turns: each other process on another processor, as far as there are any.
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

template <class Record> void read(void *memory, Tally &tally, std::uint64_t seed, std::uint64_t reads, bool trusting) {
  if (trusting)
    Reader<Record, true>(memory, tally, seed).run(reads);
  else
    Reader<Record, false>(memory, tally, seed).run(reads);
}

} // namespace

int main(int count, char **arguments) {
  STRESS_CHECK(count == 5 || (count == 6 && std::string(arguments[5]) == "trusting"),
               "give KIND CAPACITY READERS READS [trusting]");
  const fb::Kind kind = kind_argument(arguments[1]);
  const std::int64_t capacity = number_argument(arguments[2]);
  const auto readers = static_cast<unsigned>(number_argument(arguments[3]));
  const auto reads = static_cast<std::uint64_t>(number_argument(arguments[4]));
  STRESS_CHECK(readers >= 1 && readers <= std::size(Common{}.tallies), "from 1 to 16 readers");
  // Two or three blocks fit in the smallest arena, so that levels are lapped while their heads are not.
  const fb::RingShape shape{kind, capacity, kind == fb::Kind::diff_depth ? 64 * std::min<std::int64_t>(capacity, 16) : 0, 1};
  SharedFile ring(shape.total_bytes()), beside(sizeof(Common));
  auto &common = *static_cast<Common *>(beside.memory);
  fb::format_ring(ring.memory, shape);

  const pid_t writer = fork();
  STRESS_CHECK(writer >= 0, "no process");
  if (writer == 0) {
    run_on(0);
    fb::RingWriter out;
    STRESS_CHECK(out.open(ring.memory, false), "no writer");
    fb::RingTarget target = out.target();
    while (fb::load_relaxed(common.over) == 0)
      for (int i = 0; i < 1000; ++i)
        publish_next(out, target);
    _exit(0);
  }
  pid_t processes[std::size(Common{}.tallies)];
  for (unsigned i = 0; i < readers; ++i) {
    processes[i] = fork();
    STRESS_CHECK(processes[i] >= 0, "no process");
    if (processes[i] == 0) {
      run_on(1 + i);
      void *const memory = ring.map(PROT_READ); // a reader can write nothing
      if (kind == fb::Kind::book_ticker)
        read<fb::BookTickerRecord>(memory, common.tallies[i], i, reads, count == 6);
      else
        read<fb::DepthRecord>(memory, common.tallies[i], i, reads, count == 6);
      _exit(0);
    }
  }
  int failed = 0, status;
  for (unsigned i = 0; i < readers; ++i)
    if (waitpid(processes[i], &status, 0) != processes[i] || status != 0)
      ++failed;
  fb::store_relaxed(common.over, std::uint64_t{1});
  if (waitpid(writer, &status, 0) != writer || status != 0)
    ++failed;
  fb::RingView view;
  view.attach(ring.memory);
  std::printf("{\"written\": %lld, \"failed\": %d", static_cast<long long>(view.cursor() + 1), failed);
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
  print("refused", &Tally::refused);
  print("torn", &Tally::torn);
  std::printf("}\n");
  return 0;
}
