# Latencies as Python objects.
from fastbinance._core cimport native


cdef class Histogram:
    cdef:
        native.Histogram data   # never changed once Python has the object

    @staticmethod
    cdef Histogram of(const native.Histogram& data)
