// Fragments of a message to the message, RFC 6455 5.4. Text and binary alike; frames that are a whole message need none
// of this, unless padding has to be put behind them.
//
// Nothing is copied before it is known to fit, nothing is thrown, and after a message of many megabytes the memory goes
// back. What is wrong is told once: the rest of a message that was too long is passed over in silence.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <utility>

#include "error.hpp"
#include "fallback.hpp"

namespace fb {

enum class FrameType : std::uint8_t { text, binary, continuation };

class Assembler {
public:
  enum class Step : std::uint8_t {
    partial,  // taken, and there is more to come; or passed over
    complete, // `message` is whole: read it, then `finish`
    rejected, // see `code`: `message` is what had come before this frame; then `finish`
  };

  // `limit`, `grow`: for tests, of long messages and of memory that is not there.
  explicit Assembler(std::size_t limit = max_message_bytes,
                     void *(*grow)(void *, std::size_t) = &std::realloc) noexcept
      : limit_(limit), grow_(grow) {}
  Assembler(Assembler &&other) noexcept : Assembler() { swap(other); }
  Assembler &operator=(Assembler &&other) noexcept {
    swap(other);
    return *this;
  }
  Assembler(const Assembler &) = delete;
  Assembler &operator=(const Assembler &) = delete;
  ~Assembler() { std::free(bytes_); }

  // One data frame, in the order of the wire; control frames may come between and are not for here.
  Step take(FrameType type, bool fin, const char *payload, std::size_t size) noexcept {
    const bool begins = type != FrameType::continuation;
    if (begins == unfinished_) // a continuation of nothing, or a new message inside another: the framing is broken
      return reject(DecodeCode::bad_fragment);
    if (begins) {
      unfinished_ = true;
      dropped_ = false;
      size_ = 0;
      type_ = type;
    }
    if (fin)
      unfinished_ = false;
    if (dropped_)
      return Step::partial;
    if (size > limit_ - size_)
      return drop(DecodeCode::too_long);
    if (!reserve(size_ + size + payload_padding))
      return drop(DecodeCode::out_of_memory);
    if (size != 0)
      std::memcpy(bytes_ + size_, payload, size);
    size_ += size;
    if (!fin)
      return Step::partial;
    std::memset(bytes_ + size_, 0, payload_padding);
    return Step::complete;
  }

  // What has come of the message so far; payload_padding readable bytes lie behind a complete one. Valid until the next
  // call that is not const.
  std::string_view message() const noexcept { return {bytes_ == nullptr ? "" : bytes_, size_}; }
  bool is_binary() const noexcept { return type_ == FrameType::binary; }
  DecodeCode code() const noexcept { return code_; }
  // A message has begun and its last frame has not come.
  bool unfinished() const noexcept { return unfinished_; }

  // Call when a complete message has been read, or a rejection reported. A broken order of frames leaves a message that
  // had begun as it is: whoever goes on with such a connection may still complete it.
  void finish() noexcept {
    if (unfinished_ && !dropped_)
      return;
    size_ = 0;
    if (room_ > kept_bytes) { // megabytes that nobody needs again
      std::free(std::exchange(bytes_, nullptr));
      room_ = 0;
    }
  }

private:
  static constexpr std::size_t kept_bytes = 1u << 20;

  void swap(Assembler &other) noexcept {
    std::swap(bytes_, other.bytes_);
    std::swap(size_, other.size_);
    std::swap(room_, other.room_);
    std::swap(limit_, other.limit_);
    std::swap(grow_, other.grow_);
    std::swap(type_, other.type_);
    std::swap(code_, other.code_);
    std::swap(unfinished_, other.unfinished_);
    std::swap(dropped_, other.dropped_);
  }

  Step reject(DecodeCode code) noexcept {
    code_ = code;
    return Step::rejected;
  }
  Step drop(DecodeCode code) noexcept {
    dropped_ = true;
    return reject(code);
  }

  bool reserve(std::size_t wanted) noexcept {
    if (wanted <= room_)
      return true;
    const std::size_t room = wanted > 2 * room_ ? wanted : 2 * room_;
    auto *grown = static_cast<char *>(grow_(bytes_, room));
    if (grown == nullptr)
      return false;
    bytes_ = grown;
    room_ = room;
    return true;
  }

  char *bytes_ = nullptr;
  std::size_t size_ = 0; // of the message so far
  std::size_t room_ = 0; // allocated
  std::size_t limit_;
  void *(*grow_)(void *, std::size_t);
  FrameType type_ = FrameType::text;
  DecodeCode code_ = DecodeCode::ok; // of the last rejection
  bool unfinished_ = false;
  bool dropped_ = false; // too long: the rest is passed over
};

} // namespace fb
