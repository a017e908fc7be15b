"""No reader of an order book in shared memory ever gets levels of two moments while another process writes.

The processes are native, and read in each way the library does. Every level follows from the update id that
it is read with.
"""

import sys
from pathlib import Path

import pytest
from support.native import counts_of, native_program

SOURCE = Path(__file__).parent / "native" / "torn_books.cpp"
READERS = 2
WAYS = ("head", "top", "levels", "bids", "sum", "price")

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are put on processors as on Linux")


def read(reads: int) -> int:
    """Return how many reads were of one moment, none being of two."""
    counts = counts_of(native_program(SOURCE), READERS, reads // READERS)
    assert counts["failed"] == counts["gaps"] == 0
    assert set(counts["torn"].values()) == {0}
    assert counts["written"] > 100
    assert all(counts["whole"][way] > 0 for way in WAYS)
    whole = sum(counts["whole"].values())
    # A writer that is kept from its processor in the midst of a change makes readers give up.
    assert whole + counts["stuck"] == reads
    assert counts["stuck"] < reads / 1000
    return whole


def test_levels_of_a_book_of_another_process_are_of_one_moment() -> None:
    assert read(1_000_000) > 0


@pytest.mark.exhaustive
def test_a_hundred_million_reads_of_a_book_of_another_process_are_of_one_moment() -> None:
    assert read(101_000_000) >= 100_000_000


def test_who_does_not_ask_the_book_reads_levels_of_two_moments() -> None:
    for attempt in range(50):
        counts = counts_of(native_program(SOURCE), READERS, 200_000 * (attempt + 1), "trusting")
        if counts["torn"]["levels"] > 0 and counts["torn"]["sum"] > 0:
            return
    pytest.fail("nothing torn was ever seen: these processes do not write and read at the same time")
