"""What a picture is made of: orders, balances, positions and trades, the same of events as of answers.

Decimals are the text that came. Times are in the unit of what told them, milliseconds unless the connection
asked for microseconds.
"""

from decimal import Decimal
from typing import Final, TypeAlias

import msgspec

__all__ = [
    "NOTHING", "BalanceState", "OrderKey", "OrderState", "PositionKey", "PositionState", "TradeState",
    "is_later", "spelled",
]  # fmt: skip

#: Symbol and order id.
OrderKey: TypeAlias = tuple[str, int]
#: Symbol and side, ``"BOTH"`` where there is one position of a symbol.
PositionKey: TypeAlias = tuple[str, str]

NOTHING: Final = Decimal(0)
_OPEN: Final = frozenset({"NEW", "PENDING_NEW", "PARTIALLY_FILLED", "PENDING_CANCEL"})


class OrderState(msgspec.Struct, frozen=True, kw_only=True):
    """An order after a step of its life; what its market does not have is None."""

    symbol: str
    order_id: int
    client_order_id: str
    side: str
    type: str
    time_in_force: str
    quantity: str
    price: str
    stop_price: str
    status: str
    executed: Decimal
    quote: Decimal | None = None
    created_ms: int = 0
    updated_ms: int = 0
    order_list_id: int = -1
    is_on_book: bool = True
    iceberg_quantity: str | None = None
    quote_quantity: str | None = None
    working_ms: int | None = None
    average_price: str | None = None
    position_side: str | None = None
    reduce_only: bool | None = None
    close_position: bool | None = None
    original_type: str | None = None
    working_type: str | None = None
    price_match: str | None = None
    good_till_ms: int | None = None
    self_trade_prevention_mode: str | None = None
    expiry_reason: str | None = None

    @property
    def key(self) -> OrderKey:
        """Symbol and order id."""
        return self.symbol, self.order_id

    @property
    def is_open(self) -> bool:
        """Whether it may still trade."""
        return self.status in _OPEN


class BalanceState(msgspec.Struct, frozen=True, kw_only=True):
    """Coins of one asset: free and locked on spot and margin, of the wallet and crossed on futures."""

    asset: str
    first: str
    second: str
    updated_ms: int

    def says_as(self, other: "BalanceState | None") -> bool:
        """Whether the amounts are the same; no balance is as good as an empty one."""
        amounts = (Decimal(self.first), Decimal(self.second))
        if other is None:
            return amounts == (NOTHING, NOTHING)
        return amounts == (Decimal(other.first), Decimal(other.second))


class PositionState(msgspec.Struct, frozen=True, kw_only=True):
    """A position of futures."""

    symbol: str
    position_side: str
    amount: str
    entry_price: str
    updated_ms: int
    break_even_price: str | None = None
    unrealized_profit: str | None = None
    margin_type: str | None = None
    isolated_wallet: str | None = None
    margin_asset: str | None = None

    @property
    def key(self) -> PositionKey:
        """Symbol and side."""
        return self.symbol, self.position_side

    def says_as(self, other: "PositionState | None") -> bool:
        """Whether size and entry are the same; no position is as good as an empty one, whatever its entry."""
        amount = Decimal(self.amount)
        if other is None or not amount:
            return amount == (NOTHING if other is None else Decimal(other.amount))
        return (amount, Decimal(self.entry_price)) == (Decimal(other.amount), Decimal(other.entry_price))


class TradeState(msgspec.Struct, frozen=True, kw_only=True):
    """A fill of one order, as asked for."""

    symbol: str
    trade_id: int
    order_id: int
    side: str
    price: str
    quantity: str
    quote_quantity: str | None
    commission: str
    commission_asset: str
    is_maker: bool
    time_ms: int
    realized_profit: str | None = None
    position_side: str | None = None

    @property
    def key(self) -> tuple[str, int, int]:
        """Symbol, trade and order: a trade with oneself fills two orders."""
        return self.symbol, self.trade_id, self.order_id


def is_later(one: OrderState, other: OrderState | None) -> bool:
    """Whether an order has gone on from one state to another: fills only grow, the end is final."""
    if other is None:
        return True
    if one.is_open != other.is_open:
        return other.is_open
    if one.executed != other.executed:
        return one.executed > other.executed
    return one.is_open and one.updated_ms >= other.updated_ms


def spelled(amount: Decimal) -> str:
    """Spell an amount as Binance does, never with an exponent."""
    return format(amount, "f")
