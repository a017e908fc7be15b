"""Many losses of an account's events while orders trade, each followed by an exact comparison.

What an account adds up to by its events alone is compared with what the simulator has: open orders with what
of them is filled, balances, positions, and every trade there was. Orders go on while the connection is cut
and while what was missed is found out; one loss in four is followed by another one in the midst of that.
Binance's limits on connects, weight and orders are raised alike on both sides: else it would take hours.

``python -m benchmarks._user_losses ACCOUNT LOSSES SEED [LATE]`` runs one account, ``spot``, ``usdm`` or
``coinm``, and says what differed first; with events so many seconds late, answers tell of most things first.
"""

import asyncio
import json
import random
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Final, NamedTuple

from fastbinance import AsyncClient, WsKey
from fastbinance._protocol.picture.questions import FuturesTrade
from fastbinance.answers import FuturesOrder
from fastbinance.request_errors import RequestRejected
from fastbinance.sim import API_KEY, API_SECRET, RunningSimulator, run_in_thread
from fastbinance.user_events import (
    AccountPosition,
    AccountUpdate,
    ExecutionReport,
    OrderTradeUpdate,
    UnknownEvent,
    UserDataInterrupted,
    UserDataReady,
)

__all__ = ["MARKETS", "SIMULATED", "client_of", "losses"]

CLOSED: Final = frozenset({"FILLED", "CANCELED", "EXPIRED", "REJECTED", "EXPIRED_IN_MATCH"})
NOTHING: Final = Decimal(0)
_PLENTY: Final = 10**9
_MARKER: Final = "benchmarkMarker"
#: Seconds for one loss with everything that belongs to it; it takes hundredths.
_DEADLINE: Final = 30.0
_MOST_OPEN: Final = 40
_TWICE: Final = 0.25
_PAGE: Final = 1000
_NO_SUCH_ORDER: Final = -2011
#: Comparisons until a difference counts: the market may fill an order between the events and the answers.
_LOOKS: Final = 20

#: Options of the simulator: a market that moves, and limits as high as the client's.
SIMULATED: Final[dict[str, Any]] = {
    "messages_per_second": 200.0,
    "api_limits": {
        "weight": _PLENTY, "orders_10s": _PLENTY, "orders_long": _PLENTY, "raw_requests": _PLENTY,
    },
}  # fmt: skip


class Market(NamedTuple):
    """Where an account trades, and what is cut."""

    account: str
    lost: WsKey
    orders: WsKey
    symbol: str
    unit: str  # of quantities, which are one to nine of them
    root: str = ""  # of REST's paths, on futures


MARKETS: Final = {
    "spot": Market("spot", WsKey.MAIN_WS_API, WsKey.MAIN_WS_API2, "BTCUSDT", "0.001"),
    "usdm": Market("usdm", WsKey.USDM, WsKey.USDM_WS_API, "BTCUSDT", "0.001", "/fapi/v1"),
    "coinm": Market("coinm", WsKey.COINM, WsKey.COINM_WS_API, "BTCUSD_PERP", "1", "/dapi/v1"),
}


def client_of(sim: RunningSimulator) -> AsyncClient:
    """Return a client whose losses all count as first ones, with budgets that allow them."""
    client = AsyncClient(
        urls=sim.urls, rest_urls=sim.rest_urls, api_key=API_KEY, api_secret=API_SECRET, connects=1_000_000
    )
    settings = client._settings
    generous = replace(settings.connection, stable_after=0.0, weight_a_minute=_PLENTY)
    client._settings = replace(settings, connection=generous)
    return client


@dataclass
class Account:
    """Orders, balances, positions and trades, of an exchange or as a user keeps them who has but events."""

    open: dict[int, Decimal] = field(default_factory=dict)  # executed quantity by order id
    balances: dict[str, tuple[Decimal, ...]] = field(default_factory=dict)
    positions: dict[str, Decimal] = field(default_factory=dict)
    trades: list[tuple[int, int]] = field(default_factory=list)  # and the order: one with oneself is of two

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
            self.trades.append((trade_id, order.order_id))

    def differs_from(self, there: "Account") -> list[str]:
        """Say in what it is not the other one; what is zero may be left out on either side."""
        found = []
        for name in ("open", "balances", "positions"):
            mine, theirs = getattr(self, name), getattr(there, name)
            for key in {**mine, **theirs}:
                have, has = mine.get(key), theirs.get(key)
                if have != has and (name == "open" or _amounts(have) or _amounts(has)):
                    found.append(f"{name} {key}: events say {have}, the exchange {has}")
        missing = sorted(set(there.trades) - set(self.trades))
        if missing:
            found.append(f"trades never told: {missing}")
        return found


