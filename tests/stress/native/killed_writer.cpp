// killed_writer step SCENE EVENTS: a writer is stopped behind each single instruction. What it has left in the ring at that
// instant is read as a reader would, and taken over by another writer, in a copy; both have to be right.
// killed_writer kill SCENE ROUNDS: writers are killed at any instant, thousands of times if so wished, and each time the next
// one goes on in the same memory, while this process reads. Prints what was done as JSON.
//
// SCENE: quotes (one symbol), symbols (many, new ones all the time, and messages of several records), depth (one symbol, with
// payloads that turn out to be no good). SCENE broken-... leaves out what a writer does when it takes over.

#include <cerrno>
#include <csignal>
#include <map>
#include <vector>

#include <sys/prctl.h>
#include <sys/ptrace.h>

#include "clock.hpp"
#include "merge.hpp"
#include "shared.hpp"

using namespace stress;

namespace {

struct Scene {
  fb::Kind kind;
  bool many;
  bool breaks; // for the test of this test
};

constexpr std::uint32_t symbol_capacity = 24;
constexpr std::int64_t capacity = 8;
constexpr std::int64_t level_capacity = 128;

// Event `number` is of this symbol: first few, then more and more.
std::uint32_t symbol_of(std::int64_t number) noexcept {
  const auto known = static_cast<std::uint32_t>(std::min<std::int64_t>(2 + number / 6, symbol_capacity));
  return static_cast<std::uint32_t>(mixed(number, 20) >> 8) % known;
}
// Names of 1 to 48 bytes.
std::string name_of(std::uint32_t symbol) {
  std::string name(1, static_cast<char>('A' + symbol));
  while (name.size() < 1 + (symbol * 29) % fb::max_symbol_bytes)
    name += static_cast<char>('a' + (symbol + name.size()) % 26);
  return name;
}

fb::RingShape shape_of(const Scene &scene) {
  return {scene.kind, capacity, scene.kind == fb::Kind::diff_depth ? level_capacity : 0, scene.many ? symbol_capacity : 1};
}

// Content follows from the event's number, which the update id tells; the sequence is the ring's.
template <class Record> void fill_event(Record &r, std::int64_t number, std::uint32_t row) noexcept {
  fill(r, number);
  r.flags = 0;
  r.symbol_id = row;
}
template <class Record> std::int64_t number_of(const Record &r) noexcept { return r.update_id - 1; }

class Writer {
public:
  Writer(void *memory, const Scene &scene, bool again) : scene_(scene) {
    STRESS_CHECK(ring_.open(memory, scene.many), "no writer");
    if (again && !scene.breaks)
      ring_.take_over();
    if (!scene.many) {
      std::uint32_t row;
      STRESS_CHECK(ring_.add_symbol(name_of(0), row) == fb::DecodeCode::ok && row == 0, "no symbol");
    }
    route_ = ring_.target();
  }

  fb::RingWriter &ring() noexcept { return ring_; }

  // The number of the event behind the newest record.
  std::int64_t next_number() const noexcept {
    const std::int64_t cursor = ring_.view.header->cursor;
    if (cursor < 0)
      return 0;
    if (scene_.kind == fb::Kind::diff_depth)
      return number_of(*reinterpret_cast<const fb::DepthRecord *>(ring_.view.slot(cursor))) + 1;
    return number_of(*reinterpret_cast<const fb::BookTickerRecord *>(ring_.view.slot(cursor))) + 1;
  }

