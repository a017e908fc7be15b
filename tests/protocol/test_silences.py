"""What is learned from silences keeps its promises, whatever the silences are."""

from math import inf

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastbinance._protocol.silences import PERIOD, Silences

HALF_AN_HOUR = 1800.0


def spoken(gaps, chances=0.0):
    """Hear a first message and others after so many samples each, and learn at the last one."""
    silences, clock = Silences("a", 0.0), 0.0
    silences.hear_first(clock, chances)
    for gap in gaps:
        clock += gap * PERIOD
        if gap * PERIOD > silences.notable:
            silences.note(gap * PERIOD)
        silences.heard_at = clock
        silences.occupied += 1
        silences.count(silences.occupied, clock)
    silences.learn(clock, chances)
    return silences, clock


gaps = st.lists(st.one_of(st.integers(1, 3), st.integers(1, 400)), min_size=1, max_size=300)
chances = st.floats(0.0, 7.0)


@given(gaps=gaps, chances=chances)
def test_twenty_a_second_learned_is_a_second_of_silence_at_most(gaps, chances):
    learned = spoken(gaps, chances)[0].learned()
    assert learned.rate < 20.0 or learned.patience <= 0.9


@given(gaps=gaps, chances=chances)
def test_more_silence_is_allowed_than_there_ever_was_and_never_below_the_least(gaps, chances):
    learned = spoken(gaps, chances)[0].learned()
    assert learned.longest == pytest.approx(max(gaps) * PERIOD)
    assert learned.patience >= max(1.4 * learned.longest, 0.88)
    assert learned.rate <= learned.average


@given(gaps=gaps, more=st.floats(0.1, 5.0))
def test_what_is_judged_beside_others_is_given_longer(gaps, more):
    alone, beside = spoken(gaps)[0].learned(), spoken(gaps, more)[0].learned()
    assert beside.patience >= alone.patience
    assert beside.rate <= alone.rate


@given(gaps=gaps)
def test_nothing_is_judged_before_five_seconds_and_eight_silences(gaps):
    silences, clock = spoken(gaps)
    if clock < 5.0 or silences.occupied < 8:
        assert (silences.patience, silences.learned().rate) == (inf, 0.0)
    else:
        assert silences.patience < inf


def test_one_hiccup_does_not_make_a_steady_stream_a_bursting_one():
    steady = np.random.default_rng(5).geometric(0.7, 20_000).tolist()
    before = spoken(steady)[0].learned()
    after = spoken([*steady, 16])[0].learned()
    assert before.patience == 0.88
    assert 1.1 < after.patience < 2.0


def test_what_comes_by_the_clock_is_missed_sooner_than_what_comes_at_random():
    by_clock = spoken([20] * 3000)[0].learned()
    at_random = spoken(np.random.default_rng(5).geometric(0.05, 3000).tolist())[0].learned()
    assert by_clock.average == pytest.approx(at_random.average, rel=0.5)
    assert by_clock.patience < 5.0 < 15.0 < at_random.patience


def test_a_long_silence_is_forgotten_after_an_hour():
    silences, clock = spoken([600] + [1] * 200)
    assert silences.learned().longest == 30.0
    windows = []
    for _ in range(2):
        for _ in range(int(HALF_AN_HOUR / PERIOD) + 1):
            clock += PERIOD
            if silences.notable < PERIOD:
                silences.note(PERIOD)
            silences.heard_at = clock
            silences.occupied += 1
        silences.learn(clock, 0.0)
        windows.append(silences.learned().longest)
    assert windows == [30.0, PERIOD]
    assert silences.learned().patience == 0.88


def test_a_suspicion_that_ended_doubles_what_is_allowed_and_is_no_silence():
    silences, clock = spoken([1] * 2000)
    assert silences.patience == 0.88
    assert silences.end_suspicion(clock + 500.0, silences.patience) == 500.0
    silences.learn(clock + 500.0, 0.0)
    assert (silences.patience, silences.learned().longest) == (pytest.approx(1.76), PERIOD)
    silences.end_suspicion(clock + 502.0, silences.patience)
    silences.learn(clock + 502.0, 0.0)
    assert silences.patience == pytest.approx(3.52)