def _amounts(value: Any) -> bool:
    """Tell whether there is anything of it."""
    return any(value if isinstance(value, tuple) else (value or NOTHING,))


class Trader:
    """Places, fills and cancels at random, over a connection that is not cut, and asks what came of it."""

    def __init__(self, client: AsyncClient, market: Market, rng: random.Random) -> None:
        self._client = client
        self._market = market
        self._rng = rng
        self._open: list[int] = []
        self._trades: list[tuple[int, int]] = []
        self._price = NOTHING

    async def act(self, times: int) -> None:
        """Do so many things, one after another."""
        for _ in range(times):
            await self._act()

    async def _act(self) -> None:
        """Do one thing; orders near the price are filled by the market at some time, or in parts."""
        rng, market = self._rng, self._market
        side = rng.choice(["BUY", "SELL"])
        order = {"symbol": market.symbol, "side": side, "newOrderRespType": "RESULT"}
        order["quantity"] = str(rng.randint(1, 9) * Decimal(market.unit))
        choice = rng.random()
        if not self._price or choice < 0.2:
            self._learn_price(await self._request("order.place", order | {"type": "MARKET"}))
        elif choice < 0.7 and len(self._open) < _MOST_OPEN:
            # Some are taken at once, some rest for a moment, some for long.
            basis_points = rng.choice([-2, 0, 1, 2, 5, 500])
            away = self._price * basis_points / 10_000
            price = self._price - away if side == "BUY" else self._price + away
            order |= {
                "type": "LIMIT", "timeInForce": rng.choice(["GTC", "GTC", "GTC", "IOC"]),
                "price": f"{price:.1f}",
            }  # fmt: skip
            self._open.append((await self._request("order.place", order))["orderId"])
        elif self._open:
            number = self._open.pop(rng.randrange(len(self._open)))
            try:
                await self._request("order.cancel", {"symbol": market.symbol, "orderId": number})
            except RequestRejected as error:
                if error.code != _NO_SUCH_ORDER:
                    raise  # else it was filled before

    def _learn_price(self, answer: dict[str, Any]) -> None:
        executed = Decimal(answer["executedQty"])
        if executed and self._market.account == "spot":
            self._price = Decimal(answer["cummulativeQuoteQty"]) / executed
        elif executed:
            self._price = Decimal(answer["avgPrice"])

    async def _request(self, method: str, params: dict[str, Any]) -> Any:
        return await self._client.request(self._market.orders, method, params)

    async def account(self) -> Account:
        """Return what the exchange has."""
        client, market = self._client, self._market
        if market.account == "spot":
            orders: Iterable[Any] = await client.spot.open_orders_status()
            state = await client.spot.account_status()
            balances: dict[str, tuple[Decimal, ...]] = {
                one.asset: (Decimal(one.free), Decimal(one.locked)) for one in state.balances
            }
            positions = {}
        else:
            orders = await self._ask("openOrders", {}, list[FuturesOrder])
            futures: Any = await (
                client.usdm.v2_account_status() if market.account == "usdm" else client.coinm.account_status()
            )
            balances = {one.asset: (Decimal(one.wallet_balance),) for one in futures.assets}
            positions = {one.symbol: Decimal(one.position_amt) for one in futures.positions}
        await self._learn_trades()
        executed = {one.order_id: Decimal(one.executed_qty) for one in orders}
        return Account(executed, balances, positions, self._trades)

    async def _learn_trades(self) -> None:
        while True:
            wanted: dict[str, Any] = {"symbol": self._market.symbol, "limit": _PAGE}
            if self._trades:
                wanted["fromId"] = self._trades[-1][0] + 1
            found: Iterable[Any]
            if self._market.account == "spot":
                found = await self._client.spot.my_trades(**wanted)
            else:
                found = await self._ask("userTrades", wanted, list[FuturesTrade])
            numbers = [(one.id, one.order_id) for one in found]
            self._trades += numbers
            if len(numbers) < _PAGE:
                return

    async def _ask(self, name: str, params: dict[str, Any], answer: Any) -> Any:
        pool = self._client._pool
        if pool is None:
            raise AssertionError("a client that is used has a pool")
        product = MARKETS[self._market.account].account
        return await pool.users._rest.call(
            product, "GET", f"{self._market.root}/{name}", params, security="signed",  # type: ignore[arg-type]
            credentials=self._client._settings.credentials, answer=answer, is_safe=True,
        )  # fmt: skip


