"""What is complete is known to be complete; what is missing has a cause, and ids where they can be told."""

import pytest

from fastbinance._protocol.ledger import Gap, Ledger
from fastbinance.errors import ConfigurationError

NOW = 1_000


def begun(at_ns=0, *, contiguous=True, capacity=1024):
    ledger = Ledger(contiguous, capacity)
    ledger.began(at_ns)
    return ledger


def time_gap(from_ns, to_ns, cause="connection lost"):
    return Gap("", 0, 0, from_ns, to_ns, cause)


# -- what is known without a hole


def test_nothing_is_complete_before_the_stream_is_confirmed():
    ledger = Ledger(contiguous=True)
    ledger.lost(1, "connection lost")
    ledger.stale(1)
    ledger.fresh(2)
    assert ledger.holes() == ()
    assert not ledger.complete(0, 0, NOW)
    assert ledger.why_not(0, 0, NOW) == "the stream has not been confirmed yet"


def test_a_stream_is_complete_from_its_confirmation_to_now():
    ledger = begun(100)
    assert ledger.complete(100, NOW, NOW)
    assert ledger.why_not(100, NOW, NOW) is None


def test_what_came_before_the_confirmation_is_not_complete():
    ledger = begun(100)
    assert not ledger.complete(99, NOW, NOW)
    assert ledger.why_not(99, NOW, NOW) == "the stream is carried only since 100"


def test_the_future_is_not_complete():
    ledger = begun()
    assert not ledger.complete(0, NOW + 1, NOW)
    assert ledger.why_not(0, NOW + 1, NOW) == "nothing is known yet of what comes after 1000"


def test_an_interval_that_ends_before_it_begins_is_refused():
    with pytest.raises(ConfigurationError, match="from_ns=6 is after to_ns=5"):
        begun().complete(6, 5, NOW)


def test_confirming_a_carried_stream_again_changes_nothing():
    ledger = begun(100)
    ledger.began(200)
    ledger.restored(300)
    assert ledger.complete(100, NOW, NOW)


def test_a_stream_confirmed_only_as_restored_is_carried_from_there():
    ledger = Ledger(contiguous=False)
    ledger.restored(100)
    assert ledger.complete(100, NOW, NOW)
    assert not ledger.complete(99, NOW, NOW)


# -- outages


def test_an_outage_is_a_hole_that_is_open_until_the_stream_is_back():
    ledger = begun()
    ledger.lost(50, "connection lost")
    assert ledger.holes() == (time_gap(50, None),)
    assert ledger.complete(0, 49, NOW)
    assert not ledger.complete(0, 50, NOW)
    assert ledger.why_not(60, 70, NOW) == "nothing has been carried since 50: connection lost"
    ledger.restored(80)
    assert ledger.holes() == (time_gap(50, 80),)
    assert not ledger.complete(80, 81, NOW)
    assert ledger.complete(81, NOW, NOW)
    assert ledger.why_not(0, 60, NOW) == "nothing was carried from 50 to 80: connection lost"


def test_a_second_loss_during_an_outage_changes_nothing():
    ledger = begun()
    ledger.lost(50, "connection lost")
    ledger.lost(60, "not subscribed")
    ledger.restored(80)
    assert ledger.holes() == (time_gap(50, 80),)


def test_outages_that_overlap_are_one_named_by_what_began_first():
    ledger = begun()
    for start, end, cause in [(50, 60, "connection lost"), (70, 80, "not subscribed"), (40, 75, "stalled")]:
        ledger.lost(start, cause)
        ledger.restored(end)
    assert ledger.holes() == (time_gap(40, 80, "stalled"),)


def test_an_outage_that_begins_within_another_makes_it_longer():
    ledger = begun()
    for start, end in [(40, 60), (50, 90)]:
        ledger.lost(start, "connection lost")
        ledger.restored(end)
    assert ledger.holes() == (time_gap(40, 90),)


@pytest.mark.parametrize("cause", ["rejected", "not subscribed"])
def test_a_stream_refused_or_given_up_is_not_complete(cause):
    ledger = begun()
    ledger.lost(50, cause)
    assert ledger.holes() == (time_gap(50, None, cause),)


def test_a_clock_that_steps_back_during_an_outage_makes_it_longer_and_not_shorter():
    ledger = begun()
    ledger.lost(50, "connection lost")
    ledger.restored(20)
    assert ledger.holes() == (time_gap(20, 50),)


# -- silence


def test_suspected_silence_is_a_hole_until_data_resumes():
    ledger = begun(contiguous=False)
    ledger.stale(50)
    assert ledger.holes() == (time_gap(50, None, "stalled"),)
    assert not ledger.complete(0, 60, NOW)
    ledger.fresh(80)
    assert ledger.holes() == (time_gap(50, 80, "stalled"),)
    assert ledger.complete(81, NOW, NOW)


