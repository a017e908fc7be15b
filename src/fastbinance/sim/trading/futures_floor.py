"""Where orders of USD-M or COIN-M work: they wait, meet, trade and end here, and every step is told.

Order of what is told for a fill: ``TRADE_LITE`` (USD-M), ``ACCOUNT_UPDATE``, ``ORDER_TRADE_UPDATE``.

The mark price is the middle of the crowd's best prices. Nobody is liquidated, and
there is no funding, unless one asks for it.
"""

import itertools
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, Literal, NamedTuple

from fastbinance.sim.api.call import ApiError, Product
from fastbinance.sim.trading import futures_events as events
from fastbinance.sim.trading.accounts import Account
from fastbinance.sim.trading.amounts import UNIT, value_below
from fastbinance.sim.trading.contracts import Contract
from fastbinance.sim.trading.futures_order import LIQUIDATION, FuturesOrder
from fastbinance.sim.trading.matching import MarketsView, Match, Pit, Plan, make_plan
from fastbinance.sim.trading.orders import KEPT, OrderRegistry, Status, client_ids
from fastbinance.sim.trading.positions import Margin, Portfolio

__all__ = ["FuturesFloor", "PastTrade"]

#: Where a user data event goes.
Tell = Callable[[Account, Product, dict[str, Any]], None]

# Hundred millionths of what an order is worth.
_MAKER_RATE: Final = UNIT * 2 // 10_000
_TAKER_RATE: Final = UNIT * 5 // 10_000
_FIRST_ORDER_ID: Final = 8_886_774_000
_FIRST_TRADE_ID: Final = 6_500_000_000
# Binance's numbers of why an order expired.
_NO_REASON: Final = 0
_SELF_TRADE: Final = 1
_IMMEDIATE: Final = 2
_UNMATCHED: Final = 4


class PastTrade(NamedTuple):
    """One side of an execution, for those who ask later."""

    order: FuturesOrder
    trade: events.FuturesTrade
    time_ms: int


