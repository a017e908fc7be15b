"""Every fault of the simulator, on ws and wss, spot and USD-M: streams recover, nothing is lost silently.

All cells of the matrix are played at once, each with a simulator and a client of its own, when the first test
asks for its outcome. The table is printed in the summary of the run.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pytest
from support.fault_scene import DIFFS, QUOTES, Outcome, Scene
from support.fault_table import FAULT_TABLE, Place

from fastbinance import Client, ConnectFailed, RingState
from fastbinance.sim import run_in_thread
from fastbinance.sim.disturb import How

Act = Callable[[Scene], None]

# What is patient learns for seconds what is usual; more messages would only wear out the machine.
_CALM, _BUSY = 90.0, 500.0
_PATIENT_AT_ONCE, _QUICK_AT_ONCE = 40, 3
_LEARNING_SECONDS = 8.0
_CAPACITY = 8_192
_BANS = (418, 429)


@dataclass(frozen=True)
class Fault:
    """One row of the matrix.

    Attributes
    ----------
    act
        Makes it happen, and waits for what a client has to make of it.
    harm
        ``"none"``: every id comes, on the first connection or on one that takes over in time. ``"outage"``:
        connections are lost. ``"holes"``: messages are, on connections that stay. ``"silence"``: nothing
        came, as far as that can be known.
    is_patient
        It takes seconds by its nature.
    simulator
        Options, for a number of connections.
    client
        Options.
    """

    act: Act
    harm: Literal["none", "outage", "holes", "silence"] = "outage"
    is_patient: bool = False
    simulator: Callable[[int], Mapping[str, Any]] = lambda lines: {}
    client: Mapping[str, Any] = field(default_factory=dict)


def lost(break_off: Callable[[Scene], int]) -> Act:
    """Return an act that loses every line in some way."""

    def act(scene: Scene) -> None:
        assert break_off(scene) == scene.lines
        scene.until_reconnected()
        for route in scene.routes:
            scene.event("reconnecting", ws_key=route)
            scene.event("resubscribed", ws_key=route)

    return act


def held_up(hold_up: Callable[[Scene], int]) -> Act:
    """Return an act that has the data of every line stop, while its socket stays."""

    def act(scene: Scene) -> None:
        scene.until(lambda: scene.seconds > _LEARNING_SECONDS)
        assert hold_up(scene) == scene.lines
        scene.until_replaced()
        for route in scene.routes:
            scene.event("suspect", ws_key=route, reason="stalled")
            scene.event("rollover", ws_key=route, reason="stalled")

    return act


def late(scene: Scene) -> None:
    """Have everything come late, and then in time again."""
    assert scene.sim.delay(0.05, 0.05) == scene.lines
    scene.flow()
    scene.sim.delay(0.0)


def slowly_read(scene: Scene) -> None:
    """Have a new wish wait at a server that reads slowly."""
    assert scene.sim.throttle(200) == scene.lines
    scene.subscribe("ethusdt@aggTrade")
    scene.flow()
    scene.sim.throttle(None)


def refused(status: int) -> Act:
    """Return an act that has every line refused once, and then let in."""

    def act(scene: Scene) -> None:
        is_ban = status in _BANS
        scene.sim.refuse(status, retry_after=1 if is_ban else None, count=scene.lines)
        assert scene.sim.cut() == scene.lines
        scene.until_reconnected()
        attempts = scene.sim.attempts
        refusals = [at for at, _, found in attempts if found == status]
        assert len(refusals) == scene.lines
        if status:
            failed = scene.event("exception")
            assert isinstance(failed.error, ConnectFailed)
            assert f"HTTP status {status}" in str(failed.error)
        if is_ban:
            later = [at for at, _, _ in attempts if at > refusals[-1]]
            # Not 1: handshakes are noted with the time at which the simulator's loop woke up.
            assert min(later) > refusals[0] + 0.9, "nobody came before the time that Retry-After named"

    return act


def disturbed(how: How, names: Callable[[Scene], Sequence[str]]) -> Act:
    """Return an act that disturbs streams now and then, and leaves them alone again."""

    def act(scene: Scene) -> None:
        # Trades that have skipped an id must prove anew that they count up, before another hole can be told.
        times = {name: 1 if how != "duplicate" and name == scene.trades else 3 for name in names(scene)}
        for name in times:
            scene.sim.disturb(name, scene.market, how, every=3, count=times[name])
        before = {name: scene.rings[name].cursor for name in times}
        scene.until(lambda: all(scene.rings[name].cursor > before[name] + 12 for name in times))
        for name in times:
            scene.sim.undisturb(name, scene.market)
        if how in ("duplicate", "reorder"):
            assert scene.duplicates >= sum(times.values())

    return act


def cut_at_other_ids(scene: Scene) -> None:
    """Have diffs of depth come two in one."""
    ring = scene.rings[DIFFS]
    before = ring.cursor
    disturbed("merge", lambda scene: (DIFFS,))(scene)
    # They come each 100 ms, and one of two has the time of the second.
    assert np.diff(ring[before - ring.cursor :]["event_ns"]).max() > 150_000_000


def never_heard(scene: Scene) -> None:
    """Have a stream be acknowledged and silent, until it is suspected."""
    name = "ethusdt@depth@100ms"
    scene.sim.silence(name, scene.market)
    scene.subscribe(name)
    scene.event("suspect", reason="silent", streams=(name,))
    scene.sim.unsilence(name, scene.market)


def fallen_silent(scene: Scene) -> None:
    """Have one stream fall silent beside another, until it is suspected."""
    scene.until(lambda: scene.seconds > _LEARNING_SECONDS)
    scene.sim.silence(DIFFS, scene.market)
    scene.event("suspect", reason="stale", streams=(DIFFS,))
    scene.sim.unsilence(DIFFS, scene.market)


def shut_down(scene: Scene) -> None:
    """Have the servers say that they stop, which only spot's do."""
    if scene.market != "spot":
        assert scene.sim.announce_shutdown() == 0
        return
    assert scene.sim.announce_shutdown() == scene.lines
    scene.until_replaced()
    scene.event("server_shutdown")
    scene.event("rollover", reason="shutdown")


