# cython: autotestdict=False
"""Latency histograms: what the feed has counted natively, as objects that do not change."""

import math

import numpy as np

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from libc.stdint cimport int64_t, uint64_t
from libc.string cimport memcmp, memcpy

from fastbinance._core cimport native

BUCKETS = native.histogram_buckets


def _bounds():
    bounds = np.array([native.histogram_bound(i) for i in range(BUCKETS)], np.int64)
    bounds.setflags(write=False)
    return bounds


BOUNDS_NS = _bounds()


cdef class Histogram:
    """Durations in log-linear buckets."""

    def __cinit__(self, const int64_t[::1] values_ns=None):
        cdef Py_ssize_t i
        if values_ns is not None:
            for i in range(values_ns.shape[0]):
                self.data.record(values_ns[i])

    @staticmethod
    cdef Histogram of(const native.Histogram& data):
        cdef Histogram made = Histogram.__new__(Histogram)
        made.data = data
        return made

    @property
    def count(self):
        """How many durations there are."""
        return self.data.count()

    @property
    def negative(self):
        """How many times were before zero, because two clocks differ."""
        return self.data.negative

    @property
    def counts(self):
        """Durations by bucket, a copy."""
        counts = np.empty(BUCKETS, np.uint64)
        cdef uint64_t[::1] out = counts
        memcpy(&out[0], self.data.buckets, sizeof(self.data.buckets))
        counts.setflags(write=False)
        return counts

    @property
    def mean_ns(self):
        """The mean, NaN without any."""
        cdef uint64_t count = self.data.count()
        return self.data.sum / count if count else math.nan

    @property
    def min_ns(self):
        """The least, negative ones included, exact; None before the first."""
        return self.data.least if self.data.least <= self.data.most else None

    @property
    def max_ns(self):
        """The greatest, exact; None before the first."""
        return self.data.most if self.data.least <= self.data.most else None

    def percentile_ns(self, double percent):
        """Return the least duration that so many percent do not exceed; NaN without any."""
        if not 0 <= percent <= 100:
            raise ValueError(f"percentiles go from 0 to 100, not {percent:g}")
        cdef uint64_t count = self.data.count()
        if not count:
            return math.nan
        return float(self.data.value_of_rank(max(1, math.ceil(percent / 100 * count))))

    def merge(self, Histogram other not None):
        """Return the durations of both."""
        cdef Histogram both = Histogram.of(self.data)
        both.data.merge(other.data)
        return both

    def __eq__(self, other):
        if not isinstance(other, Histogram):
            return NotImplemented
        return memcmp(&self.data, &(<Histogram>other).data, sizeof(self.data)) == 0

    def __hash__(self):
        return hash((self.data.count(), self.data.negative, self.data.sum))

    def __reduce__(self):
        return _restored, (PyBytes_FromStringAndSize(<const char*>&self.data, sizeof(self.data)),)

    def __repr__(self):
        if not self.data.count():
            return f"<Histogram of 0 durations, {self.negative} negative>"
        return (f"<Histogram of {self.count} durations, {self.negative} negative: p50 {self.percentile_ns(50) / 1e3:.1f} us, "
                f"p99 {self.percentile_ns(99) / 1e3:.1f} us, max {self.max_ns / 1e3:.1f} us>")


def _restored(bytes data not None):
    cdef Histogram made = Histogram.__new__(Histogram)
    if len(data) != sizeof(made.data):
        raise ValueError(f"a histogram has {sizeof(made.data)} bytes, not {len(data)}")
    memcpy(&made.data, PyBytes_AS_STRING(data), sizeof(made.data))
    return made
