"""Answers of the spot methods that place, test and show orders.

Prices are in quote asset, quantities in base asset. Sections named as sources are those of Spot WebSocket
API.

What is placed requires no more than what names the order: the request has been carried out, and an
answer must not become unreadable by a key that Binance leaves out.
"""

from __future__ import annotations

from fastbinance.answers.common import Answer

__all__ = [
    "CommissionDiscount",
    "CommissionRates",
    "Fill",
    "Order",
    "OrderPlaced",
    "OrderTested",
    "OrderTraits",
]


class OrderTraits(Answer, kw_only=True):
    """What only some orders have; None for the others.

    Attributes
    ----------
    stop_price : str or None
        Price that triggers a stop order (``stopPrice``).
    trailing_delta : int or None
        How far a trailing stop trails, in basis points (``trailingDelta``).
    trailing_time : int or None
        Since when it has been trailing; -1 where it has not (``trailingTime``).
    iceberg_qty : str or None
        Visible part of an iceberg order (``icebergQty``).
    strategy_id, strategy_type : int or None
        What the order was labelled with (``strategyId``, ``strategyType``).
    prevented_match_id : int or None
        Of the match that self-trade prevention prevented (``preventedMatchId``).
    prevented_quantity : str or None
        Quantity that expired by it (``preventedQuantity``).
    used_sor : bool or None
        True where smart order routing was used (``usedSor``).
    working_floor : str or None
        Where the order was filled: ``"EXCHANGE"`` or ``"SOR"`` (``workingFloor``).
    peg_price_type, peg_offset_type : str or None
        What a pegged order follows, and the unit of its distance (``pegPriceType``, ``pegOffsetType``).
    peg_offset_value : int or None
        The distance (``pegOffsetValue``).
    pegged_price : str or None
        Where it is at the moment (``peggedPrice``).
    expiry_reason : str or None
        Why an order expired (``expiryReason``).

    Source: "Conditional fields in Order Responses".
    """

    stop_price: str | None = None
    trailing_delta: int | None = None
    trailing_time: int | None = None
    iceberg_qty: str | None = None
    strategy_id: int | None = None
    strategy_type: int | None = None
    prevented_match_id: int | None = None
    prevented_quantity: str | None = None
    used_sor: bool | None = None
    working_floor: str | None = None
    peg_price_type: str | None = None
    peg_offset_type: str | None = None
    peg_offset_value: int | None = None
    pegged_price: str | None = None
    expiry_reason: str | None = None


class Order(OrderTraits, kw_only=True):
    """An order as it is now: answer of ``order.status``, ``openOrders.status`` and ``allOrders``.

    Attributes
    ----------
    symbol : str
        Symbol.
    order_id : int
        Binance's number of it (``orderId``).
    order_list_id : int
        The list that it belongs to; -1 for none (``orderListId``).
    client_order_id : str
        Our name of it (``clientOrderId``).
    price : str
        Its limit; ``"0.00000000"`` for a market order.
    orig_qty : str or None
        Quantity that was ordered (``origQty``); None for a pending order that takes it from another's fills.
    executed_qty : str
        Quantity that has been filled (``executedQty``).
    cummulative_quote_qty : str
        The same in quote asset (``cummulativeQuoteQty``, spelled like that); negative where it is not known.
    status : str
        ``"NEW"``, ``"PARTIALLY_FILLED"``, ``"FILLED"``, ``"CANCELED"``, ``"EXPIRED"``, ...
    time_in_force : str
        ``"GTC"``, ``"IOC"`` or ``"FOK"`` (``timeInForce``).
    type : str
        ``"LIMIT"``, ``"MARKET"``, ...
    side : str
        ``"BUY"`` or ``"SELL"``.
    time : int
        When it was placed.
    update_time : int
        When it last changed (``updateTime``).
    is_working : bool
        Whether it has reached the book (``isWorking``).
    working_time : int or None
        When it did; -1 where it has not (``workingTime``).
    orig_quote_order_qty : str or None
        What a market order was told to spend (``origQuoteOrderQty``).
    self_trade_prevention_mode : str or None
        What happens where it would meet an order of the same account (``selfTradePreventionMode``).

    Source: "Query order", "Current open orders", "Account order history".
    """

    symbol: str
    order_id: int
    order_list_id: int = -1
    client_order_id: str
    price: str
    orig_qty: str | None = None
    executed_qty: str
    cummulative_quote_qty: str
    status: str
    time_in_force: str
    type: str
    side: str
    time: int
    update_time: int
    is_working: bool
    working_time: int | None = None
    orig_quote_order_qty: str | None = None
    self_trade_prevention_mode: str | None = None


class Fill(Answer, kw_only=True):
    """One trade that filled a new order at once.

    Attributes
    ----------
    price, qty : str
        Price and quantity.
    commission : str or None
        What Binance took for it.
    commission_asset : str or None
        In which asset (``commissionAsset``).
    trade_id : int or None
        Trade id (``tradeId``); -1 where smart order routing filled the order.
    match_type : str or None
        How smart order routing filled it: ``"ONE_PARTY_TRADE_REPORT"`` (``matchType``).
    alloc_id : int or None
        Allocation id of smart order routing (``allocId``).
    """

    price: str
    qty: str
    commission: str | None = None
    commission_asset: str | None = None
    trade_id: int | None = None
    match_type: str | None = None
    alloc_id: int | None = None


