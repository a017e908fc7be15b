"""Fills, told once: the first news of a trade counts, and one update completes it.

Binance tells of a fill up to three times: in the answer to the order, in ``TRADE_LITE``, and in the event of
the order. Whichever comes first is the news; what it lacks is told later, once, if the event of the order
knows it.
"""

from collections.abc import Hashable, Iterable
from typing import Final, Literal, TypeAlias

import msgspec

from fastbinance.answers import OrderPlaced
from fastbinance.user_events import ExecutionReport, OrderTradeUpdate, TradeLite, UserEvent

__all__ = ["Fill", "FillUpdate", "Fills"]

Source: TypeAlias = Literal["answer", "lite", "order"]

# What a first copy may lack.
_COMPLETED: Final = (
    "commission", "commission_asset", "realized_profit", "is_maker", "position_side", "transaction_ms",
    "client_order_id",
)  # fmt: skip
# Liquidations and settlements fill as CALCULATED.
_FILLED: Final = frozenset({"TRADE", "CALCULATED"})


class Fill(msgspec.Struct, frozen=True, kw_only=True):
    """One fill of one order. Decimals are the text that came.

    Attributes
    ----------
    account : str
        Kind of account.
    symbol : str
        Symbol.
    trade_id : int
        Binance's number of the trade; -1 where smart order routing made it, which `allocation_id` names.
    order_id : int
        The order that was filled. A trade with oneself fills two orders, and is told for each.
    client_order_id : str or None
        Our name of the order.
    side : str or None
        ``"BUY"`` or ``"SELL"``.
    price, quantity : str
        Price in the quote asset; quantity in the base asset, in contracts on COIN-M.
    source : str
        What told it first: ``"answer"``, ``"lite"`` or ``"order"``.
    commission, commission_asset : str or None
        What Binance took; None as long as nothing told it.
    realized_profit : str or None
        Profit of a futures position that the fill realized.
    is_maker : bool or None
        Whether the order was in the book.
    position_side : str or None
        Position of futures that it belongs to.
    transaction_ms : int or None
        When it happened, in the unit of the connection that told it.
    allocation_id : int or None
        Number of the allocation of smart order routing.
    recovered : bool
        Found by asking, because its event was missed.
    """

    account: str
    symbol: str
    trade_id: int
    order_id: int
    client_order_id: str | None = None
    side: str | None = None
    price: str
    quantity: str
    source: Source
    commission: str | None = None
    commission_asset: str | None = None
    realized_profit: str | None = None
    is_maker: bool | None = None
    position_side: str | None = None
    transaction_ms: int | None = None
    allocation_id: int | None = None
    recovered: bool = False


class FillUpdate(msgspec.Struct, frozen=True, kw_only=True):
    """What the first news of a fill lacked.

    Attributes
    ----------
    fill : Fill
        The whole fill; its `source` is still that of the first news.
    completed : tuple of str
        Names of the attributes that were None until now.
    """

    fill: Fill
    completed: tuple[str, ...]


class Fills:
    """Keeps which fills have been told.

    Parameters
    ----------
    most
        Fills that are remembered; the oldest are forgotten first.
    """

    def __init__(self, most: int = 65_536) -> None:
        self._most: Final = most
        # A fill as long as it lacks something that the event of its order may tell, and None from then on.
        self._told: dict[Hashable, Fill | None] = {}

    def __len__(self) -> int:
        return len(self._told)

    def take(self, event: UserEvent) -> Fill | FillUpdate | None:
        """Take an event: news of a fill, what completes one, or None if it tells nothing new."""
        fill = _of_event(event)
        return None if fill is None else self._take(fill)

    def take_answer(self, account: str, answer: OrderPlaced) -> list[Fill]:
        """Take the answer to an order: the fills in it that nothing has told yet."""
        found = (self._take(fill) for fill in _of_answer(account, answer))
        return [fill for fill in found if isinstance(fill, Fill)]

    def _take(self, fill: Fill) -> Fill | FillUpdate | None:
        number = fill.trade_id if fill.trade_id > 0 or fill.allocation_id is None else -fill.allocation_id
        # By account too: BTCUSDT is traded on spot and on USD-M. By order too: a trade with oneself is two.
        key = (fill.account, fill.symbol, number, fill.order_id)
        is_whole = fill.source == "order"
        if key not in self._told:
            if len(self._told) >= self._most:
                del self._told[next(iter(self._told))]
            self._told[key] = None if is_whole else fill
            return fill
        first = self._told[key]
        if first is None or not is_whole:
            return None
        self._told[key] = None
        completed = {
            name: value
            for name in _COMPLETED
            if getattr(first, name) is None and (value := getattr(fill, name)) is not None
        }
        if not completed:
            return None
        return FillUpdate(fill=msgspec.structs.replace(first, **completed), completed=tuple(completed))


def _of_event(event: UserEvent) -> Fill | None:
    # What was recovered and no trade explains says how far an order is filled, and is no fill.
    if isinstance(event, ExecutionReport):
        is_fill = event.execution_type in _FILLED and (event.trade_id > 0 or event.allocation_id is not None)
        return _of_report(event) if is_fill else None
    if isinstance(event, OrderTradeUpdate):
        order = event.order
        return _of_update(event) if order.execution_type in _FILLED and order.trade_id > 0 else None
    return _of_lite(event) if isinstance(event, TradeLite) else None


def _of_report(event: ExecutionReport) -> Fill:
    return Fill(
        account=event.account,
        symbol=event.symbol,
        trade_id=event.trade_id,
        order_id=event.order_id,
        client_order_id=event.client_order_id,
        side=event.side,
        price=event.last_price,
        quantity=event.last_quantity,
        source="order",
        commission=event.commission,
        commission_asset=event.commission_asset,
        is_maker=event.is_maker,
        transaction_ms=event.transaction_ms,
        allocation_id=event.allocation_id,
        recovered=event.recovered,
    )


def _of_update(event: OrderTradeUpdate) -> Fill:
    order = event.order
    return Fill(
        account=event.account,
        symbol=order.symbol,
        trade_id=order.trade_id,
        order_id=order.order_id,
        client_order_id=order.client_order_id,
        side=order.side,
        price=order.last_price,
        quantity=order.last_quantity,
        source="order",
        commission=order.commission,
        commission_asset=order.commission_asset,
        realized_profit=order.realized_profit,
        is_maker=order.is_maker,
        position_side=order.position_side,
        transaction_ms=order.transaction_ms,
        recovered=event.recovered,
    )


def _of_lite(event: TradeLite) -> Fill:
    return Fill(
        account=event.account,
        symbol=event.symbol,
        trade_id=event.trade_id,
        order_id=event.order_id,
        client_order_id=event.client_order_id,
        side=event.side,
        price=event.last_price,
        quantity=event.last_quantity,
        source="lite",
        is_maker=event.is_maker,
        transaction_ms=event.transaction_ms,
        recovered=event.recovered,
    )


def _of_answer(account: str, answer: OrderPlaced) -> Iterable[Fill]:
    for one in answer.fills or ():
        trade_id = -1 if one.trade_id is None else one.trade_id
        if trade_id < 0 and one.alloc_id is None:
            continue  # nothing names it, so that its event could not be told from another fill's
        yield Fill(
            account=account,
            symbol=answer.symbol,
            trade_id=trade_id,
            order_id=answer.order_id,
            client_order_id=answer.client_order_id,
            side=answer.side,
            price=one.price,
            quantity=one.qty,
            source="answer",
            commission=one.commission,
            commission_asset=one.commission_asset,
            transaction_ms=answer.transact_time,
            allocation_id=one.alloc_id,
        )