def test_silence_followed_by_ids_that_join_was_only_quiet():
    ledger = begun()
    ledger.stale(50)
    ledger.fresh(80)
    assert not ledger.complete(0, NOW, NOW)
    ledger.joined(50, 80)
    assert ledger.holes() == ()
    assert ledger.complete(0, NOW, NOW)


def test_a_connection_lost_in_silence_makes_one_hole_that_ends_with_the_outage():
    ledger = begun()
    ledger.stale(50)
    ledger.lost(60, "connection lost")
    ledger.fresh(65)
    ledger.restored(70)
    assert ledger.holes() == (time_gap(50, 70, "stalled"),)
    ledger.fresh(90)
    assert ledger.complete(71, NOW, NOW)


def test_a_connection_lost_before_the_silence_that_was_suspected_is_what_began_it():
    ledger = begun()
    ledger.stale(60)
    ledger.lost(50, "connection lost")
    assert ledger.holes() == (time_gap(50, None),)


def test_silence_suspected_during_an_outage_moves_its_beginning_back():
    ledger = begun()
    ledger.lost(60, "connection lost")
    ledger.stale(50)
    ledger.stale(70)
    assert ledger.holes() == (time_gap(50, None, "stalled"),)


def test_a_silence_that_is_suspected_twice_begins_where_it_began_first():
    ledger = begun()
    ledger.stale(50)
    ledger.stale(55)
    ledger.fresh(60)
    assert ledger.holes() == (time_gap(50, 60, "stalled"),)


def test_a_new_line_does_not_end_a_silence_but_its_data_do():
    ledger = begun()
    ledger.stale(50)
    ledger.restored(60)
    assert ledger.holes() == (time_gap(50, None, "stalled"),)


# -- ids


def test_ids_that_join_over_an_outage_close_it_without_a_hole():
    ledger = begun()
    ledger.lost(50, "connection lost")
    ledger.restored(80)
    ledger.joined(45, 85)
    assert ledger.holes() == ()
    assert ledger.complete(0, NOW, NOW)


def test_ids_that_join_before_the_server_has_confirmed_end_the_outage():
    ledger = begun()
    ledger.lost(50, "connection lost")
    ledger.joined(45, 75)
    ledger.restored(80)
    assert ledger.holes() == ()
    assert ledger.complete(0, NOW, NOW)


def test_an_outage_told_at_the_very_time_of_the_second_record_is_over():
    ledger = begun()
    ledger.lost(50, "connection lost")
    ledger.joined(45, 50)
    assert ledger.holes() == ()


def test_ids_prove_nothing_outside_of_the_records_they_join():
    ledger = begun()
    ledger.lost(50, "connection lost")
    ledger.restored(80)
    ledger.joined(60, 70)
    assert ledger.holes() == (time_gap(50, 59), time_gap(71, 80))
    assert ledger.complete(60, 70, NOW)


def test_ids_that_join_before_an_outage_do_not_end_it():
    ledger = begun()
    ledger.lost(50, "connection lost")
    ledger.joined(30, 40)
    assert ledger.holes() == (time_gap(50, None),)


def test_an_outage_known_to_be_older_than_the_joined_records_keeps_its_older_part():
    ledger = begun()
    ledger.lost(50, "connection lost")
    ledger.joined(60, 70)
    assert ledger.holes() == (time_gap(50, 59),)
    assert ledger.complete(60, NOW, NOW)


def test_ids_of_other_kinds_prove_nothing():
    ledger = begun(contiguous=False)
    with pytest.raises(AssertionError, match="not contiguous"):
        ledger.joined(1, 2)


def test_missing_ids_are_a_hole_between_the_records_around_it():
    ledger = begun()
    ledger.hole("BTCUSDT", 7, 9, 50, 60, "missing ids")
    assert ledger.holes() == (Gap("BTCUSDT", 7, 9, 50, 60, "missing ids"),)
    assert not ledger.complete(60, 60, NOW)
    assert ledger.complete(61, NOW, NOW)
    assert ledger.why_not(55, 70, NOW) == (
        "ids 7 to 9 of BTCUSDT are missing between the records of 50 and 60: missing ids"
    )


@pytest.mark.parametrize(
    ("symbol", "cause", "sentence"),
    [
        ("BTCUSDT", "ids restarted", "records of BTCUSDT may be missing between 50 and 60: ids restarted"),
        ("", "rejected", "records may be missing between 50 and 60: rejected"),
    ],
)
def test_holes_whose_ids_cannot_be_told_are_told_by_time(symbol, cause, sentence):
    ledger = begun(contiguous=False)
    ledger.hole(symbol, 0, 0, 50, 60, cause)
    assert ledger.why_not(0, NOW, NOW) == sentence


def test_missing_ids_over_an_outage_take_its_place_and_its_cause():
    ledger = begun()
    ledger.lost(50, "connection lost")
    ledger.restored(80)
    ledger.hole("BTCUSDT", 7, 9, 45, 85, "missing ids")
    assert ledger.holes() == (Gap("BTCUSDT", 7, 9, 45, 85, "connection lost"),)