  // Take some events; return the number of the next one.
  std::int64_t take(std::int64_t number) {
    if (scene_.kind == fb::Kind::diff_depth)
      return take_depth(number);
    if (!scene_.many)
      return number % 3 == 0 ? take_long_way(number, 0) : take_short_way<false>(number, 0);
    if (number % 5 == 0) { // a message of several
      const auto count = static_cast<std::int64_t>(mixed(number, 21) >> 8) % 4;
      ring_.begin_frame();
      for (std::int64_t i = 0; i <= count; ++i, ++number)
        take_long_way(number, row_of(number));
      ring_.end_frame(true);
      return number;
    }
    if (number % 7 == 0) { // one that brings new names, and is no good
      std::uint32_t row;
      for (int i = 0; i < 2; ++i)
        (void)ring_.stage_symbol("no good, and never shown: " + std::to_string(i), row);
      ring_.forget_staged_symbols();
    }
    const std::uint32_t row = row_of(number);
    return number % 2 == 0 ? take_long_way(number, row) : take_short_way<true>(number, row);
  }

private:
  std::uint32_t row_of(std::int64_t number) {
    const std::string name = name_of(symbol_of(number));
    std::uint32_t row;
    STRESS_CHECK(ring_.stage_symbol(name, row) == fb::DecodeCode::ok, "no row for %s", name.c_str());
    ring_.keep_staged_symbols();
    return row;
  }
  std::int64_t take_long_way(std::int64_t number, std::uint32_t row) {
    fb::BookTickerRecord record;
    fill_event(record, number, row);
    const fb::Fate fate = fb::Merge(ring_).take(reinterpret_cast<std::byte *>(&record), 0, false);
    STRESS_CHECK(fate == fb::Fate::published, "event %lld is not published", static_cast<long long>(number));
    return number + 1;
  }
  // As publish.hpp does, which cannot be had without a payload.
  template <bool many> std::int64_t take_short_way(std::int64_t number, std::uint32_t row) {
    const fb::Ids ids{fb::no_rank, number + 1};
    const bool follows = fb::is_next<many, false>(*ring_.view.header, ring_, row, ids, whole_number(number, 4), 0);
    STRESS_CHECK(follows, "event %lld does not follow", static_cast<long long>(number));
    std::int64_t sequence;
    auto *const first = route_.claim<fb::BookTickerRecord>(sequence);
    for (auto *place : {first, first + capacity}) {
      fill_event(*place, number, row);
      place->sequence = sequence;
    }
    if (many)
      fb::store_release(ring_.view.symbols[row].last_sequence, sequence);
    route_.publish(sequence);
    return number + 1;
  }
  std::int64_t take_depth(std::int64_t number) {
    const std::int64_t count = count_of(number, 0) + count_of(number, 1);
    std::int64_t begin = 0;
    if (number % 4 == 0) // no good
      if (fb::Level *const levels = ring_.begin_levels(count + number % 30, begin))
        fill_levels(levels, number);
    fb::DepthRecord record;
    fill_event(record, number, 0);
    fill_levels(ring_.begin_levels(count + number % 9, begin), number);
    record.levels_begin = begin;
    const fb::Fate fate = fb::Merge(ring_).take(reinterpret_cast<std::byte *>(&record), 0, false);
    STRESS_CHECK(fate == fb::Fate::published, "event %lld is not published", static_cast<long long>(number));
    return number + 1;
  }

