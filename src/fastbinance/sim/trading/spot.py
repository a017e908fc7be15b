"""What a client does on spot: place, cancel and amend, with everything an order can be rejected for."""

from fastbinance.sim.api.call import ApiError
from fastbinance.sim.trading.accounts import Account
from fastbinance.sim.trading.filters import MOST_OPEN_ORDERS, MOST_STOP_ORDERS
from fastbinance.sim.trading.ledger import Hold
from fastbinance.sim.trading.matching import Pit
from fastbinance.sim.trading.orders import Status
from fastbinance.sim.trading.spot_floor import SpotFloor
from fastbinance.sim.trading.spot_order import Amendment, OrderList, SpotOrder
from fastbinance.sim.trading.tickets import Ticket, not_simulated

__all__ = ["SpotEngine"]


class SpotEngine(SpotFloor):
    """Spot's floor with a door: nothing gets onto it that Binance would reject."""

    @property
    def has_open_orders(self) -> bool:
        """Whether there is anything that `step` might fill."""
        return next(self.orders.all_open(), None) is not None

    def step(self, now_ms: int) -> None:
        """Let every open order meet its market."""
        for symbol in dict.fromkeys(order.symbol for order in list(self.orders.all_open())):
            self.meet(symbol, now_ms)

    def meet_open(self, account: Account, now_ms: int) -> None:
        """Let what an account has open meet its markets."""
        for symbol in dict.fromkeys(order.symbol for order in self.orders.open_of(account)):
            self.meet(symbol, now_ms)

    def check(self, ticket: Ticket, pit: Pit[SpotOrder], *, has_qty: bool = True) -> None:
        """Let an order through what needs no account: the filters of its symbol, and what is simulated.

        Parameters
        ----------
        ticket
            The order.
        pit
            Where it would trade.
        has_qty
            False for an order whose quantity is not known yet.
        """
        rules = pit.rules
        if ticket.trailing_delta:
            rules.check_delta(ticket.trailing_delta)
            if ticket.stop_price or not ticket.type.startswith("STOP_LOSS"):
                raise not_simulated("trailing orders with a stopPrice or that take a profit are")
        elif ticket.is_stop:
            rules.check_price(ticket.stop_price)
        if "LIMIT" in ticket.type:
            rules.check_price(ticket.price)
        if not has_qty:
            return
        if ticket.type == "MARKET" and not ticket.qty:
            if ticket.quote_qty < rules.least_value:
                raise ApiError(-1013, "Filter failure: MIN_NOTIONAL")
            return
        rules.check_qty(ticket.qty, is_market=ticket.type == "MARKET")
        if ticket.iceberg_qty:
            rules.check_qty(ticket.iceberg_qty)
        rules.check_value(ticket.price or ticket.stop_price or pit.best(not ticket.is_buy), ticket.qty)

    def admit(
        self, account: Account, ticket: Ticket, pit: Pit[SpotOrder], now_ms: int, hold: Hold | None = None
    ) -> SpotOrder:
        """Make an order for which nothing is locked yet, or raise what it is rejected for.

        Parameters
        ----------
        account, ticket, pit
            Whose order it is, what it is, and where it trades.
        now_ms
            Its time.
        hold
            The lock that it shares with another order.
        """
        self.check(ticket, pit)
        self._check_room(account, ticket)
        client_id = self.client_id(account, ticket)
        if ticket.type == "LIMIT_MAKER":
            self.check_maker(ticket, pit)
        order = SpotOrder(
            account,
            ticket,
            order_id=next(self.order_ids),
            client_id=client_id,
            hold=hold or Hold(self.asset_of(ticket, pit)),
            now_ms=now_ms,
        )
        if ticket.is_stop and not ticket.trailing_delta and self.is_triggered(order, pit, now_ms):
            raise ApiError(-2010, "Order would trigger immediately.")
        return order

    def client_id(self, account: Account, ticket: Ticket) -> str:
        """Give the client id of a new order: its own, or one that is made for it."""
        if ticket.client_id is None:
            return next(self.client_ids)
        if self.orders.is_taken(account, ticket.symbol, ticket.client_id):
            raise ApiError(-2010, "Duplicate order sent.")
        return ticket.client_id

    def asset_of(self, ticket: Ticket, pit: Pit[SpotOrder]) -> str:
        """Name what an order locks."""
        instrument = pit.rules.instrument
        return instrument.quote_asset if ticket.is_buy else instrument.base_asset

    def place(self, account: Account, ticket: Ticket, now_ms: int) -> SpotOrder:
        """Take an order in and match it, or raise what it is rejected for."""
        pit = self.meet(ticket.symbol, now_ms)
        order = self.admit(account, ticket, pit, now_ms)
        self.reserve([order], pit)
        self.orders.add(order)
        self.start(order, pit, now_ms)
        self.flush(now_ms)
        return order

    def cancel(self, order: SpotOrder, client_id: str | None, now_ms: int) -> str:
        """Cancel an open order, and its whole list; gives the client id of the cancellation."""
        cancel_id = client_id or next(self.client_ids)
        orders = [order] if order.list is None else order.list.orders
        for one in orders:
            if one.is_open:
                self.end(one, Status.CANCELED, now_ms, cancel_id=cancel_id)
        self.flush(now_ms)
        return cancel_id

    def cancel_list(self, order_list: OrderList, client_id: str | None, now_ms: int) -> str:
        """Cancel the open orders of a list; gives the client id of the cancellation."""
        return self.cancel(order_list.orders[0], client_id, now_ms)

    def amend(
        self, order: SpotOrder, qty: int, client_id: str | None, pit: Pit[SpotOrder], now_ms: int
    ) -> Amendment:
        """Lower the quantity of an open order, which keeps its place; or raise -1013 or -2038."""
        pit.rules.check_qty(qty)
        if qty > order.qty:
            raise ApiError(-2038, "Order amend (quantity increase) is not supported.")
        if qty == order.qty or qty <= order.executed:
            raise ApiError(-2038, "The requested action would change no state; rejecting.")
        amendment = Amendment(
            next(self.execution_ids),
            order.client_id,
            client_id or next(self.client_ids),
            order.qty,
            qty,
            now_ms,
        )
        order.qty = qty
        self.orders.rename(order, amendment.new_client_id)
        order.updated_ms = now_ms
        order.amendments.append(amendment)
        self.settle(order, pit)
        self.report(
            order,
            "REPLACED",
            now_ms,
            original_id=amendment.old_client_id,
            execution_id=amendment.execution_id,
        )
        self.flush(now_ms)
        return amendment

    def _check_room(self, account: Account, ticket: Ticket) -> None:
        open_orders = self.orders.open_of(account, ticket.symbol)
        if len(open_orders) >= MOST_OPEN_ORDERS:
            raise ApiError(-1013, "Filter failure: MAX_NUM_ORDERS")
        if ticket.is_stop and sum(order.is_waiting_stop for order in open_orders) >= MOST_STOP_ORDERS:
            raise ApiError(-1013, "Filter failure: MAX_NUM_ALGO_ORDERS")
