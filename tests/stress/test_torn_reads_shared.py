"""No reader of shared memory ever takes a torn record, while another process writes as fast as it can.

The processes are native, and read in each way the library does. What they take for intact is compared byte
for byte with what follows from its sequence.
"""

import sys
from pathlib import Path

import pytest
from support.native import counts_of, native_program

SOURCE = Path(__file__).parent / "native" / "torn_reads.cpp"
READERS = 2

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are put on processors as on Linux")

# A ring that is lapped all the time, one that is lapped often, and one of the usual size.
RINGS = [("quotes", 2), ("quotes", 8), ("quotes", 1024), ("depth", 8), ("depth", 512)]


def read(kind: str, capacity: int, reads: int) -> int:
    """Return how many records were read and found whole, none being torn."""
    counts = counts_of(native_program(SOURCE), kind, capacity, READERS, reads // READERS)
    assert counts["failed"] == 0
    assert set(counts["torn"].values()) == {0}
    assert counts["written"] > capacity
    assert all(counts["whole"][way] > 0 for way in ("last", "at", "field", "window", "copy"))
    assert counts["refused"]["at"] > 0  # the check had something to refuse
    assert (counts["whole"]["levels"] > 0) is (kind == "depth")
    whole = sum(counts["whole"].values())
    assert whole >= reads
    return whole


@pytest.mark.parametrize(("kind", "capacity"), RINGS)
def test_records_of_another_process_are_whole(kind: str, capacity: int) -> None:
    read(kind, capacity, 2_000_000)


@pytest.mark.exhaustive
def test_a_thousand_million_records_of_another_process_are_whole() -> None:
    assert sum(read(kind, capacity, 200_000_000) for kind, capacity in RINGS) >= 1_000_000_000


@pytest.mark.parametrize(("kind", "capacity"), [("quotes", 8), ("depth", 8)])
def test_who_does_not_ask_the_ring_reads_torn_records(kind: str, capacity: int) -> None:
    for attempt in range(50):
        counts = counts_of(
            native_program(SOURCE), kind, capacity, READERS, 500_000 * (attempt + 1), "trusting"
        )
        torn = counts["torn"]
        if torn["window"] + torn["at"] > 0 and (kind == "quotes" or torn["levels"] > 0):
            return
    pytest.fail("nothing torn was ever seen: these processes do not write and read at the same time")
