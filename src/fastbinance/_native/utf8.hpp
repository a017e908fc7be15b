// Where a text stops being UTF-8. Looked at only for texts that the parser has refused, and for symbols that are new.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace fb {

// Bytes of the well-formed sequence that begins here, 0 when there is none: the rows of table 3-7 of the Unicode standard,
// so no overlong forms, no surrogates, nothing beyond U+10FFFF, nothing cut.
inline std::size_t utf8_sequence(const unsigned char *at, std::size_t left) noexcept {
  const unsigned lead = at[0];
  if (lead < 0x80)
    return 1;
  std::size_t length;
  unsigned low = 0x80, high = 0xBF; // of the second byte; those behind it may be anything from 80 to BF
  if (lead >= 0xC2 && lead <= 0xDF) {
    length = 2;
  } else if (lead >= 0xE0 && lead <= 0xEF) {
    length = 3;
    if (lead == 0xE0)
      low = 0xA0;
    else if (lead == 0xED)
      high = 0x9F;
  } else if (lead >= 0xF0 && lead <= 0xF4) {
    length = 4;
    if (lead == 0xF0)
      low = 0x90;
    else if (lead == 0xF4)
      high = 0x8F;
  } else {
    return 0;
  }
  if (left < length || at[1] < low || at[1] > high)
    return 0;
  for (std::size_t i = 2; i < length; ++i)
    if ((at[i] & 0xC0) != 0x80)
      return 0;
  return length;
}

// Offset of the first byte that belongs to no well-formed sequence; `size` when all of it is UTF-8.
inline std::size_t first_not_utf8(const char *text, std::size_t size) noexcept {
  const auto *bytes = reinterpret_cast<const unsigned char *>(text);
  std::size_t at = 0;
  while (at < size) {
    std::uint64_t eight;
    if (size - at >= sizeof eight) {
      std::memcpy(&eight, bytes + at, sizeof eight);
      if ((eight & 0x8080808080808080u) == 0) {
        at += sizeof eight;
        continue;
      }
    }
    const std::size_t length = utf8_sequence(bytes + at, size - at);
    if (length == 0)
      return at;
    at += length;
  }
  return size;
}

} // namespace fb
