"""No order of calls breaks a rate."""

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastbinance._protocol.limits import Ban, TokenBucket, attempts_bucket, control_bucket

steps = st.lists(st.floats(0.0, 3.0, allow_nan=False), min_size=1, max_size=80)


def most_in_any(window, times):
    """Return the largest number of times within one closed window."""
    return max((sum(start <= at <= start + window for at in times) for start in times), default=0)


@given(
    rate=st.floats(0.1, 20.0),
    burst=st.integers(1, 20),
    start=st.floats(0.0, 1e6),
    steps=steps,
    window=st.floats(0.0, 10.0),
)
def test_no_window_ever_holds_more_than_burst_and_refill(rate, burst, start, steps, window):
    now, bucket, taken = start, TokenBucket(rate, burst, start), []
    for step in steps:
        now += step
        while bucket.take(now):
            taken.append(now)
    assert most_in_any(window, taken) <= burst + rate * window + 1e-4


@given(
    rate=st.floats(0.1, 20.0), burst=st.integers(1, 5), start=st.floats(0.0, 1e6), spends=st.integers(0, 20)
)
def test_a_token_is_there_when_the_bucket_said_so_and_not_before(rate, burst, start, spends):
    bucket = TokenBucket(rate, burst, start)
    bucket.spend(start, burst + spends)
    at = bucket.next_at(start)
    assert not bucket.take(start + (at - start) * 0.99)
    assert bucket.take(at)


def test_what_was_spent_without_asking_is_missing_for_the_next():
    bucket = TokenBucket(rate=2.0, burst=1.0, now=100.0)
    bucket.spend(100.0)
    bucket.spend(100.0)
    assert bucket.next_at(100.0) == pytest.approx(101.0)
    assert not bucket.take(100.9)
    assert bucket.take(101.0)


def test_a_clock_that_steps_back_gives_nothing():
    bucket = TokenBucket(rate=1.0, burst=1.0, now=100.0)
    assert bucket.take(100.0)
    assert not bucket.take(50.0)
    assert not bucket.take(100.5)
    assert bucket.take(101.0)


def test_a_full_bucket_is_ready_now():
    assert TokenBucket(rate=1.0, burst=1.0, now=5.0).next_at(7.0) == 7.0


@pytest.mark.parametrize(("allowed", "ours"), [(5, 3), (10, 8)])
def test_control_frames_leave_two_messages_a_second_for_pongs(allowed, ours):
    bucket, taken = control_bucket(allowed, 0.0), []
    for millisecond in range(10_000):
        if bucket.take(millisecond / 1000):
            taken.append(millisecond / 1000)
    assert most_in_any(1.0, taken) == ours


def test_a_service_without_a_message_limit_still_has_a_bucket():
    bucket = control_bucket(inf, 0.0)
    assert all(bucket.take(0.0) for _ in range(400))


@pytest.mark.parametrize("step", [0.01, 0.37, 1.0])
def test_attempts_never_exceed_300_in_five_minutes(step):
    bucket, taken, now = attempts_bucket(300, 300.0, 0.0), [], 0.0
    while now < 900.0:
        if bucket.take(now):
            taken.append(now)
        now += step
    assert most_in_any(300.0, taken) <= 300


@pytest.mark.parametrize(("rate", "burst"), [(0.0, 1.0), (-1.0, 1.0), (1.0, 0.5)])
def test_a_bucket_that_could_never_give_is_refused(rate, burst):
    with pytest.raises(ValueError, match="token bucket"):
        TokenBucket(rate, burst, 0.0)


@pytest.mark.parametrize(("attempts", "seconds"), [(1, 300.0), (300, 0.0)])
def test_a_budget_without_room_is_refused(attempts, seconds):
    with pytest.raises(ValueError, match="attempts"):
        attempts_bucket(attempts, seconds, 0.0)


words = st.lists(st.tuples(st.floats(0.0, 100.0), st.floats(0.0, 1e5)), max_size=20)


@given(words=words, later=st.floats(0.0, 1e5))
def test_a_ban_lasts_as_long_as_the_longest_word_about_it(words, later):
    now, ban, ends = 0.0, Ban(), [0.0]
    for step, seconds in words:
        now += step
        ban.lengthen(now, seconds)
        ends.append(now + seconds)
        assert ban.remaining(now) == pytest.approx(max(ends) - now)
    now += later
    assert ban.remaining(now) == pytest.approx(max(0.0, max(ends) - now))


def test_who_was_never_banned_is_free():
    assert Ban().remaining(-1e9) == 0.0
