// Fast path against fallback, and the fallback's two builds against each other, on any payload.
//
// Holds: what the fast path takes the fallback takes, with the same records bit for bit; baseline and haswell agree in
// everything; the 64 bytes behind a payload decide nothing; a payload that is declined, rejected or of no ring leaves
// every ring as it was.
//
// The input is the payload. What else varies follows from a hash of it, so that an input is all that a finding needs.
#include "mutate.hpp"
#include "world.hpp"

namespace fuzz {

constexpr std::int64_t recv_ns = 1'700'000'000'000'000'000;
constexpr std::size_t renew_parsers_after = 1024; // executions; their tables of drifts are full by then

FUZZ_PLAIN std::uint64_t hash_of(std::string_view text) noexcept { // FNV-1a
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char sign : text)
    hash = (hash ^ static_cast<unsigned char>(sign)) * 0x100000001b3;
  return hash ^ (hash >> 29);
}

// What may lie behind a payload and would change it, if it were looked at.
constexpr std::string_view hostile[] = {
    {"\0", 1}, "0", "\"}}", "}}", "}", "123456789.", "\",\"st\":1}}", "\"],[\"1", " ", "\\", "\xff", "9\"", "e5\"", ",",
    "true", "]]}}",
};
constexpr std::string_view zeros{"\0", 1};

class Decoders {
public:
  Decoders() {
    renew_parsers();
    has_avx2_ = std::strcmp(fast_.name(), "scalar") != 0;
    if (!has_avx2_)
      std::fprintf(stderr, "fuzz: no AVX2 here: its comparisons are skipped\n");
  }

  FUZZ_PLAIN void one_input(std::string_view input) {
    if (++inputs_ % renew_parsers_after == 0) {
      renew_parsers();
      for (const World *world : {&slow_, &swift_, &avx2_, &plain_})
        world->check_all();
    }
    const std::uint64_t hash = hash_of(input);
    const Answer clean = check(input, zeros, hash);
    const Answer again = check(input, hostile[hash % std::size(hostile)], hash);
    // A full symbol table is emptied in between.
    constexpr auto full = fb::DecodeCode::symbol_table_full;
    if (clean.code != full && again.code != full)
      same(clean, again, "another padding");
    // Cut anywhere, with the rest behind it as in a socket's buffer.
    if (!input.empty()) {
      const std::size_t size = (hash >> 8) % input.size();
      check(input.substr(0, size), input.substr(size), hash);
    }
  }

private:
  void renew_parsers() {
    baseline_ = fb::make_fallback_baseline();
    FUZZ_CHECK(baseline_ != nullptr, "no memory for the baseline parser");
#if FB_BUILD_AVX2
    if (fb::cpu_has_avx2()) {
      haswell_ = fb::make_fallback_haswell();
      FUZZ_CHECK(haswell_ != nullptr, "no memory for the haswell parser");
    }
#endif
  }

  // All decoders on one payload; returns what the baseline said.
  FUZZ_PLAIN Answer check(std::string_view payload, std::string_view behind, std::uint64_t hash) {
    const char *const at = padded_.put(payload, behind);
    const Answer slow = walk(at, payload.size(), -1);
    scan(fast_, avx2_, slow, at, payload.size(), -1);
    scan(scalar_, plain_, slow, at, payload.size(), -1);
    if (slow.route >= 0 || slow.outcome == fb::Outcome::control)
      return slow;
    // Without wrapper: for the routes of what its content is, or of any kind when it does not say.
    fb::Kind kind = slow.kind;
    if (kind == fb::Kind::none)
      kind = static_cast<fb::Kind>(1 + (hash >> 40) % (fb::kind_count - 1));
    const bool depth = fb::kind_info(kind).has_levels;
    for (int route = 0; route < static_cast<int>(slow_.size()); ++route) {
      const fb::Kind here = slow_.kind_of(route);
      if (here != kind && !(depth && fb::kind_info(here).has_levels))
        continue;
      if (slow.kind == fb::Kind::none && (hash >> 20) % 4 != static_cast<unsigned>(route) % 4)
        continue; // the one or the other will do
      const Answer raw = walk(at, payload.size(), route);
      scan(fast_, avx2_, raw, at, payload.size(), route);
      scan(scalar_, plain_, raw, at, payload.size(), route);
    }
    return slow;
  }