def too_many_messages(scene: Scene) -> None:
    """Ask one wish after another of a server that takes fewer messages than Binance's."""
    for symbol in ("ethusdt", "bnbusdt", "solusdt", "xrpusdt"):
        ring = scene.subscribe(f"{symbol}@bookTicker")
        scene.until(lambda ring=ring: ring.state is RingState.LIVE)
    scene.until(lambda: scene.sim.stats.closed_for_rate)


def too_many_connects(scene: Scene) -> None:
    """Lose connections until the server has had enough of new ones."""
    while all(status != 429 for _, _, status in scene.sim.attempts):
        times = min(scene.reconnects)
        scene.sim.cut()
        scene.until_reconnected(times + 1)


FAULTS = {
    "TCP reset": Fault(lost(lambda scene: scene.sim.reset())),
    "connection cut": Fault(lost(lambda scene: scene.sim.cut())),
    "closed with 1001": Fault(lost(lambda scene: scene.sim.close_all(code=1001))),
    "closed with 1008": Fault(lost(lambda scene: scene.sim.close_all(code=1008, reason="Too many requests"))),
    "closed with 1011": Fault(lost(lambda scene: scene.sim.close_all(code=1011))),
    "half a frame": Fault(lost(lambda scene: scene.sim.truncate())),
    "garbage": Fault(lost(lambda scene: scene.sim.garbage())),
    "data stalls": Fault(held_up(lambda scene: scene.sim.stall()), is_patient=True),
    "half open": Fault(held_up(lambda scene: scene.sim.freeze()), is_patient=True),
    "latency and jitter": Fault(late, "none"),
    "server reads slowly": Fault(slowly_read, "none"),
    "refused with 429": Fault(refused(429), is_patient=True),
    "refused with 418": Fault(refused(418), is_patient=True),
    "refused with 403": Fault(refused(403)),
    "refused with 503": Fault(refused(503)),
    "accepted and ended": Fault(refused(0)),
    "messages doubled": Fault(disturbed("duplicate", lambda scene: scene.names), "none"),
    "messages dropped": Fault(disturbed("drop", lambda scene: scene.contiguous), "holes"),
    "messages out of order": Fault(disturbed("reorder", lambda scene: (*scene.contiguous, QUOTES)), "holes"),
    "diffs cut at other ids": Fault(cut_at_other_ids, "none"),
    "acknowledged and silent": Fault(never_heard, "silence", is_patient=True),
    "one stream falls silent": Fault(fallen_silent, "holes", is_patient=True),
    "shutdown announced": Fault(shut_down, "none"),
    "life ends": Fault(
        lambda scene: scene.until_reconnected(), is_patient=True, simulator=lambda lines: {"lifetime": 2.5}
    ),
    "replaced before life ends": Fault(
        lambda scene: scene.until_replaced(5),
        "none",
        is_patient=True,
        simulator=lambda lines: {"lifetime": 3.0},
        client={"rollover_after": 0.8},
    ),
    "over the message limit": Fault(
        too_many_messages, is_patient=True, simulator=lambda lines: {"message_limit": 1}
    ),
    "over the connects limit": Fault(
        too_many_connects, is_patient=True, simulator=lambda lines: {"connects_limit": (lines, 2.0)}
    ),
}


