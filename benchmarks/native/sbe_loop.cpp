// Binary messages to published records, in a loop.
//
//   sbe_loop <messages> <routes> <ring capacity> <level capacity> <rounds> <count> <sbe|empty>...
//
// The messages file holds each message behind its size in four bytes, little endian. Prints one line a decoder: its name, the
// records it published, a sum over the numbers of the newest ones, and nanoseconds of CPU time a message for each round.
#include "common.hpp"
#include "sbe.hpp"

namespace {

// Messages as they lie in a read buffer, their frame's head in front, readable bytes behind the last.
class Messages {
public:
  explicit Messages(const char *path) {
    std::ifstream file(path, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    std::vector<std::pair<std::size_t, std::size_t>> places;
    for (std::size_t at = 0; at + 4 <= text.size();) {
      const auto size = fb::sbe_read<std::uint32_t>(text.data() + at);
      if (size > text.size() - at - 4)
        bench::fail(std::string("a message is cut in ") + path);
      buffer_ += size < 126 ? std::string("\x82\x00", 2) : std::string("\x82\x7e\x00\x00", 4);
      places.emplace_back(buffer_.size(), size);
      buffer_.append(text, at + 4, size);
      at += 4 + size;
    }
    if (places.empty())
      bench::fail(std::string("no messages in ") + path);
    buffer_.append(256, '\0');
    for (const auto &[begin, size] : places)
      payloads.emplace_back(buffer_.data() + begin, size);
  }

  std::vector<std::string_view> payloads;

private:
  std::string buffer_;
};

// Every field of the newest record of each ring, but our own sequence and clock, and its levels.
std::uint64_t sum_of(const bench::Routes &routes) {
  std::uint64_t sum = 0;
  for (const auto &ring : routes.rings) {
    const fb::RingView &view = ring->writer.view;
    if (view.cursor() < 0)
      continue;
    const std::byte *record = view.slot(view.cursor());
    for (std::size_t at = 16; at + 8 <= view.record_size; at += 8)
      if (at != offsetof(fb::RecordHead, recv_ns) && !(view.level_capacity != 0 && at == offsetof(fb::DepthRecord, levels_begin)))
        sum = sum * 31 + fb::sbe_read<std::uint64_t>(reinterpret_cast<const char *>(record) + at);
    if (view.level_capacity == 0)
      continue;
    const auto *head = reinterpret_cast<const fb::DepthRecord *>(record);
    std::vector<fb::Level> levels(head->bid_count + head->ask_count);
    if (!view.read_levels(*head, levels.data()))
      bench::fail("levels of the newest record are gone");
    for (const fb::Level &level : levels)
      sum = (sum * 31 + std::bit_cast<std::uint64_t>(level.price)) * 31 + std::bit_cast<std::uint64_t>(level.qty);
  }
  return sum;
}

struct Contender {
  std::string name;
  std::unique_ptr<bench::Routes> routes;
  std::unique_ptr<fb::SbeDecoder> decoder; // none: the loop alone
  std::vector<double> rounds;

  void run(const std::vector<std::string_view> &payloads, std::size_t count) {
    std::size_t at = 0;
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const std::string_view payload = payloads[at];
      if (at == 0) [[unlikely]]
        routes->begin_again();
      if (decoder != nullptr) {
        const fb::FallbackResult result = decoder->run(payload.data(), payload.size(), static_cast<std::int64_t>(i));
        if (result.outcome != fb::Outcome::published) [[unlikely]]
          bench::fail(std::string("a message was not published: ") + fb::decode_code_name(result.code));
      } else {
        seen += static_cast<unsigned char>(payload[payload.size() / 2]);
        asm volatile("" ::"r"(seen));
      }
      at = at + 1 == payloads.size() ? 0 : at + 1;
    }
  }
};

} // namespace

int main(int argc, char **argv) {
  if (argc < 8)
    bench::fail("usage: sbe_loop MESSAGES ROUTES CAPACITY LEVELS ROUNDS COUNT sbe|empty...");
  const Messages messages(argv[1]);
  const int rounds = std::atoi(argv[5]);
  const auto count = static_cast<std::size_t>(std::atoll(argv[6]));
  std::vector<Contender> contenders;
  for (int i = 7; i < argc; ++i) {
    Contender &one = contenders.emplace_back();
    one.name = argv[i];
    one.routes = std::make_unique<bench::Routes>(argv[2], std::atoll(argv[3]), std::atoll(argv[4]));
    if (one.name == "sbe") {
      one.decoder = std::make_unique<fb::SbeDecoder>();
      one.decoder->rebuild(one.routes->table);
    } else if (one.name != "empty") {
      bench::fail("no contender of this name: " + one.name);
    }
  }
  for (int round = 0; round <= rounds; ++round) { // the first is for warmth
    for (Contender &one : contenders) {
      const std::int64_t begin = bench::thread_cpu_ns();
      one.run(messages.payloads, count);
      const std::int64_t end = bench::thread_cpu_ns();
      if (round > 0 || rounds == 0)
        one.rounds.push_back(static_cast<double>(end - begin) / static_cast<double>(count));
    }
  }
  for (const Contender &one : contenders) {
    std::cout << one.name << ' ' << one.routes->published() << ' ' << sum_of(*one.routes);
    for (const double ns : one.rounds)
      std::cout << ' ' << ns;
    std::cout << '\n';
  }
}
