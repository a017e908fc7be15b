// Frames in any order against a model of RFC 6455 5.4 that does nothing but remember.
//
// The input is a list of frames: one byte of type, end and size, then the payload. The first byte says when memory
// ends.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include "assemble.hpp"

namespace {

using fb::Assembler;
using fb::DecodeCode;
using fb::FrameType;

constexpr std::size_t limit = 96;

#define FUZZ_CHECK(condition)                                                                                          \
  do {                                                                                                                 \
    if (!(condition)) {                                                                                                \
      std::fprintf(stderr, "fuzz: %s:%d: %s\n", __FILE__, __LINE__, #condition);                                       \
      std::abort();                                                                                                    \
    }                                                                                                                  \
  } while (false)

unsigned grows_left;

void *grow(void *old, std::size_t size) {
  if (grows_left == 0)
    return nullptr;
  --grows_left;
  return std::realloc(old, size);
}

// What has to come out: a message is the payloads of its frames.
struct Model {
  bool open = false, dropped = false, binary = false;
  std::string text;

  Assembler::Step take(FrameType type, bool fin, std::string_view payload, bool memory, DecodeCode &code) {
    const bool begins = type != FrameType::continuation;
    if (begins == open) {
      code = DecodeCode::bad_fragment;
      return Assembler::Step::rejected;
    }
    if (begins) {
      text.clear();
      dropped = false;
      binary = type == FrameType::binary;
    }
    open = !fin;
    if (dropped)
      return Assembler::Step::partial;
    if (text.size() + payload.size() > limit || !memory) {
      dropped = true;
      code = text.size() + payload.size() > limit ? DecodeCode::too_long : DecodeCode::out_of_memory;
      return Assembler::Step::rejected;
    }
    text += payload;
    return fin ? Assembler::Step::complete : Assembler::Step::partial;
  }
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
  if (size == 0)
    return 0;
  // Most inputs have all the memory they want.
  grows_left = data[0] < 128 ? 1u << 30 : data[0] % 4;
  Assembler assembler(limit, &grow);
  Model model;
  std::size_t at = 1;
  while (at < size) {
    const std::uint8_t head = data[at++];
    const auto type = static_cast<FrameType>(head % 3);
    const bool fin = (head / 3) % 2 != 0;
    const std::size_t wanted = head / 6; // up to 42
    const std::size_t length = wanted < size - at ? wanted : size - at;
    // In memory of its own, without a byte behind it: as a test frame of picows has it.
    const auto payload = std::make_unique<char[]>(length);
    if (length != 0)
      std::memcpy(payload.get(), data + at, length);
    at += length;

    const unsigned grows_before = grows_left;
    const Assembler::Step step = assembler.take(type, fin, payload.get(), length);
    // Whether memory was asked for and not given is the assembler's to say, and ours to know that it can be.
    const bool no_memory = step == Assembler::Step::rejected && assembler.code() == DecodeCode::out_of_memory;
    FUZZ_CHECK(!no_memory || grows_before == 0);
    DecodeCode code = DecodeCode::ok;
    FUZZ_CHECK(step == model.take(type, fin, {payload.get(), length}, !no_memory, code));
    FUZZ_CHECK(step != Assembler::Step::rejected || code == assembler.code());
    FUZZ_CHECK(assembler.unfinished() == model.open);
    if (step == Assembler::Step::partial)
      continue;
    if (step == Assembler::Step::complete || code != DecodeCode::bad_fragment) {
      FUZZ_CHECK(assembler.message() == model.text);
      FUZZ_CHECK(assembler.is_binary() == model.binary);
    }
    if (step == Assembler::Step::complete) {
      const char *const behind = assembler.message().data() + assembler.message().size();
      for (std::size_t i = 0; i < fb::payload_padding; ++i)
        FUZZ_CHECK(behind[i] == 0);
    }
    if (head % 5 != 0) { // who forgets it loses nothing but memory
      assembler.finish();
      FUZZ_CHECK(model.open && !model.dropped ? assembler.message() == model.text : assembler.message().empty());
    }
    // Moved about, it goes on where it was.
    if (head % 7 == 0) {
      Assembler other(std::move(assembler));
      assembler = std::move(other);
    }
  }
  return 0;
}
