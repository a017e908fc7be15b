"""The faults of the matrix as things that begin, and end when told to: two of them can hold at once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from fastbinance import RingState
from fastbinance.sim.disturb import How
from support.fault_scene import DIFFS, QUOTES, Scene

__all__ = ["TROUBLES", "Trouble"]

Act = Callable[[Scene], object]
_SILENT = "ethusdt@depth@100ms"
_SLOW = "ethusdt@aggTrade"
_MANY = tuple(f"{symbol}@bookTicker" for symbol in ("ethusdt", "bnbusdt", "solusdt", "xrpusdt"))


def _nothing(scene: Scene) -> None:
    """Leave everything as it is."""


def _at_once(scene: Scene) -> bool:
    return True


def _disrupted(scene: Scene) -> bool:
    return any(scene.reconnects) or any(scene.rollovers)


@dataclass(frozen=True)
class Trouble:
    """A fault that can hold beside another.

    Attributes
    ----------
    begin
        Makes it happen, or begin; may wait for a connection to hit.
    happened
        Whether it has shown, also where another one came first.
    end
        Ends what lasts.
    loses
        Ids may be missing, and are told then.
    is_learned
        It shows only by what was learned for some seconds before.
    simulator, client
        Options.
    """

    begin: Act = _nothing
    happened: Callable[[Scene], object] = _disrupted
    end: Act = _nothing
    loses: bool = True
    is_learned: bool = False
    simulator: Mapping[str, Any] = field(default_factory=dict)
    client: Mapping[str, Any] = field(default_factory=dict)


def _hit(break_off: Callable[[Scene], int]) -> Act:
    """Return an act that waits for a connection that it can hit: another fault may just have ended it."""
    return lambda scene: scene.until(lambda: break_off(scene))


def _lost(break_off: Callable[[Scene], int]) -> Trouble:
    return Trouble(_hit(break_off))


def _refused(status: int) -> Trouble:
    def begin(scene: Scene) -> None:
        scene.sim.refuse(status, retry_after=1 if status in (418, 429) else None, count=1)
        scene.until(lambda: scene.sim.cut())

    def happened(scene: Scene) -> bool:
        # Of two ways to refuse, the second one holds.
        return any(found != 101 for _, _, found in scene.sim.attempts)

    return Trouble(begin, happened)


def _disturbed(how: How, *, loses: bool) -> Trouble:
    # Trades are left alone: those that skip an id within a connection must prove anew that they count up, and
    # what another fault costs meanwhile could not be told. Quotes fall silent, and the simulator has one
    # disturbance for a stream.
    return Trouble(
        lambda scene: scene.sim.disturb(DIFFS, scene.market, how, every=3, count=3),
        _at_once,
        lambda scene: scene.sim.undisturb(DIFFS, scene.market),
        loses=loses,
    )


def _slowly(scene: Scene) -> None:
    scene.sim.throttle(200)
    scene.subscribe(_SLOW)


def _never_heard(scene: Scene) -> None:
    scene.sim.silence(_SILENT, scene.market)
    scene.subscribe(_SILENT)


def _over_message_limit(scene: Scene) -> None:
    for name in _MANY:
        ring = scene.subscribe(name)
        scene.until(lambda ring=ring: ring.state is RingState.LIVE)


def _over_connects_limit(scene: Scene) -> None:
    def refused() -> bool:
        return any(found == 429 for _, _, found in scene.sim.attempts)

    def changes() -> int:
        return sum(scene.reconnects) + sum(scene.rollovers)

    while not refused():
        before = changes()
        scene.until(lambda: scene.sim.cut())
        scene.until(lambda before=before: changes() > before or refused())


#: By the names of the matrix.
TROUBLES: Mapping[str, Trouble] = {
    "TCP reset": _lost(lambda scene: scene.sim.reset()),
    "connection cut": _lost(lambda scene: scene.sim.cut()),
    "closed with 1001": _lost(lambda scene: scene.sim.close_all(code=1001)),
    "closed with 1008": _lost(lambda scene: scene.sim.close_all(code=1008, reason="Too many requests")),
    "closed with 1011": _lost(lambda scene: scene.sim.close_all(code=1011)),
    "half a frame": _lost(lambda scene: scene.sim.truncate()),
    "garbage": _lost(lambda scene: scene.sim.garbage()),
    "data stalls": Trouble(_hit(lambda scene: scene.sim.stall()), is_learned=True),
    "half open": Trouble(_hit(lambda scene: scene.sim.freeze()), is_learned=True),
    "latency and jitter": Trouble(
        lambda scene: scene.sim.delay(0.05, 0.05), _at_once, lambda scene: scene.sim.delay(0.0), loses=False
    ),
    "server reads slowly": Trouble(
        _slowly,
        lambda scene: scene.rings[_SLOW].state is RingState.LIVE,
        lambda scene: scene.sim.throttle(None),
        loses=False,
    ),
    "refused with 429": _refused(429),
    "refused with 418": _refused(418),
    "refused with 403": _refused(403),
    "refused with 503": _refused(503),
    "accepted and ended": _refused(0),
    "messages doubled": _disturbed("duplicate", loses=False),
    "messages dropped": _disturbed("drop", loses=True),
    "messages out of order": _disturbed("reorder", loses=True),
    "diffs cut at other ids": _disturbed("merge", loses=False),
    "acknowledged and silent": Trouble(
        _never_heard,
        lambda scene: _disrupted(scene) or scene.told("suspect", streams=(_SILENT,)),
        lambda scene: scene.sim.unsilence(_SILENT, scene.market),
        loses=False,
    ),
    "one stream falls silent": Trouble(
        lambda scene: scene.sim.silence(QUOTES, scene.market),
        lambda scene: _disrupted(scene) or scene.told("suspect", streams=(QUOTES,)),
        lambda scene: scene.sim.unsilence(QUOTES, scene.market),
        is_learned=True,
    ),
    "shutdown announced": Trouble(_hit(lambda scene: scene.sim.announce_shutdown()), loses=False),
    "life ends": Trouble(simulator={"lifetime": 2.5}),
    "replaced before life ends": Trouble(
        happened=lambda scene: sum(scene.rollovers) >= 3,
        loses=False,
        simulator={"lifetime": 10.0},
        client={"rollover_after": 0.8},
    ),
    "over the message limit": Trouble(
        _over_message_limit,
        lambda scene: scene.sim.stats.closed_for_rate or _disrupted(scene),
        simulator={"message_limit": 1},
    ),
    "over the connects limit": Trouble(
        _over_connects_limit, _at_once, simulator={"connects_limit": (1, 2.0)}
    ),
}
