"""User data: from an event's bytes to the callback, from an expiry to a proven stream, and many losses.

What an account adds up to by its events is compared with what the simulator has, exactly. Binance's limits
on connects, weight and orders are raised alike on both sides, because the losses would take hours otherwise.
"""

import asyncio
import random
import sys
import time
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from benchmarks import _harness
from fastbinance import AsyncClient, WsKey
from fastbinance.sim import API_KEY, API_SECRET, RunningSimulator, run_in_thread
from fastbinance.user_events import (
    AccountPosition,
    AccountUpdate,
    ExecutionReport,
    OrderTradeUpdate,
    UserDataReady,
)

EVENTS: Final = 20_000
EXPIRIES: Final = 20
LOSSES: Final = 1_000
#: The client keeps Binance's weight limit of REST, which it learns from no simulator: 48 losses a minute.
USDM_LOSSES: Final = 40
CLOSED: Final = frozenset({"FILLED", "CANCELED", "EXPIRED", "REJECTED", "EXPIRED_IN_MATCH"})
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


def client_of(sim: RunningSimulator) -> AsyncClient:
    """Return a client whose losses all count as first ones, with a budget that allows them."""
    client = AsyncClient(
        urls=sim.urls, rest_urls=sim.rest_urls, api_key=API_KEY, api_secret=API_SECRET, connects=1_000_000
    )
    settings = client._settings
    client._settings = replace(settings, connection=replace(settings.connection, stable_after=0.0))
    return client


async def latency(sim: RunningSimulator, reconcile: bool) -> list[float]:
    """Return microseconds from an event's bytes in the feed's hands to the user's callback, for each."""
    async with client_of(sim) as fb:
        mine = fb.user_data("usdm", reconcile=reconcile)
        await mine.ready(timeout=10)
        arrived: list[int] = []
        mine.on(lambda event: arrived.append(time.perf_counter_ns()))
        arrived.clear()
        pool = fb._pool
        if pool is None:
            raise AssertionError("a client that is used has a pool")
        (stream,) = pool.users._streams.values()
        socket: Any = stream._socket  # type: ignore[attr-defined]
        (connection,) = socket._connections
        session = connection._session
        events = [(UPDATE % (number, number)).encode() for number in range(1, EVENTS + 1)]
        found = []
        for event in events:
            begun = time.perf_counter_ns()
            session.on_message(None, event, 1)
            found.append((arrived[-1] - begun) / 1e3)
        if len(arrived) != EVENTS:
            raise AssertionError(f"{len(arrived)} of {EVENTS} events came")
        return found


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


class Picture:
    """Orders, balances and positions, as a user who has nothing but events keeps them."""

    def __init__(self) -> None:
        self.open: dict[int, Decimal] = {}
        self.balances: dict[str, tuple[Decimal, ...]] = {}
        self.positions: dict[str, Decimal] = {}
        self.trades: list[int] = []

    def take(self, event: Any) -> None:
        """Take an event."""
        if isinstance(event, ExecutionReport):
            self._order(event, event.execution_type, event.trade_id)
        elif isinstance(event, OrderTradeUpdate):
            self._order(event.order, event.order.execution_type, event.order.trade_id)
        elif isinstance(event, AccountPosition):
            self.balances |= {
                one.asset: (one.decimal("free"), one.decimal("locked")) for one in event.balances
            }
        elif isinstance(event, AccountUpdate):
            self.balances |= {one.asset: (one.decimal("wallet_balance"),) for one in event.change.balances}
            self.positions |= {one.symbol: one.decimal("amount") for one in event.change.positions}

    def _order(self, order: Any, execution: str, trade_id: int) -> None:
        if order.status in CLOSED:
            self.open.pop(order.order_id, None)
        else:
            self.open[order.order_id] = order.decimal("cumulative_quantity")
        if execution == "TRADE":
            self.trades.append(trade_id)


async def ready(handle: Any, picture: Picture) -> None:
    """Take events until nothing is missing."""
    while True:
        event = await handle.get()
        picture.take(event)
        if isinstance(event, UserDataReady) and event.reconciled:
            return


