"""User data: from an event's bytes to the callback, from an expiry to a proven stream, and many losses.

``python -m benchmarks.bench_user_data [LOSSES] [SEED]``. Peers are given the same events by turns with us, on
the same core: `_user_peer_common` says where the clock starts and stops. Of losses `_user_losses` tells.
"""

import asyncio
import contextlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from benchmarks import _harness
from benchmarks._peers import PYTHON, Peer
from benchmarks._user_losses import MARKETS, SIMULATED, client_of, losses
from fastbinance import AsyncClient
from fastbinance.sim import RunningSimulator, run_in_thread
from fastbinance.user_events import OrderTradeUpdate, UserDataReady

#: Of a round, of which there is one more to warm up.
EVENTS: Final = 2_000
ROUNDS: Final = 10
EXPIRIES: Final = 20
LOSSES: Final = 1_000
SEED: Final = 7
#: Seconds by which events are late in a second run of each account: answers overtake them.
LATE: Final = 0.03
OURS: Final = ("fastbinance", "fastbinance, with a picture kept for losses")
#: Microseconds, milliseconds beside one round trip.
TARGET_US: Final = 5.0
TARGET_MS: Final = 100.0

UPDATE: Final = (
    '{"e":"ORDER_TRADE_UPDATE","T":1795340000122,"E":1795340000123,"o":{"s":"BTCUSDT","c":"fb-%d","S":"BUY",'
    '"o":"LIMIT","f":"GTC","q":"0.010","p":"90000","ap":"90000.1","sp":"0","x":"TRADE","X":"PARTIALLY_FILLED",'
    '"i":8886774,"l":"0.001","z":"0.002","L":"90000.1","n":"0.018","N":"USDT","T":1795340000122,"t":%d,"b":"720",'
    '"a":"0","m":true,"R":false,"wt":"CONTRACT_PRICE","ot":"LIMIT","ps":"BOTH","cp":false,"rp":"0","pP":false,'
    '"si":0,"ss":0,"V":"EXPIRE_MAKER","pm":"NONE","gtd":0,"er":"0"}}'
)


def _peer(module: str, package: str, meaning: str, install: str) -> Peer:
    probe = (PYTHON, "-c", f"import {package}, uvloop")
    return Peer(meaning, f"pip install {install} uvloop", 1, (PYTHON, "-m", f"benchmarks.{module}"), probe)


#: Other people's clients; `benchmarks._peers` says how to name an interpreter that has them.
PEERS: Final = {
    "python-binance": _peer(
        "_user_peer_python_binance", "binance", "python-binance (with orjson)", "python-binance orjson"
    ),
    "official-sdk": _peer(
        "_user_peer_official_sdk", "binance_sdk_derivatives_trading_usds_futures",
        "official SDK (binance-sdk-derivatives-trading-usds-futures)",
        "binance-sdk-derivatives-trading-usds-futures",
    ),
}  # fmt: skip


async def latency(sim: RunningSimulator, others: list[Peer]) -> dict[str, list[list[float]]]:
    """Return microseconds from an event's bytes to the user's callback by rounds, ours and others' by turns.

    The first round warms everybody up and is left out.
    """
    events = [UPDATE % (number, number) for number in range(1, EVENTS * (ROUNDS + 1) + 1)]
    found: dict[str, list[list[float]]] = {}
    with tempfile.TemporaryDirectory() as directory, contextlib.ExitStack() as stack:
        path = Path(directory) / "events"
        path.write_text("\n".join(events))
        rounds: dict[str, Any] = {}
        async with client_of(sim) as plain, client_of(sim) as whole:
            rounds["fastbinance"] = await inline(plain, False)
            rounds["fastbinance, with a picture kept for losses"] = await inline(whole, True)
            for peer in others:
                rounds[peer.meaning] = stack.enter_context(started(peer, path))
            for at in range(ROUNDS + 1):
                mine = events[at * EVENTS : (at + 1) * EVENTS]
                for name, run in rounds.items():
                    took = await asyncio.to_thread(run, mine) if name not in OURS else run(mine)
                    found.setdefault(name, []).extend([took] if at else [])
    return found


