"""Processes that wait for each other on bells: no wake-up is lost, and who is killed asleep is not missed.

They sleep for longer than the test may run, not for the slices that a client sleeps for, so that a lost
wake-up is an error and not a delay.
"""

import sys
from pathlib import Path

import pytest
from support.native import counts_of, native_program

SOURCE = Path(__file__).parent / "native" / "bell_trips.cpp"

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the programs are built as on Linux")


@pytest.mark.parametrize("readers", [1, 3])
def test_no_wake_up_is_lost(readers: int) -> None:
    assert counts_of(native_program(SOURCE), readers, 3000, 0)["rounds"] == 3000


def test_sleepers_that_are_killed_disturb_nobody() -> None:
    counts = counts_of(native_program(SOURCE), 1, 2000, 2)
    assert counts["rounds"] == 2000
    assert counts["killed"] > 0


@pytest.mark.exhaustive
def test_no_wake_up_of_a_hundred_thousand_is_lost() -> None:
    assert counts_of(native_program(SOURCE), 1, 100_000, 0)["rounds"] == 100_000
