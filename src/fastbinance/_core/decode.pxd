from fastbinance._core.native cimport Fallback

# The one module that holds simdjson hands parsers out to the others; the caller deletes what it gets.
cdef Fallback* new_fallback() noexcept
# Whether code for AVX2 may be chosen, where the processor has it.
cdef bint may_use_avx2() noexcept
