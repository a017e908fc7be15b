"""An execution is told once; anything else once per time that it happened, however many sockets bring it."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from fastbinance._protocol.duplicates import Duplicates


def test_an_execution_is_told_once_whichever_source_brings_it_again():
    duplicates = Duplicates()
    key = ("BTCUSDT", 8641984)
    arrivals = ((1, b"x"), (1, b"x"), (2, b"y"))
    assert [duplicates.is_known(source, key, event) for source, event in arrivals] == [False, True, True]
    assert duplicates.dropped == 2


def test_equal_bytes_from_one_source_are_two_events():
    duplicates = Duplicates()
    assert [duplicates.is_known(1, None, b"same") for _ in range(3)] == [False] * 3


def test_equal_bytes_from_another_source_are_one_event():
    duplicates = Duplicates()
    assert [duplicates.is_known(source, None, b"same") for source in (1, 2, 3)] == [False, True, True]


def test_two_equal_events_that_both_sockets_bring_stay_two():
    duplicates = Duplicates()
    assert [duplicates.is_known(source, None, b"same") for source in (1, 1, 2, 2, 2)] == [
        False, False, True, True, False,
    ]  # fmt: skip


def test_different_executions_with_equal_bytes_are_both_told():
    duplicates = Duplicates()
    assert not duplicates.is_known(1, ("BTCUSDT", 1), b"same")
    assert not duplicates.is_known(2, ("BTCUSDT", 2), b"same")


def test_what_is_remembered_is_bounded_and_the_oldest_goes_first():
    duplicates = Duplicates(2)
    for number in range(3):
        duplicates.is_known(1, number, b"")
        duplicates.is_known(1, None, b"%d" % number)
    assert duplicates.is_known(2, 2, b"")
    assert duplicates.is_known(2, 1, b"")
    assert not duplicates.is_known(2, 0, b"")
    assert duplicates.is_known(2, None, b"2")
    assert duplicates.is_known(2, None, b"1")
    assert not duplicates.is_known(2, None, b"0")


events = st.lists(st.integers(0, 3), max_size=12)


@given(happened=events, data=st.data())
def test_sources_that_bring_the_same_events_in_any_interleaving_tell_each_as_often_as_it_happened(
    happened, data
):
    duplicates, told = Duplicates(), Counter()
    left = {source: list(happened) for source in (1, 2, 3)}
    while any(left.values()):
        source = data.draw(st.sampled_from([source for source in left if left[source]]), label="source")
        event = left[source].pop(0)
        if not duplicates.is_known(source, None, b"%d" % event):
            told[event] += 1
    assert told == Counter(happened)


@given(arrivals=st.lists(st.tuples(st.integers(1, 3), st.integers(0, 9)), max_size=60))
def test_an_execution_is_told_exactly_once_in_any_order(arrivals):
    duplicates = Duplicates()
    told = [key for source, key in arrivals if not duplicates.is_known(source, key, b"")]
    assert sorted(told) == sorted({key for _, key in arrivals})