  Scene scene_;
  fb::RingWriter ring_;
  fb::RingTarget route_;
};

// What a reader may see at any instant. `rests`: nobody writes meanwhile.
template <class Record> class Looker {
public:
  Looker(void *memory, const Scene &scene) : scene_(scene) { view_.attach(memory); }

  std::uint64_t reads = 0, refused = 0;

  void look(bool rests) {
    const std::int64_t cursor = view_.cursor();
    std::map<std::uint32_t, std::int64_t> newest;
    STRESS_CHECK(cursor >= cursor_, "the cursor went back from %lld to %lld", static_cast<long long>(cursor_),
                 static_cast<long long>(cursor));
    cursor_ = cursor;
    std::int64_t intact = 0, before = -1;
    for (std::int64_t sequence = std::max<std::int64_t>(0, cursor - capacity); sequence <= cursor; ++sequence) {
      Record record;
      if (!view_.read_at(sequence, &record)) {
        ++refused;
        STRESS_CHECK(!rests || intact == 0, "record %lld is lapped, and not those before it", static_cast<long long>(sequence));
        continue;
      }
      ++intact;
      newest[record.symbol_id] = sequence;
      check(record, sequence);
      if (rests && before >= 0)
        STRESS_CHECK(number_of(record) == before + 1, "event %lld follows event %lld", static_cast<long long>(number_of(record)),
                     static_cast<long long>(before));
      before = number_of(record);
    }
    if (rests) {
      const std::int64_t least = std::min(cursor + 1, capacity - 1);
      STRESS_CHECK(intact >= least && intact <= capacity, "%lld records are intact", static_cast<long long>(intact));
    }
    Record last;
    const bool is_there = view_.read_last(&last);
    // A first one may have come since.
    STRESS_CHECK(is_there == (cursor >= 0) || (!rests && is_there), "there is a newest record, or there is not");
    if (is_there) {
      check(last, last.sequence);
      STRESS_CHECK(last.sequence >= cursor, "the newest record is older than the cursor");
    }
    if (scene_.many)
      look_at_symbols(rests, newest);
  }

private:
  void check(const Record &record, std::int64_t sequence) {
    ++reads;
    const std::int64_t number = number_of(record);
    Record wanted{};
    fill_event(wanted, number, record.symbol_id);
    wanted.sequence = sequence;
    wanted.flags = record.flags & (fb::FLAG_END_OF_FRAME | fb::FLAG_GAP); // ours, and not of the content
    if constexpr (std::is_same_v<Record, fb::DepthRecord>) {
      wanted.levels_begin = record.levels_begin;
      fb::Level levels[2 * most_levels_a_side];
      if (view_.read_levels(record, levels))
        STRESS_CHECK(are_whole(levels, number), "the levels of record %lld are another one's", static_cast<long long>(sequence));
      else
        ++refused;
    }
    STRESS_CHECK(std::memcmp(&wanted, &record, sizeof record) == 0, "record %lld is torn", static_cast<long long>(sequence));
    if (scene_.many)
      STRESS_CHECK(record.symbol_id < fb::load_acquire(view_.header->symbol_count) &&
                       name(record.symbol_id) == name_of(symbol_of(number)),
                   "record %lld is of another symbol", static_cast<long long>(sequence));
  }
  std::string name(std::uint32_t row) const { return {view_.symbols[row].name, view_.symbols[row].length}; }

  // As `last("X")` does.
  void look_at_symbols(bool rests, const std::map<std::uint32_t, std::int64_t> &newest) {
    const std::uint32_t count = fb::load_acquire(view_.header->symbol_count);
    for (std::uint32_t row = 0; row < count; ++row) {
      std::int64_t sequence = fb::load_acquire(view_.symbols[row].last_sequence);
      const std::int64_t cursor = view_.cursor();
      if (sequence > cursor)
        sequence = view_.newest_of(row, cursor);
      Record record;
      const bool is_there = view_.read_at(sequence, &record);
      if (is_there) {
        check(record, sequence);
        STRESS_CHECK(record.symbol_id == row, "the newest record of row %u is of row %u", row, record.symbol_id);
      }
      if (rests) {
        const auto found = newest.find(row);
        if (found != newest.end())
          STRESS_CHECK(is_there && sequence == found->second, "row %u names record %lld for its newest, not %lld", row,
                       static_cast<long long>(sequence), static_cast<long long>(found->second));
        else
          STRESS_CHECK(!is_there, "row %u names record %lld, which is not its own", row, static_cast<long long>(sequence));
      }
    }
  }

  Scene scene_;
  fb::RingView view_;
  std::int64_t cursor_ = -1;
};

struct Done {
  std::uint64_t stops = 0, reads = 0, refused = 0, takeovers = 0, records = 0;
};

// Another writer goes on in the copy of what was left, and readers find everything right.
template <class Record> void take_over(std::vector<std::byte> &copy, const Scene &scene, Done &done) {
  auto &header = *reinterpret_cast<fb::RingHeader *>(copy.data());
  const std::int64_t epoch = header.epoch, cursor = header.cursor;
  Writer writer(copy.data(), scene, true);
  Looker<Record> looker(copy.data(), scene);
  STRESS_CHECK(scene.breaks || header.epoch == epoch + 1, "epoch %lld", static_cast<long long>(header.epoch));
  looker.look(true);
  for (std::uint32_t row = header.symbol_count; row < header.symbol_capacity; ++row) {
    const fb::SymbolRow nothing{};
    STRESS_CHECK(std::memcmp(&writer.ring().view.symbols[row], &nothing, sizeof nothing) == 0, "row %u is not empty", row);
  }
  std::int64_t number = writer.next_number();
  if (!scene.many)
    STRESS_CHECK(header.newest_rank == (cursor < 0 ? fb::no_rank : number), "the newest rank is %lld",
                 static_cast<long long>(header.newest_rank));
  for (int i = 0; i < 3; ++i) {
    number = writer.take(number);
    looker.look(true);
  }
  STRESS_CHECK(header.cursor >= cursor + 3, "three messages, and %lld records",
               static_cast<long long>(header.cursor - cursor));
  ++done.takeovers;
  done.reads += looker.reads;
  done.refused += looker.refused;
}

template <class Record> Done step(const Scene &scene, std::int64_t events) {
  const fb::RingShape shape = shape_of(scene);
  SharedFile file(shape.total_bytes());
  fb::format_ring(file.memory, shape);
  const pid_t writer = fork();
  STRESS_CHECK(writer >= 0, "no process");
  if (writer == 0) {
    if (ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0)
      _exit(77);
    raise(SIGSTOP);
    Writer out(file.memory, scene, false);
    for (std::int64_t number = 0; number < events;)
      number = out.take(number);
    _exit(0);
  }
  Done done;
  Looker<Record> looker(file.memory, scene);
  std::vector<std::byte> seen(shape.total_bytes()), copy;
  for (;;) {
    int status;
    STRESS_CHECK(waitpid(writer, &status, 0) == writer, "no writer");
    if (WIFEXITED(status)) {
      if (WEXITSTATUS(status) == 77) {
        std::fprintf(stderr, "this process may not trace another one\n");
        std::exit(77);
      }
      STRESS_CHECK(WEXITSTATUS(status) == 0, "the writer failed");
      break;
    }
    STRESS_CHECK(WIFSTOPPED(status), "the writer was ended");
    ++done.stops;
    if (std::memcmp(seen.data(), file.memory, seen.size()) != 0) {
      std::memcpy(seen.data(), file.memory, seen.size());
      looker.look(true);
      copy = seen;
      take_over<Record>(copy, scene, done);
    }
    STRESS_CHECK(ptrace(PTRACE_SINGLESTEP, writer, nullptr, nullptr) == 0, "no step: %s", std::strerror(errno));
  }
  done.reads += looker.reads;
  done.refused += looker.refused;
  done.records = static_cast<std::uint64_t>(static_cast<fb::RingHeader *>(file.memory)->cursor + 1);
  return done;
}

constexpr std::int64_t most_ns = 1'000'000'000;

template <class Record> Done kill_writers(const Scene &scene, std::int64_t rounds) {
  const fb::RingShape shape = shape_of(scene);
  SharedFile file(shape.total_bytes());
  fb::format_ring(file.memory, shape);
  auto &header = *static_cast<fb::RingHeader *>(file.memory);
  Done done;
  Looker<Record> looker(file.map(PROT_READ), scene);
  for (std::int64_t round = 0; round < rounds; ++round) {
    const std::int64_t epoch = header.epoch;
    const pid_t writer = fork();
    STRESS_CHECK(writer >= 0, "no process");
    if (writer == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL); // where a check of ours fails, nobody else ends it
      Writer out(file.memory, scene, round != 0);
      for (std::int64_t number = out.next_number();;)
        number = out.take(number);
    }
    // Some are ended while they take over, or before; most while they write.
    const std::int64_t began = fb::monotonic_ns();
    if (round % 5 != 0 && !scene.breaks)
      while (fb::load_relaxed(header.epoch) == epoch && (round != 0 || looker.reads == 0) && fb::monotonic_ns() - began < most_ns)
        looker.look(false);
    const std::int64_t end = fb::monotonic_ns() + static_cast<std::int64_t>(mixed(round, 30) >> 8) % 300'000;
    while (fb::monotonic_ns() < end)
      looker.look(false);
    kill(writer, SIGKILL);
    int status;
    STRESS_CHECK(waitpid(writer, &status, 0) == writer && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL,
                 "the writer of round %lld ended by itself: %d", static_cast<long long>(round), status);
    ++done.stops;
    looker.look(true);
    STRESS_CHECK(round == 0 || header.epoch == epoch || header.epoch == epoch + 1, "epoch %lld after %lld",
                 static_cast<long long>(header.epoch), static_cast<long long>(epoch));
    done.takeovers += header.epoch != epoch;
    std::vector<std::byte> copy(shape.total_bytes());
    std::memcpy(copy.data(), file.memory, copy.size());
    Done also;
    take_over<Record>(copy, scene, also);
    done.reads += also.reads;
  }
  done.reads += looker.reads;
  done.refused += looker.refused;
  done.records = static_cast<std::uint64_t>(header.cursor + 1);
  return done;
}

