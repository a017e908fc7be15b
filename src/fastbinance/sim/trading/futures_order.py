"""Orders of futures: what they ask for, and what triggers those that wait for a price."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from fastbinance.sim.trading.accounts import Account
from fastbinance.sim.trading.amounts import UNIT, read_amount
from fastbinance.sim.trading.contracts import Contract
from fastbinance.sim.trading.orders import Order, Side

__all__ = ["LIQUIDATION", "FuturesOrder", "FuturesTicket", "PositionSide", "Trigger", "read_futures_ticket"]

PositionSide = Literal["BOTH", "LONG", "SHORT"]

#: Type of the orders that the exchange closes positions with.
LIQUIDATION: Final = "LIQUIDATION"

_CONDITIONAL: Final = frozenset(
    {"STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET", "TRAILING_STOP_MARKET"}
)
_LIMITED: Final = frozenset({"LIMIT", "STOP", "TAKE_PROFIT"})
_PERCENT: Final = 100


@dataclass(frozen=True, slots=True)
class FuturesTicket:
    """An order of futures as it is asked for; amounts in hundred millionths, 0 where there is none.

    Attributes
    ----------
    stop_price
        Where it triggers.
    activation_price, callback_rate
        Of a trailing stop: where it begins to follow, and how far behind, in percent.
    good_till_ms
        When it expires, 0 for never.
    """

    symbol: str
    side: Side
    type: str
    position_side: PositionSide
    tif: str
    price: int
    qty: int
    reduce_only: bool
    client_id: str | None
    stp: str
    price_match: str
    good_till_ms: int
    stop_price: int
    activation_price: int
    callback_rate: int
    working_type: str
    close_position: bool
    price_protect: bool
    reply: str

    @property
    def is_buy(self) -> bool:
        """Whether it buys."""
        return self.side == "BUY"

    @property
    def is_conditional(self) -> bool:
        """Whether it waits for a price."""
        return self.type in _CONDITIONAL

    @property
    def is_limited(self) -> bool:
        """Whether it has a limit once it works."""
        return self.type in _LIMITED


def read_futures_ticket(
    params: Mapping[str, Any],
    *,
    stop: str = "stopPrice",
    activation: str = "activationPrice",
    client_id: str = "newClientOrderId",
) -> FuturesTicket:
    """Read the parameters of an order; some are called differently where it is an algo order."""
    return FuturesTicket(
        symbol=params["symbol"],
        side=params["side"],
        type=params["type"],
        position_side=params.get("positionSide", "BOTH"),
        tif=params.get("timeInForce", "GTC"),
        price=read_amount(params, "price"),
        qty=read_amount(params, "quantity"),
        reduce_only=params.get("reduceOnly", False),
        client_id=params.get(client_id),
        stp=params.get("selfTradePreventionMode", "NONE"),
        price_match=params.get("priceMatch", "NONE"),
        good_till_ms=params.get("goodTillDate", 0),
        stop_price=read_amount(params, stop),
        activation_price=read_amount(params, activation),
        callback_rate=read_amount(params, "callbackRate"),
        working_type=params.get("workingType", "CONTRACT_PRICE"),
        close_position=params.get("closePosition", False),
        price_protect=params.get("priceProtect", False),
        reply=params.get("newOrderRespType", "ACK"),
    )


class Trigger:
    """The price that a conditional order waits for.

    Parameters
    ----------
    ticket
        The order.
    """

    __slots__ = ("_extreme", "_ticket", "is_active")

    def __init__(self, ticket: FuturesTicket) -> None:
        self._ticket = ticket
        self._extreme = 0
        #: Whether a trailing stop follows the price; others wait from the beginning.
        self.is_active = ticket.type != "TRAILING_STOP_MARKET"

    def is_reached(self, price: int) -> bool:
        """Look at the price, follow it, and tell whether the order is triggered."""
        ticket = self._ticket
        if ticket.type != "TRAILING_STOP_MARKET":
            rises = ticket.is_buy == ticket.type.startswith("STOP")
            return price >= ticket.stop_price if rises else price <= ticket.stop_price
        if not self.is_active:
            wanted = ticket.activation_price
            # A sell follows a price that has risen to where it begins, a buy one that has fallen.
            self.is_active = not wanted or (price <= wanted if ticket.is_buy else price >= wanted)
            self._extreme = price
            return False
        whole = _PERCENT * UNIT
        if ticket.is_buy:
            self._extreme = min(self._extreme, price)
            return price * whole >= self._extreme * (whole + ticket.callback_rate)
        self._extreme = max(self._extreme, price)
        return price * whole <= self._extreme * (whole - ticket.callback_rate)


class FuturesOrder(Order):
    """An order of futures.

    Attributes
    ----------
    contract
        What it trades.
    ticket
        What was asked for.
    trigger
        What it waits for; None once it works.
    good_till_ms
        When it expires, 0 for never.
    cost
        What the filled quantity is worth; see `Contract.cost`.
    modify_id
        Number of the last modification, None before the first.
    """

    __slots__ = ("contract", "cost", "expiry_reason", "good_till_ms", "modify_id", "ticket", "trigger")

    def __init__(
        self,
        account: Account,
        ticket: FuturesTicket,
        contract: Contract,
        *,
        order_id: int,
        client_id: str,
        price: int,
        qty: int,
        now_ms: int,
    ) -> None:
        super().__init__(
            account,
            ticket.symbol,
            ticket.side,
            ticket.type,
            order_id=order_id,
            client_id=client_id,
            tif=ticket.tif,
            price=price,
            qty=qty,
            stp=ticket.stp,
            now_ms=now_ms,
        )
        self.contract = contract
        self.ticket = ticket
        self.trigger: Trigger | None = Trigger(ticket) if ticket.is_conditional else None
        self.good_till_ms = ticket.good_till_ms
        self.cost = 0
        self.modify_id: int | None = None
        self.expiry_reason = 0

    @property
    def position_side(self) -> PositionSide:
        """Position that it changes."""
        return self.ticket.position_side

    @property
    def reduces(self) -> bool:
        """Whether it may only make its position smaller."""
        ticket = self.ticket
        closes_hedge = (ticket.position_side, ticket.side) in (("LONG", "SELL"), ("SHORT", "BUY"))
        return ticket.reduce_only or ticket.close_position or closes_hedge

    @property
    def average_price(self) -> int:
        """Mean price of what is filled, 0 for nothing."""
        return self.contract.price(self.cost, self.executed)