class OrderPlaced(OrderTraits, kw_only=True):
    """A new order, as far as ``newOrderRespType`` tells: answer of ``order.place``, and part of others.

    With ``ACK`` everything after `transact_time` is None; only with ``FULL`` there are `fills`. An answer of
    ``order.status`` decodes to this struct as well, which is how an order becomes one whose own answer was
    lost: then `transact_time` and `fills` are None, and `time`, `update_time` and `is_working` are not.

    Attributes
    ----------
    symbol : str
        Symbol.
    order_id : int
        Binance's number of it (``orderId``).
    order_list_id : int or None
        The list that it belongs to; -1 for none (``orderListId``).
    client_order_id : str
        Our name of it (``clientOrderId``).
    transact_time : int or None
        When the order was carried out (``transactTime``).
    price : str or None
        Its limit; ``"0.00000000"`` for a market order.
    orig_qty : str or None
        Quantity that was ordered (``origQty``); None also for a pending order that takes it from another's
        fills.
    executed_qty : str or None
        Quantity that has been filled (``executedQty``).
    orig_quote_order_qty : str or None
        What a market order was told to spend (``origQuoteOrderQty``).
    cummulative_quote_qty : str or None
        What has been filled, in quote asset (``cummulativeQuoteQty``, spelled like that).
    status : str or None
        ``"NEW"``, ``"FILLED"``, ``"EXPIRED"``, ...
    time_in_force : str or None
        ``"GTC"``, ``"IOC"`` or ``"FOK"`` (``timeInForce``).
    type : str or None
        ``"LIMIT"``, ``"MARKET"``, ...
    side : str or None
        ``"BUY"`` or ``"SELL"``.
    working_time : int or None
        When it reached the book; -1 where it has not (``workingTime``).
    self_trade_prevention_mode : str or None
        What happens where it would meet an order of the same account (``selfTradePreventionMode``).
    fills : list of Fill or None
        Trades that filled it at once.
    time, update_time : int or None
        When it was placed, and last changed (``updateTime``); only if it was asked for.
    is_working : bool or None
        Whether it has reached the book (``isWorking``); only if it was asked for.
    resolved_by : str or None
        What its outcome was found out by, where the request's own answer was lost. Ours, not Binance's.

    Source: "Place new order".
    """

    symbol: str
    order_id: int
    order_list_id: int | None = None
    client_order_id: str
    transact_time: int | None = None
    price: str | None = None
    orig_qty: str | None = None
    executed_qty: str | None = None
    orig_quote_order_qty: str | None = None
    cummulative_quote_qty: str | None = None
    status: str | None = None
    time_in_force: str | None = None
    type: str | None = None
    side: str | None = None
    working_time: int | None = None
    self_trade_prevention_mode: str | None = None
    fills: list[Fill] | None = None
    time: int | None = None
    update_time: int | None = None
    is_working: bool | None = None
    resolved_by: str | None = None

    @property
    def placed_time(self) -> int | None:
        """When the order was placed: `transact_time`, or `time` where the order was asked for."""
        return self.time if self.transact_time is None else self.transact_time


class CommissionRates(Answer, kw_only=True):
    """Fractions of what is traded that Binance takes.

    Attributes
    ----------
    maker, taker : str
        By whether the order was in the book.
    buyer, seller : str or None
        By side, on top; None in an answer about one order.
    """

    maker: str
    taker: str
    buyer: str | None = None
    seller: str | None = None


class CommissionDiscount(Answer, kw_only=True):
    """What becomes of commissions that are paid in BNB.

    Attributes
    ----------
    enabled_for_account, enabled_for_symbol : bool
        Whether there is a discount at all (``enabledForAccount``, ``enabledForSymbol``).
    discount_asset : str
        What has to be paid in (``discountAsset``).
    discount : str
        Factor of the standard commission then.
    """

    enabled_for_account: bool
    enabled_for_symbol: bool
    discount_asset: str
    discount: str


class OrderTested(Answer, kw_only=True):
    """An order that would have been taken: answer of ``order.test`` and ``sor.order.test``.

    Everything is None unless ``computeCommissionRates`` asked for it.

    Attributes
    ----------
    standard_commission_for_order : CommissionRates or None
        What it would cost (``standardCommissionForOrder``).
    special_commission_for_order : CommissionRates or None
        What it would cost on top, on some symbols (``specialCommissionForOrder``).
    tax_commission_for_order : CommissionRates or None
        Taxes (``taxCommissionForOrder``).
    discount : CommissionDiscount or None
        What becomes of the standard commission in BNB.

    Source: "Test new order", "Test new order using SOR".
    """

    standard_commission_for_order: CommissionRates | None = None
    special_commission_for_order: CommissionRates | None = None
    tax_commission_for_order: CommissionRates | None = None
    discount: CommissionDiscount | None = None
