"""Where spot orders work: they wait, meet, trade and end here, and every step is told.

Order of what is told for one action: the ``listStatus`` of a new list, the ``executionReport`` of each order
as it happens, the ``listStatus`` of lists that are done, then one ``outboundAccountPosition`` for each
account whose balances changed.

A stop is triggered by the price at which it would trade: a buy by the crowd's best ask, a sell by its best
bid.
"""

import itertools
from collections import deque
from collections.abc import Callable
from typing import Any, Final

from fastbinance.sim.api.call import ApiError, Product
from fastbinance.sim.trading import spot_events as events
from fastbinance.sim.trading.accounts import Account
from fastbinance.sim.trading.amounts import UNIT, value_above, value_below
from fastbinance.sim.trading.ledger import Ledger
from fastbinance.sim.trading.matching import MarketsView, Match, Pit, Plan, make_plan
from fastbinance.sim.trading.orders import KEPT, OrderRegistry, Status, client_ids
from fastbinance.sim.trading.spot_order import OrderList, PreventedMatch, SpotOrder, Trade
from fastbinance.sim.trading.tickets import Ticket

__all__ = ["COMMISSION_RATE", "SpotFloor", "Tell"]

#: What makers and takers pay, in hundred millionths of what they get.
COMMISSION_RATE: Final = UNIT // 1000

#: Where a user data event goes.
Tell = Callable[[Account, Product, dict[str, Any]], None]

_FIRST_ORDER_ID: Final = 12_569_099_000
_FIRST_TRADE_ID: Final = 1_650_422_000
_FIRST_EXECUTION_ID: Final = 90_000_000_000
_WHOLE_DELTA: Final = 10_000


