"""The measurements of `bench_reliability`: resets, stalls, rollovers and killed lines."""

import random
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, replace
from typing import Any, Final

import numpy as np

from benchmarks._ids import Verdict, Watch
from benchmarks._numbered import Numbered
from benchmarks._sim_process import FaultySim
from fastbinance import Client
from fastbinance.rings import Ring
from fastbinance.streams import Kind

__all__ = [
    "CONNECTS",
    "CONTIGUOUS",
    "TRAFFIC",
    "client_of",
    "killed_lines",
    "numbered_sim",
    "plain",
    "resets",
    "rollovers",
    "stalls",
    "subscribe",
]

#: Connects in five minutes that client and simulator alike allow here. Binance allows 300.
CONNECTS: Final = 1_000_000
CONTIGUOUS: Final = (Kind.TRADE, Kind.AGG_TRADE, Kind.DIFF_DEPTH)
# 2,000 messages a second of contiguous kinds on spot; the rest comes on top. Random arrivals, as in life.
_SPOT: Final = (
    Numbered("spot", "btcusdt@trade", 900, is_random=True),
    Numbered("spot", "btcusdt@aggTrade", 600, is_random=True),
    Numbered("spot", "btcusdt@depth@100ms", 500, is_random=True),
    Numbered("spot", "btcusdt@bookTicker", 500, is_random=True),
)
TRAFFIC: Final = (
    *_SPOT,
    Numbered("usdm", "ethusdt@depth@0ms", 200, is_random=True),
    Numbered("usdm", "ethusdt@bookTicker", 200, is_random=True),
)
_CAPACITY: Final = 16_384  # eight seconds of the busiest ring: so late may the checking thread be
_READY_SECONDS: Final = 10.0
_LONGEST_SECONDS: Final = 30.0  # for what is measured to happen; beyond it the run is broken
_GOOD_SECONDS: Final = 1.2  # after so long a connection counts as good, and its loss as the first
_SPOT_HOSTS: Final = ("main", "main2", "main3")


def numbered_sim(scheme: str = "ws", **options: Any) -> FaultySim:
    """Start a simulator of which nothing comes but numbered messages."""
    return FaultySim(
        silent=("spot", "usdm"), tls=scheme == "wss", connects_limit=(CONNECTS, 300.0), **options
    )


def client_of(sim: FaultySim, **options: Any) -> Client:
    """Return a client of a simulator, with rings that a late reader does not miss."""
    return Client(
        urls=sim.urls, ssl_context=sim.ssl_context, capacity=_CAPACITY, connects=CONNECTS, **options
    )


def subscribe(client: Client, streams: Sequence[Numbered]) -> list[Ring[Any, Any]]:
    """Subscribe a client to streams that are being sent, and return their rings when records come."""
    rings = [ring for one in streams for ring in client.subscribe(one.stream, one.market).values()]
    for ring in rings:
        ring.ready(_READY_SECONDS)
    return rings


def _first_after(ring: Ring[Any, Any], number: int, seconds: float) -> int | None:
    """Wait for the first bookTicker beyond a number, and return its receive time; None when time is up."""
    deadline = time.monotonic() + seconds
    cursor = ring.cursor
    while ring.last().update_id <= number:
        left = deadline - time.monotonic()
        if left <= 0:
            return None
        cursor = ring.wait(cursor, left)
    records = ring[-ring.capacity :]
    return int(records["recv_ns"][np.searchsorted(records["update_id"], number, "right")])


def _await_event(events: Any, kinds: set[str], seconds: float) -> Any:
    """Return the next event of some kinds, or None when time is up."""
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        event = events.get(left)
        if event is not None and event.kind in kinds:
            return event
    return None


def _drain(events: Any) -> None:
    while len(events):
        events.get(0)


def resets(scheme: str, rounds: int) -> list[float]:
    """Return milliseconds from each reset to the first bookTicker that was sent after it."""
    stream = Numbered("spot", "btcusdt@bookTicker", 2_000, is_random=True)
    rng = random.Random(1)
    found: list[float] = []
    with numbered_sim(scheme) as sim, client_of(sim) as client:
        sim.pump([stream])
        (ring,) = subscribe(client, [stream])
        for _ in range(rounds):
            time.sleep(_GOOD_SECONDS + rng.random() / 10)
            lost = sim.call("reset", key="main")
            first_ns = _first_after(ring, lost.numbers[stream.stream], _LONGEST_SECONDS)
            if first_ns is None or lost.value != 1:
                raise RuntimeError(f"{lost.value} connections were reset; first record at {first_ns}")
            found.append((first_ns - lost.at_ns) / 1e6)
    return found


def stalls(rate: float, rounds: int, learn_seconds: float) -> dict[str, list[float]]:
    """Return milliseconds from each stall to the event that suspects it, and to the first record sent after.

    A stall ends when the connection has been replaced. One that ended at once when it is suspected would look
    like a silence of the stream's own, which the next time is given twice as long. Where the second list is
    shorter than the first, data came only once the stall had ended.
    """
    stream = Numbered("spot", "btcusdt@bookTicker", rate, is_random=True)
    rng = random.Random(2)
    found: dict[str, list[float]] = {"noticed": [], "first record": []}
    with numbered_sim() as sim, client_of(sim) as client:
        sim.pump([stream])
        (ring,) = subscribe(client, [stream])
        events = client.events()
        for _ in range(rounds):
            time.sleep(learn_seconds + rng.random())
            _drain(events)
            stalled = sim.call("stall", key="main")
            suspected = _await_event(events, {"suspect"}, _LONGEST_SECONDS)
            if suspected is None or not stalled.value:
                raise RuntimeError(f"{stalled.value} connections stalled, and nobody noticed")
            found["noticed"].append((suspected.recv_ns - stalled.at_ns) / 1e6)
            first_ns = _first_after(ring, stalled.numbers[stream.stream], 2.0)
            if first_ns is not None:
                found["first record"].append((first_ns - stalled.at_ns) / 1e6)
            if _await_event(events, {"rollover"}, _LONGEST_SECONDS) is None:
                raise RuntimeError("a stalled connection was suspected, and not replaced")
            number = sim.call("resume", key="main").numbers[stream.stream]
            if _first_after(ring, number, _LONGEST_SECONDS) is None:
                raise RuntimeError("no record after the stall was over")
    return found


