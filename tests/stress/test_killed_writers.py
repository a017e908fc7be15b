"""A writer may be ended at any instant: what it leaves is right, and the next one goes on with it."""

import sys
from pathlib import Path

import pytest
from support.native import counts_of, native_program, run_native

SOURCE = Path(__file__).parent / "native" / "killed_writer.cpp"
SCENES = ["quotes", "symbols", "depth"]

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="writers are stopped as Linux does")


@pytest.mark.parametrize("scene", SCENES)
def test_a_ring_is_right_behind_each_instruction_of_its_writer(scene: str) -> None:
    counts = counts_of(native_program(SOURCE), "step", scene, 25)
    assert counts["records"] == 25
    assert counts["takeovers"] > 10 * 25  # each instruction that changes the ring
    assert counts["stops"] > counts["takeovers"]


@pytest.mark.parametrize("scene", SCENES)
def test_writers_that_are_killed_are_followed_by_others(scene: str) -> None:
    counts = counts_of(native_program(SOURCE), "kill", scene, 200)
    assert counts["stops"] == 200
    assert counts["takeovers"] > 100
    assert counts["records"] > 200


@pytest.mark.exhaustive
@pytest.mark.parametrize("scene", SCENES)
def test_a_ring_is_right_behind_each_of_a_million_instructions(scene: str) -> None:
    counts = counts_of(native_program(SOURCE), "step", scene, 1500)
    assert counts["stops"] > 200_000


@pytest.mark.exhaustive
@pytest.mark.parametrize("scene", SCENES)
def test_ten_thousand_writers_that_are_killed_are_followed_by_others(scene: str) -> None:
    counts = counts_of(native_program(SOURCE), "kill", scene, 10_000)
    assert counts["stops"] == 10_000


@pytest.mark.parametrize("scene", SCENES)
def test_a_writer_that_takes_nothing_over_is_noticed(scene: str) -> None:
    done = run_native(native_program(SOURCE), "step", f"broken-{scene}", 25)
    assert done.returncode == 1
    assert "killed_writer.cpp" in done.stderr