class Listener:
    """Keeps an account by its events."""

    def __init__(self, sim: RunningSimulator, handle: Any, account: str) -> None:
        self.picture = Account()
        self.interruptions = 0
        self.recovered = 0
        self._sim = sim
        self._handle = handle
        self._account: Any = account
        self._markers = 0

    async def reconciled(self) -> None:
        """Take events until it is said that nothing is missing."""
        while not (isinstance(event := await self._take(), UserDataReady) and event.reconciled):
            pass

    async def reconciled_after(self, interruptions: int) -> None:
        """Take events until so many interruptions at least are told, and then that nothing is missing."""
        while self.interruptions < interruptions:
            await self._take()
        await self.reconciled()

    async def caught_up(self) -> None:
        """Take events until all that has happened so far is told."""
        while True:
            # Events come in order: behind a marker nothing is on its way, unless they are late and it is not.
            # One that is lost says so.
            self._markers += 1
            marker = {"e": _MARKER, "E": self._markers}
            await asyncio.to_thread(self._sim.user.send, marker, self._account)
            known = self.interruptions
            while self.interruptions == known:
                event = await self._take()
                if isinstance(event, UnknownEvent) and event.event_ms == self._markers:
                    return
            await self.reconciled()

    async def _take(self) -> Any:
        event = await self._handle.get()
        self.picture.take(event)
        self.recovered += event.recovered and not isinstance(event, (UserDataReady, UserDataInterrupted))
        if isinstance(event, UserDataInterrupted):
            self.interruptions += 1
        return event


async def losses(
    sim: RunningSimulator, market: Market, count: int, seed: int, late: float = 0.0
) -> dict[str, Any]:
    """Lose the connection of user data so many times; count what is wrong, and tell what was first.

    With `late` every event takes so many seconds to come, so that answers overtake what they tell of.
    """
    sim.user.disturb(late=1.0 if late else 0.0, delay=late)
    rng, done, wrong, first = random.Random(seed), 0, 0, ""
    async with client_of(sim) as fb, client_of(sim) as other:
        trader = Trader(other, market, random.Random(f"{seed} orders"))
        listener = Listener(sim, fb.user_data(market.account), market.account)  # type: ignore[arg-type]
        await listener.reconciled()
        # What is traded unheard on a symbol that was never heard of is not found: docs/user-data.md says so.
        await trader.act(1)
        await listener.caught_up()
        while done < count:
            async with asyncio.timeout(_DEADLINE):
                trading = asyncio.create_task(trader.act(rng.randint(0, 6)))
                before = listener.interruptions
                await _moment(rng)
                done += (await asyncio.to_thread(sim.cut, market.lost)) > 0
                if rng.random() < _TWICE and done < count:
                    await _moment(rng)
                    done += (await asyncio.to_thread(sim.cut, market.lost)) > 0
                await trading
                await listener.reconciled_after(before + 1)
                different, there = await _compared(listener, trader)
            wrong += bool(different)
            if different and not first:
                first = f"seed {seed}, loss {done}: {'; '.join(different)}"
        told = Counter(listener.picture.trades)
        return {
            "losses": done, "pictures that differed": wrong, "recovered events": listener.recovered,
            "trades": len(there.trades), "trades told twice": sum(times - 1 for times in told.values()),
            "first": first,
        }  # fmt: skip


async def _compared(listener: Listener, trader: Trader) -> tuple[list[str], Account]:
    """Say in what a picture is not what the exchange has, and return that."""
    for look in range(_LOOKS):
        await listener.caught_up()
        there = await trader.account()
        await listener.caught_up()
        different = listener.picture.differs_from(there)
        if not different:
            break
        await asyncio.sleep(0.001 * look)
    return different, there


async def _moment(rng: random.Random) -> None:
    """Let the other tasks do a random part of what they are at."""
    for _ in range(rng.randint(0, 60)):
        await asyncio.sleep(0)
    await asyncio.sleep(rng.choice([0.0, rng.uniform(0.0, 0.006)]))


def main() -> int:
    """Run one account."""
    account, count, seed, *late = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), *map(float, sys.argv[4:])
    with run_in_thread(**SIMULATED) as sim:
        found = asyncio.run(losses(sim, MARKETS[account], count, seed, *late))
    print(json.dumps(found))
    return 1 if found["pictures that differed"] or found["trades told twice"] else 0


if __name__ == "__main__":
    sys.exit(main())
