"""An account that trades while its connections are lost: what events add up to is what Binance has."""

import random
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from support.faces import Face

from fastbinance import WsKey
from fastbinance.sim import API_KEY, API_SECRET, RunningSimulator
from fastbinance.user_events import (
    AccountPosition,
    AccountUpdate,
    ExecutionReport,
    OrderTradeUpdate,
    UserDataInterrupted,
    UserDataReady,
    UserEvent,
)

LOSSES = 12
CLOSED = {"FILLED", "CANCELED", "EXPIRED", "REJECTED", "EXPIRED_IN_MATCH"}


class Book:
    """What a user who keeps orders, balances and positions by events knows. Nothing of the library's own."""

    def __init__(self) -> None:
        self.orders: dict[int, tuple[str, str]] = {}  # executed quantity and status, of open ones
        self.balances: dict[str, tuple[Decimal, Decimal]] = {}
        self.positions: dict[str, Decimal] = {}
        self.trades: list[tuple[str, int]] = []
        self.interruptions = 0

    def take(self, event: UserEvent) -> None:
        if isinstance(event, ExecutionReport):
            self._order(event.order_id, event.cumulative_quantity, event.status)
            if event.execution_type == "TRADE":
                self.trades.append((event.symbol, event.trade_id))
        elif isinstance(event, OrderTradeUpdate):
            order = event.order
            self._order(order.order_id, order.cumulative_quantity, order.status)
            if order.execution_type == "TRADE":
                self.trades.append((order.symbol, order.trade_id))
        elif isinstance(event, AccountPosition):
            for one in event.balances:
                self.balances[one.asset] = (one.decimal("free"), one.decimal("locked"))
        elif isinstance(event, AccountUpdate):
            for balance in event.change.balances:
                self.balances[balance.asset] = (balance.decimal("wallet_balance"), Decimal(0))
            for position in event.change.positions:
                self.positions[position.symbol] = position.decimal("amount")
        elif isinstance(event, UserDataInterrupted):
            self.interruptions += 1

    def _order(self, number: int, executed: str, status: str) -> None:
        if status in CLOSED:
            self.orders.pop(number, None)
        else:
            self.orders[number] = (f"{float(executed):g}", status)


def until_ready(face: Face, handle: Any, book: Book) -> None:
    """Take events up to the one which says that nothing is missing."""
    while True:
        event = face.do(handle.get)
        book.take(event)
        if isinstance(event, UserDataReady) and event.reconciled:
            return


class Trader:
    """Places and cancels at random, on another connection than the one that is lost."""

    def __init__(self, face: Face, client: Any, key: WsKey, rng: random.Random) -> None:
        self._face = face
        self._client = client
        self._key = key
        self._rng = rng
        self._open: list[int] = []

    def act(self) -> None:
        """Do one thing."""
        choice = self._rng.random()
        side = self._rng.choice(["BUY", "SELL"])
        order = {"symbol": "BTCUSDT", "side": side, "quantity": f"0.00{self._rng.randint(1, 9)}"}
        if choice < 0.4 or not self._open:
            price = "20000" if side == "BUY" else "900000"
            order |= {"type": "LIMIT", "timeInForce": "GTC", "price": price}
            self._open.append(self._request("order.place", order)["orderId"])
        elif choice < 0.7:
            self._request("order.place", order | {"type": "MARKET"})
        else:
            number = self._open.pop(self._rng.randrange(len(self._open)))
            self._request("order.cancel", {"symbol": "BTCUSDT", "orderId": number})

    def _request(self, method: str, params: dict[str, Any]) -> Any:
        return self._face.do(self._client.request, self._key, method, params)


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize(
    ("account", "lost", "orders"),
    [("spot", WsKey.MAIN_WS_API, WsKey.MAIN_WS_API2), ("usdm", WsKey.USDM, WsKey.USDM_WS_API)],
)
def test_what_events_add_up_to_is_what_binance_has_after_every_loss(
    face: Face, silent_sim: RunningSimulator, account: str, lost: WsKey, orders: WsKey, seed: int
) -> None:
    rng = random.Random(seed)
    where: dict[str, Any] = {"urls": silent_sim.urls, "rest_urls": silent_sim.rest_urls}
    keys = {"api_key": API_KEY, "api_secret": API_SECRET}
    fb, other = face.client(**where, **keys), face.client(**where, **keys)
    # Each loss counts as a first one, whose retry is immediate: users back off, and there are many here.
    fb._settings = replace(fb._settings, connection=replace(fb._settings.connection, stable_after=0.0))
    trader = Trader(face, other, orders, rng)
    mine, book = face.do(fb.user_data, account), Book()
    until_ready(face, mine, book)
    for _ in range(LOSSES):
        for _ in range(rng.randint(0, 3)):
            trader.act()
        assert silent_sim.cut(lost) >= 1
        for _ in range(rng.randint(0, 4)):
            trader.act()
        until_ready(face, mine, book)
    assert book.interruptions == LOSSES
    assert len(book.trades) == len(set(book.trades))
    compare(face, other, account, book)


def compare(face: Face, client: Any, account: str, book: Book) -> None:
    """Ask Binance, and compare what it says with a book."""
    if account == "spot":
        there = face.do(client.spot.open_orders_status)
        balances = {
            one.asset: (Decimal(one.free), Decimal(one.locked))
            for one in face.do(client.spot.account_status).balances
        }
        trades = face.do(client.spot.my_trades, symbol="BTCUSDT", limit=1000)
        assert {one[1] for one in book.trades} == {one.id for one in trades}
    else:
        there = None
        state = face.do(client.usdm.v2_account_status)
        balances = {one.asset: (Decimal(one.wallet_balance), Decimal(0)) for one in state.assets}
        positions = {one.symbol: Decimal(one.position_amt) for one in state.positions}
        assert book.positions == {name: positions[name] for name in book.positions}
    known = {asset: balances[asset] for asset in book.balances}
    assert book.balances == known
    if there is not None:
        assert book.orders == {one.order_id: (f"{float(one.executed_qty):g}", one.status) for one in there}


def test_who_asks_for_no_reconciliation_is_told_so(face: Face, silent_sim: RunningSimulator) -> None:
    fb = face.client(
        urls=silent_sim.urls, rest_urls=silent_sim.rest_urls, api_key=API_KEY, api_secret=API_SECRET
    )
    mine = face.do(fb.user_data, reconcile=False)
    event = face.do(mine.get)
    assert isinstance(event, UserDataReady)
    assert not event.reconciled


def test_a_key_that_may_not_ask_is_told_and_events_go_on(face: Face, silent_sim: RunningSimulator) -> None:
    fb = face.client(
        urls=silent_sim.urls, rest_urls=silent_sim.rest_urls, api_key=API_KEY, api_secret=API_SECRET
    )
    silent_sim.rest_answers(status=400, code=-2015, msg="no permission", path="/fapi/v2/account")
    mine = face.do(fb.user_data, "usdm")
    event = face.do(mine.get)
    assert isinstance(event, UserDataReady)
    assert not event.reconciled
    assert mine.state == "live"
