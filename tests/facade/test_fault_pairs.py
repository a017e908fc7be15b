"""Every fault of the matrix on top of every other, over real sockets: streams recover, what is lost is told.

Off unless asked for with ``-m exhaustive``, as 729 scenes take minutes. Those that begin with the same fault
are played together, each with a simulator and a client; the summary of the run has the table.
"""

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import pytest
from support.fault_scene import QUOTES, Outcome, Scene
from support.pair_table import PAIR_TABLE
from support.troubles import TROUBLES

from fastbinance import Client
from fastbinance.sim import run_in_thread

_MESSAGES_PER_SECOND = 90.0
_AT_ONCE = len(TROUBLES)
_LEARNING_SECONDS = 8.0
_CAPACITY = 8_192
_SILENT = "one stream falls silent"


@dataclass(frozen=True)
class Played:
    """What became of a pair."""

    outcome: Outcome
    seconds: float


def play(first: str, second: str) -> Played:
    """Play a pair: everything flows, two faults begin, show and end, all flows again and is checked."""
    pair = (TROUBLES[first], TROUBLES[second])
    simulator = {**pair[0].simulator, **pair[1].simulator}
    client_options = {**pair[0].client, **pair[1].client}
    with (
        run_in_thread(seed=7, messages_per_second=_MESSAGES_PER_SECOND, **simulator) as sim,
        Client(urls=sim.urls, capacity=_CAPACITY, **client_options) as client,
    ):
        scene = Scene(sim, client, "spot").begin()
        if any(trouble.is_learned for trouble in pair):
            scene.until(lambda: scene.seconds > _LEARNING_SECONDS)
        for trouble in pair:
            trouble.begin(scene)
        began = scene.seconds
        names = [name for name in scene.names if name != QUOTES or _SILENT not in (first, second)]
        before = {name: scene.rings[name].cursor for name in names}
        scene.until(lambda: all(trouble.happened(scene) for trouble in pair))
        scene.until(lambda: all(scene.rings[name].cursor > before[name] + 12 for name in names))
        for trouble in pair:
            trouble.end(scene)
        scene.flow()
        assert all(line.trouble is None for line in client.stats().connections)
        return Played(scene.outcome(), scene.seconds - began)


@pytest.fixture(scope="module", params=TROUBLES)
def first(request: pytest.FixtureRequest) -> str:
    """Give the fault that comes first."""
    return str(request.param)


@pytest.fixture(scope="module")
def played(first: str) -> dict[str, "Future[Played]"]:
    """Play one fault with every other one behind it."""
    with ThreadPoolExecutor(_AT_ONCE) as scenes:
        return {
            second: scenes.submit(play, first, second) for second in TROUBLES
        }  # when all have been played


@pytest.mark.slow
@pytest.mark.exhaustive
@pytest.mark.parametrize("second", TROUBLES)
def test_two_faults_at_once_end_in_recovery_and_what_was_lost_is_told(
    played: dict[str, "Future[Played]"], request: pytest.FixtureRequest, first: str, second: str
) -> None:
    table = request.config.stash.setdefault(PAIR_TABLE, {})
    table[first, second] = None
    found = played[second].result()
    table[first, second] = found
    if not TROUBLES[first].loses and not TROUBLES[second].loses:
        assert found.outcome.missing == 0
