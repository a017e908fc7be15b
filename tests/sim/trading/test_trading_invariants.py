"""Whatever two accounts and a crowd do: no coin is made or lost, and no order has two ends."""

from collections import Counter
from typing import Any, Final

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from support.trading import TradingScene

from fastbinance.sim.api.call import ApiError
from fastbinance.sim.trading import API_KEY, SimAccount
from fastbinance.sim.trading.amounts import UNIT, from_decimal

OTHER: Final = "other"
ENDED: Final = frozenset({"FILLED", "CANCELED", "EXPIRED", "EXPIRED_IN_MATCH"})

keys = st.sampled_from([API_KEY, OTHER])
sides = st.sampled_from(["BUY", "SELL"])
# Few prices and quantities, so that orders meet; the lot is a hundred thousandth.
prices = st.integers(9950, 10050).map(lambda cents: f"{cents}.37")
quantities = st.sampled_from(["0.001", "0.01234", "0.1", "0.7", "3"])
modes = st.sampled_from(["NONE", "NONE", "EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH"])


class Spot(RuleBasedStateMachine):
    """Spot trading, looked at from the outside: by answers, and by the events of user data."""

    def __init__(self) -> None:
        super().__init__()
        poor = {"BTC": "1.23456789", "USDT": "12345.67891234"}
        self.scene = TradingScene(SimAccount(OTHER, secret="s", balances={"spot": poor}))
        self.scene.account().balances["spot"].clear()
        for asset, coins in (("BTC", "2.00000001"), ("USDT", "30000.00000007")):
            self.scene.account().balance("spot", asset).free = from_decimal(coins)
        self.total = self.owned()
        self.ends: dict[int, str] = {}
        self.executed: Counter[int] = Counter()
        self.pairs: list[list[int]] = []
        self.seen: dict[tuple[str, str], tuple[str, str]] = {}

    def owned(self) -> dict[str, int]:
        ledger = self.scene.trading.spot.ledger
        found = {}
        for asset in ("BTC", "USDT"):
            balances = [self.scene.account(key).balance("spot", asset) for key in (API_KEY, OTHER)]
            accounts = sum(balance.free + balance.locked for balance in balances)
            found[asset] = accounts + ledger.crowd[asset] + ledger.fees[asset]
        return found

    def attempt(self, method: str, **params: Any) -> Any:
        """Ask for something that may well be refused, but never by a fault of the engine."""
        try:
            return self.scene.ask(method, **params)
        except ApiError as error:
            assert error.code != -1000, error  # noqa: PT017 - only some errors are answers
            return None

    @initialize()
    def begin(self) -> None:
        self.crowd(10_000, 1, "0.5", "0.5")

    @rule(middle=st.integers(9960, 10040), spread=st.integers(1, 5), bid_qty=quantities, ask_qty=quantities)
    def crowd(self, middle: int, spread: int, bid_qty: str, ask_qty: str) -> None:
        bids = [(f"{middle - spread}.37", bid_qty), (f"{middle - spread - 3}.37", "1")]
        asks = [(f"{middle + spread}.37", ask_qty), (f"{middle + spread + 3}.37", "1")]
        self.scene.move(bids, asks)

    @rule(
        key=keys, side=sides, price=prices, quantity=quantities, mode=modes,
        tif=st.sampled_from(["GTC", "GTC", "IOC", "FOK"]),
    )  # fmt: skip
    def limit(self, key: str, side: str, price: str, quantity: str, mode: str, tif: str) -> None:
        order = {"side": side, "type": "LIMIT", "timeInForce": tif, "price": price, "quantity": quantity}
        self.attempt("order.place", api_key=key, selfTradePreventionMode=mode, **order)

    @rule(key=keys, side=sides, quantity=quantities, by_value=st.booleans())
    def market(self, key: str, side: str, quantity: str, by_value: bool) -> None:
        amount = {"quoteOrderQty": f"{float(quantity) * 5000:.4f}"} if by_value else {"quantity": quantity}
        self.attempt("order.place", api_key=key, side=side, type="MARKET", **amount)

    @rule(
        key=keys, side=sides, stop=prices, price=prices, quantity=quantities,
        kind=st.sampled_from(["STOP_LOSS", "TAKE_PROFIT", "STOP_LOSS_LIMIT", "TAKE_PROFIT_LIMIT"]),
    )  # fmt: skip
    def stop(self, key: str, side: str, stop: str, price: str, quantity: str, kind: str) -> None:
        limit = {"price": price, "timeInForce": "GTC"} if kind.endswith("LIMIT") else {}
        order = {"side": side, "type": kind, "quantity": quantity, "stopPrice": stop}
        self.attempt("order.place", api_key=key, **order, **limit)

    @rule(key=keys, side=sides, quantity=quantities, delta=st.integers(10, 40))
    def trailing(self, key: str, side: str, quantity: str, delta: int) -> None:
        order = {"side": side, "type": "STOP_LOSS", "quantity": quantity, "trailingDelta": delta}
        self.attempt("order.place", api_key=key, **order)

    @rule(key=keys, side=sides, above=prices, below=prices, quantity=quantities)
    def pair(self, key: str, side: str, above: str, below: str, quantity: str) -> None:
        stop, limit = ("below", "above") if side == "SELL" else ("above", "below")
        given = {"above": above, "below": below}
        placed = self.attempt(
            "orderList.place.oco", api_key=key, side=side, quantity=quantity,
            **{f"{stop}Type": "STOP_LOSS", f"{stop}StopPrice": given[stop]},
            **{f"{limit}Type": "LIMIT_MAKER", f"{limit}Price": given[limit]},
        )  # fmt: skip
        self.remember(placed, slice(None))

    @rule(
        key=keys,
        side=sides,
        price=prices,
        above=prices,
        below=prices,
        quantity=quantities,
        sizes=st.booleans(),
    )
    def pair_after(
        self, key: str, side: str, price: str, above: str, below: str, quantity: str, sizes: bool
    ) -> None:
        pending = "SELL" if side == "BUY" else "BUY"
        stop, limit = ("Below", "Above") if pending == "SELL" else ("Above", "Below")
        given = {"Above": above, "Below": below}
        amount = {} if sizes else {"pendingQuantity": quantity}
        placed = self.attempt(
            "orderList.place.opoco" if sizes else "orderList.place.otoco", api_key=key, workingType="LIMIT",
            workingSide=side, workingPrice=price, workingQuantity=quantity, workingTimeInForce="GTC",
            pendingSide=pending, **amount,
            **{f"pending{stop}Type": "STOP_LOSS", f"pending{stop}StopPrice": given[stop]},
            **{f"pending{limit}Type": "LIMIT_MAKER", f"pending{limit}Price": given[limit]},
        )  # fmt: skip
        self.remember(placed, slice(1, None))

    @rule(
        key=keys,
        which=st.integers(0, 20),
        method=st.sampled_from(["cancel", "amend", "replace"]),
        price=prices,
    )
    def change(self, key: str, which: int, method: str, price: str) -> None:
        orders = self.scene.ask("openOrders.status", api_key=key)
        if not orders:
            return
        order_id = orders[which % len(orders)]["orderId"]
        if method == "cancel":
            self.attempt("order.cancel", api_key=key, orderId=order_id)
        elif method == "amend":
            self.attempt("order.amend.keepPriority", api_key=key, orderId=order_id, newQty="0.0007")
        else:
            order = {"side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "price": price, "quantity": "0.01"}
            mode = {"cancelReplaceMode": "ALLOW_FAILURE", "cancelOrderId": order_id}
            self.attempt("order.cancelReplace", api_key=key, **order, **mode)

    def remember(self, placed: Any, orders: slice) -> None:
        if placed is not None:
            self.pairs.append([order["orderId"] for order in placed["orders"]][orders])

    def read(self) -> None:
        """Take in what was told; invariants come in no order that a test could rely on."""
        for account, _, event in self.scene.events:
            if event["e"] == "outboundAccountPosition":
                for one in event["B"]:
                    self.seen[account.api_key, one["a"]] = one["f"], one["l"]
            if event["e"] != "executionReport":
                continue
            order_id = event["i"]
            assert order_id not in self.ends, f"{event['x']} after {self.ends[order_id]}"
            self.executed[order_id] += from_decimal(event["l"])
            assert self.executed[order_id] == from_decimal(event["z"]) <= from_decimal(event["q"])
            if event["X"] in ENDED:
                self.ends[order_id] = event["X"]
        self.scene.events.clear()

    @invariant()
    def no_coin_is_made_or_lost(self) -> None:
        assert self.owned() == self.total

    @invariant()
    def no_balance_is_negative_and_what_is_locked_belongs_to_open_orders(self) -> None:
        for key in (API_KEY, OTHER):
            account = self.scene.account(key)
            orders = self.scene.trading.spot.orders.open_of(account)
            holds = {id(order.hold): order.hold for order in orders}
            for asset, balance in account.balances["spot"].items():
                assert balance.free >= 0
                assert balance.locked == sum(one.amount for one in holds.values() if one.asset == asset)

    @invariant()
    def reports_add_up_and_each_order_ends_once(self) -> None:
        self.read()

    @invariant()
    def events_tell_every_balance(self) -> None:
        self.read()
        for (key, asset), (free, locked) in self.seen.items():
            balance = self.scene.account(key).balance("spot", asset)
            assert (from_decimal(free), from_decimal(locked)) == (balance.free, balance.locked)

    @invariant()
    def only_one_of_a_pair_is_executed(self) -> None:
        self.read()
        for orders in self.pairs:
            assert sum(self.executed[order] > 0 for order in orders) <= 1

    @invariant()
    def open_orders_are_those_that_have_not_ended(self) -> None:
        self.read()
        for order in self.scene.trading.spot.orders.all_open():
            assert order.order_id not in self.ends
            assert 0 <= order.executed < order.qty or order.status == "PENDING_NEW"


Spot.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestSpot = Spot.TestCase


class Futures(RuleBasedStateMachine):
    """Positions and wallets, added up from what was told of every trade."""

    def __init__(self) -> None:
        super().__init__()
        self.scene = TradingScene(SimAccount(OTHER, secret="s", balances={"usdm": {"USDT": "5000.00000001"}}))
        self.wallets = {key: self.wallet(key) for key in (API_KEY, OTHER)}
        self.held: Counter[str] = Counter()
        self.ends: set[int] = set()

    def wallet(self, key: str) -> int:
        return self.scene.account(key).balance("usdm", "USDT").free

    def attempt(self, method: str, **params: Any) -> None:
        try:
            self.scene.ask(method, product="usdm", **params)
        except ApiError as error:
            assert error.code < -1100, error  # noqa: PT017 - only some errors are answers

    @initialize()
    def begin(self) -> None:
        self.crowd(10_000, "0.1")

    @rule(middle=st.integers(9800, 10200), quantity=quantities.filter(lambda text: text != "0.01234"))
    def crowd(self, middle: int, quantity: str) -> None:
        # Far from where it began, so that profits are made and lost.
        bids, asks = [(f"{middle - 1}", quantity)], [(f"{middle + 1}", quantity)]
        self.scene.move(bids, asks, product="usdm")

    @rule(
        key=keys, side=sides, price=st.integers(9800, 10200), lots=st.integers(1, 900), reduces=st.booleans(),
        tif=st.sampled_from(["GTC", "IOC", "FOK", "GTX"]),
    )  # fmt: skip
    def limit(self, key: str, side: str, price: int, lots: int, reduces: bool, tif: str) -> None:
        order = {"side": side, "type": "LIMIT", "timeInForce": tif, "price": f"{price}"}
        self.attempt("order.place", api_key=key, quantity=f"0.{lots:03d}", reduceOnly=reduces, **order)

    @rule(key=keys, side=sides, lots=st.integers(1, 900), reduces=st.booleans())
    def market(self, key: str, side: str, lots: int, reduces: bool) -> None:
        order = {"side": side, "type": "MARKET", "quantity": f"0.{lots:03d}", "reduceOnly": reduces}
        self.attempt("order.place", api_key=key, **order)

    @rule(key=keys, side=sides, price=st.integers(9800, 10200), lots=st.integers(1, 900))
    def condition(self, key: str, side: str, price: int, lots: int) -> None:
        order = {"side": side, "type": "STOP_MARKET", "triggerPrice": f"{price}", "quantity": f"0.{lots:03d}"}
        self.attempt("algoOrder.place", api_key=key, algoType="CONDITIONAL", **order)

    @rule(key=keys, which=st.integers(0, 20), price=st.integers(9800, 10200), lots=st.integers(1, 900))
    def modify(self, key: str, which: int, price: int, lots: int) -> None:
        orders = self.scene.trading.usdm.orders.open_of(self.scene.account(key))
        if orders:
            order = orders[which % len(orders)]
            change = {"orderId": order.order_id, "side": order.side, "quantity": f"0.{lots:03d}"}
            self.attempt("order.modify", api_key=key, price=f"{price}", **change)

    @rule(key=keys, which=st.integers(0, 20))
    def cancel(self, key: str, which: int) -> None:
        orders = self.scene.trading.usdm.orders.open_of(self.scene.account(key))
        if orders:
            self.attempt("order.cancel", api_key=key, orderId=orders[which % len(orders)].order_id)

    @invariant()
    def wallets_and_positions_are_what_was_told(self) -> None:
        for account, _, event in self.scene.events:
            if event["e"] != "ORDER_TRADE_UPDATE":
                continue
            order = event["o"]
            assert order["i"] not in self.ends
            assert from_decimal(order["z"]) <= from_decimal(order["q"])
            if order["X"] in ENDED:
                self.ends.add(order["i"])
            if order["x"] == "TRADE":
                key, qty = account.api_key, from_decimal(order["l"])
                self.wallets[key] += from_decimal(order["rp"]) - from_decimal(order["n"])
                self.held[key] += qty if order["S"] == "BUY" else -qty
        self.scene.events.clear()
        for key, wallet in self.wallets.items():
            assert self.wallet(key) == wallet
            positions = self.scene.trading.usdm.portfolio(self.scene.account(key)).positions()
            assert sum(position.amount for position in positions) == self.held[key]

    @invariant()
    def nothing_is_held_at_no_cost(self) -> None:
        for key in (API_KEY, OTHER):
            for position in self.scene.trading.usdm.portfolio(self.scene.account(key)).positions():
                assert (position.amount == 0) == (position.cost == 0)
                assert position.cost >= 0
                if position.amount:
                    assert 9000 * UNIT < position.entry_price < 11_000 * UNIT


Futures.TestCase.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)
TestFutures = Futures.TestCase