class SpotFloor:
    """All spot orders of one environment.

    Parameters
    ----------
    markets
        The crowd.
    seed
        Decides the client ids of those who send none.
    tell
        Gets every user data event, at once and in order.
    """

    def __init__(self, markets: MarketsView, *, seed: str, tell: Tell) -> None:
        self.ledger = Ledger()
        self.orders: OrderRegistry[SpotOrder] = OrderRegistry()
        self.trades: dict[tuple[Account, str], deque[Trade]] = {}
        self.prevented: dict[tuple[Account, str], deque[PreventedMatch]] = {}
        self.client_ids = client_ids(f"{seed}/spot")
        self.order_ids = itertools.count(_FIRST_ORDER_ID)
        self.execution_ids = itertools.count(_FIRST_EXECUTION_ID)
        self._markets = markets
        self._tell = tell
        self._pits: dict[str, Pit[SpotOrder]] = {}
        self._stops: dict[str, list[SpotOrder]] = {}
        self._trade_ids = itertools.count(_FIRST_TRADE_ID)
        self._match_ids = itertools.count(1)
        self._done_lists: list[OrderList] = []
        self._ready_lists: list[OrderList] = []

    def pit(self, symbol: str, now_ms: int) -> Pit[SpotOrder]:
        """Give the place where a symbol trades, as it is now; -1121 where there is none."""
        market = self._markets.find("spot", symbol, now_ms)
        if market is None:
            raise ApiError(-1121, "Invalid symbol.")
        pit = self._pits.get(symbol)
        if pit is None:
            pit = self._pits[symbol] = Pit(market)
        pit.look()
        return pit

    def meet(self, symbol: str, now_ms: int) -> Pit[SpotOrder]:
        """Let the open orders of a symbol meet the market as it is now: first those that rest, then stops."""
        pit = self.pit(symbol, now_ms)
        for is_buy in (True, False):
            for order in pit.resting(is_buy):
                self._reach(order, pit, now_ms)
        for order in list(self._stops.get(symbol, ())):
            # One that triggers may have ended another: they were an OCO.
            if order.is_waiting_stop and self.is_triggered(order, pit, now_ms):
                self._trigger(order, pit, now_ms)
        self.flush(now_ms)
        return pit

    def plan(self, order: SpotOrder, pit: Pit[SpotOrder], budget: int | None = None) -> Plan[SpotOrder]:
        """Say what an order would get if it worked now."""
        quote_qty = order.ticket.quote_qty
        return make_plan(
            pit.offers(order.is_buy, order.price),
            order.account,
            qty=None if quote_qty else order.remaining,
            budget=quote_qty or budget,
            lot=pit.rules.lot,
            stp=order.stp,
        )

    def check_maker(self, ticket: Ticket, pit: Pit[SpotOrder]) -> None:
        """Let an order through that must not take, or raise -2010."""
        if next(pit.offers(ticket.is_buy, ticket.price), None) is not None:
            raise ApiError(-2010, "Order would immediately match and take.")

    def reserve(self, orders: list[SpotOrder], pit: Pit[SpotOrder]) -> None:
        """Lock what new orders need that share a lock, or raise -2010."""
        needs = []
        for order in orders:
            need = self.need(order, pit)
            if order.type == "MARKET":
                plan = self.plan(order, pit)
                if order.ticket.quote_qty:
                    # What an order by value asks for is what it can have for it.
                    order.qty = plan.qty
                need = plan.value if order.is_buy else order.qty
            needs.append(need)
        self.ledger.set_hold(orders[0].account, orders[0].hold, max(needs))

    def need(self, order: SpotOrder, pit: Pit[SpotOrder]) -> int:
        """Give what must be locked for the rest of an order; a buy at any price is guessed."""
        if not order.is_buy:
            return order.remaining
        price = order.price or order.ticket.stop_price or pit.best(is_bid=False)
        return value_above(price, order.remaining)

    def start(self, order: SpotOrder, pit: Pit[SpotOrder], now_ms: int) -> None:
        """Let an order begin whose funds are locked: it waits for its stop price, or works."""
        if not order.ticket.is_stop:
            order.working_ms = now_ms
            self.report(order, "NEW", now_ms)
            self._work(order, pit, self.plan(order, pit), now_ms)
            return
        self._stops.setdefault(order.symbol, []).append(order)
        if order.ticket.trailing_delta:
            order.trailing_ms = now_ms
            order.extreme = pit.best(not order.is_buy)
        self.report(order, "NEW", now_ms)

    def end(
        self,
        order: SpotOrder,
        status: Status,
        now_ms: int,
        *,
        reason: str | None = None,
        cancel_id: str | None = None,
        prevented: PreventedMatch | None = None,
    ) -> None:
        """End an open order before it is filled, and what its list makes of it."""
        order.expiry_reason = reason
        order.move(status, now_ms)
        self._leave(order)
        kind = "TRADE_PREVENTION" if prevented is not None else str(status)
        self.report(order, kind, now_ms, cancel_id=cancel_id, prevented=prevented)
        order_list = order.list
        if order_list is None:
            return
        if order_list.contingency == "OTO" and order is order_list.orders[0]:
            # A cancellation cancels what waits for it, an expiry lets it expire.
            for other in order_list.orders[1:]:
                if other.is_open:
                    left = None if status == Status.CANCELED else "OTO_PHASE_ONE_EXPIRED"
                    self.end(other, status, now_ms, reason=left, cancel_id=cancel_id)
        self._look_at(order_list)

    def settle(self, order: SpotOrder, pit: Pit[SpotOrder]) -> None:
        """Lock no more than an order and those that share its lock still need."""
        sharing = order.list.orders if order.list is not None else [order]
        needs = [self.need(one, pit) for one in sharing if one.hold is order.hold and one.is_open]
        self.ledger.set_hold(order.account, order.hold, min(order.hold.amount, max(needs, default=0)))

    def tell_list(self, order_list: OrderList, now_ms: int) -> None:
        """Tell the state of an order list at once."""
        self._tell(order_list.account, "spot", events.list_status(order_list, now_ms))

    def flush(self, now_ms: int) -> None:
        """Start what lists have been waiting for, then tell what lists and balances have become."""
        while self._ready_lists:
            self._begin_pending(self._ready_lists.pop(0), now_ms)
        while self._done_lists:
            self.tell_list(self._done_lists.pop(0), now_ms)
        for account, assets in self.ledger.take_touched().items():
            account.updated_ms = now_ms
            self._tell(account, "spot", events.account_position(account, assets, now_ms))

    def report(
        self,
        order: SpotOrder,
        kind: str,
        now_ms: int,
        *,
        trade: Trade | None = None,
        cancel_id: str | None = None,
        original_id: str | None = None,
        prevented: PreventedMatch | None = None,
        execution_id: int | None = None,
    ) -> None:
        """Tell one step of an order."""
        event = events.execution_report(
            order,
            kind,
            now_ms,
            execution_id=next(self.execution_ids) if execution_id is None else execution_id,
            trade=trade,
            client_id=cancel_id or order.client_id,
            original_id=order.client_id if cancel_id is not None else original_id or "",
            prevented=prevented,
        )
        self._tell(order.account, "spot", event)

    def is_triggered(self, order: SpotOrder, pit: Pit[SpotOrder], now_ms: int) -> bool:
        """Tell whether a stop's price is reached; a trailing one follows the market on the way."""
        ticket = order.ticket
        price = pit.best(not order.is_buy)
        if not ticket.trailing_delta:
            rises = order.is_buy == order.type.startswith("STOP_LOSS")
            return price >= ticket.stop_price if rises else price <= ticket.stop_price
        if order.is_buy:
            order.extreme = min(order.extreme, price)
            return price * _WHOLE_DELTA >= order.extreme * (_WHOLE_DELTA + ticket.trailing_delta)
        order.extreme = max(order.extreme, price)
        return price * _WHOLE_DELTA <= order.extreme * (_WHOLE_DELTA - ticket.trailing_delta)

    def _trigger(self, order: SpotOrder, pit: Pit[SpotOrder], now_ms: int) -> None:
        self._stops[order.symbol].remove(order)
        order.working_ms = order.updated_ms = now_ms
        self._end_exclusive(order, now_ms)
        self.report(order, "NEW", now_ms)
        if order.price:
            self.settle(order, pit)
            self._work(order, pit, self.plan(order, pit), now_ms)
            return
        budget = None
        if order.is_buy:
            budget = order.hold.amount + self.ledger.free(order.account, order.hold.asset)
        plan = self.plan(order, pit, budget)
        self.ledger.set_hold(order.account, order.hold, plan.value if order.is_buy else order.remaining)
        self._work(order, pit, plan, now_ms)

    def _work(self, order: SpotOrder, pit: Pit[SpotOrder], plan: Plan[SpotOrder], now_ms: int) -> None:
        if order.tif == "FOK" and plan.qty < order.remaining:
            self.end(order, Status.EXPIRED, now_ms, reason="UNFILLED_FOK_ORDER_EXPIRED")
            return
        for match in plan.matches:
            if match.is_prevented:
                self._prevent(order, match, now_ms)
            else:
                self._trade(order, match, pit, now_ms)
        if not order.is_open:
            return
        if order.tif == "IOC":
            self.end(order, Status.EXPIRED, now_ms, reason="UNFILLED_IOC_QUANTITY_EXPIRED")
        elif not order.price:
            self.end(order, Status.EXPIRED, now_ms, reason="INSUFFICIENT_LIQUIDITY")
        else:
            pit.rest(order)

    def _reach(self, order: SpotOrder, pit: Pit[SpotOrder], now_ms: int) -> None:
        # The crowd came to the order: it is filled as a maker, at its own price.
        for offer in list(pit.crowd(order.is_buy, order.price)):
            if not order.is_open:
                return
            qty = min(offer.qty, order.remaining)
            pit.take(order.is_buy, offer.price, qty)
            self._fill(order, order.price, qty, pit, next(self._trade_ids), is_maker=True, now_ms=now_ms)

    def _trade(self, order: SpotOrder, match: Match[SpotOrder], pit: Pit[SpotOrder], now_ms: int) -> None:
        trade_id = next(self._trade_ids)
        price, qty, maker, _ = match
        if maker is None:
            pit.take(order.is_buy, price, qty)
        else:
            self._fill(maker, price, qty, pit, trade_id, is_maker=True, now_ms=now_ms, crowd=False)
        self._fill(order, price, qty, pit, trade_id, is_maker=False, now_ms=now_ms, crowd=maker is None)

    def _fill(
        self,
        order: SpotOrder,
        price: int,
        qty: int,
        pit: Pit[SpotOrder],
        trade_id: int,
        *,
        is_maker: bool,
        now_ms: int,
        crowd: bool = True,
    ) -> None:
        instrument = pit.rules.instrument
        value = value_below(price, qty)
        order.fill(qty, value, now_ms)
        paid, got = (value, qty) if order.is_buy else (qty, value)
        asset = instrument.base_asset if order.is_buy else instrument.quote_asset
        fee = value_below(got, COMMISSION_RATE)
        ledger = self.ledger
        ledger.spend(order.account, order.hold, paid)
        ledger.earn(order.account, asset, got, fee)
        if crowd:
            ledger.crowd[order.hold.asset] += paid
            ledger.crowd[asset] -= got
        trade = Trade(trade_id, order, price, qty, value, fee, asset, now_ms, is_maker)
        order.trades.append(trade)
        self.trades.setdefault((order.account, order.symbol), deque(maxlen=KEPT)).append(trade)
        if not order.is_open:
            self._leave(order)
        self.report(order, "TRADE", now_ms, trade=trade)
        self._end_exclusive(order, now_ms)
        if order.is_open and order.price:
            self.settle(order, pit)
        if order.list is not None and not order.is_open:
            if order.list.contingency == "OTO" and order is order.list.orders[0]:
                # Not at once: whoever takes this order now must find the offers that its plan has seen.
                self._ready_lists.append(order.list)
            self._look_at(order.list)

    def _prevent(self, taker: SpotOrder, match: Match[SpotOrder], now_ms: int) -> None:
        maker = match.maker
        assert maker is not None, "the crowd is nobody's own"
        mode = taker.stp
        ends_maker, ends_taker = mode != "EXPIRE_TAKER", mode != "EXPIRE_MAKER"
        prevented = PreventedMatch(
            next(self._match_ids),
            taker,
            maker,
            next(self._trade_ids),
            match.price,
            maker.remaining if ends_maker else None,
            taker.remaining if ends_taker else None,
            now_ms,
        )
        self.prevented.setdefault((taker.account, taker.symbol), deque(maxlen=KEPT)).append(prevented)
        for order, ends in ((maker, ends_maker), (taker, ends_taker)):
            if ends:
                order.prevented.append(prevented)
                self.end(order, Status.EXPIRED_IN_MATCH, now_ms, prevented=prevented)

    def _leave(self, order: SpotOrder) -> None:
        # It may rest, or wait for its price, or for its list; and it may be the last of those that share a
        # lock.
        self.orders.close(order)
        pit = self._pits[order.symbol]
        pit.leave(order)
        stops = self._stops.get(order.symbol, [])
        if order in stops:
            stops.remove(order)
        sharing = order.list.orders if order.list is not None else ()
        if not any(other.is_open and other.hold is order.hold for other in sharing):
            self.ledger.set_hold(order.account, order.hold, 0)

    def _end_exclusive(self, order: SpotOrder, now_ms: int) -> None:
        if order.list is not None:
            for other in order.list.exclusive(order):
                self.end(other, Status.EXPIRED, now_ms, reason="OCO_TRIGGER")

    def _look_at(self, order_list: OrderList) -> None:
        if not order_list.is_done and not any(order.is_open for order in order_list.orders):
            order_list.is_done = True
            self._done_lists.append(order_list)

    def _begin_pending(self, order_list: OrderList, now_ms: int) -> None:
        pit = self.pit(order_list.symbol, now_ms)
        pending = [order for order in order_list.orders[1:] if order.is_open]
        for order in pending:
            if order_list.sizes_pending:
                self._size(order, order_list.orders[0], pit)
            order.move(Status.NEW, now_ms)
        try:
            self._admit_pending(pending, pit)
        except ApiError:
            for order in pending:
                self.end(order, Status.EXPIRED, now_ms, reason="REJECTED")
            return
        for order in pending:
            if order.is_open:  # its pair may have ended it by now
                self.start(order, pit, now_ms)

    def _admit_pending(self, pending: list[SpotOrder], pit: Pit[SpotOrder]) -> None:
        for order in pending:
            pit.rules.check_qty(order.qty)
            if order.type == "LIMIT_MAKER":
                self.check_maker(order.ticket, pit)
        self.reserve(pending, pit)

    def _size(self, order: SpotOrder, working: SpotOrder, pit: Pit[SpotOrder]) -> None:
        # What a buy brought is sold; what a sale brought buys as much as its price allows.
        got = sum((trade.qty if working.is_buy else trade.value) - trade.fee for trade in working.trades)
        if order.is_buy:
            got = got * UNIT // (order.price or order.ticket.stop_price or pit.best(is_bid=False))
        order.qty = got - got % pit.rules.lot