async def inline(client: AsyncClient, reconcile: bool) -> Callable[[list[str]], list[float]]:
    """Return what hands events to the feed of a client, as its WebSocket library does."""
    mine = client.user_data("usdm", reconcile=reconcile)
    await mine.ready(timeout=10)
    arrived: list[tuple[int, int]] = []

    def on_event(event: Any) -> None:
        now = time.perf_counter_ns()
        if isinstance(event, OrderTradeUpdate):
            arrived.append((now, event.order.trade_id))

    mine.on(on_event)
    pool = client._pool
    if pool is None:
        raise AssertionError("a client that is used has a pool")
    (stream,) = pool.users._streams.values()
    socket: Any = stream._socket  # type: ignore[attr-defined]
    (connection,) = socket._connections
    session = connection._session

    def run(events: list[str]) -> list[float]:
        arrived.clear()
        begun = []
        for event in [event.encode() for event in events]:
            begun.append(time.perf_counter_ns())
            session.on_message(None, event, 1)
        check(events, sum(trade for _, trade in arrived))
        return [(now - then) / 1e3 for (now, _), then in zip(arrived, begun, strict=True)]

    return run


@contextlib.contextmanager
def started(peer: Peer, path: Path) -> Iterator[Callable[[list[str]], list[float]]]:
    """Start somebody else's client; give what has its rounds run, one after another."""
    command = [*peer.command, str(path), str(EVENTS)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        if process.stdin is None or process.stdout is None:
            raise AssertionError("they are pipes")
        reads, writes = process.stdout, process.stdin
        print(f"{peer.meaning}: {reads.readline().strip()}")

        def run(events: list[str]) -> list[float]:
            writes.write("go\n")
            writes.flush()
            told = json.loads(reads.readline())
            check(events, told["trades"])
            return [took / 1e3 for took in told["took"]]

        yield run
        writes.close()


def check(events: list[str], trades: int) -> None:
    """Raise where objects said something else than the events: trade ids stand in for all of it."""
    if trades != sum(int(event.partition('"t":')[2].partition(",")[0]) for event in events):
        raise AssertionError("the callbacks were given other events than were sent")


async def expiry(sim: RunningSimulator) -> list[float]:
    """Return milliseconds from the expiry of a listen key to the proof of the next."""
    found = []
    for _ in range(EXPIRIES):
        # A client of its own: keys that expire in a row are asked for with longer and longer delays.
        async with client_of(sim) as fb:
            mine = fb.user_data("usdm", reconcile=False)
            await mine.get()
            begun = time.perf_counter()
            await asyncio.to_thread(sim.user.expire_key, "usdm")
            while not isinstance(await mine.get(), UserDataReady):
                pass
            found.append((time.perf_counter() - begun) * 1e3)
    return found


def main() -> int:
    """Measure all three; return 1 where a picture differed or a trade was told twice."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else LOSSES
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else SEED
    core = _harness.pin(1)
    callbacks = _harness.Table("bytes to callback, us", "target", "median", "ratio", "99 %", "worst")
    times = _harness.Table("what", "target", "median", "99 %", "worst")
    others = [peer for peer in PEERS.values() if peer.is_installed()]
    for peer in PEERS.values():
        if peer not in others:
            print(f"{peer.meaning} is left out: it is not installed ({peer.install})")
    with run_in_thread(messages_per_second=0.000_001) as sim:
        took = asyncio.run(latency(sim, others))
        ours = [_harness.median(one) for one in took[OURS[-1]]]
        for name, rounds in took.items():
            found = _harness.percentiles(one for values in rounds for one in values)
            ratio = _harness.median(_harness.median(one) / own for one, own in zip(rounds, ours, strict=True))
            target = TARGET_US if name in OURS else "-"
            callbacks.add(name, target, found["p50"], ratio, found["p99"], found["max"])
        found = _harness.percentiles(asyncio.run(expiry(sim)))
        times.add("expiry to proven, ms", TARGET_MS, found["p50"], found["p99"], found["max"])
    results = {}
    for late in (0.0, LATE):
        for name, market in MARKETS.items():
            title = f"{name}, events {late * 1e3:g} ms late" if late else name
            with run_in_thread(**SIMULATED) as sim:
                results[title] = asyncio.run(losses(sim, market, count, seed, late))
    kinds = list(results["spot"])
    lost = _harness.Table("account", *kinds)
    for name, one in results.items():
        lost.add(name, *one.values())
    tables = [callbacks, times, lost]
    _harness.report(
        "user-data", "user data: latency, expiry, losses", tables, {"core": core, "losses": results}
    )
    bad = sum(one["pictures that differed"] + one["trades told twice"] for one in results.values())
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