  FUZZ_PLAIN static Answer run(fb::Fallback &parser, World &world, const char *at, std::size_t size, int route) {
    Answer answer;
    const fb::FallbackResult result =
        parser.run(world.table(), at, size, recv_ns, route < 0 ? nullptr : &world.route(route));
    answer.outcome = result.outcome;
    answer.code = result.code;
    answer.records = result.records;
    answer.route = world.index_of(result.route);
    answer.offset = result.offset;
    answer.new_drifts = result.new_drifts;
    answer.kind = result.kind;
    answer.stream = result.stream;
    answer.symbol = result.symbol;
    FUZZ_CHECK((answer.outcome == fb::Outcome::rejected) == (answer.code != fb::DecodeCode::ok), "outcome %d, code %s",
               static_cast<int>(answer.outcome), fb::decode_code_name(answer.code));
    FUZZ_CHECK(answer.offset <= size, "offset %zu of %zu", answer.offset, size);
    FUZZ_CHECK(answer.outcome != fb::Outcome::declined, "the fallback declines nothing");
    world.end(answer, false);
    return answer;
  }

  FUZZ_PLAIN Answer walk(const char *at, std::size_t size, int route) {
    Answer answer = run(*baseline_, slow_, at, size, route);
    if (haswell_ != nullptr)
      same(answer, run(*haswell_, swift_, at, size, route), "haswell");
    if (answer.route >= 0 && slow_.ring(answer.route).symbol_count() == Ring::symbol_capacity)
      renewed_ = answer.route;
    return answer;
  }

  FUZZ_PLAIN void scan(const fb::FastPath &path, World &world, const Answer &slow, const char *at, std::size_t size,
                       int route) {
    if (&path == &fast_ && !has_avx2_)
      return;
    const int target = route < 0 ? slow.route : route;
    if (target >= 0)
      world.ring(target).know(slow_.ring(target));
    Answer answer;
    if (route < 0) {
      const fb::FastResult result = path.combined(world.table(), at, size, recv_ns);
      answer.outcome = result.outcome();
      answer.records = result.records();
      answer.route = world.index_of(result.route);
    } else {
      answer.outcome = path.raw(world.route(route), at, size, recv_ns);
      answer.records = answer.outcome == fb::Outcome::published ? slow.records : 0; // it does not say
      answer.route = route;
    }
    world.end(answer, true);
    if (answer.outcome == fb::Outcome::declined) {
      if (&path == &scalar_)
        after();
      return;
    }
    FUZZ_CHECK(answer.took(), "%s: outcome %d", path.name(), static_cast<int>(answer.outcome));
    FUZZ_CHECK(slow.took(), "%s takes what the fallback rejects: %s", path.name(), fb::decode_code_name(slow.code));
    FUZZ_CHECK(answer.outcome == slow.outcome && answer.records == slow.records && answer.route == slow.route,
               "%s: outcome %d, %u records, route %d; the fallback: outcome %d, %u records, route %d", path.name(),
               static_cast<int>(answer.outcome), answer.records, answer.route, static_cast<int>(slow.outcome),
               slow.records, slow.route);
    FUZZ_CHECK(answer.said == slow.said, "%s: other records than the fallback's", path.name());
    if (&path == &scalar_)
      after();
  }

  // A ring whose table is full begins anew, when every decoder has had the payload.
  FUZZ_PLAIN void after() {
    if (renewed_ < 0)
      return;
    for (World *world : {&slow_, &swift_, &avx2_, &plain_})
      world->renew(renewed_);
    renewed_ = -1;
  }

  FUZZ_PLAIN static void same(const Answer &one, const Answer &other, const char *what) {
    FUZZ_CHECK(one.outcome == other.outcome && one.code == other.code, "%s: outcome %d, code %s; %d, %s", what,
               static_cast<int>(one.outcome), fb::decode_code_name(one.code), static_cast<int>(other.outcome),
               fb::decode_code_name(other.code));
    FUZZ_CHECK(one.records == other.records && one.route == other.route && one.kind == other.kind,
               "%s: %u records on route %d; %u on %d", what, one.records, one.route, other.records, other.route);
    FUZZ_CHECK(one.offset == other.offset, "%s: offset %zu; %zu", what, one.offset, other.offset);
    FUZZ_CHECK(one.stream == other.stream && one.symbol == other.symbol, "%s: another stream or symbol", what);
    FUZZ_CHECK(one.said == other.said, "%s: other records", what);
  }

  fb::FastPath fast_{true}, scalar_{false};
  std::unique_ptr<fb::Fallback> baseline_, haswell_;
  World slow_, swift_, avx2_, plain_;
  Padded padded_;
  std::size_t inputs_ = 0;
  int renewed_ = -1;
  bool has_avx2_ = false;
};

} // namespace fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
  static fuzz::Decoders decoders;
  if (size <= fuzz::Padded::most)
    decoders.one_input({reinterpret_cast<const char *>(data), size});
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t *data, std::size_t size, std::size_t room,
                                               unsigned int seed) {
  return fuzz::mutate_payload(data, size, room, seed);
}
