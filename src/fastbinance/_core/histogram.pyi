"""Latency histograms: what the feed has counted natively, as objects that do not change."""

from typing import Any, Final, Self

import numpy as np
from typing_extensions import disjoint_base

#: How many buckets there are: 16 an octave from 512 ns to 68.7 s, one below and one above.
BUCKETS: Final[int]
#: int64, shape ``(BUCKETS,)``, read-only: the least nanoseconds that each bucket takes.
BOUNDS_NS: Final[np.ndarray[Any, np.dtype[np.int64]]]

@disjoint_base
class Histogram:
    """Durations in log-linear buckets; does not change.

    Values between 512 ns and 68.7 s are known to 1/32 (3.1 %); mean, least and greatest are exact. What is
    negative is no duration but the sign of two clocks that differ: it is counted apart, and is neither in the
    mean nor in the percentiles.

    Parameters
    ----------
    values_ns : numpy.ndarray, optional
        int64, contiguous: durations in nanoseconds.

    Attributes
    ----------
    count : int
        How many durations there are, negative ones not among them.
    negative : int
        How many were negative.
    counts : numpy.ndarray
        uint64, shape ``(BUCKETS,)``: durations by bucket, a read-only copy.
    mean_ns : float
        The mean in nanoseconds; NaN without any.
    min_ns, max_ns : int or None
        The least and the greatest, negative ones included; None before the first.
    """

    def __new__(cls, values_ns: np.ndarray[Any, np.dtype[np.int64]] | None = None) -> Self: ...
    @property
    def count(self) -> int: ...
    @property
    def negative(self) -> int: ...
    @property
    def counts(self) -> np.ndarray[Any, np.dtype[np.uint64]]: ...
    @property
    def mean_ns(self) -> float: ...
    @property
    def min_ns(self) -> int | None: ...
    @property
    def max_ns(self) -> int | None: ...
    def percentile_ns(self, percent: float) -> float:
        """Return the least duration that so many percent do not exceed, in nanoseconds; NaN without any.

        Raises
        ------
        ValueError
            The number is not between 0 and 100.
        """

    def merge(self, other: Histogram) -> Histogram:
        """Return the durations of both."""

    def __eq__(self, value: object, /) -> bool: ...
    def __hash__(self) -> int: ...
