// bell_trips READERS ROUNDS VICTIMS: a writer publishes a record, and goes on when each reader has answered by a record of its
// own ring; all of them sleep on bells, for longer than this program may run. A wake-up that is lost ends it with status 1.
// Meanwhile VICTIMS others sleep on the writer's bell, and are killed and replaced all the time. Prints what was done as JSON.

#include <vector>

#include "bell.hpp"
#include "clock.hpp"
#include "shared.hpp"

using namespace stress;

namespace {

constexpr std::int64_t far_too_long_ns = 60'000'000'000;

struct Ring { // with its bell, in memory of its own
  explicit Ring(const fb::RingShape &shape) : file(shape.total_bytes()), bell_file(sizeof(fb::BellPage)) {
    fb::format_ring(file.memory, shape);
    fb::format_bell(bell_file.memory);
  }
  SharedFile file, bell_file;

  fb::RingHeader *header() const { return static_cast<fb::RingHeader *>(file.memory); }
  fb::BellPage &bell() const { return *static_cast<fb::BellPage *>(bell_file.memory); }
};

class Publisher {
public:
  explicit Publisher(const Ring &ring) : ring_(ring) {
    STRESS_CHECK(out_.open(ring.file.memory, false), "no writer");
    target_ = out_.target();
  }
  void publish() {
    publish_next(out_, target_);
    fb::ring_if_asleep(ring_.bell());
  }

private:
  const Ring &ring_;
  fb::RingWriter out_;
  fb::RingTarget target_;
};

void dawdle(std::int64_t round, std::uint64_t who) noexcept { // so that all meet at ever other instants
  const std::uint64_t turns = (mixed(round, who) >> 20) % 3000;
  for (std::uint64_t i = 0; i < (turns < 1500 ? 0 : turns - 1500); ++i)
    asm volatile("");
}

// Sleep until there is a record behind `after`, and nothing else.
void await(const Ring &ring, std::int64_t after) {
  const fb::Awaited awaited{ring.header(), after};
  std::uint32_t woken = 0;
  const bool found = fb::wait_for_news(ring.bell(), &awaited, 1, woken, 0, 0, far_too_long_ns);
  STRESS_CHECK(found && ring.header()->cursor > after, "a wake-up was lost behind record %lld", static_cast<long long>(after));
}

template <class Body> pid_t start(Body body) {
  const pid_t process = fork();
  STRESS_CHECK(process >= 0, "no process");
  if (process == 0) {
    body();
    _exit(0);
  }
  return process;
}

} // namespace

int main(int count, char **arguments) {
  STRESS_CHECK(count == 4, "give READERS ROUNDS VICTIMS");
  const std::int64_t readers = number_argument(arguments[1]), rounds = number_argument(arguments[2]);
  const std::int64_t victims = number_argument(arguments[3]);
  const fb::RingShape shape{fb::Kind::book_ticker, 8, 0, 1};
  Ring asked(shape);
  std::vector<std::unique_ptr<Ring>> answers;
  for (std::int64_t i = 0; i < readers; ++i)
    answers.push_back(std::make_unique<Ring>(shape));

  std::vector<pid_t> working;
  for (std::int64_t i = 0; i < readers; ++i)
    working.push_back(start([&] {
      Publisher publisher(*answers[static_cast<std::size_t>(i)]);
      for (std::int64_t round = 0; round < rounds; ++round) {
        dawdle(round, 40 + static_cast<std::uint64_t>(i));
        await(asked, round - 1);
        publisher.publish();
      }
    }));
  const std::int64_t begun = fb::monotonic_ns();
  working.push_back(start([&] {
    Publisher publisher(asked);
    for (std::int64_t round = 0; round < rounds; ++round) {
      dawdle(round, 39);
      publisher.publish();
      for (const auto &ring : answers)
        await(*ring, round - 1);
    }
  }));

  std::vector<pid_t> sleeping(static_cast<std::size_t>(victims), 0);
  const auto sleep_for_ever = [&] {
    for (;;) {
      const fb::Awaited awaited{asked.header(), INT64_MAX};
      std::uint32_t woken = 0;
      fb::wait_for_news(asked.bell(), &awaited, 1, woken, 0, 0, far_too_long_ns);
    }
  };
  std::int64_t killed = 0;
  std::size_t left = working.size();
  while (left != 0) {
    for (pid_t &victim : sleeping) {
      if (victim != 0) {
        kill(victim, SIGKILL);
        waitpid(victim, nullptr, 0);
        ++killed;
      }
      victim = start(sleep_for_ever);
    }
    for (pid_t &process : working) {
      int status;
      if (process != 0 && waitpid(process, &status, victims == 0 ? 0 : WNOHANG) == process) {
        if (status != 0) { // the others would wait for it
          for (const pid_t other : working)
            if (other != 0 && other != process)
              kill(other, SIGKILL);
          for (const pid_t victim : sleeping)
            kill(victim, SIGKILL);
          return 1;
        }
        process = 0;
        --left;
      }
    }
  }
  const std::int64_t took = fb::monotonic_ns() - begun;
  for (const pid_t victim : sleeping) {
    kill(victim, SIGKILL);
    waitpid(victim, nullptr, 0);
  }
  std::printf("{\"rounds\": %lld, \"killed\": %lld, \"ns_a_round\": %lld}\n", static_cast<long long>(asked.header()->cursor + 1),
              static_cast<long long>(killed), static_cast<long long>(took / std::max<std::int64_t>(rounds, 1)));
  return 0;
}