def play(name: str, scheme: str, market: Any) -> Outcome:
    """Play one cell: everything flows, the fault happens, everything flows again and is checked."""
    fault = FAULTS[name]
    rate = _CALM if fault.is_patient else _BUSY
    lines = 1 if market == "spot" else 2
    with (
        run_in_thread(seed=7, tls=scheme == "wss", messages_per_second=rate, **fault.simulator(lines)) as sim,
        Client(urls=sim.urls, ssl_context=sim.ssl_context, capacity=_CAPACITY, **fault.client) as client,
    ):
        scene = Scene(sim, client, market).begin()
        fault.act(scene)
        scene.flow()
        return scene.outcome()


@pytest.fixture(scope="module")
def outcomes(request: pytest.FixtureRequest) -> dict[Place, "Future[Outcome]"]:
    """Play every cell that a selected test asks for."""
    places: list[Place] = [
        tuple(item.callspec.params[name] for name in ("fault", "scheme", "market"))
        for item in request.session.items
        if isinstance(item, pytest.Function) and item.module is request.module and hasattr(item, "callspec")
    ]
    with (
        ThreadPoolExecutor(_PATIENT_AT_ONCE) as patient,
        ThreadPoolExecutor(_QUICK_AT_ONCE) as quick,
    ):
        return {  # when all of them have been played
            place: (patient if FAULTS[place[0]].is_patient else quick).submit(play, *place)
            for place in places
        }


@pytest.mark.parametrize("market", ["spot", "usdm"])
@pytest.mark.parametrize("scheme", ["ws", "wss"])
@pytest.mark.parametrize("fault", list(FAULTS))
def test_streams_recover_and_what_was_lost_is_told(
    outcomes: dict[Place, "Future[Outcome]"],
    request: pytest.FixtureRequest,
    fault: str,
    scheme: str,
    market: str,
) -> None:
    table = request.config.stash.setdefault(FAULT_TABLE, {})
    place = (fault, scheme, market)
    table[place] = "FAILED"
    outcome = outcomes[place].result()
    table[place] = str(outcome)
    match FAULTS[fault].harm:
        case "none":
            assert (outcome.reconnects, outcome.missing, outcome.gaps) == (0, 0, 0)
        case "holes":
            assert outcome.missing > 0
            assert outcome.reconnects == 0
        case "silence":
            assert (outcome.reconnects, outcome.missing) == (0, 0)
            assert outcome.gaps > 0
        case "outage":
            assert outcome.reconnects + outcome.rollovers >= (1 if market == "spot" else 2)
            assert outcome.gaps > 0
