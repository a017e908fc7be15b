"""Whatever the delays, the drift and the steps: the server's time lies within the bounds that are told."""

from math import inf, nan
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastbinance._protocol.server_clock import ServerClock

START_MS = 1_700_000_000_000.0
HOUR_MS = 3_600_000.0


class World:
    """Two clocks and the way between them. `now` is the server's clock, and the truth."""

    def __init__(self, offset_ms: float = 0.0, drift: float = 0.0) -> None:
        self.now = START_MS
        self.drift = drift  # of our clock, per unit
        self.stepped = 0.0  # what our clock was set by
        self.offset_ms = offset_ms  # server minus local, at the start
        self.clock = ServerClock()

    @property
    def local_ms(self) -> float:
        return self.now + (self.now - START_MS) * self.drift - self.offset_ms + self.stepped

    @property
    def monotonic_ms(self) -> float:
        return (self.now - START_MS) * (1.0 + self.drift) + 5.0

    def ask(self, there_ms: float = 5.0, back_ms: float = 5.0) -> bool:
        sent = self.local_ms
        self.now += there_ms
        read = int(self.now)
        self.now += back_ms
        return self.clock.observe(sent, self.local_ms, read)

    def ahead_ms(self) -> float:
        """Return how far a timestamp of now is ahead of the server."""
        return self.clock.timestamp(self.local_ms) - self.now


def test_before_the_first_sample_our_own_clock_is_used() -> None:
    clock = ServerClock()
    assert (clock.offset_ms, clock.error_ms, clock.measured) == (0.0, inf, False)
    assert clock.timestamp(START_MS + 0.9) == int(START_MS)
    assert clock.earliest_ms(START_MS) == -inf
    assert clock.wants_refresh(START_MS)


def test_after_one_sample_the_error_is_half_the_round_trip_and_the_rounding() -> None:
    world = World(offset_ms=-2_345.0)
    assert world.ask(there_ms=30.0, back_ms=10.0)
    assert world.clock.error_ms == 20.5
    assert world.clock.offset_ms == pytest.approx(-2_345.0, abs=20.5)
    assert not world.clock.wants_refresh(world.local_ms)


@given(
    offset=st.floats(-1e9, 1e9),
    there=st.floats(0.0, 5_000.0),
    back=st.floats(0.0, 5_000.0),
    at=st.floats(0.0, 1_000.0),
)
def test_however_lopsided_the_delays_the_offset_is_within_the_error(
    offset: float, there: float, back: float, at: float
) -> None:
    world = World(offset)
    world.now += at
    world.ask(there, back)
    assert abs(world.clock.offset_ms - offset) <= world.clock.error_ms + 0.01


def test_delays_in_opposite_directions_leave_little_between_them() -> None:
    world = World(offset_ms=700.0)
    world.ask(there_ms=200.0, back_ms=1.0)
    assert world.clock.error_ms == pytest.approx(101.0)
    world.ask(there_ms=1.0, back_ms=200.0)
    assert world.clock.error_ms < 1.6
    assert world.clock.offset_ms == pytest.approx(700.0, abs=1.6)


def test_a_short_round_trip_outweighs_the_long_ones_after_it() -> None:
    world = World(offset_ms=40.0)
    world.ask(1.0, 1.0)
    for _ in range(100):
        world.now += 100.0
        world.ask(1.0, 900.0)
    assert world.clock.error_ms < 150.0
    assert world.clock.offset_ms == pytest.approx(40.0, abs=150.0)
    assert world.clock.steps == 0


moves = st.lists(
    st.tuples(
        st.floats(0.0, HOUR_MS),  # time that passes
        st.one_of(st.none(), st.tuples(st.floats(0.0, 3_000.0), st.floats(0.0, 3_000.0))),  # delays, if asked
    ),
    max_size=30,
)


@given(moves=moves, drift=st.floats(-0.0004, 0.0004), offset=st.floats(-1e7, 1e7))
def test_no_history_of_delays_and_drift_breaks_the_bounds(
    moves: list[tuple[float, tuple[float, float] | None]], drift: float, offset: float
) -> None:
    world = World(offset, drift)
    for passes, delays in moves:
        world.now += passes
        if delays is not None:
            assert world.ask(*delays)
        assert world.clock.earliest_ms(world.local_ms) <= world.now + 0.01
        if world.clock.measured:
            assert world.ahead_ms() < 1_000.0
    assert world.clock.steps == 0


