"""What a client does on USD-M or COIN-M: place, modify and cancel, with what an order can be rejected for."""

from dataclasses import replace
from typing import Final

from fastbinance.sim.api.call import ApiError
from fastbinance.sim.trading.accounts import Account
from fastbinance.sim.trading.amounts import UNIT
from fastbinance.sim.trading.futures_floor import FuturesFloor
from fastbinance.sim.trading.futures_order import FuturesOrder, FuturesTicket, Trigger
from fastbinance.sim.trading.matching import Pit
from fastbinance.sim.trading.orders import Status

__all__ = ["FuturesEngine"]

_LEAST_VALUE: Final = 5 * UNIT
_NOT_MAKER: Final = (
    "Due to the order could not be executed as maker, the Post Only order will be rejected. "
    "The order will not be recorded in the order history"
)
_NOT_FILLED: Final = (
    "Due to the order could not be filled immediately, the FOK order has been rejected. "
    "The order will not be recorded in the order history"
)
_REDUCE_ONLY: Final = "ReduceOnly Order is rejected."


class FuturesEngine(FuturesFloor):
    """A floor of futures with a door: nothing gets onto it that Binance would reject."""

    @property
    def has_open_orders(self) -> bool:
        """Whether there is anything that `step` might fill."""
        return next(self.all_open(), None) is not None

    def step(self, now_ms: int) -> None:
        """Let every open order meet its market."""
        for symbol in dict.fromkeys(order.symbol for order in list(self.all_open())):
            self.meet(symbol, now_ms)

    def admit(self, account: Account, ticket: FuturesTicket, now_ms: int) -> FuturesOrder:
        """Make an order that is not known yet, or raise what it is rejected for."""
        pit = self.meet(ticket.symbol, now_ms)
        self.check_side(account, ticket)
        price = self.price(ticket.price, ticket.price_match, ticket.is_buy, pit)
        if ticket.is_limited:
            self.check_price(price, pit)
        if not ticket.close_position:
            self.check_qty(ticket.qty, pit)
        client_id = ticket.client_id
        if client_id is None:
            client_id = next(self.client_ids)
        elif self.orders.is_taken(account, ticket.symbol, client_id):
            raise ApiError(-4116, "ClientOrderId is duplicated.")
        order = FuturesOrder(
            account,
            ticket,
            self.contract(ticket.symbol, now_ms),
            order_id=next(self.order_ids),
            client_id=client_id,
            price=price,
            qty=ticket.qty,
            now_ms=now_ms,
        )
        self.check_funds(order, pit, now_ms)
        if order.trigger is None:
            self._check_time_in_force(order, pit)
        else:
            self.check_trigger(order.trigger, ticket, pit)
        return order

    def triggered(self, account: Account, ticket: FuturesTicket, now_ms: int) -> FuturesTicket:
        """Give the plain order that a conditional one places once it is triggered."""
        qty = ticket.qty
        if ticket.close_position:
            position = self.portfolio(account).position(
                self.contract(ticket.symbol, now_ms), ticket.position_side
            )
            qty = max(0, -position.amount if ticket.is_buy else position.amount)
        return replace(ticket, type="LIMIT" if ticket.is_limited else "MARKET", qty=qty, client_id=None)

    def place(self, account: Account, ticket: FuturesTicket, now_ms: int) -> FuturesOrder:
        """Take an order in and match it, or raise what it is rejected for."""
        order = self.admit(account, ticket, now_ms)
        self.start(order, self.pit(order.symbol, now_ms), now_ms)
        return order

    def cancel(self, order: FuturesOrder, now_ms: int) -> None:
        """Cancel an open order."""
        self.end(order, Status.CANCELED, now_ms)

    def modify(self, order: FuturesOrder, price: int, qty: int, modify_id: int | None, now_ms: int) -> None:
        """Give an open limit order another price and quantity, which costs it its place.

        Raises
        ------
        ApiError
            -5027: nothing would change; or what a new order would be rejected for.
        """
        pit = self.pit(order.symbol, now_ms)
        self.check_price(price, pit)
        self.check_qty(qty, pit)
        if (price, qty) == (order.price, order.qty):
            raise ApiError(-5027, "No need to modify the order.")
        before = order.price, order.qty
        order.price, order.qty = price, max(qty, order.executed)
        try:
            if order.remaining:
                self.check_funds(order, pit, now_ms, is_known=True)
                self._check_time_in_force(order, pit)
        except ApiError:
            order.price, order.qty = before
            raise
        pit.leave(order)
        order.modify_id = (order.modify_id or 0) + 1 if modify_id is None else modify_id
        order.updated_ms = now_ms
        if not order.remaining:
            # No more is wanted than is filled already.
            order.qty = before[1]
            self.end(order, Status.CANCELED, now_ms)
            return
        self.report(order, "AMENDMENT", now_ms)
        self.work(order, pit, now_ms)

    def price(self, price: int, price_match: str, is_buy: bool, pit: Pit[FuturesOrder]) -> int:
        """Give the limit of an order, which may be that of others."""
        return price if price_match == "NONE" else _matched(price_match, is_buy, pit)

    def check_trigger(self, trigger: Trigger, ticket: FuturesTicket, pit: Pit[FuturesOrder]) -> None:
        """Let a condition through that is not there yet; a trailing one may be anywhere."""
        if ticket.type == "TRAILING_STOP_MARKET":
            return
        self.check_price(ticket.stop_price, pit)
        if trigger.is_reached(self.working_price(ticket.is_buy, ticket.working_type, pit)):
            raise ApiError(-2021, "Order would immediately trigger.")

    def check_side(self, account: Account, ticket: FuturesTicket) -> None:
        """Let an order through that fits the account's position mode."""
        if (ticket.position_side != "BOTH") != account.hedge_mode:
            raise ApiError(-4061, "Order's position side does not match user's setting.")
        if ticket.reduce_only and (account.hedge_mode or ticket.close_position):
            raise ApiError(-1106, "Parameter 'reduceonly' sent when not required.")

    def check_price(self, price: int, pit: Pit[FuturesOrder]) -> None:
        """Let a price on the grid through."""
        rules = pit.rules
        if price <= 0:
            raise ApiError(-4001, "Price less than 0.")
        if price > rules.max_price:
            raise ApiError(-4002, "Price greater than max price.")
        if price * 10**rules.price_decimals % UNIT:
            raise ApiError(-1111, "Precision is over the maximum defined for this asset.")
        if price % rules.tick:
            raise ApiError(-4014, "Price not increased by tick size.")

    def check_qty(self, qty: int, pit: Pit[FuturesOrder]) -> None:
        """Let a whole number of lots through."""
        rules = pit.rules
        if qty <= 0:
            raise ApiError(-4003, "Quantity less than or equal to zero.")
        if qty > rules.max_qty:
            raise ApiError(-4005, "Quantity greater than max quantity.")
        if qty % rules.lot:
            raise ApiError(-1111, "Precision is over the maximum defined for this asset.")

    def check_funds(
        self, order: FuturesOrder, pit: Pit[FuturesOrder], now_ms: int, *, is_known: bool = False
    ) -> None:
        """Let an order through that the wallet or the position is enough for.

        Parameters
        ----------
        order
            With the price and quantity that it shall have.
        pit
            Where it trades.
        now_ms
            Its time.
        is_known
            True for an order that is open already.
        """
        if order.reduces:
            closable = self.closable(order)
            # One that waits for its price meets the position that there is then.
            if order.trigger is None and not 0 < order.remaining <= closable:
                raise ApiError(-2022, _REDUCE_ONLY)
            return
        contract = order.contract
        price = order.price or pit.middle()
        if not contract.is_inverse and contract.value(price, order.qty) < _LEAST_VALUE:
            raise ApiError(
                -4164, "Order's notional must be no smaller than 5 (unless you choose reduce only)."
            )
        extra = [] if is_known else [order]
        margin = self.margin(order.account, contract.margin_asset, now_ms, extra)
        others = self.margin(order.account, contract.margin_asset, now_ms) if not is_known else None
        # What makes the largest possible position no larger needs no money.
        if (others is None or margin.initial > others.initial) and margin.balance < margin.initial:
            raise ApiError(-2019, "Margin is insufficient.")

    def _check_time_in_force(self, order: FuturesOrder, pit: Pit[FuturesOrder]) -> None:
        if order.tif == "GTX" and next(pit.offers(order.is_buy, order.price), None) is not None:
            raise ApiError(-5022, _NOT_MAKER)
        if order.tif == "FOK" and self.plan(order, pit).qty < order.remaining:
            raise ApiError(-5021, _NOT_FILLED)


def _matched(price_match: str, is_buy: bool, pit: Pit[FuturesOrder]) -> int:
    # The opponent's price, or that of the queue to stand in, at a rank of the crowd's book.
    kind, _, rank = price_match.partition("_")
    is_bid = is_buy == (kind == "QUEUE")
    return pit.level(is_bid, int(rank or 1) - 1)