class FuturesFloor:
    """All orders and positions of one product in one environment.

    Parameters
    ----------
    product
        ``usdm`` or ``coinm``.
    markets
        The crowd.
    seed
        Decides the client ids of those who send none.
    tell
        Gets every user data event, at once and in order.
    """

    def __init__(
        self, product: Literal["usdm", "coinm"], markets: MarketsView, *, seed: str, tell: Tell
    ) -> None:
        self.product: Product = product
        self.markets = markets
        self.orders: OrderRegistry[FuturesOrder] = OrderRegistry()
        #: The newest trades of an account on a symbol, oldest first.
        self.trades: dict[tuple[Account, str], deque[PastTrade]] = {}
        self.fees: Counter[str] = Counter()
        self.client_ids = client_ids(f"{seed}/{product}")
        self.order_ids = itertools.count(_FIRST_ORDER_ID)
        #: Called with every order that ends, after it is told.
        self.on_end: list[Callable[[FuturesOrder, int], None]] = []
        self._tell = tell
        self._pits: dict[str, Pit[FuturesOrder]] = {}
        self._contracts: dict[str, Contract] = {}
        self._stops: dict[str, list[FuturesOrder]] = {}
        self._portfolios: dict[Account, Portfolio] = {}
        self._trade_ids = itertools.count(_FIRST_TRADE_ID)

    def pit(self, symbol: str, now_ms: int) -> Pit[FuturesOrder]:
        """Give the place where a symbol trades, as it is now; -1121 where there is none."""
        market = self.markets.find(self.product, symbol, now_ms)
        if market is None:
            raise ApiError(-1121, "Invalid symbol.")
        pit = self._pits.get(symbol)
        if pit is None:
            pit = self._pits[symbol] = Pit(market)
            self._contracts[symbol] = Contract(market.instrument)
        pit.look()
        return pit

    def contract(self, symbol: str, now_ms: int) -> Contract:
        """Give what a symbol's contracts are worth; -1121 where there is none."""
        self.pit(symbol, now_ms)
        return self._contracts[symbol]

    def portfolio(self, account: Account) -> Portfolio:
        """Give the positions of an account."""
        return self._portfolios.setdefault(account, Portfolio(account, self.product))

    def marks(self, now_ms: int) -> Callable[[str], int]:
        """Give the mark prices of now."""
        return lambda symbol: self.pit(symbol, now_ms).middle()

    def margin(self, account: Account, asset: str, now_ms: int, extra: Iterable[FuturesOrder] = ()) -> Margin:
        """Reckon the wallet of an account, as if some more orders were open."""
        orders = [*self.orders.open_of(account), *extra]
        return self.portfolio(account).margin(asset, orders, self.marks(now_ms))

    def meet_open(self, account: Account, now_ms: int) -> None:
        """Let what an account has open meet its markets."""
        for symbol in dict.fromkeys(order.symbol for order in self.orders.open_of(account)):
            self.meet(symbol, now_ms)

    def meet(self, symbol: str, now_ms: int) -> Pit[FuturesOrder]:
        """Let the open orders of a symbol meet the market as it is now: first those that rest, then stops."""
        pit = self.pit(symbol, now_ms)
        for is_buy in (True, False):
            for order in pit.resting(is_buy):
                if order.is_open and order.good_till_ms and order.good_till_ms <= now_ms:
                    self.end(order, Status.EXPIRED, now_ms)
                elif order.is_open:
                    self._reach(order, pit, now_ms)
        for order in list(self._stops.get(symbol, ())):
            trigger = order.trigger
            if trigger is not None and order.is_open:
                price = self.working_price(order.is_buy, order.ticket.working_type, pit)
                if trigger.is_reached(price):
                    self._trigger(order, pit, now_ms)
        return pit

    def working_price(self, is_buy: bool, working_type: str, pit: Pit[FuturesOrder]) -> int:
        """Give the price that triggers look at: the mark price, or the one at which one would trade."""
        return pit.middle() if working_type == "MARK_PRICE" else pit.best(not is_buy)

    def plan(self, order: FuturesOrder, pit: Pit[FuturesOrder]) -> Plan[FuturesOrder]:
        """Say what an order would get if it worked now."""
        return make_plan(
            pit.offers(order.is_buy, order.price),
            order.account,
            qty=min(order.remaining, self.closable(order)) if order.reduces else order.remaining,
            budget=None,
            lot=pit.rules.lot,
            stp=order.stp,
        )

    def closable(self, order: FuturesOrder) -> int:
        """Give how much of its position an order may close."""
        amount = self.portfolio(order.account).position(order.contract, order.position_side).amount
        return max(0, -amount if order.is_buy else amount)

    def start(self, order: FuturesOrder, pit: Pit[FuturesOrder], now_ms: int) -> None:
        """Let an order begin that is let in: it waits for its price, or works."""
        self.orders.add(order)
        self.report(order, "NEW", now_ms)
        if order.trigger is not None:
            self._stops.setdefault(order.symbol, []).append(order)
        else:
            self.work(order, pit, now_ms)

    def work(self, order: FuturesOrder, pit: Pit[FuturesOrder], now_ms: int) -> None:
        """Let an order take what it can, and rest or expire."""
        plan = self.plan(order, pit)
        for match in plan.matches:
            if match.is_prevented:
                self._prevent(order, match, now_ms)
            else:
                self._trade(order, match, pit, now_ms)
        if not order.is_open:
            return
        if plan.is_stopped:
            self.end(order, Status.EXPIRED_IN_MATCH, now_ms, reason=_SELF_TRADE)
        elif order.tif == "IOC":
            self.end(order, Status.EXPIRED, now_ms, reason=_IMMEDIATE)
        elif not order.price:
            self.end(order, Status.EXPIRED, now_ms, reason=_UNMATCHED)
        else:
            pit.rest(order)

    def end(self, order: FuturesOrder, status: Status, now_ms: int, *, reason: int = _NO_REASON) -> None:
        """End an open order before it is filled."""
        order.expiry_reason = reason
        order.move(status, now_ms)
        self._leave(order)
        self.report(order, "CANCELED" if status == Status.CANCELED else "EXPIRED", now_ms)
        self._ended(order, now_ms)

    def report(
        self, order: FuturesOrder, kind: str, now_ms: int, trade: events.FuturesTrade | None = None
    ) -> None:
        """Tell one step of an order."""
        open_value = (
            order.contract.value(order.price, order.remaining) if order.price and order.is_open else 0
        )
        event = events.order_trade_update(
            order, self.product, kind, now_ms, trade=trade, open_value=open_value
        )
        self._tell(order.account, self.product, event)

    def tell(self, account: Account, event: dict[str, Any]) -> None:
        """Tell what is not about an order of this floor."""
        self._tell(account, self.product, event)

    def all_open(self) -> Iterator[FuturesOrder]:
        """Give every open order of everybody."""
        return self.orders.all_open()

    def _trigger(self, order: FuturesOrder, pit: Pit[FuturesOrder], now_ms: int) -> None:
        self._stops[order.symbol].remove(order)
        order.trigger = None
        order.type = "LIMIT" if order.ticket.is_limited else "MARKET"
        order.updated_ms = now_ms
        if order.ticket.close_position:
            order.qty = self.closable(order)
        if order.reduces and not self.closable(order):
            self.end(order, Status.EXPIRED, now_ms)
            return
        self.report(order, "NEW", now_ms)
        self.work(order, pit, now_ms)

    def _reach(self, order: FuturesOrder, pit: Pit[FuturesOrder], now_ms: int) -> None:
        # The crowd came to the order: it is filled as a maker, at its own price.
        for offer in list(pit.crowd(order.is_buy, order.price)):
            if not order.is_open:
                return
            qty = min(offer.qty, order.remaining)
            if order.reduces:
                qty = min(qty, self.closable(order))
                if not qty:
                    self.end(order, Status.EXPIRED, now_ms)
                    return
            pit.take(order.is_buy, offer.price, qty)
            self._fill(order, order.price, qty, pit, next(self._trade_ids), is_maker=True, now_ms=now_ms)

    def _trade(
        self, order: FuturesOrder, match: Match[FuturesOrder], pit: Pit[FuturesOrder], now_ms: int
    ) -> None:
        trade_id = next(self._trade_ids)
        price, qty, maker, _ = match
        if maker is None:
            pit.take(order.is_buy, price, qty)
        else:
            if maker.reduces:
                qty = min(qty, self.closable(maker))
            if not qty:
                self.end(maker, Status.EXPIRED, now_ms)
                return
            self._fill(maker, price, qty, pit, trade_id, is_maker=True, now_ms=now_ms)
        self._fill(order, price, qty, pit, trade_id, is_maker=False, now_ms=now_ms)

    def _fill(
        self,
        order: FuturesOrder,
        price: int,
        qty: int,
        pit: Pit[FuturesOrder],
        trade_id: int,
        *,
        is_maker: bool,
        now_ms: int,
    ) -> None:
        contract = order.contract
        order.fill(qty, contract.value(price, qty), now_ms)
        order.cost += contract.cost(price, qty)
        position = self.portfolio(order.account).position(contract, order.position_side)
        profit = position.trade(qty if order.is_buy else -qty, price, now_ms)
        fee = value_below(contract.value(price, qty), _MAKER_RATE if is_maker else _TAKER_RATE)
        wallet = order.account.balance(self.product, contract.margin_asset)
        wallet.free += profit - fee
        self.fees[contract.margin_asset] += fee
        if not order.is_open:
            self._leave(order)
        trade = events.FuturesTrade(trade_id, price, qty, fee, profit, is_maker)
        kept = self.trades.setdefault((order.account, order.symbol), deque(maxlen=KEPT))
        kept.append(PastTrade(order, trade, now_ms))
        if self.product == "usdm":
            self._tell(order.account, self.product, events.trade_lite(order, trade, now_ms))
        self._tell_account(order, wallet.free, now_ms)
        self.report(order, "CALCULATED" if order.type == LIQUIDATION else "TRADE", now_ms, trade)
        self._ended(order, now_ms)

    def _tell_account(self, order: FuturesOrder, wallet: int, now_ms: int) -> None:
        # USD-M tells the positions that changed, COIN-M all of them.
        portfolio = self.portfolio(order.account)
        changed = [
            position
            for position in portfolio.positions()
            if self.product == "coinm"
            or (position.symbol == order.symbol and position.side == order.position_side)
        ]
        marks = self.marks(now_ms)
        event = events.account_update(
            self.product,
            order.account.uid,
            "ORDER",
            now_ms,
            asset=order.contract.margin_asset,
            wallet=wallet,
            change=0,
            positions=[(position, marks(position.symbol)) for position in changed],
        )
        self._tell(order.account, self.product, event)

    def _prevent(self, taker: FuturesOrder, match: Match[FuturesOrder], now_ms: int) -> None:
        assert match.maker is not None, "the crowd is nobody's own"
        if taker.stp != "EXPIRE_TAKER":
            self.end(match.maker, Status.EXPIRED_IN_MATCH, now_ms, reason=_SELF_TRADE)

    def _leave(self, order: FuturesOrder) -> None:
        self.orders.close(order)
        self._pits[order.symbol].leave(order)
        stops = self._stops.get(order.symbol, [])
        if order in stops:
            stops.remove(order)

    def _ended(self, order: FuturesOrder, now_ms: int) -> None:
        if not order.is_open:
            for hear in self.on_end:
                hear(order, now_ms)
