// The fallback for x86-64 with AVX2; empty elsewhere.
//
// setup.py compiles this file alone with -mavx2 and its companions: On-Demand cannot be put under a target attribute,
// because GCC gives the std::pair constructors that it passes through none. Inline functions that this file shares with
// others are emitted here for AVX2 too; it is therefore linked last, so that the linker keeps the baseline's copies.
#include <algorithm>
#include <limits>

#include "fast.hpp"

#if FB_BUILD_AVX2
#if !defined(__AVX2__) || !defined(__BMI__) || !defined(__PCLMUL__)
#error "compile this file with -mavx2 -mbmi -mpclmul -mlzcnt -mpopcnt"
#endif
#define SIMDJSON_BUILTIN_IMPLEMENTATION haswell
#include "simdjson.h"

#include "fallback.hpp"
#include "fallback_schema.hpp"
#include "utf8.hpp"

#define FB_STRING_(x) #x
#define FB_STRING(x) FB_STRING_(x)

namespace fb {
namespace haswell {
#include "fallback_walk.hpp"
} // namespace haswell

std::unique_ptr<Fallback> make_fallback_haswell() noexcept { return haswell::make(); }
} // namespace fb
#endif
