// The fallback for any processor of the architecture the wheel is built for.
#include <algorithm>
#include <limits>

#include "fast.hpp"
#include "simdjson.h"

#include "fallback.hpp"
#include "fallback_schema.hpp"
#include "utf8.hpp"

#define FB_STRING_(x) #x
#define FB_STRING(x) FB_STRING_(x)

namespace fb {
namespace baseline {
#include "fallback_walk.hpp"
} // namespace baseline

std::unique_ptr<Fallback> make_fallback_baseline() noexcept { return baseline::make(); }

std::unique_ptr<Fallback> make_fallback(bool allow_avx2) noexcept {
#if FB_BUILD_AVX2
  if (allow_avx2 && cpu_has_avx2())
    return make_fallback_haswell();
#endif
  (void)allow_avx2;
  return make_fallback_baseline();
}

DecodeCode parse_decimal_text(std::string_view text, double &value) noexcept {
  const char *p = text.data();
  const char *const end = p + text.size();
  // Nearly every number. The steps may run on into digits behind the text, and then do not stop at its end.
  if (scalar::Digits::decimal(p, value) && p == end) [[likely]]
    return DecodeCode::ok;
  p = text.data();
  const bool negative = p != end && *p == '-';
  p += negative;
  const char *const digits_begin = p;
  std::uint64_t digits = 0;
  unsigned significant = 0, fraction = 0;
  bool exact = true; // all digits are in `digits`
  const auto take = [&](unsigned &count) {
    const char *from = p;
    for (; p != end && *p >= '0' && *p <= '9'; ++p) {
      if (significant == 19) {
        exact = false;
        continue;
      }
      digits = digits * 10 + static_cast<unsigned>(*p - '0');
      significant += digits != 0;
      ++count;
    }
    return p != from;
  };
  unsigned whole = 0;
  if (!take(whole))
    return DecodeCode::bad_number;
  if (p != end && *p == '.') {
    ++p;
    if (!take(fraction))
      return DecodeCode::bad_number;
  }
  bool exponent = false;
  if (p != end && (*p == 'e' || *p == 'E')) {
    exponent = true;
    ++p;
    if (p != end && (*p == '+' || *p == '-'))
      ++p;
    const char *from = p;
    while (p != end && *p >= '0' && *p <= '9')
      ++p;
    if (p == from)
      return DecodeCode::bad_number;
  }
  if (p != end)
    return DecodeCode::bad_number;
  if (exact && !exponent && fraction <= 19)
    value = scaled(digits, fraction);
  else // long or scientific: simdjson's arbitrary-precision way, whose sign we leave to ourselves
    value = simdjson::internal::from_chars(digits_begin, end);
  if (!(value <= std::numeric_limits<double>::max()))
    return DecodeCode::number_range;
  if (negative)
    value = -value;
  return DecodeCode::ok;
}

} // namespace fb
