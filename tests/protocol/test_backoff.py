"""Delays grow, stay within their bounds, and start anew after a reset."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastbinance._protocol.backoff import Backoff


@given(seed=st.integers())
def test_the_first_retry_comes_within_ten_milliseconds(seed):
    assert 0.0 <= Backoff(rng=Random(seed)).next() <= 0.010


@given(seed=st.integers(), retries=st.integers(2, 2000))
def test_later_delays_double_up_to_the_cap_and_keep_half_of_it(seed, retries):
    backoff = Backoff(base=0.25, cap=30.0, rng=Random(seed))
    delays = [backoff.next() for _ in range(retries)]
    for number, delay in enumerate(delays[1:]):
        whole = min(30.0, 0.25 * 2.0 ** min(number, 32))
        assert whole / 2 <= delay <= whole


def test_a_reset_makes_the_next_delay_a_first_one():
    backoff = Backoff(rng=Random(1))
    delays = [backoff.next() for _ in range(5)]
    assert (backoff.retries, delays[-1] > 0.9) == (5, True)
    backoff.reset()
    assert backoff.retries == 0
    assert backoff.next() <= 0.010


def test_one_that_goes_on_where_another_one_is_waits_as_long_and_never_less():
    behind, ahead = Backoff(rng=Random(1)), Backoff(rng=Random(2))
    for _ in range(5):
        ahead.next()
    behind.go_on(ahead)
    assert behind.retries == 5
    assert behind.next() >= 2.0
    behind.go_on(ahead)
    assert behind.retries == 6


def test_two_clients_cut_off_together_do_not_return_together():
    first, second = Backoff(rng=Random(1)), Backoff(rng=Random(2))
    assert all(first.next() != second.next() for _ in range(10))


def test_the_first_delay_respects_a_cap_below_it():
    backoff = Backoff(first=5.0, base=5.0, cap=0.001, rng=Random(3))
    assert [backoff.next() <= 0.001 for _ in range(3)] == [True] * 3


@pytest.mark.parametrize("retry", [2, 3])
def test_a_seeded_source_repeats_its_delays(retry):
    first, second = Backoff(rng=Random(7)), Backoff(rng=Random(7))
    assert [first.next() for _ in range(retry)] == [second.next() for _ in range(retry)]
