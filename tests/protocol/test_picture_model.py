"""Whatever is lost of an account's events, and whenever: its picture is the account, each fill told once."""

from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from support.picturing import Listener
from support.trading import TradingScene

from fastbinance._protocol.picture import Plan, Question
from fastbinance.sim.api.call import ApiError

prices = st.integers(9960, 10040).map(lambda units: f"{units}.4")
quantities = st.sampled_from(["0.001", "0.012", "0.1", "0.7", "3"])
# A contract of COIN-M is no fraction.
CONTRACTS = {"0.001": "1", "0.012": "12", "0.1": "100", "0.5": "500", "0.7": "700", "3": "3000", "1": "1000"}


class Losses(RuleBasedStateMachine):
    """Trading by one account, heard by somebody who now and then hears nothing."""

    account = "spot"
    market = "BTCUSDT"

    def __init__(self) -> None:
        super().__init__()
        self.scene = TradingScene()
        self.one = Listener(self.scene, self.account)
        self.plan: Plan | None = None
        self.questions: list[Question] = []
        self.crowd(10_000, 1, "0.5")

    def ask(self, method: str, **params: Any) -> Any:
        """Ask for something of this account."""
        if self.account in ("margin", "isolated"):
            method = f"margin.{method}"
            params["isIsolated"] = self.account == "isolated"
        return self.scene.ask(method, product=self.one.product, symbol=self.market, **params)

    @initialize()
    def begin(self) -> None:
        # Symbols are known from the first order on: what is traded elsewhere unheard is not looked for.
        self.trade("order.place", side="BUY", type="LIMIT", timeInForce="GTC", price="9900", quantity="1")
        self.one.reconcile(self.one.attach())

    def size(self, quantity: str) -> str:
        return CONTRACTS[quantity] if self.account == "coinm" else quantity

    def trade(self, method: str, **params: Any) -> None:
        if "quantity" in params:
            params["quantity"] = self.size(params["quantity"])
        try:
            self.ask(method, **params)
        except ApiError as error:
            assert error.code != -1000, error  # noqa: PT017 - only some errors are answers

    @rule(middle=st.integers(9970, 10030), spread=st.integers(1, 5), quantity=quantities)
    def crowd(self, middle: int, spread: int, quantity: str) -> None:
        best, more = self.size(quantity), self.size("1")
        self.scene.move(
            [(f"{middle - spread}.4", best), (f"{middle - spread - 3}.4", more)],
            [(f"{middle + spread}.4", best), (f"{middle + spread + 3}.4", more)],
            product=self.one.product, symbol=self.market,
        )  # fmt: skip

    @rule(
        side=st.sampled_from(["BUY", "SELL"]), price=prices, quantity=quantities,
        tif=st.sampled_from(["GTC", "GTC", "GTC", "IOC"]),
    )  # fmt: skip
    def limit(self, side: str, price: str, quantity: str, tif: str) -> None:
        self.trade("order.place", side=side, type="LIMIT", timeInForce=tif, price=price, quantity=quantity)

    @rule(which=st.integers(0, 20))
    def cancel(self, which: int) -> None:
        orders = self.ask("openOrders.status")
        if orders:
            self.trade("order.cancel", orderId=orders[which % len(orders)]["orderId"])

    @rule(which=st.integers(0, 20), price=prices, quantity=quantities)
    def amend(self, which: int, price: str, quantity: str) -> None:
        if self.account in ("margin", "isolated"):
            return  # which has nothing to amend with
        orders = self.ask("openOrders.status")
        if not orders:
            return
        order = orders[which % len(orders)]
        if self.account == "spot":
            self.trade("order.amend.keepPriority", orderId=order["orderId"], newQty="0.001")
        else:
            change = {"side": order["side"], "price": price, "quantity": quantity}
            self.trade("order.modify", orderId=order["orderId"], **change)

    @rule(milliseconds=st.sampled_from([0, 1, 1, 50]))
    def wait(self, milliseconds: int) -> None:
        self.scene.step(milliseconds)

    @rule()
    def lose(self) -> None:
        self.one.lose()
        self.plan = None

    @rule(is_slow=st.booleans())
    def attach(self, is_slow: bool) -> None:
        if self.one.is_deaf:
            self.one.is_slow = is_slow
            self.plan = self.one.attach()
            self.questions.clear()

    @rule(most=st.integers(1, 4))
    def arrive(self, most: int) -> None:
        self.one.arrive(most)

    @rule()
    def answer(self) -> None:
        """Have the next question answered, with everything else still going on."""
        if self.plan is None:
            return
        if not self.questions:
            self.questions += self.plan.questions()
        if self.questions:
            question = self.questions.pop(0)
            self.plan.answer(question, self.one.ask(question))
        if not self.questions and self.plan.is_done:
            self.one.heard += self.plan.events(7)
            self.plan = None

    @invariant()
    def nothing_is_told_twice(self) -> None:
        heard = self.one.trades_heard()
        assert set(heard.values()) <= {1}, heard

    def teardown(self) -> None:
        self.lose()
        plan = self.one.attach()
        self.one.is_slow = False
        self.one.reconcile(plan)
        assert self.one.is_true()
        assert self.one.orders_heard() == self.one.orders_pictured()
        assert self.one.amounts_heard() == self.one.amounts_pictured()
        made = self.one.trades_made(self.market)
        assert self.one.trades_heard() == made


class MarginLosses(Losses):
    """The same of cross margin, while the other wallets of the same key trade on the same market."""

    account = "margin"

    @rule(
        wallet=st.sampled_from(["spot", "margin", "isolated"]), side=st.sampled_from(["BUY", "SELL"]),
        price=prices, quantity=quantities,
    )  # fmt: skip
    def trade_elsewhere(self, wallet: str, side: str, price: str, quantity: str) -> None:
        if wallet == self.account:
            return
        order = {"side": side, "type": "LIMIT", "timeInForce": "GTC", "price": price, "quantity": quantity}
        try:
            if wallet == "spot":
                self.scene.ask("order.place", **order)
            else:
                self.scene.ask("margin.order.place", isIsolated=wallet == "isolated", **order)
        except ApiError as error:
            assert error.code != -1000, error  # noqa: PT017 - only some errors are answers


class IsolatedLosses(MarginLosses):
    """The same of a pair of isolated margin."""

    account = "isolated"


class UsdmLosses(Losses):
    """The same of USD-M, with positions."""

    account = "usdm"


class CoinmLosses(Losses):
    """The same of COIN-M, in contracts."""

    account = "coinm"
    market = "BTCUSD_PERP"


_settings = settings(
    max_examples=25, stateful_step_count=40, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
TestSpotLosses = Losses.TestCase
TestSpotLosses.settings = _settings
TestMarginLosses = MarginLosses.TestCase
TestMarginLosses.settings = _settings
TestIsolatedLosses = IsolatedLosses.TestCase
TestIsolatedLosses.settings = _settings
TestUsdmLosses = UsdmLosses.TestCase
TestUsdmLosses.settings = _settings
TestCoinmLosses = CoinmLosses.TestCase
TestCoinmLosses.settings = _settings