def test_timestamps_stay_acceptable_over_a_day_with_an_answer_a_minute() -> None:
    world = World(offset_ms=60_000.0, drift=0.0002)
    for minute in range(24 * 60):
        world.ask(there_ms=5.0 + minute % 7 * 40.0, back_ms=5.0 + minute % 11 * 40.0)
        world.now += 60_000.0
        assert abs(world.ahead_ms()) < 150.0
    assert world.clock.steps == 0


def test_a_timestamp_is_taken_back_when_a_fast_clock_was_not_measured_for_hours() -> None:
    world = World(drift=0.0004)
    world.ask()
    world.now += 3 * HOUR_MS
    plain = world.local_ms + world.clock.offset_ms - world.now
    assert plain > 1_000.0  # what it would be: refused
    assert world.ahead_ms() < 1_000.0
    world.ask()
    assert abs(world.ahead_ms()) < 10.0


def test_a_sample_too_uncertain_for_any_timestamp_still_leaves_none_ahead() -> None:
    world = World(offset_ms=3_000.0)
    world.ask(there_ms=0.0, back_ms=6_000.0)
    assert world.clock.offset_ms - 3_000.0 == pytest.approx(-3_000.0, abs=1.0)
    assert world.ahead_ms() < 1_000.0
    late = World(offset_ms=3_000.0)
    late.ask(there_ms=6_000.0, back_ms=0.0)
    assert late.clock.offset_ms - 3_000.0 == pytest.approx(3_000.0, abs=1.0)
    assert 0.0 < late.ahead_ms() < 1_000.0


# -- clocks that are set


@pytest.mark.parametrize("step", [-HOUR_MS, -200.0, 200.0, HOUR_MS])
def test_a_sample_that_contradicts_starts_anew(step: float) -> None:
    world = World(offset_ms=10.0)
    world.ask()
    world.stepped = step
    world.now += 1_000.0
    world.ask()
    assert world.clock.steps == 1
    assert world.clock.offset_ms == pytest.approx(10.0 - step, abs=world.clock.error_ms)
    assert world.clock.error_ms == pytest.approx(5.5)


def test_a_server_whose_clock_is_some_milliseconds_off_is_no_step() -> None:
    world = World(offset_ms=10.0)
    world.ask(1.0, 1.0)
    world.offset_ms += 20.0
    world.ask(1.0, 1.0)
    assert world.clock.steps == 0
    assert world.clock.offset_ms == pytest.approx(30.0, abs=2.0)


@pytest.mark.parametrize("step", [-HOUR_MS, -60.0, 60.0, HOUR_MS])
def test_a_step_is_noticed_between_samples_and_nothing_is_certain_until_the_next(step: float) -> None:
    world = World(offset_ms=10.0)
    world.clock.notice(world.local_ms, world.monotonic_ms)
    world.ask()
    offset = world.clock.offset_ms
    world.stepped = step
    world.now += 1_000.0
    assert world.clock.notice(world.local_ms, world.monotonic_ms)
    assert world.clock.earliest_ms(world.local_ms) == -inf
    assert world.clock.wants_refresh(world.local_ms)
    assert (world.clock.measured, world.clock.steps, world.clock.offset_ms) == (False, 1, offset)
    world.ask()
    assert not world.clock.notice(world.local_ms, world.monotonic_ms)
    assert world.clock.earliest_ms(world.local_ms) == pytest.approx(world.now, abs=12.0)
    assert world.clock.steps == 1


def test_a_machine_that_slept_measures_again() -> None:
    world = World()
    asleep = 0.0
    for nap in (0.0, HOUR_MS, 0.0):
        world.ask()
        world.now += nap
        asleep += nap  # the clock that never goes back stood still
        assert world.clock.notice(world.local_ms, world.monotonic_ms - asleep) is (nap > 0.0)


@pytest.mark.parametrize("every", [60_000.0, HOUR_MS])
def test_a_clock_that_is_slewed_is_no_step(every: float) -> None:
    world = World()
    world.ask()
    for _ in range(100):
        world.now += every
        world.stepped += every * 0.0003
        assert not world.clock.notice(world.local_ms, world.monotonic_ms)


def test_a_clock_set_back_between_request_and_answer_teaches_nothing() -> None:
    world = World()
    world.ask()
    assert not world.clock.observe(world.local_ms, world.local_ms - 100.0, int(world.now))
    assert (world.clock.measured, world.clock.steps) == (False, 1)


