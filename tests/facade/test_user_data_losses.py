"""An account that trades while its connections are lost: what events add up to is what Binance has."""

import hashlib
import hmac
import json
import random
import time
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest
from support.faces import FACES, NEAR, Face

from fastbinance import WsKey
from fastbinance.sim import API_KEY, API_SECRET, RunningSimulator
from fastbinance.user_events import (
    AccountPosition,
    AccountUpdate,
    BalanceUpdate,
    ExecutionReport,
    OrderTradeUpdate,
    UserDataInterrupted,
    UserDataReady,
    UserEvent,
)

pytestmark = pytest.mark.faces(*FACES)

LOSSES = 12
MARK = {"e": "balanceUpdate", "E": 1, "a": "BTC", "d": "1", "T": 2}
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

    def __init__(self, rng: random.Random, request: Callable[[str, dict[str, Any]], Any]) -> None:
        self._request = request
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


class Margin:
    """Asks for what only REST has, with nothing of the library's own."""

    def __init__(self, url: str, pair: str | None = None) -> None:
        self._url = url
        self._pair = {} if pair is None else {"symbol": pair, "isIsolated": "TRUE"}

    def order(self, method: str, params: dict[str, Any]) -> Any:
        """Place or cancel an order."""
        return self.ask({"order.place": "POST", "order.cancel": "DELETE"}[method], "order", params)

    def ask(self, verb: str, path: str, params: dict[str, Any]) -> Any:
        """Carry out a request, which works."""
        query = urlencode({**params, **self._pair, "timestamp": time.time_ns() // 1_000_000})
        signature = hmac.new(API_SECRET.encode(), query.encode(), hashlib.sha256).hexdigest()
        request = Request(
            f"{self._url}/sapi/v1/margin/{path}?{query}&signature={signature}",
            method=verb, headers={"X-MBX-APIKEY": API_KEY},
        )  # fmt: skip
        with urlopen(request, timeout=20) as answer:
            return json.load(answer)

    def balances(self) -> dict[str, tuple[Decimal, Decimal]]:
        """Give what the wallet has, free and locked."""
        if self._pair:
            other = Margin(self._url)
            (pair,) = other.ask("GET", "isolated/account", {"symbols": self._pair["symbol"]})["assets"]
            assets = [pair["baseAsset"], pair["quoteAsset"]]
        else:
            assets = self.ask("GET", "account", {})["userAssets"]
        return {one["asset"]: (Decimal(one["free"]), Decimal(one["locked"])) for one in assets}


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
    trader = Trader(rng, lambda method, params: face.do(other.request, orders, method, params))
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


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize(("account", "pair"), [("margin", None), ("isolated", "BTCUSDT")])
def test_margin_is_reconciled_after_every_loss_and_knows_no_other_wallet(
    face: Face, silent_sim: RunningSimulator, account: str, pair: str | None, seed: int
) -> None:
    rng = random.Random(seed)
    where: dict[str, Any] = {"urls": silent_sim.urls, "rest_urls": silent_sim.rest_urls}
    fb = face.client(**where, api_key=API_KEY, api_secret=API_SECRET)
    fb._settings = replace(fb._settings, connection=replace(fb._settings.connection, stable_after=0.0))
    url = silent_sim.rest_urls["spot"]
    own, others = Margin(url, pair), Margin(url, "BTCUSDT" if pair is None else None)
    traders = [Trader(rng, lambda *how, at=at: face.beside(at.order, *how)) for at in (own, own, others)]
    mine, book = face.do(fb.user_data, account, pair), Book()
    until_ready(face, mine, book)
    for _ in range(LOSSES):
        for _ in range(rng.randint(0, 3)):
            rng.choice(traders).act()
        assert silent_sim.cut(WsKey.MARGIN_USER_DATA) >= 1
        for _ in range(rng.randint(0, 4)):
            rng.choice(traders).act()
        until_ready(face, mine, book)
    # What was done behind the last reconciliation comes as it is, and is not in the book yet.
    silent_sim.user.send(MARK, account, symbol=pair)
    while not isinstance(event := face.do(mine.get), BalanceUpdate):
        book.take(event)
    assert book.interruptions == LOSSES
    assert len(book.trades) == len(set(book.trades))
    trades = face.beside(own.ask, "GET", "myTrades", {"symbol": "BTCUSDT", "limit": 1000})
    assert {number for _, number in book.trades} == {one["id"] for one in trades}
    there = face.beside(own.ask, "GET", "openOrders", {"symbol": "BTCUSDT"})
    assert book.orders == {one["orderId"]: (f"{float(one['executedQty']):g}", one["status"]) for one in there}
    assert book.balances == face.beside(own.balances)


def test_the_first_order_of_an_isolated_pair_is_found_though_nothing_was_ever_heard_of_it(
    face: Face, silent_sim: RunningSimulator
) -> None:
    where: dict[str, Any] = {"urls": silent_sim.urls, "rest_urls": silent_sim.rest_urls}
    fb = face.client(**where, api_key=API_KEY, api_secret=API_SECRET)
    mine = face.do(fb.user_data, "isolated", "BTCUSDT")
    until_ready(face, mine, Book())
    silent_sim.user.freeze()
    order = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.01"}
    margin = Margin(silent_sim.rest_urls["spot"], "BTCUSDT")
    placed = face.beside(margin.order, "order.place", order)
    silent_sim.user.deposit("BTC", 3, "isolated", symbol="BTCUSDT")  # a transfer has no trade
    silent_sim.user.thaw()
    assert silent_sim.cut(WsKey.MARGIN_USER_DATA) == 1
    book = Book()
    until_ready(face, mine, book)
    assert {number for _, number in book.trades} == {one["tradeId"] for one in placed["fills"]}
    assert book.balances == face.beside(margin.balances)


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


def next_ready(face: Face, handle: Any) -> UserDataReady:
    """Take events up to the next that says that events come."""
    while not isinstance(event := face.do(handle.get), UserDataReady):
        pass
    return event


@pytest.mark.faces(*NEAR)  # looks at what is kept, in this process
def test_what_may_not_be_asked_for_is_not_kept_and_never_said_to_be_whole(
    face: Face, silent_sim: RunningSimulator
) -> None:
    fb = face.client(
        urls=silent_sim.urls, rest_urls=silent_sim.rest_urls, api_key=API_KEY, api_secret=API_SECRET
    )
    mine = face.do(fb.user_data, "usdm")
    assert next_ready(face, mine).reconciled
    silent_sim.rest_answers(status=400, code=-2015, msg="no permission", path="/fapi/v2/account")
    silent_sim.cut(WsKey.USDM)
    assert not next_ready(face, mine).reconciled
    picture = mine.stream._reconciler.picture
    assert picture._mark is None
    market = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.01"}
    face.do(fb.usdm.order_place, **market)
    while not isinstance(event := face.do(mine.get), OrderTradeUpdate) or not event.order.trade_id:
        pass
    assert picture._mark is None
    silent_sim.rest_answers()
    silent_sim.cut(WsKey.USDM)
    assert not next_ready(face, mine).reconciled, "fills of the hole before were never asked for"
    silent_sim.cut(WsKey.USDM)
    assert next_ready(face, mine).reconciled
