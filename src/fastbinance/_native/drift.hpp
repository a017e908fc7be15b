// What Binance has begun to send and we do not know: keys, and texts that stand for something. Counted, and the first of each
// kept with when and where, so that a change of the exchange is seen before it hurts.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "record_fields.hpp"

namespace fb {

enum class DriftWhat : std::uint8_t { key = 0, value = 1 };

// A text of at most N bytes, kept by value; longer ones are cut.
template <std::size_t N> struct ShortText {
  std::uint8_t length = 0;
  char bytes[N] = {};

  void set(std::string_view text) noexcept {
    length = 0;
    append(text);
  }
  void append(std::string_view text) noexcept {
    const std::size_t taken = std::min(text.size(), N - length);
    if (taken != 0) // an empty text may have no data, which memcpy must not be given
      std::memcpy(bytes + length, text.data(), taken);
    length = static_cast<std::uint8_t>(length + taken);
  }
  std::string_view view() const noexcept { return {bytes, length}; }
};

// One thing that is new. A key is named by its path ("k.zz"); a value by its key's path and its text.
struct Drift {
  DriftWhat what = DriftWhat::key;
  Kind kind = Kind::none;
  std::uint64_t count = 0;
  std::int64_t first_ns = 0, last_ns = 0; // receive times of the first and newest payload
  ShortText<32> path;
  ShortText<48> sample; // the value's text as on the wire; of a key the first one
  ShortText<126> stream;
};

// All of one connection. Fixed size: what does not fit is only counted.
class DriftTable {
public:
  static constexpr std::size_t room = 64;

  // True when this was never seen on this stream before.
  bool note(std::string_view stream, Kind kind, const Drift &seen, std::int64_t recv_ns) noexcept {
    for (std::size_t i = 0; i < size_; ++i) {
      Drift &known = drifts_[i];
      if (known.what == seen.what && known.kind == kind && known.path.view() == seen.path.view() &&
          known.stream.view() == stream && (seen.what == DriftWhat::key || known.sample.view() == seen.sample.view())) {
        ++known.count;
        known.last_ns = recv_ns;
        return false;
      }
    }
    if (size_ == room) {
      ++overflow_;
      return false;
    }
    Drift &added = drifts_[size_++];
    added = seen;
    added.kind = kind;
    added.stream.set(stream);
    added.count = 1;
    added.first_ns = added.last_ns = recv_ns;
    return true;
  }

  std::size_t size() const noexcept { return size_; }
  const Drift &at(std::size_t i) const noexcept { return drifts_[i]; }
  std::uint64_t overflow() const noexcept { return overflow_; }

private:
  std::array<Drift, room> drifts_ = {};
  std::size_t size_ = 0;
  std::uint64_t overflow_ = 0;
};

} // namespace fb