def rollovers(count: int, traffic: Sequence[Numbered] = TRAFFIC) -> dict[str, Any]:
    """Replace every connection so many times under traffic; return what came, and how long each took."""
    took: list[float] = []
    with ExitStack() as stack:
        sim, client = _running(stack, traffic)
        rings = subscribe(client, traffic)
        watch = _watched(stack, client, rings, traffic)
        events = client.events()
        keys = {ring.ws_key for ring in rings}
        begin = time.monotonic()
        for turn in range(count):
            asked_ns = time.time_ns()
            if client.rollover() != len(keys):
                raise RuntimeError(f"not all of {len(keys)} connections could be replaced in turn {turn}")
            missing = set(keys)
            while missing:
                event = _await_event(events, {"rollover"}, _LONGEST_SECONDS)
                if event is None:
                    raise RuntimeError(f"rollover {turn} of {', '.join(missing)} never happened")
                missing.discard(event.ws_key)
                took.append((event.recv_ns - asked_ns) / 1e6)
        seconds = time.monotonic() - begin
        result = _settle(sim, client, watch, rings)
    return result | {"took_ms": took, "seconds": seconds, "connections": len(keys)}


def killed_lines(
    seconds: float, kills_a_second: float, traffic: Sequence[Numbered] = _SPOT
) -> dict[str, Any]:
    """Carry spot on two lines, reset one of them again and again, and return what came."""
    kills, asked = 0, round(seconds * kills_a_second)
    with ExitStack() as stack:
        sim, client = _running(stack, traffic, lines=2)
        # Every loss is a first one, whose retry is immediate: with the usual back-off the line would wait for
        # most of the time, and few of the resets would find it up.
        settings = client._settings
        client._settings = replace(settings, connection=replace(settings.connection, stable_after=0.0))
        rings = subscribe(client, traffic)
        victim = _second_line(sim, len(traffic))
        watch = _watched(stack, client, rings, traffic)
        begin = time.monotonic()
        for turn in range(asked):
            time.sleep(max(0.0, begin + turn / kills_a_second - time.monotonic()))
            kills += sim.call("reset", key=victim).value
        result = _settle(sim, client, watch, rings)
    return result | {"victim": victim, "kills": kills, "asked": asked}


def _running(stack: ExitStack, traffic: Sequence[Numbered], **options: Any) -> tuple[FaultySim, Client]:
    sim = stack.enter_context(numbered_sim())
    sim.pump(traffic)
    return sim, stack.enter_context(client_of(sim, **options))


def _watched(
    stack: ExitStack, client: Client, rings: Sequence[Ring[Any, Any]], traffic: Sequence[Numbered]
) -> Watch:
    watch = stack.enter_context(Watch(client, rings, [one.stream for one in traffic]))
    stack.callback(client.close)  # before the watch ends, which ends with the rings
    return watch


def _second_line(sim: FaultySim, streams: int) -> str:
    """Wait until two hosts carry all streams, and return the key of the second."""
    deadline = time.monotonic() + _READY_SECONDS
    while time.monotonic() < deadline:
        carried = {key: sim.call("subscriptions", key=key).value for key in _SPOT_HOSTS}
        ready = [key for key, found in carried.items() if any(len(names) == streams for names in found)]
        if len(ready) >= 2:
            return ready[1]
        time.sleep(0.02)
    raise RuntimeError(f"two lines did not come up: {carried}")


def _settle(sim: FaultySim, client: Client, watch: Watch, rings: Sequence[Ring[Any, Any]]) -> dict[str, Any]:
    """End the traffic, wait for its last messages, and return the verdicts and what the rings say."""
    numbers = sim.call("halt").value
    arrived = watch.has_come(numbers, _READY_SECONDS)
    merges = [ring.merge_stats() for ring in rings]
    return {
        "arrived": arrived,
        "contiguous": watch.verdict(*CONTIGUOUS),
        "quotes": watch.verdict(Kind.BOOK_TICKER),
        "holes": sum(ring.hole_count for ring in rings),
        "merge": {
            name: sum(getattr(merge, name) for merge in merges)
            for name in ("duplicates", "overlaps", "gaps", "held", "late_joins", "restarts")
        },
        "wins": [sum(column) for column in zip(*(merge.wins for merge in merges), strict=True)],
        "lead_ns": [sum(column) for column in zip(*(merge.lead_ns for merge in merges), strict=True)],
        "copies": [sum(column) for column in zip(*(merge.copies for merge in merges), strict=True)],
        "reconnects": sum(one.reconnects for one in client.stats().connections),
    }


def plain(found: dict[str, Any]) -> dict[str, Any]:
    """Return a result as JSON can hold it."""
    return {name: asdict(value) if isinstance(value, Verdict) else value for name, value in found.items()}
