"""What spot's engine keeps: orders, their trades, lists of orders, and trades that were prevented."""

from dataclasses import dataclass, field
from typing import Literal

from fastbinance.sim.trading.accounts import Account
from fastbinance.sim.trading.ledger import Hold
from fastbinance.sim.trading.orders import Order, Status
from fastbinance.sim.trading.tickets import Ticket

__all__ = ["Amendment", "OrderList", "PreventedMatch", "SpotOrder", "Trade"]


@dataclass(frozen=True, slots=True)
class Trade:
    """One side of an execution; amounts in hundred millionths."""

    trade_id: int
    order: "SpotOrder"
    price: int
    qty: int
    value: int
    fee: int
    fee_asset: str
    time_ms: int
    is_maker: bool


@dataclass(frozen=True, slots=True)
class PreventedMatch:
    """A trade with oneself that did not happen."""

    match_id: int
    taker: "SpotOrder"
    maker: "SpotOrder"
    group_id: int
    price: int
    maker_qty: int | None
    taker_qty: int | None
    time_ms: int


@dataclass(frozen=True, slots=True)
class Amendment:
    """A quantity that was lowered."""

    execution_id: int
    old_client_id: str
    new_client_id: str
    old_qty: int
    new_qty: int
    time_ms: int


class SpotOrder(Order):
    """A spot order.

    Attributes
    ----------
    ticket
        What was asked for. Quantity and client id of the order itself may be amended.
    working_ms
        Since when it can be matched; None while it waits for its stop price or for its list.
    hold
        What is locked for it; an order list's orders share one.
    extreme
        Best price that a trailing stop has seen, 0 before it follows.
    trailing_ms
        Since when it follows.
    """

    __slots__ = (
        "amendments", "expiry_reason", "extreme", "hold", "list", "prevented", "ticket", "trades",
        "trailing_ms", "working_ms",
    )  # fmt: skip

    def __init__(
        self, account: Account, ticket: Ticket, *, order_id: int, client_id: str, hold: Hold, now_ms: int
    ) -> None:
        super().__init__(
            account,
            ticket.symbol,
            ticket.side,
            ticket.type,
            order_id=order_id,
            client_id=client_id,
            tif=ticket.tif,
            price=ticket.price,
            qty=ticket.qty,
            stp=ticket.stp,
            now_ms=now_ms,
        )
        self.ticket = ticket
        self.hold = hold
        self.extreme = 0
        self.trailing_ms: int | None = None
        self.working_ms: int | None = None
        self.list: OrderList | None = None
        self.trades: list[Trade] = []
        self.prevented: list[PreventedMatch] = []
        self.amendments: list[Amendment] = []
        self.expiry_reason: str | None = None

    @property
    def list_id(self) -> int:
        """Number of its order list, -1 for none."""
        return -1 if self.list is None else self.list.list_id

    @property
    def is_waiting_stop(self) -> bool:
        """Whether it waits for its price."""
        return self.ticket.is_stop and self.working_ms is None and self.status == Status.NEW

    @property
    def prevented_qty(self) -> int:
        """What was not traded since it would have been traded with oneself."""
        amounts = [match.maker_qty if match.maker is self else match.taker_qty for match in self.prevented]
        return sum(amount or 0 for amount in amounts)


@dataclass(slots=True, eq=False)
class OrderList:
    """Orders that depend on each other.

    Attributes
    ----------
    contingency
        ``OCO``: one is filled or triggered and the other expires. ``OTO``: the first is filled, and the
        others are placed, as an OCO where there are two.
    orders
        As they are told; of an OTO the working one comes first.
    sizes_pending
        The others sell or spend what the first brought (OPO, OPOCO).
    """

    list_id: int
    client_id: str
    contingency: Literal["OCO", "OTO"]
    account: Account
    symbol: str
    time_ms: int
    sizes_pending: bool = False
    is_done: bool = False
    orders: list[SpotOrder] = field(default_factory=list)

    def exclusive(self, order: SpotOrder) -> list[SpotOrder]:
        """Give the open orders that cannot live on once this one is filled or triggered."""
        if self.contingency == "OTO" and order is self.orders[0]:
            return []
        others = self.orders if self.contingency == "OCO" else self.orders[1:]
        return [other for other in others if other is not order and other.is_open]