def test_a_step_back_within_wide_bounds_starts_anew_too() -> None:
    world = World()
    world.ask(300.0, 300.0)
    world.stepped = -100.0
    world.ask(1.0, 1.0)
    assert world.clock.earliest_ms(world.local_ms) == pytest.approx(world.now, abs=3.0)
    assert world.clock.steps == 1


def test_time_before_the_newest_sample_is_not_trusted() -> None:
    world = World(offset_ms=5_000.0)
    world.ask()
    earlier = world.local_ms - 60.0
    assert world.clock.earliest_ms(earlier) == -inf
    assert world.clock.wants_refresh(earlier)
    assert world.clock.timestamp(earlier) == int(earlier + world.clock.offset_ms)


@pytest.mark.parametrize(
    "sample",
    [
        (nan, START_MS, START_MS),
        (START_MS, inf, START_MS),
        (START_MS, START_MS + 1.0, nan),
        (START_MS, START_MS + 1.0, 0),
        (START_MS, START_MS + 1.0, -START_MS),
        (START_MS, START_MS + 1.0, START_MS * 1e3),  # microseconds
    ],
)
def test_a_sample_that_cannot_be_is_left_out(sample: tuple[Any, Any, Any]) -> None:
    world = World(offset_ms=50.0)
    world.ask()
    before = (world.clock.offset_ms, world.clock.error_ms)
    assert not world.clock.observe(*sample)
    assert (world.clock.offset_ms, world.clock.error_ms) == before


# -- when it wants to be measured


def test_a_refresh_is_wanted_after_five_minutes_and_sooner_while_the_bounds_are_wide() -> None:
    good, poor = World(), World()
    good.ask()
    poor.ask(300.0, 300.0)
    for world, due in ((good, 300_000.0), (poor, 15_000.0)):
        at = world.local_ms
        assert not world.clock.wants_refresh(at + due)
        assert world.clock.wants_refresh(at + due + 1.0)


# -- by hand, and distrust


def test_an_offset_set_by_hand_is_used_until_it_is_taken_away() -> None:
    world = World(offset_ms=100.0)
    world.clock.set(-2_000.0)
    assert (world.clock.by_hand, world.clock.offset_ms) == (True, -2_000.0)
    assert world.clock.timestamp(START_MS) == START_MS - 2_000.0
    assert not world.clock.wants_refresh(world.local_ms)
    world.ask()
    world.clock.distrust()
    world.ask()
    assert world.clock.offset_ms == -2_000.0
    # What is certain comes from measurements only.
    assert world.clock.earliest_ms(world.local_ms) == pytest.approx(world.now, abs=12.0)
    world.clock.set(None)
    assert not world.clock.by_hand
    assert world.clock.offset_ms == pytest.approx(100.0, abs=6.0)


def test_an_offset_taken_away_before_any_sample_leaves_our_own_clock() -> None:
    clock = ServerClock()
    clock.set(500.0)
    clock.set(None)
    assert (clock.offset_ms, clock.measured) == (0.0, False)


@pytest.mark.parametrize("offset", [nan, inf, -inf])
def test_an_offset_that_is_no_number_is_refused(offset: float) -> None:
    with pytest.raises(ValueError, match="an offset is a number of milliseconds"):
        ServerClock().set(offset)


def test_distrust_keeps_the_offset_as_a_guess_and_wants_a_measurement() -> None:
    world = World(offset_ms=800.0)
    world.ask()
    offset = world.clock.offset_ms
    world.clock.distrust()
    assert (world.clock.offset_ms, world.clock.error_ms) == (offset, inf)
    assert world.clock.wants_refresh(world.local_ms)
    assert world.clock.timestamp(world.local_ms) == int(world.local_ms + offset)


@pytest.mark.parametrize("there", [0.0, 0.25, 0.5, 1.0])
def test_what_the_server_does_from_now_on_is_not_before_the_time_that_it_has_reached(there):
    clock = ServerClock()
    assert clock.reached_ms(5_000.0) == 5_000.0
    # Its time is read somewhere in a round trip of 40 ms; its clock is 700 ms ahead.
    clock.observe(10_000.0, 10_040.0, int(10_000.0 + 40.0 * there + 700.0))
    reached, server = clock.reached_ms(10_050.0), 10_050.0 + 700.0
    assert int(reached) <= server
    assert server - reached <= 2 * clock.error_ms + 1.0