def test_missing_ids_told_before_the_confirmation_end_the_outage_they_are_of():
    ledger = begun()
    ledger.lost(50, "connection lost")
    ledger.hole("BTCUSDT", 7, 9, 45, 75, "missing ids")
    ledger.restored(80)
    assert ledger.holes() == (Gap("BTCUSDT", 7, 9, 45, 75, "connection lost"),)
    assert ledger.complete(76, NOW, NOW)


def test_ids_that_restart_over_an_outage_say_so():
    ledger = begun()
    ledger.lost(50, "connection lost")
    ledger.restored(80)
    ledger.hole("BTCUSDT", 0, 0, 45, 85, "ids restarted")
    assert ledger.holes() == (Gap("BTCUSDT", 0, 0, 45, 85, "ids restarted"),)


def test_a_rejected_payload_ends_no_outage():
    ledger = begun()
    ledger.lost(50, "connection lost")
    ledger.hole("", 0, 0, 45, 60, "rejected")
    assert ledger.holes() == (Gap("", 0, 0, 45, 60, "rejected"), time_gap(50, None))


def test_missing_ids_of_one_symbol_prove_nothing_about_the_others():
    ledger = begun(contiguous=False)
    ledger.lost(50, "connection lost")
    ledger.restored(80)
    ledger.hole("BTCUSDT", 7, 9, 45, 85, "missing ids")
    assert ledger.holes() == (Gap("BTCUSDT", 7, 9, 45, 85, "missing ids"), time_gap(50, 80))


def test_ids_that_join_later_do_not_bring_missing_ids_back():
    ledger = begun()
    ledger.hole("BTCUSDT", 7, 9, 50, 60, "missing ids")
    ledger.joined(40, 70)
    assert ledger.holes() == (Gap("BTCUSDT", 7, 9, 50, 60, "missing ids"),)


def test_holes_are_told_in_the_order_in_which_they_begin_and_from_a_time_on():
    ledger = begun(contiguous=False)
    ledger.hole("BTCUSDT", 7, 9, 60, 70, "missing ids")
    ledger.lost(20, "connection lost")
    ledger.restored(30)
    ledger.lost(90, "connection lost")
    first, second, third = time_gap(20, 30), Gap("BTCUSDT", 7, 9, 60, 70, "missing ids"), time_gap(90, None)
    assert ledger.holes() == (first, second, third)
    assert ledger.holes(since_ns=30) == (first, second, third)
    assert ledger.holes(since_ns=31) == (second, third)
    assert ledger.holes(since_ns=500) == (third,)


# -- bounded memory


def test_what_fell_out_of_the_memory_is_not_complete():
    ledger = begun(capacity=2)
    for at in (10, 20, 30):
        ledger.hole("BTCUSDT", at, at, at, at + 1, "missing ids")
    assert [gap.from_ns for gap in ledger.holes()] == [20, 30]
    assert ledger.forgotten == 1
    assert not ledger.complete(0, 5, NOW)
    assert not ledger.complete(11, 12, NOW)
    assert ledger.complete(12, 19, NOW)
    assert ledger.why_not(0, 5, NOW) == "holes up to 11 are forgotten: the memory holds 2"


@pytest.mark.parametrize(("outage", "hole"), [((10, 20), (30, 40)), ((30, 40), (10, 20))])
def test_what_ended_first_is_forgotten_first(outage, hole):
    ledger = begun(contiguous=False, capacity=1)
    ledger.lost(outage[0], "connection lost")
    ledger.restored(outage[1])
    ledger.hole("BTCUSDT", 1, 2, *hole, "missing ids")
    assert [gap.from_ns for gap in ledger.holes()] == [30]
    assert ledger.complete(21, 29, NOW)


def test_a_hole_told_too_late_to_be_kept_makes_nothing_complete_again():
    ledger = begun(capacity=1)
    for at in (100, 200, 10):
        ledger.hole("BTCUSDT", at, at, at, at + 1, "missing ids")
    assert ledger.forgotten == 2
    assert not ledger.complete(101, 150, NOW)
    assert ledger.complete(102, 150, NOW)


def test_an_outage_cut_in_two_needs_room_for_both_parts():
    ledger = begun(capacity=1)
    ledger.lost(10, "connection lost")
    ledger.restored(40)
    ledger.joined(20, 30)
    assert ledger.holes() == (time_gap(31, 40),)
    assert ledger.forgotten == 1


def test_an_outage_that_overlaps_the_newest_makes_no_room_scarcer():
    ledger = begun(capacity=1)
    for _ in range(3):
        ledger.lost(10, "connection lost")
        ledger.restored(20)
    assert ledger.holes() == (time_gap(10, 20),)
    assert ledger.forgotten == 0


def test_a_ledger_without_memory_is_refused():
    with pytest.raises(ValueError, match="capacity must be at least 1, not 0"):
        Ledger(contiguous=True, capacity=0)