async def act(client: AsyncClient, key: WsKey, rng: random.Random, mine: list[int]) -> None:
    """Place, fill or cancel something, on a connection of its own."""
    side = rng.choice(["BUY", "SELL"])
    order = {"symbol": "BTCUSDT", "side": side, "quantity": f"0.00{rng.randint(1, 9)}"}
    choice = rng.random()
    if choice < 0.4 or not mine:
        price = "20000" if side == "BUY" else "900000"
        order |= {"type": "LIMIT", "timeInForce": "GTC", "price": price}
        mine.append((await client.request(key, "order.place", order))["orderId"])
    elif choice < 0.7 and len(mine) < 40:
        await client.request(key, "order.place", order | {"type": "MARKET"})
    else:
        number = mine.pop(rng.randrange(len(mine)))
        await client.request(key, "order.cancel", {"symbol": "BTCUSDT", "orderId": number})


async def losses(sim: RunningSimulator, account: str, lost: WsKey, key: WsKey, count: int) -> dict[str, int]:
    """Lose the connection of user data so many times while orders trade; count what is wrong in the end."""
    rng, picture, mine, wrong = random.Random(7), Picture(), list[int](), 0
    async with client_of(sim) as fb, client_of(sim) as other:
        handle = fb.user_data(account)  # type: ignore[arg-type]
        await ready(handle, picture)
        for _ in range(count):
            for _ in range(rng.randint(0, 3)):
                await act(other, key, rng, mine)
            await asyncio.to_thread(sim.cut, lost)
            for _ in range(rng.randint(0, 3)):
                await act(other, key, rng, mine)
            await ready(handle, picture)
            wrong += await differs(other, account, picture)
        return {
            "losses": count, "pictures that differed": wrong, "trades": len(picture.trades),
            "trades told twice": len(picture.trades) - len(set(picture.trades)),
        }  # fmt: skip


async def differs(client: AsyncClient, account: str, picture: Picture) -> bool:
    """Tell whether a picture is not what the exchange has."""
    if account == "spot":
        orders = {one.order_id: Decimal(one.executed_qty) for one in await client.spot.open_orders_status()}
        state = await client.spot.account_status()
        balances: dict[str, tuple[Decimal, ...]] = {
            one.asset: (Decimal(one.free), Decimal(one.locked)) for one in state.balances
        }
        return orders != picture.open or any(
            balances[name] != have for name, have in picture.balances.items()
        )
    futures = await client.usdm.v2_account_status()
    wallets = {one.asset: (Decimal(one.wallet_balance),) for one in futures.assets}
    positions = {one.symbol: Decimal(one.position_amt) for one in futures.positions}
    return any(wallets[name] != have for name, have in picture.balances.items()) or any(
        positions[name] != have for name, have in picture.positions.items()
    )


def main() -> int:
    """Measure all three; return 1 where a picture differed or a trade was told twice."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else LOSSES
    core = _harness.pin(1)
    generous: dict[str, Any] = {
        "weight": 10**9,
        "orders_10s": 10**9,
        "orders_long": 10**9,
        "raw_requests": 10**9,
    }
    rows: list[list[Any]] = []
    with run_in_thread(messages_per_second=0.000_001, api_limits=generous) as sim:
        for reconcile in (False, True):
            found = sorted(asyncio.run(latency(sim, reconcile)))
            name = "bytes to callback, us" + (", with a picture kept for losses" if reconcile else "")
            rows.append([name, TARGET_US, found[len(found) // 2], found[int(len(found) * 0.99)], found[-1]])
        found = sorted(asyncio.run(expiry(sim)))
        rows.append(["expiry to proven, ms", TARGET_MS, found[len(found) // 2], found[-2], found[-1]])
        results = {
            "spot": asyncio.run(losses(sim, "spot", WsKey.MAIN_WS_API, WsKey.MAIN_WS_API2, count)),
            "usdm": asyncio.run(losses(sim, "usdm", WsKey.USDM, WsKey.USDM_WS_API, min(count, USDM_LOSSES))),
        }
    kinds = list(results["spot"])
    times = _harness.Table("what", "target", "median", "99 %", "worst")
    for row in rows:
        times.add(*row)
    lost = _harness.Table("account", *kinds)
    for name, one in results.items():
        lost.add(name, *one.values())
    tables = [times, lost]
    _harness.report(
        "user-data", "user data: latency, expiry, losses", tables, {"core": core, "losses": results}
    )
    bad = sum(one["pictures that differed"] + one["trades told twice"] for one in results.values())
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
