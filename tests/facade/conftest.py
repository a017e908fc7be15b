"""A face for each test, and simulators: one that trades by itself, one that only says what it is told to."""

from collections.abc import Iterator

import pytest
from support.faces import USUAL, Face, feed_threads, open_face
from support.fault_table import FAULT_TABLE, table_lines
from support.pair_table import PAIR_TABLE, pair_lines

from fastbinance.sim import RunningSimulator, run_in_thread


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run each test with a face once for each of the usual ones, or those that its mark `faces` names."""
    given = [name for mark in metafunc.definition.iter_markers("parametrize") for name in mark.args[0]]
    if "face" in metafunc.fixturenames and "face" not in given:
        mark = metafunc.definition.get_closest_marker("faces")
        metafunc.parametrize("face", USUAL if mark is None else mark.args, indirect=True)


@pytest.fixture
def face(request: pytest.FixtureRequest) -> Iterator[Face]:
    """Use the facade in one of its ways; the test runs once for each. See `pytest_generate_tests`."""
    for name in ("sim", "silent_sim", "guarded_sim"):
        # Made before us, and so ended after our clients: else it would wait for their goodbye.
        if name in request.fixturenames:
            request.getfixturevalue(name)
    with open_face(request.param) as made:
        yield made


@pytest.fixture
def sim() -> Iterator[RunningSimulator]:
    """Give a Binance where every symbol trades."""
    with run_in_thread(seed=7, messages_per_second=100) as running:
        yield running


@pytest.fixture
def silent_sim() -> Iterator[RunningSimulator]:
    """Give a Binance where nothing happens but what the test sends."""
    with run_in_thread(messages_per_second=0.000_001) as running:
        yield running


@pytest.fixture(autouse=True)
def _no_threads_left() -> Iterator[None]:
    yield
    assert feed_threads() == []


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print the fault matrix and that of pairs, where they were played."""
    found = config.stash.get(FAULT_TABLE, None)
    if found:
        terminalreporter.section("fault matrix; told is what was missing and said to be")
        for line in table_lines(found):
            terminalreporter.line(line)
    pairs = config.stash.get(PAIR_TABLE, None)
    if pairs:
        terminalreporter.section("pairs of faults")
        for line in pair_lines(pairs):
            terminalreporter.line(line)