template <class Record> Done run(const std::string &how, const Scene &scene, std::int64_t count) {
  return how == "step" ? step<Record>(scene, count) : kill_writers<Record>(scene, count);
}

} // namespace

int main(int count, char **arguments) {
  STRESS_CHECK(count == 4, "give step SCENE EVENTS or kill SCENE ROUNDS");
  const std::string how = arguments[1];
  STRESS_CHECK(how == "step" || how == "kill", "%s is neither step nor kill", how.c_str());
  std::string name = arguments[2];
  const bool breaks = name.rfind("broken-", 0) == 0;
  if (breaks)
    name = name.substr(7);
  STRESS_CHECK(name == "quotes" || name == "symbols" || name == "depth", "%s is no scene", name.c_str());
  const Scene scene{name == "depth" ? fb::Kind::diff_depth : fb::Kind::book_ticker, name == "symbols", breaks};
  const std::int64_t times = number_argument(arguments[3]);
  const Done done = name == "depth" ? run<fb::DepthRecord>(how, scene, times) : run<fb::BookTickerRecord>(how, scene, times);
  std::printf("{\"stops\": %llu, \"takeovers\": %llu, \"reads\": %llu, \"refused\": %llu, \"records\": %llu}\n",
              static_cast<unsigned long long>(done.stops), static_cast<unsigned long long>(done.takeovers),
              static_cast<unsigned long long>(done.reads), static_cast<unsigned long long>(done.refused),
              static_cast<unsigned long long>(done.records));
  return 0;
}
