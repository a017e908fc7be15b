"""Every fault of the simulator, on ws and wss, spot and USD-M: it ends in recovery, nothing is lost unsaid.

Each case prints a row: what happened to the connection, how many trades came, and whether what is missing is
told. ``pytest -s`` shows the table.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pytest
from support.faces import ThreadFace

from fastbinance import FLAG_GAP, Client, WsKey
from fastbinance.keys import Market
from fastbinance.sim import Simulator, run_in_thread

HOSTS: dict[Market, WsKey] = {"spot": WsKey.MAIN, "usdm": WsKey.USDM_PUBLIC}
# Trades of spot count up; diffs of USD-M name the one before.
STREAMS: dict[Market, str] = {"spot": "btcusdt@trade", "usdm": "btcusdt@depth@0ms"}

Act = Callable[[Simulator, WsKey, Market], object]


@dataclass(frozen=True)
class Fault:
    """One fault.

    Attributes
    ----------
    act, mend
        Make it happen; make it end.
    event
        What the client must tell, at least.
    loses
        Whether ids may be missing; they must be flagged then.
    down
        Whether the connection is lost, or replaced, by it.
    """

    act: Act
    event: str
    loses: bool = True
    down: bool = True
    mend: Act = lambda sim, key, market: None


def refused(status: int) -> Act:
    def act(sim: Simulator, key: WsKey, market: Market) -> None:
        sim.refuse(status, retry_after=1 if status in (418, 429) else None, count=2)
        sim.cut(key)

    return act


def disturbed(how: Any) -> Act:
    # Once: trades that have skipped an id within a connection must prove anew that they count up.
    return lambda sim, key, market: sim.disturb(STREAMS[market], market, how, every=5, count=1)


FAULTS: dict[str, Fault] = {
    "reset": Fault(lambda sim, key, market: sim.reset(key), "reconnected"),
    "cut": Fault(lambda sim, key, market: sim.cut(key), "reconnected"),
    "close 1001": Fault(lambda sim, key, market: sim.close_all(key, 1001, "going away"), "reconnected"),
    "close 1008": Fault(
        lambda sim, key, market: sim.close_all(key, 1008, "Too many requests"), "reconnected"
    ),
    "close 1011": Fault(lambda sim, key, market: sim.close_all(key, 1011, "broken"), "reconnected"),
    "stall": Fault(lambda sim, key, market: sim.stall(key), "rollover"),
    "half-open": Fault(lambda sim, key, market: sim.freeze(key), "rollover"),
    "truncated frame": Fault(lambda sim, key, market: sim.truncate(key), "reconnected"),
    "garbage": Fault(lambda sim, key, market: sim.garbage(key), "reconnected"),
    "latency and jitter": Fault(
        lambda sim, key, market: sim.delay(0.05, 0.05, key),
        "", False, False,
        lambda sim, key, market: sim.delay(0.0),
    ),
    "slow reads": Fault(
        lambda sim, key, market: sim.throttle(500, key),
        "", False, False,
        lambda sim, key, market: sim.throttle(None),
    ),
    "refused": Fault(refused(503), "reconnected"),
    "refused 429": Fault(refused(429), "reconnected"),
    "refused 418": Fault(refused(418), "reconnected"),
    "opened and ended": Fault(refused(0), "reconnected"),
    "duplicate": Fault(disturbed("duplicate"), "", False, False),
    "drop": Fault(disturbed("drop"), "gap", True, False),
    "reorder": Fault(disturbed("reorder"), "gap", True, False),
    "shutdown notice": Fault(lambda sim, key, market: sim.announce_shutdown(), "rollover", False),
}
SPOT_ONLY = {"shutdown notice"}

@pytest.fixture(scope="module")
def rows() -> Iterator[list[tuple[str, ...]]]:
    """Collect the table, and print it at the end."""
    table: list[tuple[str, ...]] = []
    yield table
    titles = ("fault", "scheme", "market", "told", "records", "gaps, all told")
    widths = [max(len(row[column]) for row in [titles, *table]) for column in range(len(titles))]
    print()
    for row in [titles, *table]:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)))


def id_of(record: Any) -> int:
    return int(record.trade_id if hasattr(record, "trade_id") else record.update_id)


def told_gaps(ring: Any) -> list[Any]:
    return [gap for gap in ring.gaps() if gap.symbol]


def joins(before: Any, after: Any) -> bool:
    if hasattr(after, "trade_id"):
        return bool(after.trade_id == before.trade_id + 1)
    return bool(after.prev_update_id == before.update_id)


class Watched:
    """The streams of one market, from before the fault to after it."""

    def __init__(self, fb: Client, market: Market) -> None:
        self.market, self.key = market, HOSTS[market]
        (self.records,) = fb.subscribe(STREAMS[market], market).values()
        self.quotes = fb.book_ticker("btcusdt", market=market)
        self._fb = fb

    def check(self, fault: Fault, face: ThreadFace) -> tuple[str, str]:
        """Check what has come; return the number of records and of gaps."""
        records = [self.records.at(sequence) for sequence in range(self.records.cursor + 1)]
        flagged = 0
        for before, after in pairwise(records):
            assert id_of(after) > id_of(before), "once, and in order"
            if not joins(before, after):
                assert after.flags & FLAG_GAP, "what is missing is told"
                flagged += 1
        assert fault.loses or not flagged
        face.until(lambda: len(told_gaps(self.records)) >= flagged, self.quotes)
        updates = [self.quotes.at(sequence).update_id for sequence in range(self.quotes.cursor + 1)]
        assert updates == sorted(set(updates)), "never back"
        (stats,) = [stats for stats in self._fb.stats().connections if stats.ws_key == self.key]
        assert (stats.reconnects + stats.rollovers > 0) is fault.down
        assert stats.trouble is None
        return str(len(records)), str(flagged)


@pytest.mark.parametrize("tls", [False, True], ids=["ws", "wss"])
@pytest.mark.parametrize("name", FAULTS)
def test_every_fault_ends_in_recovery_and_nothing_is_lost_silently(
    name: str, tls: bool, rows: list[tuple[str, ...]]
) -> None:
    fault, face = FAULTS[name], ThreadFace()
    markets: list[Market] = ["spot"] if name in SPOT_ONLY else ["spot", "usdm"]
    with (
        run_in_thread(seed=3, messages_per_second=1_000, tls=tls) as sim,
        Client(urls=sim.urls, ssl_context=sim.ssl_context, capacity=65_536) as fb,
    ):
        watched = [Watched(fb, market) for market in markets]
        for one in watched:
            face.live(one.records)
            # Long enough for trades to prove that they count up, and for silences to be learned.
            least = 7_000 if name in ("stall", "half-open") else 50
            face.until(lambda one=one, least=least: one.quotes.cursor > least, one.quotes)
            face.until(lambda one=one: one.records.cursor > 200, one.records)
        queue = fb.events()
        for one in watched:
            sim.call(lambda simulator, one=one: fault.act(simulator, one.key, one.market))
        waiting = {one.key for one in watched} if fault.event else set()
        while waiting:
            waiting.discard(WsKey(face.event(queue, fault.event).ws_key))
        for one in watched:
            for mending in (True, False):
                cursor = one.records.cursor
                face.until(lambda one=one, cursor=cursor: one.records.cursor > cursor + 10, one.records)
                if mending:
                    sim.call(lambda simulator, one=one: fault.mend(simulator, one.key, one.market))
            face.live(one.quotes)
        for one in watched:
            counts = one.check(fault, face)
            rows.append((name, "wss" if tls else "ws", one.market, fault.event or "nothing", *counts))
